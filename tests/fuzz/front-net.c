/* SPDX-License-Identifier: MIT */
/*
 * The network frontend and a backend that lies: in xenstore, in its states, in
 * both rings, in the packets.
 *
 *	- a frame received is what its slots said when they were last shown: as
 *	  many bytes, each piece within the page that was lent for it, and its
 *	  headers a private copy of what was shown,
 *	- what is said of its checksum and segments fits its headers,
 *	- a response of the transmit ring is looked at once and believed exactly
 *	  when it answers something under way,
 *	- a frame sent is on the ring as it was given, in pages that no other
 *	  frame under way has, and asks for nothing that was not offered,
 *	- what breaks the rings' rules ends the connection, and only that.
 */
#include "frontends/net/core.h"
#include "tests/fuzz/front-peer.h"
#include "tests/fuzz/ring.h"

#include <errno.h>
#include <stdlib.h>

#define TX 0
#define RX FRONT_PAGE_SIZE
#define TX_SLOT 12
#define RX_SLOT 8
#define SLOT_MASK (NET_FRONT_SLOTS - 1)

static struct net_front front;
static uint8_t rx_truth[NET_FRONT_SLOTS * FRONT_PAGE_SIZE];
static bool rx_poisoned;

static struct bench {
	struct front_peer host;
	struct peer_area rx_pages;
	bool ring_noted;

	/* transmit */
	uint32_t tx_prod, tx_pushed, tx_cons, tx_rsp;
	uint32_t tx_shown_prod;
	unsigned int extras_due, busy_count;
	bool busy[NET_FRONT_SLOTS];
	unsigned int tx_looks;
	bool lie_shown;

	/* receive */
	uint32_t rx_prod, rx_pushed, rx_cons, rx_rsp;
	uint32_t rx_shown_prod;
	unsigned int rx_index_looks;	/* in one call */
	uint32_t rx_most;		/* answers that it was shown in it */
	bool flicker;			/* rsp_prod goes forth and back */
	_Alignas(8) uint8_t shown[NET_FRONT_SLOTS][RX_SLOT];
	uint8_t header[NET_FRONT_HEADER_MAX + 1];
	unsigned int header_size;
} b;

/* -- what the frontend is shown ------------------------------------------------ */

static void judge_tx(const uint8_t *rsp)
{
	uint16_t id;
	int16_t status;

	memcpy(&id, rsp, sizeof(id));
	memcpy(&status, rsp + 2, sizeof(status));
	if (status == NETIF_RSP_NULL && b.extras_due) {
		b.extras_due--;
	} else if (status != NETIF_RSP_NULL && status <= 0 && status >= -2 &&
		   id < NET_FRONT_SLOTS && b.busy[id]) {
		b.busy[id] = false;
		b.busy_count--;
	} else {
		b.lie_shown = true;
	}
}

static void looked_tx(struct peer_area *a, size_t at, size_t size)
{
	if (at == RSP_PROD) {
		uint32_t pushed = b.tx_pushed;

		/* it shows more when there is no room, and looks again */
		if (!peer_is_poison(a, TX + REQ_PROD))
			memcpy(&pushed, a->base + TX + REQ_PROD,
			       sizeof(pushed));
		b.tx_shown_prod = peer_get32(a, TX + RSP_PROD);
		if (b.tx_shown_prod - b.tx_cons > pushed - b.tx_cons)
			b.lie_shown = true;
	}
	if (at < SLOTS)
		return;
	/* in order, each once, and none behind a lie */
	MUST(!b.lie_shown && size == 4);
	MUST(at == SLOTS + (b.tx_cons & SLOT_MASK) * TX_SLOT);
	b.tx_cons++;
	judge_tx(a->truth + at);
}

static void looked_rx(struct peer_area *a, size_t at, size_t size)
{
	if (at == RX + RSP_PROD) {
		b.rx_shown_prod = peer_get32(a, RX + RSP_PROD);
		if (b.rx_shown_prod - b.rx_cons > b.rx_most)
			b.rx_most = b.rx_shown_prod - b.rx_cons;
		/* a call ends, however fast the backend is */
		MUST(++b.rx_index_looks < 4 * NET_FRONT_SLOTS);
		if (b.flicker)
			peer_put32(a, RX + RSP_PROD, b.rx_rsp -
				   (b.rx_index_looks & 1));
		if (!peer_is_poison(a, RX + RSP_EVENT)) {
			uint32_t event;

			/* it sleeps until more than it has looked at is there */
			peer_take(a, RX + RSP_EVENT, &event, sizeof(event));
			MUST(event - b.rx_cons - 1 <= NET_FRONT_SLOTS);
		}
	}
	if (at < RX + SLOTS)
		return;
	MUST(size == RX_SLOT && (at - RX - SLOTS) % RX_SLOT == 0);
	memcpy(b.shown[(at - RX - SLOTS) / RX_SLOT], a->truth + at, RX_SLOT);
	b.header_size = 0;	/* of the frame before */
}

static void looked(struct peer_area *a, size_t at, size_t size)
{
	if (at < RX)
		looked_tx(a, at, size);
	else
		looked_rx(a, at, size);
}

static void looked_header(struct peer_area *a, size_t at, size_t size)
{
	MUST(b.header_size + size <= NET_FRONT_HEADER_MAX);
	memcpy(b.header + b.header_size, a->truth + at, size);
	b.header_size += (unsigned int)size;
}

/* -- the ring's other words ------------------------------------------------------ */

static void note_posted(void)
{
	while (b.rx_prod != front.rx_prod) {
		uint32_t slot = b.rx_prod++ & SLOT_MASK;
		struct netif_rx_request req;

		peer_take(&b.host.ring, RX + SLOTS + slot * RX_SLOT, &req,
			  sizeof(req));
		MUST(req.id == slot);
		MUST(front_peer_page(&b.host, req.gref) ==
		     b.rx_pages.base + slot * FRONT_PAGE_SIZE);
	}
}

/* The frontend's first words on new rings, and its pages. */
static void note_ring(void)
{
	struct peer_area *ring = &b.host.ring;

	if (!front.rx_pages || b.ring_noted)
		return;
	b.ring_noted = true;
	b.rx_pages = (struct peer_area){
		.base = front.rx_pages, .truth = rx_truth,
		.size = sizeof(rx_truth), .looked = looked_header,
	};
	if (!rx_poisoned)
		peer_share(&b.rx_pages);
	else
		peer_share_poisoned(&b.rx_pages);
	rx_poisoned = true;
	if (peer_is_poison(ring, TX + REQ_EVENT))
		return;		/* it gave up before it came to that */
	for (unsigned int i = 0; i < 2; i++) {
		peer_expect32(ring, i * RX + REQ_EVENT, 1);
		peer_expect32(ring, i * RX + RSP_EVENT, 1);
	}
	note_posted();
	MUST(b.rx_prod == NET_FRONT_SLOTS);
	peer_expect32(ring, RX + REQ_PROD, b.rx_prod);
	b.rx_pushed = b.rx_prod;
}

static void step(void)
{
	fuzz_states++;
	MUST(net_front_step(&front) == front.bus.phase);
	note_ring();
	MUST(!front.bus.failed || front.bus.reason[0]);
	if (!net_front_running(&front))
		return;
	MUST(front.info.mtu >= 68 && front.info.mtu <= 65535 - 18);
	MUST(front.info.sg || front.info.mtu <= 4096 - 18);
	MUST(!(front.info.mac[0] & 1));
	MUST(!front.info.gso_tcpv4 ||
	     (front.info.sg && front.info.csum_ipv4));
	MUST(!front.info.gso_tcpv6 ||
	     (front.info.sg && front.info.csum_ipv6));
}

/* After calls that may have looked at transmit responses. */
static void check_tx(bool failed_before)
{
	struct peer_area *ring = &b.host.ring;
	uint32_t event;

	if (!peer_is_poison(ring, TX + RSP_EVENT)) {
		peer_take(ring, TX + RSP_EVENT, &event, sizeof(event));
		MUST(event - b.tx_cons - 1 <= NET_FRONT_SLOTS ||
		     b.tx_cons - event <= NET_FRONT_SLOTS);
	}
	if (!failed_before)
		MUST(front.bus.failed == b.lie_shown);
	if (front.bus.failed)
		return;
	MUST(front.tx_free_count == NET_FRONT_SLOTS - b.busy_count);
	MUST(front.tx_cons == b.tx_cons && front.extras_due == b.extras_due);
}

static void note_push(size_t page, uint32_t *pushed, uint32_t prod,
		      unsigned int notifies)
{
	uint32_t old = *pushed, event;

	if (!front.tx || old == prod) {
		MUST(b.host.notifies == notifies);
		return;
	}
	peer_expect32(&b.host.ring, page + REQ_PROD, prod);
	event = peer_get32(&b.host.ring, page + REQ_EVENT);
	MUST((b.host.notifies != notifies) == (event - old - 1 < prod - old));
	*pushed = prod;
}

static void tx_push(void)
{
	unsigned int notifies = b.host.notifies;

	net_front_tx_push(&front);
	note_push(TX, &b.tx_pushed, b.tx_prod, notifies);
}

static void rx_push(void)
{
	unsigned int notifies = b.host.notifies;

	net_front_rx_push(&front);
	note_push(RX, &b.rx_pushed, b.rx_prod, notifies);
}

/* -- sending ------------------------------------------------------------------- */

/* The slots of FRAME on the ring; its pages are those ROOM named. */
static void check_sent(const struct net_frame *frame, const struct net_vec *room)
{
	uint32_t left = frame->size;
	bool gso = frame->gso != NET_GSO_NONE;

	for (unsigned int i = 0; left; i++) {
		struct netif_tx_request req;
		uint32_t mine = left < 4096 ? left : 4096;
		unsigned int flags = left > mine ? NETTXF_more_data : 0;

		peer_take(&b.host.ring, TX + SLOTS + (b.tx_prod++ & SLOT_MASK) *
			  TX_SLOT, &req, sizeof(req));
		if (!i)
			flags |= (gso ? NETTXF_extra_info : 0) |
				(frame->csum_blank ? NETTXF_csum_blank |
				 NETTXF_data_validated : 0) |
				(frame->csum_valid ? NETTXF_data_validated : 0);
		MUST(req.flags == flags);
		MUST(req.offset == 0 && req.size == (i ? mine : frame->size));
		MUST(req.id < NET_FRONT_SLOTS && !b.busy[req.id]);
		MUST(front_peer_page(&b.host, req.gref) == room[i].base);
		b.busy[req.id] = true;
		b.busy_count++;
		left -= mine;
		if (i == 0 && gso) {
			uint8_t e[TX_SLOT];

			peer_take(&b.host.ring, TX + SLOTS +
				  (b.tx_prod++ & SLOT_MASK) * TX_SLOT, e,
				  sizeof(e));
			MUST(e[0] == XEN_NETIF_EXTRA_TYPE_GSO && !e[1]);
			/* and nothing that the slot held before */
			for (unsigned int j = 5; j < TX_SLOT; j++)
				MUST(e[j] == 0);
			b.extras_due++;
		}
	}
}

static void send_one(struct input *in)
{
	static const uint32_t sizes[] = { 60, 14, 13, 1514, 4096, 4097, 65535,
					  65536 };
	uint8_t kind = in8(in), offload = in8(in);
	struct net_frame frame = {
		.size = sizes[kind & 7],
		.csum_blank = kind & 8, .csum_valid = kind & 16,
		.gso = kind >> 5 > 2 ? NET_GSO_NONE : kind >> 5,
		.gso_size = offload,
	};
	struct net_vec room[NET_FRONT_FRAME_SLOTS];
	unsigned int pages = (frame.size + 4095) / 4096, got;
	bool failed = front.bus.failed, ok;
	unsigned int notifies = b.host.notifies;

	b.lie_shown = false;
	got = net_front_tx_room(&front, room, pages);
	fuzz_states++;
	/* when it is full it shows what it has */
	if (front.tx_pushed != b.tx_pushed)
		note_push(TX, &b.tx_pushed, b.tx_prod, notifies);
	check_tx(failed);
	MUST(got == 0 || got == pages);
	if (!got)
		return;
	MUST(net_front_running(&front));
	for (unsigned int i = 0; i < pages; i++)
		MUST(room[i].size == 4096);
	ok = net_front_send(&front, &frame) == 0;
	if (!ok) {
		MUST(front.tx_prod == b.tx_prod);
		return;
	}
	MUST(frame.size >= 14 && frame.size <= 65535);
	MUST(pages == 1 || front.info.sg);
	MUST(!frame.csum_blank || front.info.csum_ipv4);
	MUST(!frame.gso || (frame.gso_size &&
			    (frame.gso == NET_GSO_TCPV4 ? front.info.gso_tcpv4 :
			     front.info.gso_tcpv6)));
	check_sent(&frame, room);
	MUST(front.tx_prod == b.tx_prod);
	MUST(b.tx_prod - b.tx_cons <= NET_FRONT_SLOTS);
}

/* -- receiving ------------------------------------------------------------------- */

static const struct netif_rx_response *response_at(uint32_t index)
{
	return (const void *)b.shown[index & SLOT_MASK];
}

/* The frame is what its slots, from rx_cons on, said. */
static void check_received(const struct net_frame *f)
{
	uint32_t at = b.rx_cons, size = 0;
	bool more = true, gso = false;

	for (unsigned int i = 0; more; i++) {
		const struct netif_rx_response *r = response_at(at);

		MUST(i < NET_FRONT_FRAME_SLOTS);
		MUST(r->id == (at & SLOT_MASK));
		MUST(r->status >= 0 && r->offset + r->status <= 4096);
		size += (uint32_t)r->status;
		more = r->flags & NETRXF_more_data;
		at++;
		if (i || !(r->flags & NETRXF_extra_info))
			continue;
		for (bool extra = true; extra; at++) {
			const uint8_t *e = b.shown[at & SLOT_MASK];

			MUST(e[0] == XEN_NETIF_EXTRA_TYPE_GSO);
			gso = true;
			extra = e[1] & XEN_NETIF_EXTRA_FLAG_MORE;
		}
	}
	MUST(f->slots == at - b.rx_cons && f->slots <= NET_FRONT_SLOTS);
	MUST(f->size == size && size >= 14 && size <= NET_FRONT_FRAME_MAX);
	MUST((f->gso != NET_GSO_NONE) == gso);
}

static void check_pieces(const struct net_frame *f)
{
	const uint8_t *pages = b.rx_pages.base;
	uint32_t size = (uint32_t)f->vec[0].size;

	MUST(f->vecs && f->vecs <= NET_FRONT_FRAME_SLOTS + 1);
	MUST(f->vec[0].base == front.header);
	MUST(f->vec[0].size == (f->size < NET_FRONT_HEADER_MAX ? f->size :
				NET_FRONT_HEADER_MAX));
	MUST(b.header_size == f->vec[0].size);
	MUST(!memcmp(front.header, b.header, b.header_size));
	for (unsigned int i = 1; i < f->vecs; i++) {
		size_t at = (size_t)((const uint8_t *)f->vec[i].base - pages);
		uint32_t slot = (uint32_t)(at / 4096);

		MUST(at < sizeof(rx_truth) && f->vec[i].size);
		MUST(at % 4096 + f->vec[i].size <= 4096);
		MUST(((slot - b.rx_cons) & SLOT_MASK) < f->slots);
		size += (uint32_t)f->vec[i].size;
	}
	MUST(size == f->size);
}

static void check_offloads(const struct net_frame *f)
{
	const struct netif_rx_response *r = response_at(b.rx_cons);

	MUST(f->csum_blank == !!(r->flags & NETRXF_csum_blank));
	MUST(f->csum_valid == !!(r->flags & NETRXF_data_validated));
	if (f->gso)
		MUST(f->csum_blank && f->gso_size &&
		     f->header_size < f->size);
	if (!f->csum_blank)
		return;
	MUST(f->csum_start + f->csum_offset + 2u <= f->header_size);
	MUST(f->header_size <= f->vec[0].size);
}

/* May the ring be given up for what was shown? */
static bool rx_lie(void)
{
	/* more precise would be the frontend again: some slot was wrong */
	return b.rx_most > 0;
}

/* The frames between were dropped; their slots are posted again. */
static void follow_rx(uint32_t until)
{
	MUST(until - b.rx_cons <= NET_FRONT_SLOTS);
	b.rx_cons = until;
	note_posted();
}

static bool receive_one(void)
{
	bool failed = front.bus.failed;
	uint64_t dropped = front.stats.rx_dropped;
	struct net_frame frame;
	bool got;

	if (!front.rx)
		return false;
	b.header_size = 0;
	b.rx_index_looks = b.rx_most = 0;
	got = net_front_receive(&front, &frame);
	fuzz_states++;
	MUST(front.rx_cons - b.rx_cons <= NET_FRONT_SLOTS);
	MUST(front.rx_cons == b.rx_cons || front.stats.rx_dropped != dropped);
	follow_rx(front.rx_cons);
	if (!got) {
		if (!failed && front.bus.failed)
			MUST(rx_lie());
		return false;
	}
	MUST(!front.bus.failed);
	MUST(frame.slots <= b.rx_shown_prod - b.rx_cons);
	check_received(&frame);
	check_pieces(&frame);
	check_offloads(&frame);
	net_front_rx_free(&front, &frame);
	MUST(front.rx_cons == b.rx_cons + frame.slots);
	follow_rx(front.rx_cons);
	return true;
}

/* -- the backend ------------------------------------------------------------------ */

static void put_rx(const void *entry)
{
	memcpy(b.host.ring.truth + RX + SLOTS +
	       (b.rx_rsp++ & SLOT_MASK) * RX_SLOT, entry, RX_SLOT);
}

static void put_rx_extra(uint8_t shape, bool more)
{
	static const uint8_t types[] = { 1, 1, 1, 2, 0, 5, 1, 1 };
	struct netif_extra_info extra = {
		.type = types[shape & 7],
		.flags = more ? XEN_NETIF_EXTRA_FLAG_MORE : 0,
		.u.gso = { .size = shape >> 3 & 3 ? 1448 : 0,
			   .type = shape >> 5 & 3 ? shape >> 5 & 3 : 1 },
	};

	put_rx(&extra);
}

/* The start of a TCP or UDP packet of either IP, most of it right. */
static unsigned int put_headers(struct input *in, uint8_t *page)
{
	uint8_t kind = in8(in);
	bool six = kind & 1;
	uint8_t protocol = kind & 2 ? 17 : 6;
	unsigned int l4 = six ? 54 : 34;

	memset(page, 0, 128);
	page[12] = six ? 0x86 : 8;
	page[13] = six ? 0xdd : 0;
	page[14] = six ? 0x60 : 0x45;
	page[six ? 20 : 23] = protocol;
	page[l4 + 12] = 0x50;
	if (kind & 4)
		page[in8(in) & 63] ^= in8(in);
	if (kind & 8)
		in_bytes(in, page + 12, 16);
	return l4 + 20;
}

static void put_frame(struct input *in)
{
	static const uint16_t sizes[] = { 60, 4096, 1514, 0, 13, 14, 256, 4095 };
	static const uint8_t counts[] = { 1, 1, 2, 3, 17, 18, 19, 2 };
	uint8_t kind = in8(in), shape = in8(in), twist = in8(in);
	unsigned int count = counts[kind & 7];
	unsigned int extras = shape & 0x80 ? 1 + (twist >> 6) : 0;

	if ((twist & 63) == 63)
		extras = 5;
	for (unsigned int i = 0; i < count; i++) {
		uint32_t slot = b.rx_rsp & SLOT_MASK;
		struct netif_rx_response r = {
			.id = (uint16_t)slot,
			.offset = (twist & 7) == 1 ? in16(in) & 0x1fff : 0,
			.flags = (i + 1 < count ? NETRXF_more_data : 0) |
				 (!i && extras ? NETRXF_extra_info : 0) |
				 (i ? 0 : shape >> 3 & 3),
			.status = (int16_t)sizes[i ? shape & 7 : kind >> 3 & 7],
		};

		if (!i)
			put_headers(in, rx_truth + slot * FRONT_PAGE_SIZE);
		if ((twist & 7) == 2 && i + 1 == count)
			r.status = (int16_t)in16(in);
		if ((twist & 7) == 3 && i + 1 == count)
			r.flags |= NETRXF_more_data;
		if ((twist & 63) == 4)
			r.id = in8(in);
		put_rx(&r);
		for (unsigned int j = 0; !i && j < extras; j++)
			put_rx_extra(shape >> 3 & 3 ? 0x08 | (twist & 0x20) :
				     in8(in), j + 1 < extras);
	}
	peer_put32(&b.host.ring, RX + RSP_PROD, b.rx_rsp);
}

static void answer_sent(struct input *in)
{
	static const int16_t statuses[] = { 0, 0, 0, -1, -2, 1, -3, 2 };
	uint8_t kind = in8(in), id = in8(in);
	struct netif_tx_response r = { .status = statuses[kind & 7] };

	for (unsigned int i = 0; i < NET_FRONT_SLOTS && kind < 0xf0; i++) {
		if (b.busy[id])
			break;
		id++;
	}
	r.id = kind >= 0xf8 ? in16(in) : id;
	if (b.extras_due && kind & 8)
		r.status = NETIF_RSP_NULL;
	memcpy(b.host.ring.truth + TX + SLOTS +
	       (b.tx_rsp++ & SLOT_MASK) * TX_SLOT, &r, sizeof(r));
	peer_put32(&b.host.ring, TX + RSP_PROD, b.tx_rsp);
}

static void meddle(struct input *in)
{
	uint8_t kind = in8(in);
	size_t page = kind & 1 ? TX : RX;
	uint32_t prod = page == TX ? b.tx_rsp : b.rx_rsp;

	switch (kind >> 1 & 3) {
	case 0:
		peer_put32(&b.host.ring, page + RSP_PROD,
			   prod + (int8_t)in8(in));
		break;
	case 1:
		peer_put32(&b.host.ring, page + REQ_EVENT, in8(in));
		break;
	case 2:
		peer_put32(&b.host.ring, page + REQ_PROD, in32(in));
		b.flicker = page == RX;
		break;
	default:
		peer_put32(&b.host.ring, page + RSP_PROD, in32(in));
		break;
	}
}

static void offer_something(struct input *in)
{
	static const char *const nodes[] = {
		"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
		"feature-no-csum-offload", "feature-ipv6-csum-offload",
		"feature-split-event-channels", "feature-rx-copy",
	};
	static const char *const flags[] = { "0", "1", NULL, "2", "-1", "x" };
	static const char *const mtus[] = { "1500", "67", "68", "9000", "65517",
					    "65518", "", "-1" };
	static const char *const macs[] = {
		"00:16:3e:01:02:03", "01:16:3e:01:02:03", "00:16:3E:FF:ff:0a",
		"00:16:3e:01:02:0", "00:16:3e:01:02:03:", "00-16-3e-01-02-03",
		"", NULL,
	};
	uint8_t kind = in8(in), value = in8(in);

	if (kind % 9 == 7)
		front_peer_set(&b.host, FRONT_PEER_DIR "/mtu", mtus[value & 7]);
	else if (kind % 9 == 8)
		front_peer_set(&b.host, FRONT_PEER_DIR "/mac", macs[value & 7]);
	else
		front_peer_offer(&b.host, nodes[kind % 9], flags[value % 6]);
}

static void some_state(struct input *in)
{
	static const char *const states[] = { "0", "1", "2", "3", "4", "5",
					      "6", "7", "8", NULL, "9", "",
					      FRONT_PEER_LONG };

	front_peer_offer(&b.host, "state", states[in8(in) % 13]);
}

/* -- a run -------------------------------------------------------------------------- */

static void set_up(struct input *in)
{
	static const char *const nodes[] = {
		"feature-rx-copy", "feature-sg", "feature-gso-tcpv4",
		"feature-gso-tcpv6", "feature-ipv6-csum-offload",
	};
	static const uint8_t chances[] = { 0, 0, 100, 12 };
	uint8_t shape = in8(in);
	uint32_t seed = in16(in);

	memset(&b, 0, sizeof(b));
	front_peer_init(&b.host);
	b.host.ring.looked = looked;
	b.host.still_mapped = (shape & 0xf0) == 0xf0;
	b.host.refuse_share = (shape & 0xf0) == 0xe0 ? 1 + (shape & 1) : 0;
	b.host.store_fails = (shape & 0xf0) == 0xd0 ? 1 + (shape >> 2 & 3) : 0;
	peer_begin(seed, chances[shape >> 2 & 3]);
	front_peer_set(&b.host, FRONT_PEER_DIR "/mac", "00:16:3e:01:02:03");
	for (unsigned int i = 0; i < 5; i++)
		front_peer_offer(&b.host, nodes[i], "1");
	for (unsigned int i = shape & 3; i; i--)
		offer_something(in);
	front_peer_offer(&b.host, "state", "2");
	MUST(!net_front_open(&front, &front_peer_ops, &b.host, FRONT_PEER_DIR));
	step();
	front_peer_offer(&b.host, "state", "4");
	step();
}

static void act(struct input *in, uint8_t what)
{
	bool ring = front.rx_pages && b.rx_prod;

	switch (what & 15) {
	case 0: case 1: case 2: case 3:
		if (ring)
			put_frame(in);
		break;
	case 4: case 5: case 6:
		if (ring)
			send_one(in);
		break;
	case 7: case 8: case 9:
		if (ring)
			answer_sent(in);
		break;
	case 10:
		if (ring)
			meddle(in);
		break;
	case 11:
		some_state(in);
		step();
		break;
	case 12:
		if (what >> 6 == 3)
			front_peer_set(&b.host, FRONT_PEER_DIR "/state", NULL);
		if (what >> 6 == 2)
			b.host.store_fails = b.host.store_begun + 1;
		if (what >> 6 == 1)
			b.host.store_again = in8(in);
		step();
		break;
	default:
		break;
	}
}

static void wind_down(void)
{
	static const char *const goodbye[] = { "5", "6", NULL };

	net_front_close(&front);
	for (unsigned int i = 0; i < 3; i++) {
		front_peer_offer(&b.host, "state", goodbye[i]);
		step();
	}
	MUST(front.bus.phase == FRONT_CLOSED);
	if (b.host.area_count)
		peer_untouched(&b.host.ring);
	net_front_release(&front);
	front_peer_check_over(&b.host);
	MUST(!front.lost_pages == !(b.host.still_mapped && b.host.area_count));
}

void fuzz_one(struct input *in)
{
	set_up(in);
	while (!in_done(in)) {
		uint8_t what = in8(in);

		act(in, what);
		if (what & 16 && front.tx)
			tx_push();
		if (what & 32) {
			for (unsigned int i = 0; i < 300 && receive_one(); i++)
				;
			if (front.rx)
				rx_push();
		}
	}
	wind_down();
}
