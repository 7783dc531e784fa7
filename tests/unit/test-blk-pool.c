/* SPDX-License-Identifier: MIT */
/* Runs of pages never overlap, and what is given back can be taken again. */
#include "config.h"

#include "backends/blk/pool.h"
#include "lib/cleanup.h"

#include <stdio.h>
#include <string.h>

static int failed;

#define CHECK(cond, ...) do {						\
	if (!(cond)) {							\
		failed++;						\
		printf(__VA_ARGS__);					\
		printf("\n");						\
	}								\
} while (0)

static void test_edges(void)
{
	struct pool p;

	pool_init(&p, 256);
	CHECK(pool_take(&p, 256) == 0, "a run of all pages");
	CHECK(pool_take(&p, 1) == -1, "nothing is left");
	pool_give(&p, 63, 2);
	CHECK(pool_take(&p, 3) == -1, "three pages where two are");
	CHECK(pool_take(&p, 2) == 63, "two over the edge of a word");
	pool_give(&p, 255, 1);
	CHECK(pool_take(&p, 2) == -1, "two pages over the end");
	CHECK(pool_take(&p, 1) == 255, "the last page");
}

/* Many takes and gives in no order, against a plain list of who has what. */
static void test_random(void)
{
	static uint8_t owner[POOL_PAGES_MAX];
	struct { int first; unsigned int count; } runs[200];
	unsigned int seed = 1;
	struct pool p;

	memset(runs, 0xff, sizeof(runs));
	pool_init(&p, 700);
	for (int step = 0; step < 200000; step++) {
		unsigned int i;

		seed = seed * 1103515245u + 12345u;
		i = (seed >> 8) % ARRAY_SIZE(runs);
		if (runs[i].first >= 0) {
			pool_give(&p, runs[i].first, runs[i].count);
			memset(owner + runs[i].first, 0, runs[i].count);
			runs[i].first = -1;
			continue;
		}
		runs[i].count = 1 + (seed >> 16) % 130;
		runs[i].first = pool_take(&p, runs[i].count);
		for (unsigned int n = 0; runs[i].first >= 0 &&
		     n < runs[i].count; n++) {
			CHECK(runs[i].first + n < 700, "beyond the pool");
			CHECK(!owner[runs[i].first + n], "taken twice");
			owner[runs[i].first + n] = 1;
		}
		if (failed > 5)
			return;
	}
}

int main(void)
{
	test_edges();
	test_random();
	return failed != 0;
}
