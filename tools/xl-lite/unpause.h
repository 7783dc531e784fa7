/* SPDX-License-Identifier: MIT */
/* Letting a guest run. */
#ifndef XL_LITE_UNPAUSE_H
#define XL_LITE_UNPAUSE_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"

/* First the devices that are emulated for it, then itself. Logged. */
int guest_unpause(struct host *host, domid_t domid, enum guest_type type);

#endif
