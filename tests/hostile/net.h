/* SPDX-License-Identifier: MIT */
/*
 * A network frontend made by hand: nodes, rings and slots are whatever the case
 * at hand writes. It can be a good one, too.
 *
 * On the host's side of the vif 'hostile-net echo' runs, which a good frontend
 * talks to: it returns frames, sends as many as it is asked for, and counts
 * those that should not have come.
 */
#ifndef TESTS_HOSTILE_NET_H
#define TESTS_HOSTILE_NET_H

#include "tests/hostile/peer.h"

#include <xen/io/netif.h>

#define SLOTS 256u
#define TX_PAGES 64u
#define RX_PAGES 128u
#define FRAME_MAX 65535u

/* What the two ends say to each other: an EtherType for experiments. */
#define ETHERTYPE_ECHO 0x88b5
#define ETH_SIZE 14u

/* Behind the Ethernet header, in the order of this machine. */
struct echo {
	uint32_t magic;		/* ECHO_MAGIC */
	uint32_t serial;	/* of the frontend's, returned */
	uint32_t count;		/* frames wanted; in an answer: how many yet */
	uint32_t size;		/* of each, 0: return this one */
	uint32_t foreign;	/* answer: frames seen from no address of ours */
	uint32_t sum;		/* of all that follows, so that it is whole */
};
#define ECHO_MAGIC 0x6f686365
#define ECHO_SIZE (ETH_SIZE + sizeof(struct echo))
/* IPv4 and TCP headers that may stand before it; such a frame is returned. */
#define ECHO_IP_SIZE 40u

struct net {
	struct peer *p;
	uint8_t mac[6];
	struct netif_tx_sring *tx;
	struct netif_rx_sring *rx;
	uint32_t ring_grefs[2];
	uint8_t *tx_data, *rx_data, *fixed;
	uint32_t tx_grefs[TX_PAGES], rx_grefs[RX_PAGES], fixed_gref;
	evtchn_port_t port;
	uint32_t tx_prod, tx_cons, rx_prod, rx_cons;
	uint32_t serial;
	uint32_t foreign;		/* the last answer's */
	bool lost;			/* a ring is beyond use */
};

/* -- handshake --------------------------------------------------------------- */

/* Zeroed rings, and our nodes name them: all but the state. */
void net_offer(void *device, struct peer *p);

/* -- sending ------------------------------------------------------------------- */

/* A request for SIZE bytes of page PAGE_NR. */
struct netif_tx_request net_tx(const struct net *n, unsigned int page_nr,
			       unsigned int size, unsigned int flags);
/* Onto the ring, not seen yet; any of the layouts, of 12 bytes at most. */
void net_put(struct net *n, const void *slot, size_t size);
void net_push(struct net *n);
/* The next answer; complains when none comes. */
bool net_take(struct net *n, struct netif_tx_response *rsp);
/* Push, and COUNT answers come, all of STATUS. */
bool net_expect(struct net *n, unsigned int count, int16_t status,
		const char *what);
/* A frame of SIZE bytes at DATA: its headers and SIZE - ECHO_SIZE bytes. */
void net_frame(struct net *n, uint8_t *data, unsigned int size);

/* -- receiving ------------------------------------------------------------------ */

/* Lend COUNT pages more. */
void net_lend(struct net *n, unsigned int count);
/*
 * Wait for the answer to what net_frame() built last: all slots it lies in are
 * lent again. False: complained.
 */
bool net_hear(struct net *n);
/* Ask the other side for COUNT frames of SIZE; not for an answer. */
bool net_flood(struct net *n, unsigned int count, unsigned int size);

/* -- the control ring ------------------------------------------------------------- */

/* Ports that a case left. */
void net_ctrl_reset(struct peer *p);

/* -- for struct peer_class --------------------------------------------------------- */

bool net_control(void *device, struct peer *p);

/* -- the other side ------------------------------------------------------------------ */

/* hostile-net echo INTERFACE MAC */
int echo_main(int argc, char **argv);
uint32_t echo_sum(const uint8_t *data, size_t size);

/* -- cases, by subject ------------------------------------------------------------------ */

extern const struct peer_table net_tx_cases, net_rx_cases,
	net_ctrl_cases, net_store_cases, net_race_cases;

#endif
