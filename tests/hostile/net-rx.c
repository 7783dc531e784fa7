/* SPDX-License-Identifier: MIT */
/* How a network frontend receives is the lie (net R01..R11). */
#include "config.h"

#include "tests/hostile/net.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/ring.h"

#define FLOOD 3000u
#define LARGE 8000u		/* two pages; the vif's MTU allows it */

/* KiB that a guest which does not receive may cost, once. */
#define GROWTH_MAX 4096u

static void never_lends(void *device, struct peer *p)
{
	struct net *n = device;
	unsigned long before, after;
	pid_t worker;

	if (!peer_connect(p))
		return;
	worker = peer_worker(p);
	before = peer_rss(worker);
	for (unsigned int i = 0; i < 4; i++)
		net_flood(n, FLOOD, LARGE);
	after = peer_rss(worker);
	if (worker) {
		printf("# %u frames of %u bytes for a guest that lends no "
		       "page: worker from %lu to %lu KiB\n", 4 * FLOOD, LARGE,
		       before, after);
		expect(p, after < before + GROWTH_MAX, "it grew by %lu KiB",
		       after - before);
	}
	/* and now it does: what was queued is served, and what is new */
	net_lend(n, 100);
}

/* One page, and a frame of two waits at the head (XSA-392). */
static void one_too_few(void *device, struct peer *p)
{
	struct net *n = device;
	unsigned long before, after;
	pid_t worker;

	if (!peer_connect(p))
		return;
	worker = peer_worker(p);
	before = peer_rss(worker);
	net_lend(n, 1);
	for (unsigned int i = 0; i < 4; i++)
		net_flood(n, FLOOD, LARGE);
	after = peer_rss(worker);
	expect(p, !worker || after < before + GROWTH_MAX,
	       "the worker grew by %lu KiB", after - before);
	net_lend(n, 100);
}

static bool any_answer(void *arg)
{
	struct net *n = arg;

	return ring_snapshot(&n->rx->rsp_prod) == n->rx_prod;
}

/* A page at a time, each lent only when the one before came back. */
static void one_by_one(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_flood(n, 60, 200);
	for (unsigned int i = 0; i < 50; i++) {
		net_lend(n, 1);
		if (!expect(p, peer_until(p, any_answer, n),
			    "page %u does not come back", i))
			return;
	}
	n->rx_cons = n->rx_prod;
	net_lend(n, 100);
}

static void jump(struct net *n, uint32_t prod)
{
	if (!peer_connect(n->p))
		return;
	net_lend(n, 64);
	if (!net_control(n, n->p))
		return;
	n->lost = true;
	/* seen by the next look, whatever that was for */
	ring_store(&n->rx->req_prod, prod);
	ring_mb();
	peer_notify(n->p, n->port);
}

static void jump_257(void *device, struct peer *p)
{
	(void)p;
	jump(device, 65 + 257);
}

static void jump_half(void *device, struct peer *p)
{
	(void)p;
	jump(device, 65 + (UINT32_C(1) << 31));
}

static void jump_back(void *device, struct peer *p)
{
	(void)p;
	jump(device, 0);
}

/* COUNT slots, GREFS[i % many] each. */
static void lend_these(struct net *n, const uint32_t *grefs, unsigned int many,
		       unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		struct netif_rx_request req = {
			.id = n->rx_prod % SLOTS, .gref = grefs[i % many],
		};

		memcpy(&n->rx->ring[n->rx_prod % SLOTS], &req, sizeof(req));
		n->rx_prod++;
	}
	ring_publish(&n->rx->req_prod, n->rx_prod);
	ring_mb();
	peer_notify(n->p, n->port);
}

/* All COUNT slots come back; at least one of them is an error. */
static void take_bad(struct net *n, unsigned int count, bool must_fail)
{
	unsigned int bad = 0;

	if (!expect(n->p, peer_until(n->p, any_answer, n),
		    "not all pages come back")) {
		n->lost = true;
		return;
	}
	for (; n->rx_cons != n->rx_prod; n->rx_cons++)
		bad += n->rx->ring[n->rx_cons % SLOTS].rsp.status < 0;
	expect(n->p, !must_fail || bad, "of %u slots none is an error", count);
}

static void bad_grants(void *device, struct peer *p)
{
	struct net *n = device;
	const uint32_t grefs[] = {
		n->rx_grefs[0], 31000, n->fixed_gref, UINT32_MAX,
	};

	if (!peer_connect(p))
		return;
	memset(n->fixed, 0x33, PAGE);
	lend_these(n, grefs, ARRAY_SIZE(grefs), 40);
	net_flood(n, 40, LARGE);
	take_bad(n, 40, true);
	for (unsigned int i = 0; i < PAGE; i++)
		if (!expect(p, n->fixed[i] == 0x33,
			    "a page that may only be read was written to"))
			break;
}

static void revoked(void *device, struct peer *p)
{
	struct net *n = device;
	uint32_t grefs[20];
	void *pages;

	if (!peer_connect(p))
		return;
	pages = peer_share(p, 20, true, grefs);
	lend_these(n, grefs, 20, 20);
	net_flood(n, 20, 200);
	peer_unshare(p, pages, 20);
	take_bad(n, 20, false);
}

static void same_page(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	lend_these(n, n->rx_grefs, 1, 60);
	net_flood(n, 60, 200);
	take_bad(n, 60, false);
}

/* It said that it does not notify: so it is looked after. */
static void quiet(void *device, struct peer *p)
{
	struct net *n = device;

	net_offer(n, p);
	peer_put(p, "feature-rx-notify", "0");
	peer_state(p, BUS_CONNECTED);
	if (!peer_await(p, 1u << BUS_CONNECTED))
		return;
	net_flood(n, 20, 200);
	for (unsigned int i = 0; i < 64; i++) {
		struct netif_rx_request req = {
			.id = n->rx_prod % SLOTS,
			.gref = n->rx_grefs[i],
		};

		memcpy(&n->rx->ring[n->rx_prod % SLOTS], &req, sizeof(req));
		n->rx_prod++;
		if (i == 19) {
			ring_publish(&n->rx->req_prod, n->rx_prod);
			expect(p, peer_until(p, any_answer, n),
			       "pages lent in silence do not come back");
			n->rx_cons = n->rx_prod;
		}
	}
	ring_publish(&n->rx->req_prod, n->rx_prod);
}

/* It says it notifies, and does not: until it does. */
static void mute(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_flood(n, 20, 200);
	for (unsigned int i = 0; i < 64; i++) {
		struct netif_rx_request req = {
			.id = n->rx_prod % SLOTS, .gref = n->rx_grefs[i],
		};

		memcpy(&n->rx->ring[n->rx_prod % SLOTS], &req, sizeof(req));
		n->rx_prod++;
	}
	ring_publish(&n->rx->req_prod, n->rx_prod);
}

static void headroom(void *device, struct peer *p)
{
	static const char *const values[] = { "32767", "65535", "4096", "-1" };
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_lend(n, 40);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		peer_put(p, "xdp-headroom", "%s", values[i]);
		peer_state(p, BUS_RECONFIGURING);
		expect(p, net_control(n, p), "headroom %s", values[i]);
		peer_state(p, BUS_CONNECTED);
	}
}

/* -- ends with the guest ------------------------------------------------------ */

static void say_pushed(void)
{
	CLEANUP_CLOSE int fd = open("/tmp/test/pushed", O_WRONLY | O_CREAT |
				    O_CLOEXEC, 0600);

	(void)fd;
}

static bool is_closing(void *arg)
{
	return peer_back(arg) == BUS_CLOSING;
}

/* The ring is broken, the backend waits for us: until killed. */
static void end_broken(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	ring_store(&n->rx->req_prod, 257);
	peer_notify(p, n->port);
	peer_until(p, is_closing, p);
	say_pushed();
	for (;;)
		pause();
}

/* Frames without end: until killed. */
static void end_sending(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_lend(n, 64);
	for (unsigned int i = 0;; i++) {
		struct netif_tx_request req = net_tx(n, 0, 200, 0);
		struct netif_tx_response rsp;

		net_frame(n, n->tx_data, 200);
		for (unsigned int j = 0; j < 100; j++)
			net_put(n, &req, sizeof(req));
		net_push(n);
		if (i == 10)
			say_pushed();
		for (unsigned int j = 0; j < 100; j++)
			net_take(n, &rsp);
	}
}

static void headroom_starved(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_lend(n, 1);
	net_flood(n, 20, LARGE);
	for (unsigned int i = 0; i < 100; i++) {
		peer_put(p, "xdp-headroom", "%u", i % 2 ? 0 : 32767);
		peer_state(p, i % 2 ? BUS_CONNECTED : BUS_RECONFIGURING);
	}
	net_lend(n, 100);
}

#define AHEAD "a ring ahead"

static const struct peer_case cases[] = {
	{ "R01", "net", "a guest that lends no page costs what its first frame "
	  "does", ANSWERED, NULL, never_lends },
	{ "R02", "net", "so one that lends a page too few", ANSWERED, NULL,
	  one_too_few },
	{ "R03", "net", "one that lends a page at a time is served", ANSWERED,
	  NULL, one_by_one },
	{ "R04", "net", "req_prod is 257 ahead", CLOSED, AHEAD, jump_257 },
	{ "R04-half", "net", "req_prod is 2^31 ahead", CLOSED, AHEAD,
	  jump_half },
	{ "R04-back", "net", "req_prod goes back", CLOSED, AHEAD, jump_back },
	{ "R05", "net", "grants that do not exist, or may not be written to",
	  ANSWERED, NULL, bad_grants },
	{ "R06", "net", "grants that end while they are written to", ANSWERED,
	  NULL, revoked },
	{ "R07", "net", "the same page in all slots", ANSWERED, NULL,
	  same_page },
	{ "R08", "net", "it lends in silence, and had said so: served",
	  ANSWERED, NULL, quiet },
	{ "R08-mute", "net", "it lends in silence, and had not said so",
	  ANSWERED, NULL, mute },
	{ "X10-broken", "net-killed", "the guest ends with a broken ring",
	  ANYWHERE, NULL, end_broken },
	{ "X10-sending", "net-killed", "the guest ends while it sends",
	  ANYWHERE, NULL, end_sending },
	{ "R10", "net", "headroom that was not offered", ANSWERED, NULL,
	  headroom },
	{ "R11", "net", "headroom changes with one page lent", ANSWERED, NULL,
	  headroom_starved },
};
const struct peer_table net_rx_cases = { cases, ARRAY_SIZE(cases) };
