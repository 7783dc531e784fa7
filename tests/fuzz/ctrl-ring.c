/* SPDX-License-Identifier: MIT */
/*
 * The network backend's control ring: a guest that writes requests of all kinds
 * and changes the ring, and the pages that requests point to, at any time.
 *
 *	- each request is looked at once, and answered once, in its order and in
 *	  its own place, with its id and type as they were shown,
 *	- a page is fetched at most once a request, and never more of it than one
 *	  page, nor than there is room for,
 *	- the status, and what is set up afterwards, are what netif.h says of the
 *	  request as it was shown and the page as it was fetched; what is refused
 *	  changes nothing,
 *	- whatever is set up, a frame of any bytes goes to a queue that exists.
 */
#include "backends/net/ctrl.h"
#include "tests/fuzz/ring.h"

#include <errno.h>

#define SLOT_SIZE 16
#define RING 128u

static _Alignas(4096) uint8_t memory[4096];
static uint8_t truth[sizeof(memory)];

/* The setup, written down a second time. */
struct model {
	uint32_t algorithm, types, size;
	uint8_t key[40];
	uint32_t queue[128];
};

static struct bench {
	struct input *in;
	struct ctrl_ring ring;
	struct ctrl ctrl;
	struct peer_area area;
	struct model model;
	uint32_t prod;			/* the guest's */
	uint32_t cons;			/* what was taken and answered */
	uint32_t published;
	uint32_t shown_prod;
	struct xen_netif_ctrl_request shown;
	bool seen;			/* a request since the last answer */
	/* the page of the request at hand, as it was fetched */
	unsigned int fetches;
	uint32_t fetched_size;
	bool no_page;
	uint32_t fetched[1024];
} b;

static void looked(struct peer_area *a, size_t at, size_t size)
{
	if (at == REQ_PROD)
		b.shown_prod = peer_get32(a, REQ_PROD);
	if (at < SLOTS)
		return;
	MUST(size == SLOT_SIZE);
	MUST(at == SLOTS + b.cons % RING * SLOT_SIZE);
	MUST(!b.seen);		/* nothing is looked at twice */
	b.seen = true;
	memcpy(&b.shown, a->truth + at, SLOT_SIZE);
}

static int fetch(void *arg, uint32_t gref, void *to, uint32_t size)
{
	uint8_t kind = in8(b.in);

	MUST(arg == &b);
	MUST(b.seen && !b.fetches++);
	MUST(size && size <= 4096);
	MUST(gref == b.shown.data[0]);
	b.fetched_size = size;
	b.no_page = kind >= 0xf0;
	if (b.no_page)
		return -EFAULT;
	for (uint32_t i = 0; i < size; i += 4)
		b.fetched[i / 4] = kind < 0x80 ? (i / 4) % (kind % 5 + 1) :
				   in32(b.in);
	memcpy(to, b.fetched, size);
	return 0;
}

/* -- what netif.h says ------------------------------------------------------ */

static uint32_t want_key(struct model *m)
{
	uint32_t size = b.shown.data[1];

	if (size > 40) {
		MUST(!b.fetches);
		return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	}
	MUST(b.fetches == (size > 0));
	if (size && b.no_page)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	MUST(!size || b.fetched_size == size);
	memset(m->key, 0, sizeof(m->key));
	memcpy(m->key, b.fetched, size);
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t want_mapping(struct model *m)
{
	uint64_t count = b.shown.data[1], from = b.shown.data[2];

	if (from + count > 128) {
		MUST(!b.fetches);
		return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	}
	if (from + count > m->size) {
		MUST(!b.fetches);
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	MUST(b.fetches == (count > 0));
	if (!count)
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	MUST(b.no_page || b.fetched_size == 4 * count);
	for (uint64_t i = 0; i < count; i++)
		if (b.no_page || b.fetched[i] >= b.ctrl.queue_count)
			return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	memcpy(m->queue + from, b.fetched, 4 * count);
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* The status of the request that was shown; M and *DATA are brought up. */
static uint32_t want(struct model *m, uint32_t *data)
{
	uint32_t value = b.shown.data[0];

	switch (b.shown.type) {
	case 1:
		*data = m->algorithm ? 15 : 0;
		return m->algorithm ? XEN_NETIF_CTRL_STATUS_SUCCESS :
			XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	case 2:
		if (!m->algorithm || value > 15)
			return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		m->types = value;
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	case 3:
		return want_key(m);
	case 4:
		*data = 128;
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	case 5:
		if (value > 128)
			return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		m->size = value;
		memset(m->queue, 0, sizeof(m->queue));
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	case 6:
		return want_mapping(m);
	case 7:
		if (value > 1)
			return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		m->algorithm = value;
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	default:
		return XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	}
}

static void check_setup(void)
{
	const struct hash *h = &b.ctrl.hash;

	MUST(h->algorithm == b.model.algorithm);
	MUST(h->types == b.model.types);
	MUST(h->mapping_size == b.model.size);
	MUST(!memcmp(h->key, b.model.key, sizeof(b.model.key)));
	for (unsigned int i = 0; i < b.model.size; i++) {
		MUST(h->mapping[i] == b.model.queue[i]);
		MUST(h->mapping[i] < b.ctrl.queue_count);
	}
}

/* -- the ring ------------------------------------------------------------------ */

/* All there is, each answered before the next is taken. */
static void serve(void)
{
	struct xen_netif_ctrl_request req;
	struct xen_netif_ctrl_response rsp;
	struct model before;
	bool sets;

	while (ctrl_take(&b.ring, &req)) {
		uint32_t data = 0, status;

		MUST(b.seen && !memcmp(&req, &b.shown, sizeof(req)));
		b.fetches = 0;
		sets = ctrl_serve(&b.ctrl, &req, &rsp);
		before = b.model;
		status = want(&b.model, &data);
		MUST(rsp.id == req.id && rsp.type == req.type);
		MUST(rsp.status == status && rsp.data == data);
		/* a change is told; no more is told than what was carried out */
		MUST(sets || !memcmp(&before, &b.model, sizeof(before)));
		MUST(!sets || status == XEN_NETIF_CTRL_STATUS_SUCCESS);
		check_setup();
		ctrl_answer(&b.ring, &rsp);
		peer_expect(&b.area, SLOTS + b.cons % RING * SLOT_SIZE, &rsp,
			    sizeof(rsp));
		b.cons++;
		b.seen = false;
		MUST(b.cons - b.published <= RING);
	}
}

/* False: the ring is dead, and must be so. */
static bool look(void)
{
	int n = ctrl_look(&b.ring);
	uint32_t prod = b.shown_prod;

	fuzz_states++;
	if (!ring_possible(prod, b.published, b.cons, RING)) {
		MUST(n == -EPROTO && b.ring.broken);
		return false;
	}
	MUST(n == (int)(prod - b.cons));
	return true;
}

static void publish(void)
{
	ring_published(&b.area, b.published, b.cons, ctrl_publish(&b.ring));
	b.published = b.cons;
}

static void sleep_and_look(void)
{
	bool more = ctrl_sleep(&b.ring);

	ring_slept(&b.area, b.shown_prod, b.cons, more);
}

/* A frame of any bytes, whole or cut. */
static void some_frame(struct input *in)
{
	static const uint8_t starts[][4] = {
		{ 0x08, 0x00, 0x45, 0 }, { 0x86, 0xdd, 0x60, 0 },
		{ 0x81, 0x00, 0, 1 }, { 0x08, 0x06, 0, 1 },
	};
	uint8_t kind = in8(in), frame[128];
	struct net_frame f = { .size = 14 + kind % 100 };
	unsigned int queue;

	in_bytes(in, frame, sizeof(frame));
	if (kind & 0x80)
		memcpy(frame + 12, starts[kind >> 5 & 3], 3);
	hash_frame(&b.ctrl.hash, frame, &f);
	MUST(!(f.flags & ~NET_HASHED));
	if (f.flags & NET_HASHED) {
		MUST(f.size >= 34);
		MUST(b.model.types & 1u << f.hash_type);
	}
	queue = hash_queue(&b.ctrl.hash, &f, b.ctrl.queue_count);
	MUST(queue < b.ctrl.queue_count);
	if (!b.model.size)
		MUST(queue == f.hash % b.ctrl.queue_count);
	else
		MUST(queue == b.model.queue[f.hash % b.model.size]);
}

/* -- the guest ------------------------------------------------------------------- */

static void put(struct input *in)
{
	static const uint32_t values[] = { 0, 1, 15, 16, 40, 41, 100, 128, 129,
					   UINT32_MAX, 2, 127, 4096, 64, 5, 3 };
	uint8_t kind = in8(in), first = in8(in), rest = in8(in);
	struct xen_netif_ctrl_request req = {
		.id = (uint16_t)(b.prod * 3),
		.type = kind >> 4 == 15 ? in16(in) : kind >> 4,
		.data = { values[first & 15], values[rest & 15],
			  values[rest >> 4] },
	};

	if (kind & 1)
		req.data[0] = first;
	memcpy(b.area.truth + SLOTS + b.prod++ % RING * SLOT_SIZE, &req,
	       sizeof(req));
}

static void set_up(struct input *in)
{
	uint8_t shape = in8(in);
	uint32_t seed = in16(in);

	memset(&b, 0, sizeof(b));
	b.in = in;
	b.area = (struct peer_area){
		.base = memory, .truth = truth, .looked = looked,
		.size = sizeof(memory),
	};
	memset(truth, 0, sizeof(truth));
	b.prod = shape & 1 ? UINT32_MAX - 2 : 0;
	b.cons = b.published = b.prod;
	ring_start(&b.area, b.prod);
	b.ctrl.queue_count = (shape >> 3 & 7) + 1u;
	b.ctrl.fetch = fetch;
	b.ctrl.arg = &b;
	peer_begin(seed, 0);
	peer_share(&b.area);
	ctrl_attach(&b.ring, memory);
	peer_begin(seed, ring_chance(shape >> 1));
	peer_share(&b.area);
}

static void guest_acts(struct input *in, uint8_t what)
{
	for (unsigned int i = what & 7; i; i--)
		put(in);
	ring_guest(&b.area, in, what >> 3 & 7, b.prod, b.published);
}

void fuzz_one(struct input *in)
{
	set_up(in);
	while (!in_done(in)) {
		uint8_t what = in8(in);

		guest_acts(in, what);
		if (!look())
			break;
		serve();
		if ((what & 0x38) != 0x28)
			publish();
		if (what & 0x40)
			some_frame(in);
		if (what & 0x80)
			sleep_and_look();
	}
	publish();
	if (b.ring.broken) {
		struct xen_netif_ctrl_request req;

		MUST(ctrl_look(&b.ring) == -EPROTO);
		MUST(!ctrl_take(&b.ring, &req));
		MUST(!ctrl_sleep(&b.ring));
	}
	peer_untouched(&b.area);
}
