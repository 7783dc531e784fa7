/* SPDX-License-Identifier: MIT */
/*
 * The block backend's data path as the daemon runs it (queue.c, grants.c,
 * core.c, abi.c and lib/), alone in one thread with its guest.
 *
 * The queue thinks that it waits for I/O; in its place an engine of our own
 * lets the guest do its part: take the answers, ask for the next batch, send
 * the event. So a round is always the same, and what lies between its end and
 * the next is the backend's alone. Behind that engine is a disk of memory, a
 * disk that moves no data (a device writes to memory by itself), or a real
 * engine on a real file.
 */
#ifndef BENCH_BLK_RIG_H
#define BENCH_BLK_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/blk/counters.h"
#include "backends/blk/engine.h"
#include "tests/bench/native/blk-guest.h"

#define BLK_RIG_RING 1u			/* grefs: the ring's pages, */
#define BLK_RIG_DESC 32u		/* descriptor pages, one a request, */
#define BLK_RIG_DATA 1024u		/* data */

struct blk_load {
	enum blk_abi abi;
	bool persistent;
	bool copied;			/* reads, as in a PV domain */
	unsigned int batch;		/* requests of a round */
	unsigned int warmup, rounds;
	/*
	 * The requests: a round takes the next BATCH of SECTOR_COUNT places,
	 * around and around. `gref`, `sector` of ASK are filled in.
	 */
	struct blk_ask ask;
	bool wrong;			/* all of them are refused */
	const uint64_t *sectors;
	unsigned int sector_count, place;	/* `place`: the first */
	uint8_t *disk;			/* NULL: data move by themselves */
	/* or a real engine */
	const struct engine_class *engine;
	int image_fd;
	struct uring *uring;
	/* when the warm-up is over, and when the last round is; or NULL */
	void (*steady)(void);
	void (*finished)(void);
	/* before and after the guest's own part; or NULL */
	void (*aside)(bool guest);
	/*
	 * Another guest in the place of ours, on its own ring; its part is
	 * measured with the backend's.
	 */
	const uint32_t *ring_grefs;
	unsigned int ring_pages;
	void (*ask_all)(unsigned int batch);
	unsigned int (*take_all)(unsigned int *errors);
};

struct blk_run {
	uint64_t answered, errors;	/* requests, warm-up included */
	struct stats_row stats;
};

#define BLK_RIG_SECTORS (UINT64_C(1) << 31)	/* 1 TiB */

/* CYCLES of each round. Ends the program when the queue fails. */
void blk_rig_run(const struct blk_load *load, uint64_t *cycles,
		 struct blk_run *run);

#endif
