/* SPDX-License-Identifier: MIT */
/* See pool.h. */
#include "config.h"

#include "backends/blk/pool.h"

#include <assert.h>
#include <stdbool.h>

/* The next page in FROM..TO whose use is USED; TO or more: none. */
static unsigned int find(const struct pool *p, unsigned int from,
			 unsigned int to, bool used)
{
	while (from < to) {
		uint64_t word = p->used[from / 64];

		if (!used)
			word = ~word;
		word >>= from % 64;
		if (word)
			return from + __builtin_ctzll(word);
		from = (from / 64 + 1) * 64;
	}
	return to;
}

/* COUNT bits from BIT on, which are within a word. */
static inline uint64_t run_mask(unsigned int bit, unsigned int count)
{
	return (~UINT64_C(0) >> (64 - count)) << bit;
}

static inline void mark_word(uint64_t *word, uint64_t mask, bool used)
{
	if (used)
		*word |= mask;
	else
		*word &= ~mask;
}

static inline void mark(struct pool *p, unsigned int first, unsigned int count,
			bool used)
{
	while (count) {
		unsigned int bit = first % 64;
		unsigned int n = 64 - bit < count ? 64 - bit : count;

		mark_word(&p->used[first / 64], run_mask(bit, n), used);
		first += n;
		count -= n;
	}
}

void pool_init(struct pool *p, unsigned int pages)
{
	assert(pages <= POOL_PAGES_MAX);
	*p = (struct pool){ .pages = pages };
	/* what is not there is taken for ever */
	mark(p, pages, POOL_PAGES_MAX - pages, true);
}

int pool_take(struct pool *p, unsigned int count)
{
	/* from the start each time: what was used last is warm in the cache */
	unsigned int first = find(p, 0, p->pages, false);

	while (first + count <= p->pages) {
		unsigned int end = find(p, first, first + count, true);

		if (end >= first + count) {
			mark(p, first, count, true);
			return first;
		}
		first = find(p, end, p->pages, false);
	}
	return -1;
}

void pool_give(struct pool *p, unsigned int first, unsigned int count)
{
	mark(p, first, count, false);
}
