/* SPDX-License-Identifier: MIT */
/* Unmaking a guest, whoever made it: xl-lite or stock xl. */
#ifndef XL_LITE_DESTROY_H
#define XL_LITE_DESTROY_H

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
 * Only its devices, but for the console: a guest that has stopped and is kept
 * to be looked at must not keep the next one from its disks. Logged.
 */
int guest_drop_devices(struct host *host, domid_t domid);

#endif
