/* SPDX-License-Identifier: MIT */
/*
 * What a frontend may write about its rings: each case is its nodes and what
 * becomes of them. A refusal names the node.
 */
#include "config.h"

#include "backends/blk/ringconf.h"
#include "lib/cleanup.h"
#include "lib/num.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FRONTEND "/f"
#define NODES_MAX 24

struct test_case {
	const char *sentence;
	const char *nodes[NODES_MAX];	/* "NODE=VALUE" */
	const char *bad;		/* in the reason; NULL: it is fine */
	unsigned int pages, queues, abi, flags;
	uint32_t last_gref, last_port;	/* of the last queue */
};

static const struct test_case *now;

/* -- a store of that case's nodes ---------------------------------------------- */

int store_read(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char *buf, size_t size)
{
	char path[300];
	size_t n;

	(void)s;
	(void)t;
	snprintf(path, sizeof(path), "%s/%s=", dir, node);
	n = strlen(path) - strlen(FRONTEND "/");
	for (int i = 0; i < NODES_MAX && now->nodes[i]; i++) {
		const char *entry = now->nodes[i];

		if (strncmp(entry, path + strlen(FRONTEND "/"), n))
			continue;
		if (strlen(entry + n) >= size)
			return -E2BIG;
		strncpy(buf, entry + n, size);
		return 0;
	}
	return -ENOENT;
}

int store_read_uint(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, unsigned int min, unsigned int max,
		    unsigned int *ret)
{
	char value[STORE_VALUE_MAX];
	int r = store_read(s, t, dir, node, value, sizeof(value));

	return r ? r : num_parse_uint(value, min, max, ret);
}

int backend_fail(struct backend_device *dev, int err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(dev->reason, sizeof(dev->reason), fmt, args);
	va_end(args);
	return err;
}

/* -- cases ------------------------------------------------------------------------ */

#define X64 "protocol=x86_64-abi"

static const struct test_case cases[] = {
	{ "Linux' frontend with one queue",
	  { "ring-ref=8", "event-channel=5", X64, "feature-persistent=1" },
	  NULL, 1, 1, BLK_ABI_X86_64, VBD_PERSISTENT, 8, 5 },
	{ "an i386 guest", { "ring-ref=8", "event-channel=5",
			     "protocol=x86_32-abi" },
	  NULL, 1, 1, BLK_ABI_X86_32, 0, 8, 5 },
	{ "no protocol is i386", { "ring-ref=8", "event-channel=5" },
	  NULL, 1, 1, BLK_ABI_X86_32, 0, 8, 5 },
	{ "order 0, then ring-ref0",
	  { X64, "ring-page-order=0", "ring-ref0=9", "event-channel=5" },
	  NULL, 1, 1, BLK_ABI_X86_64, 0, 9, 5 },
	{ "order 0, then ring-ref",
	  { X64, "ring-page-order=0", "ring-ref=9", "event-channel=5" },
	  NULL, 1, 1, BLK_ABI_X86_64, 0, 9, 5 },
	{ "four pages",
	  { X64, "ring-page-order=2", "ring-ref0=1", "ring-ref1=2",
	    "ring-ref2=3", "ring-ref3=4", "event-channel=5" },
	  NULL, 4, 1, BLK_ABI_X86_64, 0, 4, 5 },
	{ "two queues",
	  { X64, "multi-queue-num-queues=2", "queue-0/ring-ref=1",
	    "queue-0/event-channel=2", "queue-1/ring-ref=3",
	    "queue-1/event-channel=4" },
	  NULL, 1, 2, BLK_ABI_X86_64, 0, 3, 4 },
	{ "two queues of two pages",
	  { X64, "multi-queue-num-queues=2", "ring-page-order=1",
	    "queue-0/ring-ref0=1", "queue-0/ring-ref1=2",
	    "queue-0/event-channel=2", "queue-1/ring-ref0=3",
	    "queue-1/ring-ref1=4", "queue-1/event-channel=7" },
	  NULL, 2, 2, BLK_ABI_X86_64, 0, 4, 7 },
	{ "the highest reference there is",
	  { X64, "ring-ref=4294967295", "event-channel=5" },
	  NULL, 1, 1, BLK_ABI_X86_64, 0, UINT32_MAX, 5 },

	{ "an unknown protocol",
	  { "ring-ref=8", "event-channel=5", "protocol=vax-abi" },
	  .bad = "protocol" },
	{ "a protocol of 40 letters",
	  { "ring-ref=8", "event-channel=5",
	    "protocol=x86_64-abi-and-much-more-than-anybody-wants" },
	  .bad = "protocol" },
	{ "no ring", { X64, "event-channel=5" },
	  .bad = "ring-ref" },
	{ "no event channel", { X64, "ring-ref=8" },
	  .bad = "event-channel" },
	{ "event channel 0", { X64, "ring-ref=8", "event-channel=0" },
	  .bad = "event-channel" },
	{ "event channel -1", { X64, "ring-ref=8", "event-channel=-1" },
	  .bad = "event-channel" },
	{ "a reference in hex", { X64, "ring-ref=0x8", "event-channel=5" },
	  .bad = "ring-ref" },
	{ "a reference past 32 bits",
	  { X64, "ring-ref=4294967296", "event-channel=5" },
	  .bad = "ring-ref" },
	{ "an empty reference", { X64, "ring-ref=", "event-channel=5" },
	  .bad = "ring-ref" },
	{ "order 5", { X64, "ring-page-order=5", "event-channel=5" },
	  .bad = "ring-page-order" },
	{ "order -1", { X64, "ring-page-order=-1", "event-channel=5" },
	  .bad = "ring-page-order" },
	{ "order 4294967295",
	  { X64, "ring-page-order=4294967295", "event-channel=5" },
	  .bad = "ring-page-order" },
	{ "order without its last page",
	  { X64, "ring-page-order=1", "ring-ref0=1", "event-channel=5" },
	  .bad = "ring-ref1" },
	{ "no queues", { X64, "multi-queue-num-queues=0" },
	  .bad = "multi-queue-num-queues" },
	{ "more queues than were offered",
	  { X64, "multi-queue-num-queues=5" },
	  .bad = "multi-queue-num-queues" },
	{ "4294967296 queues",
	  { X64, "multi-queue-num-queues=4294967296" },
	  .bad = "multi-queue-num-queues" },
	{ "a queue that is missing",
	  { X64, "multi-queue-num-queues=2", "queue-0/ring-ref=1",
	    "queue-0/event-channel=2" },
	  .bad = "queue-1/ring-ref" },
	{ "persistent grants 2",
	  { X64, "feature-persistent=2", "ring-ref=8", "event-channel=5" },
	  .bad = "feature-persistent" },
};

static bool fits(const struct test_case *c, int r,
		 const struct backend_device *dev,
		 const struct vbd_attach *body)
{
	unsigned int last = c->queues - 1;

	if (c->bad)
		return r == -EPROTO && strstr(dev->reason, c->bad);
	return !r && body->ring_pages == c->pages &&
	       body->queues == c->queues && body->abi == c->abi &&
	       body->flags == c->flags &&
	       body->queue[last].grefs[c->pages - 1] == c->last_gref &&
	       body->queue[last].port == c->last_port;
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct backend_device dev = { .frontend = FRONTEND };
		struct vbd_attach body = { .sectors = 1 };
		int r;

		now = &cases[i];
		r = ringconf_read(&dev, XBT_NULL, 4, &body);
		if (fits(now, r, &dev, &body))
			continue;
		failed++;
		printf("%s: got %d, reason '%s', %u page(s), %u queue(s)\n",
		       now->sentence, r, dev.reason, body.ring_pages,
		       body.queues);
	}
	return failed != 0;
}
