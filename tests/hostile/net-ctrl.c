/* SPDX-License-Identifier: MIT */
/* The control ring is the lie (net C01..C08), or is used as it should be. */
#include "config.h"

#include "tests/hostile/net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/ring.h"

#define CTRL_SLOTS 128u
#define BAD_GREF 31000
#define QUEUE_PAGES 32u

#define TYPE(t) XEN_NETIF_CTRL_TYPE_##t
#define OK XEN_NETIF_CTRL_STATUS_SUCCESS
#define NO XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define OVERFLOW XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW
#define ANY UINT32_MAX

/* A queue that receives; queue 0's other half is struct net's. */
struct lane {
	struct netif_rx_sring *rx;
	uint8_t *data;
	uint32_t grefs[QUEUE_PAGES];
	uint32_t prod, cons;
	evtchn_port_t port;
};

/* What a frontend with a control ring has beside a struct net. Made once. */
static struct bench {
	struct net *n;
	struct xen_netif_ctrl_sring *ring;
	uint32_t ring_gref;
	evtchn_port_t port;
	uint32_t prod, cons;
	uint32_t *words;		/* a page to point to */
	uint32_t words_gref;
	uint32_t queue_grefs[2];	/* queue 1's two rings */
	struct netif_tx_sring *tx1;
	struct lane lanes[2];
} b;

static void make(struct net *n)
{
	struct peer *p = n->p;
	uint8_t *rings;

	if (b.n)
		return;
	b.n = n;
	b.ring = peer_share(p, 1, true, &b.ring_gref);
	b.words = peer_share(p, 1, true, &b.words_gref);
	rings = peer_share(p, 2, true, b.queue_grefs);
	b.tx1 = (void *)rings;
	b.lanes[1].rx = (void *)(rings + PAGE);
	for (unsigned int i = 0; i < 2; i++)
		b.lanes[i].data = peer_share(p, QUEUE_PAGES, true,
					     b.lanes[i].grefs);
}

void net_ctrl_reset(struct peer *p)
{
	if (b.port)
		xenevtchn_unbind(p->ev, b.port);
	if (b.lanes[1].port)
		xenevtchn_unbind(p->ev, b.lanes[1].port);
	b.port = b.lanes[1].port = 0;
}

/* As net_offer(), and a control ring. */
static void offer(struct net *n)
{
	make(n);
	net_offer(n, n->p);
	memset(b.ring, 0, PAGE);
	b.ring->req_event = b.ring->rsp_event = 1;
	b.prod = b.cons = 0;
	b.port = peer_port(n->p);
	peer_put(n->p, "ctrl-ring-ref", "%u", b.ring_gref);
	peer_put(n->p, "event-channel-ctrl", "%u", b.port);
}

static bool connect_now(struct net *n)
{
	peer_state(n->p, BUS_CONNECTED);
	return peer_await(n->p, 1u << BUS_CONNECTED);
}

static bool begin(struct net *n)
{
	offer(n);
	return connect_now(n);
}

/* -- requests ------------------------------------------------------------------ */

static void *entry(uint32_t index)
{
	return &b.ring->ring[index % CTRL_SLOTS];
}

static void put(uint16_t type, uint32_t a, uint32_t c, uint32_t d)
{
	struct xen_netif_ctrl_request req = {
		.id = b.prod * 7, .type = type, .data = { a, c, d },
	};

	memcpy(entry(b.prod), &req, sizeof(req));
	b.prod++;
}

static void push(void)
{
	ring_publish(&b.ring->req_prod, b.prod);
	ring_mb();
	peer_notify(b.n->p, b.port);
}

static bool answered(void *arg)
{
	(void)arg;
	ring_store(&b.ring->rsp_event, b.cons + 1);
	ring_mb();
	return ring_snapshot(&b.ring->rsp_prod) != b.cons;
}

/* The next response is there; it must be to our request, unless that changes. */
static bool take(struct xen_netif_ctrl_response *rsp, bool changing)
{
	struct peer *p = b.n->p;

	if (!expect(p, peer_until(p, answered, NULL),
		    "no response comes: %u of %u are there, the backend is %s",
		    b.cons, b.prod, bus_state_name(peer_back(p)))) {
		b.n->lost = true;
		return false;
	}
	memcpy(rsp, entry(b.cons), sizeof(*rsp));
	expect(p, changing || rsp->id == (uint16_t)(b.cons * 7),
	       "response %u has id %u", b.cons, rsp->id);
	b.cons++;
	return true;
}

/* STATUS must come, or ANY; what came besides. */
static uint32_t ask(uint32_t status, uint16_t type, uint32_t a, uint32_t c,
		    uint32_t d)
{
	struct xen_netif_ctrl_response rsp = { .status = ANY };

	if (b.n->lost)
		return 0;
	put(type, a, c, d);
	push();
	if (take(&rsp, false))
		expect(b.n->p, rsp.type == type &&
		       (status == ANY || rsp.status == status),
		       "request %u (%u, %u, %u): type %u status %u, want %u",
		       type, a, c, d, rsp.type, rsp.status, status);
	return status == ANY ? rsp.status : rsp.data;
}

static void no_such_types(void *device, struct peer *p)
{
	static const uint16_t types[] = {
		TYPE(INVALID), TYPE(GET_GREF_MAPPING_SIZE),
		TYPE(ADD_GREF_MAPPING), TYPE(DEL_GREF_MAPPING), 11, 255, 256,
		256 + TYPE(SET_HASH_KEY), 32768, 65535,
	};

	(void)p;
	if (!begin(device))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		ask(NO, types[i], b.words_gref, 1, 1);
	ask(OK, TYPE(GET_HASH_MAPPING_SIZE), 0, 0, 0);
}

static void keys(void *device, struct peer *p)
{
	static const uint32_t sizes[] = { 41, 4096, 4097, 65536 + 8, 1u << 31,
					  UINT32_MAX };
	struct net *n = device;
	uint32_t gref;
	void *page;

	if (!begin(n))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		ask(OVERFLOW, TYPE(SET_HASH_KEY), b.words_gref, sizes[i], 0);
	ask(OK, TYPE(SET_HASH_KEY), b.words_gref, 40, 0);
	ask(OK, TYPE(SET_HASH_KEY), n->fixed_gref, 40, 0);
	ask(OK, TYPE(SET_HASH_KEY), BAD_GREF, 0, 0);
	ask(INVALID, TYPE(SET_HASH_KEY), BAD_GREF, 40, 0);
	ask(INVALID, TYPE(SET_HASH_KEY), UINT32_MAX, 1, 0);
	/* the ring itself: a page like another */
	ask(OK, TYPE(SET_HASH_KEY), b.ring_gref, 40, 0);
	page = peer_share(p, 1, true, &gref);
	peer_unshare(p, page, 1);
	ask(ANY, TYPE(SET_HASH_KEY), gref, 40, 0);
}

static void table_sizes(void *device, struct peer *p)
{
	static const uint32_t sizes[] = { 129, 256, 65536, 1u << 31,
					  UINT32_MAX };

	if (!begin(device))
		return;
	expect(p, ask(OK, TYPE(GET_HASH_MAPPING_SIZE), 0, 0, 0) == 128,
	       "a table has 128 entries");
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		ask(INVALID, TYPE(SET_HASH_MAPPING_SIZE), sizes[i], 0, 0);
	ask(OK, TYPE(SET_HASH_MAPPING_SIZE), 0, 0, 0);
	ask(INVALID, TYPE(SET_HASH_MAPPING), b.words_gref, 1, 0);
	ask(OK, TYPE(SET_HASH_MAPPING_SIZE), 128, 0, 0);
}

static void hash_everything(void)
{
	ask(OK, TYPE(SET_HASH_ALGORITHM), 1, 0, 0);
	ask(OK, TYPE(SET_HASH_FLAGS), 15, 0, 0);
}

static void tables(void *device, struct peer *p)
{
	static const struct {
		uint32_t count, from, status;
	} ranges[] = {
		{ 100, 0, OK }, { 101, 0, INVALID }, { 1, 99, OK },
		{ 1, 100, INVALID }, { 100, 1, INVALID }, { 129, 0, OVERFLOW },
		{ 1, UINT32_MAX, OVERFLOW }, { UINT32_MAX, 1, OVERFLOW },
		{ 1u << 30, 0, OVERFLOW }, { 1u << 31, 1u << 31, OVERFLOW },
		{ 0, 0, OK }, { 0, UINT32_MAX, OVERFLOW },
	};
	static const uint32_t wrong[] = { 1, 8, 256, 1u << 31, UINT32_MAX };

	(void)p;
	if (!begin(device))
		return;
	hash_everything();
	memset(b.words, 0, PAGE);
	ask(OK, TYPE(SET_HASH_MAPPING_SIZE), 100, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		ask(ranges[i].status, TYPE(SET_HASH_MAPPING), b.words_gref,
		    ranges[i].count, ranges[i].from);
	ask(INVALID, TYPE(SET_HASH_MAPPING), BAD_GREF, 1, 0);
	/* with one queue there is queue 0 only */
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		b.words[99] = wrong[i];
		ask(INVALID, TYPE(SET_HASH_MAPPING), b.words_gref, 100, 0);
	}
}

/* One entry is right and wrong in turns, while it is copied and judged. */
static void flip_entry(void *arg)
{
	volatile uint32_t *word = arg;

	*word = *word ? 0 : UINT32_MAX;
}

static void tables_change(void *device, struct peer *p)
{
	struct meddler *m;

	if (!begin(device))
		return;
	hash_everything();
	memset(b.words, 0, PAGE);
	ask(OK, TYPE(SET_HASH_MAPPING_SIZE), 128, 0, 0);
	m = meddler_start(flip_entry, &b.words[77]);
	for (unsigned int i = 0; i < 500 && !b.n->lost; i++) {
		uint32_t status = ask(ANY, TYPE(SET_HASH_MAPPING),
				      b.words_gref, 128, 0);

		expect(p, status == OK || status == INVALID, "status %u",
		       status);
	}
	meddler_stop(m);
}

static void before_algorithm(void *device, struct peer *p)
{
	static const uint32_t wrong[] = { 16, 31, 256, UINT32_MAX };

	if (!begin(device))
		return;
	ask(INVALID, TYPE(SET_HASH_FLAGS), 1, 0, 0);
	ask(NO, TYPE(GET_HASH_FLAGS), 0, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		ask(INVALID, TYPE(SET_HASH_ALGORITHM), wrong[i], 0, 0);
	ask(OK, TYPE(SET_HASH_ALGORITHM), 1, 0, 0);
	expect(p, ask(OK, TYPE(GET_HASH_FLAGS), 0, 0, 0) == 15,
	       "four types there are");
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		ask(INVALID, TYPE(SET_HASH_FLAGS), wrong[i], 0, 0);
	ask(OK, TYPE(SET_HASH_FLAGS), 15, 0, 0);
	ask(OK, TYPE(SET_HASH_ALGORITHM), 0, 0, 0);
	ask(INVALID, TYPE(SET_HASH_FLAGS), 1, 0, 0);
}

static void static_grants(void *device, struct peer *p)
{
	static const uint32_t counts[] = { 0, 1, 512, 513, UINT32_MAX };

	(void)p;
	if (!begin(device))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		ask(NO, TYPE(ADD_GREF_MAPPING), 0, b.words_gref, counts[i]);
		ask(NO, TYPE(DEL_GREF_MAPPING), 0, BAD_GREF, counts[i]);
	}
	ask(NO, TYPE(GET_GREF_MAPPING_SIZE), UINT32_MAX, 0, 0);
}

/* -- the ring --------------------------------------------------------------------- */

static void jump(void *device, uint32_t prod)
{
	if (!begin(device))
		return;
	ask(OK, TYPE(GET_HASH_MAPPING_SIZE), 0, 0, 0);
	b.n->lost = true;
	b.prod = prod;
	push();
}

static void jump_129(void *device, struct peer *p)
{
	(void)p;
	jump(device, 1 + 129);
}

static void jump_half(void *device, struct peer *p)
{
	(void)p;
	jump(device, 1 + (UINT32_C(1) << 31));
}

static void jump_back(void *device, struct peer *p)
{
	(void)p;
	jump(device, 0);
}

static void move_prod(void *arg)
{
	static uint32_t turn;
	uint32_t *prod = arg;

	ring_store(prod, turn++ * 2654435761u);
}

static bool closes(void *arg)
{
	struct peer *p = arg;
	enum bus_state back = peer_back(p);

	/* an event from before it moved says nothing */
	peer_notify(p, b.port);
	return back == BUS_CLOSING || back == BUS_CLOSED;
}

/* The index is another one at each look: closed as soon as it is seen. */
static void moving(void *device, struct peer *p)
{
	struct meddler *m;

	if (!begin(device))
		return;
	b.n->lost = true;
	m = meddler_start(move_prod, &b.ring->req_prod);
	expect(p, peer_until(p, closes, p), "it is not closed");
	meddler_stop(m);
}

/* A slot is another request, and another one, while it is read. */
static void rewrite(void *arg)
{
	static uint32_t turn;
	volatile struct xen_netif_ctrl_request *req = arg;

	req->type = turn % 13;
	req->data[0] = turn & 1 ? b.words_gref : turn;
	req->data[1] = turn % 131;
	req->data[2] = turn % 127;
	turn++;
}

static void rewriting(void *device, struct peer *p)
{
	struct xen_netif_ctrl_response rsp;
	struct meddler *m;
	unsigned int slots = 0;

	if (!begin(device))
		return;
	memset(b.words, 0, PAGE);
	m = meddler_start(rewrite, entry(5));
	for (unsigned int i = 0; i < 20 && !b.n->lost; i++) {
		for (unsigned int j = 0; j < CTRL_SLOTS; j++)
			put(TYPE(GET_HASH_MAPPING_SIZE), 0, 0, 0);
		push();
		while (b.cons != b.prod && take(&rsp, true))
			slots += rsp.status <= OVERFLOW;
	}
	meddler_stop(m);
	expect(p, slots >= 20 * (CTRL_SLOTS - 1), "%u responses", slots);
}

static bool all_answered(void *arg)
{
	(void)arg;
	return ring_snapshot(&b.ring->rsp_prod) == b.prod;
}

/* Nobody looks at them, asks for events or cares: a ring's worth is bounded. */
static void never_consumed(void *device, struct peer *p)
{
	if (!begin(device))
		return;
	for (unsigned int i = 0; i < 50; i++) {
		for (unsigned int j = 0; j < CTRL_SLOTS; j++)
			put(j, b.words_gref, j, j);
		push();
		if (!expect(p, peer_until(p, all_answered, NULL),
			    "round %u is not answered", i))
			return;
	}
	b.cons = b.prod;
	ask(OK, TYPE(GET_HASH_MAPPING_SIZE), 0, 0, 0);
}

static void storm(void *device, struct peer *p)
{
	if (!begin(device))
		return;
	for (unsigned int i = 0; i < 5000; i++)
		peer_notify(p, b.port);
	ask(OK, TYPE(GET_HASH_MAPPING_SIZE), 0, 0, 0);
}

/* All at once with frames on the other rings; it is closed in the middle. */
static void closed_busy(void *device, struct peer *p)
{
	struct net *n = device;

	if (!begin(n))
		return;
	hash_everything();
	net_lend(n, 64);
	net_flood(n, 500, 200);
	for (unsigned int j = 0; j < CTRL_SLOTS; j++)
		put(TYPE(SET_HASH_KEY), b.words_gref, 40, 0);
	push();
	peer_state(p, BUS_CLOSED);
	peer_await(p, 1u << BUS_CLOSED);
}

/* -- nodes ------------------------------------------------------------------------- */

static void no_port(void *device, struct peer *p)
{
	offer(device);
	peer_remove(p, "event-channel-ctrl");
	peer_state(p, BUS_CONNECTED);
}

static void no_ref(void *device, struct peer *p)
{
	offer(device);
	peer_remove(p, "ctrl-ring-ref");
	peer_state(p, BUS_CONNECTED);
}

static void junk_ref(void *device, struct peer *p)
{
	offer(device);
	peer_put(p, "ctrl-ring-ref", "4294967296");
	peer_state(p, BUS_CONNECTED);
}

static void junk_port(void *device, struct peer *p)
{
	offer(device);
	peer_put(p, "event-channel-ctrl", "junk");
	peer_state(p, BUS_CONNECTED);
}

static void bad_ref(void *device, struct peer *p)
{
	offer(device);
	peer_put(p, "ctrl-ring-ref", "%u", BAD_GREF);
	peer_state(p, BUS_CONNECTED);
}

static void fixed_ref(void *device, struct peer *p)
{
	struct net *n = device;

	offer(n);
	peer_put(p, "ctrl-ring-ref", "%u", n->fixed_gref);
	peer_state(p, BUS_CONNECTED);
}

static void same_ref(void *device, struct peer *p)
{
	struct net *n = device;

	offer(n);
	peer_put(p, "ctrl-ring-ref", "%u", n->ring_grefs[1]);
	peer_state(p, BUS_CONNECTED);
}

static void same_port(void *device, struct peer *p)
{
	struct net *n = device;

	offer(n);
	peer_put(p, "event-channel-ctrl", "%u", n->port);
	peer_state(p, BUS_CONNECTED);
}

static void no_such_port(void *device, struct peer *p)
{
	offer(device);
	peer_put(p, "event-channel-ctrl", "4000");
	peer_state(p, BUS_CONNECTED);
}

/* -- as it should be: hashes, and queues by them ----------------------------------- */

/* Microsoft's vectors: an even and an odd hash. */
static const struct flow {
	const char *from, *to;
	uint16_t from_port, to_port;
	uint32_t hash;
} flows[] = {
	{ "199.92.111.2", "65.69.140.83", 14230, 4739, 0xc626b0ea },
	{ "66.9.149.187", "161.142.100.80", 2794, 1766, 0x51ccc178 },
	{ "12.1.2.3", "12.1.2.4", 0, 0, 0 },		/* is UDP: none */
	{ "38.27.205.30", "209.142.163.6", 48228, 2217, 0xafc7327f },
};
#define UDP_FLOW 2u
#define TCP_ONLY (XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP | \
		  XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

static const uint8_t microsofts_key[40] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static void lane_lend(struct lane *l, unsigned int count)
{
	while (count--) {
		struct netif_rx_request req = {
			.id = l->prod % SLOTS,
			.gref = l->grefs[l->prod % QUEUE_PAGES],
		};

		memcpy(&l->rx->ring[l->prod % SLOTS], &req, sizeof(req));
		l->prod++;
	}
	ring_publish(&l->rx->req_prod, l->prod);
	ring_mb();
	peer_notify(b.n->p, l->port);
}

static bool lane_came(void *arg)
{
	struct lane *l = arg;

	ring_store(&l->rx->rsp_event, l->cons + 1);
	ring_mb();
	return ring_snapshot(&l->rx->rsp_prod) != l->cons;
}

/* A frame, and its hash where it has one. */
struct got {
	const uint8_t *data;
	unsigned int size;
	bool hashed;
	struct netif_extra_info extra;
};

/* The next frame of one page; what is not a flow of ours is let go. */
static bool lane_take(struct lane *l, struct got *g)
{
	struct peer *p = b.n->p;
	struct netif_rx_response rsp;

	do {
		if (!expect(p, peer_until(p, lane_came, l),
			    "no frame comes on queue %ld",
			    (long)(l - b.lanes)))
			return false;
		*g = (struct got){
			.data = l->data + l->cons % QUEUE_PAGES * (size_t)PAGE,
		};
		memcpy(&rsp, &l->rx->ring[l->cons++ % SLOTS], sizeof(rsp));
		g->size = rsp.status > 0 ? rsp.status : 0;
		g->hashed = rsp.flags & NETRXF_extra_info;
		if (g->hashed)
			memcpy(&g->extra, &l->rx->ring[l->cons++ % SLOTS],
			       sizeof(g->extra));
		lane_lend(l, g->hashed ? 2 : 1);
	} while (g->size < ETH_SIZE + ECHO_IP_SIZE ||
		 memcmp(g->data + 12, "\x08\x00", 2));
	return true;
}

/* The echo's frame wrapped into FLOW's IPv4 header; comes back as it is. */
static void send_flow(unsigned int flow)
{
	static const unsigned int size = ECHO_SIZE + ECHO_IP_SIZE;
	struct net *n = b.n;
	const struct flow *f = &flows[flow];
	struct netif_tx_request req = net_tx(n, 1, size, 0);
	uint16_t ports[] = { htons(f->from_port), htons(f->to_port) };
	uint8_t *frame = n->tx_data + PAGE, *ip = frame + ETH_SIZE;

	net_frame(n, frame, ECHO_SIZE);
	memmove(ip + ECHO_IP_SIZE, ip, ECHO_SIZE - ETH_SIZE);
	memset(ip, 0, ECHO_IP_SIZE);
	frame[12] = 0x08;
	frame[13] = 0x00;
	ip[0] = 0x45;
	ip[3] = size - ETH_SIZE;
	ip[9] = flow == UDP_FLOW ? 17 : 6;
	inet_pton(AF_INET, f->from, ip + 12);
	inet_pton(AF_INET, f->to, ip + 16);
	memcpy(ip + 20, ports, sizeof(ports));
	ip[20 + 12] = 0x50;
	net_put(n, &req, sizeof(req));
	net_expect(n, 1, NETIF_RSP_OKAY, "a frame of a flow");
}

/* FLOW comes back by QUEUE, with its hash. */
static void expect_flow(unsigned int flow, unsigned int queue, bool hashed)
{
	const struct flow *f = &flows[flow];
	struct peer *p = b.n->p;
	uint32_t hash;
	struct got g;

	if (b.n->lost)
		return;
	send_flow(flow);
	if (b.n->lost || !lane_take(&b.lanes[queue], &g)) {
		b.n->lost = true;
		return;
	}
	expect(p, !memcmp(g.data + ETH_SIZE + 20, &(uint16_t[]){
			  htons(f->from_port) }, 2),
	       "flow %u: another flow came by queue %u", flow, queue);
	if (!expect(p, g.hashed == hashed, "flow %u: %s hash", flow,
		    g.hashed ? "has a" : "has no") || !hashed)
		return;
	memcpy(&hash, g.extra.u.hash.value, sizeof(hash));
	expect(p, g.extra.type == XEN_NETIF_EXTRA_TYPE_HASH &&
	       g.extra.u.hash.type == _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP &&
	       g.extra.u.hash.algorithm == 1 && hash == f->hash,
	       "flow %u: type %u, hash type %u, algorithm %u, hash 0x%08x, "
	       "want 0x%08x", flow, g.extra.type, g.extra.u.hash.type,
	       g.extra.u.hash.algorithm, hash, f->hash);
}

/* So that there are frames without a hash. */
static void hash_tcp(void)
{
	ask(OK, TYPE(SET_HASH_ALGORITHM), 1, 0, 0);
	ask(OK, TYPE(SET_HASH_FLAGS), TCP_ONLY, 0, 0);
}

static void set_key(void)
{
	memcpy(b.words, microsofts_key, sizeof(microsofts_key));
	ask(OK, TYPE(SET_HASH_KEY), b.words_gref, sizeof(microsofts_key), 0);
}

/* Lane 0 is queue 0's receiving half, with pages of its own. */
static void lane_0_begin(struct net *n)
{
	b.lanes[0].rx = n->rx;
	b.lanes[0].port = n->port;
	b.lanes[0].prod = b.lanes[0].cons = 0;
	lane_lend(&b.lanes[0], QUEUE_PAGES - 1);
}

/* struct net goes on behind lane 0, with its own pages. */
static void lane_0_end(struct net *n)
{
	n->rx_prod = b.lanes[0].prod;
	n->rx_cons = b.lanes[0].cons;
	/* net.c finds a slot's page by the slot's number: let all go by */
	n->lost = true;
}

static void hashes(void *device, struct peer *p)
{
	struct net *n = device;

	(void)p;
	if (!begin(n))
		return;
	lane_0_begin(n);
	expect_flow(0, 0, false);
	set_key();
	hash_tcp();
	for (unsigned int i = 0; i < ARRAY_SIZE(flows); i++)
		expect_flow(i, 0, i != UDP_FLOW);
	ask(OK, TYPE(SET_HASH_FLAGS), 0, 0, 0);
	expect_flow(0, 0, false);
	lane_0_end(n);
}

static void offer_queue(struct peer *p, unsigned int i, const uint32_t *grefs,
			evtchn_port_t port)
{
	char node[40];

	snprintf(node, sizeof(node), "queue-%u/tx-ring-ref", i);
	peer_put(p, node, "%u", grefs[0]);
	snprintf(node, sizeof(node), "queue-%u/rx-ring-ref", i);
	peer_put(p, node, "%u", grefs[1]);
	snprintf(node, sizeof(node), "queue-%u/event-channel", i);
	peer_put(p, node, "%u", port);
}

/* As begin(), with two queues; false also where there is but one. */
static bool begin_two(struct net *n)
{
	struct peer *p = n->p;
	struct lane *l = &b.lanes[1];

	if (strtoul(peer_get(p, p->back, "multi-queue-max-queues"), NULL,
		    10) < 2) {
		p->unsure = "this host has one processor, so vifs have one "
			    "queue";
		begin(n);
		return false;
	}
	offer(n);
	memset(b.tx1, 0, PAGE);
	memset(l->rx, 0, PAGE);
	b.tx1->req_event = b.tx1->rsp_event = 1;
	l->rx->req_event = l->rx->rsp_event = 1;
	l->prod = l->cons = 0;
	l->port = peer_port(p);
	peer_put(p, "multi-queue-num-queues", "2");
	offer_queue(p, 0, n->ring_grefs, n->port);
	offer_queue(p, 1, b.queue_grefs, l->port);
	return connect_now(n);
}

static void steers(void *device, struct peer *p)
{
	struct net *n = device;

	(void)p;
	if (!begin_two(n))
		return;
	lane_0_begin(n);
	lane_lend(&b.lanes[1], QUEUE_PAGES - 1);
	set_key();
	hash_tcp();
	/* by modulo; then by a table of two; then by another one */
	for (unsigned int i = 0; i < ARRAY_SIZE(flows); i++)
		expect_flow(i, flows[i].hash % 2, i != UDP_FLOW);
	for (unsigned int turn = 0; turn < 6; turn++) {
		b.words[0] = turn & 1;
		b.words[1] = !(turn & 1);
		ask(OK, TYPE(SET_HASH_MAPPING_SIZE), 2, 0, 0);
		ask(OK, TYPE(SET_HASH_MAPPING), b.words_gref, 2, 0);
		for (unsigned int i = 0; i < ARRAY_SIZE(flows); i++)
			expect_flow(i, b.words[flows[i].hash % 2],
				    i != UDP_FLOW);
	}
	/* queue 2 is none */
	b.words[0] = 2;
	ask(INVALID, TYPE(SET_HASH_MAPPING), b.words_gref, 2, 0);
	expect_flow(0, 1, true);
	lane_0_end(n);
}

/* All hashes lead to a queue that lends nothing: the other one is served. */
static void steers_nowhere(void *device, struct peer *p)
{
	struct net *n = device;
	unsigned long before;
	pid_t worker;

	if (!begin_two(n))
		return;
	set_key();
	hash_tcp();
	ask(OK, TYPE(SET_HASH_MAPPING_SIZE), 2, 0, 0);
	b.words[0] = 0;		/* and what has no hash */
	b.words[1] = 1;
	ask(OK, TYPE(SET_HASH_MAPPING), b.words_gref, 2, 0);
	net_lend(n, 100);
	worker = peer_worker(p);
	before = peer_rss(worker);
	for (unsigned int i = 0; i < 2000 && !n->lost; i++)
		send_flow(3);		/* its hash is odd: to queue 1 */
	expect(p, !worker || peer_rss(worker) < before + 2048,
	       "the worker grew from %lu to %lu KiB", before,
	       peer_rss(worker));
}

#define AHEAD "control ring: req_prod is more than a ring ahead"

static const struct peer_case cases[] = {
	{ "C01", "net", "the control ring's req_prod is 129 ahead", CLOSED,
	  AHEAD, jump_129 },
	{ "C01-half", "net", "it is 2^31 ahead", CLOSED, AHEAD, jump_half },
	{ "C01-back", "net", "it goes back", CLOSED, AHEAD, jump_back },
	{ "C01-moving", "net", "it moves all the time", CLOSED, AHEAD,
	  moving },
	{ "C01-storm", "net", "events of the control ring without requests",
	  ANSWERED, NULL, storm },
	{ "C02", "net", "requests that do not exist: not supported", ANSWERED,
	  NULL, no_such_types },
	{ "C03", "net", "keys too long, and in pages that are none", ANSWERED,
	  NULL, keys },
	{ "C04", "net", "tables too large", ANSWERED, NULL, table_sizes },
	{ "C05", "net", "entries past the table, and queues that are none",
	  ANSWERED, NULL, tables },
	{ "C05-changing", "net", "entries that change while they are judged",
	  ANSWERED, NULL, tables_change },
	{ "C05-rewriting", "net", "requests that change while they are read",
	  ANSWERED, NULL, rewriting },
	{ "C05-nowhere", "net", "a table to a queue that lends nothing: the "
	  "other one is served", ANSWERED, NULL, steers_nowhere },
	{ "C05-steers", "net", "a good table: each frame by its queue, with "
	  "its hash", ANSWERED, NULL, steers },
	{ "C06", "net", "types of hash before an algorithm", ANSWERED, NULL,
	  before_algorithm },
	{ "C06-hashes", "net", "a good key: each frame has its hash", ANSWERED,
	  NULL, hashes },
	{ "C07", "net", "static grants, which were not offered: not supported",
	  ANSWERED, NULL, static_grants },
	{ "C08", "net", "responses that nobody takes", ANSWERED, NULL,
	  never_consumed },
	{ "C08-closed", "net", "Closed while a ring full of requests waits",
	  ANYWHERE, NULL, closed_busy },
	{ "X01-ctrl-ref", "net", "ctrl-ring-ref is no number", CLOSED,
	  "ctrl-ring-ref is not", junk_ref },
	{ "X01-ctrl-port", "net", "event-channel-ctrl is no number", CLOSED,
	  "event-channel-ctrl is not", junk_port },
	{ "X03-ctrl-half", "net", "a control ring without an event channel",
	  CLOSED, "event-channel-ctrl is missing", no_port },
	{ "X03-ctrl-other", "net", "and one without a page", CLOSED,
	  "ctrl-ring-ref is missing", no_ref },
	{ "X03-ctrl-ref", "net", "its grant does not exist", CLOSED,
	  "control ring: cannot map", bad_ref },
	{ "X03-ctrl-readonly", "net", "it is granted for reading only", CLOSED,
	  "control ring: cannot map", fixed_ref },
	{ "X03-ctrl-ring", "net", "its page is another ring's", CLOSED,
	  "named for two rings", same_ref },
	{ "X03-ctrl-port", "net", "its event channel is a queue's", CLOSED,
	  "name the same event channel", same_port },
	{ "X09-ctrl", "net", "its event channel is nobody's", CLOSED,
	  "control ring: cannot bind", no_such_port },
};
const struct peer_table net_ctrl_cases = { cases, ARRAY_SIZE(cases) };
