/* SPDX-License-Identifier: MIT */
/* The ring itself is the lie: indices, events, pages (blk B01..B08). */
#include "config.h"

#include "tests/hostile/blk.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/ring.h"

#define IMPOSSIBLE "impossible producer index"

/* -- control: a good one --------------------------------------------------------- */

static void good(void *device, struct peer *p)
{
	struct blk *b = device;
	struct blkif_request req;

	if (!blk_connect(b))
		return;
	for (unsigned int i = 0; i < 3 * PAGE; i++)
		b->data[i] = i * 31 >> 3;
	req = blk_rw(b, BLKIF_OP_WRITE, 1, 8, 3, 0);
	blk_expect(b, &req, BLKIF_RSP_OKAY, "write of 3 pages");
	req = blk_rw(b, BLKIF_OP_READ, 2, 8, 3, 8);
	blk_expect(b, &req, BLKIF_RSP_OKAY, "read of 3 pages");
	expect(p, !memcmp(b->data, b->data + 8 * PAGE, 3 * PAGE),
	       "what was written is not what is read");
	req = blk_rw(b, BLKIF_OP_FLUSH_DISKCACHE, 3, 0, 0, 0);
	blk_expect(b, &req, BLKIF_RSP_OKAY, "flush");
	expect(p, blk_reads(b, 32), "a ring full of reads");
}

static void good_persistent(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 4, true);
	if (blk_go(b))
		for (unsigned int i = 0; i < 4; i++)
			expect(p, blk_reads(b, 512), "a ring full of reads");
}

/* -- indices ----------------------------------------------------------------------- */

static void jump(struct blk *b, uint32_t prod)
{
	if (!blk_connect(b) || !blk_reads(b, 3))
		return;
	b->prod = prod;
	b->lost = true;
	blk_push(b);
}

static void jump_33(void *device, struct peer *p)
{
	(void)p;
	jump(device, 3 + 33);
}

static void jump_half(void *device, struct peer *p)
{
	(void)p;
	jump(device, 3 + (UINT32_C(1) << 31));
}

static void jump_most(void *device, struct peer *p)
{
	(void)p;
	jump(device, UINT32_MAX);
}

static void jump_back(void *device, struct peer *p)
{
	(void)p;
	jump(device, 1);
}

static void scribble_indices(void *arg)
{
	struct blk *b = arg;
	static uint32_t n;

	n = n * 1664525 + 1013904223;
	ring_store(&b->sring->rsp_prod, n);
	ring_store(&b->sring->rsp_event, n >> 3);
	ring_store(&b->sring->req_event, n >> 5);
}

struct seen {
	struct blk *b;
	uint32_t at;
	uint64_t id;
};

/* By the entry itself: the indices are not to be read. */
static bool entry_answered(void *arg)
{
	struct seen *s = arg;
	struct blkif_response rsp;

	ring_copy(&rsp, &s->b->sring->ring[s->at & (s->b->slots - 1)],
		  sizeof(rsp));
	return rsp.id == s->id && rsp.operation == BLKIF_OP_READ;
}

static void scribbled(void *device, struct peer *p)
{
	struct blk *b = device;
	struct meddler *m;

	if (!blk_connect(b))
		return;
	m = meddler_start(scribble_indices, b);
	for (unsigned int i = 0; i < 100; i++) {
		struct blkif_request req = blk_rw(b, BLKIF_OP_READ,
						  1000 + i, 0, 1, 0);
		struct seen s = { b, b->prod, 1000 + i };

		blk_put(b, &req);
		blk_push(b);
		if (!expect(p, peer_until(p, entry_answered, &s),
			    "request %u is not answered", i))
			break;
	}
	meddler_stop(m);
	ring_store(&b->sring->rsp_prod, b->prod);
	b->cons = b->prod;
}

/* -- events ------------------------------------------------------------------------- */

static void storm(void *device, struct peer *p)
{
	struct blk *b = device;

	if (!blk_connect(b))
		return;
	for (unsigned int i = 0; i < 10000; i++)
		peer_notify(p, b->port);
	expect(p, blk_reads(b, 32), "reads after it");
}

/* -- pages ---------------------------------------------------------------------------- */

static void ring_ended(void *device, struct peer *p)
{
	struct blk *b = device;
	uint32_t gref;
	void *page = peer_share(p, 1, true, &gref);

	blk_offer(b, 0, false);
	peer_put(p, "ring-ref", "%u", gref);
	if (blk_go(b))
		b->lost = true;
	peer_unshare(p, page, 1);
	peer_notify(p, b->port);
}

static void ring_twice(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 1, false);
	peer_put(p, "ring-ref1", "%u", b->ring_grefs[0]);
	if (!blk_go(b))
		return;
	/* the second half of the ring is its own head now: fill it */
	for (unsigned int i = 0; i < 64; i++) {
		struct blkif_request req = blk_rw(b, BLKIF_OP_READ, i, 0, 1, 0);

		blk_put(b, &req);
	}
	blk_push(b);
	b->lost = true;
}

static void ring_ref(struct blk *b, uint32_t gref)
{
	blk_offer(b, 0, false);
	peer_put(b->p, "ring-ref", "%u", gref);
	blk_knock(b);
}

static void ring_ref_unused(void *device, struct peer *p)
{
	(void)p;
	ring_ref(device, 30000);
}

static void ring_ref_most(void *device, struct peer *p)
{
	(void)p;
	ring_ref(device, UINT32_MAX);
}

/* The toolstack's own use of it: xenstore's page and the console's. */
static void ring_ref_zero(void *device, struct peer *p)
{
	(void)p;
	ring_ref(device, 0);
}

static void ring_ended_before(void *device, struct peer *p)
{
	uint32_t gref;
	void *page = peer_share(p, 1, true, &gref);

	peer_unshare(p, page, 1);
	ring_ref(device, gref);
}

static void ring_readonly(void *device, struct peer *p)
{
	struct blk *b = device;

	(void)p;
	ring_ref(b, b->fixed_gref);
}

static const struct peer_case cases[] = {
	{ "control", "blk", "a good frontend is served", ANSWERED, NULL,
	  good },
	{ "control-persistent", "blk", "so is one with a large ring and "
	  "persistent grants", ANSWERED, NULL, good_persistent },
	{ "B01", "blk", "req_prod is 33 ahead", CLOSED, IMPOSSIBLE, jump_33 },
	{ "B01-half", "blk", "req_prod is 2^31 ahead", CLOSED, IMPOSSIBLE,
	  jump_half },
	{ "B01-most", "blk", "req_prod is 2^32 - 1", CLOSED, IMPOSSIBLE,
	  jump_most },
	{ "B02", "blk", "req_prod goes back", CLOSED, IMPOSSIBLE, jump_back },
	{ "B03", "blk", "a thread scribbles over rsp_prod and both event "
	  "indices: all is answered", ANSWERED, NULL, scribbled },
	{ "B04", "blk", "10000 events for an empty ring", ANSWERED, NULL,
	  storm },
	{ "B05", "blk", "the ring's grant ends while it is in use", EITHER,
	  NULL, ring_ended },
	{ "B06", "blk", "one page is both pages of the ring", EITHER, NULL,
	  ring_twice },
	{ "B07", "blk", "the ring's grant does not exist", CLOSED,
	  "cannot be mapped", ring_ref_unused },
	{ "B07-most", "blk", "the ring's grant is 2^32 - 1", CLOSED,
	  "cannot be mapped", ring_ref_most },
	{ "B07-zero", "blk", "the ring's grant is 0", CLOSED,
	  "cannot be mapped", ring_ref_zero },
	{ "B07-ended", "blk", "the ring's grant is over", CLOSED,
	  "cannot be mapped", ring_ended_before },
	{ "B08", "blk", "the ring is granted for reading only", CLOSED,
	  "cannot be mapped", ring_readonly },
};
const struct peer_table blk_ring_cases = { cases, ARRAY_SIZE(cases) };
