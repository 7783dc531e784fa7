/* SPDX-License-Identifier: MIT */
/*
 * Putting the interface that the kernel's xen-netback makes, or QEMU for an
 * emulated card, onto its bridge: what the vif-bridge script does for xl,
 * without a script.
 */
#ifndef XL_LITE_LINK_H
#define XL_LITE_LINK_H

#include <stdint.h>

#include "tools/xl-lite/devices.h"

/*
 * Wait for the interface, name it, set its MTU, put it onto the bridge and
 * set it up. 0 or -errno; nothing is logged.
 */
int link_attach(const struct device *d, domid_t domid, uint64_t deadline_ns);

/* The same for the TAP of D's emulated card, which has its NAME already. */
int link_attach_tap(const char *name, const struct device *d,
		    uint64_t deadline_ns);

#endif
