/* SPDX-License-Identifier: MIT */
/*
 * One queue pair of a vif: its two rings, its TAP queue and its event
 * channels, moved by one thread that owns all of it.
 */
#ifndef BACKENDS_NET_QUEUE_H
#define BACKENDS_NET_QUEUE_H

#include <linux/virtio_net.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

/* before <xen/xen.h>, which it includes with the tools' interfaces */
#include <xenctrl.h>

#include "backends/net/core.h"
#include "backends/net/filter.h"
#include "backends/net/hash-shared.h"
#include "backends/net/inbox.h"
#include "backends/net/offload.h"
#include "backends/net/rate.h"
#include "lib/evtchn.h"
#include "lib/grant.h"
#include "lib/stats.h"

/*
 * What all queues of a vif share. Constant while they run, but the rates and
 * the hash.
 */
struct queue_shared {
	struct grants *grants;
	domid_t domid;
	unsigned int queue_count;
	struct hash_shared hash;
	struct inbox *inboxes;		/* one a queue; NULL: nobody steers */
	unsigned int features;		/* enum offload_features */
	bool rx_notify;
	struct filter filter;
	struct rate send;
	struct rate receive;
	_Atomic bool stop;
	_Atomic bool *foreign_mac_said;	/* outlives the connection */
};

/* What a queue counts; queue_counter_names[] has their names. */
enum queue_counter {
	TX_PACKETS,
	TX_BYTES,
	TX_BATCHES,		/* each is one grant copy */
	TX_COPIES,		/* pages of it */
	TX_ERRORS,		/* malformed, or a grant that is none */
	TX_FILTERED,
	TX_DROPPED,		/* the host did not take it */
	RX_PACKETS,
	RX_BYTES,
	RX_BATCHES,
	RX_COPIES,
	RX_ERRORS,		/* a grant that is none */
	RX_DROPPED,		/* nothing the guest would understand */
	RX_STARVED,		/* slept because the guest had lent no page */
	SLEEPS,
	EVENTS_SENT,
	RX_HASHED,		/* went with their hash */
	RX_STEERED,		/* read by another queue than the guest's choice */
	CTRL_REQUESTS,		/* of the control ring, in a row of its own */
	CTRL_REFUSED,
	QUEUE_COUNTERS
};
extern const char *const queue_counter_names[QUEUE_COUNTERS + 1];

_Static_assert(QUEUE_COUNTERS <= STATS_COUNTERS_MAX, "they fit a row");

/* A frame read from the TAP. */
struct queue_frame {
	uint8_t *data;			/* at the start of a page; NULL: none */
	struct net_frame frame;
};

#define QUEUE_RX_PAGES (NET_BATCH_SLOTS + 2 * NET_RX_FRAME_MAX / NET_PAGE_SIZE)

struct queue {
	struct queue_shared *shared;
	unsigned int index;
	int tap;
	int wake_fd;			/* readable: look at shared again */
	struct evtchn evtchn;
	evtchn_port_t tx_port, rx_port;	/* local; may be the same */
	bool tx_taken, rx_taken;	/* fired, still masked */
	bool starved;			/* a frame waits for the guest's pages */
	bool tap_ready;			/* it may have frames: try */

	void PEER *rings;		/* two mapped pages */
	struct net_tx_ring tx;
	struct net_rx_ring rx;
	struct net_tx_batch tx_batch;
	struct net_rx_batch rx_batch;
	xengnttab_grant_copy_segment_t segments[NET_BATCH_SLOTS];
	/* what goes to the TAP next: its header, then the packet's pieces */
	struct virtio_net_hdr tx_hdr;
	struct iovec tx_iov[1 + 1 + NET_TX_SLOTS_MAX];
	uint8_t *tx_pages;		/* a page a slot of the batch */
	uint8_t *rx_pages;		/* QUEUE_RX_PAGES */
	unsigned int rx_page;		/* the next free one */
	struct queue_frame waiting;	/* read, but not yet in the ring */
	struct hash_copy hash;
	uint8_t *steer_pages;		/* one frame; NULL: nobody steers */
	struct queue_frame steered;	/* read, but not yet in an inbox */
	_Alignas(16) uint8_t head[OFFLOAD_HEADER_MAX];
	struct stats_row *stats;	/* only its own thread counts here */
};

/*
 * The memory that a queue uses, all of it; shared->inboxes says whether it
 * steers. 0 or -ENOMEM; queue_close() is right after either.
 */
int queue_open(struct queue *q, struct queue_shared *shared,
	       unsigned int index, struct stats_row *stats);
void queue_close(struct queue *q);
/* Map the rings and bind the ports of the guest; 0 or -errno and a reason. */
int queue_connect(struct queue *q, uint32_t tx_ref, uint32_t rx_ref,
		  uint32_t tx_port, uint32_t rx_port, const char **why);
/*
 * Serve until shared->stop. -EPROTO and so on, with WHY, when the queue
 * cannot go on: the caller says so, and waits in queue_wait_stop().
 */
int queue_run(struct queue *q, const char **why);
void queue_wait_stop(struct queue *q);
/* Make its thread look at what is shared. Any thread. */
void queue_wake(struct queue *q);

#endif
