/* SPDX-License-Identifier: MIT */
/*
 * What the QEMU of an HVM guest is started with: the command line that libxl
 * 4.17 makes for the same guest, word by word, but for one thing. Our disk
 * server has the images open beside QEMU, so QEMU is told to leave their locks
 * alone; and commas in names are escaped. Pure.
 */
#ifndef XL_LITE_DM_ARGS_H
#define XL_LITE_DM_ARGS_H

#include <net/if.h>

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/devices.h"

struct dm_request {
	const struct guest_config *config;
	const struct device *devices;	/* planned: with whole paths */
	size_t num_devices;
	domid_t domid;
	const char *qemu;
};

/* Ended by NULL, in ARENA's memory; NULL when that is out. */
char **dm_args_make(struct arena *arena, const struct dm_request *request);

/* /var/run/xen/qmp-libxl-7: where the toolstack talks to QEMU. */
#define DM_QMP_SOCKET "/var/run/xen/qmp-libxl-%u"
/* Another one, for whoever only looks. */
#define DM_STAT_SOCKET "/var/run/xen/qmp-libxenstat-%u"

/* Does QEMU emulate the device, beside what Xen's drivers see? */
bool dm_emulates(const struct guest_config *config, const struct device *d);

/* The TAP of an emulated card, which QEMU makes. */
void dm_tap_name(const struct device *d, domid_t domid, char name[IFNAMSIZ]);

#endif
