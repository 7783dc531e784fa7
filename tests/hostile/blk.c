/* SPDX-License-Identifier: MIT */
/* See blk.h; and the program hostile-blk: peer.h says how it is used. */
#include "config.h"

#include "tests/hostile/blk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/protocols.h>

#include "lib/cleanup.h"
#include "lib/ring.h"

/* -- handshake ---------------------------------------------------------------- */

static unsigned int slots_of(unsigned int order)
{
	size_t room = ((size_t)PAGE << order) -
		      offsetof(struct blkif_sring, ring);
	unsigned int n = 1;

	while (2 * n * sizeof(union blkif_sring_entry) <= room)
		n *= 2;
	return n;
}

static void offer_ring(struct blk *b, unsigned int order)
{
	struct peer *p = b->p;

	if (!order) {
		peer_remove(p, "ring-page-order");
		peer_put(p, "ring-ref", "%u", b->ring_grefs[0]);
		return;
	}
	peer_remove(p, "ring-ref");
	peer_put(p, "ring-page-order", "%u", order);
	for (unsigned int i = 0; i < 1u << order; i++) {
		char node[24];

		snprintf(node, sizeof(node), "ring-ref%u", i);
		peer_put(p, node, "%u", b->ring_grefs[i]);
	}
}

void blk_offer(struct blk *b, unsigned int order, bool persistent)
{
	struct peer *p = b->p;

	memset(b->sring, 0, (size_t)RING_PAGES * PAGE);
	b->sring->req_event = b->sring->rsp_event = 1;
	b->slots = slots_of(order);
	b->prod = b->cons = 0;
	b->lost = false;
	b->port = peer_port(p);
	offer_ring(b, order);
	peer_put(p, "event-channel", "%u", b->port);
	peer_put(p, "protocol", "%s", XEN_IO_PROTO_ABI_X86_64);
	peer_put(p, "feature-persistent", "%u", persistent);
}

void blk_knock(struct blk *b)
{
	peer_state(b->p, BUS_INITIALISED);
}

bool blk_go(struct blk *b)
{
	blk_knock(b);
	if (!peer_await(b->p, 1u << BUS_CONNECTED))
		return false;
	b->sectors = strtoull(peer_get(b->p, b->p->back, "sectors"), NULL, 10);
	peer_state(b->p, BUS_CONNECTED);
	return true;
}

bool blk_connect(struct blk *b)
{
	blk_offer(b, 0, false);
	return blk_go(b);
}

static void offer_plain(void *device, struct peer *p)
{
	(void)p;
	blk_offer(device, 0, false);
}

/* What a case may have left in our folder. */
static void reset(void *device, struct peer *p)
{
	static const char *const nodes[] = {
		"ring-ref", "ring-page-order", "multi-queue-num-queues",
		"queue-0", "queue-1",
	};
	struct blk *b = device;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		peer_remove(p, nodes[i]);
	for (unsigned int i = 0; i < RING_PAGES; i++) {
		char node[24];

		snprintf(node, sizeof(node), "ring-ref%u", i);
		peer_remove(p, node);
	}
	if (b->port)
		xenevtchn_unbind(p->ev, b->port);
	b->port = 0;
}

static void prepare(void *device, struct peer *p)
{
	struct blk *b = device;

	b->p = p;
	b->sring = peer_share(p, RING_PAGES, true, b->ring_grefs);
	b->data = peer_share(p, DATA_PAGES, true, b->grefs);
	b->fixed = peer_share(p, 1, false, &b->fixed_gref);
	peer_await(p, 1u << BUS_INITWAIT);
}

/* -- requests --------------------------------------------------------------------- */

struct blkif_request blk_rw(const struct blk *b, unsigned int op, uint64_t id,
			    uint64_t sector, unsigned int nr,
			    unsigned int first)
{
	struct blkif_request req = {
		.operation = op, .nr_segments = nr, .id = id,
		.sector_number = sector,
	};

	for (unsigned int i = 0; i < nr && i < ARRAY_SIZE(req.seg); i++) {
		req.seg[i].gref = b->grefs[(first + i) % DATA_PAGES];
		req.seg[i].last_sect = PAGE_SECTORS - 1;
	}
	return req;
}

static union blkif_sring_entry *entry(struct blk *b, uint32_t index)
{
	return &b->sring->ring[index & (b->slots - 1)];
}

void blk_put(struct blk *b, const void *req)
{
	memcpy(entry(b, b->prod), req, sizeof(struct blkif_request));
	b->prod++;
}

void blk_push(struct blk *b)
{
	ring_publish(&b->sring->req_prod, b->prod);
	ring_mb();
	peer_notify(b->p, b->port);
}

static bool answer_came(void *arg)
{
	struct blk *b = arg;

	if (ring_snapshot(&b->sring->rsp_prod) != b->cons)
		return true;
	ring_store(&b->sring->rsp_event, b->cons + 1);
	ring_mb();
	return ring_snapshot(&b->sring->rsp_prod) != b->cons;
}

bool blk_take(struct blk *b, struct answer *a)
{
	bool came = peer_until(b->p, answer_came, b);
	struct blkif_response rsp;

	/* only now: what the backend is by then */
	if (!expect(b->p, came, "no answer comes: %u of %u are there, "
		    "the backend is %s",
		    b->cons, b->prod, bus_state_name(peer_back(b->p)))) {
		b->lost = true;
		return false;
	}
	memcpy(&rsp, entry(b, b->cons), sizeof(rsp));
	b->cons++;
	*a = (struct answer){ rsp.id, rsp.operation, rsp.status };
	return true;
}

bool blk_ask(struct blk *b, const void *req, struct answer *a)
{
	blk_put(b, req);
	blk_push(b);
	return blk_take(b, a);
}

bool blk_expect(struct blk *b, const void *req, int16_t status,
		const char *what)
{
	const struct blkif_request *r = req;
	uint8_t op = r->operation;
	struct answer a;

	/* what stands inside an indirect one, as Linux' frontend wants it */
	if (op == BLKIF_OP_INDIRECT)
		op = ((const struct blkif_request_indirect *)req)->indirect_op;
	if (!blk_ask(b, req, &a))
		return false;
	return expect(b->p, a.status == status && a.id == r->id && a.op == op,
		      "%s: id %llu op %u status %d, want id %llu op %u "
		      "status %d", what, (unsigned long long)a.id, a.op,
		      a.status, (unsigned long long)r->id, op, status);
}

bool blk_reads(struct blk *b, unsigned int count)
{
	bool good = true;
	struct answer a;

	for (unsigned int i = 0; i < count; i++) {
		struct blkif_request req = blk_rw(b, BLKIF_OP_READ, i, 0, 1, i);

		blk_put(b, &req);
	}
	blk_push(b);
	for (unsigned int i = 0; i < count && good; i++)
		good = blk_take(b, &a) && a.status == BLKIF_RSP_OKAY;
	return good;
}

static bool control(void *device, struct peer *p)
{
	struct blk *b = device;
	struct answer a;
	struct blkif_request req;

	(void)p;
	if (b->lost)
		return true;
	req = blk_rw(b, BLKIF_OP_READ, 4711, 0, 1, 0);
	return blk_ask(b, &req, &a) && a.id == 4711 &&
	       a.status == BLKIF_RSP_OKAY;
}

/* -- for load.c ------------------------------------------------------------------------ */

/* Writes, then reads of the same, a ring full at a time. */
static bool load(void *device, struct peer *p, unsigned int count)
{
	struct blk *b = device;
	struct answer a;

	for (unsigned int done = 0; done < count; done += 32) {
		unsigned int op = done / 32 % 2 ? BLKIF_OP_READ :
				  BLKIF_OP_WRITE;

		for (unsigned int i = 0; i < 32; i++) {
			struct blkif_request req = blk_rw(b, op, i, 8 * i, 1,
							  i);

			memset(b->data + i * PAGE, op == BLKIF_OP_WRITE ?
			       (int)(done / 64 + i) : 0, PAGE);
			blk_put(b, &req);
		}
		blk_push(b);
		for (unsigned int i = 0; i < 32; i++)
			if (!blk_take(b, &a) || a.status != BLKIF_RSP_OKAY)
				return false;
		for (unsigned int i = 0; i < 32; i++)
			if (!expect(p, b->data[i * PAGE + 77] ==
				    (uint8_t)(done / 64 + i), "data of page "
				    "%u", i))
				return false;
	}
	return true;
}

static void bad_requests(void *device, struct peer *p)
{
	struct blk *b = device;
	struct answer a;

	(void)p;
	for (unsigned int i = 0; i < 32; i++) {
		struct blkif_request req = blk_rw(b, i % 3, i, i % 2 ?
						  UINT64_MAX : 0, 11, i);

		req.seg[i % 11].gref = 31000;
		blk_put(b, &req);
	}
	blk_push(b);
	for (unsigned int i = 0; i < 32 && blk_take(b, &a); i++)
		;
}

static void storm(void *device, struct peer *p)
{
	struct blk *b = device;

	for (unsigned int i = 0; i < 200; i++)
		peer_notify(p, b->port);
}

static void break_ring(void *device, struct peer *p)
{
	struct blk *b = device;

	(void)p;
	b->prod += 33;
	blk_push(b);
}

/* -- the program ---------------------------------------------------------------------- */

static const struct peer_table *const tables[] = {
	&blk_ring_cases, &blk_request_cases, &blk_store_cases,
	&blk_race_cases, &blk_host_cases, &load_cases, NULL,
};

int main(int argc, char **argv)
{
	struct peer_class class = {
		.tables = tables, .offer = offer_plain, .ready = BUS_INITIALISED,
		.control = control, .reset = reset,
		.load = load, .load_turn = 128, .load_window = 2048,
		.storm = storm, .bad_requests = bad_requests,
		.break_ring = break_ring,
	};
	struct peer p;
	struct blk b = { .p = &p };

	return peer_main(argc, argv, &class, &b, &p, prepare);
}
