/* SPDX-License-Identifier: MIT */
/*
 * Where a machine's processors, PCI devices and memory are: what 'xl-lite info
 * -n' adds.
 */
#ifndef XL_LITE_TOPOLOGY_H
#define XL_LITE_TOPOLOGY_H

#include "tools/xl-lite/host.h"

/* 0 or -errno, logged. */
int topology_print(struct host *host);

#endif
