/* SPDX-License-Identifier: MIT */
/*
 * Cases that need the host's help (blk B40..B44): a frontend that takes all it
 * is offered, and one that waits for files of the test's to appear.
 */
#include "config.h"

#include "tests/hostile/blk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* In the folder of the test, which is where it was started. */
#define GO "/tmp/test/go"
#define PUSHED "/tmp/test/pushed"
#define QUEUES_MAX 2u

static bool told_to_go(void *arg)
{
	(void)arg;
	return access(GO, F_OK) == 0;
}

static void say_pushed(void)
{
	CLEANUP_CLOSE int fd = open(PUSHED, O_WRONLY | O_CREAT | O_CLOEXEC,
				    0600);

	(void)fd;
}

/* All queues, each with as large a ring as there is, and persistent grants. */
static void offer_all(struct blk *b)
{
	struct peer *p = b->p;
	unsigned int most = strtoul(peer_get(p, p->back,
					     "multi-queue-max-queues"), NULL,
				    10);
	unsigned int count = most < QUEUES_MAX ? most : QUEUES_MAX;

	blk_offer(b, 4, true);
	peer_put(p, "multi-queue-num-queues", "%u", count);
	for (unsigned int i = 0; count > 1 && i < count; i++) {
		uint32_t grefs[RING_PAGES];
		char node[40];

		if (i)
			peer_share(p, RING_PAGES, true, grefs);
		for (unsigned int j = 0; j < RING_PAGES; j++) {
			snprintf(node, sizeof(node), "queue-%u/ring-ref%u", i,
				 j);
			peer_put(p, node, "%u", i ? grefs[j] :
				 b->ring_grefs[j]);
		}
		snprintf(node, sizeof(node), "queue-%u/event-channel", i);
		peer_put(p, node, "%u", i ? peer_port(p) : b->port);
	}
}

static void all_there_is(void *device, struct peer *p)
{
	struct blk *b = device;

	offer_all(b);
	if (!blk_go(b))
		return;
	expect(p, blk_reads(b, 512), "a ring full of reads");
	say_pushed();
	peer_until(p, told_to_go, NULL);
}

/* Until killed: the guest ends with a ring full of requests. */
static void left_in_flight(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 4, true);
	if (!blk_go(b) || !peer_until(p, told_to_go, NULL))
		return;
	for (unsigned int i = 0; i < 512; i++) {
		struct blkif_request req = blk_rw(b, BLKIF_OP_READ, i, 0, 11,
						  i);

		blk_put(b, &req);
	}
	blk_push(b);
	say_pushed();
	for (;;)
		pause();
}

static void copied_at_need(void *device, struct peer *p)
{
	struct blk *b = device;

	blk_offer(b, 0, true);
	if (blk_go(b))
		expect(p, blk_reads(b, 32), "reads");
}

static void no_port(void *device, struct peer *p)
{
	struct blk *b = device;

	(void)p;
	blk_offer(b, 0, false);
	blk_knock(b);
}

static const struct peer_case cases[] = {
	{ "B40", "blk-all", "all queues, large rings, persistent grants",
	  ANSWERED, NULL, all_there_is },
	{ "B41", "blk-killed", "the guest ends with 512 requests in flight",
	  ANYWHERE, NULL, left_in_flight },
	{ "B42", "blk-no-maps", "no page can be mapped any more: they are "
	  "copied", ANSWERED, NULL, copied_at_need },
	{ "B44", "blk-no-ports", "no event channel is left", CLOSED,
	  "cannot be bound", no_port },
};
const struct peer_table blk_host_cases = { cases, ARRAY_SIZE(cases) };
