/* SPDX-License-Identifier: MIT */
/* What stands in xenstore is the lie (blk B30..B38). */
#include "config.h"

#include "tests/hostile/blk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

/* -- one node at a time -------------------------------------------------------- */

struct junk {
	const char *value;
	bool accepted;
};

/*
 * Each value in turn instead of NODE's own. Refused ones must say NODE in their
 * reason; the last one's is left to the judge.
 */
static void try_values(struct blk *b, const char *node,
		       const struct junk *values, size_t count)
{
	static const unsigned int down = 1u << BUS_CLOSING | 1u << BUS_CLOSED;
	struct peer *p = b->p;

	for (size_t i = 0; i < count; i++) {
		if (i) {
			peer_state(p, BUS_CLOSED);
			peer_await(p, 1u << BUS_CLOSED);
			peer_state(p, BUS_INITIALISING);
			peer_await(p, 1u << BUS_INITWAIT);
			blk_reset(b, p);
		}
		blk_offer(b, 0, false);
		expect(p, peer_put(p, node, "%s", values[i].value),
		       "%s cannot be written", node);
		blk_knock(b);
		if (!peer_await(p, values[i].accepted ? 1u << BUS_CONNECTED :
				down)) {
			expect(p, false, "%s is '%.40s'", node,
			       values[i].value);
			return;
		}
		if (values[i].accepted) {
			peer_state(p, BUS_CONNECTED);
			continue;
		}
		expect(p, strstr(peer_get(p, p->error, "error"), node),
		       "%s is '%.40s': the reason is '%s'", node,
		       values[i].value, peer_get(p, p->error, "error"));
	}
}

/* Longer than any number, though not more than xenstore takes. */
static const char *long_value(void)
{
	static char text[1800];

	memset(text, '1', sizeof(text) - 1);
	return text;
}

static void ring_order(void *device, struct peer *p)
{
	const struct junk values[] = {
		{ "5", false }, { "-1", false }, { "4294967295", false },
		{ "4294967296", false }, { "0x4", false }, { "", false },
		{ " 1", false }, { "1 ", false }, { "+1", false },
		{ long_value(), false },
	};

	(void)p;
	try_values(device, "ring-page-order", values, ARRAY_SIZE(values));
}

static void queues(void *device, struct peer *p)
{
	const struct junk values[] = {
		{ "1", true }, { "0", false }, { "17", false },
		{ "4294967296", false }, { "-1", false }, { "one", false },
	};

	(void)p;
	try_values(device, "multi-queue-num-queues", values,
		   ARRAY_SIZE(values));
}

static void protocols(void *device, struct peer *p)
{
	const struct junk values[] = {
		{ "x86_64-abi", true }, { "x86_32-abi", true },
		{ "", false }, { "x86_64-abi-x", false }, { "arm-abi", false },
		{ long_value(), false },
	};

	(void)p;
	try_values(device, "protocol", values, ARRAY_SIZE(values));
}

static void persistence(void *device, struct peer *p)
{
	const struct junk values[] = {
		{ "1", true }, { "0", true }, { "1", true }, { "2", false },
		{ "yes", false },
	};

	(void)p;
	try_values(device, "feature-persistent", values, ARRAY_SIZE(values));
}

static void ring_refs(void *device, struct peer *p)
{
	const struct junk values[] = {
		{ "-1", false }, { "4294967296", false }, { "", false },
		{ "1.5", false }, { long_value(), false },
	};

	(void)p;
	try_values(device, "ring-ref", values, ARRAY_SIZE(values));
}

static void ports(void *device, struct peer *p)
{
	const struct junk values[] = {
		{ "0", false }, { "-1", false }, { "4294967295", false },
		{ "", false }, { long_value(), false },
	};

	(void)p;
	try_values(device, "event-channel", values, ARRAY_SIZE(values));
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

/* -- states ---------------------------------------------------------------------------- */

/* States that are none, and those of the other end, in each phase. */
static void states(void *device, struct peer *p)
{
	static const char *const values[] = {
		"0", "7", "8", "9", "99", "abc", "", "-1", "2", "4294967300",
	};
	struct blk *b = device;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		peer_put(p, "state", "%s", values[i]);
	peer_state(p, BUS_INITIALISING);
	if (!blk_connect(b))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		peer_put(p, "state", "%s", values[i]);
		expect(p, blk_reads(b, 4), "reads in state '%s'", values[i]);
	}
	peer_state(p, BUS_CONNECTED);
}

/* Each state after each other, without waiting for anything. */
static void all_edges(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, false);
	for (unsigned int i = 0; i <= BUS_RECONFIGURED; i++)
		for (unsigned int j = 0; j <= BUS_RECONFIGURED; j++) {
			peer_state(p, i);
			peer_state(p, j);
		}
	b->lost = true;
}

#define FLAPS 1500u

static void flapping(void *device, struct peer *p)
{
	static const enum bus_state walk[] = {
		BUS_INITIALISING, BUS_INITIALISED, BUS_CONNECTED, BUS_CLOSED,
	};
	struct blk *b = device;
	unsigned long before = peer_requests(p), asked;

	blk_offer(b, 0, false);
	for (unsigned int i = 0; i < FLAPS; i++)
		peer_state(p, walk[i % ARRAY_SIZE(walk)]);
	/* rings and ports come and go with it: what is left must be whole */
	peer_state(p, BUS_CLOSED);
	peer_await(p, 1u << BUS_CLOSED);
	peer_state(p, BUS_INITIALISING);
	peer_await(p, 1u << BUS_INITWAIT);
	asked = peer_requests(p) - before;
	printf("# %u states: %lu xenstore requests of the daemon\n", FLAPS,
	       asked);
	/* a connection made and ended asks some 30; nothing else may add up */
	expect(p, asked < FLAPS * 20, "that is too many");
	blk_reset(b, p);
	blk_connect(b);
}

static void closed_while_connecting(void *device, struct peer *p)
{
	struct blk *b = device;

	for (unsigned int i = 0; i < 50; i++) {
		blk_offer(b, 0, false);
		peer_state(p, BUS_INITIALISED);
		peer_state(p, BUS_CLOSED);
		peer_await(p, 1u << BUS_CLOSED);
		peer_state(p, BUS_INITIALISING);
		peer_await(p, 1u << BUS_INITWAIT);
		blk_reset(b, p);
	}
	blk_connect(b);
}

/* The guest may remove what is its own, whenever. */
static void folder_removed(void *device, struct peer *p)
{
	static const char *const nodes[] = {
		"ring-ref", "event-channel", "protocol", "state",
	};
	struct blk *b = device;

	blk_offer(b, 0, false);
	peer_state(p, BUS_INITIALISED);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		peer_remove(p, nodes[i]);
	b->lost = true;
	peer_await(p, 1u << BUS_CLOSING | 1u << BUS_CLOSED |
		   1u << BUS_INITWAIT);
}

static void state_removed(void *device, struct peer *p)
{
	struct blk *b = device;

	if (!blk_connect(b))
		return;
	peer_remove(p, "state");
	b->lost = true;
	peer_await(p, 1u << BUS_CLOSED);
	/* it cannot be closed for a reason that nobody gave */
	peer_state(p, BUS_INITIALISING);
	peer_await(p, 1u << BUS_INITWAIT);
	blk_reset(b, p);
	blk_connect(b);
}

/* -- floods ---------------------------------------------------------------------------- */

#define WRITES 2000u

/* What is not `state` is watched by nobody, however often it is written. */
static void node_flood(void *device, struct peer *p)
{
	struct blk *b = device;
	unsigned long before, asked;
	unsigned int made = 0;
	char node[32];

	if (!blk_connect(b))
		return;
	before = peer_requests(p);
	for (unsigned int i = 0; i < WRITES; i++) {
		snprintf(node, sizeof(node), "flood/%u", i % 500);
		made += peer_put(p, node, "%u", i);
	}
	asked = peer_requests(p) - before;
	printf("# %u writes of nodes: %lu xenstore requests of the daemon\n",
	       made, asked);
	expect(p, made > WRITES / 4, "only %u writes were taken", made);
	expect(p, asked < 20, "it noticed: %lu requests", asked);
	peer_remove(p, "flood");
}

/* The same state again and again: an event each, a look for some. */
static void state_flood(void *device, struct peer *p)
{
	struct blk *b = device;
	unsigned long before, asked;

	if (!blk_connect(b))
		return;
	before = peer_requests(p);
	for (unsigned int i = 0; i < WRITES; i++)
		peer_state(p, BUS_CONNECTED);
	asked = peer_requests(p) - before;
	printf("# %u writes of the state: %lu xenstore requests of the daemon\n",
	       WRITES, asked);
	expect(p, asked <= WRITES + 20, "more than one a write: %lu", asked);
}

/* -- other folders ----------------------------------------------------------------------- */

static void other_backend(void *device, struct peer *p)
{
	struct blk *b = device;

	peer_put(p, "backend", "/local/domain/0/backend/uvbd/%u/1",
		 p->domid + 1);
	peer_put(p, "backend-id", "%u", p->domid + 1);
	blk_connect(b);
	expect(p, blk_reads(b, 4), "reads");
	peer_put(p, "backend", "%s", p->back);
	peer_put(p, "backend-id", "%u", p->back_id);
}

/* Nobody but the toolstack writes there. (As domain 0 a guest is the toolstack.) */
static void backend_folder(void *device, struct peer *p)
{
	struct blk *b = device;
	char path[160];

	if (!blk_connect(b) || !p->domid)
		return;
	snprintf(path, sizeof(path), "%s/state", p->back);
	expect(p, !xs_write(p->xs, XBT_NULL, path, "6", 1) &&
	       errno == EACCES, "a guest may write the backend's state");
}

const struct peer_case blk_store_cases[] = {
	{ "B30", "blk", "ring-page-order is no order: refused by name", EITHER,
	  NULL, ring_order },
	{ "B30-nul", "blk", "ring-page-order has a NUL inside", CLOSED,
	  "ring-page-order", nul_inside },
	{ "B31", "blk", "multi-queue-num-queues is no number of queues",
	  EITHER, NULL, queues },
	{ "B31-missing", "blk", "two queues, of which one is not there",
	  CLOSED, "queue-1/ring-ref", no_queue_1 },
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
	  NULL, states },
	{ "B35-edges", "blk", "each state after each other, at once", ANYWHERE,
	  NULL, all_edges },
	{ "B35-flapping", "blk", "thousands of states: bounded work",
	  ANSWERED, NULL, flapping },
	{ "B35-connecting", "blk", "Closed while it is being connected",
	  ANSWERED, NULL, closed_while_connecting },
	{ "B35-folder", "blk", "its nodes are removed while it is being "
	  "connected", ANYWHERE, NULL, folder_removed },
	{ "B35-gone", "blk", "its state is removed while it is served",
	  ANSWERED, NULL, state_removed },
	{ "B36", "blk", "thousands of writes of other nodes are not noticed",
	  ANSWERED, NULL, node_flood },
	{ "B36-state", "blk", "thousands of writes of the same state",
	  ANSWERED, NULL, state_flood },
	{ "B37", "blk", "backend points elsewhere", ANSWERED, NULL,
	  other_backend },
	{ "B37-write", "blk", "the backend's folder is not the guest's",
	  ANSWERED, NULL, backend_folder },
	{ "B38", "blk", "feature-persistent changes with each connection",
	  EITHER, NULL, persistence },
};
const unsigned int blk_store_count = ARRAY_SIZE(blk_store_cases);
