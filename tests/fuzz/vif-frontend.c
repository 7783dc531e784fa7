/* SPDX-License-Identifier: MIT */
/*
 * The network backend's readers of nodes; see vif-frontend.h. In a file of its
 * own, since the two backends do not know each other's headers.
 */
#include "config.h"

#include "tests/fuzz/vif-frontend.h"

#include "backends/net/nodes.h"
#include "backends/net/offload.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

/* No two threads may serve one ring, or wait on one port. */
static void check_distinct(const struct vif_config *c)
{
	for (unsigned int i = 0; i < c->queue_count; i++) {
		const struct vif_queue_config *q = &c->queues[i];

		MUST(q->tx_ref != q->rx_ref);
		for (unsigned int j = 0; j < i; j++) {
			const struct vif_queue_config *o = &c->queues[j];

			MUST(q->tx_ref != o->tx_ref && q->tx_ref != o->rx_ref);
			MUST(q->rx_ref != o->tx_ref && q->rx_ref != o->rx_ref);
			MUST(q->tx_port != o->tx_port &&
			     q->tx_port != o->rx_port);
			MUST(q->rx_port != o->tx_port &&
			     q->rx_port != o->rx_port);
		}
		if (!c->has_ctrl)
			continue;
		MUST(q->tx_ref != c->ctrl_ref && q->rx_ref != c->ctrl_ref);
		MUST(q->tx_port != c->ctrl_port && q->rx_port != c->ctrl_port);
	}
}

static void check_frontend(unsigned int queues_max)
{
	struct backend_device dev = { .path = "b", .frontend = "f" };
	struct vif_config c = { 0 };
	int r = nodes_read_frontend(&dev, XBT_NULL, queues_max, &c);

	if (r) {
		MUST(r == -EPROTO && dev.reason[0]);
		return;
	}
	MUST(c.queue_count >= 1 && c.queue_count <= queues_max);
	/* segments need pages to hold them and their checksums finished */
	MUST(!(c.features & OFFLOAD_GSO4) ||
	     (c.features & OFFLOAD_SG && c.features & OFFLOAD_CSUM4));
	MUST(!(c.features & OFFLOAD_GSO6) ||
	     (c.features & OFFLOAD_SG && c.features & OFFLOAD_CSUM6));
	check_distinct(&c);
}

static bool short_name(const char *name)
{
	return strlen(name) < IFNAMSIZ && !strpbrk(name, "/: \t\n%") &&
	       strcmp(name, "..");
}

static void check_toolstack(void)
{
	struct backend_device dev = { .path = "b", .frontend = "f" };
	struct nodes_toolstack want;
	int r = nodes_read_toolstack(&dev, &want);

	if (r) {
		MUST(dev.reason[0]);
		return;
	}
	MUST(!(want.filter.mac[0] & 1));
	MUST(!want.mtu || (want.mtu >= 68 && want.mtu <= 65517));
	MUST(short_name(want.vifname));
	MUST(want.script[0] || short_name(want.bridge));
	MUST(!want.rates.send.bytes || want.rates.send.interval_us);
}

void vif_frontend_check(unsigned int queues_max)
{
	check_frontend(queues_max);
	check_toolstack();
}
