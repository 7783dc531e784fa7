/* SPDX-License-Identifier: MIT */
/* Names of virtual disks and their numbers in xenstore (xen-vbd-interface.7) */
#ifndef XL_LITE_VDEV_H
#define XL_LITE_VDEV_H

#include <stdint.h>

struct vdev {
	uint32_t number;	/* xvda is 51712 */
	unsigned int disk;	/* 0 for xvda */
	unsigned int partition;	/* 0 is the whole disk */
};

/* "xvda1", "hdc", "sdb", "d0p1" or the number itself. 0 or -EINVAL. */
int vdev_parse(const char *name, struct vdev *ret);

#endif
