/* SPDX-License-Identifier: MIT */
/* The QEMU that stock xl gives some guests. */
#ifndef XL_LITE_DEVICE_MODEL_H
#define XL_LITE_DEVICE_MODEL_H

#include "tools/xl-lite/host.h"

/* End it, if the domain has one, and remove what it leaves. */
void device_model_stop(struct host *host, domid_t domid);

#endif
