/* SPDX-License-Identifier: MIT */
/* What the devices of all guests, whoever made them, have taken already. */
#ifndef XL_LITE_USES_H
#define XL_LITE_USES_H

#include "tools/xl-lite/devices.h"

/*
 * Refuse D, which guest NAME is to get, when another device has its image (and
 * not both of them only read it), or its MAC address on the same bridge or in
 * the same guest. Logged, by the name of who has it; -EBUSY.
 */
int uses_check(struct host *host, const char *name, domid_t domid,
	       const struct device *d);
/*
 * The same for the COUNT devices of guest NAME, which is to be made. Xenstore is
 * asked about those guests only whose stored configurations have such a device.
 */
int uses_check_all(struct host *host, const char *name,
		   const struct device *devices, size_t count);

#endif
