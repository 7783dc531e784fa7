/* SPDX-License-Identifier: MIT */
/* What stands in xenstore is the lie (blk B30..B38). */
#include "config.h"

#include "tests/hostile/blk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

/* Longer than any number, though not more than xenstore takes. */
static const char *long_value(void)
{
	static char text[1800];

	memset(text, '1', sizeof(text) - 1);
	return text;
}

static void ring_order(void *device, struct peer *p)
{
	const struct peer_value values[] = {
		{ "5", false }, { "-1", false }, { "4294967295", false },
		{ "4294967296", false }, { "0x4", false }, { "", false },
		{ " 1", false }, { "1 ", false }, { "+1", false },
		{ long_value(), false },
	};

	(void)device;
	peer_try(p, "ring-page-order", values, ARRAY_SIZE(values));
}

static void queues(void *device, struct peer *p)
{
	const struct peer_value values[] = {
		{ "1", true }, { "0", false }, { "17", false },
		{ "4294967296", false }, { "-1", false }, { "one", false },
	};

	(void)device;
	peer_try(p, "multi-queue-num-queues", values, ARRAY_SIZE(values));
}

static void protocols(void *device, struct peer *p)
{
	const struct peer_value values[] = {
		{ "x86_64-abi", true }, { "x86_32-abi", true },
		{ "", false }, { "x86_64-abi-x", false }, { "arm-abi", false },
		{ long_value(), false },
	};

	(void)device;
	peer_try(p, "protocol", values, ARRAY_SIZE(values));
}

static void persistence(void *device, struct peer *p)
{
	const struct peer_value values[] = {
		{ "1", true }, { "0", true }, { "1", true }, { "2", false },
		{ "yes", false },
	};

	(void)device;
	peer_try(p, "feature-persistent", values, ARRAY_SIZE(values));
}

static void ring_refs(void *device, struct peer *p)
{
	const struct peer_value values[] = {
		{ "-1", false }, { "4294967296", false }, { "", false },
		{ "1.5", false }, { long_value(), false },
	};

	(void)device;
	peer_try(p, "ring-ref", values, ARRAY_SIZE(values));
}

static void ports(void *device, struct peer *p)
{
	const struct peer_value values[] = {
		{ "0", false }, { "-1", false }, { "4294967295", false },
		{ "", false }, { long_value(), false },
	};

	(void)device;
	peer_try(p, "event-channel", values, ARRAY_SIZE(values));
}

/* A NUL inside; libxenstore's callers see strings. */
static void nul_inside(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, false);
	peer_put_bytes(p, "ring-page-order", "0\0001", 3);
	blk_knock(b);
}

/* -- nodes that are missing, or too many ------------------------------------------ */

static void no_queue_1(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, false);
	peer_put(p, "multi-queue-num-queues", "2");
	peer_put(p, "queue-0/ring-ref", "%u", b->ring_grefs[0]);
	peer_put(p, "queue-0/event-channel", "%u", b->port);
	blk_knock(b);
}

/* As many as are offered, all on one ring and one port. */
static void same_queues(void *device, struct peer *p)
{
	struct blk *b = device;
	unsigned int most = strtoul(peer_get(p, p->back,
					     "multi-queue-max-queues"), NULL,
				    10);

	blk_offer(b, 0, false);
	peer_put(p, "multi-queue-num-queues", "%u", most < 2 ? 1 : 2);
	for (unsigned int i = 0; i < 2; i++) {
		char node[32];

		snprintf(node, sizeof(node), "queue-%u/ring-ref", i);
		peer_put(p, node, "%u", b->ring_grefs[0]);
		snprintf(node, sizeof(node), "queue-%u/event-channel", i);
		peer_put(p, node, "%u", b->port);
	}
	blk_knock(b);
	peer_await(p, 1u << BUS_CONNECTED | 1u << BUS_CLOSING |
		   1u << BUS_CLOSED);
}

static void both_refs(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, false);
	peer_put(p, "ring-ref0", "%u", b->ring_grefs[1]);
	blk_go(b);
}

static void nothing_written(void *device, struct peer *p)
{
	(void)device;
	peer_state(p, BUS_INITIALISED);
}

static void port_closed(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, false);
	xenevtchn_unbind(p->ev, b->port);
	b->port = 0;
	blk_knock(b);
}

/* One that belongs to somebody else altogether. */
static void port_foreign(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, false);
	peer_put(p, "event-channel", "%u", 4000);
	blk_knock(b);
}

/* The ABI is i386, the layout is x86_64's: junk, request by request. */
static void wrong_layout(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, false);
	peer_put(p, "protocol", "x86_32-abi");
	if (!blk_go(b))
		return;
	for (unsigned int i = 0; i < 16; i++) {
		struct blkif_request req = blk_rw(b, BLKIF_OP_READ, i, 0, 2, 0);

		blk_put(b, &req);
	}
	blk_push(b);
	b->lost = true;
}

static void no_protocol(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, false);
	peer_remove(p, "protocol");
	if (blk_go(b))
		b->lost = true;	/* its entries are of another size */
}

static const struct peer_case cases[] = {
	{ "B30", "blk", "ring-page-order is no order: refused by name", EITHER,
	  NULL, ring_order },
	{ "B30-nul", "blk", "ring-page-order has a NUL inside", CLOSED,
	  "ring-page-order", nul_inside },
	{ "B31", "blk", "multi-queue-num-queues is no number of queues",
	  EITHER, NULL, queues },
	{ "B31-missing", "blk", "two queues, of which one is not there",
	  CLOSED, "queue", no_queue_1 },
	{ "B31-same", "blk", "two queues on one ring and one port", EITHER,
	  NULL, same_queues },
	{ "B32", "blk", "ring-ref and ring-ref0", ANSWERED, NULL, both_refs },
	{ "B32-none", "blk", "Initialised, and no node of a ring", CLOSED,
	  "is missing", nothing_written },
	{ "B32-ref", "blk", "ring-ref is no grant", EITHER, NULL, ring_refs },
	{ "B33", "blk", "event-channel is no port", EITHER, NULL, ports },
	{ "B33-closed", "blk", "the event channel is closed", CLOSED,
	  "cannot be bound", port_closed },
	{ "B33-foreign", "blk", "the event channel is nobody's", CLOSED,
	  "cannot be bound", port_foreign },
	{ "B34", "blk", "protocol is junk", EITHER, NULL, protocols },
	{ "B34-layout", "blk", "protocol says i386, the requests are of "
	  "x86_64", EITHER, NULL, wrong_layout },
	{ "B34-absent", "blk", "no protocol is i386's", ANSWERED, NULL,
	  no_protocol },
	{ "B35", "blk", "states that are none, while it is served", ANSWERED,
	  NULL, bus_states },
	{ "B35-edges", "blk", "each state after each other, at once", ANYWHERE,
	  NULL, bus_edges },
	{ "B35-flapping", "blk", "thousands of states: bounded work",
	  ANSWERED, NULL, bus_flapping },
	{ "B35-connecting", "blk", "Closed while it is being connected",
	  ANSWERED, NULL, bus_connecting },
	{ "B35-folder", "blk", "its nodes are removed while it is being "
	  "connected", ANYWHERE, NULL, bus_nodes_removed },
	{ "B35-gone", "blk", "its state is removed while it is served",
	  ANSWERED, NULL, bus_state_removed },
	{ "B36", "blk", "thousands of writes of other nodes are not noticed",
	  ANSWERED, NULL, bus_node_flood },
	{ "B36-state", "blk", "thousands of writes of the same state",
	  ANSWERED, NULL, bus_state_flood },
	{ "B37", "blk", "backend points elsewhere", ANSWERED, NULL,
	  bus_other_backend },
	{ "B37-write", "blk", "the backend's folder is not the guest's",
	  ANSWERED, NULL, bus_backend_folder },
	{ "B38", "blk", "feature-persistent changes with each connection",
	  EITHER, NULL, persistence },
};
const struct peer_table blk_store_cases = { cases, ARRAY_SIZE(cases) };
