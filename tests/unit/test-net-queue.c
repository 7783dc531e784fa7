/* SPDX-License-Identifier: MIT */
/*
 * The data path of a network queue, as shipped, between a guest played here
 * and a socket in the TAP's place: grants are pages of an array, an event
 * channel is a pair of eventfds. Frames must arrive whole, once and in order
 * however they are cut, and a guest that misbehaves must cost only itself.
 */

#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "backends/net/queue.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#define GUEST_PAGES 1024u
#define BAD_GREF 5000u
#define PATIENCE_MS 20000

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

static struct {
	_Alignas(4096) uint8_t rings[2][NET_PAGE_SIZE];
	_Alignas(4096) uint8_t pages[GUEST_PAGES][NET_PAGE_SIZE];
	int to_backend, to_guest;	/* eventfds */
	_Atomic unsigned int copy_calls, copies;
} xen;

int grant_map(struct grants *g, domid_t domid, const uint32_t *grefs,
	      unsigned int count, bool writable, void **area)
{
	(void)g;
	(void)grefs;
	CHECK("map", domid, 7);
	CHECK("map", count, 2);
	CHECK("map", writable, true);
	*area = xen.rings;
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
	unsigned int offset = from_guest ? s->source.foreign.offset :
		s->dest.foreign.offset;
	uint8_t *ours = from_guest ? s->dest.virt : s->source.virt;

	CHECK("copy", s->len > 0, 1);
	CHECK("copy", offset + s->len <= NET_PAGE_SIZE, 1);
	/* a crossing would cost Linux a second operation */
	CHECK("copy", (uintptr_t)ours % NET_PAGE_SIZE + s->len <=
	      NET_PAGE_SIZE, 1);
	if (ref >= GUEST_PAGES) {
		s->status = GNTST_bad_gntref;
		return;
	}
	if (from_guest)
		memcpy(ours, xen.pages[ref] + offset, s->len);
	else
		memcpy(xen.pages[ref] + offset, ours, s->len);
	s->status = GNTST_okay;
}

int grant_copy(struct grants *g, xengnttab_grant_copy_segment_t *segments,
	       unsigned int count)
{
	unsigned int i;

	(void)g;
	for (i = 0; i < count; i++)
		copy_one(&segments[i]);
	atomic_fetch_add(&xen.copy_calls, 1);
	atomic_fetch_add(&xen.copies, count);
	return 0;
}

int evtchn_bind(struct evtchn *e, domid_t domid, evtchn_port_t remote,
		evtchn_port_t *local)
{
	(void)e;
	(void)domid;
	*local = remote;
	return 0;
}

void evtchn_close(struct evtchn *e)
{
	(void)e;
}

int evtchn_fd(const struct evtchn *e)
{
	(void)e;
	return xen.to_backend;
}

int evtchn_notify(struct evtchn *e, evtchn_port_t local)
{
	(void)local;
	e->notifies++;
	return eventfd_write(xen.to_guest, 1);
}

int evtchn_take(struct evtchn *e, evtchn_port_t *local)
{
	eventfd_t value;

	(void)e;
	*local = 1;
	return eventfd_read(xen.to_backend, &value) == 0;
}

int evtchn_unmask(struct evtchn *e, evtchn_port_t local)
{
	(void)e;
	(void)local;
	return 0;
}

/* -- the guest and its host ----------------------------------------------- */

static struct netif_tx_sring *tx = (struct netif_tx_sring *)xen.rings[0];
static struct netif_rx_sring *rx = (struct netif_rx_sring *)xen.rings[1];
static struct grants grants;
static struct queue_shared shared;
static _Atomic bool foreign_mac_said;
static struct stats_row counted;
static struct queue q;
static int host = -1;		/* the other end of the TAP */
static pthread_t thread;
static const char *why;
static int run_result;

static void *run(void *arg)
{
	(void)arg;
	run_result = queue_run(&q, &why);
	return NULL;
}

static void start(unsigned int features)
{
	static const uint8_t mac[6] = { 0, 0x16, 0x3e, 0, 0, 7 };
	int pair[2], size = 1 << 22;
	const char *reason;

	memset(&xen.rings, 0, sizeof(xen.rings));
	tx->req_event = tx->rsp_event = rx->req_event = rx->rsp_event = 1;
	xen.to_backend = eventfd(0, EFD_NONBLOCK);
	xen.to_guest = eventfd(0, EFD_NONBLOCK);
	atomic_store(&xen.copy_calls, 0);
	atomic_store(&xen.copies, 0);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	memset(&shared, 0, sizeof(shared));
	shared.grants = &grants;
	shared.domid = 7;
	shared.features = features;
	shared.rx_notify = true;
	shared.filter.own_mac_only = true;
	shared.foreign_mac_said = &foreign_mac_said;
	memcpy(shared.filter.mac, mac, sizeof(mac));
	memset(&counted, 0, sizeof(counted));
	if (queue_open(&q, &shared, 0, &counted) < 0)
		abort();
	q.tap = pair[0];
	host = pair[1];
	if (queue_connect(&q, 1, 2, 1, 1, &reason) < 0)
		abort();
	why = NULL;
	if (pthread_create(&thread, NULL, run, NULL))
		abort();
}

static void stop(void)
{
	atomic_store(&shared.stop, true);
	queue_wake(&q);
	pthread_join(thread, NULL);
	queue_close(&q);
	close(host);
	close(xen.to_backend);
	close(xen.to_guest);
}

static uint32_t load(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* Wait for our event until the index has come to WANT. */
static bool wait_index(uint32_t *index, uint32_t *event, uint32_t want)
{
	struct pollfd p = { .fd = xen.to_guest, .events = POLLIN };
	eventfd_t value;

	for (;;) {
		__atomic_store_n(event, want, __ATOMIC_SEQ_CST);
		if ((int32_t)(load(index) - want) >= 0)
			return true;
		if (poll(&p, 1, PATIENCE_MS) <= 0)
			return false;
		eventfd_read(xen.to_guest, &value);
	}
}

static void push(uint32_t *prod, uint32_t *event, uint32_t to)
{
	uint32_t from = *prod;

	__atomic_store_n(prod, to, __ATOMIC_SEQ_CST);
	if (to - load(event) < to - from)
		eventfd_write(xen.to_backend, 1);
}

static unsigned int seed = 1;

static unsigned int any(unsigned int limit)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 8) % limit;
}

/* -- from guest to host --------------------------------------------------- */

/* A frame of SIZE bytes that says who it is. */
static void paint(uint8_t *frame, size_t size, unsigned int number)
{
	size_t i;

	memset(frame, 0xff, 6);
	memcpy(frame + 6, shared.filter.mac, 6);
	for (i = 12; i < size; i++)
		frame[i] = (uint8_t)(i * 31 + number * 17);
}

static uint8_t frame[70000], got[70000];

/*
 * Lay FRAME out over random slots at random offsets, its pages from gref
 * BASE on, and put it on the ring at *prod.
 */
static unsigned int put_frame(uint32_t *prod, unsigned int base, size_t size)
{
	unsigned int most = size < 18 ? (unsigned int)size : 18;
	unsigned int least = (unsigned int)(size + 4095) / 4096;
	unsigned int slots = least + any(most - least + 1), i;
	size_t done = 0;

	for (i = 0; i < slots; i++) {
		size_t rest = size - done, after = slots - i - 1;
		size_t low = rest > after * 4096 ? rest - after * 4096 : 0;
		size_t high = rest < 4096 ? rest : 4096;
		size_t n = after ? low + any((unsigned int)(high - low + 1)) :
			rest;
		unsigned int offset = any((unsigned int)(4096 - n + 1));

		memcpy(xen.pages[base + i] + offset, frame + done, n);
		tx->ring[(*prod)++ % NET_RING_SIZE].req =
			(struct netif_tx_request) {
			.gref = base + i,
			.offset = (uint16_t)offset,
			.flags = after ? NETTXF_more_data : 0,
			.id = (uint16_t)(base + i),
			.size = (uint16_t)(i ? n : size),
		};
		done += n;
	}
	return slots;
}

static ssize_t host_recv(struct virtio_net_hdr *hdr)
{
	struct iovec iov[] = {
		{ hdr, sizeof(*hdr) },
		{ got, sizeof(got) },
	};
	struct pollfd p = { .fd = host, .events = POLLIN };
	ssize_t n = -1;

	if (poll(&p, 1, PATIENCE_MS) > 0)
		n = readv(host, iov, 2);
	return n < 0 ? n : n - (ssize_t)sizeof(*hdr);
}

/* Frames of any size, in any number of slots, alone or many at once. */
static void test_from_guest(void)
{
	const char *what = "frames from the guest arrive whole and in order";
	static const size_t sizes[] = { 14, 15, 60, 255, 256, 257, 1514, 4095,
					4096, 4097, 9014, 65535 };
	unsigned int number = 0, expect = 0, slots, i;
	struct virtio_net_hdr hdr;
	uint32_t prod = 0;

	start(OFFLOAD_SG);
	while (number < 3000) {
		unsigned int burst = 1 + any(6), first = number;

		for (i = 0, slots = 0; i < burst; i++, number++) {
			size_t size = sizes[number % ARRAY_SIZE(sizes)];

			paint(frame, size, number);
			slots += put_frame(&prod, slots, size);
		}
		push(&tx->req_prod, &tx->req_event, prod);
		for (i = first; i < number; i++, expect++) {
			size_t size = sizes[i % ARRAY_SIZE(sizes)];

			paint(frame, size, i);
			CHECK(what, host_recv(&hdr), size);
			CHECK(what, memcmp(frame, got, size), 0);
			CHECK(what, hdr.flags | hdr.gso_type, 0);
		}
		if (!wait_index(&tx->rsp_prod, &tx->rsp_event, prod)) {
			CHECK(what, "answered"[0], 0);
			break;
		}
		for (i = 0; i < slots; i++) {
			uint32_t at = (prod - slots + i) % NET_RING_SIZE;

			CHECK(what, tx->ring[at].rsp.id, i);
			CHECK(what, tx->ring[at].rsp.status, NETIF_RSP_OKAY);
		}
		if (failures)
			break;
	}
	CHECK(what, load(&tx->rsp_prod), prod);
	stop();
	CHECK(what, counted.count[TX_PACKETS], number);
	CHECK(what, counted.count[TX_ERRORS], 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void put_small(uint32_t *prod, unsigned int gref, const uint8_t *data,
		      unsigned int size, uint16_t flags)
{
	if (gref < GUEST_PAGES)
		memcpy(xen.pages[gref], data, size);
	tx->ring[(*prod)++ % NET_RING_SIZE].req = (struct netif_tx_request) {
		.gref = gref,
		.size = (uint16_t)size,
		.flags = flags,
		.id = (uint16_t)gref,
	};
}

/* A bad packet among good ones costs nothing but itself. */
static void test_bad_among_good(void)
{
	const char *what = "a bad packet among good ones costs only itself";
	struct virtio_net_hdr hdr;
	uint32_t prod = 0;
	unsigned int i;
	static const int want[] = {
		NETIF_RSP_OKAY, NETIF_RSP_ERROR, NETIF_RSP_DROPPED,
		NETIF_RSP_DROPPED, NETIF_RSP_ERROR, NETIF_RSP_ERROR,
		NETIF_RSP_OKAY,
	};

	start(OFFLOAD_SG);
	paint(frame, 60, 0);
	put_small(&prod, 0, frame, 60, 0);
	put_small(&prod, BAD_GREF, frame, 60, 0);
	frame[11] ^= 1;			/* another's address */
	put_small(&prod, 2, frame, 60, 0);
	frame[11] ^= 1;
	memcpy(frame, "\x01\x80\xc2\0\0\0", 6);	/* spanning tree */
	put_small(&prod, 3, frame, 60, 0);
	paint(frame, 60, 0);
	put_small(&prod, 4, frame, 60, NETTXF_csum_blank); /* not IP */
	put_small(&prod, 5, frame, 13, 0);
	put_small(&prod, 6, frame, 60, 0);
	push(&tx->req_prod, &tx->req_event, prod);
	CHECK(what, wait_index(&tx->rsp_prod, &tx->rsp_event, prod), true);
	for (i = 0; i < ARRAY_SIZE(want); i++)
		CHECK(what, tx->ring[i].rsp.status, want[i]);
	CHECK(what, host_recv(&hdr), 60);
	CHECK(what, host_recv(&hdr), 60);
	CHECK(what, recv(host, got, sizeof(got), 0) < 0, true);
	stop();
	CHECK(what, counted.count[TX_FILTERED], 2);
	CHECK(what, counted.count[TX_ERRORS], 3);
	printf("%sok %s\n", failures ? "not " : "", what);
}

static void test_broken_ring(void)
{
	const char *what = "a broken ring ends the queue with a reason";

	start(OFFLOAD_SG);
	push(&tx->req_prod, &tx->req_event, 300);
	pthread_join(thread, NULL);
	CHECK(what, run_result, -EPROTO);
	CHECK(what, why && strstr(why, "req_prod"), 1);
	CHECK(what, tx->rsp_prod, 0);
	pthread_create(&thread, NULL, run, NULL);	/* for stop() */
	stop();
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* A guest that fires events without work is not answered with work. */
static void test_batches(void)
{
	const char *what = "a full ring costs four copies and few events";
	uint32_t prod = 0;
	unsigned int i;

	start(OFFLOAD_SG);
	paint(frame, 60, 0);
	for (i = 0; i < NET_RING_SIZE; i++)
		put_small(&prod, i, frame, 60, 0);
	push(&tx->req_prod, &tx->req_event, prod);
	CHECK(what, wait_index(&tx->rsp_prod, &tx->rsp_event, prod), true);
	stop();
	CHECK(what, atomic_load(&xen.copy_calls), 4);
	CHECK(what, counted.count[EVENTS_SENT] <= 3, 1);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* -- from host to guest --------------------------------------------------- */

static void lend(unsigned int count)
{
	uint32_t prod = rx->req_prod, i;

	for (i = 0; i < count; i++, prod++)
		rx->ring[prod % NET_RING_SIZE].req = (struct netif_rx_request) {
			.id = (uint16_t)(prod % NET_RING_SIZE),
			.gref = prod % NET_RING_SIZE,
		};
	push(&rx->req_prod, &rx->req_event, prod);
}

static int host_send(size_t size, uint16_t mss)
{
	struct virtio_net_hdr hdr = { 0 };
	struct iovec iov[] = { { &hdr, sizeof(hdr) }, { frame, size } };

	if (mss) {	/* TCPv4 segments: just enough of a header */
		memset(frame + 12, 0, 54 - 12);
		frame[12] = 0x08;
		frame[14] = 0x45;
		frame[23] = 6;
		frame[46] = 0x50;
		hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		hdr.gso_size = mss;
		hdr.csum_start = 34;
		hdr.csum_offset = 16;
		hdr.hdr_len = 54;
	}
	return writev(host, iov, 2) < 0 ? -errno : 0;
}

/* One frame out of the guest's pages; -1 when it is marked as bad. */
static ssize_t guest_take(uint32_t *cons, uint16_t *mss)
{
	struct netif_rx_response rsp;
	ssize_t size = 0;
	bool more;

	*mss = 0;
	do {
		if (!wait_index(&rx->rsp_prod, &rx->rsp_event, *cons + 1))
			return -2;
		rsp = rx->ring[*cons % NET_RING_SIZE].rsp;
		more = rsp.flags & NETRXF_more_data;
		if (rsp.status < 0)
			size = -1;
		if (size >= 0) {
			memcpy(got + size, xen.pages[rsp.id], (size_t)rsp.status);
			size += rsp.status;
		}
		(*cons)++;
		if (rsp.flags & NETRXF_extra_info) {
			struct netif_extra_info x;

			memcpy(&x, &rx->ring[(*cons)++ % NET_RING_SIZE],
			       sizeof(x));
			*mss = x.u.gso.size;
		}
	} while (more);
	return size;
}

static void test_to_guest(void)
{
	const char *what = "frames to the guest arrive whole and in order";
	static const struct {
		size_t size;
		uint16_t mss;
	} frames[] = {
		{ 60, 0 }, { 1514, 0 }, { 4096, 0 }, { 4097, 0 },
		{ 3000, 1448 }, { 65550, 1448 }, { 14, 0 }, { 65536, 0 },
	};
	uint32_t cons = 0;
	unsigned int number;
	uint16_t mss;

	start(OFFLOAD_SG | OFFLOAD_CSUM4 | OFFLOAD_GSO4);
	for (number = 0; number < 3000 && !failures; number++) {
		size_t size = frames[number % ARRAY_SIZE(frames)].size;
		uint16_t want = frames[number % ARRAY_SIZE(frames)].mss;

		paint(frame, size, number);
		CHECK(what, host_send(size, want), 0);
		/* in ones and twos, or all at once: room for it in the end */
		while (rx->req_prod - cons < 18)
			lend(number % 3 ? 1 + any(3) : 18);
		CHECK(what, guest_take(&cons, &mss), size);
		CHECK(what, memcmp(frame, got, size), 0);
		CHECK(what, mss, want);
	}
	stop();
	CHECK(what, counted.count[RX_PACKETS], number);
	CHECK(what, counted.count[RX_ERRORS], 0);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* Frames that wait in the host's queue, where their number is bounded. */
static void test_guest_takes_nothing(void)
{
	const char *what = "a guest that lends nothing keeps frames in the TAP";
	unsigned int i, left, sent;
	uint16_t mss;
	uint32_t cons = 0;
	int n, tap;

	start(OFFLOAD_SG | OFFLOAD_CSUM4 | OFFLOAD_GSO4);
	paint(frame, 60, 0);
	for (i = 0; i < 8 && !host_send(60, 0); i++)
		;
	/* one that needs two slots, where one is lent (XSA-392) */
	lend(8);
	for (n = 0; n < 8; n++)
		CHECK(what, guest_take(&cons, &mss), 60);
	paint(frame, 3000, 1);
	CHECK(what, host_send(3000, 1448), 0);
	for (sent = 1; sent < 8 && !host_send(3000, 1448); sent++)
		;
	lend(1);
	tap = dup(q.tap);
	stop();
	CHECK(what, rx->rsp_prod, 8);
	CHECK(what, counted.count[RX_PACKETS], 8);
	/* all but the one in hand are where they were */
	for (left = 0; recv(tap, got, sizeof(got), 0) > 0; left++)
		;
	CHECK(what, left + 1 >= sent, 1);
	close(tap);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* A page that is none spoils its own frame; the next arrives. */
static void test_bad_page(void)
{
	const char *what = "a bad page spoils its own frame only";
	uint32_t cons = 0, bad = 1;
	uint16_t mss;

	start(OFFLOAD_SG);
	lend(4);
	rx->ring[bad].req.gref = BAD_GREF;
	paint(frame, 8000, 1);
	/* the second slot must be bad before the frame is there */
	CHECK(what, host_send(8000, 0), 0);
	CHECK(what, guest_take(&cons, &mss), -1);
	paint(frame, 100, 2);
	CHECK(what, host_send(100, 0), 0);
	CHECK(what, guest_take(&cons, &mss), 100);
	CHECK(what, memcmp(frame, got, 100), 0);
	stop();
	CHECK(what, counted.count[RX_ERRORS], 1);
	printf("%sok %s\n", failures ? "not " : "", what);
}

/* The rate holds back and lets go; the clock is the machine's, not asserted. */
static void test_rate_lets_go(void)
{
	const char *what = "a limited guest gets everything through in the end";
	uint32_t prod = 0;
	unsigned int i;

	start(OFFLOAD_SG);
	rate_set(&shared.send, 6000, 1000);
	paint(frame, 1000, 0);
	for (i = 0; i < 40; i++)
		put_small(&prod, i, frame, 1000, 0);
	push(&tx->req_prod, &tx->req_event, prod);
	CHECK(what, wait_index(&tx->rsp_prod, &tx->rsp_event, prod), true);
	stop();
	CHECK(what, counted.count[TX_PACKETS], 40);
	CHECK(what, counted.count[TX_BATCHES] > 1, 1);
	printf("%sok %s\n", failures ? "not " : "", what);
}

int main(void)
{
	log_init("test-net-queue", LOG_ERR_LEVEL);
	test_from_guest();
	test_bad_among_good();
	test_broken_ring();
	test_batches();
	test_to_guest();
	test_guest_takes_nothing();
	test_bad_page();
	test_rate_lets_go();
	printf("%u failures\n", failures);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
