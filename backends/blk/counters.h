/* SPDX-License-Identifier: MIT */
/* What a queue counts; lib/stats.h shows it to the supervisor and to people. */
#ifndef BLK_COUNTERS_H
#define BLK_COUNTERS_H

#include "lib/stats.h"

enum blk_counter {
	/* requests that went to the image, in the order of enum blk_op */
	COUNT_READS, COUNT_WRITES, COUNT_FLUSHES, COUNT_DISCARDS,
	COUNT_READ_BYTES, COUNT_WRITTEN_BYTES,
	COUNT_REFUSED,		/* the guest's mistakes */
	COUNT_ERRORS,		/* the image's */
	COUNT_TURNS,		/* of the queue's thread */
	COUNT_WAITS,		/* of these, slept at the end */
	COUNT_EVENTS, COUNT_NOTIFIES,
	/* pieces of pages: read by the kernel, and moved by us: by memcpy(),
	   after mapping, by grant copy, not */
	COUNT_IN_PLACE, COUNT_CACHED, COUNT_MAPPED, COUNT_COPIED, COUNT_GREF_FAILED,
	COUNT_EVICTED,		/* pages that the cache let go */
	COUNT_GRANT_CALLS,	/* into the kernel */
	COUNTERS
};
_Static_assert(COUNTERS <= STATS_COUNTERS_MAX, "fit a row");

/* For struct backend_class. */
extern const char *const blk_counters[];

#endif
