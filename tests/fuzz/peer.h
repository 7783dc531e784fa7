/* SPDX-License-Identifier: MIT */
/*
 * Memory shared with a peer that changes it all the time.
 *
 * An AREA is what the code under test has mapped, and beside it, out of its
 * reach, the TRUTH: what the peer has put there. The area itself holds a
 * poison. Only between the two calls of ring_hook() that lib/ring.h makes
 * around each of its looks (RING_HOOK builds) are the bytes that are looked at
 * the true ones; first the peer may change them, then they are noted.
 *
 * So the target knows what the code was shown, byte for byte, and
 *
 *	- what the code has can be held against what it was shown,
 *	- a look past lib/ring.h finds the poison, and is found out the same way,
 *	- a second look at the same bytes is seen by looked(), and may find
 *	  something else.
 *
 * What the code writes lands in the area and is taken out by peer_expect(),
 * which knows what it must be; peer_untouched() says that nothing else was.
 */
#ifndef TESTS_FUZZ_PEER_H
#define TESTS_FUZZ_PEER_H

#include "tests/fuzz/fuzz.h"

#define PEER_POISON 0xdb
#define PEER_AREAS 2

struct peer_area {
	uint8_t *base;		/* aligned to 8, SIZE a multiple of it */
	uint8_t *truth;
	size_t size;
	/* These bytes are shown to the code now; NULL: nobody wants to know. */
	void (*looked)(struct peer_area *a, size_t at, size_t size);
	uint32_t looks;
};

/* Forget all areas; SEED is of the changes, one look in CHANCE (0: none). */
void peer_begin(uint32_t seed, unsigned int chance);
/* BASE becomes poison. TRUTH is as the caller left it. */
void peer_share(struct peer_area *a);
/* For areas that are too large to be poisoned anew for each input. */
void peer_share_poisoned(struct peer_area *a);

/* The code wrote exactly these bytes there. They become true. */
void peer_expect(struct peer_area *a, size_t at, const void *want, size_t size);
void peer_expect32(struct peer_area *a, size_t at, uint32_t want);
/* The code wrote something there: look at it. It becomes true. */
void peer_take(struct peer_area *a, size_t at, void *to, size_t size);
/* Beyond what was expected, nothing was written. */
void peer_untouched(const struct peer_area *a);

static inline uint32_t peer_get32(const struct peer_area *a, size_t at)
{
	uint32_t v;

	memcpy(&v, a->truth + at, sizeof(v));
	return v;
}

static inline void peer_put32(struct peer_area *a, size_t at, uint32_t v)
{
	memcpy(a->truth + at, &v, sizeof(v));
}

/* Was nothing written to these four bytes? */
static inline bool peer_is_poison(const struct peer_area *a, size_t at)
{
	static const uint8_t poison[4] = {
		PEER_POISON, PEER_POISON, PEER_POISON, PEER_POISON,
	};

	return !memcmp(a->base + at, poison, sizeof(poison));
}

/* Chance, but the same for the same seed. */
uint32_t peer_random(void);

#endif
