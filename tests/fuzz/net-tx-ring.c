/* SPDX-License-Identifier: MIT */
/*
 * The network backend's ring of what the guest sends: a guest that writes
 * whatever it likes, at any time. Packets that come out are held against
 * netif.h as this file reads it, slot by slot as the slots were shown:
 *
 *	- each slot is looked at once,
 *	- a packet is taken exactly when its slots say one, and its pieces lie in
 *	  their pages and sum up to its size,
 *	- the ring is given up exactly when no driver could have meant it,
 *	- each slot that was taken is answered once: all of a packet at a time,
 *	  each with its own id, extras with none.
 */
#include "backends/net/core.h"
#include "tests/fuzz/ring.h"

#include <errno.h>

#define SLOT_SIZE 12

#define CSUM_BLANK 1u
#define VALIDATED 2u
#define MORE_DATA 4u
#define EXTRA_INFO 8u

static _Alignas(4096) uint8_t memory[NET_PAGE_SIZE];
static uint8_t truth[sizeof(memory)];

static struct bench {
	struct net_tx_ring ring;
	struct net_tx_batch batch;
	struct peer_area area;
	uint32_t prod;			/* where the guest puts the next one */
	uint32_t cons, answered;	/* the backend's, as they must be */
	uint32_t believed;		/* the index it last found possible */
	uint32_t shown_prod;
	uint8_t shown[NET_RING_SIZE][SLOT_SIZE];
	bool seen[NET_RING_SIZE];
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
	MUST((at - SLOTS) % SLOT_SIZE == 0 && size <= SLOT_SIZE);
	b.seen[slot] = true;
	memcpy(b.shown[slot], a->truth + at, size);
}

/* -- the guest -------------------------------------------------------------- */

static uint8_t *next_slot(void)
{
	uint8_t *slot = b.area.truth + SLOTS +
			b.prod % NET_RING_SIZE * SLOT_SIZE;

	b.prod++;
	memset(slot, 0, SLOT_SIZE);
	return slot;
}

static void put_request(unsigned int offset, unsigned int flags,
			unsigned int size)
{
	struct netif_tx_request req = {
		.gref = b.prod, .offset = (uint16_t)offset,
		.flags = (uint16_t)flags, .id = (uint16_t)(b.prod * 3),
		.size = (uint16_t)size,
	};

	memcpy(next_slot(), &req, sizeof(req));
}

static void put_extra(struct input *in, bool more)
{
	static const uint8_t types[] = { 1, 1, 1, 2, 3, 4, 0, 5, 255 };
	static const uint16_t sizes[] = { 1448, 1, 0, 65535 };
	uint8_t kind = in8(in), detail = in8(in);
	struct netif_extra_info extra = {
		.type = types[kind % sizeof(types)],
		.flags = more ? XEN_NETIF_EXTRA_FLAG_MORE : 0,
		.u.gso.size = sizes[detail & 3],
		.u.gso.type = detail >> 2 & 3,
	};

	memcpy(next_slot(), &extra, sizeof(extra));
}

static void put_packet(struct input *in)
{
	static const uint16_t sizes[] = { 60, 14, 13, 0, 1514, 4096, 65535, 1 };
	static const uint8_t slot_counts[] = { 1, 2, 3, 17, 18, 19, 20, 21 };
	uint8_t kind = in8(in), shape = in8(in);
	unsigned int count = slot_counts[kind & 7];
	unsigned int extras = shape >> 6;
	unsigned int each = count > 8 ? shape & 7 : sizes[shape & 7] & 0xfff;
	unsigned int size = sizes[kind >> 3 & 7], flags;

	if (kind >> 6 == 0)	/* as it should be */
		size = 60 + each * (count - 1);
	flags = in8(in) & ~(MORE_DATA | EXTRA_INFO);
	for (unsigned int i = 0; i < count; i++) {
		unsigned int mine = i ? each : size;
		unsigned int offset = kind & 0x80 ? in8(in) * 17u : 0;

		put_request(offset, (i ? 0 : flags) |
			    (i + 1 < count ? MORE_DATA : 0) |
			    (extras && !i ? EXTRA_INFO : 0), mine);
		for (unsigned int j = 0; !i && j < extras; j++)
			put_extra(in, j + 1 < extras);
	}
}

static void put_anything(struct input *in)
{
	in_bytes(in, next_slot(), SLOT_SIZE);
}

/* -- what must come of it ---------------------------------------------------- */

/* A packet as its slots, from b.cons on, say it. */
struct expected {
	const char *broken;
	uint32_t end;
	unsigned int requests, extras;
	struct netif_tx_request request[NET_TX_SLOTS_BREAK + 1];
	bool has_gso;
	struct netif_extra_info gso;
	int first_size;
};

/* A slot behind what was believed to be there was never looked at. */
static bool slot_at(uint32_t index, void *to, size_t size)
{
	if (index == b.believed)
		return false;
	MUST(b.seen[index % NET_RING_SIZE]);
	memcpy(to, b.shown[index % NET_RING_SIZE], size);
	return true;
}

static const char *expect_extras(struct expected *e)
{
	struct netif_extra_info extra;
	bool had[XEN_NETIF_EXTRA_TYPE_MAX] = { false };

	do {
		if (!slot_at(e->end, &extra, sizeof(extra)))
			return "cut off";
		e->end++;
		e->extras++;
		if (!extra.type || extra.type >= XEN_NETIF_EXTRA_TYPE_MAX ||
		    had[extra.type])
			return "type";
		had[extra.type] = true;
		if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO) {
			e->has_gso = true;
			e->gso = extra;
		}
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	if (e->has_gso && (!e->gso.u.gso.size || !e->gso.u.gso.type ||
			   e->gso.u.gso.type > 2))
		return "segmentation";
	return NULL;
}

static const char *expect_requests(struct expected *e)
{
	bool more = true;

	for (unsigned int i = 0; more; i++) {
		struct netif_tx_request *r = &e->request[i];

		if (i == 20)
			return "too many";
		if (!slot_at(e->end, r, sizeof(*r)))
			return "cut off";
		e->end++;
		e->requests++;
		if (!i && r->flags & EXTRA_INFO) {
			const char *why = expect_extras(e);

			if (why)
				return why;
		}
		if (i && r->offset + r->size > 4096)
			return "page";
		more = r->flags & MORE_DATA;
	}
	return NULL;
}

static void expect(struct expected *e)
{
	*e = (struct expected){ .end = b.cons };
	e->broken = expect_requests(e);
	if (e->broken)
		return;
	e->first_size = e->request[0].size;
	for (unsigned int i = 1; i < e->requests; i++)
		e->first_size -= e->request[i].size;
	if (e->first_size >= 0 &&
	    e->request[0].offset + e->first_size > 4096)
		e->broken = "page";
}

static void check_slots(const struct net_packet *p, const struct expected *e)
{
	unsigned int sum = 0;

	MUST(p->slot_count == e->requests && p->slot_count <= 18);
	MUST(p->slot + p->slot_count == b.batch.slot_count);
	for (unsigned int i = 0; i < p->slot_count; i++) {
		const struct net_slot *s = &b.batch.slots[p->slot + i];

		MUST(s->gref == e->request[i].gref);
		MUST(s->offset == e->request[i].offset);
		MUST(i || s->size == e->first_size);
		MUST(s->offset + s->size <= 4096);
		sum += s->size;
	}
	MUST(sum == p->size);
}

static void check_packet(const struct expected *e)
{
	const struct net_packet *p = &b.batch.packets[b.batch.packet_count - 1];
	unsigned int flags = e->request[0].flags;

	MUST(p->size == e->request[0].size);
	if (e->first_size < 0 || p->size < 14 || e->requests > 18) {
		MUST(p->status == NETIF_RSP_ERROR && !p->slot_count);
		return;
	}
	MUST(p->status == NETIF_RSP_OKAY);
	check_slots(p, e);
	MUST(!(p->flags & NET_CSUM_BLANK) == !(flags & CSUM_BLANK));
	MUST(!(p->flags & NET_CSUM_VALID) == !(flags & VALIDATED));
	MUST(p->gso_type == (e->has_gso ? e->gso.u.gso.type : 0));
	MUST(p->gso_mss == (e->has_gso ? e->gso.u.gso.size : 0));
}

/* The answers to a packet's slots, as they were promised. */
static void check_promised(unsigned int from, const struct expected *e)
{
	int packet = (int)b.batch.packet_count - 1;

	MUST(b.batch.answer_count - from == e->requests + e->extras);
	for (unsigned int i = 0; i < e->requests + e->extras; i++) {
		bool extra = i && i <= e->extras;

		MUST(b.batch.answers[from + i].packet ==
		     (extra ? -1 : packet));
		MUST(extra || b.batch.answers[from + i].id ==
		     e->request[i ? i - e->extras : 0].id);
	}
}

/* -- the backend's turn ------------------------------------------------------- */

/* False: the ring is dead, and must be so. */
static bool look(void)
{
	int n = net_tx_look(&b.ring);
	uint32_t prod = b.shown_prod;

	fuzz_states++;
	if (!ring_possible(prod, b.answered, b.cons, NET_RING_SIZE)) {
		MUST(n == -EPROTO && b.ring.broken);
		return false;
	}
	MUST(n == (int)(prod - b.cons));
	b.believed = prod;
	return true;
}

static bool take_all(void)
{
	int r;

	for (;;) {
		unsigned int packets = b.batch.packet_count;
		unsigned int answers = b.batch.answer_count;
		bool room = packets < NET_BATCH_PACKETS &&
			    b.batch.slot_count + 18 <= NET_BATCH_SLOTS;
		struct expected e;

		r = net_tx_take(&b.ring, &b.batch);
		if (r == 0) {
			MUST(b.cons == b.believed || !room);
			return true;
		}
		expect(&e);
		if (r < 0) {
			MUST(r == -EPROTO && e.broken && b.ring.broken[0]);
			MUST(b.batch.packet_count == packets);
			MUST(b.batch.answer_count == answers);
			return false;
		}
		MUST(r == 1 && !e.broken);
		MUST(b.batch.packet_count == packets + 1);
		check_packet(&e);
		check_promised(answers, &e);
		b.cons = e.end;
		MUST(b.ring.cons == b.cons);
	}
}

static void answer(bool fail)
{
	/* the batch is empty afterwards: what they are to be is kept first */
	struct netif_tx_response want[NET_RING_SIZE];
	unsigned int count = b.batch.answer_count;
	uint32_t old = b.answered;
	bool notify;

	if (fail && b.batch.packet_count)
		b.batch.packets[0].status = NETIF_RSP_DROPPED;
	for (unsigned int i = 0; i < count; i++) {
		int packet = b.batch.answers[i].packet;

		want[i] = (struct netif_tx_response){
			.id = b.batch.answers[i].id,
			.status = packet < 0 ? NETIF_RSP_NULL :
				  b.batch.packets[packet].status,
		};
	}
	notify = net_tx_answer(&b.ring, &b.batch);
	for (unsigned int i = 0; i < count; i++, b.answered++) {
		uint32_t slot = b.answered % NET_RING_SIZE;

		peer_expect(&b.area, SLOTS + slot * SLOT_SIZE, &want[i],
			    sizeof(want[i]));
		b.seen[slot] = false;
	}
	/* whole packets only: who comes after us goes on from here */
	MUST(b.answered == b.cons);
	ring_published(&b.area, old, b.answered, notify);
}

static void sleep_and_look(void)
{
	bool more = net_tx_sleep(&b.ring);

	ring_slept(&b.area, b.shown_prod, b.cons, more);
}

/* -- a run -------------------------------------------------------------------- */

static void set_up(struct input *in)
{
	uint8_t shape = in8(in);
	uint32_t seed = in16(in);

	memset(&b.ring, 0, sizeof(b.ring));
	memset(b.seen, 0, sizeof(b.seen));
	b.area = (struct peer_area){
		.base = memory, .truth = truth, .looked = looked,
		.size = sizeof(memory),
	};
	memset(truth, 0, sizeof(truth));
	/* where the backend before us stopped */
	b.prod = shape & 1 ? UINT32_MAX - 2 : 0;
	b.cons = b.answered = b.believed = b.prod;
	ring_start(&b.area, b.prod);
	peer_begin(seed, 0);
	peer_share(&b.area);
	net_tx_attach(&b.ring, memory);
	MUST(b.ring.cons == b.cons && net_tx_empty(&b.ring));
	peer_begin(seed, ring_chance(shape >> 1));
	peer_share(&b.area);
	net_tx_begin(&b.batch);
}

static void guest_acts(struct input *in, uint8_t what)
{
	for (unsigned int i = what & 3; i; i--)
		put_packet(in);
	if ((what & 0x1c) == 0x14)
		put_anything(in);
	ring_guest(&b.area, in, what >> 2 & 7, b.prod, b.answered);
}

void fuzz_one(struct input *in)
{
	set_up(in);
	while (!in_done(in)) {
		uint8_t what = in8(in);

		guest_acts(in, what);
		if (!look() || !take_all())
			break;
		if (!(what & 0x20))
			answer(what & 0x40);
		if (what & 0x80)
			sleep_and_look();
	}
	/* what was taken before the ring died is answered all the same */
	answer(false);
	if (b.ring.broken) {
		MUST(net_tx_look(&b.ring) == -EPROTO);
		MUST(net_tx_take(&b.ring, &b.batch) == 0);
		MUST(!net_tx_sleep(&b.ring));
	}
	peer_untouched(&b.area);
}
