/* SPDX-License-Identifier: MIT */
/*
 * Pages that the kernel reads into are held: however long that takes, they stay
 * mapped, whatever else is mapped, evicted and released meanwhile. The guest is
 * an array, its grants the array's pages, mapped in turns at places of their own.
 */
#include "config.h"

#include "backends/blk/core.h"
#include "backends/blk/counters.h"
#include "backends/blk/grants.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/grant_table.h>

#define PAGE 4096u
#define OWNERS 8u
#define PIECES 256u
#define IDLE 4096u		/* runs: then a batch may go */

static unsigned int mapped;	/* pages */
static void *unmapped_at;	/* the last area that was given back */
static int failed;

int grant_map(struct grants *g, domid_t domid, const uint32_t *grefs,
	      unsigned int count, bool writable, void **area)
{
	(void)g;
	(void)domid;
	(void)grefs;
	if (!writable)
		return -EINVAL;
	*area = mmap(NULL, (size_t)count * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (*area == MAP_FAILED)
		return -ENOMEM;
	mapped += count;
	return 0;
}

void grant_unmap(struct grants *g, void *area, unsigned int count)
{
	(void)g;
	munmap(area, (size_t)count * PAGE);
	unmapped_at = area;
	mapped -= count;
}

int grant_copy(struct grants *g, xengnttab_grant_copy_segment_t *s,
	       unsigned int count)
{
	(void)g;
	for (unsigned int i = 0; i < count; i++)
		s[i].status = GNTST_okay;
	return 0;
}

static struct xfer *open_xfer(bool persistent)
{
	static struct stats_row stats;
	struct xfer *x;

	if (xfer_open(NULL, 7, persistent, PIECES, OWNERS, &stats, &x))
		abort();
	return x;
}

static void expect(bool good, const char *what)
{
	if (good)
		return;
	failed++;
	printf("%s\n", what);
}

static void segments(struct blk_seg *segs, uint32_t gref, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		segs[i] = (struct blk_seg){ .gref = gref + i, .last = 7 };
}

/* Have COUNT pages from GREF on mapped: whole ones are moved. */
static void use(struct xfer *x, uint32_t gref, unsigned int count)
{
	static uint8_t pages[64 * PAGE];
	struct blk_seg segs[64];

	segments(segs, gref, count);
	xfer_add_segs(x, XFER_TO_GUEST, segs, count, pages, 0);
	xfer_run(x);
}

static unsigned int hold(struct xfer *x, uint32_t gref, unsigned int count,
			 struct iovec *iov, unsigned int owner)
{
	struct blk_seg segs[64];

	segments(segs, gref, count);
	return xfer_hold(x, segs, count, iov, owner);
}

static void pass_time(struct xfer *x)
{
	for (unsigned int i = 0; i < IDLE; i++)
		xfer_run(x);
}

/* As many other pages as there is room for, and as many again. */
static void crowd(struct xfer *x)
{
	for (unsigned int i = 0; i < 2 * CACHE_PAGES / 64; i++) {
		pass_time(x);
		use(x, 10000 + i * 64, 64);
	}
}

static void test_only_mapped(void)
{
	struct xfer *x = open_xfer(true), *plain = open_xfer(false);
	struct iovec iov[64];

	expect(!hold(x, 1, 4, iov, 0), "pages that nobody mapped are held");
	use(x, 1, 3);
	expect(!hold(x, 1, 4, iov, 0), "one page of four is missing: held");
	expect(hold(x, 1, 3, iov, 0) == 1 && iov[0].iov_len == 3 * PAGE,
	       "three pages side by side are one piece");
	use(x, 4, 1);
	expect(hold(x, 2, 3, iov, 1) > 0 && iov[0].iov_len == 2 * PAGE,
	       "and what was mapped later is a piece of its own, or beside it");
	use(plain, 1, 3);
	expect(!hold(plain, 1, 3, iov, 0),
	       "a guest that may take its pages back: held");
	xfer_close(x);
	xfer_close(plain);
	expect(!mapped, "all is unmapped in the end");
}

static void test_eviction(void)
{
	struct xfer *x = open_xfer(true);
	struct iovec held[64], later[64];

	use(x, 1, 64);
	expect(hold(x, 1, 64, held, 3) == 1, "64 pages are held");
	crowd(x);
	expect(mapped <= CACHE_PAGES, "no more is mapped than may be");
	expect(hold(x, 1, 64, later, 4) == 1 &&
	       later[0].iov_base == held[0].iov_base,
	       "what is held was unmapped to make room");
	memset(held[0].iov_base, 1, held[0].iov_len);
	xfer_let_go(x, 3);
	crowd(x);
	expect(hold(x, 1, 64, later, 5) == 1 &&
	       later[0].iov_base == held[0].iov_base,
	       "one of two let go, and it was unmapped");
	xfer_let_go(x, 4);
	xfer_let_go(x, 5);
	crowd(x);
	expect(!hold(x, 1, 64, later, 4),
	       "nobody holds it, and it was never unmapped");
	xfer_close(x);
	expect(!mapped, "all is unmapped in the end");
}

static void test_release(void)
{
	struct xfer *x = open_xfer(true);
	struct iovec iov[64];

	use(x, 500, 10);
	pass_time(x);
	use(x, 1, 5);
	expect(hold(x, 1, 5, iov, 2) == 1, "5 pages are held");
	xfer_release(x);
	expect(mapped == 5, "a release unmaps all but what is held");
	memset(iov[0].iov_base, 1, iov[0].iov_len);
	xfer_let_go(x, 2);
	xfer_close(x);
	expect(!mapped && unmapped_at == iov[0].iov_base,
	       "and the end unmaps that");
}

int main(void)
{
	test_only_mapped();
	test_eviction();
	test_release();
	return failed != 0;
}
