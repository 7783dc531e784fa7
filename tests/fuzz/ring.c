/* SPDX-License-Identifier: MIT */
/* What the targets of rings share; see ring.h. */
#include "tests/fuzz/ring.h"

void ring_guest(struct peer_area *a, struct input *in, unsigned int kind,
		uint32_t prod, uint32_t answered)
{
	peer_put32(a, REQ_PROD, prod);
	switch (kind) {
	case 1:
		peer_put32(a, RSP_EVENT, answered + in8(in));
		break;
	case 2:
		peer_put32(a, REQ_PROD, prod + (int8_t)in8(in));
		break;
	case 3:
		peer_put32(a, REQ_PROD, in32(in));
		break;
	case 4:	/* what is ours to write */
		peer_put32(a, in8(in) & 1 ? RSP_PROD : REQ_EVENT, in32(in));
		break;
	}
}

bool ring_possible(uint32_t shown, uint32_t answered, uint32_t cons,
		   uint32_t size)
{
	return shown - answered <= size && shown - cons <= size;
}

void ring_published(struct peer_area *a, uint32_t old, uint32_t now,
		    bool notify)
{
	uint32_t event = peer_get32(a, RSP_EVENT);

	if (old == now) {
		MUST(!notify);
		return;
	}
	/* asked for an event at an index from behind OLD up to NOW */
	MUST(notify == (event - old - 1 < now - old));
	peer_expect32(a, RSP_PROD, now);
}

void ring_slept(struct peer_area *a, uint32_t shown, uint32_t believed,
		bool more)
{
	MUST(more == (shown != believed));
	peer_expect32(a, REQ_EVENT, believed + 1);
}

void ring_start(struct peer_area *a, uint32_t start)
{
	peer_put32(a, REQ_PROD, start);
	peer_put32(a, RSP_PROD, start);
	peer_put32(a, RSP_EVENT, start + 1);
}

unsigned int ring_chance(unsigned int bits)
{
	static const uint8_t chances[] = { 0, 0, 40, 6 };

	return chances[bits & 3];
}
