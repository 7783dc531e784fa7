/* SPDX-License-Identifier: MIT */
/*
 * A TAP device with vnet headers: whole frames with their offloads, one a
 * read or write. Here the TAP is the guest's network interface; its other
 * end, this program, is the cable.
 */
#ifndef FRONTENDS_LINUX_TAP_H
#define FRONTENDS_LINUX_TAP_H

#include "frontends/net/core.h"

#include <net/if.h>

struct tap {
	int fd;
	char name[IFNAMSIZ];
};

/* Make or take the TAP NAME, with the MAC, MTU and offloads of INFO. */
int tap_open(struct tap *t, const char *name,
	     const struct net_front_info *info);
/* A TAP that was made here goes with it. */
void tap_close(struct tap *t);

/*
 * Read a frame into the pages VEC: 1 and *FRAME filled, 0 when there is none,
 * or -errno.
 */
int tap_read(struct tap *t, const struct net_vec *vec, unsigned int count,
	     struct net_frame *frame);
/* Write one; the kernel may drop it, as a network may. */
int tap_write(struct tap *t, const struct net_frame *frame);

#endif
