/* SPDX-License-Identifier: MIT */
/* A guest's end of a block ring, in either layout, as frontends write it. */
#ifndef BENCH_BLK_GUEST_H
#define BENCH_BLK_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/blk/abi.h"

struct blk_guest {
	enum blk_abi abi;
	uint8_t *ring;
	uint32_t size;			/* entries */
	uint32_t req_prod, req_pushed, rsp_cons;
};

/* What a request says; whole pages from GREF on. */
struct blk_ask {
	uint8_t op;			/* BLKIF_OP_READ or _WRITE */
	uint8_t first, last;		/* sectors of each page */
	uint16_t segments;		/* more than 11: indirect */
	uint32_t gref;
	uint32_t desc_gref;		/* page for the segments of an indirect */
	uint64_t sector;
};

/* RING is PAGES pages, zeroed here. */
void blk_guest_open(struct blk_guest *g, void *ring, unsigned int pages,
		    enum blk_abi abi);
/* Write one request, unseen yet. */
void blk_guest_put(struct blk_guest *g, uint64_t id, const struct blk_ask *ask);
/* Show them; true: the backend wants an event. */
bool blk_guest_push(struct blk_guest *g);
/*
 * Take every answer there is, ask for an event with the next one. *ERRORS:
 * how many were not OKAY.
 */
unsigned int blk_guest_take(struct blk_guest *g, unsigned int *errors);

#endif
