/* SPDX-License-Identifier: MIT */
/*
 * The two layouts in which a guest on x86 may write its block ring, made one.
 *
 * The fields of blkif.h are laid out by the guest's compiler: i386 aligns a
 * 64-bit field to 4 bytes, x86_64 to 8. A 32-bit guest says so in its
 * `protocol` node. Here is the only code that knows both layouts; above it
 * everything works on struct blk_raw.
 */
#ifndef BLK_ABI_H
#define BLK_ABI_H

#include "lib/peer.h"

#include <stddef.h>
#include <stdint.h>

/* xenctrl.h wants this view of xen.h, whoever includes it first */
#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif
#include <xen/xen.h>
#include <xen/io/blkif.h>

enum blk_abi {
	BLK_ABI_X86_64,
	BLK_ABI_X86_32,
};

/* A segment of a request or of an indirect page: the same in both layouts. */
struct blk_seg {
	uint32_t gref;
	uint8_t first, last;	/* 512-byte sectors of the page, both included */
	uint16_t unused;
};
_Static_assert(sizeof(struct blk_seg) == sizeof(struct blkif_request_segment),
	       "a segment as blkif.h lays it out");
_Static_assert(offsetof(struct blk_seg, last) ==
	       offsetof(struct blkif_request_segment, last_sect),
	       "a segment as blkif.h lays it out");

/*
 * The private copy of one request: what the guest said, nothing of it
 * believed yet. Its size is fixed so that an array of them may live in memory
 * that outlives the process.
 */
struct blk_raw {
	uint64_t id;
	uint64_t sector;
	uint64_t discard_sectors;	/* DISCARD only */
	uint8_t op;
	uint8_t indirect_op;		/* INDIRECT only */
	uint16_t count;			/* segments the guest claims */
	uint32_t unused;
	union {
		struct blk_seg segs[BLKIF_MAX_SEGMENTS_PER_REQUEST];
		uint32_t grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
	};
};
_Static_assert(sizeof(struct blk_raw) == 120, "no padding, a fixed size");

/* Bytes of one ring entry. */
size_t abi_entry_size(enum blk_abi abi);

/* Copy one ring entry out, once, and bring it into our layout. */
void abi_take(enum blk_abi abi, const void PEER *entry, struct blk_raw *raw);

/* Write a response over a ring entry; bytes that no field names are zero. */
void abi_answer(enum blk_abi abi, void PEER *entry, uint64_t id, uint8_t op,
		int16_t status);

#endif
