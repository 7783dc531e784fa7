/* SPDX-License-Identifier: MIT */
/*
 * Two network frontends with a TAP each, and a cable between them: what one
 * sends is put into the receive ring of the other, slot by slot, as a backend
 * does. For test-front-net-cable.sh, which lets two network stacks talk through it.
 *
 *	front-net-cable TAP TAP [NODE=VALUE]...
 *
 * NODE=VALUE: what the backend of both says. Works until its standard input
 * ends, then prints what went through.
 */
#include "config.h"

#include "frontends/linux/tap.h"
#include "frontends/net/core.h"
#include "tests/unit/front-host.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/loop.h"

#define DIR "device/uvif/0"
#define BACK "/local/domain/0/backend/uvif/7/0"

enum tag { TAG_STDIN, TAG_TAP };

struct end {
	struct front_host host;
	struct net_front front;
	struct tap tap;
	struct netif_tx_sring *tx;
	struct netif_rx_sring *rx;
	uint32_t tx_cons, tx_rsp, rx_cons;
	unsigned int largest;		/* of its frames, bytes */
};

static void offer(struct end *e, const char *node, const char *value)
{
	char path[FRONT_PATH_MAX];

	snprintf(path, sizeof(path), BACK "/%s", node);
	host_set(&e->host, path, value);
}

/* -- the cable ----------------------------------------------------------- */

struct packet {
	struct netif_tx_request slots[NET_FRONT_FRAME_SLOTS + 1];
	struct netif_extra_info extra;
	bool has_extra;
	unsigned int count;
};

static void read_packet(struct end *from, struct packet *p)
{
	*p = (struct packet) { .count = 0 };
	do {
		memcpy(&p->slots[p->count],
		       &from->tx->ring[from->tx_cons++ & 255].req,
		       sizeof(p->slots[0]));
		if (p->slots[p->count].flags & NETTXF_extra_info) {
			p->has_extra = true;
			memcpy(&p->extra,
			       &from->tx->ring[from->tx_cons++ & 255],
			       sizeof(p->extra));
		}
	} while (p->slots[p->count++].flags & NETTXF_more_data);
	/* the first slot says the size of all */
	if (p->slots[0].size > from->largest)
		from->largest = p->slots[0].size;
	for (unsigned int i = 1; i < p->count; i++)
		p->slots[0].size -= p->slots[i].size;
}

static void answer_packet(struct end *from, const struct packet *p)
{
	struct netif_tx_response rsp = { .status = NETIF_RSP_OKAY };

	for (unsigned int i = 0; i < p->count; i++) {
		rsp = (struct netif_tx_response) {
			.id = p->slots[i].id, .status = NETIF_RSP_OKAY };
		memcpy(&from->tx->ring[from->tx_rsp++ & 255].rsp, &rsp,
		       sizeof(rsp));
		if (i || !p->has_extra)
			continue;
		rsp.status = NETIF_RSP_NULL;
		memcpy(&from->tx->ring[from->tx_rsp++ & 255].rsp, &rsp,
		       sizeof(rsp));
	}
	from->tx->rsp_prod = from->tx_rsp;
}

static unsigned int rx_flags(unsigned int tx_flags)
{
	return (tx_flags & NETTXF_csum_blank ? NETRXF_csum_blank : 0) |
		(tx_flags & NETTXF_data_validated ?
		 NETRXF_data_validated : 0) |
		(tx_flags & NETTXF_more_data ? NETRXF_more_data : 0) |
		(tx_flags & NETTXF_extra_info ? NETRXF_extra_info : 0);
}

static void deliver(struct end *from, struct end *to, const struct packet *p)
{
	for (unsigned int i = 0; i < p->count; i++) {
		union netif_rx_sring_entry *slot =
			&to->rx->ring[to->rx_cons++ & 255];
		struct netif_rx_request req = slot->req;
		struct netif_rx_response rsp = {
			.id = req.id, .offset = 0,
			.flags = rx_flags(p->slots[i].flags),
			.status = p->slots[i].size,
		};

		memcpy(to->host.grants[req.gref],
		       (uint8_t *)from->host.grants[p->slots[i].gref] +
		       p->slots[i].offset, p->slots[i].size);
		memcpy(&slot->rsp, &rsp, sizeof(rsp));
		if (i == 0 && p->has_extra)
			memcpy(&to->rx->ring[to->rx_cons++ & 255], &p->extra,
			       sizeof(p->extra));
	}
	to->rx->rsp_prod = to->rx_cons;
}

static bool carry(struct end *from, struct end *to)
{
	bool any = false;

	while (from->tx_cons != from->tx->req_prod &&
	       to->rx->req_prod - to->rx_cons > NET_FRONT_FRAME_SLOTS + 1) {
		struct packet p;

		read_packet(from, &p);
		deliver(from, to, &p);
		answer_packet(from, &p);
		any = true;
	}
	return any;
}

/* -- the ends ------------------------------------------------------------ */

static bool send_all(struct end *e)
{
	unsigned int pages = e->front.info.sg ? 16 : 1;
	struct net_vec vec[NET_FRONT_FRAME_SLOTS];
	struct net_frame frame;
	bool any = false;

	while (net_front_tx_room(&e->front, vec, pages) &&
	       tap_read(&e->tap, vec, pages, &frame) == 1) {
		net_front_send(&e->front, &frame);
		any = true;
	}
	net_front_tx_push(&e->front);
	return any;
}

static bool receive_all(struct end *e)
{
	struct net_frame frame;
	bool any = false;

	while (net_front_receive(&e->front, &frame)) {
		tap_write(&e->tap, &frame);
		net_front_rx_free(&e->front, &frame);
		any = true;
	}
	net_front_rx_push(&e->front);
	return any;
}

static int end_open(struct end *e, const char *name, const char *mac,
		    char **nodes, struct loop *loop)
{
	int r;

	host_init(&e->host);
	host_set(&e->host, DIR "/backend", BACK);
	host_set(&e->host, DIR "/backend-id", "0");
	host_set(&e->host, DIR "/mac", mac);
	host_set(&e->host, DIR "/state", "1");
	offer(e, "state", "2");
	offer(e, "feature-rx-copy", "1");
	offer(e, "feature-sg", "1");
	offer(e, "feature-gso-tcpv4", "1");
	offer(e, "feature-gso-tcpv6", "1");
	offer(e, "feature-ipv6-csum-offload", "1");
	for (; *nodes; nodes++) {
		char node[64];
		const char *value = strchr(*nodes, '=');

		if (!value)
			return -EINVAL;
		snprintf(node, sizeof(node), "%.*s", (int)(value - *nodes),
			 *nodes);
		offer(e, node, value + 1);
	}
	if (net_front_open(&e->front, &front_host_ops, &e->host, DIR))
		return -EINVAL;
	net_front_step(&e->front);
	offer(e, "state", "4");
	if (net_front_step(&e->front) != FRONT_RUNNING)
		return -EINVAL;
	e->tx = e->host.grants[e->front.ring_grefs[0]];
	e->rx = e->host.grants[e->front.ring_grefs[1]];
	r = tap_open(&e->tap, name, &e->front.info);
	return r ? r : loop_add(loop, e->tap.fd, EPOLLIN,
				(union loop_tag) { .type = TAG_TAP });
}

static void run(struct end *ends, struct loop *loop)
{
	for (;;) {
		struct loop_event events[4];
		int i, n = loop_wait(loop, events, 4, -1);
		bool any;

		for (i = 0; i < n; i++)
			if (events[i].tag.type == TAG_STDIN)
				return;
		do {
			any = false;
			for (i = 0; i < 2; i++) {
				any |= send_all(&ends[i]);
				any |= carry(&ends[i], &ends[!i]);
				any |= receive_all(&ends[!i]);
			}
		} while (any);
	}
}

int main(int argc, char **argv)
{
	CLEANUP_FREE struct end *ends = calloc(2, sizeof(*ends));
	struct loop loop;
	int i;

	log_init("front-net-cable", LOG_INFO_LEVEL);
	if (!ends || argc < 3 || loop_open(&loop) ||
	    loop_add(&loop, STDIN_FILENO, EPOLLIN,
		     (union loop_tag) { .type = TAG_STDIN }))
		return 2;
	for (i = 0; i < 2; i++) {
		char mac[] = "02:00:00:00:00:0x";

		mac[16] = '0' + i;
		if (end_open(&ends[i], argv[1 + i], mac, argv + 3, &loop))
			return 1;
	}
	puts("ready");
	fflush(stdout);
	run(ends, &loop);
	for (i = 0; i < 2; i++) {
		const struct net_front_stats *s = &ends[i].front.stats;

		printf("%s: sent %" PRIu64 " frames of up to %u bytes, %" PRIu64
		       " in all, dropped %" PRIu64 ", errors %" PRIu64
		       ", %s\n", argv[1 + i], s->tx_frames,
		       ends[i].largest, s->tx_bytes,
		       s->rx_dropped, s->tx_errors + s->rx_errors,
		       ends[i].front.bus.failed ?
		       ends[i].front.bus.reason : "good");
		tap_close(&ends[i].tap);
		net_front_release(&ends[i].front);
	}
	loop_close(&loop);
	return 0;
}
