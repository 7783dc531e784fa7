/* SPDX-License-Identifier: MIT */
/*
 * A fixed set of pages, given out in runs: the bounce memory of a queue. A
 * run lies side by side, so that a request of whole pages is one piece of
 * memory for the kernel. Pure bookkeeping: page numbers, no memory.
 */
#ifndef BLK_POOL_H
#define BLK_POOL_H

#include <stdint.h>

#define POOL_PAGES_MAX 1024u
#define POOL_WORDS (POOL_PAGES_MAX / 64)

struct pool {
	uint64_t used[POOL_WORDS];	/* a bit a page */
	unsigned int pages;
};

void pool_init(struct pool *p, unsigned int pages);
/* First page of a run of COUNT (1..pages), or -1: none is free now. */
int pool_take(struct pool *p, unsigned int count);
void pool_give(struct pool *p, unsigned int first, unsigned int count);

#endif
