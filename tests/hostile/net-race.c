/* SPDX-License-Identifier: MIT */
/*
 * A second thread writes over what is being read, as fast as it can (net T04,
 * T23, T27, T28). No frame from an address that is not the vif's comes through,
 * and no page is written to that was not lent.
 */
#include "config.h"

#include "tests/hostile/net.h"

#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/ring.h"

#define ROUNDS 12u

static unsigned int random_below(unsigned int n)
{
	static uint32_t state = 1;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % n;
}

/* ROUNDS rings of frames; what is answered is counted, not judged. */
static void race(struct net *n, void (*meddle)(void *arg))
{
	unsigned int good = 0, bad = 0;
	struct meddler *m;
	unsigned long turns;

	m = meddler_start(meddle, n);
	for (unsigned int i = 0; i < ROUNDS && !n->lost; i++) {
		for (unsigned int j = 0; j < SLOTS; j++) {
			struct netif_tx_request req = net_tx(n, 0, 200, 0);

			net_put(n, &req, sizeof(req));
		}
		net_push(n);
		for (unsigned int j = 0; j < SLOTS; j++) {
			struct netif_tx_response rsp;

			if (!net_take(n, &rsp))
				break;
			if (rsp.status == NETIF_RSP_OKAY)
				good++;
			else
				bad++;
		}
	}
	turns = meddler_stop(m);
	printf("# %u frames: %u sent, %u not; %lu times meddled with\n",
	       ROUNDS * SLOTS, good, bad, turns);
}

/* The source address: ours and another's in turns (T23, XSA-155). */
static void flip_mac(void *arg)
{
	struct net *n = arg;
	volatile uint8_t *last = n->tx_data + 11;

	*last = random_below(2) ? n->mac[5] : n->mac[5] ^ 0x55;
}

static void race_mac(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	/* not to be answered: only to be counted */
	n->tx_data[12] = 0x88;
	n->tx_data[13] = 0xb6;
	race(n, flip_mac);
}

/* Types, lengths and header sizes of a frame whose checksum is blank. */
static void flip_headers(void *arg)
{
	struct net *n = arg;

	((volatile uint8_t *)n->tx_data)[12 + random_below(60)] =
		random_below(256);
}

static void race_headers(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	race(n, flip_headers);
}

/* A field of any slot: legal or not, but nothing that breaks a ring. */
static void flip_slots(void *arg)
{
	struct net *n = arg;
	volatile struct netif_tx_request *req =
		&n->tx->ring[random_below(SLOTS)].req;

	switch (random_below(3)) {
	case 0:
		req->gref = random_below(6) ? n->tx_grefs[0] : 31000;
		break;
	case 1:
		req->size = random_below(6) ? 200 : 5;
		break;
	case 2:
		req->offset = random_below(6) ? 0 : 1000;
		break;
	}
}

static void race_slots(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	n->tx_data[13] = 0xb6;
	race(n, flip_slots);
}

static void scribble_events(void *arg)
{
	struct net *n = arg;

	ring_store(&n->tx->req_event, random_below(1u << 24));
	ring_store(&n->tx->rsp_event, random_below(1u << 24));
	ring_store(&n->rx->req_event, random_below(1u << 24));
	ring_store(&n->rx->rsp_event, random_below(1u << 24));
}

static void race_events(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	n->tx_data[13] = 0xb6;
	race(n, scribble_events);
}

static void scribble_page(void *arg)
{
	struct net *n = arg;
	volatile uint32_t *words = (volatile uint32_t *)n->tx;

	words[random_below(2 * PAGE / 4)] = random_below(1u << 24);
}

/* Both rings, indices too: served or closed, but nothing else. */
static void race_pages(void *device, struct peer *p)
{
	struct net *n = device;
	struct meddler *m;

	if (!peer_connect(p))
		return;
	memset(n->fixed, 0x44, PAGE);
	m = meddler_start(scribble_page, n);
	for (unsigned int i = 0; i < 3000; i++)
		peer_notify(p, n->port);
	meddler_stop(m);
	n->lost = true;
	for (unsigned int i = 0; i < PAGE; i++)
		if (!expect(p, n->fixed[i] == 0x44,
			    "a page that may only be read was written to"))
			break;
}

static void move_prod(void *arg)
{
	struct net *n = arg;

	/* never past what the ring holds: each look sees another one */
	ring_store(&n->tx->req_prod, n->tx_prod - random_below(8));
}

static void race_prod(void *device, struct peer *p)
{
	struct net *n = device;
	struct meddler *m;

	if (!peer_connect(p))
		return;
	net_frame(n, n->tx_data, 200);
	n->tx_data[13] = 0xb6;
	m = meddler_start(move_prod, n);
	for (unsigned int i = 0; i < 200; i++) {
		struct netif_tx_request req = net_tx(n, 0, 200, 0);

		net_put(n, &req, sizeof(req));
		peer_notify(p, n->port);
	}
	meddler_stop(m);
	n->lost = true;
}

static const struct peer_case cases[] = {
	{ "T04", "net-race", "req_prod is another one at each look", EITHER,
	  NULL, race_prod },
	{ "T23", "net-race", "source addresses change while they are judged: "
	  "none but the vif's comes through", ANSWERED, NULL, race_mac },
	{ "T23-headers", "net-race", "headers change while they are parsed",
	  ANSWERED, NULL, race_headers },
	{ "T21", "net-race", "slots change while they are read", ANSWERED,
	  NULL, race_slots },
	{ "T27", "net-race", "a thread scribbles over all event indices",
	  ANSWERED, NULL, race_events },
	{ "T28", "net-race", "all of both rings is scribbled over", EITHER,
	  NULL, race_pages },
};
const struct peer_table net_race_cases = { cases, ARRAY_SIZE(cases) };
