/* SPDX-License-Identifier: MIT */
/* What stands in xenstore is the lie (net X01..X09). */
#include "config.h"

#include "tests/hostile/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

/* -- one node at a time ------------------------------------------------------------ */

static const char *long_value(void)
{
	static char text[1800];

	memset(text, '1', sizeof(text) - 1);
	return text;
}

static void try_number(struct peer *p, const char *node)
{
	const struct peer_value values[] = {
		{ "", false }, { "-1", false }, { "4294967296", false },
		{ "0x8", false }, { "eight", false }, { "8 ", false },
		{ long_value(), false },
	};

	peer_try(p, node, values, ARRAY_SIZE(values));
}

static void tx_ref(void *device, struct peer *p)
{
	(void)device;
	try_number(p, "tx-ring-ref");
}

static void rx_ref(void *device, struct peer *p)
{
	(void)device;
	try_number(p, "rx-ring-ref");
}

static void port(void *device, struct peer *p)
{
	(void)device;
	try_number(p, "event-channel");
}

static void features(void *device, struct peer *p)
{
	static const char *const nodes[] = {
		"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
		"feature-ipv6-csum-offload", "feature-no-csum-offload",
		"feature-rx-notify", "request-rx-copy",
	};
	const struct peer_value values[] = {
		{ "1", true }, { "2", false }, { "-1", false }, { "", false },
		{ "yes", false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		if (i) {
			peer_state(p, BUS_CLOSED);
			peer_await(p, 1u << BUS_CLOSED);
			peer_state(p, BUS_INITIALISING);
			peer_await(p, 1u << BUS_INITWAIT);
			p->class->reset(device, p);
		}
		peer_try(p, nodes[i], values, ARRAY_SIZE(values));
	}
}

static void queues(void *device, struct peer *p)
{
	const struct peer_value values[] = {
		{ "1", true }, { "0", false }, { "9", false },
		{ "4294967296", false }, { "-1", false }, { "", false },
	};

	(void)device;
	peer_try(p, "multi-queue-num-queues", values, ARRAY_SIZE(values));
}

static void nul_inside(void *device, struct peer *p)
{
	net_offer(device, p);
	peer_put_bytes(p, "tx-ring-ref", "8\0008", 3);
	peer_state(p, BUS_CONNECTED);
}

/* -- nodes that do not go together -------------------------------------------------- */

static void no_copy(void *device, struct peer *p)
{
	net_offer(device, p);
	peer_remove(p, "request-rx-copy");
	peer_state(p, BUS_CONNECTED);
}

static void no_queue_1(void *device, struct peer *p)
{
	struct net *n = device;

	net_offer(n, p);
	peer_put(p, "multi-queue-num-queues", "2");
	peer_put(p, "queue-0/tx-ring-ref", "%u", n->ring_grefs[0]);
	peer_put(p, "queue-0/rx-ring-ref", "%u", n->ring_grefs[1]);
	peer_put(p, "queue-0/event-channel", "%u", n->port);
	peer_state(p, BUS_CONNECTED);
}

static void same_queues(void *device, struct peer *p)
{
	struct net *n = device;

	net_offer(n, p);
	peer_put(p, "multi-queue-num-queues", "2");
	for (unsigned int i = 0; i < 2; i++) {
		char node[40];

		snprintf(node, sizeof(node), "queue-%u/tx-ring-ref", i);
		peer_put(p, node, "%u", n->ring_grefs[0]);
		snprintf(node, sizeof(node), "queue-%u/rx-ring-ref", i);
		peer_put(p, node, "%u", n->ring_grefs[1]);
		snprintf(node, sizeof(node), "queue-%u/event-channel", i);
		peer_put(p, node, "%u", n->port);
	}
	peer_state(p, BUS_CONNECTED);
}

static void same_ring(void *device, struct peer *p)
{
	struct net *n = device;

	net_offer(n, p);
	peer_put(p, "rx-ring-ref", "%u", n->ring_grefs[0]);
	peer_state(p, BUS_CONNECTED);
}

/* Split event channels that are one. */
static void same_port(void *device, struct peer *p)
{
	struct net *n = device;

	net_offer(n, p);
	peer_put(p, "event-channel-tx", "%u", n->port);
	peer_put(p, "event-channel-rx", "%u", n->port);
	peer_state(p, BUS_CONNECTED);
	if (peer_await(p, 1u << BUS_CONNECTED | 1u << BUS_CLOSING |
		       1u << BUS_CLOSED) &&
	    peer_back(p) == BUS_CONNECTED)
		expect(p, net_control(n, p), "a good frame");
}

static void nothing_written(void *device, struct peer *p)
{
	(void)device;
	peer_remove(p, "tx-ring-ref");
	peer_remove(p, "event-channel");
	peer_state(p, BUS_CONNECTED);
}

/* What was not offered is not looked at. */
static void not_offered(void *device, struct peer *p)
{
	net_offer(device, p);
	peer_put(p, "request-multicast-control", "-1");
	peer_put(p, "feature-gso-tcpv4-prefix", "1");
	peer_state(p, BUS_CONNECTED);
	peer_await(p, 1u << BUS_CONNECTED);
}

/* -- pages and ports --------------------------------------------------------------------- */

static void ref_unused(void *device, struct peer *p)
{
	net_offer(device, p);
	peer_put(p, "rx-ring-ref", "31000");
	peer_state(p, BUS_CONNECTED);
}

static void ref_readonly(void *device, struct peer *p)
{
	struct net *n = device;

	net_offer(n, p);
	peer_put(p, "tx-ring-ref", "%u", n->fixed_gref);
	peer_state(p, BUS_CONNECTED);
}

static void port_closed(void *device, struct peer *p)
{
	struct net *n = device;

	net_offer(n, p);
	xenevtchn_unbind(p->ev, n->port);
	n->port = 0;
	peer_state(p, BUS_CONNECTED);
}

static void port_foreign(void *device, struct peer *p)
{
	net_offer(device, p);
	peer_put(p, "event-channel", "4000");
	peer_state(p, BUS_CONNECTED);
}

/* Closed while it is served: no event comes any more, and none can be sent. */
static void port_closes(void *device, struct peer *p)
{
	struct net *n = device;

	if (!peer_connect(p))
		return;
	net_lend(n, 64);
	net_flood(n, 50, 200);
	xenevtchn_unbind(p->ev, n->port);
	n->port = 0;
	n->lost = true;
}

/* -- afterwards ------------------------------------------------------------------------------ */

static void changed_later(void *device, struct peer *p)
{
	static const char *const nodes[] = {
		"tx-ring-ref", "rx-ring-ref", "event-channel", "feature-sg",
		"request-rx-copy", "multi-queue-num-queues", "mtu", "mac",
	};

	if (!peer_connect(p))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		peer_put(p, nodes[i], "junk");
		expect(p, net_control(device, p), "a frame after %s", nodes[i]);
	}
}

static const struct peer_case cases[] = {
	{ "X01-tx", "net", "tx-ring-ref is no number: refused by name", EITHER,
	  NULL, tx_ref },
	{ "X01-rx", "net", "rx-ring-ref is no number", EITHER, NULL, rx_ref },
	{ "X01-port", "net", "event-channel is no number", EITHER, NULL,
	  port },
	{ "X01-features", "net", "features that are neither 0 nor 1", EITHER,
	  NULL, features },
	{ "X01-nul", "net", "tx-ring-ref has a NUL inside", CLOSED,
	  "tx-ring-ref", nul_inside },
	{ "X01-copy", "net", "no request-rx-copy", CLOSED, "request-rx-copy",
	  no_copy },
	{ "X02", "net", "multi-queue-num-queues is no number of queues",
	  EITHER, NULL, queues },
	{ "X03", "net", "two queues, of which one is not there", CLOSED,
	  "queue", no_queue_1 },
	{ "X03-same", "net", "two queues on one ring and one port", CLOSED,
	  "queue", same_queues },
	{ "X03-ring", "net", "one page is both rings", CLOSED,
	  "named for two rings", same_ring },
	{ "X03-port", "net", "one port is both event channels", EITHER, NULL,
	  same_port },
	{ "X03-none", "net", "Connected, and no node of a ring", CLOSED,
	  "is missing", nothing_written },
	{ "X03-ref", "net", "a ring's grant does not exist", CLOSED,
	  "cannot map", ref_unused },
	{ "X03-readonly", "net", "a ring is granted for reading only", CLOSED,
	  "cannot map", ref_readonly },
	{ "M05", "net", "multicast control, which was not offered: ignored",
	  ANSWERED, NULL, not_offered },
	{ "X04", "net", "nodes change after it is connected: ignored",
	  ANSWERED, NULL, changed_later },
	{ "X05", "net", "states that are none, while it is served", ANSWERED,
	  NULL, bus_states },
	{ "X05-edges", "net", "each state after each other, at once",
	  ANYWHERE, NULL, bus_edges },
	{ "X05-flapping", "net", "thousands of states: bounded work",
	  ANSWERED, NULL, bus_flapping },
	{ "X05-connecting", "net", "Closed while it is being connected",
	  ANSWERED, NULL, bus_connecting },
	{ "X06", "net", "its nodes are removed while it is being connected",
	  ANYWHERE, NULL, bus_nodes_removed },
	{ "X06-state", "net", "its state is removed while it is served",
	  ANSWERED, NULL, bus_state_removed },
	{ "X07", "net", "backend points elsewhere", ANSWERED, NULL,
	  bus_other_backend },
	{ "X07-write", "net", "the backend's folder is not the guest's",
	  ANSWERED, NULL, bus_backend_folder },
	{ "X08", "net", "thousands of writes of other nodes are not noticed",
	  ANSWERED, NULL, bus_node_flood },
	{ "X08-state", "net", "thousands of writes of the same state",
	  ANSWERED, NULL, bus_state_flood },
	{ "X09", "net", "the event channel is closed", CLOSED, "cannot bind",
	  port_closed },
	{ "X09-foreign", "net", "the event channel is nobody's", CLOSED,
	  "cannot bind", port_foreign },
	{ "X09-later", "net", "the event channel is closed while it is served",
	  EITHER, NULL, port_closes },
};
const struct peer_table net_store_cases = { cases, ARRAY_SIZE(cases) };
