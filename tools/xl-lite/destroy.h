/* SPDX-License-Identifier: MIT */
/* Unmaking a guest, whoever made it: xl-lite or stock xl. */
#ifndef XL_LITE_DESTROY_H
#define XL_LITE_DESTROY_H

#include "tools/xl-lite/dm-args.h"
#include "tools/xl-lite/host.h"

/*
 * Stop the domain, take its devices from their servers, and remove it with
 * its nodes, userdata and device model. A server that does not let go within
 * 10 seconds is named, and its device is removed all the same; so this only
 * fails when xenstore or Xen itself does. Logged; a mark tells 'xl-lite gc' to
 * try again.
 */
int guest_destroy(struct host *host, domid_t domid, const uint8_t uuid[16]);

/*
 * The same, of a guest that was not made entirely: nobody serves what its QEMU
 * would have, had it come to that.
 */
int guest_unmake(struct host *host, domid_t domid, const uint8_t uuid[16]);
/*
 * A PVH or HVM guest that has shut down loses its devices, nodes, event channels
 * and QEMU, and keeps its domain with its memory, vcpus and chips, paused: as a
 * kernel that was just started finds it. What the QEMU of an HVM guest knows is
 * kept in *STATE, which is NULL for a guest without an emulated machine. Logged.
 */
int guest_reset(struct host *host, domid_t domid, const uint8_t uuid[16],
		struct dm_state *state);
/*
 * Only its devices, but for the console: a guest that has stopped and is kept
 * to be looked at must not keep the next one from its disks. Logged.
 */
int guest_drop_devices(struct host *host, domid_t domid);

#endif
