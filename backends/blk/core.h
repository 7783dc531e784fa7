/* SPDX-License-Identifier: MIT */
/*
 * The block protocol, pure: a ring's entries in, checked requests out, and
 * answers back. No system calls, no allocation, no knowledge of where data
 * lies, so that the same code runs in the daemon, in fuzzers and in tests.
 *
 * A request's way:
 *
 *	blk_ring_pending()	how many are there; a lie kills the ring
 *	blk_ring_take()		private copy, once
 *	blk_check()		everything that the entry itself says
 *	 (indirect: the caller copies the segments from the descriptor page)
 *	blk_check_segs()	the segments, and the request as a whole
 *	 ...
 *	blk_ring_answer()	into the ring, not visible yet
 *	blk_ring_push()		visible; true when the guest wants an event
 *
 * A guest's mistake is an enum blk_refusal: it is counted and answered, and
 * nothing else. Only a ring whose indices are impossible ends the device,
 * since then nothing the guest says can be trusted to be a request at all.
 */
#ifndef BLK_CORE_H
#define BLK_CORE_H

#include "backends/blk/abi.h"
#include "lib/peer.h"

#include <stdbool.h>
#include <stdint.h>

#define BLK_PAGE_SIZE 4096u
#define BLK_SECTOR_SIZE 512u
#define BLK_PAGE_SECTORS (BLK_PAGE_SIZE / BLK_SECTOR_SIZE)

#define BLK_RING_ORDER_MAX 4u
#define BLK_RING_PAGES_MAX (1u << BLK_RING_ORDER_MAX)
#define BLK_RING_SIZE_MAX 512u		/* entries of a ring of that order */

/* Most segments of an indirect request; one descriptor page holds them. */
#define BLK_SEGS_MAX 256u
_Static_assert(BLK_SEGS_MAX * sizeof(struct blk_seg) <= BLK_PAGE_SIZE,
	       "one descriptor page is enough");

/* -- the ring -------------------------------------------------------------- */

struct blk_sring;

/* Our end of a ring: the private indices are the ones we believe. */
struct blk_ring {
	struct blk_sring PEER *shared;
	uint32_t size;			/* entries, a power of two */
	uint32_t req_cons;		/* requests taken */
	uint32_t rsp_prod;		/* responses written */
	uint32_t rsp_pushed;		/* of these, shown to the guest */
	uint32_t entry_size;
	enum blk_abi abi;
};

/* Entries of a ring of PAGES pages. */
uint32_t blk_ring_entries(enum blk_abi abi, unsigned int pages);
/* SHARED is mapped and stays so as long as the ring is in use. */
void blk_ring_init(struct blk_ring *r, void PEER *shared,
		   unsigned int pages, enum blk_abi abi);
/*
 * How many requests wait in the ring, as of now; they may all be taken.
 * -EPROTO: the guest's producer index is more than the ring ahead.
 */
int blk_ring_pending(const struct blk_ring *r);
void blk_ring_take(struct blk_ring *r, struct blk_raw *raw);
void blk_ring_answer(struct blk_ring *r, uint64_t id, uint8_t op,
		     int16_t status);
bool blk_ring_push(struct blk_ring *r);
/* Ask for an event with the next request; true: there is one already. */
bool blk_ring_final_check(struct blk_ring *r);

/* -- requests -------------------------------------------------------------- */

/* What we told the guest that it may do. */
struct blk_limits {
	uint64_t sectors;		/* of 512 bytes; 0: no medium */
	uint16_t block_sectors;		/* alignment, a power of two: 8 is 4Kn */
	uint16_t indirect_max;		/* segments; 0: not offered */
	bool readonly;
	bool flush;			/* FLUSH_DISKCACHE offered */
	bool discard;			/* DISCARD offered */
};

enum blk_op {
	BLK_READ,
	BLK_WRITE,
	BLK_FLUSH,			/* with segments: then write them */
	BLK_DISCARD,
};

struct blk_req {
	uint64_t id;
	uint64_t sector;		/* where on the disk */
	uint64_t sectors;		/* how many, 0 for an empty flush */
	uint8_t wire_op;		/* what the answer echoes */
	uint8_t op;			/* enum blk_op */
	uint16_t count;			/* segments */
	bool indirect;			/* they are in the page of desc_gref */
	uint32_t desc_gref;
};

enum blk_refusal {
	BLK_ACCEPTED = 0,
	BLK_REFUSE_OP,
	BLK_REFUSE_NO_FLUSH,
	BLK_REFUSE_NO_DISCARD,
	BLK_REFUSE_NO_INDIRECT,
	BLK_REFUSE_INDIRECT_OP,
	BLK_REFUSE_COUNT,
	BLK_REFUSE_SEGMENT,
	BLK_REFUSE_ALIGN,
	BLK_REFUSE_RANGE,
	BLK_REFUSE_READONLY,
	BLK_REFUSE_GREF,		/* found out by who maps or copies */
	BLK_REFUSE_BROKEN,		/* the disk lost writes earlier */
	BLK_REFUSALS
};

/*
 * Judge what the entry itself says. Accepted: *req is filled, except that
 * `sectors` of a request with segments comes from blk_check_segs(). Refused:
 * id and wire_op are filled, for the answer.
 */
enum blk_refusal blk_check(const struct blk_limits *lim,
			   const struct blk_raw *raw, struct blk_req *req);
/* Judge req->count segments (a private copy), then the request's range. */
enum blk_refusal blk_check_segs(const struct blk_limits *lim,
				const struct blk_seg *segs,
				struct blk_req *req);

/* BLKIF_RSP_ERROR or BLKIF_RSP_EOPNOTSUPP (BLKIF_RSP_OKAY for 0). */
int16_t blk_refusal_status(enum blk_refusal why);
/* A few words, for statistics. */
const char *blk_refusal_text(enum blk_refusal why);

static inline uint32_t blk_seg_offset(const struct blk_seg *s)
{
	return s->first * BLK_SECTOR_SIZE;
}

static inline uint32_t blk_seg_size(const struct blk_seg *s)
{
	return (s->last - s->first + 1u) * BLK_SECTOR_SIZE;
}

#endif
