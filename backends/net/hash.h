/* SPDX-License-Identifier: MIT */
/*
 * The hash of a frame toward the guest, as the guest set it up by its control
 * ring (ctrl.h), and the queue that the hash chooses. Pure.
 *
 * The hash is Toeplitz's, over addresses and, where the guest wants that and
 * the frame has them, TCP ports: netif.h, 'Hash types'. What has a hash is
 * judged on our private copy of the frame.
 *
 *	- of several types the one over most fields is taken (netif.h),
 *	- headers are found behind VLAN tags, IPv4 options and IPv6 extensions,
 *	- a fragment has no ports: all of a datagram go the same way.
 */
#ifndef BACKENDS_NET_HASH_H
#define BACKENDS_NET_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backends/net/core.h"

/*
 * Xen's own netback has the same limits. The longest input, IPv6 with ports,
 * has 36 bytes, and 40 of a key are all it uses.
 */
#define HASH_KEY_MAX		40u
#define HASH_MAPPING_MAX	128u

#define HASH_TYPES (XEN_NETIF_CTRL_HASH_TYPE_IPV4 |			\
		    XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP |			\
		    XEN_NETIF_CTRL_HASH_TYPE_IPV6 |			\
		    XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

/* All zero: no hash, and queues are the host's choice. */
struct hash {
	uint8_t algorithm;		/* XEN_NETIF_CTRL_HASH_ALGORITHM_... */
	uint8_t types;			/* XEN_NETIF_CTRL_HASH_TYPE_... */
	uint8_t mapping_size;		/* 0: by modulo */
	uint8_t key[HASH_KEY_MAX];	/* zeros behind its end */
	uint8_t mapping[HASH_MAPPING_MAX];	/* hash -> queue */
};

static inline bool hash_active(const struct hash *h)
{
	return h->algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ &&
	       h->types;
}

/* KEY has HASH_KEY_MAX bytes. */
uint32_t hash_toeplitz(const uint8_t *key, const uint8_t *data, size_t size);
/* Fill hash and hash_type of FRAME, whose bytes are DATA, if it has one. */
void hash_frame(const struct hash *h, const uint8_t *data,
		struct net_frame *frame);
/* Where FRAME goes. One without a hash goes as if that were 0. */
unsigned int hash_queue(const struct hash *h, const struct net_frame *frame,
			unsigned int queue_count);

#endif
