/* SPDX-License-Identifier: MIT */
/*
 * Moving bytes between a guest's granted pages and ours, many at a time.
 *
 * If the guest agreed to persistent grants, its pages stay mapped in a cache
 * and a transfer is a memcpy(), no system call and no hypercall; or there is
 * none, because the kernel itself reads into pages that are held. Pages that
 * are not in the cache are mapped in one batch. Everything else (the guest did
 * not agree, the cache is full, a page cannot be mapped writable) is one grant
 * copy for the whole batch. Nothing is mapped while the guest did not agree:
 * it may take its pages back the moment it sees our answer.
 *
 * A batch belongs to one queue thread:
 *
 *	xfer_add...() as often as wanted; done at once when the page is cached
 *	xfer_run()    does the rest; owners of what failed are marked
 */
#ifndef BLK_GRANTS_H
#define BLK_GRANTS_H

#include "backends/blk/abi.h"
#include "lib/grant.h"
#include "lib/stats.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* Pages a queue may keep mapped: those of 32 requests of 33 pages. */
#define CACHE_PAGES 1056u

enum xfer_way { XFER_FROM_GUEST, XFER_TO_GUEST };

struct xfer;

/*
 * PIECES: most pieces of one batch. OWNERS: their numbers are below this.
 * The grants' handle is shared and must outlive it, as must STATS.
 */
int xfer_open(struct grants *grants, domid_t domid, bool persistent,
	      unsigned int pieces, unsigned int owners,
	      struct stats_row *stats, struct xfer **ret);
/* Unmaps all that is cached and not held. Nothing may be added afterwards. */
void xfer_release(struct xfer *x);
/* Unmaps all that is cached. */
void xfer_close(struct xfer *x);

/* One piece of a page; LOCAL must be there until xfer_run(). */
void xfer_add(struct xfer *x, enum xfer_way way, uint32_t gref,
	      uint32_t offset, uint32_t size, void *local, unsigned int owner);
/* COUNT checked segments: segment I is part of page I at PAGES. */
void xfer_add_segs(struct xfer *x, enum xfer_way way,
		   const struct blk_seg *segs, unsigned int count,
		   uint8_t *pages, unsigned int owner);
/*
 * The pages of COUNT segments, if all of them are mapped, as pieces of memory
 * in IOV (of COUNT). They stay mapped until OWNER lets go. Returns how many
 * pieces, 0: nothing is held. For the kernel: what lies there is the guest's.
 */
unsigned int xfer_hold(struct xfer *x, const struct blk_seg *segs,
		       unsigned int count, struct iovec *iov,
		       unsigned int owner);
void xfer_let_go(struct xfer *x, unsigned int owner);
/* Do what is left. Afterwards xfer_failed() answers for each owner. */
void xfer_run(struct xfer *x);
/* Did a piece of OWNER fail? Asking forgets it. */
bool xfer_failed(struct xfer *x, unsigned int owner);

#endif
