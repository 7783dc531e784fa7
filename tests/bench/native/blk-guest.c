/* SPDX-License-Identifier: MIT */
/* See blk-guest.h. */
#include "config.h"

#include "tests/bench/native/blk-guest.h"

#include <string.h>

#include "backends/blk/core.h"
#include "lib/ring.h"
#include "tests/bench/native/xen.h"

#define HEADER 64u

/* Offsets of an entry's fields, by layout. */
static const struct layout {
	unsigned int entry, id, sector, segs, grefs;
} layouts[] = {
	[BLK_ABI_X86_64] = { 112, 8, 16, 24, 28 },
	[BLK_ABI_X86_32] = { 108, 4, 12, 20, 24 },
};

static struct blkif_sring *head(struct blk_guest *g)
{
	return (struct blkif_sring *)g->ring;
}

static uint8_t *entry_at(struct blk_guest *g, uint32_t index)
{
	return g->ring + HEADER +
	       (size_t)(index & (g->size - 1)) * layouts[g->abi].entry;
}

void blk_guest_open(struct blk_guest *g, void *ring, unsigned int pages,
		    enum blk_abi abi)
{
	*g = (struct blk_guest){
		.abi = abi, .ring = ring, .size = blk_ring_entries(abi, pages),
	};
	memset(ring, 0, (size_t)pages * XEN_PAGE);
	head(g)->req_event = 1;
	head(g)->rsp_event = 1;
}

static void put_segs(struct blk_seg *segs, const struct blk_ask *ask)
{
	for (unsigned int i = 0; i < ask->segments; i++)
		segs[i] = (struct blk_seg){
			.gref = ask->gref + i,
			.first = ask->first,
			.last = ask->last,
		};
}

void blk_guest_put(struct blk_guest *g, uint64_t id, const struct blk_ask *ask)
{
	const struct layout *l = &layouts[g->abi];
	uint8_t *e = entry_at(g, g->req_prod++);

	memset(e, 0, l->entry);
	memcpy(e + l->id, &id, sizeof(id));
	memcpy(e + l->sector, &ask->sector, sizeof(ask->sector));
	if (ask->segments <= BLKIF_MAX_SEGMENTS_PER_REQUEST) {
		e[0] = ask->op;
		e[1] = (uint8_t)ask->segments;
		put_segs((struct blk_seg *)(e + l->segs), ask);
		return;
	}
	e[0] = BLKIF_OP_INDIRECT;
	e[1] = ask->op;
	memcpy(e + 2, &ask->segments, sizeof(ask->segments));
	memcpy(e + l->grefs, &ask->desc_gref, sizeof(ask->desc_gref));
	put_segs(xen_page(ask->desc_gref), ask);
}

bool blk_guest_push(struct blk_guest *g)
{
	uint32_t old = g->req_pushed;

	g->req_pushed = g->req_prod;
	ring_publish(&head(g)->req_prod, g->req_prod);
	return ring_must_notify(old, g->req_prod, &head(g)->req_event);
}

static int16_t status_at(struct blk_guest *g, uint32_t index)
{
	int16_t status;

	/* the same place in both layouts */
	memcpy(&status, entry_at(g, index) + 10, sizeof(status));
	return status;
}

unsigned int blk_guest_take(struct blk_guest *g, unsigned int *errors)
{
	unsigned int n = 0;

	*errors = 0;
	do {
		uint32_t prod = ring_snapshot(&head(g)->rsp_prod);

		for (; g->rsp_cons != prod; n++)
			*errors += status_at(g, g->rsp_cons++) !=
				   BLKIF_RSP_OKAY;
	} while (ring_final_check(g->rsp_cons, &head(g)->rsp_event,
				  &head(g)->rsp_prod));
	return n;
}
