/* SPDX-License-Identifier: MIT */
/*
 * See grants.h.
 *
 * The cache
 * ---------
 * gntdev can only unmap what was mapped in one call as a whole, so the unit
 * is the BATCH: the pages that one batch of transfers missed. A hash table
 * (open addressing, linear probing, at most half full) leads from a grant
 * reference to its page. When there is no room, the batch that was not used
 * for the longest time goes, if that is long ago; else nothing is mapped and
 * the pieces are copied, so a guest that cycles through more pages than the
 * cache holds costs itself speed and us no map-and-unmap storm.
 *
 * No piece keeps a pointer into a mapping across calls, so that a batch may
 * be unmapped at any time between transfers; unless somebody holds pages, and
 * then nothing is unmapped that was used since.
 */
#include "config.h"

#include "backends/blk/grants.h"

#include "backends/blk/core.h"
#include "backends/blk/counters.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/grant_table.h>

#define PAGE_SIZE 4096u
#define TABLE_SIZE 4096u	/* a power of two, at least twice the cache */
#define NO_BATCH UINT16_MAX	/* an entry of bytes 0xff is empty */
_Static_assert(TABLE_SIZE >= 2 * CACHE_PAGES, "half full at most");

/* Most pages mapped in one call: bounds what one bad reference spoils. */
#define BATCH_PAGES 64u
/* Batches unused for this many xfer_run() may be evicted. */
#define IDLE_RUNS 4096u

struct batch {
	uint8_t PEER *area;		/* NULL: this struct is free */
	uint64_t used;			/* the run that used it last */
	uint16_t count;
};

struct entry {
	uint32_t gref;
	uint16_t batch;			/* NO_BATCH: empty */
	uint16_t page;
};

struct xfer {
	struct grants *grants;
	domid_t domid;
	bool persistent;
	uint64_t run;			/* clock of the cache, from 1 on */
	uint64_t *held;			/* by owner: since which run, 0: nothing */
	unsigned int owner_max;
	unsigned int pages;		/* cached */
	unsigned int batches;		/* structs in use or once used */
	unsigned int piece_count, piece_max;
	xengnttab_grant_copy_segment_t *pieces;
	uint16_t *owners;		/* of the pieces */
	uint8_t *failed;		/* by owner */
	struct entry *table;
	struct batch *batch;
	struct stats_row *stats;
};

/* -- the cache ---------------------------------------------------------------- */

static unsigned int slot_of(uint32_t gref)
{
	/* references are handed out in sequence: spread them */
	return (gref * 2654435761u >> 20) & (TABLE_SIZE - 1);
}

static struct entry *cache_find(const struct xfer *x, uint32_t gref)
{
	unsigned int i = slot_of(gref);

	while (x->table[i].batch != NO_BATCH && x->table[i].gref != gref)
		i = (i + 1) & (TABLE_SIZE - 1);
	return &x->table[i];
}

static void PEER *cache_get(struct xfer *x, uint32_t gref)
{
	struct entry *e = cache_find(x, gref);
	struct batch *b;

	if (e->batch == NO_BATCH)
		return NULL;
	b = &x->batch[e->batch];
	b->used = x->run;
	return b->area + (size_t)e->page * PAGE_SIZE;
}

/* Close the hole at I: entries behind it that probed past move up. */
static void table_remove(struct xfer *x, unsigned int i)
{
	unsigned int hole = i, j = i;

	for (;;) {
		unsigned int home;

		j = (j + 1) & (TABLE_SIZE - 1);
		if (x->table[j].batch == NO_BATCH)
			break;
		home = slot_of(x->table[j].gref);
		if (((j - home) & (TABLE_SIZE - 1)) <
		    ((j - hole) & (TABLE_SIZE - 1)))
			continue;	/* it would land before its home */
		x->table[hole] = x->table[j];
		hole = j;
	}
	x->table[hole].batch = NO_BATCH;
}

/* Its pages are not to be found any more. Looks at all there are: it is rare. */
static void batch_forget(struct xfer *x, const struct batch *b)
{
	for (unsigned int i = 0; i < TABLE_SIZE; i++)
		/* what moves up to here may be its, too */
		while (x->table[i].batch == b - x->batch)
			table_remove(x, i);
}

static void batch_unmap(struct xfer *x, struct batch *b)
{
	grant_unmap(x->grants, b->area, b->count);
	x->pages -= b->count;
	stats_add(x->stats, COUNT_GRANT_CALLS, 1);
	b->area = NULL;
}

/*
 * Since which run anybody holds pages. Who holds pages has used them in that
 * run or later, so none of them is in a batch that was last used before it.
 */
static uint64_t held_since(const struct xfer *x)
{
	uint64_t since = UINT64_MAX;

	for (unsigned int i = 0; i < x->owner_max; i++)
		if (x->held[i] && x->held[i] < since)
			since = x->held[i];
	return since;
}

/* Make room for COUNT pages by dropping what lies idle. */
static bool cache_make_room(struct xfer *x, unsigned int count)
{
	while (x->pages + count > CACHE_PAGES) {
		struct batch *oldest = NULL;

		for (unsigned int i = 0; i < x->batches; i++) {
			struct batch *b = &x->batch[i];

			if (b->area && (!oldest || x->run - b->used >
						   x->run - oldest->used))
				oldest = b;
		}
		if (!oldest || x->run - oldest->used < IDLE_RUNS ||
		    oldest->used >= held_since(x))
			return false;
		stats_add(x->stats, COUNT_EVICTED, oldest->count);
		batch_forget(x, oldest);
		batch_unmap(x, oldest);
	}
	return true;
}

static struct batch *batch_new(struct xfer *x)
{
	for (unsigned int i = 0; i < x->batches; i++)
		if (!x->batch[i].area)
			return &x->batch[i];
	return &x->batch[x->batches++];
}

static void cache_map(struct xfer *x, const uint32_t *grefs,
		      unsigned int count)
{
	struct batch *b;
	void PEER *area;

	if (!cache_make_room(x, count))
		return;
	stats_add(x->stats, COUNT_GRANT_CALLS, 1);
	/* writable always: a page may serve a write now and a read later */
	if (grant_map(x->grants, x->domid, grefs, count, true, &area) < 0)
		return;
	b = batch_new(x);
	*b = (struct batch){ .area = area, .used = x->run, .count = count };
	for (unsigned int i = 0; i < count; i++)
		*cache_find(x, grefs[i]) = (struct entry){
			.gref = grefs[i],
			.batch = b - x->batch,
			.page = i,
		};
	x->pages += count;
}

/* -- pieces -------------------------------------------------------------------- */

static bool piece_to_guest(const xengnttab_grant_copy_segment_t *p)
{
	return p->flags & GNTCOPY_dest_gref;
}

static uint32_t piece_gref(const xengnttab_grant_copy_segment_t *p)
{
	return piece_to_guest(p) ? p->dest.foreign.ref : p->source.foreign.ref;
}

static void piece_memcpy(const xengnttab_grant_copy_segment_t *p,
			 uint8_t PEER *page)
{
	if (piece_to_guest(p))
		peer_write(page + p->dest.foreign.offset, p->source.virt,
			   p->len);
	else
		peer_read(p->dest.virt, page + p->source.foreign.offset,
			  p->len);
}

static void add_piece(struct xfer *x, enum xfer_way way, uint32_t gref,
		      uint32_t offset, uint32_t size, void *local,
		      unsigned int owner)
{
	xengnttab_grant_copy_segment_t *p = &x->pieces[x->piece_count];

	x->owners[x->piece_count++] = owner;
	memset(p, 0, sizeof(*p));
	p->len = size;
	if (way == XFER_TO_GUEST) {
		p->flags = GNTCOPY_dest_gref;
		p->source.virt = local;
		p->dest.foreign.ref = gref;
		p->dest.foreign.offset = offset;
		p->dest.foreign.domid = x->domid;
	} else {
		p->flags = GNTCOPY_source_gref;
		p->dest.virt = local;
		p->source.foreign.ref = gref;
		p->source.foreign.offset = offset;
		p->source.foreign.domid = x->domid;
	}
}

/* One piece; true: done at once. */
static inline bool move(struct xfer *x, enum xfer_way way, uint32_t gref,
			uint32_t offset, uint32_t size, void *local,
			unsigned int owner)
{
	uint8_t PEER *page = x->persistent ? cache_get(x, gref) : NULL;

	if (!page) {
		add_piece(x, way, gref, offset, size, local, owner);
		return false;
	}
	if (way == XFER_TO_GUEST)
		peer_write(page + offset, local, size);
	else
		peer_read(local, page + offset, size);
	return true;
}

void xfer_add(struct xfer *x, enum xfer_way way, uint32_t gref,
	      uint32_t offset, uint32_t size, void *local, unsigned int owner)
{
	stats_add(x->stats, COUNT_CACHED,
		  move(x, way, gref, offset, size, local, owner));
}

void xfer_add_segs(struct xfer *x, enum xfer_way way,
		   const struct blk_seg *segs, unsigned int count,
		   uint8_t *pages, unsigned int owner)
{
	unsigned int cached = 0;

	for (unsigned int i = 0; i < count; i++, pages += PAGE_SIZE) {
		uint32_t offset = blk_seg_offset(&segs[i]);

		cached += move(x, way, segs[i].gref, offset,
			       blk_seg_size(&segs[i]), pages + offset, owner);
	}
	stats_add(x->stats, COUNT_CACHED, cached);
}

unsigned int xfer_hold(struct xfer *x, const struct blk_seg *segs,
		       unsigned int count, struct iovec *iov,
		       unsigned int owner)
{
	uint8_t *end = NULL;
	unsigned int n = 0;

	if (!x->persistent)
		return 0;
	for (unsigned int i = 0; i < count; i++) {
		/* it is the kernel that follows it */
		uint8_t *page = (PEER_FORCE uint8_t *)cache_get(x,
								segs[i].gref);

		if (!page)
			return 0;
		if (page == end)
			iov[n - 1].iov_len += PAGE_SIZE;
		else
			iov[n++] = (struct iovec){ page, PAGE_SIZE };
		end = page + PAGE_SIZE;
	}
	x->held[owner] = x->run;
	stats_add(x->stats, COUNT_IN_PLACE, count);
	return n;
}

void xfer_let_go(struct xfer *x, unsigned int owner)
{
	x->held[owner] = 0;
}

/* Map the pages that pieces miss, a batch at a time, none twice. */
static void map_missing(struct xfer *x)
{
	uint32_t grefs[BATCH_PAGES];
	unsigned int count = 0;

	for (unsigned int i = 0; i < x->piece_count; i++) {
		uint32_t gref = piece_gref(&x->pieces[i]);
		unsigned int j = 0;

		while (j < count && grefs[j] != gref)
			j++;
		if (j < count || cache_find(x, gref)->batch != NO_BATCH)
			continue;
		grefs[count++] = gref;
		if (count == BATCH_PAGES) {
			cache_map(x, grefs, count);
			count = 0;
		}
	}
	if (count)
		cache_map(x, grefs, count);
}

/* Pieces whose pages are mapped by now are done; the others close ranks. */
static void copy_mapped(struct xfer *x)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < x->piece_count; i++) {
		void PEER *page = cache_get(x, piece_gref(&x->pieces[i]));

		if (page) {
			piece_memcpy(&x->pieces[i], page);
			stats_add(x->stats, COUNT_MAPPED, 1);
			continue;
		}
		x->owners[left] = x->owners[i];
		x->pieces[left++] = x->pieces[i];
	}
	x->piece_count = left;
}

static void copy_granted(struct xfer *x)
{
	int r;

	stats_add(x->stats, COUNT_GRANT_CALLS, 1);
	r = grant_copy(x->grants, x->pieces, x->piece_count);
	for (unsigned int i = 0; i < x->piece_count; i++) {
		if (!r && x->pieces[i].status == GNTST_okay) {
			stats_add(x->stats, COUNT_COPIED, 1);
			continue;
		}
		x->failed[x->owners[i]] = 1;
		stats_add(x->stats, COUNT_GREF_FAILED, 1);
	}
}

void xfer_run(struct xfer *x)
{
	x->run++;
	if (!x->piece_count)
		return;
	if (x->persistent) {
		map_missing(x);
		copy_mapped(x);
	}
	if (x->piece_count)
		copy_granted(x);
	x->piece_count = 0;
}

bool xfer_failed(struct xfer *x, unsigned int owner)
{
	bool failed = x->failed[owner];

	x->failed[owner] = 0;
	return failed;
}

/* -- life ------------------------------------------------------------------------ */

static void xfer_free(struct xfer *x)
{
	free(x->pieces);
	free(x->owners);
	free(x->failed);
	free(x->held);
	free(x->table);
	free(x->batch);
	free(x);
}

static int cache_alloc(struct xfer *x)
{
	x->table = malloc(TABLE_SIZE * sizeof(*x->table));
	x->batch = calloc(CACHE_PAGES, sizeof(*x->batch));
	if (!x->table || !x->batch)
		return -ENOMEM;
	memset(x->table, 0xff, TABLE_SIZE * sizeof(*x->table));
	return 0;
}

int xfer_open(struct grants *grants, domid_t domid, bool persistent,
	      unsigned int pieces, unsigned int owners,
	      struct stats_row *stats, struct xfer **ret)
{
	struct xfer *x = calloc(1, sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->grants = grants;
	x->domid = domid;
	x->persistent = persistent;
	x->stats = stats;
	x->piece_max = pieces;
	x->owner_max = owners;
	x->run = 1;
	x->pieces = calloc(pieces, sizeof(*x->pieces));
	x->owners = calloc(pieces, sizeof(*x->owners));
	x->failed = calloc(owners, sizeof(*x->failed));
	x->held = calloc(owners, sizeof(*x->held));
	if (!x->pieces || !x->owners || !x->failed || !x->held ||
	    (persistent && cache_alloc(x) < 0)) {
		xfer_free(x);
		return -ENOMEM;
	}
	*ret = x;
	return 0;
}

static void unmap_before(struct xfer *x, uint64_t run)
{
	for (unsigned int i = 0; i < x->batches; i++)
		if (x->batch[i].area && x->batch[i].used < run)
			batch_unmap(x, &x->batch[i]);
}

void xfer_release(struct xfer *x)
{
	unmap_before(x, held_since(x));
}

void xfer_close(struct xfer *x)
{
	if (!x)
		return;
	unmap_before(x, UINT64_MAX);
	xfer_free(x);
}
