/* SPDX-License-Identifier: MIT */
/* See core.h. */
#include "config.h"

#include "backends/blk/core.h"

#include "lib/overflow.h"
#include "lib/ring.h"

#include <errno.h>

/* The head of a shared ring; the entries follow. */
struct blk_sring {
	uint32_t req_prod, req_event;
	uint32_t rsp_prod, rsp_event;
	uint8_t pad[48];
	uint8_t entries[];
};
_Static_assert(offsetof(struct blk_sring, entries) == 64, "as ring.h");
_Static_assert(offsetof(struct blk_sring, rsp_prod) ==
	       offsetof(struct blkif_sring, rsp_prod), "as ring.h");
_Static_assert(offsetof(struct blk_sring, rsp_event) ==
	       offsetof(struct blkif_sring, rsp_event), "as ring.h");
_Static_assert(offsetof(struct blk_sring, entries) ==
	       offsetof(struct blkif_sring, ring), "as ring.h");

uint32_t blk_ring_entries(enum blk_abi abi, unsigned int pages)
{
	uint32_t fit = (pages * BLK_PAGE_SIZE - sizeof(struct blk_sring)) /
		       abi_entry_size(abi);

	/* the largest power of two that fits */
	return 1u << (31 - __builtin_clz(fit));
}

void blk_ring_init(struct blk_ring *r, void PEER *shared,
		   unsigned int pages, enum blk_abi abi)
{
	*r = (struct blk_ring){
		.shared = shared,
		.size = blk_ring_entries(abi, pages),
		.entry_size = abi_entry_size(abi),
		.abi = abi,
	};
}

int blk_ring_pending(const struct blk_ring *r)
{
	uint32_t prod = ring_snapshot(&r->shared->req_prod);

	/*
	 * Requests that were taken and not answered still own their entries:
	 * an honest guest is never more than the ring ahead of our answers.
	 */
	if (!ring_prod_sane(prod, r->rsp_prod, r->size) ||
	    !ring_prod_sane(prod, r->req_cons, r->size))
		return -EPROTO;
	return prod - r->req_cons;
}

static void PEER *ring_entry(const struct blk_ring *r, uint32_t index)
{
	return r->shared->entries + (size_t)(index & (r->size - 1)) *
				    r->entry_size;
}

void blk_ring_take(struct blk_ring *r, struct blk_raw *raw)
{
	abi_take(r->abi, ring_entry(r, r->req_cons), raw);
	r->req_cons++;
}

void blk_ring_answer(struct blk_ring *r, uint64_t id, uint8_t op,
		     int16_t status)
{
	abi_answer(r->abi, ring_entry(r, r->rsp_prod), id, op, status);
	r->rsp_prod++;
}

bool blk_ring_push(struct blk_ring *r)
{
	uint32_t old = r->rsp_pushed;

	if (old == r->rsp_prod)
		return false;
	r->rsp_pushed = r->rsp_prod;
	ring_publish(&r->shared->rsp_prod, r->rsp_prod);
	return ring_must_notify(old, r->rsp_prod, &r->shared->rsp_event);
}

bool blk_ring_final_check(struct blk_ring *r)
{
	return ring_final_check(r->req_cons, &r->shared->req_event,
				&r->shared->req_prod);
}

static enum blk_refusal check_count(const struct blk_raw *raw,
				    unsigned int min, unsigned int max,
				    struct blk_req *req)
{
	if (raw->count < min || raw->count > max)
		return BLK_REFUSE_COUNT;
	req->count = raw->count;
	return BLK_ACCEPTED;
}

static enum blk_refusal check_direct(const struct blk_limits *lim,
				     const struct blk_raw *raw,
				     struct blk_req *req)
{
	enum blk_refusal why;

	req->op = raw->op == BLKIF_OP_READ ? BLK_READ : BLK_WRITE;
	why = check_count(raw, 1, BLKIF_MAX_SEGMENTS_PER_REQUEST, req);
	if (why)
		return why;
	if (req->op == BLK_WRITE && lim->readonly)
		return BLK_REFUSE_READONLY;
	return BLK_ACCEPTED;
}

static enum blk_refusal check_indirect(const struct blk_limits *lim,
				       const struct blk_raw *raw,
				       struct blk_req *req)
{
	enum blk_refusal why;

	if (!lim->indirect_max)
		return BLK_REFUSE_NO_INDIRECT;
	if (raw->indirect_op != BLKIF_OP_READ &&
	    raw->indirect_op != BLKIF_OP_WRITE)
		return BLK_REFUSE_INDIRECT_OP;
	req->op = raw->indirect_op == BLKIF_OP_READ ? BLK_READ : BLK_WRITE;
	why = check_count(raw, 1, lim->indirect_max, req);
	if (why)
		return why;
	if (req->op == BLK_WRITE && lim->readonly)
		return BLK_REFUSE_READONLY;
	req->indirect = true;
	req->desc_gref = raw->grefs[0];
	return BLK_ACCEPTED;
}

static enum blk_refusal check_flush(const struct blk_limits *lim,
				    const struct blk_raw *raw,
				    struct blk_req *req)
{
	enum blk_refusal why;

	if (!lim->flush)
		return BLK_REFUSE_NO_FLUSH;
	req->op = BLK_FLUSH;
	why = check_count(raw, 0, BLKIF_MAX_SEGMENTS_PER_REQUEST, req);
	if (why)
		return why;
	if (req->count && lim->readonly)
		return BLK_REFUSE_READONLY;
	return BLK_ACCEPTED;
}

static enum blk_refusal check_discard(const struct blk_limits *lim,
				      const struct blk_raw *raw,
				      struct blk_req *req)
{
	if (!lim->discard)
		return BLK_REFUSE_NO_DISCARD;
	if (lim->readonly)
		return BLK_REFUSE_READONLY;
	if (!raw->discard_sectors ||
	    !range_within(raw->sector, raw->discard_sectors, lim->sectors))
		return BLK_REFUSE_RANGE;
	if ((raw->sector | raw->discard_sectors) & (lim->block_sectors - 1u))
		return BLK_REFUSE_ALIGN;
	/* the secure flag is ignored, since discard-secure says 0 */
	req->op = BLK_DISCARD;
	req->sectors = raw->discard_sectors;
	return BLK_ACCEPTED;
}

enum blk_refusal blk_check(const struct blk_limits *lim,
			   const struct blk_raw *raw, struct blk_req *req)
{
	*req = (struct blk_req){
		.id = raw->id,
		/*
		 * blkif.h does not say so, but frontends want the operation
		 * inside an indirect request back, and Linux' switches the
		 * disk off when it gets another.
		 */
		.wire_op = raw->op == BLKIF_OP_INDIRECT ? raw->indirect_op :
							  raw->op,
		.sector = raw->sector,
	};
	switch (raw->op) {
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
		return check_direct(lim, raw, req);
	case BLKIF_OP_INDIRECT:
		return check_indirect(lim, raw, req);
	case BLKIF_OP_FLUSH_DISKCACHE:
		return check_flush(lim, raw, req);
	case BLKIF_OP_DISCARD:
		return check_discard(lim, raw, req);
	default:
		return BLK_REFUSE_OP;
	}
}

enum blk_refusal blk_check_segs(const struct blk_limits *lim,
				const struct blk_seg *segs,
				struct blk_req *req)
{
	/*
	 * All sector fields are units of 512 bytes whatever sector-size says;
	 * that only asks for alignment (blkif.h as of Xen 4.20).
	 */
	unsigned int misaligned = lim->block_sectors - 1u;
	uint64_t sectors = 0;

	for (unsigned int i = 0; i < req->count; i++) {
		const struct blk_seg *s = &segs[i];

		if (s->first > s->last || s->last >= BLK_PAGE_SECTORS)
			return BLK_REFUSE_SEGMENT;
		if ((s->first | (s->last + 1u)) & misaligned)
			return BLK_REFUSE_ALIGN;
		sectors += s->last - s->first + 1u;
	}
	req->sectors = sectors;
	if (!sectors)
		return BLK_ACCEPTED;
	if (req->sector & misaligned)
		return BLK_REFUSE_ALIGN;
	if (!range_within(req->sector, sectors, lim->sectors))
		return BLK_REFUSE_RANGE;
	return BLK_ACCEPTED;
}

static const struct {
	int16_t status;
	const char *text;
} refusals[BLK_REFUSALS] = {
	[BLK_ACCEPTED] = { BLKIF_RSP_OKAY, "accepted" },
	[BLK_REFUSE_OP] = { BLKIF_RSP_EOPNOTSUPP, "unknown operation" },
	[BLK_REFUSE_NO_FLUSH] = { BLKIF_RSP_EOPNOTSUPP, "flush not offered" },
	[BLK_REFUSE_NO_DISCARD] = { BLKIF_RSP_EOPNOTSUPP,
				    "discard not offered" },
	[BLK_REFUSE_NO_INDIRECT] = { BLKIF_RSP_EOPNOTSUPP,
				     "indirect not offered" },
	[BLK_REFUSE_INDIRECT_OP] = { BLKIF_RSP_ERROR,
				     "indirect neither read nor write" },
	[BLK_REFUSE_COUNT] = { BLKIF_RSP_ERROR, "number of segments" },
	[BLK_REFUSE_SEGMENT] = { BLKIF_RSP_ERROR, "segment outside its page" },
	[BLK_REFUSE_ALIGN] = { BLKIF_RSP_ERROR, "not aligned to sector-size" },
	[BLK_REFUSE_RANGE] = { BLKIF_RSP_ERROR, "past the end of the disk" },
	[BLK_REFUSE_READONLY] = { BLKIF_RSP_ERROR, "write to read-only disk" },
	[BLK_REFUSE_GREF] = { BLKIF_RSP_ERROR, "grant not usable" },
	[BLK_REFUSE_BROKEN] = { BLKIF_RSP_ERROR, "disk failed a flush" },
};

int16_t blk_refusal_status(enum blk_refusal why)
{
	return refusals[why].status;
}

const char *blk_refusal_text(enum blk_refusal why)
{
	return refusals[why].text;
}
