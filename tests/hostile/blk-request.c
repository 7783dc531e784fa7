/* SPDX-License-Identifier: MIT */
/* What a request says is the lie (blk B10..B25). */
#include "config.h"

#include "tests/hostile/blk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define ERROR BLKIF_RSP_ERROR
#define NOTSUPP BLKIF_RSP_EOPNOTSUPP
#define OKAY BLKIF_RSP_OKAY

/* -- one field at a time ------------------------------------------------------ */

#define END UINT64_MAX		/* in `sector`: that many before the end */

/* A request of one page at sector 0 but for what a row says. */
struct row {
	const char *what;
	uint8_t op, count, first, last;
	uint64_t sector;
	uint64_t from_end;	/* if sector is END */
	int16_t status;
	uint16_t handle;
};

static void try_rows(struct blk *b, const struct row *rows, size_t count)
{
	if (!blk_connect(b))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct row *r = &rows[i];
		struct blkif_request req = blk_rw(b, r->op, 100 + i, r->sector,
						  11, 0);

		req.nr_segments = r->count;
		req.handle = r->handle;
		if (r->sector == END)
			req.sector_number = b->sectors - r->from_end;
		req.seg[0].first_sect = r->first;
		req.seg[0].last_sect = r->last;
		blk_expect(b, &req, r->status, r->what);
	}
}

static void operations(void *device, struct peer *p)
{
	static const struct row rows[] = {
		{ "op 4", 4, 1, 0, 7, 0, 0, NOTSUPP, 0 },
		{ "op 7", 7, 1, 0, 7, 0, 0, NOTSUPP, 0 },
		{ "op 255", 255, 1, 0, 7, 0, 0, NOTSUPP, 0 },
	};

	(void)p;
	try_rows(device, rows, ARRAY_SIZE(rows));
}

static void counts(void *device, struct peer *p)
{
	static const struct row rows[] = {
		{ "read of 0", BLKIF_OP_READ, 0, 0, 7, 0, 0, ERROR, 0 },
		{ "read of 12", BLKIF_OP_READ, 12, 0, 7, 0, 0, ERROR, 0 },
		{ "read of 32", BLKIF_OP_READ, 32, 0, 7, 0, 0, ERROR, 0 },
		{ "write of 0", BLKIF_OP_WRITE, 0, 0, 7, 0, 0, ERROR, 0 },
		{ "write of 255", BLKIF_OP_WRITE, 255, 0, 7, 0, 0, ERROR, 0 },
	};

	(void)p;
	try_rows(device, rows, ARRAY_SIZE(rows));
}

static void segments(void *device, struct peer *p)
{
	static const struct row rows[] = {
		{ "first 5, last 4", BLKIF_OP_READ, 1, 5, 4, 0, 0, ERROR, 0 },
		{ "last 8", BLKIF_OP_READ, 1, 0, 8, 0, 0, ERROR, 0 },
		{ "last 255", BLKIF_OP_READ, 1, 0, 255, 0, 0, ERROR, 0 },
		{ "first 255", BLKIF_OP_WRITE, 1, 255, 0, 0, 0, ERROR, 0 },
		{ "first 7, last 7", BLKIF_OP_READ, 1, 7, 7, 0, 0, OKAY, 0 },
	};

	(void)p;
	try_rows(device, rows, ARRAY_SIZE(rows));
}

static void ranges(void *device, struct peer *p)
{
	static const struct row rows[] = {
		{ "sector 2^64 - 2", BLKIF_OP_READ, 1, 0, 7, END - 1, 0,
		  ERROR, 0 },
		{ "sector 2^55, which in bytes is 2^64", BLKIF_OP_WRITE, 1, 0,
		  7, UINT64_C(1) << 55, 0, ERROR, 0 },
		{ "sector 2^63", BLKIF_OP_WRITE, 1, 0, 7, UINT64_C(1) << 63, 0,
		  ERROR, 0 },
		{ "up to the end", BLKIF_OP_READ, 1, 0, 7, END, 8, OKAY, 0 },
		{ "one past the end", BLKIF_OP_READ, 1, 0, 7, END, 7, ERROR,
		  0 },
		{ "from the end on", BLKIF_OP_WRITE, 1, 0, 0, END, 0, ERROR,
		  0 },
	};

	(void)p;
	try_rows(device, rows, ARRAY_SIZE(rows));
}

/* Of another vbd: nobody looks at it. */
static void handles(void *device, struct peer *p)
{
	static const struct row rows[] = {
		{ "handle 1", BLKIF_OP_READ, 1, 0, 7, 0, 0, OKAY, 1 },
		{ "handle 65535", BLKIF_OP_READ, 1, 0, 7, 0, 0, OKAY, 65535 },
	};

	(void)p;
	try_rows(device, rows, ARRAY_SIZE(rows));
}

static void aligned(void *device, struct peer *p)
{
	static const struct row rows[] = {
		{ "a whole block", BLKIF_OP_READ, 1, 0, 7, 8, 0, OKAY, 0 },
		{ "half a block", BLKIF_OP_READ, 1, 0, 3, 8, 0, ERROR, 0 },
		{ "within a block", BLKIF_OP_WRITE, 1, 1, 7, 8, 0, ERROR, 0 },
		{ "from sector 1 on", BLKIF_OP_WRITE, 1, 0, 7, 1, 0, ERROR,
		  0 },
	};

	(void)p;
	try_rows(device, rows, ARRAY_SIZE(rows));
}

/* -- what this disk does not take ------------------------------------------------ */

static struct blkif_request discard(const struct blk *b, uint64_t sector,
				    uint64_t sectors, uint8_t flag)
{
	struct blkif_request_discard d = {
		.operation = BLKIF_OP_DISCARD, .flag = flag, .id = 77,
		.sector_number = sector, .nr_sectors = sectors,
	};
	struct blkif_request req;

	(void)b;
	memset(&req, 0, sizeof(req));
	memcpy(&req, &d, sizeof(d));
	return req;
}

/* DISCARD: how that ends, since a read-only disk does not offer it. */
static void readonly(struct blk *b)
{
	struct blkif_request req;

	if (!blk_connect(b))
		return;
	req = blk_rw(b, BLKIF_OP_WRITE, 1, 0, 1, 0);
	blk_expect(b, &req, ERROR, "write");
	req = blk_rw(b, BLKIF_OP_FLUSH_DISKCACHE, 2, 0, 1, 0);
	blk_expect(b, &req, ERROR, "flush with data");
	req = blk_rw(b, BLKIF_OP_WRITE_BARRIER, 3, 0, 1, 0);
	blk_expect(b, &req, NOTSUPP, "barrier");
	req = discard(b, 0, 8, 0);
	blk_expect(b, &req, NOTSUPP, "discard");
}

static void on_readonly(void *device, struct peer *p)
{
	(void)p;
	readonly(device);
}

static void discards(void *device, struct peer *p)
{
	struct blk *b = device;
	struct blkif_request req;

	(void)p;
	if (!blk_connect(b))
		return;
	req = discard(b, 0, 0, 0);
	blk_expect(b, &req, ERROR, "of no sectors");
	req = discard(b, 0, UINT64_MAX, 0);
	blk_expect(b, &req, ERROR, "of 2^64 - 1 sectors");
	req = discard(b, UINT64_MAX, 2, 0);
	blk_expect(b, &req, ERROR, "that wraps");
	req = discard(b, b->sectors - 1, 2, 0);
	blk_expect(b, &req, ERROR, "past the end");
	req = discard(b, 4097, 3, 0);
	blk_expect(b, &req, OKAY, "of less than the granularity");
	req = discard(b, 4096, 8, BLKIF_DISCARD_SECURE);
	blk_expect(b, &req, OKAY, "secure, which was not offered");
}

/* -- flushes and barriers ------------------------------------------------------------ */

static void flush_with_data(void *device, struct peer *p)
{
	struct blk *b = device;
	struct blkif_request req;

	if (!blk_connect(b))
		return;
	memset(b->data, 0x5a, 11 * PAGE);
	memset(b->data + 16 * PAGE, 0, 11 * PAGE);
	req = blk_rw(b, BLKIF_OP_FLUSH_DISKCACHE, 1, 256, 11, 0);
	blk_expect(b, &req, OKAY, "flush with 11 segments");
	req = blk_rw(b, BLKIF_OP_READ, 2, 256, 11, 16);
	blk_expect(b, &req, OKAY, "read");
	expect(p, !memcmp(b->data, b->data + 16 * PAGE, 11 * PAGE),
	       "its data was not written");
}

/* COUNT of the same, a ring full at a time; all answered with STATUS. */
static void many(struct blk *b, const struct blkif_request *req,
		 unsigned int count, int16_t status)
{
	unsigned int wrong = 0;
	struct answer a;

	for (unsigned int i = 0; i < count && !b->lost; i += b->slots) {
		for (unsigned int j = 0; j < b->slots; j++)
			blk_put(b, req);
		blk_push(b);
		for (unsigned int j = 0; j < b->slots && blk_take(b, &a); j++)
			wrong += a.status != status || a.id != req->id;
	}
	expect(b->p, !wrong, "%u answers are wrong", wrong);
}

static void barriers(void *device, struct peer *p)
{
	struct blk *b = device;
	struct blkif_request req;

	(void)p;
	blk_offer(b, 2, false);
	if (!blk_go(b))
		return;
	req = blk_rw(b, BLKIF_OP_WRITE_BARRIER, 1, 0, 0, 0);
	many(b, &req, 2048, NOTSUPP);
	req = blk_rw(b, BLKIF_OP_WRITE, 2, 1024, 1, 0);
	many(b, &req, 2048, OKAY);
}

static void flushes(void *device, struct peer *p)
{
	struct blk *b = device;
	struct blkif_request req;

	(void)p;
	blk_offer(b, 2, false);
	if (!blk_go(b))
		return;
	req = blk_rw(b, BLKIF_OP_FLUSH_DISKCACHE, 1, 0, 0, 0);
	many(b, &req, 1024, OKAY);
}

/* -- ids and grants -------------------------------------------------------------------- */

static void same_ids(void *device, struct peer *p)
{
	struct blk *b = device;
	struct blkif_request req;

	(void)p;
	if (!blk_connect(b))
		return;
	req = blk_rw(b, BLKIF_OP_READ, UINT64_MAX, 0, 1, 0);
	many(b, &req, 320, OKAY);
}

static void grants(struct blk *b, bool persistent)
{
	struct blkif_request req;

	blk_offer(b, 0, persistent);
	if (!blk_go(b))
		return;
	req = blk_rw(b, BLKIF_OP_READ, 1, 0, 3, 0);
	req.seg[1].gref = 31000;
	blk_expect(b, &req, ERROR, "read to a grant that is none");
	req.seg[1].gref = UINT32_MAX;
	blk_expect(b, &req, ERROR, "read to grant 2^32 - 1");
	req.seg[1].gref = b->fixed_gref;
	memset(b->fixed, 0x11, PAGE);
	blk_expect(b, &req, ERROR, "read to a page that may only be read");
	for (unsigned int i = 0; i < PAGE; i++)
		if (!expect(b->p, b->fixed[i] == 0x11,
			    "that page was written to at %u", i))
			break;
	req = blk_rw(b, BLKIF_OP_WRITE, 2, 2048, 3, 0);
	req.seg[2].gref = 31000;
	blk_expect(b, &req, ERROR, "write from a grant that is none");
	req = blk_rw(b, BLKIF_OP_WRITE, 3, 2048, 1, 0);
	req.seg[0].gref = b->fixed_gref;
	blk_expect(b, &req, OKAY, "write from a page that may only be read");
	req = blk_rw(b, BLKIF_OP_READ, 4, 0, 11, 0);
	for (unsigned int i = 1; i < 11; i++)
		req.seg[i].gref = req.seg[0].gref;
	blk_expect(b, &req, OKAY, "one grant in 11 segments");
}

static void bad_grants(void *device, struct peer *p)
{
	(void)p;
	grants(device, false);
}

static void bad_grants_persistent(void *device, struct peer *p)
{
	(void)p;
	grants(device, true);
}

/* Revoked while its I/O may be under way: answered, one way or the other. */
static void revoked(void *device, struct peer *p)
{
	struct blk *b = device;

	if (!blk_connect(b))
		return;
	for (unsigned int i = 0; i < 40; i++) {
		struct blkif_request req = blk_rw(b, BLKIF_OP_READ, i, 0, 1, 0);
		uint32_t gref;
		void *page = peer_share(p, 1, true, &gref);
		struct answer a;

		req.seg[0].gref = gref;
		blk_put(b, &req);
		blk_push(b);
		peer_unshare(p, page, 1);
		if (!blk_take(b, &a) ||
		    !expect(p, a.id == i && (a.status == OKAY ||
					     a.status == ERROR),
			    "id %llu, status %d", (unsigned long long)a.id,
			    a.status))
			break;
	}
}

/* Data over the requests and indices themselves. */
static void ring_as_data(void *device, struct peer *p)
{
	struct blk *b = device;
	struct blkif_request req;

	(void)p;
	if (!blk_connect(b))
		return;
	req = blk_rw(b, BLKIF_OP_WRITE, 1, 3072, 1, 0);
	req.seg[0].gref = b->ring_grefs[0];
	blk_expect(b, &req, OKAY, "write of the ring's page");
	req.operation = BLKIF_OP_READ;
	req.sector_number = 0;
	blk_put(b, &req);
	blk_push(b);
	b->lost = true;
}

/* -- indirect -------------------------------------------------------------------------- */

static struct blkif_request indirect(struct blk *b, unsigned int op,
				     unsigned int count, uint32_t gref)
{
	struct blkif_request_indirect i = {
		.operation = BLKIF_OP_INDIRECT, .indirect_op = op,
		.nr_segments = count, .id = 88, .indirect_grefs = { gref },
	};
	struct blkif_request req;

	(void)b;
	memset(&req, 0, sizeof(req));
	memcpy(&req, &i, sizeof(i));
	return req;
}

/* Page 63 lists COUNT of the other pages. */
static uint32_t list_pages(struct blk *b, unsigned int count)
{
	struct blkif_request_segment *s = (void *)(b->data + 63 * PAGE);

	for (unsigned int i = 0; i < count; i++)
		s[i] = (struct blkif_request_segment){
			.gref = b->grefs[i % 63], .last_sect = 7,
		};
	return b->grefs[63];
}

static void indirects(struct blk *b)
{
	uint32_t list = list_pages(b, 512);
	struct blkif_request req;

	req = indirect(b, BLKIF_OP_READ, 256, list);
	blk_expect(b, &req, OKAY, "a good one of 256");
	req = indirect(b, BLKIF_OP_FLUSH_DISKCACHE, 1, list);
	blk_expect(b, &req, ERROR, "a flush inside");
	req = indirect(b, BLKIF_OP_DISCARD, 1, list);
	blk_expect(b, &req, ERROR, "a discard inside");
	req = indirect(b, BLKIF_OP_INDIRECT, 1, list);
	blk_expect(b, &req, ERROR, "an indirect one inside");
	req = indirect(b, BLKIF_OP_READ, 0, list);
	blk_expect(b, &req, ERROR, "of no segments");
	req = indirect(b, BLKIF_OP_READ, 257, list);
	blk_expect(b, &req, ERROR, "of 257, one more than offered");
	req = indirect(b, BLKIF_OP_READ, 65535, list);
	blk_expect(b, &req, ERROR, "of 65535");
	req = indirect(b, BLKIF_OP_READ, 16, 31000);
	blk_expect(b, &req, ERROR, "its list's grant is none");
	((struct blkif_request_segment *)(b->data + 63 * PAGE))[15].gref =
		31000;
	req = indirect(b, BLKIF_OP_READ, 16, list);
	blk_expect(b, &req, ERROR, "one grant of its list is none");
	/* read over the list itself */
	((struct blkif_request_segment *)(b->data + 63 * PAGE))[15].gref =
		list;
	blk_expect(b, &req, OKAY, "its list is one of its data pages");
}

static void bad_indirects(void *device, struct peer *p)
{
	(void)p;
	if (blk_connect(device))
		indirects(device);
}

static void bad_indirects_persistent(void *device, struct peer *p)
{
	struct blk *b = device;

	(void)p;
	blk_offer(b, 0, true);
	if (blk_go(b))
		indirects(b);
}

/* -- persistent grants -------------------------------------------------------------------- */

#define MANY_GREFS 3000u
#define CHUNK 200u

/* More pages than it may keep mapped: memory and mappings stay bounded. */
static void many_grefs(void *device, struct peer *p)
{
	struct blk *b = device;
	unsigned long rss = 0, maps = 0;
	pid_t worker;

	blk_offer(b, 0, true);
	if (!blk_go(b))
		return;
	worker = peer_worker(p);
	for (unsigned int n = 0; n < MANY_GREFS && !b->lost; n += CHUNK) {
		uint32_t grefs[CHUNK];
		void *pages = peer_share(p, CHUNK, true, grefs);

		for (unsigned int i = 0; i < CHUNK; i++) {
			struct blkif_request req = blk_rw(b, BLKIF_OP_READ, i,
							  0, 1, 0);

			req.seg[0].gref = grefs[i];
			blk_expect(b, &req, OKAY, "a read to a new page");
		}
		/* and away, so that their numbers come again */
		peer_unshare(p, pages, CHUNK);
		if (n == CHUNK) {
			rss = peer_rss(worker);
			maps = peer_maps(worker);
		}
	}
	if (!worker)
		return;
	printf("# %u grants: worker from %lu to %lu KiB, from %lu to %lu "
	       "mappings\n", MANY_GREFS, rss, peer_rss(worker), maps,
	       peer_maps(worker));
	expect(p, peer_rss(worker) < rss + 16384, "it grew by %lu KiB",
	       peer_rss(worker) - rss);
	expect(p, peer_maps(worker) < maps + 2000, "it has %lu mappings",
	       peer_maps(worker));
}

/* Ended and shared again while the backend has it mapped: its old page. */
static void recycled(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, true);
	if (!blk_go(b))
		return;
	for (unsigned int i = 0; i < 200 && !b->lost; i++) {
		struct blkif_request req = blk_rw(b, BLKIF_OP_READ, i, 0, 1, 0);
		uint32_t gref;
		void *page = peer_share(p, 1, true, &gref);
		struct answer a;

		req.seg[0].gref = gref;
		if (blk_ask(b, &req, &a))
			expect(p, a.status == OKAY || a.status == ERROR,
			       "status %d", a.status);
		peer_unshare(p, page, 1);
	}
}

/* One page in all requests at the same time. */
static void reused(void *device, struct peer *p)
{
	struct blk *b = device;
	struct blkif_request req;

	(void)p;
	blk_offer(b, 0, true);
	if (!blk_go(b))
		return;
	req = blk_rw(b, BLKIF_OP_READ, 5, 0, 11, 0);
	for (unsigned int i = 1; i < 11; i++)
		req.seg[i].gref = req.seg[0].gref;
	many(b, &req, 640, OKAY);
}

/* -- what is answered ------------------------------------------------------------------- */

/* Holes between a response's fields, and behind them up to its size. */
static unsigned int stains(const struct blk *b, uint32_t index)
{
	const uint8_t *entry = (const uint8_t *)
		&b->sring->ring[index & (b->slots - 1)];
	unsigned int n = entry[9] != 0;

	for (unsigned int i = 12; i < 16; i++)
		n += entry[i] != 0;
	return n;
}

static void padding(void *device, struct peer *p)
{
	static const uint8_t ops[] = {
		BLKIF_OP_READ, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_OP_DISCARD, 77,
	};
	struct blk *b = device;
	struct answer a;

	if (!blk_connect(b))
		return;
	for (unsigned int i = 0; i < 64 && !b->lost; i++) {
		struct blkif_request req;

		memset(&req, 0xee, sizeof(req));
		req.operation = ops[i % ARRAY_SIZE(ops)];
		req.id = i;
		if (blk_ask(b, &req, &a))
			expect(p, !stains(b, b->cons - 1), "op %u, answered "
			       "%d: bytes between its fields are not zero",
			       req.operation, a.status);
	}
}

static const struct peer_case cases[] = {
	{ "B10", "blk", "operations that are none: not supported", ANSWERED,
	  NULL, operations },
	{ "B11", "blk", "0, 12, 32, 255 segments: an error", ANSWERED, NULL,
	  counts },
	{ "B12", "blk", "segments outside their pages: an error", ANSWERED,
	  NULL, segments },
	{ "B13", "blk", "sectors past the end, and so far that they wrap: an "
	  "error", ANSWERED, NULL, ranges },
	{ "B14", "blk-4k", "parts of a block of 4096 bytes: an error",
	  ANSWERED, NULL, aligned },
	{ "B15-readonly", "blk-readonly", "what would write to a read-only "
	  "disk: refused", ANSWERED, NULL, on_readonly },
	{ "B15-cdrom", "blk-cdrom", "what would write to a CD-ROM: refused",
	  ANSWERED, NULL, on_readonly },
	{ "B16", "blk", "another disk's handle: ignored", ANSWERED, NULL,
	  handles },
	{ "B17", "blk", "the same id in all requests: all are answered",
	  ANSWERED, NULL, same_ids },
	{ "B19", "blk", "grants that do not exist or may not be written to: "
	  "an error", ANSWERED, NULL, bad_grants },
	{ "B19-persistent", "blk", "so with persistent grants", ANSWERED,
	  NULL, bad_grants_persistent },
	{ "B19-revoked", "blk", "a grant that ends with the I/O under way",
	  ANSWERED, NULL, revoked },
	{ "B19-ring", "blk", "the ring's own page as data", EITHER, NULL,
	  ring_as_data },
	{ "B20", "blk", "indirect requests with impossible contents: an error",
	  ANSWERED, NULL, bad_indirects },
	{ "B20-persistent", "blk", "so with persistent grants", ANSWERED, NULL,
	  bad_indirects_persistent },
	{ "B21", "blk", "discards of impossible ranges: an error", ANSWERED,
	  NULL, discards },
	{ "B22", "blk", "a flush with 11 segments writes them", ANSWERED, NULL,
	  flush_with_data },
	{ "B23", "blk", "a thousand flushes at a stretch", ANSWERED, NULL,
	  flushes },
	{ "B24", "blk", "thousands of barriers, which were not offered, and of "
	  "writes behind them", ANSWERED, NULL, barriers },
	{ "B25", "blk", "thousands of grants through the cache of persistent "
	  "ones", ANSWERED, NULL, many_grefs },
	{ "B25-recycled", "blk", "a persistent grant that ends and comes "
	  "again", ANSWERED, NULL, recycled },
	{ "XSA-216", "blk", "responses have no bytes of anything else",
	  ANSWERED, NULL, padding },
	{ "B25-reused", "blk", "a persistent grant in all requests at once",
	  ANSWERED, NULL, reused },
};
const struct peer_table blk_request_cases = { cases, ARRAY_SIZE(cases) };
