/* SPDX-License-Identifier: MIT */
/* See abi.h. */
#include "config.h"

#include "backends/blk/abi.h"

#include "lib/ring.h"

#include <string.h>

#define SEGS BLKIF_MAX_SEGMENTS_PER_REQUEST
#define GREFS BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST

/*
 * The layouts differ in the alignment of 64-bit fields alone, so one
 * description with the integer type as its parameter serves both. `unsized`
 * tails of an entry (the guest's union may be larger) are never looked at.
 *
 * Each byte of an entry is read once at most, straight into the private copy:
 * a copy of the copy would cost more than all checks, since a processor that
 * reads across what it has just written waits for it.
 */
typedef uint64_t u64_align8 __attribute__((aligned(8)));
typedef uint64_t u64_align4 __attribute__((aligned(4)));

#define DEFINE_LAYOUT(NAME, U64)					\
struct NAME##_rw {							\
	uint8_t op;							\
	uint8_t count;							\
	uint16_t handle;						\
	U64 id;								\
	U64 sector;							\
	struct blk_seg segs[SEGS];					\
};									\
struct NAME##_discard {							\
	uint8_t op;							\
	uint8_t flag;							\
	uint16_t handle;						\
	U64 id;								\
	U64 sector;							\
	U64 sectors;							\
};									\
struct NAME##_indirect {						\
	uint8_t op;							\
	uint8_t indirect_op;						\
	uint16_t count;							\
	U64 id;								\
	U64 sector;							\
	uint16_t handle;						\
	uint32_t grefs[GREFS];						\
};									\
struct NAME##_response {						\
	U64 id;								\
	uint8_t op;							\
	int16_t status;							\
};									\
union NAME##_entry {							\
	uint8_t op;							\
	struct NAME##_rw rw;						\
	struct NAME##_discard discard;					\
	struct NAME##_indirect indirect;				\
	struct NAME##_response response;				\
};									\
									\
static void take_##NAME(const void PEER *entry, struct blk_raw *raw)	\
{									\
	const union NAME##_entry PEER *e = entry;			\
	uint8_t count;							\
									\
	ring_copy(&raw->op, &e->op, sizeof(raw->op));			\
	ring_copy(&raw->id, &e->rw.id, sizeof(raw->id));		\
	ring_copy(&raw->sector, &e->rw.sector, sizeof(raw->sector));	\
	raw->unused = 0;						\
	raw->discard_sectors = 0;					\
	raw->indirect_op = 0;						\
	raw->count = 0;							\
	switch (raw->op) {						\
	case BLKIF_OP_INDIRECT:						\
		ring_copy(&raw->indirect_op, &e->indirect.indirect_op,	\
			  sizeof(raw->indirect_op));			\
		ring_copy(&raw->count, &e->indirect.count,		\
			  sizeof(raw->count));				\
		ring_copy(raw->grefs, e->indirect.grefs,		\
			  sizeof(raw->grefs));				\
		break;							\
	case BLKIF_OP_DISCARD:						\
		ring_copy(&raw->discard_sectors, &e->discard.sectors,	\
			  sizeof(raw->discard_sectors));		\
		break;							\
	default:							\
		ring_copy(&count, &e->rw.count, sizeof(count));		\
		raw->count = count;					\
		ring_copy(raw->segs, e->rw.segs, sizeof(raw->segs));	\
		break;							\
	}								\
}									\
									\
static void answer_##NAME(void PEER *entry, uint64_t id, uint8_t op,	\
			  int16_t status)				\
{									\
	/* op, a hole, status, and in one layout another hole */	\
	uint64_t tail = op | (uint64_t)(uint16_t)status << 16;		\
									\
	/* holes too: they would show our stack to the guest (XSA-216) */ \
	peer_write(entry, &id, sizeof(id));				\
	peer_write((uint8_t PEER *)entry + sizeof(id), &tail,		\
		   sizeof(struct NAME##_response) - sizeof(id));	\
}

DEFINE_LAYOUT(x86_64, u64_align8)
DEFINE_LAYOUT(x86_32, u64_align4)

#define AT(TYPE, FIELD, OFFSET) \
	_Static_assert(offsetof(struct TYPE, FIELD) == (OFFSET), #TYPE "." #FIELD)
#define SIZE(TYPE, BYTES) _Static_assert(sizeof(TYPE) == (BYTES), #TYPE)

AT(x86_64_rw, id, 8);
AT(x86_64_rw, sector, 16);
AT(x86_64_rw, segs, 24);
SIZE(struct x86_64_rw, 112);
AT(x86_64_discard, sectors, 24);
SIZE(struct x86_64_discard, 32);
AT(x86_64_indirect, count, 2);
AT(x86_64_indirect, id, 8);
AT(x86_64_indirect, sector, 16);
AT(x86_64_indirect, handle, 24);
AT(x86_64_indirect, grefs, 28);
AT(x86_64_response, op, 8);
AT(x86_64_response, status, 10);
SIZE(struct x86_64_response, 16);
SIZE(union x86_64_entry, 112);

AT(x86_32_rw, id, 4);
AT(x86_32_rw, sector, 12);
AT(x86_32_rw, segs, 20);
SIZE(struct x86_32_rw, 108);
AT(x86_32_discard, sectors, 20);
SIZE(struct x86_32_discard, 28);
AT(x86_32_indirect, count, 2);
AT(x86_32_indirect, id, 4);
AT(x86_32_indirect, sector, 12);
AT(x86_32_indirect, handle, 20);
AT(x86_32_indirect, grefs, 24);
AT(x86_32_response, op, 8);
AT(x86_32_response, status, 10);
SIZE(struct x86_32_response, 12);
SIZE(union x86_32_entry, 108);

#ifdef __x86_64__
/* and the public header agrees with us about its own ABI */
SIZE(struct blkif_request, sizeof(struct x86_64_rw));
SIZE(struct blkif_request_discard, sizeof(struct x86_64_discard));
SIZE(struct blkif_response, sizeof(struct x86_64_response));
SIZE(union blkif_sring_entry, sizeof(union x86_64_entry));
_Static_assert(offsetof(struct blkif_request_indirect, indirect_grefs) ==
	       offsetof(struct x86_64_indirect, grefs), "indirect grefs");
#endif

size_t abi_entry_size(enum blk_abi abi)
{
	return abi == BLK_ABI_X86_64 ? sizeof(union x86_64_entry) :
				       sizeof(union x86_32_entry);
}

void abi_take(enum blk_abi abi, const void PEER *entry, struct blk_raw *raw)
{
	if (abi == BLK_ABI_X86_64)
		take_x86_64(entry, raw);
	else
		take_x86_32(entry, raw);
}

void abi_answer(enum blk_abi abi, void PEER *entry, uint64_t id, uint8_t op,
		int16_t status)
{
	if (abi == BLK_ABI_X86_64)
		answer_x86_64(entry, id, op, status);
	else
		answer_x86_32(entry, id, op, status);
}
