/* SPDX-License-Identifier: MIT */
/*
 * A token bucket for one direction of a vif, shared by all its queues.
 *
 * The bucket is kept as one time: the moment until which everything sent so
 * far pays. That is one atomic word, so queues need no lock. A frame may go
 * when that moment is not ahead of now; it then moves it by its own cost. It
 * never lags more than an interval behind, which bounds a burst to what one
 * interval pays for, and one frame.
 */
#ifndef BACKENDS_NET_RATE_H
#define BACKENDS_NET_RATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct rate {
	_Atomic uint64_t paid_ns;
	_Atomic uint64_t bytes;		/* in an interval; 0: no limit */
	_Atomic uint64_t interval_ns;
};

static inline void rate_set(struct rate *r, uint64_t bytes, uint64_t interval_us)
{
	atomic_store(&r->interval_ns, interval_us * 1000);
	atomic_store(&r->bytes, bytes);
}

static inline bool rate_limited(const struct rate *r)
{
	return atomic_load_explicit(&r->bytes, memory_order_relaxed);
}

/* Nanoseconds until the next frame may go; 0: now. */
static inline uint64_t rate_wait_ns(const struct rate *r, uint64_t now_ns)
{
	uint64_t paid = atomic_load_explicit(&r->paid_ns, memory_order_relaxed);

	return rate_limited(r) && paid > now_ns ? paid - now_ns : 0;
}

/* A frame of SIZE bytes goes. */
static inline void rate_pay(struct rate *r, uint64_t now_ns, uint64_t size)
{
	uint64_t bytes = atomic_load_explicit(&r->bytes, memory_order_relaxed);
	uint64_t interval = atomic_load_explicit(&r->interval_ns,
						 memory_order_relaxed);
	uint64_t paid, from, cost;

	if (!bytes)
		return;
	/* a frame is below 2^17 bytes and an interval below 2^42 ns */
	cost = size * interval / bytes;
	paid = atomic_load_explicit(&r->paid_ns, memory_order_relaxed);
	do {
		from = paid;
		if (now_ns > interval && from < now_ns - interval)
			from = now_ns - interval;
	} while (!atomic_compare_exchange_weak_explicit(&r->paid_ns, &paid,
							from + cost,
							memory_order_relaxed,
							memory_order_relaxed));
}

#endif
