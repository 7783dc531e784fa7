/* SPDX-License-Identifier: MIT */
/* What a network frontend sends is the lie (net T01..T28, E01, E02). */
#include "config.h"

#include "tests/hostile/net.h"

#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/ring.h"

#define OKAY NETIF_RSP_OKAY
#define ERROR NETIF_RSP_ERROR
#define MORE NETTXF_more_data
#define EXTRA NETTXF_extra_info
#define BLANK (NETTXF_csum_blank | NETTXF_data_validated)

static uint8_t frame[FRAME_MAX];

static void put(struct net *n, struct netif_tx_request req)
{
	net_put(n, &req, sizeof(req));
}

static void put_extra(struct net *n, struct netif_extra_info extra)
{
	net_put(n, &extra, sizeof(extra));
}

/* FRAME in COUNT pieces, each in a page of its own; the last takes the rest. */
static void put_cut(struct net *n, unsigned int size, const unsigned int *cuts,
		    unsigned int count)
{
	unsigned int at = 0;

	for (unsigned int i = 0; i < count; i++) {
		unsigned int piece = i + 1 < count ? cuts[i] : size - at;

		memcpy(n->tx_data + (size_t)i * PAGE, frame + at, piece);
		put(n, net_tx(n, i, i ? piece : size,
			      i + 1 < count ? MORE : 0));
		at += piece;
	}
}

/* -- control ----------------------------------------------------------------------- */

static void good(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	for (unsigned int i = 0; i < 300; i++)
		if (!expect(p, net_control(n, p), "frame %u", i))
			break;
}

static void good_pieces(void *device, struct peer *p)
{
	static const unsigned int cuts[] = { 100, 1, 400, 3 };
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_lend(n, 64);
	net_frame(n, frame, 1400);
	put_cut(n, 1400, cuts, 5);
	net_expect(n, 5, OKAY, "five pieces");
	net_hear(n);
}

/* -- indices ------------------------------------------------------------------------- */

static void jump(struct net *n, uint32_t prod)
{
	if (!peer_connect(n->p) || !net_control(n, n->p))
		return;
	n->tx_prod = prod;
	n->lost = true;
	net_push(n);
}

static void jump_257(void *device, struct peer *p)
{
	(void)p;
	jump(device, 1 + 257);
}

static void jump_back(void *device, struct peer *p)
{
	(void)p;
	jump(device, 0);
}

static void jump_half(void *device, struct peer *p)
{
	(void)p;
	jump(device, 1 + (UINT32_C(1) << 31));
}

/* -- sizes ------------------------------------------------------------------------------ */

static void small(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, ECHO_SIZE);
	put(n, net_tx(n, 0, 0, 0));
	net_expect(n, 1, ERROR, "0 bytes");
	put(n, net_tx(n, 0, 13, 0));
	net_expect(n, 1, ERROR, "13 bytes");
	put(n, net_tx(n, 0, 14, 0));
	net_expect(n, 1, OKAY, "14 bytes");
}

static void sum_too_large(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	put(n, net_tx(n, 0, 100, MORE));
	put(n, net_tx(n, 1, 101, 0));
	net_expect(n, 2, ERROR, "pieces larger than the whole");
	put(n, net_tx(n, 0, 100, MORE));
	put(n, net_tx(n, 1, 4096, MORE));
	put(n, net_tx(n, 2, 4096, 0));
	net_expect(n, 3, ERROR, "pieces much larger than the whole");
}

static void one_slot(struct net *n, unsigned int offset, unsigned int size)
{
	struct netif_tx_request req = net_tx(n, 0, size, 0);

	if (!peer_connect(n->p))
		return;
	req.offset = offset;
	put(n, req);
	n->lost = true;
	net_push(n);
}

static void piece_65535(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	put(n, net_tx(n, 0, 65535, MORE));
	put(n, net_tx(n, 1, 65535, 0));
	n->lost = true;
	net_push(n);
}

static void whole_65535(void *device, struct peer *p)
{
	(void)p;
	one_slot(device, 0, 65535);
}

static void across_end(void *device, struct peer *p)
{
	(void)p;
	one_slot(device, 4095, 20);
}

static void offset_65535(void *device, struct peer *p)
{
	(void)p;
	one_slot(device, 65535, 20);
}

/* 16 pages and the 4095 bytes behind them, no segmentation asked for. */
static void largest(void *device, struct peer *p)
{
	struct netif_tx_response rsp;
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, ECHO_SIZE);
	for (unsigned int i = 0; i < 16; i++)
		put(n, net_tx(n, i, !i ? 65535 : i < 15 ? PAGE : 4095,
			      i < 15 ? MORE : 0));
	net_push(n);
	for (unsigned int i = 0; i < 16 && net_take(n, &rsp); i++)
		;
}

/* -- chains ------------------------------------------------------------------------------- */

/* One byte more than a header in COUNT slots. */
static void put_chain(struct net *n, unsigned int count, bool ends)
{
	net_frame(n, n->tx_data, ECHO_SIZE);
	for (unsigned int i = 0; i < count; i++)
		put(n, net_tx(n, i % TX_PAGES, i ? 1 : ECHO_SIZE + count - 1,
			      i + 1 < count || !ends ? MORE : 0));
}

static void chains(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	put_chain(n, 18, true);
	net_expect(n, 18, OKAY, "18 slots");
	put_chain(n, 19, true);
	net_expect(n, 19, ERROR, "19 slots");
	put_chain(n, 20, true);
	net_expect(n, 20, ERROR, "20 slots");
}

static void chain_of(struct net *n, unsigned int count, bool ends)
{
	if (!peer_connect(n->p))
		return;
	put_chain(n, count, ends);
	n->lost = true;
	net_push(n);
}

static void chain_21(void *device, struct peer *p)
{
	(void)p;
	chain_of(device, 21, true);
}

static void chain_255(void *device, struct peer *p)
{
	(void)p;
	chain_of(device, 255, true);
}

static void chain_open(void *device, struct peer *p)
{
	(void)p;
	chain_of(device, 5, false);
}

static void tiny_pieces(struct net *n, unsigned int piece)
{
	unsigned int cuts[18], size = ECHO_SIZE > 18 * piece ?
				      ECHO_SIZE : 18 * piece;

	for (unsigned int i = 0; i < 18; i++)
		cuts[i] = piece;
	net_frame(n, frame, size);
	put_cut(n, size, cuts, 18);
	net_expect(n, 18, OKAY, "18 tiny pieces");
	net_hear(n);
}

static void split_headers(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_lend(n, 64);
	tiny_pieces(n, 1);
	tiny_pieces(n, 7);
	for (unsigned int cut = 0; cut < 128 && !n->lost; cut++) {
		net_frame(n, frame, 300);
		put_cut(n, 300, &cut, 2);
		net_expect(n, 2, OKAY, "a cut");
		if (!net_hear(n))
			expect(p, false, "cut at %u", cut);
	}
}

static void empty_pieces(void *device, struct peer *p)
{
	static const unsigned int first[] = { 0, 100 }, middle[] = { 60, 0, 0 },
		last[] = { 300 };
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_lend(n, 32);
	net_frame(n, frame, 300);
	put_cut(n, 300, first, 3);
	net_expect(n, 3, OKAY, "the first piece is empty");
	net_hear(n);
	net_frame(n, frame, 300);
	put_cut(n, 300, middle, 4);
	net_expect(n, 4, OKAY, "pieces in the middle are empty");
	net_hear(n);
	net_frame(n, frame, 300);
	put_cut(n, 300, last, 2);
	net_expect(n, 2, OKAY, "the last piece is empty");
	net_hear(n);
	put(n, net_tx(n, 0, 0, MORE));
	put(n, net_tx(n, 1, 0, MORE));
	put(n, net_tx(n, 2, 0, 0));
	net_expect(n, 3, ERROR, "all are empty");
}

/* -- extras ---------------------------------------------------------------------------------- */

static void break_by_extra(struct net *n, struct netif_extra_info extra,
			   unsigned int times)
{
	if (!peer_connect(n->p))
		return;
	net_frame(n, n->tx_data, ECHO_SIZE);
	put(n, net_tx(n, 0, ECHO_SIZE, EXTRA));
	for (unsigned int i = 0; i < times; i++) {
		extra.flags = i + 1 < times ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
		put_extra(n, extra);
	}
	n->lost = true;
	net_push(n);
}

static void extra_missing(void *device, struct peer *p)
{
	(void)p;
	break_by_extra(device, (struct netif_extra_info){ .type = 1 }, 0);
}

static void extra_type_0(void *device, struct peer *p)
{
	(void)p;
	break_by_extra(device, (struct netif_extra_info){ .type = 0 }, 1);
}

static void extra_type_max(void *device, struct peer *p)
{
	(void)p;
	break_by_extra(device, (struct netif_extra_info){
		.type = XEN_NETIF_EXTRA_TYPE_MAX }, 1);
}

static void extra_type_255(void *device, struct peer *p)
{
	(void)p;
	break_by_extra(device, (struct netif_extra_info){ .type = 255 }, 1);
}

static struct netif_extra_info gso(unsigned int type, unsigned int mss)
{
	return (struct netif_extra_info){
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = mss, .type = type },
	};
}

static void extra_chain(void *device, struct peer *p)
{
	(void)p;
	break_by_extra(device, gso(XEN_NETIF_GSO_TYPE_TCPV4, 1000), 250);
}

static void extra_twice(void *device, struct peer *p)
{
	(void)p;
	break_by_extra(device, gso(XEN_NETIF_GSO_TYPE_TCPV4, 1000), 2);
}

static void gso_mss_0(void *device, struct peer *p)
{
	(void)p;
	break_by_extra(device, gso(XEN_NETIF_GSO_TYPE_TCPV4, 0), 1);
}

static void gso_type_0(void *device, struct peer *p)
{
	(void)p;
	break_by_extra(device, gso(XEN_NETIF_GSO_TYPE_NONE, 1000), 1);
}

static void gso_type_3(void *device, struct peer *p)
{
	(void)p;
	break_by_extra(device, gso(3, 1000), 1);
}

/* -- headers ------------------------------------------------------------------------------------ */

enum l3 { ARP, IPV4, IPV6 };

/* A TCP or UDP packet of SIZE bytes; what a row of a table makes of it. */
struct headers {
	const char *what;
	enum l3 l3;
	uint8_t protocol;
	uint8_t ihl;		/* 0: 5 */
	uint8_t doff;		/* 0: 5 */
	uint16_t fragment;
	uint8_t vlans;
	uint16_t size;
	uint8_t gso;		/* XEN_NETIF_GSO_TYPE_* */
	uint16_t mss;
	uint16_t flags;
	int16_t status;		/* ANY: whatever, but an answer */
};
#define ANY 99

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static void build_l4(uint8_t *at, const struct headers *h)
{
	put16(at, 1234);
	put16(at + 2, 80);
	if (h->protocol == 6)
		at[12] = (h->doff ? h->doff : 5) << 4;
	else
		put16(at + 4, h->size > 42 ? h->size - 34 : 8);
}

static void build(struct net *n, uint8_t *data, const struct headers *h)
{
	static const uint16_t types[] = { 0x0806, 0x0800, 0x86dd };
	unsigned int at = 12;

	memset(data, 0, PAGE);
	memset(data, 0xff, 6);
	memcpy(data + 6, n->mac, 6);
	for (unsigned int i = 0; i < h->vlans; i++, at += 4)
		put16(data + at, i ? 0x8100 : 0x88a8);
	put16(data + at, types[h->l3]);
	at += 2;
	if (h->l3 == IPV4) {
		data[at] = 0x40 | (h->ihl ? h->ihl : 5);
		put16(data + at + 2, h->size - at);
		put16(data + at + 6, h->fragment);
		data[at + 8] = 64;
		data[at + 9] = h->protocol;
		build_l4(data + at + 20, h);
	} else if (h->l3 == IPV6) {
		data[at] = 0x60;
		put16(data + at + 4, h->size - at - 40);
		/* a chain of headers that goes on and on, by `protocol` 0 */
		data[at + 6] = h->protocol;
		if (h->protocol)
			build_l4(data + at + 40, h);
	}
}

static void try_headers(struct net *n, const struct headers *rows,
			size_t count)
{
	if (!peer_connect(n->p))
		return;
	for (size_t i = 0; i < count && !n->lost; i++) {
		const struct headers *h = &rows[i];
		struct netif_tx_response rsp, null;

		build(n, n->tx_data, h);
		put(n, net_tx(n, 0, h->size, h->flags |
			      (h->gso ? EXTRA : 0)));
		if (h->gso)
			put_extra(n, gso(h->gso, h->mss));
		net_push(n);
		if (!net_take(n, &rsp) || (h->gso && !net_take(n, &null)))
			return;
		expect(n->p, h->status == ANY || rsp.status == h->status,
		       "%s: status %d, want %d", h->what, rsp.status,
		       h->status);
	}
}

#define V4 XEN_NETIF_GSO_TYPE_TCPV4
#define V6 XEN_NETIF_GSO_TYPE_TCPV6

static void segmentation(void *device, struct peer *p)
{
	static const struct headers rows[] = {
		{ "a good one", IPV4, 6, 0, 0, 0, 0, 4000, V4, 1000, BLANK,
		  OKAY },
		{ "a good one of IPv6", IPV6, 6, 0, 0, 0, 0, 4000, V6, 1000,
		  BLANK, OKAY },
		{ "segments of 1", IPV4, 6, 0, 0, 0, 0, 4000, V4, 1, BLANK,
		  ANY },
		{ "segments of 65535", IPV4, 6, 0, 0, 0, 0, 4000, V4, 65535,
		  BLANK, ANY },
		{ "of IPv4, on IPv6", IPV6, 6, 0, 0, 0, 0, 4000, V4, 1000,
		  BLANK, ERROR },
		{ "of IPv6, on IPv4", IPV4, 6, 0, 0, 0, 0, 4000, V6, 1000,
		  BLANK, ERROR },
		{ "on ARP", ARP, 0, 0, 0, 0, 0, 4000, V4, 1000, BLANK, ERROR },
		{ "on UDP", IPV4, 17, 0, 0, 0, 0, 4000, V4, 1000, BLANK,
		  ERROR },
		{ "on 60 bytes", IPV4, 6, 0, 0, 0, 0, 60, V4, 1000, BLANK,
		  ANY },
		{ "without a blank checksum", IPV4, 6, 0, 0, 0, 0, 4000, V4,
		  1000, 0, ANY },
	};

	(void)p;
	try_headers(device, rows, ARRAY_SIZE(rows));
}

static void checksums(void *device, struct peer *p)
{
	static const struct headers rows[] = {
		{ "a good one", IPV4, 6, 0, 0, 0, 0, 100, 0, 0, BLANK, OKAY },
		{ "on ARP", ARP, 0, 0, 0, 0, 0, 60, 0, 0, BLANK, ANY },
		{ "on a fragment", IPV4, 6, 0, 0, 0x2001, 0, 100, 0, 0, BLANK,
		  ANY },
		{ "of a protocol without", IPV4, 1, 0, 0, 0, 0, 100, 0, 0,
		  BLANK, ANY },
		{ "of 34 bytes", IPV4, 6, 0, 0, 0, 0, 34, 0, 0, BLANK, ANY },
		{ "of 14 bytes", IPV4, 6, 0, 0, 0, 0, 14, 0, 0, BLANK, ANY },
		{ "an IP header of 4 words", IPV4, 6, 4, 0, 0, 0, 100, 0, 0,
		  BLANK, ANY },
		{ "an IP header past the end", IPV4, 6, 15, 0, 0, 0, 60, 0, 0,
		  BLANK, ANY },
		{ "a TCP header of 4 words", IPV4, 6, 0, 4, 0, 0, 100, 0, 0,
		  BLANK, ANY },
		{ "a TCP header past the end", IPV4, 6, 0, 15, 0, 0, 60, 0, 0,
		  BLANK, ANY },
		{ "IPv6 with header after header", IPV6, 0, 0, 0, 0, 0, 4096,
		  0, 0, BLANK, ANY },
		{ "IPv6 of 54 bytes", IPV6, 6, 0, 0, 0, 0, 54, 0, 0, BLANK,
		  ANY },
	};

	(void)p;
	try_headers(device, rows, ARRAY_SIZE(rows));
}

static void tagged(void *device, struct peer *p)
{
	static const struct headers rows[] = {
		{ "one tag", IPV4, 6, 0, 0, 0, 1, 104, 0, 0, BLANK, ANY },
		{ "two tags", IPV4, 6, 0, 0, 0, 2, 108, 0, 0, BLANK, ANY },
		{ "50 tags", IPV4, 6, 0, 0, 0, 50, 400, 0, 0, BLANK, ANY },
		{ "one tag, segmented", IPV4, 6, 0, 0, 0, 1, 4000, V4, 1000,
		  BLANK, ANY },
		{ "50 tags, segmented", IPV4, 6, 0, 0, 0, 50, 4000, V4, 1000,
		  BLANK, ANY },
		{ "a tag at the very end", IPV4, 6, 0, 0, 0, 1, 16, 0, 0,
		  BLANK, ANY },
	};

	(void)p;
	try_headers(device, rows, ARRAY_SIZE(rows));
}

/* -- grants, ids, flags ------------------------------------------------------------------------- */

static void grants(void *device, struct peer *p)
{
	struct netif_tx_request req;
	struct net *n = device;
	uint32_t gref;
	void *page;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	memcpy(n->fixed, n->tx_data, 200);
	req = net_tx(n, 0, 200, 0);
	req.gref = 31000;
	put(n, req);
	net_expect(n, 1, ERROR, "a grant that is none");
	req.gref = UINT32_MAX;
	put(n, req);
	net_expect(n, 1, ERROR, "grant 2^32 - 1");
	req.gref = n->fixed_gref;
	put(n, req);
	net_expect(n, 1, OKAY, "a page that may only be read");
	put(n, net_tx(n, 0, 200, MORE));
	req = net_tx(n, 1, 100, 0);
	req.gref = 31000;
	put(n, req);
	net_expect(n, 2, ERROR, "a good piece and a bad one");
	page = peer_share(p, 1, true, &gref);
	peer_unshare(p, page, 1);
	req = net_tx(n, 0, 200, 0);
	req.gref = gref;
	put(n, req);
	net_expect(n, 1, ERROR, "a grant that is over");
}

static void revoked(void *device, struct peer *p)
{
	struct netif_tx_response rsp;
	struct net *n = device;

	if (!peer_connect(p))
		return;
	for (unsigned int i = 0; i < 40; i++) {
		struct netif_tx_request req = net_tx(n, 0, 200, 0);
		void *page = peer_share(p, 1, true, &req.gref);

		net_frame(n, page, 200);
		put(n, req);
		net_push(n);
		peer_unshare(p, page, 1);
		if (!net_take(n, &rsp) ||
		    !expect(p, rsp.status == OKAY || rsp.status == ERROR,
			    "status %d", rsp.status))
			break;
	}
}

static void ids(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	for (unsigned int i = 0; i < 64; i++) {
		struct netif_tx_request req = net_tx(n, 0, 200, 0);

		req.id = 65535;
		put(n, req);
	}
	net_expect(n, 64, OKAY, "id 65535");
}

static void flags(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	put(n, net_tx(n, 0, 200, 0xfff0));
	net_expect(n, 1, OKAY, "flags that are none");
	put(n, net_tx(n, 0, 300, MORE));
	put(n, net_tx(n, 1, 100, EXTRA | BLANK));
	net_expect(n, 2, OKAY, "flags of a first slot on a second");
}

static void same_page(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	for (unsigned int i = 0; i < 18; i++)
		put(n, net_tx(n, 0, i ? 50 : 18 * 50, i < 17 ? MORE : 0));
	net_expect(n, 18, OKAY, "18 times the same page");
	/* a ring of frames, all of one page */
	for (unsigned int i = 0; i < 200; i++)
		put(n, net_tx(n, 0, 200, 0));
	net_expect(n, 200, OKAY, "200 times the same page");
}

/* The ring itself as a frame: a source address that is not ours. */
static void ring_as_frame(void *device, struct peer *p)
{
	struct netif_tx_request req;
	struct net *n = device;

	if (!peer_connect(p))
		return;
	req = net_tx(n, 0, 1000, 0);
	req.gref = n->ring_grefs[0];
	put(n, req);
	net_expect(n, 1, NETIF_RSP_DROPPED, "the ring's page");
}

static void hash_extra(void *device, struct peer *p)
{
	struct netif_tx_response rsp;
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	put(n, net_tx(n, 0, 200, EXTRA));
	put_extra(n, (struct netif_extra_info){
		.type = XEN_NETIF_EXTRA_TYPE_HASH });
	net_push(n);
	if (net_take(n, &rsp))
		expect(p, rsp.status == OKAY, "status %d", rsp.status);
	if (net_take(n, &rsp))
		expect(p, rsp.status == NETIF_RSP_NULL,
		       "status of the extra: %d", rsp.status);
}

/* Multicast control was not offered either. */
static void mcast_extra(void *device, struct peer *p)
{
	struct netif_tx_response rsp;
	struct net *n = device;

	if (!peer_connect(p))
		return;
	for (unsigned int i = 0; i < 200 && !n->lost; i++) {
		put(n, net_tx(n, 0, 0, EXTRA));
		put_extra(n, (struct netif_extra_info){
			.type = i % 2 ? XEN_NETIF_EXTRA_TYPE_MCAST_DEL :
				XEN_NETIF_EXTRA_TYPE_MCAST_ADD,
			.u.mcast.addr = { 1, 2, 3, 4, 5, i } });
		net_push(n);
		if (net_take(n, &rsp))
			expect(p, rsp.status == ERROR, "status %d",
			       rsp.status);
		net_take(n, &rsp);
	}
}

static void foreign_macs(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	for (unsigned int i = 0; i < 1000 && !n->lost; i++) {
		net_frame(n, n->tx_data, 200);
		n->tx_data[11] ^= 1 + i % 255;
		put(n, net_tx(n, 0, 200, 0));
		net_expect(n, 1, NETIF_RSP_DROPPED, "a foreign address");
	}
}

/* -- events ----------------------------------------------------------------------------------------- */

static void storm(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	for (unsigned int i = 0; i < 10000; i++)
		peer_notify(p, n->port);
}

/* Put in silence; the next event brings all of it along. */
static void silent(void *device, struct peer *p)
{
	struct netif_tx_request req;
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	req = net_tx(n, 0, 200, 0);
	for (unsigned int i = 0; i < 100; i++) {
		net_put(n, &req, sizeof(req));
		ring_publish(&n->tx->req_prod, n->tx_prod);
	}
	net_expect(n, 100, OKAY, "sent in silence");
}

#define TOO_LARGE "crosses the end of its page"

static const struct peer_case cases[] = {
	{ "control", "net", "a good frontend is served", ANSWERED, NULL,
	  good },
	{ "control-pieces", "net", "so are frames in pieces", ANSWERED, NULL,
	  good_pieces },
	{ "T01", "net", "req_prod is 257 ahead", CLOSED, "a ring ahead",
	  jump_257 },
	{ "T02", "net", "req_prod goes back", CLOSED, "req_prod", jump_back },
	{ "T03", "net", "req_prod is 2^31 ahead", CLOSED, "a ring ahead",
	  jump_half },
	{ "T05", "net", "frames of 0, 13 and 14 bytes", ANSWERED, NULL,
	  small },
	{ "T06", "net", "pieces that are more than the whole: an error",
	  ANSWERED, NULL, sum_too_large },
	{ "T07", "net", "a piece of 65535 bytes", CLOSED, TOO_LARGE,
	  piece_65535 },
	{ "T08", "net", "a piece across the end of its page", CLOSED,
	  TOO_LARGE, across_end },
	{ "T08-whole", "net", "65535 bytes in one slot", CLOSED, TOO_LARGE,
	  whole_65535 },
	{ "T08-offset", "net", "offset 65535", CLOSED, TOO_LARGE,
	  offset_65535 },
	{ "T09", "net", "18 slots are served, 19 and 20 an error", ANSWERED,
	  NULL, chains },
	{ "T09-21", "net", "21 slots", CLOSED, "more than 20 slots",
	  chain_21 },
	{ "T09-255", "net", "255 slots", CLOSED, "more than 20 slots",
	  chain_255 },
	{ "T10", "net", "a frame that never ends", CLOSED,
	  "ends behind req_prod", chain_open },
	{ "T11", "net", "headers cut at every byte arrive whole", ANSWERED,
	  NULL, split_headers },
	{ "T12", "net", "empty pieces", ANSWERED, NULL, empty_pieces },
	{ "T13", "net", "an extra is announced and not there", CLOSED,
	  "an extra is missing", extra_missing },
	{ "T14", "net", "an extra of type 0", CLOSED, "no type that exists",
	  extra_type_0 },
	{ "T14-max", "net", "an extra of the first type that is none", CLOSED,
	  "no type that exists", extra_type_max },
	{ "T14-255", "net", "an extra of type 255", CLOSED,
	  "no type that exists", extra_type_255 },
	{ "T15", "net", "a chain of 250 extras", CLOSED, "came twice",
	  extra_chain },
	{ "T15-twice", "net", "the same extra twice", CLOSED, "came twice",
	  extra_twice },
	{ "T16", "net", "segmentation that fits no header", ANSWERED, NULL,
	  segmentation },
	{ "T16-mss", "net", "segments of no bytes", CLOSED,
	  "a segment size is 0", gso_mss_0 },
	{ "T16-type", "net", "segmentation of type 0", CLOSED,
	  "type does not exist", gso_type_0 },
	{ "T16-type-3", "net", "segmentation of type 3", CLOSED,
	  "type does not exist", gso_type_3 },
	{ "T17", "net", "blank checksums where there are none", ANSWERED,
	  NULL, checksums },
	{ "T18", "net", "grants that do not exist: an error", ANSWERED, NULL,
	  grants },
	{ "T18-revoked", "net", "a grant that ends while it is sent",
	  ANSWERED, NULL, revoked },
	{ "T18-ring", "net", "the ring's own page as a frame", ANSWERED, NULL,
	  ring_as_frame },
	{ "T19", "net", "the same id in all slots: all are answered",
	  ANSWERED, NULL, ids },
	{ "T20", "net", "flags that are none", ANSWERED, NULL, flags },
	{ "T22", "net", "the same page in all slots", ANSWERED, NULL,
	  same_page },
	{ "T23-filter", "net", "foreign addresses: dropped, said once",
	  ANSWERED, NULL, foreign_macs },
	{ "T24", "net", "a hash that was not asked for", ANSWERED, NULL,
	  hash_extra },
	{ "M01", "net", "multicast control, which was not offered", ANSWERED,
	  NULL, mcast_extra },
	{ "T25", "net", "64 KiB without segmentation", ANSWERED, NULL,
	  largest },
	{ "T26", "net", "VLAN tags before checksums and segmentation",
	  ANSWERED, NULL, tagged },
	{ "E01", "net", "10000 events for empty rings", ANSWERED, NULL,
	  storm },
	{ "E02", "net", "frames without events, then one", ANSWERED, NULL,
	  silent },
};
const struct peer_table net_tx_cases = { cases, ARRAY_SIZE(cases) };
