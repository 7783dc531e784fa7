/* SPDX-License-Identifier: MIT */
/* The rings of the network frontend; see core.h. */
#include "frontends/net/core.h"
#include "lib/ring.h"

#include <errno.h>
#include <string.h>

#define ETH_SIZE 14u

_Static_assert(sizeof(struct netif_tx_request) == 12, "netif_tx_request");
_Static_assert(sizeof(struct netif_tx_response) == 4, "netif_tx_response");
_Static_assert(sizeof(struct netif_rx_request) == 8, "netif_rx_request");
_Static_assert(sizeof(struct netif_rx_response) == 8, "netif_rx_response");
_Static_assert(sizeof(struct netif_extra_info) == 8, "netif_extra_info");
_Static_assert((FRONT_PAGE_SIZE - offsetof(struct netif_tx_sring, ring)) /
	       sizeof(union netif_tx_sring_entry) >= NET_FRONT_SLOTS, "tx");
_Static_assert((FRONT_PAGE_SIZE - offsetof(struct netif_rx_sring, ring)) /
	       sizeof(union netif_rx_sring_entry) >= NET_FRONT_SLOTS, "rx");

static unsigned int slot_of(uint32_t index)
{
	return index & (NET_FRONT_SLOTS - 1);
}

static void ring_fault(struct net_front *f, const char *what, uint64_t number,
		       const char *why)
{
	char reason[FRONT_REASON_MAX];

	front_reason(reason, sizeof(reason), what, number, why);
	front_bus_fail(&f->bus, reason);
}

static bool ring_alive(const struct net_front *f)
{
	return f->tx && !f->bus.failed && f->bus.phase == FRONT_RUNNING;
}

static void notify(struct net_front *f, uint32_t port)
{
	f->stats.notifies++;
	f->bus.ops->port_notify(f->bus.host, port);
}

/* -- sending ------------------------------------------------------------- */

/* What is wrong with this response, or NULL. */
static const char *tx_fault(const struct net_front *f,
			    const struct netif_tx_response *rsp)
{
	if (rsp->status == NETIF_RSP_NULL)
		return f->extras_due ? NULL : "answers an extra that was not sent";
	if (rsp->id >= NET_FRONT_SLOTS)
		return "is no frame's";
	if (!f->tx_busy[rsp->id])
		return "is not in flight";
	if (rsp->status > NETIF_RSP_NULL || rsp->status < NETIF_RSP_DROPPED)
		return "was answered with a status that is none";
	return NULL;
}

static void tx_reap_one(struct net_front *f)
{
	struct netif_tx_response rsp;
	const char *fault;

	ring_copy(&rsp, &f->tx->ring[slot_of(f->tx_cons)].rsp, sizeof(rsp));
	f->tx_cons++;
	fault = tx_fault(f, &rsp);
	if (fault) {
		ring_fault(f, "backend: transmit response id", rsp.id, fault);
		return;
	}
	if (rsp.status == NETIF_RSP_NULL) {
		f->extras_due--;
		return;
	}
	f->stats.tx_errors += rsp.status != NETIF_RSP_OKAY;
	f->tx_busy[rsp.id] = false;
	f->tx_free[f->tx_free_count++] = rsp.id;
}

static void tx_reap(struct net_front *f)
{
	uint32_t prod = ring_snapshot(&f->tx->rsp_prod);

	if (!ring_prod_sane(prod, f->tx_cons, f->tx_pushed - f->tx_cons)) {
		ring_fault(f, "backend: transmit rsp_prod", prod,
			   "answers more than was sent");
		return;
	}
	while (f->tx_cons != prod && ring_alive(f))
		tx_reap_one(f);
}

static bool tx_fits(const struct net_front *f, unsigned int pages)
{
	/* one slot more, for an extra */
	return f->tx_free_count >= pages &&
		NET_FRONT_SLOTS - (f->tx_prod - f->tx_cons) > pages;
}

/*
 * Ask for an event when half of what is under way is answered: one wake-up
 * for many frames. Looks once more, as an answer may have come meanwhile.
 */
static void tx_ask_event(struct net_front *f)
{
	uint32_t due = f->tx_pushed - f->tx_cons;

	ring_store(&f->tx->rsp_event, f->tx_cons + due / 2 + 1);
	ring_mb();
	tx_reap(f);
}

unsigned int net_front_tx_room(struct net_front *f, struct net_vec *vec,
			       unsigned int count)
{
	unsigned int i;

	if (!net_front_running(f))
		return 0;
	if (!tx_fits(f, count))
		tx_reap(f);
	if (!tx_fits(f, count)) {
		/* nobody answers what was not shown */
		net_front_tx_push(f);
		if (ring_alive(f))
			tx_ask_event(f);
	}
	if (!ring_alive(f) || !tx_fits(f, count))
		return 0;
	for (i = 0; i < count; i++)
		vec[i] = (struct net_vec) {
			.base = f->tx_pages + (size_t)FRONT_PAGE_SIZE *
				f->tx_free[f->tx_free_count - 1 - i],
			.size = FRONT_PAGE_SIZE,
		};
	return count;
}

static bool may_send(const struct net_front *f, const struct net_frame *frame)
{
	const struct net_front_info *info = &f->info;

	if (!net_front_running(f) || frame->size < ETH_SIZE ||
	    frame->size > NET_FRONT_FRAME_MAX)
		return false;
	if (frame->size > FRONT_PAGE_SIZE && !info->sg)
		return false;
	if (frame->csum_blank && !info->csum_ipv4)
		return false;
	switch (frame->gso) {
	case NET_GSO_TCPV4:
		return info->gso_tcpv4 && frame->gso_size;
	case NET_GSO_TCPV6:
		return info->gso_tcpv6 && frame->gso_size;
	case NET_GSO_NONE:
		break;
	}
	return true;
}

static void put_gso(struct net_front *f, const struct net_frame *frame)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = {
			.size = frame->gso_size,
			.type = frame->gso == NET_GSO_TCPV4 ?
				XEN_NETIF_GSO_TYPE_TCPV4 :
				XEN_NETIF_GSO_TYPE_TCPV6,
		},
	};
	union netif_tx_sring_entry PEER *slot =
		&f->tx->ring[slot_of(f->tx_prod++)];

	/* what the slot held before is not the backend's to see again */
	peer_zero(slot, sizeof(*slot));
	peer_write(slot, &extra, sizeof(extra));
	f->extras_due++;
}

/* SIZE bytes in the next free page; TOTAL is what the first slot says. */
static void put_slot(struct net_front *f, unsigned int size,
		     unsigned int total, unsigned int flags)
{
	unsigned int id = f->tx_free[--f->tx_free_count];
	struct netif_tx_request req = {
		.gref = f->tx_grefs[id],
		.offset = 0,
		.flags = flags,
		.id = id,
		.size = total ? total : size,
	};

	f->tx_busy[id] = true;
	peer_write(&f->tx->ring[slot_of(f->tx_prod++)].req, &req,
		   sizeof(req));
}

int net_front_send(struct net_front *f, const struct net_frame *frame)
{
	unsigned int flags, done;

	if (!may_send(f, frame))
		return -EINVAL;
	flags = (frame->csum_blank ? NETTXF_csum_blank |
		 NETTXF_data_validated : 0) |
		(frame->csum_valid ? NETTXF_data_validated : 0) |
		(frame->gso != NET_GSO_NONE ? NETTXF_extra_info : 0);
	for (done = 0; done < frame->size; done += FRONT_PAGE_SIZE) {
		unsigned int left = frame->size - done;
		unsigned int size = left < FRONT_PAGE_SIZE ?
			left : FRONT_PAGE_SIZE;

		put_slot(f, size, done ? 0 : frame->size, (done ? 0 : flags) |
			 (left > size ? NETTXF_more_data : 0));
		if (!done && frame->gso != NET_GSO_NONE)
			put_gso(f, frame);
	}
	f->stats.tx_frames++;
	f->stats.tx_bytes += frame->size;
	return 0;
}

void net_front_tx_push(struct net_front *f)
{
	uint32_t old = f->tx_pushed;

	if (!f->tx || f->tx_prod == old)
		return;
	ring_publish(&f->tx->req_prod, f->tx_prod);
	f->tx_pushed = f->tx_prod;
	if (ring_must_notify(old, f->tx_prod, &f->tx->req_event))
		notify(f, f->tx_port);
}

/* -- receiving ----------------------------------------------------------- */

static void rx_post(struct net_front *f)
{
	unsigned int slot = slot_of(f->rx_prod++);
	struct netif_rx_request req = {
		.id = slot, .gref = f->rx_grefs[slot],
	};

	peer_write(&f->rx->ring[slot].req, &req, sizeof(req));
}

void net_front_rings_reset(struct net_front *f)
{
	unsigned int i;

	ring_store(&f->tx->req_event, 1);
	ring_store(&f->tx->rsp_event, 1);
	ring_store(&f->rx->req_event, 1);
	ring_store(&f->rx->rsp_event, 1);
	f->tx_prod = f->tx_pushed = f->tx_cons = f->extras_due = 0;
	f->rx_prod = f->rx_pushed = f->rx_cons = 0;
	memset(f->tx_busy, 0, sizeof(f->tx_busy));
	for (i = 0; i < NET_FRONT_SLOTS; i++) {
		f->tx_free[i] = NET_FRONT_SLOTS - 1 - i;
		rx_post(f);
	}
	f->tx_free_count = NET_FRONT_SLOTS;
	ring_publish(&f->rx->req_prod, f->rx_prod);
	f->rx_pushed = f->rx_prod;
}

/* One frame's slots, copied out of the ring. */
struct chain {
	struct netif_rx_response data[NET_FRONT_FRAME_SLOTS];
	unsigned int slots[NET_FRONT_FRAME_SLOTS];	/* where they were */
	unsigned int count;
	unsigned int used;		/* of the ring, extras too */
	bool error;			/* drop it */
	unsigned int errors;		/* slots that the backend gave up */
	struct netif_extra_info gso;
	bool has_gso;
};

enum chain_state { CHAIN_WHOLE, CHAIN_PARTIAL, CHAIN_BROKEN };

/* The extras behind the first slot, of AVAILABLE slots in all. */
static enum chain_state read_extras(struct net_front *f, struct chain *chain,
				    unsigned int available)
{
	struct netif_extra_info extra;
	unsigned int n = 0;

	do {
		if (chain->used == available)
			return CHAIN_PARTIAL;
		if (n++ == NET_FRONT_EXTRAS_MAX) {
			ring_fault(f, "backend: receive: more than",
				   NET_FRONT_EXTRAS_MAX, "extras in a frame");
			return CHAIN_BROKEN;
		}
		ring_copy(&extra, &f->rx->ring[slot_of(f->rx_cons +
						       chain->used)],
			  sizeof(extra));
		chain->used++;
		if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO) {
			chain->gso = extra;
			chain->has_gso = true;
		} else {
			/* none other was asked for */
			chain->error = true;
		}
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
	return CHAIN_WHOLE;
}

static const char *rx_fault(const struct netif_rx_response *rsp,
			    unsigned int slot)
{
	if (rsp->id != slot)
		return "is not in its request's slot";
	/* an error has no data */
	if (rsp->status < 0)
		return NULL;
	if ((unsigned int)rsp->status > FRONT_PAGE_SIZE ||
	    rsp->offset > FRONT_PAGE_SIZE - rsp->status)
		return "says more than its page holds";
	return NULL;
}

static enum chain_state read_slot(struct net_front *f, struct chain *chain)
{
	unsigned int slot = slot_of(f->rx_cons + chain->used);
	struct netif_rx_response *rsp = &chain->data[chain->count];
	const char *fault;

	ring_copy(rsp, &f->rx->ring[slot].rsp, sizeof(*rsp));
	fault = rx_fault(rsp, slot);
	if (fault) {
		ring_fault(f, "backend: receive response id", rsp->id, fault);
		return CHAIN_BROKEN;
	}
	chain->slots[chain->count++] = slot;
	chain->used++;
	if (rsp->status < 0) {
		chain->errors++;
		chain->error = true;
	}
	return CHAIN_WHOLE;
}

static enum chain_state read_chain(struct net_front *f, struct chain *chain,
				   unsigned int available)
{
	unsigned int flags;

	chain->count = chain->used = chain->errors = 0;
	chain->error = chain->has_gso = false;
	do {
		enum chain_state state;

		if (chain->used == available)
			return CHAIN_PARTIAL;
		if (chain->count == NET_FRONT_FRAME_SLOTS) {
			ring_fault(f, "backend: receive: more than",
				   NET_FRONT_FRAME_SLOTS, "slots in a frame");
			return CHAIN_BROKEN;
		}
		state = read_slot(f, chain);
		if (state != CHAIN_WHOLE)
			return state;
		flags = chain->data[chain->count - 1].flags;
		if (chain->count == 1 && (flags & NETRXF_extra_info)) {
			state = read_extras(f, chain, available);
			if (state != CHAIN_WHOLE)
				return state;
		}
	} while (flags & NETRXF_more_data);
	return CHAIN_WHOLE;
}

/*
 * Copy the frame's beginning to f->header, as long as it may be looked at,
 * and let the rest be where it is.
 */
static void gather(struct net_front *f, const struct chain *chain,
		   struct net_frame *frame)
{
	unsigned int i, header = 0;

	frame->size = 0;
	frame->vecs = 1;
	for (i = 0; i < chain->count; i++) {
		const struct netif_rx_response *rsp = &chain->data[i];
		unsigned int size = rsp->status, copied;
		uint8_t PEER *base = f->rx_pages + rsp->offset +
			(size_t)FRONT_PAGE_SIZE * chain->slots[i];

		frame->size += size;
		copied = NET_FRONT_HEADER_MAX - header < size ?
			NET_FRONT_HEADER_MAX - header : size;
		ring_copy(f->header + header, base, copied);
		header += copied;
		if (size == copied)
			continue;
		frame->vec[frame->vecs++] = (struct net_vec) {
			/* behind the headers: whoever takes it judges none */
			.base = (PEER_FORCE void *)(base + copied), .size = size - copied,
		};
	}
	frame->vec[0] = (struct net_vec) { .base = f->header, .size = header };
}

/* Is what the backend says of this frame so? */
static bool take_offloads(struct net_front *f, const struct chain *chain,
			  struct net_frame *frame)
{
	unsigned int flags = chain->data[0].flags;

	frame->csum_blank = flags & NETRXF_csum_blank;
	frame->csum_valid = flags & NETRXF_data_validated;
	frame->gso = NET_GSO_NONE;
	frame->gso_size = 0;
	if (chain->has_gso) {
		const struct netif_extra_info *extra = &chain->gso;

		if (extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4)
			frame->gso = NET_GSO_TCPV4;
		else if (extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6)
			frame->gso = NET_GSO_TCPV6;
		else
			return false;
		/* each segment gets a checksum of its own: it must be blank */
		if (!frame->csum_blank)
			return false;
		frame->gso_size = extra->u.gso.size;
	}
	return !frame->csum_blank ||
		net_offload_parse(f->header, frame->vec[0].size, frame);
}

static bool take_frame(struct net_front *f, const struct chain *chain,
		       struct net_frame *frame)
{
	frame->slots = chain->used;
	f->stats.rx_errors += chain->errors;
	if (!chain->error) {
		gather(f, chain, frame);
		if (frame->size >= ETH_SIZE &&
		    frame->size <= NET_FRONT_FRAME_MAX &&
		    take_offloads(f, chain, frame)) {
			f->stats.rx_frames++;
			f->stats.rx_bytes += frame->size;
			return true;
		}
	}
	f->stats.rx_dropped++;
	return false;
}

/* Responses to look at; when there are none, asks for an event. */
static unsigned int rx_available(struct net_front *f, unsigned int had)
{
	uint32_t prod = ring_snapshot(&f->rx->rsp_prod);

	if (prod - f->rx_cons == had) {
		/* HAD of them are an unfinished frame: one more is wanted */
		ring_final_check(f->rx_cons + had, &f->rx->rsp_event,
				 &f->rx->rsp_prod);
		prod = ring_snapshot(&f->rx->rsp_prod);
	}
	if (!ring_prod_sane(prod, f->rx_cons, f->rx_pushed - f->rx_cons)) {
		ring_fault(f, "backend: receive rsp_prod", prod,
			   "answers more than was posted");
		return 0;
	}
	/* or it could go forth and back, and keep us here for ever */
	if (prod - f->rx_cons < had) {
		ring_fault(f, "backend: receive rsp_prod", prod,
			   "takes back answers it had given");
		return 0;
	}
	return prod - f->rx_cons;
}

bool net_front_receive(struct net_front *f, struct net_frame *frame)
{
	unsigned int had = 0;

	while (ring_alive(f)) {
		unsigned int available = rx_available(f, had);
		struct chain chain;

		if (!ring_alive(f) || available == had)
			return false;
		switch (read_chain(f, &chain, available)) {
		case CHAIN_BROKEN:
			return false;
		case CHAIN_PARTIAL:
			had = available;
			continue;
		case CHAIN_WHOLE:
			break;
		}
		had = 0;
		if (take_frame(f, &chain, frame))
			return true;
		net_front_rx_free(f, frame);
	}
	return false;
}

void net_front_rx_free(struct net_front *f, const struct net_frame *frame)
{
	unsigned int i;

	for (i = 0; i < frame->slots; i++) {
		f->rx_cons++;
		rx_post(f);
	}
}

void net_front_rx_push(struct net_front *f)
{
	uint32_t old = f->rx_pushed;

	if (!f->rx || f->rx_prod == old)
		return;
	ring_publish(&f->rx->req_prod, f->rx_prod);
	f->rx_pushed = f->rx_prod;
	if (ring_must_notify(old, f->rx_prod, &f->rx->req_event))
		notify(f, f->rx_port);
}
