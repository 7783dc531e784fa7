/* SPDX-License-Identifier: MIT */
/*
 * A Xen network frontend, pure: a state machine and two rings (netif.h), over
 * the operations of front.h. It never sleeps and allocates nothing but the
 * pages of its connection. One queue.
 *
 * Theory of operation
 * -------------------
 * Both rings have pages that are granted once and stay granted: a pool that
 * frames are sent from (the backend may only read it), and one page for each
 * slot of the receive ring, since responses come in the slots of the requests
 * they answer. No grant operation per frame; the caller reads and writes the
 * pages in place.
 *
 *	send	n = net_front_tx_room(f, vec, count)	where the next frame goes
 *		... put it there ...
 *		net_front_send(f, &frame)		onto the ring, unseen yet
 *		net_front_tx_push(f)			seen; an event if asked
 *
 *	receive	while (net_front_receive(f, &frame)) {	pieces in frame.vec
 *			... take it ...
 *			net_front_rx_free(f, &frame)	its slots are posted again
 *		}
 *		net_front_rx_push(f)
 *
 * The backend is not trusted. Indices and responses are read once, into
 * private memory, and the copy is judged. What breaks the ring's rules ends
 * the connection, with a reason in bus.reason; a frame whose content is wrong
 * is dropped and counted. A received frame's headers are private, checked
 * memory (its first piece); what follows is still the backend's to change.
 */
#ifndef FRONTENDS_NET_CORE_H
#define FRONTENDS_NET_CORE_H

#include "frontends/front.h"

#include <xen/io/netif.h>

#define NET_FRONT_SLOTS 256u		/* of each ring: one page holds them */
#define NET_FRONT_FRAME_MAX 65535u
/* Data slots of a frame, either way; a backend must take 18 of ours. */
#define NET_FRONT_FRAME_SLOTS 18u
#define NET_FRONT_EXTRAS_MAX 4u
/* Ethernet, VLAN tags, IP with options and TCP with options fit well. */
#define NET_FRONT_HEADER_MAX 256u

enum net_gso { NET_GSO_NONE, NET_GSO_TCPV4, NET_GSO_TCPV6 };

struct net_vec {
	void *base;
	size_t size;
};

struct net_frame {
	uint32_t size;
	/* Its TCP or UDP checksum field holds the pseudo header's sum only. */
	bool csum_blank;
	/* The data is known to be good, whatever the checksum says. */
	bool csum_valid;
	enum net_gso gso;
	uint16_t gso_size;		/* payload of each segment */

	/* received ones only */
	uint16_t csum_start;		/* of the TCP or UDP header */
	uint16_t csum_offset;		/* of its checksum, from there */
	uint16_t header_size;		/* up to the payload, if csum_blank */
	struct net_vec vec[NET_FRONT_FRAME_SLOTS + 1];
	unsigned int vecs;
	unsigned int slots;		/* of the ring, extras too */
};

/* What both ends can do, once connected. */
struct net_front_info {
	uint8_t mac[6];
	unsigned int mtu;
	bool sg;			/* frames of several slots may be sent */
	bool gso_tcpv4, gso_tcpv6;
	bool csum_ipv4, csum_ipv6;	/* csum_blank may be sent */
	bool split_channels;
};

struct net_front_stats {
	uint64_t tx_frames, tx_bytes, tx_errors;
	uint64_t rx_frames, rx_bytes;
	uint64_t rx_errors;		/* the backend said so */
	uint64_t rx_dropped;		/* we did: no frame, or bad offload */
	uint64_t notifies;
};

struct net_front {
	struct front_bus bus;
	struct net_front_info info;
	struct net_front_stats stats;
	uint32_t tx_port, rx_port;

	struct netif_tx_sring PEER *tx;	/* NULL: no connection */
	struct netif_rx_sring PEER *rx;
	uint8_t *tx_pages;		/* the backend can only read them */
	uint8_t PEER *rx_pages;
	uint32_t ring_grefs[2];
	uint32_t tx_grefs[NET_FRONT_SLOTS];
	uint32_t rx_grefs[NET_FRONT_SLOTS];

	uint32_t tx_prod, tx_pushed, tx_cons;
	uint32_t extras_due;		/* responses to our extra slots */
	uint16_t tx_free[NET_FRONT_SLOTS];	/* a stack: hot pages first */
	unsigned int tx_free_count;
	bool tx_busy[NET_FRONT_SLOTS];

	uint32_t rx_prod, rx_pushed, rx_cons;
	uint8_t header[NET_FRONT_HEADER_MAX];

	unsigned int lost_pages;	/* still mapped when we had to go */
};

/*
 * Open the device in DIR, for example "device/uvif/0". -ENOENT: there is
 * none. Then net_front_step() until it is FRONT_RUNNING.
 */
int net_front_open(struct net_front *f, const struct front_ops *ops,
		   void *host, const char *dir);
enum front_phase net_front_step(struct net_front *f);
void net_front_close(struct net_front *f);
void net_front_release(struct net_front *f);

static inline bool net_front_running(const struct net_front *f)
{
	return f->bus.phase == FRONT_RUNNING && f->bus.view.wanted;
}

/*
 * The memory for the next frame: at most COUNT pages. Returns 0 when there is
 * no room for a frame of COUNT pages now; an event comes when there is.
 */
unsigned int net_front_tx_room(struct net_front *f, struct net_vec *vec,
			       unsigned int count);
/*
 * Send FRAME, which lies in the memory that net_front_tx_room() gave last,
 * from its beginning. -EINVAL: the backend did not offer what it needs.
 */
int net_front_send(struct net_front *f, const struct net_frame *frame);
void net_front_tx_push(struct net_front *f);

/* True and a frame, or false; then an event comes for the next. */
bool net_front_receive(struct net_front *f, struct net_frame *frame);
void net_front_rx_free(struct net_front *f, const struct net_frame *frame);
void net_front_rx_push(struct net_front *f);

/* -- between the files of this folder ------------------------------------ */

/* All slots free, all receive slots posted. */
void net_front_rings_reset(struct net_front *f);

/*
 * offload.c: find the TCP or UDP header of the frame whose first SIZE bytes
 * are HEADER and check that FRAME's offloads fit it. Fills csum_start,
 * csum_offset, header_size. False: they do not.
 */
bool net_offload_parse(const uint8_t *header, uint32_t size,
		       struct net_frame *frame);

#endif
