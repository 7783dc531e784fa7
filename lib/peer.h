/* SPDX-License-Identifier: MIT */
/*
 * Memory that a peer can write at any time: rings, and pages mapped from it or
 * granted to it. A pointer to such memory is marked PEER, and sparse reports
 * whoever follows one (make lint, test-peer-memory.sh). What is in there is
 * copied out once, by the functions here and in lib/ring.h, and the copy is
 * judged and used (XSA-155). To the compiler PEER means nothing.
 */
#ifndef LIB_PEER_H
#define LIB_PEER_H

#include <stddef.h>
#include <string.h>

#ifdef __CHECKER__
#define PEER __attribute__((noderef, address_space(1)))
/* In a cast: this pointer is followed, or handed on, knowingly. Say why. */
#define PEER_FORCE __attribute__((force))
#else
#define PEER
#define PEER_FORCE
#endif

static inline void peer_read(void *private, const void PEER *shared,
			     size_t size)
{
	memcpy(private, (PEER_FORCE const void *)shared, size);
}

static inline void peer_write(void PEER *shared, const void *private,
			      size_t size)
{
	memcpy((PEER_FORCE void *)shared, private, size);
}

static inline void peer_zero(void PEER *shared, size_t size)
{
	memset((PEER_FORCE void *)shared, 0, size);
}

#endif
