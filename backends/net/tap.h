/* SPDX-License-Identifier: MIT */
/*
 * The TAP device that is a vif's end in the host. It lives as long as its
 * first descriptor; each further descriptor is a further queue.
 */
#ifndef BACKENDS_NET_TAP_H
#define BACKENDS_NET_TAP_H

#include <stdbool.h>

/* Frames the kernel keeps for a guest that does not take them. */
#define TAP_QUEUE_FRAMES 500

/*
 * Make the device NAME and return its first queue, or -errno (-EEXIST: there
 * is one of that name). It starts without a carrier: it drops what is sent.
 */
int tap_create(const char *name);
/* A further queue of NAME. */
int tap_add_queue(const char *name);
/* Which offloaded frames may be read from it (TUN_F_...). */
int tap_set_offload(int fd, unsigned int features);
int tap_set_carrier(int fd, bool on);

#endif
