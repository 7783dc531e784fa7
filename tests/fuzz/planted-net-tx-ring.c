/* SPDX-License-Identifier: MIT */
/*
 * A mistake made on purpose, to see that fuzz-net-tx-ring finds its kind: a
 * request is copied, and then its size is read again, by the very function
 * that is there for reading once (XSA-155).
 */
#include "lib/ring.h"

#include <xen/xen.h>
#include <xen/io/netif.h>

static void copy_and_look_again(void *private, const void *shared, size_t size)
{
	const struct netif_tx_request *there = shared;
	struct netif_tx_request *here = private;

	ring_copy(private, shared, size);
	if (size == sizeof(*here))
		ring_copy(&here->size, &there->size, sizeof(here->size));
}

#define ring_copy copy_and_look_again
#include "backends/net/core.c"
