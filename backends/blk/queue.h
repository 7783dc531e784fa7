/* SPDX-License-Identifier: MIT */
/*
 * One ring and the thread that serves it.
 *
 * Theory of operation
 * -------------------
 * A turn of the thread:
 *
 *	ring --take--> slots --check--> pages of the pool --data in--> engine
 *	engine --reap--> data out --> answers --push--> at most one event
 *
 * (a read into pages that are mapped leaves those of the pool alone)
 *
 * and then, when the ring is found empty after asking for an event, the wait
 * for the next event, completion or wake-up. All of a turn's requests share
 * the calls: one grant copy (or none), one io_uring_enter(), one event.
 *
 * A request lives in a SLOT from when it is taken until it is answered. The
 * slot holds the private copy of what the guest wrote (struct blk_raw), fixed
 * in size and free of pointers, in an array of its own: a process that finds
 * this array after a crash knows every request that is owed an answer. What
 * can be computed from it again (checked request, pages, progress) is in
 * struct work, private.
 *
 * Memory is what the pool has. A request that finds no room stays in its slot
 * as `stalled` and nothing more is taken until it got its pages.
 */
#ifndef BLK_QUEUE_H
#define BLK_QUEUE_H

#include "backends/blk/core.h"
#include "backends/blk/engine.h"
#include "lib/evtchn.h"
#include "lib/grant.h"
#include "lib/stats.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What all queues of a device share; read by their threads. */
struct queue_shared {
	struct grants *grants;
	domid_t domid;
	bool persistent;
	bool in_place;			/* read into pages that are mapped */
	struct blk_limits limits;
	atomic_bool stop;		/* take no more, drain, end */
	atomic_bool broken;		/* a flush failed: writes may be lost */
};

struct queue_setup {
	struct queue_shared *shared;
	unsigned int index;
	uint32_t port;			/* the guest's end of the event channel */
	const uint32_t *ring_grefs;
	unsigned int ring_pages;
	enum blk_abi abi;
	unsigned int pool_pages;
	const struct engine_class *engine;
	/* all of these are the queue's from now on, also on failure */
	int evtchn_fd, wake_fd;
	struct uring *uring;		/* NULL with engine_sync */
	int image_fd;			/* this one is not */
	bool block_device;
	uint64_t poll_ns;		/* at most, before sleeping; 0: never */
	struct stats_row *stats;	/* this queue alone writes to it */
};

struct queue;

/* Maps the ring, binds the port, opens the engine. REASON on failure. */
int queue_open(const struct queue_setup *setup, struct queue **ret,
	       char *reason, size_t reason_size);
/*
 * Serve until told to stop or the ring is broken (-EPROTO) or the engine is
 * (other -errno), WHY says which; in the calling thread.
 */
int queue_serve(struct queue *q, const char **why);
/* Wake the thread to look at shared->stop. Any thread. */
void queue_wake(struct queue *q);
/* After a failure: sleep until shared->stop is set and the queue woken. */
void queue_await_stop(struct queue *q);
/*
 * Answer what is in flight, giving up on it after DRAIN_NS. Returns the number
 * of I/Os that the kernel still owns.
 */
unsigned int queue_drain(struct queue *q);
/*
 * Give back everything that is the guest's: ring, port, mappings. Pages that
 * I/Os of the kernel's still lead into stay mapped until queue_settle().
 */
void queue_release(struct queue *q);
/*
 * Wait for what the kernel still owns, however long, and let go of the image.
 */
void queue_settle(struct queue *q);
void queue_close(struct queue *q);
/* Why the guest's requests were refused, for the log: once, at the end. */
void queue_log(const struct queue *q, const char *name);

#endif
