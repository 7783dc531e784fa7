/* SPDX-License-Identifier: MIT */
/*
 * The network backend's data path as the daemon runs it (queue.c, core.c,
 * offload.c and lib/), alone in one thread with its guest and its host.
 *
 * Link with --wrap for readv, writev and ppoll: these are the TAP and the sleep
 * of a queue. Where the queue thinks that it sleeps, the guest does its part:
 * it takes the answers and asks for the next round, or the host has the next
 * frames ready. The TAP costs nothing: what is written vanishes, what is read
 * is there already.
 */
#ifndef BENCH_NET_RIG_H
#define BENCH_NET_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/net/queue.h"
#include "tests/bench/native/report.h"

#define NET_RIG_DATA 16u		/* grefs of data */
#define NET_RIG_HEAD 66u		/* Ethernet, IPv4, TCP with time stamps */
#define NET_RIG_LARGE 65535u

/* A packet of one slot, or (NET_RIG_LARGE) of 17 and an extra. */
struct net_load {
	bool rx;			/* to the guest, else from it */
	unsigned int batch;		/* packets of a round */
	unsigned int warmup, rounds;
	unsigned int size;
	unsigned int offset;		/* tx: of a packet in its first page */
	uint16_t flags;			/* tx: NETTXF_... */
	uint16_t mss;
	bool own_mac_only;
	bool foreign_mac, bad_gref;
	bool wrong;			/* each is answered with an error */
	void (*steady)(void);
	void (*finished)(void);
	void (*aside)(bool guest);
};

struct net_run {
	uint64_t answered, errors;	/* slots, warm-up included */
	uint64_t reads, writes, sleeps;	/* system calls */
	struct stats_row stats;
};

/* Slots of a ring that a packet takes. */
unsigned int net_rig_slots(const struct net_load *l);
/* The bytes of a round, as the backend moves them; returns their number. */
unsigned int net_rig_pieces(const struct net_load *l, uint8_t *ours,
			    struct piece *pieces);
/* CYCLES of each round. Ends the program when the queue fails. */
void net_rig_run(const struct net_load *load, uint64_t *cycles,
		 struct net_run *run);

#endif
