/* SPDX-License-Identifier: MIT */
/*
 * A vif of two queues and a control ring, all of its threads as shipped, between
 * a guest played here and two sockets in the place of the TAP's queues: what the
 * guest sets up by its control ring is what becomes of the host's frames.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backends/net/control.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#define QUEUES 2u
#define PATIENCE_MS 20000
#define GUEST_PAGES 600u
#define BAD_GREF 5000u
#define KEY_GREF (QUEUES * NET_RING_SIZE)
#define MAPPING_GREF (KEY_GREF + 1)

static unsigned int failures;

static void check(const char *what, const char *which, long got, long want)
{
	if (got == want)
		return;
	printf("# %s: %s: got %ld, want %ld\n", what, which, got, want);
	failures++;
}
#define CHECK(what, got, want) check(what, #got, (long)(got), (long)(want))

/* -- the hypervisor ------------------------------------------------------- */

/* Port 2Q+1 and ring page 2Q are queue Q's; port 100 the control ring's. */
#define CTRL_PORT 100u
#define CTRL_REF 50u

struct channel {
	const struct evtchn *handle;
	int to_backend, to_guest;
};

static struct {
	_Alignas(4096) uint8_t rings[2 * QUEUES][NET_PAGE_SIZE];
	_Alignas(4096) uint8_t ctrl[NET_PAGE_SIZE];
	_Alignas(4096) uint8_t pages[GUEST_PAGES][NET_PAGE_SIZE];
	struct channel channels[QUEUES + 1];
	_Atomic bool fails;		/* grant copies do */
	_Atomic bool no_map, no_take;	/* so do these */
	/* copies to queue 1 wait for it; to be held while one is to be slow */
	pthread_mutex_t gate;
	_Atomic bool at_gate;
} xen = { .gate = PTHREAD_MUTEX_INITIALIZER };

static struct channel *channel_of(const struct evtchn *e)
{
	for (unsigned int i = 0; i <= QUEUES; i++)
		if (xen.channels[i].handle == e)
			return &xen.channels[i];
	abort();
}

int grant_map(struct grants *g, domid_t domid, const uint32_t *grefs,
	      unsigned int count, bool writable, void **area)
{
	(void)g;
	if (atomic_load(&xen.no_map))
		return -EINVAL;
	CHECK("map", domid, 7);
	CHECK("map", writable, true);
	CHECK("map", count, grefs[0] == CTRL_REF ? 1 : 2);
	if (grefs[0] == CTRL_REF)
		*area = xen.ctrl;
	else
		*area = xen.rings[grefs[0]];
	return 0;
}

void grant_unmap(struct grants *g, void *area, unsigned int count)
{
	(void)g;
	(void)area;
	(void)count;
}

static void copy_one(xengnttab_grant_copy_segment_t *s)
{
	bool from_guest = s->flags & GNTCOPY_source_gref;
	uint32_t ref = from_guest ? s->source.foreign.ref : s->dest.foreign.ref;
	uint8_t *ours = from_guest ? s->dest.virt : s->source.virt;

	CHECK("copy", s->len > 0 && s->len <= NET_PAGE_SIZE, true);
	CHECK("copy", from_guest || (uintptr_t)ours % NET_PAGE_SIZE + s->len <=
	      NET_PAGE_SIZE, true);
	s->status = ref < GUEST_PAGES ? GNTST_okay : GNTST_bad_gntref;
	if (ref >= GUEST_PAGES)
		return;
	if (from_guest)
		memcpy(ours, xen.pages[ref], s->len);
	else
		memcpy(xen.pages[ref], ours, s->len);
}

int grant_copy(struct grants *g, xengnttab_grant_copy_segment_t *segments,
	       unsigned int count)
{
	(void)g;
	if (atomic_load(&xen.fails))
		return -EIO;
	if (!(segments->flags & GNTCOPY_source_gref) &&
	    segments->dest.foreign.ref >= NET_RING_SIZE) {
		atomic_store(&xen.at_gate, true);
		pthread_mutex_lock(&xen.gate);
		pthread_mutex_unlock(&xen.gate);
	}
	for (unsigned int i = 0; i < count; i++)
		copy_one(&segments[i]);
	return 0;
}

int evtchn_bind(struct evtchn *e, domid_t domid, evtchn_port_t remote,
		evtchn_port_t *local)
{
	unsigned int i = remote == CTRL_PORT ? QUEUES : (remote - 1) / 2;

	(void)domid;
	xen.channels[i] = (struct channel) {
		.handle = e,
		.to_backend = eventfd(0, EFD_NONBLOCK),
		.to_guest = eventfd(0, EFD_NONBLOCK),
	};
	*local = remote;
	e->h = (void *)&xen;
	return 0;
}

void evtchn_close(struct evtchn *e)
{
	(void)e;
}

int evtchn_fd(const struct evtchn *e)
{
	return channel_of(e)->to_backend;
}

int evtchn_notify(struct evtchn *e, evtchn_port_t local)
{
	(void)local;
	return eventfd_write(channel_of(e)->to_guest, 1);
}

int evtchn_take(struct evtchn *e, evtchn_port_t *local)
{
	struct channel *c = channel_of(e);
	eventfd_t value;

	if (atomic_load(&xen.no_take) && c == &xen.channels[QUEUES]) {
		e->error = -EBADF;
		return e->error;
	}
	*local = c == &xen.channels[QUEUES] ? CTRL_PORT :
		2 * (unsigned int)(c - xen.channels) + 1;
	return eventfd_read(c->to_backend, &value) == 0;
}

int evtchn_unmask(struct evtchn *e, evtchn_port_t local)
{
	(void)e;
	(void)local;
	return 0;
}

/* -- the vif -------------------------------------------------------------- */

static struct grants grants;
static struct queue_shared shared;
static _Atomic bool foreign_mac_said;
static unsigned int queue_count;

static struct served {
	struct queue q;
	struct stats_row counted;
	pthread_t thread;
	int host;			/* the other end of its TAP queue */
	uint32_t lent, cons;
	struct netif_rx_sring *rx;
} queues[QUEUES];

static struct control control;
static struct stats_row ctrl_counted;
static pthread_t ctrl_thread;
static const char *ctrl_why;
static int ctrl_result;
static bool control_breaks;
static _Atomic bool ctrl_waits;
static struct xen_netif_ctrl_sring *ctrl =
	(struct xen_netif_ctrl_sring *)xen.ctrl;
static uint32_t ctrl_cons;

static void *run(void *arg)
{
	struct served *s = arg;
	const char *why = NULL;

	CHECK("a queue ends when told to", queue_run(&s->q, &why), 0);
	return NULL;
}

static void *ctrl_run(void *arg)
{
	(void)arg;
	ctrl_result = control_run(&control, &ctrl_why);
	if (!ctrl_result || control_breaks)
		return NULL;
	atomic_store(&ctrl_waits, true);
	control_wait_stop(&control);
	return NULL;
}

static void start_queue(unsigned int i)
{
	struct served *s = &queues[i];
	struct netif_tx_sring *tx = (void *)xen.rings[2 * i];
	int pair[2], size = 1 << 22;
	const char *why;

	*s = (struct served) { .rx = (void *)xen.rings[2 * i + 1] };
	tx->req_event = tx->rsp_event = 1;
	s->rx->req_event = s->rx->rsp_event = 1;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (queue_open(&s->q, &shared, i, &s->counted) < 0)
		abort();
	s->q.tap = pair[0];
	s->host = pair[1];
	if (queue_connect(&s->q, 2 * i, 2 * i + 1, 2 * i + 1, 2 * i + 1,
			  &why) < 0)
		abort();
	if (pthread_create(&s->thread, NULL, run, s))
		abort();
}

static void start(unsigned int count)
{
	static struct inbox inboxes[QUEUES];
	const char *why;

	memset(xen.rings, 0, sizeof(xen.rings));
	memset(xen.ctrl, 0, sizeof(xen.ctrl));
	memset(&shared, 0, sizeof(shared));
	memset(&ctrl_counted, 0, sizeof(ctrl_counted));
	pthread_mutex_init(&shared.hash.lock, NULL);
	shared.grants = &grants;
	shared.domid = 7;
	shared.features = OFFLOAD_SG;
	shared.rx_notify = true;
	shared.foreign_mac_said = &foreign_mac_said;
	shared.queue_count = queue_count = count;
	shared.inboxes = count > 1 ? inboxes : NULL;
	/* all that may be woken are there before one runs */
	for (unsigned int i = 0; i < count; i++)
		inboxes[i] = (struct inbox) { .wake_fd = -1 };
	ctrl_why = NULL;
	ctrl_result = 0;
	ctrl->req_event = ctrl->rsp_event = 1;
	ctrl_cons = 0;
	for (unsigned int i = 0; i < count; i++)
		start_queue(i);
	if (control_open(&control, &shared, &ctrl_counted) ||
	    control_connect(&control, CTRL_REF, CTRL_PORT, &why) ||
	    pthread_create(&ctrl_thread, NULL, ctrl_run, NULL))
		abort();
}

static void close_channel(unsigned int i)
{
	close(xen.channels[i].to_backend);
	close(xen.channels[i].to_guest);
	xen.channels[i].handle = NULL;
}

static void stop(void)
{
	atomic_store(&shared.stop, true);
	for (unsigned int i = 0; i < queue_count; i++)
		queue_wake(&queues[i].q);
	control_wake(&control);
	pthread_join(ctrl_thread, NULL);
	control_close(&control);
	for (unsigned int i = 0; i < queue_count; i++)
		pthread_join(queues[i].thread, NULL);
	for (unsigned int i = 0; i < queue_count; i++) {
		queue_close(&queues[i].q);
		close(queues[i].host);
		close_channel(i);
	}
	close_channel(QUEUES);
}

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* Wait for our event until the index has come to WANT. */
static bool wait_index(unsigned int channel, uint32_t *index, uint32_t *event,
		       uint32_t want)
{
	struct pollfd p = {
		.fd = xen.channels[channel].to_guest, .events = POLLIN,
	};
	eventfd_t value;

	for (;;) {
		__atomic_store_n(event, want, __ATOMIC_SEQ_CST);
		if ((int32_t)(load(index) - want) >= 0)
			return true;
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			return false;
		eventfd_read(p.fd, &value);
	}
}

static void push(unsigned int channel, uint32_t *prod, uint32_t *event,
		 uint32_t to)
{
	uint32_t from = *prod;

	__atomic_store_n(prod, to, __ATOMIC_SEQ_CST);
	if (to - load(event) < to - from)
		eventfd_write(xen.channels[channel].to_backend, 1);
}

/* -- the guest ------------------------------------------------------------ */

static void lend(unsigned int queue, unsigned int count)
{
	struct served *s = &queues[queue];

	for (; count; count--, s->lent++)
		s->rx->ring[s->lent % NET_RING_SIZE].req =
			(struct netif_rx_request) {
			.id = (uint16_t)(s->lent % NET_RING_SIZE),
			.gref = queue * NET_RING_SIZE + s->lent % NET_RING_SIZE,
		};
	push(queue, &s->rx->req_prod, &s->rx->req_event, s->lent);
}

struct received {
	bool hashed;
	uint8_t type;
	uint32_t hash;
	unsigned int flow, number;
};

#define HEADERS (14 + 20 + 20)

/* The next frame, of one page, on QUEUE; false: none came. */
static bool receive(unsigned int queue, struct received *r)
{
	struct served *s = &queues[queue];
	struct netif_rx_response rsp;
	struct netif_extra_info x;
	const uint8_t *page;
	uint32_t words[2];

	*r = (struct received) { .hashed = false };
	if (!wait_index(queue, &s->rx->rsp_prod, &s->rx->rsp_event,
			s->cons + 1))
		return false;
	rsp = s->rx->ring[s->cons++ % NET_RING_SIZE].rsp;
	if (rsp.flags & NETRXF_extra_info) {
		memcpy(&x, &s->rx->ring[s->cons++ % NET_RING_SIZE], sizeof(x));
		r->hashed = x.type == XEN_NETIF_EXTRA_TYPE_HASH;
		r->type = x.u.hash.type;
		r->hash = x.u.hash.value[0] | x.u.hash.value[1] << 8 |
			  x.u.hash.value[2] << 16 |
			  (uint32_t)x.u.hash.value[3] << 24;
	}
	page = xen.pages[queue * NET_RING_SIZE + rsp.id];
	memcpy(words, page + HEADERS, sizeof(words));
	r->flow = words[0];
	r->number = words[1];
	return true;
}

/* A request and its status. */
static uint32_t ask(uint16_t type, uint32_t a, uint32_t b, uint32_t c)
{
	struct xen_netif_ctrl_response rsp;

	ctrl->ring[ctrl_cons % CTRL_RING_SIZE].req =
		(struct xen_netif_ctrl_request) {
		.id = (uint16_t)ctrl_cons, .type = type, .data = { a, b, c },
	};
	push(QUEUES, &ctrl->req_prod, &ctrl->req_event, ctrl_cons + 1);
	if (!wait_index(QUEUES, &ctrl->rsp_prod, &ctrl->rsp_event,
			ctrl_cons + 1))
		return 1000;
	rsp = ctrl->ring[ctrl_cons % CTRL_RING_SIZE].rsp;
	CHECK("a response", rsp.id, (uint16_t)ctrl_cons);
	CHECK("a response", rsp.type, type);
	ctrl_cons++;
	return rsp.status;
}

/* -- the host ------------------------------------------------------------- */

/* Two flows of Microsoft's vectors; their hashes differ in the last bit. */
static const struct flow {
	const char *from, *to;
	uint16_t from_port, to_port;
	uint32_t hash;
} flows[] = {
	{ "199.92.111.2", "65.69.140.83", 14230, 4739, 0xc626b0ea },
	{ "38.27.205.30", "209.142.163.6", 48228, 2217, 0xafc7327f },
};

static const uint8_t key[HASH_KEY_MAX] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

static bool host_send(unsigned int tap, unsigned int flow, unsigned int number,
		      size_t size)
{
	struct pollfd p = { .fd = queues[tap].host, .events = POLLOUT };
	uint8_t frame[4096] = { 0 }, *ip = frame + 14;
	struct virtio_net_hdr hdr = { 0 };
	struct iovec iov[] = { { &hdr, sizeof(hdr) }, { frame, size } };
	const struct flow *f = &flows[flow];
	uint32_t words[] = { flow, number };
	uint16_t ports[] = { htons(f->from_port), htons(f->to_port) };

	frame[12] = 8;
	ip[0] = 0x45;
	ip[9] = 6;
	inet_pton(AF_INET, f->from, ip + 12);
	inet_pton(AF_INET, f->to, ip + 16);
	memcpy(ip + 20, ports, sizeof(ports));
	ip[20 + 12] = 0x50;
	memcpy(frame + HEADERS, words, sizeof(words));
	while (writev(queues[tap].host, iov, 2) < 0)
		if (errno != EAGAIN || poll(&p, 1, PATIENCE_MS) <= 0)
			return false;
	return true;
}

#define TYPE(t) XEN_NETIF_CTRL_TYPE_##t
#define OK XEN_NETIF_CTRL_STATUS_SUCCESS
#define INVALID XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER

static void set_up(const char *what)
{
	memcpy(xen.pages[KEY_GREF], key, sizeof(key));
	CHECK(what, ask(TYPE(SET_HASH_ALGORITHM), 1, 0, 0), OK);
	CHECK(what, ask(TYPE(SET_HASH_KEY), KEY_GREF, 40, 0), OK);
	CHECK(what, ask(TYPE(SET_HASH_FLAGS), 15, 0, 0), OK);
}

static void set_mapping(const char *what, uint32_t even, uint32_t odd)
{
	uint32_t mapping[] = { even, odd };

	memcpy(xen.pages[MAPPING_GREF], mapping, sizeof(mapping));
	CHECK(what, ask(TYPE(SET_HASH_MAPPING_SIZE), 2, 0, 0), OK);
	CHECK(what, ask(TYPE(SET_HASH_MAPPING), MAPPING_GREF, 2, 0), OK);
}

/* -- tests ---------------------------------------------------------------- */

static void expect_on(const char *what, unsigned int queue, unsigned int flow,
		      unsigned int number, bool hashed)
{
	struct received r;

	CHECK(what, receive(queue, &r), true);
	CHECK(what, r.flow, flow);
	CHECK(what, r.number, number);
	CHECK(what, r.hashed, hashed);
	if (!hashed)
		return;
	CHECK(what, r.hash, flows[flow].hash);
	CHECK(what, r.type, _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP);
}

static void test_table(void)
{
	const char *what = "each frame comes by the queue that the table says";
	unsigned int number = 0, tap, flow;

	start(QUEUES);
	lend(0, 200);
	lend(1, 200);
	/* nothing is set up: the host's choice, and no hash */
	for (tap = 0; tap < QUEUES; tap++) {
		CHECK(what, host_send(tap, 1, number, 100), true);
		expect_on(what, tap, 1, number++, false);
	}
	set_up(what);
	/* no table: by modulo */
	for (tap = 0; tap < QUEUES; tap++)
		for (flow = 0; flow < 2; flow++) {
			CHECK(what, host_send(tap, flow, number, 100), true);
			expect_on(what, flow, flow, number++, true);
		}
	/* a new table is all zeros */
	CHECK(what, ask(TYPE(SET_HASH_MAPPING_SIZE), 2, 0, 0), OK);
	CHECK(what, host_send(1, 1, number, 100), true);
	expect_on(what, 0, 1, number++, true);
	/* the other way round */
	set_mapping(what, 1, 0);
	for (tap = 0; tap < QUEUES; tap++)
		for (flow = 0; flow < 2; flow++) {
			CHECK(what, host_send(tap, flow, number, 100), true);
			expect_on(what, !flow, flow, number++, true);
		}
	/* and off again */
	CHECK(what, ask(TYPE(SET_HASH_ALGORITHM), 0, 0, 0), OK);
	for (tap = 0; tap < QUEUES; tap++) {
		CHECK(what, host_send(tap, 0, number, 100), true);
		expect_on(what, tap, 0, number++, false);
	}
	stop();
	CHECK(what, ctrl_result, 0);
	CHECK(what, ctrl_counted.count[CTRL_REQUESTS], 7);
	CHECK(what, ctrl_counted.count[CTRL_REFUSED], 0);
	CHECK(what, queues[0].counted.count[RX_HASHED] +
	      queues[1].counted.count[RX_HASHED], 9);
	CHECK(what, queues[0].counted.count[RX_STEERED] +
	      queues[1].counted.count[RX_STEERED], 5);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static unsigned int dropped(void)
{
	return (unsigned int)(queues[0].counted.count[RX_DROPPED] +
			      queues[1].counted.count[RX_DROPPED]);
}

/* Both flows by both TAP queues, as much as fits, and many times over. */
static void test_order(void)
{
	const char *what = "a flow's frames keep their order and none is lost";
	unsigned int sent[2] = { 0 }, got[2] = { 0 }, round, i, flow;
	struct received r;

	start(QUEUES);
	lend(0, NET_RING_SIZE);
	lend(1, NET_RING_SIZE);
	set_up(what);
	for (round = 0; round < 100 && !failures; round++) {
		for (i = 0; i < 60; i++) {
			flow = (i + round) % 2;
			/* by one TAP queue each, as the kernel does */
			CHECK(what, host_send(!flow, flow, sent[flow]++,
					      i % 3 ? 100 : 4000), true);
		}
		for (flow = 0; flow < 2; flow++) {
			unsigned int count = 0;

			for (; got[flow] < sent[flow]; count += 2) {
				if (!receive(flow, &r)) {
					CHECK(what, "arrived"[0], 0);
					break;
				}
				CHECK(what, r.number, got[flow]++);
			}
			lend(flow, count);
		}
	}
	stop();
	CHECK(what, queues[0].counted.count[RX_STEERED] +
	      queues[1].counted.count[RX_STEERED], 6000);
	CHECK(what, dropped(), 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* Queue 1 has no pages: what is for queue 0 comes all the same. */
static void test_one_starves(void)
{
	const char *what = "a queue without pages does not hold the other up";
	unsigned int i, kept;

	start(QUEUES);
	lend(0, NET_RING_SIZE);
	set_up(what);
	for (i = 0; i < 1000 && !failures; i++) {
		CHECK(what, host_send(0, 1, i, 4000), true);
		CHECK(what, host_send(0, 0, i, 100), true);
		expect_on(what, 0, 0, i, true);
		lend(0, 2);
	}
	/* the last one came behind all for queue 1: their fate is known */
	kept = 1000 - dropped();
	CHECK(what, kept > 100 && kept < 400, true);
	/* what was kept is the oldest, and then comes what is new */
	lend(1, NET_RING_SIZE);
	for (i = 0; i < kept && !failures; i++, lend(1, 2))
		expect_on(what, 1, 1, i, true);
	CHECK(what, host_send(1, 1, 5000, 100), true);
	expect_on(what, 1, 1, 5000, true);
	stop();
	CHECK(what, dropped(), 1000 - kept);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* Does queue 0 wait for room in queue 1's inbox? */
static bool waits(void)
{
	struct inbox *in = &shared.inboxes[1];
	bool ret;

	pthread_mutex_lock(&in->lock);
	ret = in->waiting;
	pthread_mutex_unlock(&in->lock);
	return ret;
}

/* Queue 1 has pages, and is only slow: nothing is dropped. */
static void test_one_is_slow(void)
{
	const char *what = "for a queue that is only slow the other waits";
	/* more than an inbox, fewer than a ring: it never starves */
	const unsigned int frames = NET_RING_SIZE - 30;
	unsigned int i;

	start(QUEUES);
	/* no hash, so no extra, and no hash goes to queue 1 */
	CHECK(what, ask(TYPE(SET_HASH_ALGORITHM), 1, 0, 0), OK);
	CHECK(what, ask(TYPE(SET_HASH_FLAGS), XEN_NETIF_CTRL_HASH_TYPE_IPV6, 0,
			0), OK);
	set_mapping(what, 1, 1);
	lend(1, NET_RING_SIZE);
	atomic_store(&xen.at_gate, false);
	pthread_mutex_lock(&xen.gate);
	CHECK(what, host_send(0, 1, 0, 4000), true);
	while (!atomic_load(&xen.at_gate))
		sched_yield();
	for (i = 1; i < frames; i++)
		CHECK(what, host_send(0, 1, i, 4000), true);
	while (!waits())
		sched_yield();
	pthread_mutex_unlock(&xen.gate);
	for (i = 0; i < frames && !failures; i++)
		expect_on(what, 1, 1, i, false);
	stop();
	CHECK(what, dropped(), 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_rate(void)
{
	const char *what = "the rate holds for steered frames, and lets go";
	unsigned int i;

	start(QUEUES);
	rate_set(&shared.receive, 6000, 1000);
	queue_wake(&queues[0].q);
	lend(1, 200);
	set_up(what);
	for (i = 0; i < 40; i++)
		CHECK(what, host_send(0, 1, i, 1000), true);
	for (i = 0; i < 40; i++)
		expect_on(what, 1, 1, i, true);
	stop();
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_one_queue(void)
{
	const char *what = "a vif of one queue has its hash, too";

	start(1);
	lend(0, 100);
	set_up(what);
	CHECK(what, host_send(0, 0, 1, 100), true);
	expect_on(what, 0, 0, 1, true);
	/* a queue that there is not */
	xen.pages[MAPPING_GREF][0] = 1;
	CHECK(what, ask(TYPE(SET_HASH_MAPPING_SIZE), 1, 0, 0), OK);
	CHECK(what, ask(TYPE(SET_HASH_MAPPING), MAPPING_GREF, 1, 0), INVALID);
	CHECK(what, ask(TYPE(SET_HASH_KEY), BAD_GREF, 40, 0), INVALID);
	atomic_store(&xen.fails, true);
	CHECK(what, ask(TYPE(SET_HASH_KEY), KEY_GREF, 40, 0), INVALID);
	atomic_store(&xen.fails, false);
	stop();
	CHECK(what, queues[0].counted.count[RX_HASHED], 1);
	CHECK(what, queues[0].counted.count[RX_STEERED], 0);
	CHECK(what, ctrl_counted.count[CTRL_REFUSED], 3);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_broken(void)
{
	const char *what = "a broken control ring ends it with a reason";

	start(1);
	set_up(what);
	/* no thread of its own that waits for the end: this is it */
	control_breaks = true;
	push(QUEUES, &ctrl->req_prod, &ctrl->req_event,
	     ctrl_cons + (UINT32_C(1) << 31));
	pthread_join(ctrl_thread, NULL);
	CHECK(what, ctrl_result, -EPROTO);
	CHECK(what, ctrl_why && strstr(ctrl_why, "a ring ahead"), true);
	CHECK(what, ctrl->rsp_prod, ctrl_cons);
	/* another one, which does wait until it is told to stop */
	control_breaks = false;
	pthread_create(&ctrl_thread, NULL, ctrl_run, NULL);
	while (!atomic_load(&ctrl_waits))
		sched_yield();
	stop();
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_no_events(void)
{
	const char *what = "a control ring without events ends with a reason";

	start(1);
	set_up(what);
	atomic_store(&ctrl_waits, false);
	atomic_store(&xen.no_take, true);
	eventfd_write(xen.channels[QUEUES].to_backend, 1);
	while (!atomic_load(&ctrl_waits))
		sched_yield();
	CHECK(what, ctrl_result, -EBADF);
	CHECK(what, strcmp(ctrl_why, "its event channel"), 0);
	stop();
	atomic_store(&xen.no_take, false);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_no_page(void)
{
	const char *what = "a control ring that cannot be mapped is refused";
	const char *why = "";

	CHECK(what, control_open(&control, &shared, &ctrl_counted), 0);
	atomic_store(&xen.no_map, true);
	CHECK(what, control_connect(&control, CTRL_REF, CTRL_PORT, &why),
	      -EINVAL);
	CHECK(what, strcmp(why, "cannot map its page"), 0);
	control_close(&control);
	atomic_store(&xen.no_map, false);
	printf("%sok %s\n", failures ? "not " : "", what);
}

int main(void)
{
	log_init("test-net-steer", LOG_ERR_LEVEL);
	test_table();
	test_order();
	test_one_starves();
	test_one_is_slow();
	test_rate();
	test_one_queue();
	test_broken();
	test_no_events();
	test_no_page();
	printf("%u failures\n", failures);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
