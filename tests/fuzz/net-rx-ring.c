/* SPDX-License-Identifier: MIT */
/*
 * The network backend's ring of what the guest receives: a guest that lends
 * pages as it likes and changes the ring at any time, and frames of all sizes.
 *
 *	- each slot is looked at once, and answered once, in its own place and
 *	  with its own id,
 *	- the pieces of a frame cover it, in order, each within a page,
 *	- what a slot's answer says is what was copied to it,
 *	- a copy that failed costs its own frame and no other,
 *	- nothing is put where the guest has lent no page.
 */
#include "backends/net/core.h"
#include "tests/fuzz/ring.h"

#include <errno.h>

#define SLOT_SIZE 8

#define VALIDATED 1u
#define CSUM_BLANK 2u
#define MORE_DATA 4u
#define EXTRA_INFO 8u

#define ANSWERS_MAX NET_RX_ANSWERS_MAX

static _Alignas(4096) uint8_t memory[NET_PAGE_SIZE];
static uint8_t truth[sizeof(memory)];

static struct bench {
	struct net_rx_ring ring;
	struct net_rx_batch batch;
	struct peer_area area;
	uint32_t prod;
	uint32_t cons, answered, believed;
	uint32_t shown_prod;
	struct netif_rx_request shown[NET_RING_SIZE];
	bool seen[NET_RING_SIZE];
	/* the answers that must come */
	uint8_t want[ANSWERS_MAX][SLOT_SIZE];
	unsigned int wants;
	/* where each frame of the batch begins, in answers and in copies */
	struct { unsigned int answer, copy, extras; } frames[ANSWERS_MAX + 1];
	unsigned int frame_count;
} b;

static void looked(struct peer_area *a, size_t at, size_t size)
{
	size_t slot = (at - SLOTS) / SLOT_SIZE;

	if (at == REQ_PROD)
		b.shown_prod = peer_get32(a, REQ_PROD);
	if (at < SLOTS)
		return;
	MUST(slot < NET_RING_SIZE);
	MUST(!b.seen[slot]);	/* nothing is looked at twice */
	MUST((at - SLOTS) % SLOT_SIZE == 0 && size == SLOT_SIZE);
	b.seen[slot] = true;
	memcpy(&b.shown[slot], a->truth + at, SLOT_SIZE);
}

static void lend(unsigned int count)
{
	while (count--) {
		struct netif_rx_request req = {
			.id = (uint16_t)(b.prod * 5), .gref = b.prod,
		};

		memcpy(b.area.truth + SLOTS +
		       b.prod % NET_RING_SIZE * SLOT_SIZE, &req, sizeof(req));
		b.prod++;
	}
}

/* False: the ring is dead, and must be so. */
static bool look(void)
{
	int n = net_rx_look(&b.ring);
	uint32_t prod = b.shown_prod;

	fuzz_states++;
	if (!ring_possible(prod, b.answered, b.cons, NET_RING_SIZE)) {
		MUST(n == -EPROTO && b.ring.broken && !net_rx_slots(&b.ring));
		return false;
	}
	b.believed = prod;
	MUST(n == (int)(prod - b.cons) && net_rx_slots(&b.ring) == (unsigned)n);
	return true;
}

static struct net_frame some_frame(struct input *in)
{
	static const uint32_t sizes[] = { 14, 60, 1514, 4095, 4096, 4097, 65549,
					  NET_RX_FRAME_MAX };
	uint8_t kind = in8(in);
	uint8_t gso = kind >> 5 & 3;

	return (struct net_frame){
		.size = sizes[kind & 7],
		.flags = (kind >> 3 & 3) | (kind & 0x80 ? NET_HASHED : 0),
		.gso_type = gso > 2 ? 0 : gso,
		.gso_mss = kind,
		.hash_type = kind & 3,
		.hash = kind * 0x01030507u,
	};
}

/* A data slot's answer; FLAGS stand in a frame's first alone. */
static void want_data(uint16_t id, uint32_t size, unsigned int flags)
{
	struct netif_rx_response rsp = {
		.id = id, .flags = (uint16_t)flags, .status = (int16_t)size,
	};

	memcpy(b.want[b.wants++], &rsp, sizeof(rsp));
}

static void want_extras(const struct net_frame *f)
{
	const struct netif_extra_info gso = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.flags = f->flags & NET_HASHED ? 1 : 0,
		.u.gso = { .size = f->gso_mss, .type = f->gso_type },
	};
	struct netif_extra_info hash = {
		.type = XEN_NETIF_EXTRA_TYPE_HASH,
		.u.hash = { .type = f->hash_type, .algorithm = 1 },
	};

	memcpy(hash.u.hash.value, &f->hash, 4);
	if (f->gso_type)
		memcpy(b.want[b.wants++], &gso, sizeof(gso));
	if (f->flags & NET_HASHED)
		memcpy(b.want[b.wants++], &hash, sizeof(hash));
}

static unsigned int extras_of(const struct net_frame *f)
{
	return (f->gso_type != 0) + (f->flags & NET_HASHED ? 1u : 0u);
}

static void check_put(const struct net_frame *f, unsigned int copies)
{
	unsigned int flags = (f->flags & NET_CSUM_BLANK ?
			      CSUM_BLANK | VALIDATED : 0) |
			     (f->flags & NET_CSUM_VALID ? VALIDATED : 0) |
			     (extras_of(f) ? EXTRA_INFO : 0);
	uint32_t done = 0;

	for (unsigned int i = copies; i < b.batch.copy_count; i++) {
		const struct net_rx_copy *c = &b.batch.copies[i];
		uint32_t slot = b.cons++ % NET_RING_SIZE;

		MUST(b.seen[slot]);
		MUST(c->from == done && c->size && c->size <= 4096);
		MUST(c->gref == b.shown[slot].gref);
		MUST(c->answer == b.wants);
		done += c->size;
		want_data(b.shown[slot].id, c->size,
			  flags | (done < f->size ? MORE_DATA : 0));
		if (i == copies && extras_of(f)) {
			want_extras(f);
			b.cons += extras_of(f);	/* their pages are not used */
		}
		flags = 0;
	}
	MUST(done == f->size);
}

static void put(struct input *in)
{
	struct net_frame f = some_frame(in);
	unsigned int need = (f.size + 4095) / 4096 + extras_of(&f);
	unsigned int copies = b.batch.copy_count;

	MUST(net_rx_need(&f) == need);
	if (need > net_rx_slots(&b.ring) || !net_rx_room(&b.batch, &f))
		return;
	b.frames[b.frame_count].answer = b.wants;
	b.frames[b.frame_count].copy = copies;
	b.frames[b.frame_count++].extras = extras_of(&f);
	b.frames[b.frame_count].answer = b.wants + need;
	net_rx_put(&b.ring, &b.batch, &f);
	check_put(&f, copies);
	MUST(b.wants == b.batch.answer_count && b.ring.cons == b.cons);
	MUST(b.cons - b.answered <= 256);
	MUST(net_rx_slots(&b.ring) == b.believed - b.cons);
}

/* The copy fails, so its whole frame does, and no other. */
static void spoil(unsigned int copy)
{
	unsigned int f = 0;

	while (f + 1 < b.frame_count && b.frames[f + 1].copy <= copy)
		f++;
	net_rx_spoil(&b.batch, copy);
	for (unsigned int i = b.frames[f].answer; i < b.frames[f + 1].answer;
	     i++) {
		int16_t error = NETIF_RSP_ERROR;

		if (i == b.frames[f].answer ||
		    i > b.frames[f].answer + b.frames[f].extras)
			memcpy(b.want[i] + offsetof(struct netif_rx_response,
						    status),
			       &error, sizeof(error));
	}
}

static void answer(void)
{
	uint32_t old = b.answered;
	bool notify = net_rx_answer(&b.ring, &b.batch);

	for (unsigned int i = 0; i < b.wants; i++, b.answered++) {
		uint32_t slot = b.answered % NET_RING_SIZE;

		peer_expect(&b.area, SLOTS + slot * SLOT_SIZE, b.want[i],
			    SLOT_SIZE);
		b.seen[slot] = false;
	}
	MUST(b.answered == b.cons);
	ring_published(&b.area, old, b.answered, notify);
	b.wants = b.frame_count = 0;
}

static void sleep_and_look(void)
{
	bool more = net_rx_sleep(&b.ring);

	/* an event for pages beyond those that were too few */
	ring_slept(&b.area, b.shown_prod, b.believed, more);
}

static void set_up(struct input *in)
{
	uint8_t shape = in8(in);
	uint32_t seed = in16(in);

	memset(b.seen, 0, sizeof(b.seen));
	b.wants = b.frame_count = 0;
	b.area = (struct peer_area){
		.base = memory, .truth = truth, .looked = looked,
		.size = sizeof(memory),
	};
	memset(truth, 0, sizeof(truth));
	b.prod = shape & 1 ? UINT32_MAX - 2 : 0;
	b.cons = b.answered = b.believed = b.prod;
	ring_start(&b.area, b.prod);
	peer_begin(seed, 0);
	peer_share(&b.area);
	net_rx_attach(&b.ring, memory);
	peer_begin(seed, ring_chance(shape >> 1));
	peer_share(&b.area);
	net_rx_begin(&b.batch);
}

static void guest_acts(struct input *in, uint8_t what)
{
	static const uint8_t counts[] = { 0, 1, 18, 64 };

	lend(counts[what & 3]);
	ring_guest(&b.area, in, what >> 2 & 7, b.prod, b.answered);
}

void fuzz_one(struct input *in)
{
	set_up(in);
	while (!in_done(in)) {
		uint8_t what = in8(in);

		guest_acts(in, what);
		if (!look())
			break;
		for (unsigned int i = what >> 5 & 3; i; i--)
			put(in);
		if ((what & 0x1c) == 0x14 && b.batch.copy_count)
			spoil(in8(in) % b.batch.copy_count);
		if ((what & 0x1c) != 0x18)
			answer();
		if (what & 0x80)
			sleep_and_look();
	}
	answer();
	if (b.ring.broken) {
		MUST(net_rx_look(&b.ring) == -EPROTO);
		MUST(!net_rx_sleep(&b.ring));
	}
	peer_untouched(&b.area);
}
