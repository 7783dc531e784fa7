/* SPDX-License-Identifier: MIT */
/*
 * hostile-netback: a network backend that misbehaves (net F01..F14), against
 * xl-lite-netfront, whose TAP it opens a socket on, in the guest's network.
 */
#include "config.h"

#include "tests/hostile/back.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xen/io/netif.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/ring.h"

#define TAP "uvif0"		/* as the frontend calls it */
#define SLOTS 256u
#define FRAME 200u
#define ETHERTYPE 0x88b5	/* for experiments */

struct netback {
	struct back *b;
	struct netif_tx_sring *tx;
	struct netif_rx_sring *rx;
	void *rings;
	uint32_t tx_cons, tx_prod, rx_cons, rx_prod;
	evtchn_port_t tx_port, rx_port;
	int sock;			/* on the TAP; -1: not open */
	uint8_t serial;
};

/* -- nodes, rings, ports ----------------------------------------------------------- */

static void offer(void *device, struct back *b)
{
	static const struct {
		const char *node, *value;
	} nodes[] = {
		{ "mac", "00:16:3e:5e:ed:02" }, { "feature-rx-copy", "1" },
		{ "feature-sg", "1" }, { "feature-gso-tcpv4", "1" },
		{ "feature-gso-tcpv6", "1" },
		{ "feature-ipv6-csum-offload", "1" },
		{ "feature-split-event-channels", "1" },
		{ "multi-queue-max-queues", "4" },
	};

	(void)device;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		back_put(b, nodes[i].node, nodes[i].value);
}

static evtchn_port_t bind_port(struct back *b, const char *node)
{
	const char *value = back_get(b, node);
	xenevtchn_port_or_error_t port;

	if (!*value)
		value = back_get(b, "event-channel");
	port = xenevtchn_bind_interdomain(b->ev, b->guest,
					  strtoul(value, NULL, 10));
	return port < 0 ? 0 : port;
}

static bool attach(void *device, struct back *b)
{
	struct netback *d = device;
	uint32_t refs[2];

	d->tx_cons = d->tx_prod = d->rx_cons = d->rx_prod = 0;
	d->sock = -1;
	refs[0] = strtoul(back_get(b, "tx-ring-ref"), NULL, 10);
	refs[1] = strtoul(back_get(b, "rx-ring-ref"), NULL, 10);
	d->rings = xengnttab_map_domain_grant_refs(b->gnt, 2, b->guest, refs,
						   PROT_READ | PROT_WRITE);
	if (!wish(b, d->rings, "rings: %s", strerror(errno)))
		return false;
	d->tx = d->rings;
	d->rx = (void *)((uint8_t *)d->rings + PAGE);
	d->tx_port = bind_port(b, "event-channel-tx");
	d->rx_port = *back_get(b, "event-channel-rx") ?
		     bind_port(b, "event-channel-rx") : d->tx_port;
	return wish(b, d->tx_port && d->rx_port, "ports: %s", strerror(errno));
}

static void detach(void *device, struct back *b)
{
	struct netback *d = device;

	if (d->sock >= 0)
		close(d->sock);
	d->sock = -1;
	xenevtchn_unbind(b->ev, d->tx_port);
	if (d->rx_port != d->tx_port)
		xenevtchn_unbind(b->ev, d->rx_port);
	xengnttab_unmap(b->gnt, d->rings, 2);
}

/* -- the guest's side of its TAP ------------------------------------------------------- */

static int net_of(pid_t pid)
{
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool socket_open(void *arg)
{
	struct netback *d = arg;
	struct ifreq ifr = { .ifr_name = TAP };
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETHERTYPE),
	};
	CLEANUP_CLOSE int ours = net_of(getpid());
	CLEANUP_CLOSE int theirs = net_of(d->b->pid);

	if (theirs == -1 || setns(theirs, CLONE_NEWNET))
		return false;
	addr.sll_ifindex = if_nametoindex(TAP);
	if (addr.sll_ifindex) {
		d->sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC,
				 htons(ETHERTYPE));
		ifr.ifr_flags = IFF_UP;
		/* up first: bound to one that is down it has an error */
		if (d->sock >= 0 &&
		    (ioctl(d->sock, SIOCSIFFLAGS, &ifr) ||
		     bind(d->sock, (const struct sockaddr *)&addr,
			  sizeof(addr)))) {
			close(d->sock);
			d->sock = -1;
		}
	}
	return setns(ours, CLONE_NEWNET) == 0 && d->sock >= 0;
}

static bool tap_open(struct netback *d)
{
	return d->sock >= 0 || wish(d->b, back_until(d->b, socket_open, d),
				    TAP " does not come");
}

static void build(struct netback *d, uint8_t *frame)
{
	memset(frame, 0xff, 12);
	frame[6] = 2;
	frame[12] = ETHERTYPE >> 8;
	frame[13] = ETHERTYPE & 255;
	memset(frame + 14, ++d->serial, FRAME - 14);
}

/* -- its transmissions --------------------------------------------------------------------- */

static bool request_there(void *arg)
{
	struct netback *d = arg;

	ring_store(&d->tx->req_event, d->tx_cons + 1);
	ring_mb();
	return ring_snapshot(&d->tx->req_prod) != d->tx_cons;
}

static void push_tx(struct netback *d, uint32_t prod)
{
	ring_publish(&d->tx->rsp_prod, prod);
	ring_mb();
	xenevtchn_notify(d->b->ev, d->tx_port);
}

static void answer_tx(struct netback *d, unsigned int id, int status)
{
	struct netif_tx_response rsp = { .id = id, .status = status };

	memcpy(&d->tx->ring[d->tx_prod % SLOTS], &rsp, sizeof(rsp));
	push_tx(d, ++d->tx_prod);
}

struct awaited {
	struct netback *d;
	uint8_t frame[FRAME];
	uint64_t sent_ns;
};

/*
 * It is sent again while nothing comes: a TAP that is full, of a flood that was
 * before it, drops it without a word.
 */
static bool request_came(void *arg)
{
	struct awaited *a = arg;

	if (request_there(a->d))
		return true;
	if (clock_now_ns() - a->sent_ns >= NS_PER_S) {
		send(a->d->sock, a->frame, sizeof(a->frame), 0);
		a->sent_ns = clock_now_ns();
	}
	return false;
}

/* One that we made it send, by our socket. Its own ones are answered. */
static bool take_ours(struct netback *d, struct netif_tx_request *req)
{
	struct awaited a = { .d = d, .sent_ns = clock_now_ns() };
	ssize_t r;

	if (!tap_open(d))
		return false;
	build(d, a.frame);
	r = send(d->sock, a.frame, sizeof(a.frame), 0);
	if (!wish(d->b, r == FRAME, "send: %s", strerror(errno)))
		return false;
	for (;;) {
		uint8_t *page;
		bool ours;

		if (!wish(d->b, back_until(d->b, request_came, &a),
			  "no frame comes"))
			return false;
		memcpy(req, &d->tx->ring[d->tx_cons++ % SLOTS].req,
		       sizeof(*req));
		page = xengnttab_map_grant_ref(d->b->gnt, d->b->guest,
					       req->gref, PROT_READ);
		if (!wish(d->b, page, "grant %u", req->gref))
			return false;
		ours = !memcmp(page + req->offset, a.frame, FRAME);
		xengnttab_unmap(d->b->gnt, page, 1);
		if (ours)
			return true;
		answer_tx(d, req->id, NETIF_RSP_OKAY);
	}
}

/*
 * It looks at our answers when it has no more room: send until it has to. What
 * it asks for meanwhile stays unanswered.
 */
static void make_it_look(struct netback *d)
{
	uint8_t frame[FRAME];

	if (!tap_open(d))
		return;
	build(d, frame);
	for (unsigned int i = 0; i < 2 * SLOTS; i++)
		if (send(d->sock, frame, sizeof(frame), 0) < 0 &&
		    errno != ENOBUFS)
			return;
}

/* -- its receptions --------------------------------------------------------------------------- */

static bool slot_there(void *arg)
{
	struct netback *d = arg;

	ring_store(&d->rx->req_event, d->rx_cons + 1);
	ring_mb();
	return ring_snapshot(&d->rx->req_prod) != d->rx_cons;
}

static bool take_slot(struct netback *d, struct netif_rx_request *req)
{
	if (!wish(d->b, back_until(d->b, slot_there, d), "no page is lent"))
		return false;
	memcpy(req, &d->rx->ring[d->rx_cons++ % SLOTS].req, sizeof(*req));
	return true;
}

static void push_rx(struct netback *d, uint32_t prod)
{
	ring_publish(&d->rx->rsp_prod, prod);
	ring_mb();
	xenevtchn_notify(d->b->ev, d->rx_port);
}

/* Into the next answer's place; not seen yet. */
static void put_rx(struct netback *d, const void *slot)
{
	memcpy(&d->rx->ring[d->rx_prod++ % SLOTS], slot,
	       sizeof(struct netif_rx_response));
}

static void answer_rx(struct netback *d, unsigned int id, unsigned int offset,
		      unsigned int flags, int status)
{
	const struct netif_rx_response rsp = {
		.id = id, .offset = offset, .flags = flags, .status = status,
	};

	put_rx(d, &rsp);
}

/* A frame into the page of REQ; false: it is of no page. */
static bool fill(struct netback *d, const struct netif_rx_request *req,
		 uint8_t *frame)
{
	uint8_t *page = xengnttab_map_grant_ref(d->b->gnt, d->b->guest,
						req->gref,
						PROT_READ | PROT_WRITE);

	build(d, frame);
	if (!page)
		return false;
	memcpy(page, frame, FRAME);
	xengnttab_unmap(d->b->gnt, page, 1);
	return true;
}

static bool frame_there(void *arg)
{
	struct netback *d = arg;
	struct pollfd p = { .fd = d->sock, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Until that very frame comes out of the TAP. */
static bool hears(struct netback *d, const uint8_t *frame)
{
	uint8_t got[2048];
	ssize_t n;

	do {
		if (!wish(d->b, back_until(d->b, frame_there, d),
			  "a good frame does not arrive"))
			return false;
		n = recv(d->sock, got, sizeof(got), MSG_DONTWAIT);
	} while (n != FRAME || memcmp(got, frame, FRAME));
	return true;
}

static bool control(void *device, struct back *b)
{
	struct netback *d = device;
	struct netif_tx_request tx;
	struct netif_rx_request rx;
	uint8_t frame[FRAME];

	(void)b;
	if (!take_ours(d, &tx))
		return false;
	answer_tx(d, tx.id, NETIF_RSP_OKAY);
	if (!take_slot(d, &rx))
		return false;
	/* what a case has written over is no page any more */
	while (!fill(d, &rx, frame)) {
		answer_rx(d, rx.id, 0, 0, NETIF_RSP_ERROR);
		push_rx(d, d->rx_prod);
		if (!take_slot(d, &rx))
			return false;
	}
	answer_rx(d, rx.id, 0, 0, FRAME);
	push_rx(d, d->rx_prod);
	return hears(d, frame);
}

/* -- what it answers to what was sent (F01..F03, F09) -------------------------------------------- */

static void tx_prod_ahead(void *device, struct back *b)
{
	struct netif_tx_request req;
	struct netback *d = device;

	(void)b;
	if (!take_ours(d, &req))
		return;
	push_tx(d, d->tx_cons + 300);
	make_it_look(d);
}

static void tx_prod_back(void *device, struct back *b)
{
	struct netif_tx_request req;
	struct netback *d = device;

	(void)b;
	if (!take_ours(d, &req))
		return;
	push_tx(d, d->tx_prod - 3);
	make_it_look(d);
}

static void tx_id(struct netback *d, unsigned int id, int status,
		  unsigned int times)
{
	struct netif_tx_request req;

	/* as many under way as are answered */
	for (unsigned int i = 0; i < times; i++)
		if (!take_ours(d, &req))
			return;
	while (times--)
		answer_tx(d, id < SLOTS ? req.id : id, status);
	if (status != NETIF_RSP_ERROR)
		make_it_look(d);
}

static void tx_id_none(void *device, struct back *b)
{
	(void)b;
	tx_id(device, 256, NETIF_RSP_OKAY, 1);
}

static void tx_id_twice(void *device, struct back *b)
{
	(void)b;
	tx_id(device, 0, NETIF_RSP_OKAY, 2);
}

static void tx_null(void *device, struct back *b)
{
	(void)b;
	tx_id(device, 0, NETIF_RSP_NULL, 1);
}

static void tx_status_most(void *device, struct back *b)
{
	(void)b;
	tx_id(device, 0, 32767, 1);
}

static void tx_status_minus(void *device, struct back *b)
{
	(void)b;
	tx_id(device, 0, -77, 1);
}

static void tx_error(void *device, struct back *b)
{
	(void)b;
	tx_id(device, 0, NETIF_RSP_ERROR, 1);
}

/* Frames until the ring is full, none answered: dropped, and then on. */
static void tx_never(void *device, struct back *b)
{
	struct netback *d = device;
	struct netif_tx_request req;
	uint8_t frame[FRAME];

	if (!take_ours(d, &req))
		return;
	build(d, frame);
	for (unsigned int i = 0; i < 3000; i++)
		if (send(d->sock, frame, sizeof(frame), 0) < 0 &&
		    errno != ENOBUFS)
			break;
	wish(b, ring_snapshot(&d->tx->req_prod) - d->tx_prod <= SLOTS,
	     "it sends more than the ring has slots");
	/* and now all of it */
	answer_tx(d, req.id, NETIF_RSP_OKAY);
	while (request_there(d)) {
		memcpy(&req, &d->tx->ring[d->tx_cons++ % SLOTS].req,
		       sizeof(req));
		answer_tx(d, req.id, NETIF_RSP_OKAY);
	}
}

/* -- what it is given (F01, F04..F08) --------------------------------------------------------------- */

static void rx_prod_ahead(void *device, struct back *b)
{
	struct netback *d = device;

	(void)b;
	if (tap_open(d))
		push_rx(d, 300);
}

static void rx_prod_back(void *device, struct back *b)
{
	struct netback *d = device;

	(void)b;
	if (tap_open(d))
		push_rx(d, UINT32_MAX);
}

/* COUNT slots, each answered so; then shown. */
static void rx_slots(struct netback *d, unsigned int count,
		     unsigned int offset, unsigned int flags, int status)
{
	struct netif_rx_request req;

	if (!tap_open(d))
		return;
	for (unsigned int i = 0; i < count; i++) {
		if (!take_slot(d, &req))
			return;
		answer_rx(d, req.id, offset, flags, status);
	}
	push_rx(d, d->rx_prod);
}

static void rx_other_id(void *device, struct back *b)
{
	struct netback *d = device;
	struct netif_rx_request req;

	(void)b;
	if (!tap_open(d) || !take_slot(d, &req))
		return;
	answer_rx(d, req.id + 1, 0, 0, FRAME);
	push_rx(d, d->rx_prod);
}

static void rx_error(void *device, struct back *b)
{
	(void)b;
	rx_slots(device, 3, 0, 0, NETIF_RSP_ERROR);
}

static void rx_status_least(void *device, struct back *b)
{
	(void)b;
	rx_slots(device, 3, 0, 0, -32768);
}

static void rx_4097(void *device, struct back *b)
{
	(void)b;
	rx_slots(device, 1, 0, 0, 4097);
}

static void rx_offset(void *device, struct back *b)
{
	(void)b;
	rx_slots(device, 1, 4000, 0, 200);
}

static void rx_offset_most(void *device, struct back *b)
{
	(void)b;
	rx_slots(device, 1, 65535, 0, 200);
}

static void rx_short(void *device, struct back *b)
{
	(void)b;
	rx_slots(device, 3, 0, 0, 13);
	rx_slots(device, 3, 0, 0, 0);
}

static void rx_chain(void *device, struct back *b)
{
	(void)b;
	rx_slots(device, 100, 0, NETRXF_more_data, 100);
}

/* A frame of two slots, the second of which takes its time. */
static void rx_partial(void *device, struct back *b)
{
	struct netback *d = device;

	(void)b;
	rx_slots(d, 1, 0, NETRXF_more_data, 100);
	for (unsigned int i = 0; i < 100; i++)
		xenevtchn_notify(b->ev, d->rx_port);
	rx_slots(d, 1, 0, 0, 100);
}

/* An extra where one is announced; TIMES of them. */
static void rx_extra(struct netback *d, struct netif_extra_info extra,
		     unsigned int times, unsigned int flags)
{
	struct netif_rx_request req;

	if (!tap_open(d) || !take_slot(d, &req))
		return;
	answer_rx(d, req.id, 0, NETRXF_extra_info | flags, FRAME);
	for (unsigned int i = 0; i < times; i++) {
		if (!take_slot(d, &req))
			return;
		extra.flags = i + 1 < times ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
		put_rx(d, &extra);
	}
	push_rx(d, d->rx_prod);
}

static void rx_extra_unknown(void *device, struct back *b)
{
	(void)b;
	rx_extra(device, (struct netif_extra_info){ .type = 200 }, 1, 0);
}

static void rx_extra_chain(void *device, struct back *b)
{
	(void)b;
	rx_extra(device, (struct netif_extra_info){ .type = 1 }, 200, 0);
}

static void rx_gso(void *device, struct back *b)
{
	static const struct netif_extra_info extras[] = {
		{ .type = 1, .u.gso = { .size = 0, .type = 1 } },
		{ .type = 1, .u.gso = { .size = 1000, .type = 1 } },
		{ .type = 1, .u.gso = { .size = 1000, .type = 9 } },
		{ .type = 1, .u.gso = { .size = 65535, .type = 2 } },
	};

	(void)b;
	for (size_t i = 0; i < ARRAY_SIZE(extras); i++) {
		rx_extra(device, extras[i], 1, 0);
		rx_extra(device, extras[i], 1, NETRXF_csum_blank |
			 NETRXF_data_validated);
	}
}

/* Blank checksums on frames of no protocol, of all sizes. */
static void rx_blank(void *device, struct back *b)
{
	struct netback *d = device;
	struct netif_rx_request req;
	uint8_t frame[FRAME];

	(void)b;
	if (!tap_open(d))
		return;
	for (unsigned int size = 14; size < 100; size++) {
		if (!take_slot(d, &req))
			return;
		fill(d, &req, frame);
		answer_rx(d, req.id, 0, NETRXF_csum_blank |
			  NETRXF_data_validated, size);
		push_rx(d, d->rx_prod);
	}
}

/* Answers change while they are read, headers too. */
struct flipper {
	struct netback *d;
	uint8_t *page;
	atomic_bool stop;
};

static void *flip(void *arg)
{
	struct flipper *f = arg;
	uint32_t n = 1;

	while (!atomic_load(&f->stop)) {
		volatile struct netif_rx_response *rsp;

		n = n * 1664525 + 1013904223;
		rsp = &f->d->rx->ring[(n >> 8) % SLOTS].rsp;
		rsp->status = n & 0x10000 ? FRAME : 14;
		rsp->offset = n & 0x20000 ? 0 : 64;
		((volatile uint8_t *)f->page)[12 + (n >> 20) % 40] = n >> 9;
	}
	return NULL;
}

static void rx_changes(void *device, struct back *b)
{
	struct flipper f = { .d = device };
	struct netback *d = device;
	struct netif_rx_request req;
	uint8_t frame[FRAME];
	pthread_t thread;

	if (!tap_open(d) || !take_slot(d, &req))
		return;
	fill(d, &req, frame);
	f.page = xengnttab_map_grant_ref(b->gnt, b->guest, req.gref,
					 PROT_READ | PROT_WRITE);
	if (!wish(b, f.page, "map"))
		return;
	answer_rx(d, req.id, 0, NETRXF_csum_blank, FRAME);
	pthread_create(&thread, NULL, flip, &f);
	push_rx(d, d->rx_prod);
	for (unsigned int i = 0; i < 600 && b->pid; i++) {
		if (!take_slot(d, &req))
			break;
		answer_rx(d, req.id, 0, NETRXF_csum_blank, FRAME);
		push_rx(d, d->rx_prod);
	}
	atomic_store(&f.stop, true);
	pthread_join(thread, NULL);
	xengnttab_unmap(b->gnt, f.page, 1);
}

/* -- events, pages, states (F10..F13) -------------------------------------------------------------------- */

static void storm(void *device, struct back *b)
{
	struct netback *d = device;

	for (unsigned int i = 0; i < 10000; i++) {
		xenevtchn_notify(b->ev, d->tx_port);
		xenevtchn_notify(b->ev, d->rx_port);
	}
}

static void keep_mapped(void *device, struct back *b)
{
	struct netback *d = device;
	struct netif_rx_request req;

	if (take_slot(d, &req) &&
	    xengnttab_map_grant_ref(b->gnt, b->guest, req.gref, PROT_READ))
		answer_rx(d, req.id, 0, 0, NETIF_RSP_ERROR);
	push_rx(d, d->rx_prod);
}

static void state_closing(void *device, struct back *b)
{
	/* it says Connected long before: this shows that it is */
	if (tap_open(device))
		back_state(b, BUS_CLOSING);
}

static void state_closed(void *device, struct back *b)
{
	if (tap_open(device))
		back_state(b, BUS_CLOSED);
}

static void state_initwait(void *device, struct back *b)
{
	if (tap_open(device))
		back_state(b, BUS_INITWAIT);
}

static void states_none(void *device, struct back *b)
{
	static const char *const values[] = { "0", "99", "", "abc", "7" };

	(void)device;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		back_put(b, "state", values[i]);
	back_state(b, BUS_CONNECTED);
}

static void folder_gone(void *device, struct back *b)
{
	if (tap_open(device))
		back_remove(b);
}

#define LIVES_WITH(id, node, value) \
	{ id, node " is '" value "'", LIVES, NULL, node, value, NULL, NULL }
#define DOES(id, what, fate, reason, run) \
	{ id, what, fate, reason, NULL, NULL, run, NULL }

static const struct back_case cases[] = {
	DOES("control", "a good backend", LIVES, NULL, NULL),
	DOES("F01", "transmit rsp_prod ahead of what was sent", ENDS,
	     "answers more than was sent", tx_prod_ahead),
	DOES("F01-back", "transmit rsp_prod goes back", ENDS,
	     "answers more than was sent", tx_prod_back),
	DOES("F01-rx", "receive rsp_prod ahead of what was lent", ENDS,
	     "answers more than was posted", rx_prod_ahead),
	DOES("F01-rx-back", "receive rsp_prod goes back", ENDS,
	     "answers more than was posted", rx_prod_back),
	DOES("F02", "an id that is none", ENDS, "is no frame's", tx_id_none),
	DOES("F02-twice", "an id twice", ENDS, "is not in flight",
	     tx_id_twice),
	DOES("F02-rx", "a receive id that is another slot's", ENDS,
	     "not in its request's slot", rx_other_id),
	DOES("F03", "an extra answered that was not sent", ENDS,
	     "extra that was not sent", tx_null),
	DOES("F03-most", "status 32767", ENDS, "a status that is none",
	     tx_status_most),
	DOES("F03-minus", "status -77", ENDS, "a status that is none",
	     tx_status_minus),
	DOES("F03-error", "an error for a frame", LIVES, NULL, tx_error),
	DOES("F04", "errors instead of frames", LIVES, NULL, rx_error),
	DOES("F04-least", "status -32768", LIVES, NULL, rx_status_least),
	DOES("F04-4097", "4097 bytes in a page", ENDS,
	     "more than its page holds", rx_4097),
	DOES("F04-offset", "bytes across the end of a page", ENDS,
	     "more than its page holds", rx_offset),
	DOES("F04-offset-most", "offset 65535", ENDS,
	     "more than its page holds", rx_offset_most),
	DOES("F04-short", "frames of 13 and 0 bytes", LIVES, NULL, rx_short),
	DOES("F05", "a frame of 100 slots", ENDS, "slots in a frame",
	     rx_chain),
	DOES("F05-partial", "the rest of a frame comes later", LIVES, NULL,
	     rx_partial),
	DOES("F06", "an extra that is none", LIVES, NULL, rx_extra_unknown),
	DOES("F06-chain", "a chain of 200 extras", ENDS, "extras in a frame",
	     rx_extra_chain),
	DOES("F07", "segmentation that fits no header", LIVES, NULL, rx_gso),
	DOES("F07-blank", "blank checksums where there are none", LIVES, NULL,
	     rx_blank),
	DOES("F08", "answers and headers change while they are read", LIVES,
	     NULL, rx_changes),
	DOES("F09", "frames are never answered, then all", LIVES, NULL,
	     tx_never),
	DOES("F10", "a page is kept mapped", LIVES, NULL, keep_mapped),
	DOES("F11", "20000 events without anything", LIVES, NULL, storm),
	DOES("F12", "Closing", ENDS, "closed the device", state_closing),
	DOES("F12-closed", "Closed", ENDS, "closed the device", state_closed),
	DOES("F12-initwait", "InitWait", ENDS, "started over",
	     state_initwait),
	DOES("F12-none", "states that are none", LIVES, NULL, states_none),
	DOES("F12-gone", "the folder is removed", ENDS, "is gone",
	     folder_gone),
	LIVES_WITH("F12-queues", "multi-queue-max-queues", "0"),
	LIVES_WITH("F12-queues-most", "multi-queue-max-queues",
		   "4294967296"),
	LIVES_WITH("F12-split", "feature-split-event-channels", "-1"),
	{ "F12-copy", "feature-rx-copy is 0", ENDS, "feature-rx-copy",
	  "feature-rx-copy", "0", NULL, NULL },
	{ "F13", "mac is junk", ENDS, "mac", "+mac", "junk", NULL, NULL },
	{ "F13-group", "mac is a group's", ENDS, "mac", "+mac",
	  "01:00:5e:00:00:01", NULL, NULL },
	LIVES_WITH("F13-mtu", "+mtu", "4294967297"),
	LIVES_WITH("F13-mtu-least", "+mtu", "1"),
	LIVES_WITH("F13-mtu-junk", "+mtu", "1500 "),
};

int main(int argc, char **argv)
{
	static const struct back_class class = {
		.kind = "uvif", .cases = cases, .count = ARRAY_SIZE(cases),
		.ready = BUS_CONNECTED, .offer = offer, .attach = attach,
		.control = control, .detach = detach,
	};
	static struct netback d;
	struct back b = { .pid = 0 };

	d.b = &b;
	return back_main(argc, argv, &class, &d, &b);
}
