/* SPDX-License-Identifier: MIT */
/* See net.h; and the program hostile-net: peer.h says how it is used. */
#include "config.h"

#include "tests/hostile/net.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/ring.h"

#define TX_ENTRY(n, i) (&(n)->tx->ring[(i) % SLOTS])
#define RX_ENTRY(n, i) (&(n)->rx->ring[(i) % SLOTS])

/* -- handshake ------------------------------------------------------------------ */

void net_offer(void *device, struct peer *p)
{
	static const char *const features[] = {
		"request-rx-copy", "feature-rx-notify", "feature-sg",
		"feature-gso-tcpv4", "feature-gso-tcpv6",
		"feature-ipv6-csum-offload",
	};
	struct net *n = device;

	memset(n->tx, 0, PAGE);
	memset(n->rx, 0, PAGE);
	n->tx->req_event = n->tx->rsp_event = 1;
	n->rx->req_event = n->rx->rsp_event = 1;
	n->tx_prod = n->tx_cons = n->rx_prod = n->rx_cons = 0;
	n->lost = false;
	n->port = peer_port(p);
	peer_put(p, "tx-ring-ref", "%u", n->ring_grefs[0]);
	peer_put(p, "rx-ring-ref", "%u", n->ring_grefs[1]);
	peer_put(p, "event-channel", "%u", n->port);
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		peer_put(p, features[i], "1");
}

/* What a case may have left in our folder. */
static void reset(void *device, struct peer *p)
{
	static const char *const nodes[] = {
		"multi-queue-num-queues", "queue-0", "queue-1",
		"event-channel-tx", "event-channel-rx", "tx-ring-ref",
		"rx-ring-ref", "feature-no-csum-offload", "ctrl-ring-ref",
		"event-channel-ctrl", "request-multicast-control",
		"xdp-headroom",
	};
	struct net *n = device;

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		peer_remove(p, nodes[i]);
	if (n->port)
		xenevtchn_unbind(p->ev, n->port);
	n->port = 0;
	net_ctrl_reset(p);
}

static void prepare(void *device, struct peer *p)
{
	struct net *n = device;
	unsigned int m[6] = { 0 };
	void *rings;

	n->p = p;
	sscanf(peer_get(p, p->back, "mac"), "%x:%x:%x:%x:%x:%x", &m[0], &m[1],
	       &m[2], &m[3], &m[4], &m[5]);
	for (unsigned int i = 0; i < 6; i++)
		n->mac[i] = m[i];
	rings = peer_share(p, 2, true, n->ring_grefs);
	n->tx = rings;
	n->rx = (void *)((uint8_t *)rings + PAGE);
	n->tx_data = peer_share(p, TX_PAGES, true, n->tx_grefs);
	n->rx_data = peer_share(p, RX_PAGES, true, n->rx_grefs);
	n->fixed = peer_share(p, 1, false, &n->fixed_gref);
	peer_await(p, 1u << BUS_INITWAIT);
}

/* -- sending -------------------------------------------------------------------------- */

struct netif_tx_request net_tx(const struct net *n, unsigned int page_nr,
			       unsigned int size, unsigned int flags)
{
	return (struct netif_tx_request){
		.gref = n->tx_grefs[page_nr], .flags = flags,
		.id = page_nr, .size = size,
	};
}

void net_put(struct net *n, const void *slot, size_t size)
{
	memcpy(TX_ENTRY(n, n->tx_prod), slot, size);
	n->tx_prod++;
}

void net_push(struct net *n)
{
	ring_publish(&n->tx->req_prod, n->tx_prod);
	ring_mb();
	peer_notify(n->p, n->port);
}

static bool answer_came(void *arg)
{
	struct net *n = arg;

	if (ring_snapshot(&n->tx->rsp_prod) != n->tx_cons)
		return true;
	ring_store(&n->tx->rsp_event, n->tx_cons + 1);
	ring_mb();
	return ring_snapshot(&n->tx->rsp_prod) != n->tx_cons;
}

bool net_take(struct net *n, struct netif_tx_response *rsp)
{
	bool came = peer_until(n->p, answer_came, n);

	/* only now: what the backend is by then */
	if (!expect(n->p, came, "no answer comes: %u of %u are there, "
		    "the backend is %s",
		    n->tx_cons, n->tx_prod, bus_state_name(peer_back(n->p)))) {
		n->lost = true;
		return false;
	}
	memcpy(rsp, TX_ENTRY(n, n->tx_cons), sizeof(*rsp));
	n->tx_cons++;
	return true;
}

bool net_expect(struct net *n, unsigned int count, int16_t status,
		const char *what)
{
	struct netif_tx_response rsp;
	bool good = true;

	net_push(n);
	while (count-- && !n->lost)
		if (net_take(n, &rsp))
			good &= expect(n->p, rsp.status == status,
				       "%s: id %u status %d, want %d", what,
				       rsp.id, rsp.status, status);
	return good && !n->lost;
}

void net_frame(struct net *n, uint8_t *data, unsigned int size)
{
	struct echo e = { .magic = ECHO_MAGIC, .serial = ++n->serial };

	memset(data, 0xff, 6);
	memcpy(data + 6, n->mac, 6);
	data[12] = ETHERTYPE_ECHO >> 8;
	data[13] = ETHERTYPE_ECHO & 255;
	for (unsigned int i = ECHO_SIZE; i < size; i++)
		data[i] = (i ^ n->serial) * 7;
	e.sum = echo_sum(data + ECHO_SIZE, size - ECHO_SIZE);
	memcpy(data + ETH_SIZE, &e, sizeof(e));
}

/* -- receiving ----------------------------------------------------------------------------- */

void net_lend(struct net *n, unsigned int count)
{
	while (count--) {
		unsigned int i = n->rx_prod % RX_PAGES;
		struct netif_rx_request req = {
			.id = n->rx_prod % SLOTS, .gref = n->rx_grefs[i],
		};

		memcpy(RX_ENTRY(n, n->rx_prod), &req, sizeof(req));
		n->rx_prod++;
	}
	ring_publish(&n->rx->req_prod, n->rx_prod);
	ring_mb();
	peer_notify(n->p, n->port);
}

/* The next frame's slots are all there: looks at the chain. */
static bool frame_came(void *arg)
{
	struct net *n = arg;
	uint32_t prod, i;

	ring_store(&n->rx->rsp_event, n->rx_cons + 1);
	ring_mb();
	prod = ring_snapshot(&n->rx->rsp_prod);
	for (i = n->rx_cons; i != prod; i++) {
		struct netif_rx_response rsp;

		memcpy(&rsp, RX_ENTRY(n, i), sizeof(rsp));
		if (!(rsp.flags & NETRXF_more_data))
			return true;
	}
	return false;
}

/* Its bytes, at most SIZE; 0: an error. The slots are lent again. */
static unsigned int frame_take(struct net *n, uint8_t *data, unsigned int size)
{
	unsigned int used = 0, slots = 0;
	struct netif_rx_response rsp;
	bool bad = false;

	do {
		uint8_t *page = n->rx_data +
				n->rx_cons % RX_PAGES * (size_t)PAGE;

		memcpy(&rsp, RX_ENTRY(n, n->rx_cons), sizeof(rsp));
		n->rx_cons++;
		slots++;
		if (rsp.status < 0 || rsp.status > (int)PAGE ||
		    used + rsp.status > size) {
			bad = true;
			continue;
		}
		memcpy(data + used, page, rsp.status);
		used += rsp.status;
	} while (rsp.flags & NETRXF_more_data);
	net_lend(n, slots);
	return bad ? 0 : used;
}

/* So many looks before it is given up. */
struct patience {
	struct net *n;
	unsigned int looks;
};

static bool frame_came_or_enough(void *arg)
{
	struct patience *pt = arg;

	return frame_came(pt->n) || !pt->looks--;
}

/* 1; 0: no frame within LOOKS; -1: it came and is not whole. */
static int hear(struct net *n, unsigned int looks)
{
	static uint8_t data[FRAME_MAX];
	struct patience patience = { n, looks };
	struct echo e = { .serial = 0 };
	unsigned int size;

	do {
		if (!peer_until(n->p, frame_came_or_enough, &patience) ||
		    patience.looks == UINT_MAX)
			return 0;
		size = frame_take(n, data, sizeof(data));
		if (size < ECHO_SIZE ||
		    data[12] != ETHERTYPE_ECHO >> 8 ||
		    data[13] != (ETHERTYPE_ECHO & 255))
			continue;	/* the host's own */
		memcpy(&e, data + ETH_SIZE, sizeof(e));
	} while (e.magic != ECHO_MAGIC || e.serial != n->serial);
	n->foreign = e.foreign;
	return expect(n->p, e.sum == echo_sum(data + ECHO_SIZE,
					      size - ECHO_SIZE),
		      "a frame of %u bytes came back and is not whole",
		      size) ? 1 : -1;
}

bool net_hear(struct net *n)
{
	int r = hear(n, UINT_MAX - 1);

	if (r)
		return r > 0;
	n->lost = true;
	return expect(n->p, false, "no frame comes, %u slots are lent",
		      n->rx_prod - n->rx_cons);
}

static bool send_one(struct net *n, uint8_t *data, unsigned int size)
{
	struct netif_tx_request req = net_tx(n, 0, size, 0);
	struct netif_tx_response rsp;

	(void)data;
	net_put(n, &req, sizeof(req));
	net_push(n);
	return net_take(n, &rsp) && rsp.status == NETIF_RSP_OKAY;
}

bool net_flood(struct net *n, unsigned int count, unsigned int size)
{
	struct echo e;

	net_frame(n, n->tx_data, ECHO_SIZE);
	memcpy(&e, n->tx_data + ETH_SIZE, sizeof(e));
	e.count = count;
	e.size = size;
	memcpy(n->tx_data + ETH_SIZE, &e, sizeof(e));
	return expect(n->p, send_one(n, n->tx_data, ECHO_SIZE),
		      "the request for %u frames is not sent", count);
}

bool net_control(void *device, struct peer *p)
{
	struct net *n = device;
	int r = 0;

	if (n->lost)
		return true;
	if (n->rx_prod - n->rx_cons < 32)
		net_lend(n, 32);
	/* where a flood waits still, the answer may be dropped: ask again */
	for (unsigned int tries = 0; r == 0; tries++) {
		net_frame(n, n->tx_data, 1000);
		if (tries == 300 || !send_one(n, n->tx_data, 1000))
			return expect(p, false, "asked %u times", tries);
		r = hear(n, 20);
	}
	return r > 0 && expect(p, !n->foreign, "%u frames from a foreign "
			       "address came through", n->foreign);
}

/* -- for load.c ----------------------------------------------------------------------------- */

static bool load(void *device, struct peer *p, unsigned int count)
{
	bool good = true;

	while (count-- && good)
		good = net_control(device, p);
	return good;
}

static void bad_requests(void *device, struct peer *p)
{
	struct net *n = device;
	struct netif_tx_response rsp;

	(void)p;
	for (unsigned int i = 0; i < 64; i++) {
		struct netif_tx_request req = net_tx(n, 0, i % 2 ? 5 : 200, 0);

		req.gref = i % 4 ? 31000 : n->tx_grefs[0];
		net_put(n, &req, sizeof(req));
	}
	net_push(n);
	for (unsigned int i = 0; i < 64 && net_take(n, &rsp); i++)
		;
}

static void storm(void *device, struct peer *p)
{
	struct net *n = device;

	for (unsigned int i = 0; i < 200; i++)
		peer_notify(p, n->port);
}

static void break_ring(void *device, struct peer *p)
{
	struct net *n = device;

	(void)p;
	n->tx_prod += 300;
	net_push(n);
}

/* -- the program ------------------------------------------------------------------------------ */

static const struct peer_table *const tables[] = {
	&net_tx_cases, &net_rx_cases, &net_ctrl_cases,
	&net_store_cases, &net_race_cases, &load_cases, NULL,
};

int main(int argc, char **argv)
{
	struct peer_class class = {
		.tables = tables, .offer = net_offer, .ready = BUS_CONNECTED,
		.control = net_control, .reset = reset,
		.load = load, .load_turn = 8, .load_window = 400,
		.storm = storm, .bad_requests = bad_requests,
		.break_ring = break_ring,
	};
	struct peer p;
	struct net n = { .p = &p };

	if (argc > 1 && !strcmp(argv[1], "echo"))
		return echo_main(argc, argv);
	return peer_main(argc, argv, &class, &n, &p, prepare);
}
