/* SPDX-License-Identifier: MIT */
/*
 * A guest's disks and network interfaces as xenstore nodes.
 *
 * A device is three folders: the frontend's, which the guest owns; the
 * backend's, which its server owns; and one under /libxl that only dom0 may
 * read: the trustworthy copy of where the other two are, which stock xl reads
 * too. The kinds of the first two decide which programs take the device:
 *
 *	backend vbd, vif	the host kernel's xen-blkback and xen-netback
 *	backend uvbd, uvif	xl-lite-blkd and xl-lite-netd
 *	frontend vbd, vif	the guest kernel's drivers
 *	frontend uvbd, uvif	xl-lite-blkfront and xl-lite-netfront
 *
 * What QEMU emulates of an HVM guest's disks and interfaces is beside that; of
 * some devices it is all: a CD drive has nodes for the toolstack alone, and
 * screens, keyboards, folders and channels (devices-pv.c) are the guest's QEMU's
 * own, which finds them by itself.
 */
#ifndef XL_LITE_DEVICES_H
#define XL_LITE_DEVICES_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"
#include "tools/xl-lite/nodes.h"

#include <stdbool.h>

struct device {
	const char *kind;		/* "vbd", "vif", "vkbd": as under /libxl */
	const char *frontend_kind;
	const char *backend_kind;
	unsigned int devid;
	const char *daemon;		/* NULL: the kernel serves it, or: */
	bool dm;			/* the guest's QEMU does, or who comes */
	const struct disk_config *disk;	/* one of these, unless it is the */
	const struct vif_config *vif;	/* keyboard of an HVM guest */
	const struct vfb_config *vfb;
	const struct vkb_config *vkb;
	const struct p9_config *p9;
	const struct channel_config *channel;
	const char *bridge;		/* of a vif; NULL is none */
	const char *gatewaydev;		/* of a vif; NULL is none */
	char script[256];		/* to be run, absolute; "" is none */
	/* of a disk: its absolute path, "", or what its script understands */
	char target[STORE_VALUE_MAX];
	unsigned int major, minor;	/* of one served by the kernel alone */
	char name[80];			/* "disk xvda", "vif 0": for messages */
	enum guest_type guest;		/* what sort the guest is of */
};

/*
 * Decide who serves each device of CONFIG, and refuse what cannot be served
 * on this host now: all before anything is made. The caller frees *devices;
 * it points into CONFIG and HOST.
 */
int devices_plan(const struct host *host, const struct guest_config *config,
		 struct device **devices, size_t *count);

/* Write its three folders, with states as at the beginning. */
void device_write(struct nodes *n, const struct device *d, domid_t domid);

/* "00:16:3e:01:02:03", of a vif. */
void device_mac_text(const struct device *d, char text[18]);

/* What libxl's configuration says of it, as JSON that the caller frees. */
int device_json(const struct device *d, char **ret);

/*
 * The script of device D, which belongs to guest NAME, for hotplug_run(). D and
 * BACKEND, which is filled, are pointed into.
 */
struct hotplug;
void device_hotplug(const struct device *d, const char *name, domid_t domid,
		    char dir[STORE_PATH_MAX], struct backend_path *backend,
		    struct hotplug *h);

void device_backend_path(const struct device *d, domid_t domid,
			 char path[STORE_PATH_MAX]);

#endif
