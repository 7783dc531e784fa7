/* SPDX-License-Identifier: MIT */
/*
 * Screens, keyboards, folders and channels as xenstore nodes: what a guest's
 * QEMU serves, or, of keyboards, some program of dom0's that comes. Parts of
 * devices.c.
 */
#ifndef XL_LITE_DEVICES_PV_H
#define XL_LITE_DEVICES_PV_H

#include "tools/xl-lite/devices.h"

/* How many there are of CONFIG, and each of them in a row. */
size_t pv_devices_count(const struct guest_config *config);
void pv_devices_fill(const struct guest_config *config, struct device *list);

/* Log what cannot be had of one of them. */
int pv_device_check(const struct guest_config *config, const struct device *d);

/* What its folders have beside what those of all devices have. */
void pv_device_write_frontend(struct nodes *n, const struct device *d,
			      const char *frontend, domid_t domid);
void pv_device_write_backend(struct nodes *n, const struct device *d,
			     const char *backend, const char *libxl);

#endif
