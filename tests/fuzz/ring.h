/* SPDX-License-Identifier: MIT */
/*
 * What the targets of rings share: where the indices are, what a guest does to
 * them, and what must come of it. The functions are for backends' rings, which
 * are an area each, and look at the area's truth.
 */
#ifndef TESTS_FUZZ_RING_H
#define TESTS_FUZZ_RING_H

#include "tests/fuzz/peer.h"

/* Of any ring, <xen/io/ring.h>. */
#define REQ_PROD 0
#define REQ_EVENT 4
#define RSP_PROD 8
#define RSP_EVENT 12
#define SLOTS 64

/*
 * The guest has put requests up to PROD, and says so. A KIND from 1 to 4 is what
 * else it does to the indices. ANSWERED is what was published for it.
 */
void ring_guest(struct peer_area *a, struct input *in, unsigned int kind,
		uint32_t prod, uint32_t answered);

/* What an index that was SHOWN as req_prod must be taken for. */
bool ring_possible(uint32_t shown, uint32_t answered, uint32_t cons,
		   uint32_t size);

/* Answers from OLD up to NOW were published: in rsp_prod, and with an event. */
void ring_published(struct peer_area *a, uint32_t old, uint32_t now,
		    bool notify);

/* It asked for an event beyond BELIEVED, looked again, and said MORE. */
void ring_slept(struct peer_area *a, uint32_t shown, uint32_t believed,
		bool more);

/* An empty ring whose indices are all START. */
void ring_start(struct peer_area *a, uint32_t start);

/* How often a look at it finds something else, by two bits of the input. */
unsigned int ring_chance(unsigned int bits);

#endif
