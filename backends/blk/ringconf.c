/* SPDX-License-Identifier: MIT */
/*
 * See ringconf.h. Where implementations disagree, both ways are read:
 * a ring-page-order of 0 is followed by `ring-ref0` for some and `ring-ref`
 * for others; no `protocol` means i386 to Linux' own backend, so here too.
 */
#include "config.h"

#include "backends/blk/ringconf.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/protocols.h>

static int bad_node(struct backend_device *dev, int err, const char *dir,
		    const char *node, unsigned int min, unsigned int max)
{
	if (err == -ENOENT)
		return backend_fail(dev, -EPROTO, "frontend: %s/%s is missing",
				    dir, node);
	if (err == -EINVAL || err == -ERANGE || err == -E2BIG)
		return backend_fail(dev, -EPROTO, "frontend: %s/%s is not a "
				    "number in %u..%u", dir, node, min, max);
	return backend_fail(dev, err, "frontend: %s/%s", dir, node);
}

static int read_number(struct backend_device *dev, xs_transaction_t t,
		       const char *dir, const char *node, unsigned int min,
		       unsigned int max, uint32_t *ret)
{
	unsigned int n;
	int r = store_read_uint(dev->store, t, dir, node, min, max, &n);

	if (r < 0)
		return bad_node(dev, r, dir, node, min, max);
	*ret = n;
	return 0;
}

static const struct {
	const char *name;
	enum blk_abi abi;
} protocols[] = {
	{ XEN_IO_PROTO_ABI_X86_64, BLK_ABI_X86_64 },
	{ XEN_IO_PROTO_ABI_X86_32, BLK_ABI_X86_32 },
};

int vbd_parse_protocol(const char *protocol, enum blk_abi *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
		if (!strcmp(protocol, protocols[i].name)) {
			*ret = protocols[i].abi;
			return 0;
		}
	return -EINVAL;
}

static int read_protocol(struct backend_device *dev, xs_transaction_t t,
			 struct vbd_attach *body)
{
	enum blk_abi abi = BLK_ABI_X86_32;
	char value[32];
	int r = store_read(dev->store, t, dev->frontend, "protocol", value,
			   sizeof(value));

	if (!r)
		r = vbd_parse_protocol(value, &abi);
	else if (r == -ENOENT)
		r = 0;
	if (r < 0)
		return backend_fail(dev, -EPROTO, "frontend: protocol is "
				    "neither '%s' nor '%s'", protocols[0].name,
				    protocols[1].name);
	body->abi = abi;
	return 0;
}

/* The one page of a ring whose page order is 0 or was not said. */
static int read_single_ref(struct backend_device *dev, xs_transaction_t t,
			   const char *dir, bool order_said, uint32_t *ret)
{
	unsigned int n;

	if (order_said && !store_read_uint(dev->store, t, dir, "ring-ref0", 0,
					   UINT_MAX, &n)) {
		*ret = n;
		return 0;
	}
	return read_number(dev, t, dir, "ring-ref", 0, UINT_MAX, ret);
}

static int read_queue(struct backend_device *dev, xs_transaction_t t,
		      const char *dir, bool order_said, unsigned int index,
		      struct vbd_attach *body)
{
	uint32_t *grefs = body->queue[index].grefs;
	int r = 0;

	if (body->ring_pages == 1)
		r = read_single_ref(dev, t, dir, order_said, &grefs[0]);
	for (unsigned int i = 0; !r && body->ring_pages > 1 &&
	     i < body->ring_pages; i++) {
		char node[24];

		snprintf(node, sizeof(node), "ring-ref%u", i);
		r = read_number(dev, t, dir, node, 0, UINT_MAX, &grefs[i]);
	}
	if (!r)
		r = read_number(dev, t, dir, "event-channel", 1, INT_MAX,
				&body->queue[index].port);
	return r;
}

static int read_queues(struct backend_device *dev, xs_transaction_t t,
		       bool order_said, struct vbd_attach *body)
{
	/* one queue has its nodes in the device's folder itself */
	if (body->queues == 1)
		return read_queue(dev, t, dev->frontend, order_said, 0, body);
	for (unsigned int i = 0; i < body->queues; i++) {
		char dir[BACKEND_PATH_MAX + 24];
		int r;

		snprintf(dir, sizeof(dir), "%s/queue-%u", dev->frontend, i);
		r = read_queue(dev, t, dir, order_said, i, body);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A number that may be missing: then DEFLT, and *said is false. */
static int read_optional(struct backend_device *dev, xs_transaction_t t,
			 const char *node, unsigned int min, unsigned int max,
			 unsigned int deflt, unsigned int *ret, bool *said)
{
	int r = store_read_uint(dev->store, t, dev->frontend, node, min, max,
				ret);

	*said = r != -ENOENT;
	if (!r)
		return 0;
	*ret = deflt;
	return r == -ENOENT ? 0 : bad_node(dev, r, dev->frontend, node, min,
					   max);
}

int ringconf_read(struct backend_device *dev, xs_transaction_t t,
		  unsigned int queues_max, struct vbd_attach *body)
{
	unsigned int order = 0, persistent = 0;
	bool order_said = false, said;
	int r = read_protocol(dev, t, body);

	if (!r)
		r = read_optional(dev, t, "ring-page-order", 0,
				  BLK_RING_ORDER_MAX, 0, &order, &order_said);
	if (!r)
		r = read_optional(dev, t, "multi-queue-num-queues", 1,
				  queues_max, 1, &body->queues, &said);
	if (!r)
		r = read_optional(dev, t, "feature-persistent", 0, 1, 0,
				  &persistent, &said);
	if (r < 0)
		return r;
	body->ring_pages = 1u << order;
	if (persistent)
		body->flags |= VBD_PERSISTENT;
	return read_queues(dev, t, order_said, body);
}
