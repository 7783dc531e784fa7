/* SPDX-License-Identifier: MIT */
/* Memory shared with a peer that changes it all the time; see peer.h. */
#include "tests/fuzz/peer.h"

#include "lib/ring.h"

static struct {
	struct peer_area *areas[PEER_AREAS];
	unsigned int count;
	unsigned int chance;
	uint32_t random;
} peer;

uint32_t peer_random(void)
{
	/* xorshift32: never 0 */
	peer.random ^= peer.random << 13;
	peer.random ^= peer.random >> 17;
	peer.random ^= peer.random << 5;
	return peer.random;
}

void peer_begin(uint32_t seed, unsigned int chance)
{
	peer.count = 0;
	peer.chance = chance;
	peer.random = seed ? seed : 1;
}

void peer_share_poisoned(struct peer_area *a)
{
	MUST(peer.count < PEER_AREAS);
	peer.areas[peer.count++] = a;
	a->looks = 0;
}

void peer_share(struct peer_area *a)
{
	memset(a->base, PEER_POISON, a->size);
	peer_share_poisoned(a);
}

static struct peer_area *area_of(const void *shared, size_t size)
{
	const uint8_t *p = shared;

	for (unsigned int i = 0; i < peer.count; i++) {
		struct peer_area *a = peer.areas[i];

		if (p < a->base || p >= a->base + a->size)
			continue;
		MUST(size <= a->size - (size_t)(p - a->base));
		return a;
	}
	fuzz_fail(__FILE__, __LINE__, "a look is at memory that is shared");
}

/* The peer changes its mind: a bit, a byte, or a small number for it. */
static void change(uint8_t *byte)
{
	uint32_t r = peer_random();

	switch (r >> 30) {
	case 0:
		*byte ^= (uint8_t)(1u << (r & 7));
		break;
	case 1:
		*byte = (uint8_t)r;
		break;
	case 2:
		*byte = (uint8_t)(r & 3);
		break;
	default:
		*byte = (uint8_t)(*byte + (r & 1 ? 1 : -1));
		break;
	}
}

static void show(struct peer_area *a, size_t at, size_t size)
{
	if (peer.chance && peer_random() % peer.chance == 0)
		change(a->truth + at + peer_random() % size);
	memcpy(a->base + at, a->truth + at, size);
	a->looks++;
	if (a->looked)
		a->looked(a, at, size);
}

void ring_hook(const void *shared, size_t size, bool after)
{
	struct peer_area *a;
	size_t at;

	if (!size)
		return;
	a = area_of(shared, size);
	at = (size_t)((const uint8_t *)shared - a->base);
	if (after)
		memset(a->base + at, PEER_POISON, size);
	else
		show(a, at, size);
}

void peer_expect(struct peer_area *a, size_t at, const void *want, size_t size)
{
	MUST(memcmp(a->base + at, want, size) == 0);
	memcpy(a->truth + at, want, size);
	memset(a->base + at, PEER_POISON, size);
}

void peer_take(struct peer_area *a, size_t at, void *to, size_t size)
{
	memcpy(to, a->base + at, size);
	memcpy(a->truth + at, to, size);
	memset(a->base + at, PEER_POISON, size);
}

void peer_expect32(struct peer_area *a, size_t at, uint32_t want)
{
	peer_expect(a, at, &want, sizeof(want));
}

/* Of all that a turn costs here this is the most: no checks in it. */
__attribute__((no_sanitize("address", "undefined")))
static bool all_poison(const uint64_t *words, size_t count)
{
	const uint64_t poison = PEER_POISON * UINT64_C(0x0101010101010101);
	uint64_t other = 0;

	for (size_t i = 0; i < count; i++)
		other |= words[i] ^ poison;
	return !other;
}

void peer_untouched(const struct peer_area *a)
{
	MUST(all_poison((const void *)a->base, a->size / sizeof(uint64_t)));
}
