/* SPDX-License-Identifier: MIT */
/*
 * What both ends of a Xen ring need beside <xen/io/ring.h>: reading the other
 * side's indices once, judging them, and deciding whether to send an event.
 *
 * A ring's two producer indices run freely and wrap at 2^32. Each side keeps
 * its own index privately and never reads it back from the page, because the
 * peer can write the whole page at any time. Everything read from the page
 * goes through ring_load() or ring_copy(), once; the copy is what is judged
 * and used (XSA-155).
 */
#ifndef LIB_RING_H
#define LIB_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/peer.h"

/*
 * In the fuzzers' builds alone the other side may change its memory around
 * every look at it (tests/fuzz/peer.c), as a hostile one does: what is looked
 * at twice, or past these functions, is then not what it was.
 */
#ifdef RING_HOOK
void ring_hook(const void PEER *shared, size_t size, bool after)
	__attribute__((weak));
#define RING_LOOK(shared, size, after) do {				\
	if (ring_hook)							\
		ring_hook((shared), (size), (after));			\
} while (0)
#else
#define RING_LOOK(shared, size, after) do { } while (0)
#endif

/* x86 keeps loads and stores in order among themselves: compiler barriers. */
#define ring_rmb() __asm__ __volatile__("" ::: "memory")
#define ring_wmb() __asm__ __volatile__("" ::: "memory")
/* a store before a load is the one order x86 does not keep */
#define ring_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)

/* Read a shared index exactly once. */
static inline uint32_t ring_load(const uint32_t PEER *shared)
{
	uint32_t value;

	RING_LOOK(shared, sizeof(value), false);
	value = *(PEER_FORCE const volatile uint32_t *)shared;
	RING_LOOK(shared, sizeof(value), true);
	return value;
}

static inline void ring_store(uint32_t PEER *shared, uint32_t value)
{
	*(PEER_FORCE volatile uint32_t *)shared = value;
}

/* Copy SIZE shared bytes once; the compiler may not read them again. */
static inline void ring_copy(void *private, const void PEER *shared,
			     size_t size)
{
	RING_LOOK(shared, size, false);
	peer_read(private, shared, size);
	ring_rmb();
	RING_LOOK(shared, size, true);
}

/*
 * Snapshot of the peer's producer index. Entries up to it may be read after
 * this: the barrier keeps their loads behind the index's.
 */
static inline uint32_t ring_snapshot(const uint32_t PEER *shared_prod)
{
	uint32_t prod = ring_load(shared_prod);

	ring_rmb();
	return prod;
}

/* A producer may be at most a whole ring ahead; more is a lie or a wreck. */
static inline bool ring_prod_sane(uint32_t prod, uint32_t cons, uint32_t size)
{
	return prod - cons <= size;
}

/* Show PROD to the peer: entries were written before, they must be seen so. */
static inline void ring_publish(uint32_t PEER *shared_prod, uint32_t prod)
{
	ring_wmb();
	ring_store(shared_prod, prod);
}

/*
 * After publishing OLD -> NEW: did that pass the index at which the peer asked
 * for an event? The full barrier pairs with the one in the peer's final check:
 * either it sees our index or we see its request for an event.
 */
static inline bool ring_must_notify(uint32_t old, uint32_t new,
				    const uint32_t PEER *shared_event)
{
	ring_mb();
	return new - ring_load(shared_event) < new - old;
}

/*
 * Ask for an event at CONS + 1 and look once more: true when something came
 * in meanwhile and nobody will send an event for it.
 */
static inline bool ring_final_check(uint32_t cons, uint32_t PEER *shared_event,
				    const uint32_t PEER *shared_prod)
{
	ring_store(shared_event, cons + 1);
	ring_mb();
	return ring_load(shared_prod) != cons;
}

#endif
