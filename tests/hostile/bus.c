/* SPDX-License-Identifier: MIT */
/*
 * Misbehaviour in xenstore that is the same for all kinds of devices: states
 * in no order, nodes that come and go, floods (blk B35..B37, net X05..X08).
 */
#include "config.h"

#include "tests/hostile/peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

#define DOWN (1u << BUS_CLOSING | 1u << BUS_CLOSED)
#define FLAPS 1500u
#define WRITES 2000u

void peer_start_over(struct peer *p)
{
	peer_state(p, BUS_CLOSED);
	peer_await(p, 1u << BUS_CLOSED);
	peer_state(p, BUS_INITIALISING);
	peer_await(p, 1u << BUS_INITWAIT);
	p->class->reset(p->device, p);
}

void peer_try(struct peer *p, const char *node,
	      const struct peer_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct peer_value *v = &values[i];

		if (i)
			peer_start_over(p);
		p->class->offer(p->device, p);
		expect(p, peer_put(p, node, "%s", v->value),
		       "%s cannot be written", node);
		peer_state(p, p->class->ready);
		if (!peer_await(p, v->accepted ? 1u << BUS_CONNECTED : DOWN)) {
			expect(p, false, "%s is '%.40s'", node, v->value);
			return;
		}
		if (v->accepted) {
			peer_state(p, BUS_CONNECTED);
			continue;
		}
		expect(p, strstr(peer_get(p, p->error, "error"), node),
		       "%s is '%.40s': the reason is '%s'", node, v->value,
		       peer_get(p, p->error, "error"));
	}
}

bool peer_connect(struct peer *p)
{
	p->class->offer(p->device, p);
	peer_state(p, p->class->ready);
	if (!peer_await(p, 1u << BUS_CONNECTED))
		return false;
	peer_state(p, BUS_CONNECTED);
	return true;
}

/* -- states ---------------------------------------------------------------------- */

void bus_states(void *device, struct peer *p)
{
	static const char *const values[] = {
		"0", "7", "8", "9", "99", "abc", "", "-1", "2", "4294967300",
	};

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		peer_put(p, "state", "%s", values[i]);
	peer_state(p, BUS_INITIALISING);
	if (!peer_connect(p))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		peer_put(p, "state", "%s", values[i]);
		expect(p, p->class->control(device, p),
		       "a good request in state '%s'", values[i]);
	}
	peer_state(p, BUS_CONNECTED);
}

void bus_edges(void *device, struct peer *p)
{
	p->class->offer(device, p);
	for (unsigned int i = 0; i <= BUS_RECONFIGURED; i++)
		for (unsigned int j = 0; j <= BUS_RECONFIGURED; j++) {
			peer_state(p, i);
			peer_state(p, j);
		}
	peer_state(p, BUS_CLOSED);
	peer_rest(p);
}

void bus_flapping(void *device, struct peer *p)
{
	static const enum bus_state walk[] = {
		BUS_INITIALISING, BUS_INITIALISED, BUS_CONNECTED, BUS_CLOSED,
	};
	unsigned long before = peer_requests(p), asked;

	p->class->offer(device, p);
	for (unsigned int i = 0; i < FLAPS; i++)
		peer_state(p, walk[i % ARRAY_SIZE(walk)]);
	peer_rest(p);
	/* rings and ports came and went with it: what is left must be whole */
	peer_start_over(p);
	asked = peer_requests(p) - before;
	printf("# %u states: %lu xenstore requests of the daemon\n", FLAPS,
	       asked);
	/* a connection made and ended asks some 40; nothing else may add up */
	expect(p, asked < FLAPS * 20, "that is too many");
	peer_connect(p);
}

void bus_connecting(void *device, struct peer *p)
{
	for (unsigned int i = 0; i < 50; i++) {
		p->class->offer(device, p);
		peer_state(p, p->class->ready);
		peer_start_over(p);
	}
	peer_connect(p);
}

/* -- nodes that go ------------------------------------------------------------------ */

/* A guest may remove what is its own, whenever. */
void bus_nodes_removed(void *device, struct peer *p)
{
	static const char *const nodes[] = {
		"ring-ref", "tx-ring-ref", "event-channel", "protocol",
		"request-rx-copy", "state",
	};

	p->class->offer(device, p);
	peer_state(p, p->class->ready);
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		peer_remove(p, nodes[i]);
	peer_await(p, DOWN | 1u << BUS_INITWAIT);
}

void bus_state_removed(void *device, struct peer *p)
{
	(void)device;
	if (!peer_connect(p))
		return;
	peer_remove(p, "state");
	peer_await(p, 1u << BUS_CLOSED);
	peer_start_over(p);
	peer_connect(p);
}

/* -- floods --------------------------------------------------------------------------- */

/* What is not `state` is watched by nobody, however often it is written. */
void bus_node_flood(void *device, struct peer *p)
{
	unsigned long before, asked;
	unsigned int made = 0;
	char node[32];

	(void)device;
	if (!peer_connect(p))
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

/* The same state again and again: at most a look each. */
void bus_state_flood(void *device, struct peer *p)
{
	unsigned long before, asked;

	(void)device;
	if (!peer_connect(p))
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

void bus_other_backend(void *device, struct peer *p)
{
	(void)device;
	peer_put(p, "backend", "%s0", p->back);
	peer_put(p, "backend-id", "%u", p->domid + 1);
	peer_connect(p);
	expect(p, p->class->control(device, p), "a good request");
	peer_put(p, "backend", "%s", p->back);
	peer_put(p, "backend-id", "%u", p->back_id);
}

/* Nobody but the toolstack writes there. (As domain 0 a guest is that.) */
void bus_backend_folder(void *device, struct peer *p)
{
	char path[160];

	(void)device;
	if (!peer_connect(p) || !p->domid)
		return;
	snprintf(path, sizeof(path), "%s/state", p->back);
	expect(p, !xs_write(p->xs, XBT_NULL, path, "6", 1) &&
	       errno == EACCES, "a guest may write the backend's state");
}
