/* SPDX-License-Identifier: MIT */
/*
 * A mistake made on purpose, to see that fuzz-blk-ring finds its kind: the
 * entry is copied, and then one field is taken from the ring after all, as a
 * compiler or a tired person would (XSA-155).
 */
#include "backends/blk/abi.h"

#define abi_take abi_take_once
static void abi_take_once(enum blk_abi, const void *, struct blk_raw *);
#include "backends/blk/abi.c"
#undef abi_take

void abi_take(enum blk_abi abi, const void *entry, struct blk_raw *raw)
{
	abi_take_once(abi, entry, raw);
	if (raw->op == BLKIF_OP_READ || raw->op == BLKIF_OP_WRITE)
		raw->count = ((const volatile uint8_t *)entry)[1];
}
