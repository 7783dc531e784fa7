/* SPDX-License-Identifier: MIT */
/*
 * What a guest may ask of a disk and what it may not: each line is a request
 * and what becomes of it. Then the ring: indices that lie, wrap and race.
 */
#include "config.h"

#include "backends/blk/core.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISK UINT64_C(2048)
#define HUGE_N UINT64_MAX

static int failed;

/* -- requests -------------------------------------------------------------- */

enum disk { PLAIN, READONLY, BLOCK4K, EMPTY, BARE };

static const struct blk_limits disks[] = {
	[PLAIN] = { .sectors = DISK, .block_sectors = 1, .indirect_max = 256,
		    .flush = true, .discard = true },
	[READONLY] = { .sectors = DISK, .block_sectors = 1,
		       .indirect_max = 256, .flush = true, .discard = true,
		       .readonly = true },
	[BLOCK4K] = { .sectors = DISK, .block_sectors = 8,
		      .indirect_max = 256, .flush = true, .discard = true },
	[EMPTY] = { .sectors = 0, .block_sectors = 1, .indirect_max = 256,
		    .flush = true, .readonly = true },
	[BARE] = { .sectors = DISK, .block_sectors = 1 },
};

#define RD BLKIF_OP_READ
#define WR BLKIF_OP_WRITE
#define FL BLKIF_OP_FLUSH_DISKCACHE
#define BA BLKIF_OP_WRITE_BARRIER
#define IN BLKIF_OP_INDIRECT
#define OK BLK_ACCEPTED

/* COUNT segments, each FIRST..LAST */
static const struct {
	const char *sentence;
	enum disk disk;
	uint8_t op, indirect_op;
	uint16_t count;
	uint8_t first, last;
	uint64_t sector;
	enum blk_refusal want;
} requests[] = {
	{ "one page is read", PLAIN, RD, 0, 1, 0, 7, 0, OK },
	{ "one sector is written", PLAIN, WR, 0, 1, 3, 3, 17, OK },
	{ "eleven pages are read", PLAIN, RD, 0, 11, 0, 7, 0, OK },
	{ "the last sector is read", PLAIN, RD, 0, 1, 7, 7, DISK - 1, OK },
	{ "the last page is written", PLAIN, WR, 0, 1, 0, 7, DISK - 8, OK },

	{ "operation 4 is not known", PLAIN, 4, 0, 1, 0, 7, 0, BLK_REFUSE_OP },
	{ "operation 7 is not known", PLAIN, 7, 0, 1, 0, 7, 0, BLK_REFUSE_OP },
	{ "operation 255 is not known", PLAIN, 255, 0, 1, 0, 7, 0,
	  BLK_REFUSE_OP },
	{ "a barrier was not offered", PLAIN, BA, 0, 1, 0, 7, 0,
	  BLK_REFUSE_OP },

	{ "a read of nothing", PLAIN, RD, 0, 0, 0, 0, 0, BLK_REFUSE_COUNT },
	{ "12 segments do not fit", PLAIN, WR, 0, 12, 0, 7, 0,
	  BLK_REFUSE_COUNT },
	{ "32 segments do not fit", PLAIN, WR, 0, 32, 0, 7, 0,
	  BLK_REFUSE_COUNT },
	{ "255 segments do not fit", PLAIN, RD, 0, 255, 0, 7, 0,
	  BLK_REFUSE_COUNT },

	{ "a segment backwards", PLAIN, RD, 0, 1, 4, 3, 0,
	  BLK_REFUSE_SEGMENT },
	{ "a segment one past its page", PLAIN, RD, 0, 1, 0, 8, 0,
	  BLK_REFUSE_SEGMENT },
	{ "a segment far past its page", PLAIN, WR, 0, 1, 0, 255, 0,
	  BLK_REFUSE_SEGMENT },
	{ "a segment of one sector outside", PLAIN, RD, 0, 1, 8, 8, 0,
	  BLK_REFUSE_SEGMENT },
	{ "the page's last sector alone", PLAIN, RD, 0, 1, 7, 7, 0, OK },

	{ "one sector past the end", PLAIN, RD, 0, 1, 0, 0, DISK,
	  BLK_REFUSE_RANGE },
	{ "a page that hangs over the end", PLAIN, WR, 0, 1, 0, 7, DISK - 7,
	  BLK_REFUSE_RANGE },
	{ "the highest sector there is", PLAIN, RD, 0, 1, 0, 0, HUGE_N,
	  BLK_REFUSE_RANGE },
	{ "a range that wraps to the start", PLAIN, WR, 0, 1, 0, 7, HUGE_N - 7,
	  BLK_REFUSE_RANGE },
	{ "a sector whose bytes wrap", PLAIN, WR, 0, 1, 0, 7,
	  UINT64_C(1) << 55, BLK_REFUSE_RANGE },

	{ "a read-only disk is read", READONLY, RD, 0, 1, 0, 7, 0, OK },
	{ "a read-only disk is written", READONLY, WR, 0, 1, 0, 7, 0,
	  BLK_REFUSE_READONLY },
	{ "a read-only disk is written indirectly", READONLY, IN, WR, 1, 0, 7,
	  0, BLK_REFUSE_READONLY },
	{ "a read-only disk is read indirectly", READONLY, IN, RD, 1, 0, 7, 0,
	  OK },
	{ "a read-only disk is flushed", READONLY, FL, 0, 0, 0, 0, 0, OK },
	{ "a flush that writes to a read-only disk", READONLY, FL, 0, 1, 0, 7,
	  0, BLK_REFUSE_READONLY },

	{ "a 4K block of a 4K disk", BLOCK4K, RD, 0, 1, 0, 7, 8, OK },
	{ "a 4K disk's last block", BLOCK4K, WR, 0, 1, 0, 7, DISK - 8, OK },
	{ "a 4K disk at an odd sector", BLOCK4K, RD, 0, 1, 0, 7, 4,
	  BLK_REFUSE_ALIGN },
	{ "half a block of a 4K disk", BLOCK4K, RD, 0, 1, 0, 3, 0,
	  BLK_REFUSE_ALIGN },
	{ "a 4K disk from the middle of a page", BLOCK4K, WR, 0, 1, 4, 7, 0,
	  BLK_REFUSE_ALIGN },

	{ "an indirect read of 256 pages", PLAIN, IN, RD, 256, 0, 7, 0, OK },
	{ "an indirect write of one sector", PLAIN, IN, WR, 1, 0, 0, 0, OK },
	{ "an indirect read of nothing", PLAIN, IN, RD, 0, 0, 7, 0,
	  BLK_REFUSE_COUNT },
	{ "257 indirect segments", PLAIN, IN, RD, 257, 0, 7, 0,
	  BLK_REFUSE_COUNT },
	{ "65535 indirect segments", PLAIN, IN, WR, 65535, 0, 7, 0,
	  BLK_REFUSE_COUNT },
	{ "an indirect flush", PLAIN, IN, FL, 1, 0, 7, 0,
	  BLK_REFUSE_INDIRECT_OP },
	{ "an indirect discard", PLAIN, IN, BLKIF_OP_DISCARD, 1, 0, 7, 0,
	  BLK_REFUSE_INDIRECT_OP },
	{ "an indirect indirect", PLAIN, IN, IN, 1, 0, 7, 0,
	  BLK_REFUSE_INDIRECT_OP },
	{ "256 pages that hang over the end", PLAIN, IN, WR, 256, 0, 7, 1,
	  BLK_REFUSE_RANGE },
	{ "indirect was not offered", BARE, IN, RD, 1, 0, 7, 0,
	  BLK_REFUSE_NO_INDIRECT },

	{ "an empty flush", PLAIN, FL, 0, 0, 0, 0, 0, OK },
	{ "an empty flush at a silly sector", PLAIN, FL, 0, 0, 0, 0, HUGE_N,
	  OK },
	{ "a flush that writes 11 pages", PLAIN, FL, 0, 11, 0, 7, 0, OK },
	{ "a flush with 12 segments", PLAIN, FL, 0, 12, 0, 7, 0,
	  BLK_REFUSE_COUNT },
	{ "a flush that writes past the end", PLAIN, FL, 0, 1, 0, 7, DISK,
	  BLK_REFUSE_RANGE },
	{ "flush was not offered", BARE, FL, 0, 0, 0, 0, 0,
	  BLK_REFUSE_NO_FLUSH },

	{ "a read where no medium is", EMPTY, RD, 0, 1, 0, 7, 0,
	  BLK_REFUSE_RANGE },
	{ "a write where no medium is", EMPTY, WR, 0, 1, 0, 7, 0,
	  BLK_REFUSE_READONLY },
};

static const struct {
	const char *sentence;
	enum disk disk;
	uint64_t sector, sectors;
	enum blk_refusal want;
} discards[] = {
	{ "one sector is discarded", PLAIN, 5, 1, OK },
	{ "the whole disk is discarded", PLAIN, 0, DISK, OK },
	{ "nothing is discarded", PLAIN, 5, 0, BLK_REFUSE_RANGE },
	{ "more than the disk", PLAIN, 0, DISK + 1, BLK_REFUSE_RANGE },
	{ "one sector past the end", PLAIN, DISK, 1, BLK_REFUSE_RANGE },
	{ "a count that wraps", PLAIN, 1, HUGE_N, BLK_REFUSE_RANGE },
	{ "a start that wraps", PLAIN, HUGE_N, 1, BLK_REFUSE_RANGE },
	{ "a block of a 4K disk", BLOCK4K, 8, 16, OK },
	{ "half a block of a 4K disk", BLOCK4K, 8, 4, BLK_REFUSE_ALIGN },
	{ "from within a block of a 4K disk", BLOCK4K, 4, 8,
	  BLK_REFUSE_ALIGN },
	{ "a read-only disk", READONLY, 0, 8, BLK_REFUSE_READONLY },
	{ "discard was not offered", BARE, 0, 8, BLK_REFUSE_NO_DISCARD },
};

static void judge(const char *sentence, enum blk_refusal want,
		  enum blk_refusal got)
{
	if (want == got)
		return;
	failed++;
	printf("%s: want '%s', got '%s'\n", sentence, blk_refusal_text(want),
	       blk_refusal_text(got));
}

static void test_requests(void)
{
	struct blk_seg segs[BLK_SEGS_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		const struct blk_limits *lim = &disks[requests[i].disk];
		struct blk_raw raw = {
			.id = 1000 + i,
			.op = requests[i].op,
			.indirect_op = requests[i].indirect_op,
			.count = requests[i].count,
			.sector = requests[i].sector,
		};
		struct blk_req req;
		enum blk_refusal got;

		for (size_t s = 0; s < ARRAY_SIZE(segs); s++)
			segs[s] = (struct blk_seg){
				.gref = 8 + s,
				.first = requests[i].first,
				.last = requests[i].last,
			};
		got = blk_check(lim, &raw, &req);
		if (got == BLK_ACCEPTED)
			got = blk_check_segs(lim, segs, &req);
		judge(requests[i].sentence, requests[i].want, got);
		if (req.id != raw.id ||
		    req.wire_op != (raw.op == IN ? raw.indirect_op : raw.op)) {
			failed++;
			printf("%s: the answer would echo id %" PRIu64
			       " op %u\n", requests[i].sentence, req.id,
			       req.wire_op);
		}
	}
}

static void test_discards(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(discards); i++) {
		struct blk_raw raw = {
			.op = BLKIF_OP_DISCARD,
			.sector = discards[i].sector,
			.discard_sectors = discards[i].sectors,
		};
		struct blk_req req;

		judge(discards[i].sentence, discards[i].want,
		      blk_check(&disks[discards[i].disk], &raw, &req));
	}
}

static void test_statuses(void)
{
	for (int why = 0; why < BLK_REFUSALS; why++) {
		int16_t status = blk_refusal_status(why);

		if (!blk_refusal_text(why) || (why == 0) != (status == 0)) {
			failed++;
			printf("refusal %d: text '%s', status %d\n", why,
			       blk_refusal_text(why), status);
		}
	}
}

/* -- the ring -------------------------------------------------------------- */

/* The guest's view of a ring's head. */
struct head {
	uint32_t req_prod, req_event, rsp_prod, rsp_event;
};

static const struct {
	const char *sentence;
	uint32_t taken, answered;	/* of 32, before the guest writes... */
	uint32_t req_prod;		/* ...this */
	int want;
} indices[] = {
	{ "an empty ring", 0, 0, 0, 0 },
	{ "a full ring", 0, 0, 32, 32 },
	{ "one more than the ring holds", 0, 0, 33, -EPROTO },
	{ "half the number space ahead", 0, 0, 0x80000000u, -EPROTO },
	{ "one behind", 0, 0, UINT32_MAX, -EPROTO },
	{ "three more after five", 5, 5, 8, 3 },
	{ "back behind what was taken", 5, 0, 4, -EPROTO },
	{ "over entries not answered yet", 5, 0, 33, -EPROTO },
	{ "all entries but the unanswered", 5, 2, 34, 29 },
};

static void test_indices(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(indices); i++) {
		CLEANUP_FREE void *page = calloc(1, BLK_PAGE_SIZE);
		struct head *head = page;
		struct blk_raw raw;
		struct blk_ring r;
		int got;

		blk_ring_init(&r, page, 1, BLK_ABI_X86_64);
		for (uint32_t n = 0; n < indices[i].taken; n++)
			blk_ring_take(&r, &raw);
		for (uint32_t n = 0; n < indices[i].answered; n++)
			blk_ring_answer(&r, n, 0, 0);
		head->req_prod = indices[i].req_prod;
		got = blk_ring_pending(&r);
		if (got != indices[i].want) {
			failed++;
			printf("%s: want %d, got %d\n", indices[i].sentence,
			       indices[i].want, got);
		}
	}
}

static void test_sizes(void)
{
	static const struct {
		enum blk_abi abi;
		unsigned int pages;
		uint32_t want;
	} sizes[] = {
		{ BLK_ABI_X86_64, 1, 32 }, { BLK_ABI_X86_32, 1, 32 },
		{ BLK_ABI_X86_64, 2, 64 }, { BLK_ABI_X86_32, 4, 128 },
		{ BLK_ABI_X86_64, 8, 256 }, { BLK_ABI_X86_32, 16, 512 },
		{ BLK_ABI_X86_64, 16, 512 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint32_t got = blk_ring_entries(sizes[i].abi, sizes[i].pages);

		if (got != sizes[i].want) {
			failed++;
			printf("ring of %u pages: want %u, got %u\n",
			       sizes[i].pages, sizes[i].want, got);
		}
	}
}

/* Answers become visible at once and ask for an event when the guest does. */
static void test_push(void)
{
	CLEANUP_FREE void *page = calloc(1, BLK_PAGE_SIZE);
	struct head *head = page;
	struct blk_raw raw;
	struct blk_ring r;

	blk_ring_init(&r, page, 1, BLK_ABI_X86_64);
	head->rsp_event = 1;
	head->req_prod = 4;
	for (int i = 0; i < 4; i++)
		blk_ring_take(&r, &raw);
	if (blk_ring_push(&r)) {
		failed++;
		printf("nothing answered, yet an event was due\n");
	}
	blk_ring_answer(&r, 7, 0, 0);
	blk_ring_answer(&r, 8, 0, 0);
	if (head->rsp_prod) {
		failed++;
		printf("an answer was visible before the push\n");
	}
	if (!blk_ring_push(&r) || head->rsp_prod != 2) {
		failed++;
		printf("two answers: want an event and index 2, got %u\n",
		       head->rsp_prod);
	}
	blk_ring_answer(&r, 9, 0, 0);
	if (blk_ring_push(&r) || head->rsp_prod != 3) {
		failed++;
		printf("the guest asked for no event, index %u\n",
		       head->rsp_prod);
	}
	if (blk_ring_final_check(&r) || head->req_event != 5) {
		failed++;
		printf("drained: want an event at 5, got %u\n",
		       head->req_event);
	}
	head->req_prod = 5;
	if (!blk_ring_final_check(&r)) {
		failed++;
		printf("a request came in and would have been slept over\n");
	}
}

/* Indices run through 2^32 without a step. */
static void test_wrap(void)
{
	CLEANUP_FREE void *page = calloc(1, BLK_PAGE_SIZE);
	struct head *head = page;
	struct blk_raw raw;
	struct blk_ring r;

	blk_ring_init(&r, page, 1, BLK_ABI_X86_32);
	r.req_cons = r.rsp_prod = r.rsp_pushed = UINT32_MAX - 2;
	head->req_prod = UINT32_MAX - 2 + 32;
	if (blk_ring_pending(&r) != 32) {
		failed++;
		printf("32 requests around 2^32: got %d\n",
		       blk_ring_pending(&r));
	}
	for (int i = 0; i < 32; i++) {
		blk_ring_take(&r, &raw);
		blk_ring_answer(&r, i, 0, 0);
	}
	head->rsp_event = 3;
	if (!blk_ring_push(&r) || head->rsp_prod != head->req_prod) {
		failed++;
		printf("answers around 2^32: index %u\n", head->rsp_prod);
	}
}

int main(void)
{
	test_requests();
	test_discards();
	test_statuses();
	test_indices();
	test_sizes();
	test_push();
	test_wrap();
	return failed != 0;
}
