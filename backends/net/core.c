/* SPDX-License-Identifier: MIT */
/* See core.h. */

#include "backends/net/core.h"

#include <assert.h>
#include <errno.h>

#include "lib/overflow.h"
#include "lib/ring.h"

/* -- TX ------------------------------------------------------------------- */

void net_tx_attach(struct net_tx_ring *r, void PEER *page)
{
	*r = (struct net_tx_ring) { .sring = page };
	r->answered = ring_load(&r->sring->rsp_prod);
	r->cons = r->answered;
	r->prod = r->answered;
}

static int tx_break(struct net_tx_ring *r, const char *why)
{
	r->broken = why;
	r->prod = r->cons;	/* nothing more to take */
	return -EPROTO;
}

int net_tx_look(struct net_tx_ring *r)
{
	uint32_t prod;

	if (r->broken)
		return -EPROTO;
	prod = ring_snapshot(&r->sring->req_prod);
	/* Slots not answered yet are still the guest's requests. */
	if (!ring_prod_sane(prod, r->answered, NET_RING_SIZE))
		return tx_break(r, "req_prod is more than a ring ahead");
	/* Backwards over what we have taken: also more than a ring ahead. */
	if (!ring_prod_sane(prod, r->cons, NET_RING_SIZE))
		return tx_break(r, "req_prod went backwards");
	r->prod = prod;
	return prod - r->cons;
}

static void PEER *tx_entry(const struct net_tx_ring *r, uint32_t index)
{
	return &r->sring->ring[index % NET_RING_SIZE];
}

/* A packet on its way from the ring to the batch. */
struct tx_parse {
	uint32_t next;			/* ring index of the next slot */
	unsigned int extra_count;
	bool has_gso;
	struct netif_extra_info gso;
	unsigned int request_count;
	struct netif_tx_request requests[NET_TX_SLOTS_BREAK];
};

static bool tx_next(const struct net_tx_ring *r, struct tx_parse *p, void *entry,
		    size_t size)
{
	if (p->next == r->prod)
		return false;
	ring_copy(entry, tx_entry(r, p->next), size);
	p->next++;
	return true;
}

/* Extras stand between the first request and the others. */
static const char *tx_extras(const struct net_tx_ring *r, struct tx_parse *p)
{
	struct netif_extra_info extra;
	unsigned int seen = 0;

	do {
		if (!tx_next(r, p, &extra, sizeof(extra)))
			return "an extra is missing";
		p->extra_count++;
		if (extra.type == XEN_NETIF_EXTRA_TYPE_NONE ||
		    extra.type >= XEN_NETIF_EXTRA_TYPE_MAX)
			return "an extra has no type that exists";
		if (seen & 1u << extra.type)
			return "an extra came twice";
		seen |= 1u << extra.type;
		if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO) {
			p->gso = extra;
			p->has_gso = true;
		}
	} while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);

	/* Multicast control was not offered, nor a hash asked for. */
	if (p->has_gso) {
		if (p->gso.u.gso.size == 0)
			return "a segment size is 0";
		if (p->gso.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 &&
		    p->gso.u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
			return "a segmentation type does not exist";
	}
	return NULL;
}

/* Copy a packet's slots out of the ring; NULL, or why the ring is broken. */
static const char *tx_gather(const struct net_tx_ring *r, struct tx_parse *p)
{
	struct netif_tx_request *req = p->requests;
	const char *why;

	if (req->flags & NETTXF_extra_info) {
		why = tx_extras(r, p);
		if (why)
			return why;
	}
	while (req->flags & NETTXF_more_data) {
		if (p->request_count == NET_TX_SLOTS_BREAK)
			return "a packet has more than 20 slots";
		req = &p->requests[p->request_count];
		if (!tx_next(r, p, req, sizeof(*req)))
			return "a packet ends behind req_prod";
		p->request_count++;
		if (!range_within(req->offset, req->size, NET_PAGE_SIZE))
			return "a slot crosses the end of its page";
	}
	return NULL;
}

static void tx_expect_answers(struct net_tx_batch *b, const struct tx_parse *p)
{
	int16_t packet = (int16_t)b->packet_count;
	struct net_tx_answer *a = &b->answers[b->answer_count];
	unsigned int i;

	*a++ = (struct net_tx_answer) { p->requests[0].id, packet };
	for (i = 0; i < p->extra_count; i++)
		*a++ = (struct net_tx_answer) { p->requests[0].id, -1 };
	for (i = 1; i < p->request_count; i++)
		*a++ = (struct net_tx_answer) { p->requests[i].id, packet };
	b->answer_count = (unsigned int)(a - b->answers);
}

/*
 * What the others leave is the first slot's. Negative: they sum to more than
 * the packet.
 */
static int tx_first_size(const struct tx_parse *p)
{
	int size = p->requests[0].size;
	unsigned int i;

	for (i = 1; i < p->request_count; i++)
		size -= p->requests[i].size;
	return size;
}

static uint8_t tx_flags(const struct netif_tx_request *req)
{
	return (req->flags & NETTXF_csum_blank ? NET_CSUM_BLANK : 0) |
	       (req->flags & NETTXF_data_validated ? NET_CSUM_VALID : 0);
}

static void tx_fill(struct net_tx_batch *b, const struct tx_parse *p,
		    struct net_packet *packet, unsigned int first_size)
{
	struct net_slot *slot = &b->slots[b->slot_count];
	unsigned int i;

	packet->slot = (uint16_t)b->slot_count;
	packet->slot_count = (uint16_t)p->request_count;
	packet->status = NETIF_RSP_OKAY;
	for (i = 0; i < p->request_count; i++) {
		const struct netif_tx_request *req = &p->requests[i];

		*slot++ = (struct net_slot) {
			.gref = req->gref,
			.offset = req->offset,
			.size = i ? req->size : (uint16_t)first_size,
		};
	}
	b->slot_count += p->request_count;
	packet->flags = tx_flags(&p->requests[0]);
	if (p->has_gso) {
		packet->gso_type = p->gso.u.gso.type;
		packet->gso_mss = p->gso.u.gso.size;
	}
}

/* A packet of more slots than one; FIRST is its first request. */
static int tx_take_more(struct net_tx_ring *r, struct net_tx_batch *b,
			const struct netif_tx_request *first)
{
	struct tx_parse p;
	struct net_packet *packet;
	const char *why;
	int first_size;

	/* its requests are written before they are read: do not clear them */
	p.next = r->cons + 1;
	p.requests[0] = *first;
	p.request_count = 1;
	p.extra_count = 0;
	p.has_gso = false;
	why = tx_gather(r, &p);
	if (why)
		return tx_break(r, why);
	first_size = tx_first_size(&p);
	/* The first slot's share is only known now that the others are. */
	if (first_size >= 0 && !range_within(p.requests[0].offset, first_size,
					     NET_PAGE_SIZE))
		return tx_break(r, "a slot crosses the end of its page");

	packet = &b->packets[b->packet_count];
	*packet = (struct net_packet) {
		.size = p.requests[0].size,
		.status = NETIF_RSP_ERROR,
	};
	if (first_size >= 0 && packet->size >= NET_HEADER_MIN &&
	    p.request_count <= NET_TX_SLOTS_MAX)
		tx_fill(b, &p, packet, (unsigned int)first_size);
	tx_expect_answers(b, &p);
	b->packet_count++;
	r->cons = p.next;
	return 1;
}

/* A packet of one slot, as most are. */
static int tx_take_one(struct net_tx_ring *r, struct net_tx_batch *b,
		       const struct netif_tx_request *req)
{
	struct net_packet *packet = &b->packets[b->packet_count];
	bool good = req->size >= NET_HEADER_MIN;

	if (!range_within(req->offset, req->size, NET_PAGE_SIZE))
		return tx_break(r, "a slot crosses the end of its page");
	*packet = (struct net_packet) {
		.slot = (uint16_t)b->slot_count,
		.slot_count = good,
		.size = req->size,
		.flags = tx_flags(req),
		.status = good ? NETIF_RSP_OKAY : NETIF_RSP_ERROR,
	};
	b->slots[b->slot_count] = (struct net_slot) {
		.gref = req->gref,
		.offset = req->offset,
		.size = req->size,
	};
	b->slot_count += good;
	b->answers[b->answer_count++] = (struct net_tx_answer) {
		req->id, (int16_t)b->packet_count,
	};
	b->packet_count++;
	r->cons++;
	return 1;
}

int net_tx_take(struct net_tx_ring *r, struct net_tx_batch *b)
{
	struct netif_tx_request req;

	if (net_tx_empty(r) || b->packet_count == NET_BATCH_PACKETS ||
	    b->slot_count > NET_BATCH_SLOTS - NET_TX_SLOTS_MAX)
		return 0;
	ring_copy(&req, tx_entry(r, r->cons), sizeof(req));
	if (req.flags & (NETTXF_extra_info | NETTXF_more_data))
		return tx_take_more(r, b, &req);
	return tx_take_one(r, b, &req);
}

bool net_tx_answer(struct net_tx_ring *r, struct net_tx_batch *b)
{
	uint32_t old = r->answered;
	unsigned int i;

	for (i = 0; i < b->answer_count; i++) {
		int packet = b->answers[i].packet;
		struct netif_tx_response rsp = {
			.id = b->answers[i].id,
			.status = packet < 0 ? NETIF_RSP_NULL :
				b->packets[packet].status,
		};

		peer_write(tx_entry(r, r->answered), &rsp, sizeof(rsp));
		r->answered++;
	}
	net_tx_begin(b);
	if (r->answered == old)
		return false;
	ring_publish(&r->sring->rsp_prod, r->answered);
	return ring_must_notify(old, r->answered, &r->sring->rsp_event);
}

bool net_tx_sleep(struct net_tx_ring *r)
{
	return !r->broken && ring_final_check(r->cons, &r->sring->req_event,
					      &r->sring->req_prod);
}

/* -- RX ------------------------------------------------------------------- */

void net_rx_attach(struct net_rx_ring *r, void PEER *page)
{
	*r = (struct net_rx_ring) { .sring = page };
	r->answered = ring_load(&r->sring->rsp_prod);
	r->cons = r->answered;
	r->prod = r->answered;
}

int net_rx_look(struct net_rx_ring *r)
{
	uint32_t prod;

	if (r->broken)
		return -EPROTO;
	prod = ring_snapshot(&r->sring->req_prod);
	if (!ring_prod_sane(prod, r->answered, NET_RING_SIZE) ||
	    !ring_prod_sane(prod, r->cons, NET_RING_SIZE)) {
		r->broken = "req_prod is more than a ring ahead";
		r->prod = r->cons;
		return -EPROTO;
	}
	r->prod = prod;
	return prod - r->cons;
}

static uint16_t rx_flags(const struct net_frame *frame)
{
	uint16_t flags = 0;

	if (frame->flags & NET_CSUM_BLANK)
		flags |= NETRXF_csum_blank | NETRXF_data_validated;
	if (frame->flags & NET_CSUM_VALID)
		flags |= NETRXF_data_validated;
	if (frame->gso_type != XEN_NETIF_GSO_TYPE_NONE ||
	    frame->flags & NET_HASHED)
		flags |= NETRXF_extra_info;
	return flags;
}

static void rx_put_extra(struct net_rx_ring *r, struct net_rx_batch *b,
			 const struct netif_extra_info *extra,
			 unsigned int first)
{
	b->answers[b->answer_count].extra = *extra;
	b->frame_of[b->answer_count] = (uint16_t)first;
	b->answer_count++;
	r->cons++;	/* the page lent with this slot stays unused */
}

static void rx_put_hash(struct net_rx_ring *r, struct net_rx_batch *b,
			const struct net_frame *frame, unsigned int first)
{
	struct netif_extra_info extra = {
		.type = XEN_NETIF_EXTRA_TYPE_HASH,
		.u.hash.type = frame->hash_type,
		.u.hash.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ,
	};
	unsigned int i;

	for (i = 0; i < 4; i++)
		extra.u.hash.value[i] = (uint8_t)(frame->hash >> 8 * i);
	rx_put_extra(r, b, &extra, first);
}

static void rx_put_extras(struct net_rx_ring *r, struct net_rx_batch *b,
			  const struct net_frame *frame, unsigned int first)
{
	bool hashed = frame->flags & NET_HASHED;

	if (frame->gso_type != XEN_NETIF_GSO_TYPE_NONE) {
		struct netif_extra_info extra = {
			.type = XEN_NETIF_EXTRA_TYPE_GSO,
			.flags = hashed ? XEN_NETIF_EXTRA_FLAG_MORE : 0,
			.u.gso.size = frame->gso_mss,
			.u.gso.type = frame->gso_type,
		};

		rx_put_extra(r, b, &extra, first);
	}
	if (hashed)
		rx_put_hash(r, b, frame, first);
}

void net_rx_put(struct net_rx_ring *r, struct net_rx_batch *b,
		const struct net_frame *frame)
{
	unsigned int pages = net_rx_pages(frame), first = b->answer_count, i;
	uint16_t flags = rx_flags(frame);

	assert(pages && net_rx_need(frame) <= net_rx_slots(r));
	assert(net_rx_room(b, frame));
	for (i = 0; i < pages; i++) {
		uint32_t from = i * NET_PAGE_SIZE;
		uint32_t left = frame->size - from;
		uint16_t size = left < NET_PAGE_SIZE ? left : NET_PAGE_SIZE;
		struct netif_rx_request req;

		ring_copy(&req, &r->sring->ring[r->cons % NET_RING_SIZE],
			  sizeof(req));
		r->cons++;
		b->copies[b->copy_count++] = (struct net_rx_copy) {
			.gref = req.gref,
			.from = from,
			.size = size,
			.answer = (uint16_t)b->answer_count,
		};
		b->answers[b->answer_count].response =
			(struct netif_rx_response) {
			.id = req.id,
			.flags = flags |
				(i + 1 < pages ? NETRXF_more_data : 0),
			.status = (int16_t)size,
		};
		b->frame_of[b->answer_count] = (uint16_t)first;
		b->answer_count++;
		if (flags & NETRXF_extra_info)
			rx_put_extras(r, b, frame, first);
		flags = 0;
	}
}

void net_rx_spoil(struct net_rx_batch *b, unsigned int copy)
{
	uint16_t first = b->frame_of[b->copies[copy].answer];
	bool extra = b->answers[first].response.flags & NETRXF_extra_info;
	unsigned int i;

	b->answers[first].response.status = NETIF_RSP_ERROR;
	for (i = first + 1u; i < b->answer_count && b->frame_of[i] == first;
	     i++) {
		/* its extras stand behind the first: they stay what they are */
		if (extra)
			extra = b->answers[i].extra.flags &
				XEN_NETIF_EXTRA_FLAG_MORE;
		else
			b->answers[i].response.status = NETIF_RSP_ERROR;
	}
}

bool net_rx_answer(struct net_rx_ring *r, struct net_rx_batch *b)
{
	uint32_t old = r->answered;
	unsigned int i;

	for (i = 0; i < b->answer_count; i++) {
		peer_write(&r->sring->ring[r->answered % NET_RING_SIZE],
			   &b->answers[i], sizeof(b->answers[i]));
		r->answered++;
	}
	net_rx_begin(b);
	if (r->answered == old)
		return false;
	ring_publish(&r->sring->rsp_prod, r->answered);
	return ring_must_notify(old, r->answered, &r->sring->rsp_event);
}

bool net_rx_sleep(struct net_rx_ring *r)
{
	return !r->broken && ring_final_check(r->prod, &r->sring->req_event,
					      &r->sring->req_prod);
}
