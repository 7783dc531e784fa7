/* SPDX-License-Identifier: MIT */
/*
 * A block frontend made by hand: nodes, ring and requests are whatever the
 * case at hand writes. It can be a good one, too.
 */
#ifndef TESTS_HOSTILE_BLK_H
#define TESTS_HOSTILE_BLK_H

#include "tests/hostile/peer.h"

#include <xen/io/blkif.h>

#define RING_PAGES 16u
#define DATA_PAGES 64u
#define SECTOR 512u
#define PAGE_SECTORS (PAGE / SECTOR)

struct blk {
	struct peer *p;
	struct blkif_sring *sring;	/* up to RING_PAGES pages */
	uint32_t ring_grefs[RING_PAGES];
	uint8_t *data;			/* the backend may write to them */
	uint32_t grefs[DATA_PAGES];
	uint8_t *fixed;			/* one it may only read */
	uint32_t fixed_gref;
	evtchn_port_t port;		/* 0: none */
	unsigned int slots;		/* of the ring as it was offered */
	uint32_t prod, cons;
	uint64_t sectors;		/* of the disk */
	bool lost;			/* the ring is beyond use */
};

struct answer {
	uint64_t id;
	uint8_t op;
	int16_t status;
};

/* -- handshake -------------------------------------------------------------- */

/* A ring of that order is zeroed, and our nodes name it: all but the state. */
void blk_offer(struct blk *b, unsigned int order, bool persistent);
/* Say Initialised; true once both are Connected, complains otherwise. */
bool blk_go(struct blk *b);
/* The two, with a ring of one page and copied pages. */
bool blk_connect(struct blk *b);
/* Say Initialised and leave it to the judge what becomes of that. */
void blk_knock(struct blk *b);

/* -- requests ---------------------------------------------------------------- */

/* NR whole pages of our data from page FIRST on. */
struct blkif_request blk_rw(const struct blk *b, unsigned int op, uint64_t id,
			    uint64_t sector, unsigned int nr,
			    unsigned int first);
/* Onto the ring, not seen yet. REQ is any of the layouts. */
void blk_put(struct blk *b, const void *req);
void blk_push(struct blk *b);
/* The next answer; complains when none comes. */
bool blk_take(struct blk *b, struct answer *a);
/* Put, push, take. */
bool blk_ask(struct blk *b, const void *req, struct answer *a);
/* Ask, and the answer must be this; WHAT names the request in complaints. */
bool blk_expect(struct blk *b, const void *req, int16_t status,
		const char *what);

/* Reads of one page, COUNT at a time, all of which must succeed. */
bool blk_reads(struct blk *b, unsigned int count);

/* -- cases, by subject ------------------------------------------------------------ */

extern const struct peer_table blk_ring_cases, blk_request_cases,
	blk_store_cases, blk_race_cases, blk_host_cases;

#endif
