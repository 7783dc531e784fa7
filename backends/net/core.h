/* SPDX-License-Identifier: MIT */
/*
 * The two rings of a network device, pure: no system call, no allocation, no
 * Xen library. What a guest put into a ring comes out of here copied once and
 * checked whole, or not at all.
 *
 * Theory of operation
 * -------------------
 * TX is what the guest sends. A packet is one request that says the size of
 * all, then extras (other structs in the same slots), then more requests with
 * their own sizes; the first one's own share is what the others leave.
 *
 *	net_tx_look()		one look at the guest's producer index
 *	net_tx_take()		one packet into the batch; again until full or empty
 *	   (the caller copies the pages of batch->slots, sends the packets and
 *	    sets the status of each that failed)
 *	net_tx_answer()		an answer a slot, shown to the guest at once
 *
 * RX is what the guest receives. Each slot is a page it lends; the answer to a
 * slot must be in that very slot, so consumer and answer index are one.
 *
 *	net_rx_look()		one look at the guest's producer index
 *	net_rx_room()		does a frame fit?
 *	net_rx_put()		a frame into the batch: which bytes to which page
 *	   (the caller copies, and marks copies that failed)
 *	net_rx_answer()		the answers, shown to the guest at once
 *
 * Both sides answer whole packets only: rsp_prod is always at the edge of a
 * packet, so that whoever comes after us may go on from there.
 *
 * A guest's mistakes are of two kinds, and Linux draws the same line. Those
 * after which the next packet's place is unknown, or which no driver makes,
 * break the ring: -EPROTO and a reason, the ring is never looked at again. All
 * others cost the guest that one packet.
 */
#ifndef BACKENDS_NET_CORE_H
#define BACKENDS_NET_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>
#include <xen/io/netif.h>

#include "lib/peer.h"

#define NET_PAGE_SIZE		4096u
#define NET_RING_SIZE		256u	/* slots in either ring's one page */
#define NET_HEADER_MIN		14u	/* an Ethernet header */

/* A packet of so many slots is taken; netif.h promises it to frontends. */
#define NET_TX_SLOTS_MAX	XEN_NETIF_NR_SLOTS_MIN
/* More than this is no driver's mistake any more (Linux: the same number). */
#define NET_TX_SLOTS_BREAK	20u
/* Each type once. */
#define NET_EXTRAS_MAX		(XEN_NETIF_EXTRA_TYPE_MAX - 1)

#define NET_BATCH_PACKETS	64u
#define NET_BATCH_SLOTS		128u

/* What Linux gives at most, 64 KiB and its header, and room to say so. */
#define NET_RX_FRAME_MAX	(17 * NET_PAGE_SIZE)

_Static_assert(sizeof(struct netif_tx_request) == 12, "netif.h");
_Static_assert(sizeof(struct netif_rx_response) == 8, "netif.h");
_Static_assert(sizeof(struct netif_extra_info) == 8, "fits either slot");
_Static_assert(NET_BATCH_SLOTS >= NET_TX_SLOTS_MAX, "a packet fits a batch");

/* -- TX ------------------------------------------------------------------- */

enum net_packet_flags {
	NET_CSUM_BLANK	= 1,	/* L4 checksum holds the pseudo header's sum */
	NET_CSUM_VALID	= 2,
	NET_HASHED	= 4,	/* RX only: its hash goes with it */
};

struct net_packet {
	uint16_t slot;		/* its first one in the batch's slots */
	uint16_t slot_count;	/* 0: refused already, see status */
	uint16_t size;
	uint8_t flags;
	uint8_t gso_type;	/* XEN_NETIF_GSO_TYPE_... */
	uint16_t gso_mss;
	int16_t status;		/* NETIF_RSP_..., the answer to all its slots */
};

/* Bytes of one page that the guest granted us; never cross the page's end. */
struct net_slot {
	uint32_t gref;
	uint16_t offset;
	uint16_t size;		/* 0 is legal (XSA-448): nothing to copy */
};

struct net_tx_answer {
	uint16_t id;
	int16_t packet;		/* -1: an extra, which gets no answer */
};

struct net_tx_batch {
	unsigned int packet_count;
	unsigned int slot_count;
	unsigned int answer_count;
	struct net_packet packets[NET_BATCH_PACKETS];
	struct net_slot slots[NET_BATCH_SLOTS];
	struct net_tx_answer answers[NET_RING_SIZE];
};

struct net_tx_ring {
	struct netif_tx_sring PEER *sring;	/* the guest can write it at any time */
	uint32_t cons;			/* next request to take */
	uint32_t prod;			/* the guest's index as last looked at */
	uint32_t answered;		/* our rsp_prod, never read back */
	const char *broken;		/* why nothing is taken any more */
};

/* Go on where the answers end: a new ring, or one another process served. */
void net_tx_attach(struct net_tx_ring *r, void PEER *page);
/* Slots there are to take, or -EPROTO. */
int net_tx_look(struct net_tx_ring *r);
static inline bool net_tx_empty(const struct net_tx_ring *r)
{
	return r->cons == r->prod;
}

/* For a new batch. */
static inline void net_tx_begin(struct net_tx_batch *b)
{
	b->packet_count = 0;
	b->slot_count = 0;
	b->answer_count = 0;
}

/*
 * 1: the batch has one more packet, the last one in it; 0: nothing left to
 * take, or no room for another; -EPROTO: r->broken says why. Packets taken
 * before remain good and must be answered.
 */
int net_tx_take(struct net_tx_ring *r, struct net_tx_batch *b);
/* Answer the whole batch; true when the guest wants an event for it. */
bool net_tx_answer(struct net_tx_ring *r, struct net_tx_batch *b);
/* Ask for an event at the next request; true when there already is one. */
bool net_tx_sleep(struct net_tx_ring *r);

/* -- RX ------------------------------------------------------------------- */

struct net_frame {
	uint32_t size;		/* at most NET_RX_FRAME_MAX */
	uint8_t flags;		/* enum net_packet_flags */
	uint8_t gso_type;
	uint16_t gso_mss;
	uint8_t hash_type;	/* _XEN_NETIF_CTRL_HASH_TYPE_..., if hashed */
	uint32_t hash;
};

/* A frame's extras: how it is cut, and its hash. */
#define NET_RX_EXTRAS_MAX	2u

struct net_rx_copy {
	uint32_t gref;
	uint32_t from;		/* offset in the frame */
	uint16_t size;		/* to offset 0 of the guest's page */
	uint16_t answer;	/* index in the batch's answers */
};

#define NET_RX_ANSWERS_MAX \
	(NET_BATCH_SLOTS + NET_RX_EXTRAS_MAX * NET_BATCH_PACKETS)

struct net_rx_batch {
	unsigned int copy_count;
	unsigned int answer_count;
	struct net_rx_copy copies[NET_BATCH_SLOTS];
	union {
		struct netif_rx_response response;
		struct netif_extra_info extra;
	} answers[NET_RX_ANSWERS_MAX];
	/* Where the frame of each answer begins, to spoil all of it. */
	uint16_t frame_of[NET_RX_ANSWERS_MAX];
};

struct net_rx_ring {
	struct netif_rx_sring PEER *sring;
	uint32_t cons;		/* next slot to fill */
	uint32_t prod;		/* the guest's index as last looked at */
	uint32_t answered;
	const char *broken;
};

void net_rx_attach(struct net_rx_ring *r, void PEER *page);
int net_rx_look(struct net_rx_ring *r);
static inline unsigned int net_rx_slots(const struct net_rx_ring *r)
{
	return r->prod - r->cons;
}

static inline void net_rx_begin(struct net_rx_batch *b)
{
	b->copy_count = 0;
	b->answer_count = 0;
}

static inline unsigned int net_rx_pages(const struct net_frame *frame)
{
	return (frame->size + NET_PAGE_SIZE - 1) / NET_PAGE_SIZE;
}

static inline unsigned int net_rx_extras(const struct net_frame *frame)
{
	return (frame->gso_type != XEN_NETIF_GSO_TYPE_NONE) +
	       (frame->flags / NET_HASHED & 1u);
}

/* Slots that FRAME takes, its extras included. */
static inline unsigned int net_rx_need(const struct net_frame *frame)
{
	return net_rx_pages(frame) + net_rx_extras(frame);
}

/* Is there room for FRAME in the batch (not: in the ring)? */
static inline bool net_rx_room(const struct net_rx_batch *b,
			       const struct net_frame *frame)
{
	return b->copy_count + net_rx_pages(frame) <= NET_BATCH_SLOTS &&
	       b->answer_count + net_rx_need(frame) <= NET_RX_ANSWERS_MAX;
}

/* The ring must have net_rx_need() slots, and the batch room. */
void net_rx_put(struct net_rx_ring *r, struct net_rx_batch *b,
		const struct net_frame *frame);
/* Copy number COPY failed: its whole frame is answered with an error. */
void net_rx_spoil(struct net_rx_batch *b, unsigned int copy);
bool net_rx_answer(struct net_rx_ring *r, struct net_rx_batch *b);
/* Ask for an event at the next slot posted; true when there already is one. */
bool net_rx_sleep(struct net_rx_ring *r);

#endif
