/* SPDX-License-Identifier: MIT */
/*
 * A second thread writes over what is being read, as fast as it can (blk B18,
 * XSA-155). Each request is legal and illegal in turns, and whatever is read
 * of it must be judged as read: an answer comes, the disk holds what legal
 * requests may have put there, and pages that may only be read are as they
 * were.
 */
#include "config.h"

#include "tests/hostile/blk.h"

#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

#define ROUNDS 30u
#define PATTERN 0xa5

/* Of the disk: one legal variant writes here, nothing else does. */
#define TARGET 4096u
#define GUARD_SECTORS 64u	/* on either side nothing may change */

static unsigned int random_below(unsigned int n)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

/* A third of all requests is legal at any moment, but not for long. */
static bool legal(void)
{
	return random_below(6);
}

/* One field of one request in flight becomes legal or illegal. */
static void flip_request(void *arg)
{
	struct blk *b = arg;
	volatile struct blkif_request *req =
		&b->sring->ring[random_below(b->slots)].req;

	switch (random_below(6)) {
	case 0:
		req->nr_segments = legal() ? 1 : 255;
		break;
	case 1:
		req->sector_number = legal() ? TARGET : UINT64_MAX - 3;
		break;
	case 2:
		req->seg[0].last_sect = legal() ? 7 : 255;
		break;
	case 3:
		req->seg[0].first_sect = legal() ? 0 : 200;
		break;
	case 4:
		req->operation = legal() ? BLKIF_OP_WRITE : BLKIF_OP_INDIRECT;
		break;
	case 5:
		req->seg[0].gref = legal() ? b->grefs[0] : b->fixed_gref;
		break;
	}
}

/* What became of requests: with luck both, or nothing was raced for. */
struct fates {
	unsigned int good, bad;
};

/* Rings full of OP at TARGET, whatever the other thread makes of them. */
static void race_requests(struct blk *b, unsigned int op, struct fates *fates)
{
	for (unsigned int i = 0; i < ROUNDS && !b->lost; i++) {
		struct answer a;

		for (unsigned int j = 0; j < b->slots; j++) {
			struct blkif_request req = blk_rw(b, op, j, TARGET, 1,
							  0);

			blk_put(b, &req);
		}
		blk_push(b);
		for (unsigned int j = 0; j < b->slots; j++) {
			if (!blk_take(b, &a))
				break;
			if (a.status == BLKIF_RSP_OKAY)
				fates->good++;
			else
				fates->bad++;
		}
	}
}

static void fill_disk(struct blk *b, uint64_t sector, uint8_t with)
{
	struct blkif_request req = blk_rw(b, BLKIF_OP_WRITE, 1, sector, 1, 5);

	memset(b->data + 5 * PAGE, with, PAGE);
	blk_expect(b, &req, BLKIF_RSP_OKAY, "write");
}

/* The guard areas hold WITH everywhere, still. */
static void check_guard(struct blk *b, uint8_t with)
{
	for (unsigned int i = 0; i < 2 * GUARD_SECTORS; i += PAGE_SECTORS) {
		uint64_t sector = TARGET - GUARD_SECTORS + i;
		struct blkif_request req;

		if (sector >= TARGET)
			sector += PAGE_SECTORS;
		req = blk_rw(b, BLKIF_OP_READ, 1, sector, 1, 6);
		blk_expect(b, &req, BLKIF_RSP_OKAY, "read");
		for (unsigned int j = 0; j < PAGE; j++)
			if (!expect(b->p, b->data[6 * PAGE + j] == with,
				    "sector %llu changed",
				    (unsigned long long)sector))
				return;
	}
}

static void fill_guard(struct blk *b, uint8_t with)
{
	for (unsigned int i = 0; i <= 2 * GUARD_SECTORS; i += PAGE_SECTORS)
		fill_disk(b, TARGET - GUARD_SECTORS + i, with);
}

static void check_fixed(struct blk *b)
{
	for (unsigned int i = 0; i < PAGE; i++)
		if (!expect(b->p, b->fixed[i] == PATTERN,
			    "a page that may only be read was written to"))
			return;
}

/* Legal data are these two, and the page that may be read from. */
static void check_target(struct blk *b, uint8_t one, uint8_t other)
{
	struct blkif_request req = blk_rw(b, BLKIF_OP_READ, 1, TARGET, 1, 6);

	blk_expect(b, &req, BLKIF_RSP_OKAY, "read");
	for (unsigned int i = 0; i < PAGE; i++) {
		uint8_t got = b->data[6 * PAGE + i];

		if (!expect(b->p, got == one || got == other ||
			    got == PATTERN,
			    "the disk holds 0x%02x, which nobody wrote", got))
			return;
	}
}

static void race(struct blk *b, bool persistent)
{
	struct meddler *m;
	struct fates fates = { 0 };
	unsigned long turns;

	blk_offer(b, 0, persistent);
	if (!blk_go(b))
		return;
	memset(b->fixed, PATTERN, PAGE);
	fill_guard(b, 0x11);
	memset(b->data, 0x22, PAGE);
	m = meddler_start(flip_request, b);
	race_requests(b, BLKIF_OP_WRITE, &fates);
	race_requests(b, BLKIF_OP_READ, &fates);
	turns = meddler_stop(m);
	printf("# %u requests: %u done, %u refused; %lu fields flipped\n",
	       2 * ROUNDS * b->slots, fates.good, fates.bad, turns);
	if (b->lost)
		return;
	check_guard(b, 0x11);
	check_fixed(b);
	/* a read may have put the disk's old bytes into our page */
	check_target(b, 0x22, 0x11);
}

static void race_copied(void *device, struct peer *p)
{
	(void)p;
	race(device, false);
}

static void race_mapped(void *device, struct peer *p)
{
	(void)p;
	race(device, true);
}

/* -- the list of an indirect request -------------------------------------------------- */

static void flip_list(void *arg)
{
	struct blk *b = arg;
	volatile struct blkif_request_segment *s =
		(void *)(b->data + 63 * PAGE);
	unsigned int i = random_below(64);

	/* of 64 entries: one in some hundred is illegal, a list in two */
	bool good = random_below(300);

	switch (random_below(3)) {
	case 0:
		s[i].last_sect = good ? 7 : 255;
		break;
	case 1:
		s[i].first_sect = good ? 0 : 9;
		break;
	case 2:
		s[i].gref = good ? b->grefs[i % 63] : b->fixed_gref;
		break;
	}
}

static void race_list(struct blk *b, bool persistent)
{
	struct blkif_request_segment *s = (void *)(b->data + 63 * PAGE);
	struct meddler *m;
	unsigned int good = 0;
	unsigned long turns;

	blk_offer(b, 0, persistent);
	if (!blk_go(b))
		return;
	memset(b->fixed, PATTERN, PAGE);
	for (unsigned int i = 0; i < 64; i++)
		s[i] = (struct blkif_request_segment){
			.gref = b->grefs[i % 63], .last_sect = 7,
		};
	m = meddler_start(flip_list, b);
	for (unsigned int i = 0; i < ROUNDS * 4 && !b->lost; i++) {
		struct blkif_request_indirect ind = {
			.operation = BLKIF_OP_INDIRECT,
			.indirect_op = BLKIF_OP_READ, .nr_segments = 64,
			.id = i, .indirect_grefs = { b->grefs[63] },
		};
		struct blkif_request req;
		struct answer a;

		memset(&req, 0, sizeof(req));
		memcpy(&req, &ind, sizeof(ind));
		if (!blk_ask(b, &req, &a))
			continue;
		expect(b->p, a.id == i, "id %llu, want %u",
		       (unsigned long long)a.id, i);
		good += a.status == BLKIF_RSP_OKAY;
	}
	turns = meddler_stop(m);
	printf("# %u lists: %u done; %lu entries flipped\n", ROUNDS * 4, good,
	       turns);
	check_fixed(b);
}

static void race_list_copied(void *device, struct peer *p)
{
	(void)p;
	race_list(device, false);
}

static void race_list_mapped(void *device, struct peer *p)
{
	(void)p;
	race_list(device, true);
}

/* -- the whole ring page -------------------------------------------------------------- */

static void scribble_page(void *arg)
{
	struct blk *b = arg;
	volatile uint32_t *words = (volatile uint32_t *)b->sring;

	/* all but req_prod, with which it would only be over sooner */
	words[1 + random_below(PAGE / 4 - 1)] = random_below(1u << 24);
}

static void race_page(void *device, struct peer *p)
{
	struct blk *b = device;
	struct meddler *m;

	(void)p;
	if (!blk_connect(b))
		return;
	memset(b->fixed, PATTERN, PAGE);
	m = meddler_start(scribble_page, b);
	for (unsigned int i = 0; i < ROUNDS * 10; i++) {
		b->prod += 1 + random_below(3);
		blk_push(b);
	}
	meddler_stop(m);
	b->lost = true;
	check_fixed(b);
}

static const struct peer_case cases[] = {
	{ "B18", "blk-race", "requests change while they are read", ANSWERED,
	  NULL, race_copied },
	{ "B18-persistent", "blk-race", "so with persistent grants", ANSWERED,
	  NULL, race_mapped },
	{ "B18-list", "blk-race", "lists of indirect requests change while "
	  "they are read", ANSWERED, NULL, race_list_copied },
	{ "B18-list-persistent", "blk-race", "so with persistent grants",
	  ANSWERED, NULL, race_list_mapped },
	{ "B18-page", "blk-race", "all of the ring's page is scribbled over",
	  EITHER, NULL, race_page },
};
const struct peer_table blk_race_cases = { cases, ARRAY_SIZE(cases) };
