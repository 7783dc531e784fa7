/* SPDX-License-Identifier: MIT */
/*
 * Frames for one queue of a vif that any of its queues read from the TAP.
 *
 * The kernel spreads frames over a TAP's queues by a hash of its own. Where a
 * guest has a control ring, and so may say which of its queues a frame is to
 * come by, each queue's thread reads its own TAP queue and puts each frame into
 * the inbox of the queue that is to have it, its own included; and each fills
 * its ring from its own inbox alone. So a ring still has one owner, and the
 * frames of a flow keep their order.
 *
 * An inbox is bounded. When it is full, who comes waits and reads no more
 * meanwhile, so that frames wait in the TAP, where they are bounded and dropped
 * in the end. But never for a queue whose guest lends it no page: it would hold
 * the others up. What is for such a one is dropped, as a TAP does.
 */
#ifndef BACKENDS_NET_INBOX_H
#define BACKENDS_NET_INBOX_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "backends/net/core.h"

/* A dozen of the largest frames, six hundred small ones; with its rest 1 MiB. */
#define INBOX_BYTES (224u * NET_PAGE_SIZE)

struct inbox {
	pthread_mutex_t lock;		/* of all but count and memory */
	_Atomic unsigned int count;	/* frames in it; written under the lock */
	uint8_t *memory;
	uint32_t head, tail;		/* where to put, where to take */
	bool asleep;			/* its owner, until somebody puts */
	bool starved;			/* its owner has no page for a frame */
	uint32_t waiting;		/* queues that want to be woken: bits */
	int wake_fd;			/* its owner's; not ours to close */
};

enum inbox_put {
	INBOX_TAKEN,
	INBOX_FULL,			/* wait: FROM is woken when there is room */
	INBOX_STARVED,			/* drop */
};

/* -ENOMEM; inbox_close() is right after either. */
int inbox_open(struct inbox *in, int wake_fd);
void inbox_close(struct inbox *in);

/* By any queue, FROM is its number. Wakes the owner, if that sleeps. */
enum inbox_put inbox_put(struct inbox *in, unsigned int from,
			 const struct net_frame *frame, const uint8_t *data);
void inbox_wake(struct inbox *in);

/* -- by its owner ---------------------------------------------------------- */

static inline bool inbox_empty(struct inbox *in)
{
	return !atomic_load_explicit(&in->count, memory_order_acquire);
}

/* The oldest frame, to DATA; there must be one. */
void inbox_take(struct inbox *in, struct net_frame *frame, uint8_t *data);
/* Say whether there are pages for what is in it. */
void inbox_starve(struct inbox *in, bool starved);
/* Queues to be woken, for there is room, or none to be waited for: bits. */
uint32_t inbox_waiting(struct inbox *in);
/* False: there is a frame, and pages for it. Do not sleep. */
bool inbox_sleep(struct inbox *in);

#endif
