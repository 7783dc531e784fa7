/* SPDX-License-Identifier: MIT */
/*
 * hostile-blkback: a block backend that misbehaves (blk F01..F14), against
 * xl-lite-blkfront, which is also asked as a client of its NBD would, from here.
 */
#include "config.h"

#include "tests/hostile/back.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/blkif.h>

#include "lib/cleanup.h"
#include "lib/ring.h"

#define SOCKET "/tmp/test/nbd"	/* as the script gives to the frontend */
#define RING_PAGES 16u
#define SECTORS 2048u

struct blkback {
	struct back *b;
	struct blkif_sring *sring;
	unsigned int pages, slots;
	uint32_t req_cons, rsp_prod;
	evtchn_port_t port;
	int nbd;			/* -1: not connected */
	uint8_t disk[SECTORS * 512];
};

/* -- nodes, ring, port ------------------------------------------------------------ */

static void offer(void *device, struct back *b)
{
	static const struct {
		const char *node;
		unsigned int value;
	} nodes[] = {
		{ "feature-flush-cache", 1 }, { "feature-discard", 1 },
		{ "feature-persistent", 1 },
		{ "feature-max-indirect-segments", 256 },
		{ "max-ring-page-order", 4 }, { "sectors", SECTORS },
		{ "sector-size", 512 }, { "info", 0 },
	};

	(void)device;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		back_put_uint(b, nodes[i].node, nodes[i].value);
}

static void read_refs(struct blkback *d, uint32_t *refs)
{
	const char *order = back_get(d->b, "ring-page-order");

	d->pages = *order ? 1u << strtoul(order, NULL, 10) : 1;
	for (unsigned int i = 0; i < d->pages && i < RING_PAGES; i++) {
		char node[24];

		snprintf(node, sizeof(node), "ring-ref%u", i);
		refs[i] = strtoul(back_get(d->b, *order ? node : "ring-ref"),
				  NULL, 10);
	}
}

static bool attach(void *device, struct back *b)
{
	struct blkback *d = device;
	uint32_t refs[RING_PAGES];
	xenevtchn_port_or_error_t port;
	size_t room;

	d->req_cons = d->rsp_prod = 0;
	d->nbd = -1;
	read_refs(d, refs);
	d->sring = xengnttab_map_domain_grant_refs(b->gnt, d->pages, b->guest,
						   refs, PROT_READ |
						   PROT_WRITE);
	port = xenevtchn_bind_interdomain(b->ev, b->guest,
					  strtoul(back_get(b, "event-channel"),
						  NULL, 10));
	room = d->pages * PAGE - offsetof(struct blkif_sring, ring);
	for (d->slots = 1; 2 * d->slots * sizeof(union blkif_sring_entry) <=
	     room; )
		d->slots *= 2;
	d->port = port;
	return wish(b, d->sring && port >= 0, "ring or port: %s",
		    strerror(errno));
}

static void detach(void *device, struct back *b)
{
	struct blkback *d = device;

	if (d->nbd >= 0)
		close(d->nbd);
	d->nbd = -1;
	xenevtchn_unbind(b->ev, d->port);
	xengnttab_unmap(b->gnt, d->sring, d->pages);
}

/* -- requests and answers ----------------------------------------------------------- */

static bool request_there(void *arg)
{
	struct blkback *d = arg;

	if (ring_snapshot(&d->sring->req_prod) != d->req_cons)
		return true;
	ring_store(&d->sring->req_event, d->req_cons + 1);
	ring_mb();
	return ring_snapshot(&d->sring->req_prod) != d->req_cons;
}

static bool take(struct blkback *d, struct blkif_request *req)
{
	if (!wish(d->b, back_until(d->b, request_there, d),
		  "no request comes"))
		return false;
	memcpy(req, &d->sring->ring[d->req_cons++ & (d->slots - 1)].req,
	       sizeof(*req));
	return true;
}

static void push(struct blkback *d, uint32_t prod)
{
	ring_publish(&d->sring->rsp_prod, prod);
	ring_mb();
	xenevtchn_notify(d->b->ev, d->port);
}

static void answer(struct blkback *d, uint64_t id, unsigned int op, int status)
{
	struct blkif_response rsp = {
		.id = id, .operation = op, .status = status,
	};

	memcpy(&d->sring->ring[d->rsp_prod & (d->slots - 1)].rsp, &rsp,
	       sizeof(rsp));
	push(d, ++d->rsp_prod);
}

/* Do to a segment of it FN; a page is mapped for just that. */
static void with_page(struct blkback *d, uint32_t gref,
		      void (*fn)(struct blkback *d, uint8_t *page))
{
	uint8_t *page = xengnttab_map_grant_ref(d->b->gnt, d->b->guest, gref,
						PROT_READ | PROT_WRITE);

	if (!wish(d->b, page, "grant %u: %s", gref, strerror(errno)))
		return;
	fn(d, page);
	xengnttab_unmap(d->b->gnt, page, 1);
}

static void fill_r(struct blkback *d, uint8_t *page)
{
	(void)d;
	memset(page, 'r', PAGE);
}

/* -- its NBD -------------------------------------------------------------------------- */

struct nbd_request {
	uint32_t magic;
	uint16_t flags, type;
	uint64_t cookie, offset;
	uint32_t length;
} __attribute__((packed));

struct nbd_reply {
	uint32_t magic, error;
	uint64_t cookie;
} __attribute__((packed));

enum nbd_type { NBD_READ = 0, NBD_WRITE = 1, NBD_FLUSH = 3 };

static bool get(struct blkback *d, void *buf, size_t size)
{
	return wish(d->b, recv(d->nbd, buf, size, MSG_WAITALL) ==
		    (ssize_t)size, "the NBD server hung up");
}

static bool socket_there(void *arg)
{
	struct blkback *d = arg;
	struct sockaddr_un addr = {
		.sun_family = AF_UNIX, .sun_path = SOCKET,
	};

	d->nbd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (d->nbd >= 0 &&
	    !connect(d->nbd, (const struct sockaddr *)&addr, sizeof(addr)))
		return true;
	close(d->nbd);
	d->nbd = -1;
	return false;
}

static bool nbd_open(struct blkback *d)
{
	struct {
		uint32_t flags;
		uint64_t magic;
		uint32_t option, length;
	} __attribute__((packed)) hello = {
		htobe32(3), htobe64(0x49484156454F5054), htobe32(1), 0,
	};
	uint8_t greeting[18], facts[10];

	if (d->nbd >= 0)
		return true;
	return wish(d->b, back_until(d->b, socket_there, d),
		    "it serves no NBD") &&
	       get(d, greeting, sizeof(greeting)) &&
	       send(d->nbd, &hello, sizeof(hello), MSG_NOSIGNAL) ==
	       sizeof(hello) && get(d, facts, sizeof(facts));
}

static void nbd_ask(struct blkback *d, enum nbd_type type, uint64_t offset,
		    uint32_t length)
{
	struct nbd_request req = {
		.magic = htobe32(0x25609513), .type = htobe16(type),
		.cookie = 42, .offset = htobe64(offset),
		.length = htobe32(length),
	};

	if (!nbd_open(d))
		return;
	send(d->nbd, &req, sizeof(req), MSG_NOSIGNAL);
	if (type == NBD_WRITE)
		send(d->nbd, d->disk, length, MSG_NOSIGNAL);
}


static bool reply_there(void *arg)
{
	struct blkback *d = arg;
	struct pollfd p = { .fd = d->nbd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* The error of its reply, -1: it hung up instead. */
static int nbd_reply(struct blkback *d, void *data, size_t size)
{
	struct nbd_reply reply;

	if (!back_until(d->b, reply_there, d) ||
	    recv(d->nbd, &reply, sizeof(reply), MSG_WAITALL) !=
	    sizeof(reply))
		return -1;
	if (!reply.error && size && !get(d, data, size))
		return -1;
	return be32toh(reply.error);
}

static void want_reply(struct blkback *d, int error, const char *what)
{
	uint8_t data[512];
	int got = nbd_reply(d, data, sizeof(data));

	wish(d->b, got == error, "%s: NBD error %d, want %d", what, got,
	     error);
}

static bool control(void *device, struct back *b)
{
	struct blkback *d = device;
	struct blkif_request req;
	uint8_t data[512] = { 0 };
	int r;

	nbd_ask(d, NBD_READ, 0, 512);
	if (!take(d, &req))
		return false;
	with_page(d, req.seg[0].gref, fill_r);
	answer(d, req.id, req.operation, 0);
	r = nbd_reply(d, data, sizeof(data));
	return wish(b, !r && data[0] == 'r' && data[511] == 'r',
		    "NBD error %d, data %02x", r, data[0]);
}

/* -- what it answers (F01..F05, F12) ----------------------------------------------------- */

/* A read is under way; what the case answers to it is to follow. */
static bool begin(struct blkback *d, struct blkif_request *req)
{
	nbd_ask(d, NBD_READ, 0, 512);
	return take(d, req);
}

static void prod_ahead(void *device, struct back *b)
{
	struct blkif_request req;
	struct blkback *d = device;

	(void)b;
	if (begin(d, &req))
		push(d, 5);
}

static void prod_back(void *device, struct back *b)
{
	struct blkif_request req;
	struct blkback *d = device;

	(void)b;
	if (begin(d, &req))
		push(d, UINT32_MAX);
}

static void id_past_end(void *device, struct back *b)
{
	struct blkif_request req;
	struct blkback *d = device;

	(void)b;
	if (begin(d, &req))
		answer(d, UINT64_C(1) << 40, req.operation, 0);
}

static void id_not_in_flight(void *device, struct back *b)
{
	struct blkif_request req;
	struct blkback *d = device;

	(void)b;
	if (begin(d, &req))
		answer(d, req.id + 1, req.operation, 0);
}

static void id_twice(void *device, struct back *b)
{
	struct blkif_request first, second;
	struct blkback *d = device;

	(void)b;
	if (!begin(d, &first) || !begin(d, &second))
		return;
	answer(d, first.id, first.operation, 0);
	answer(d, first.id, first.operation, 0);
}

static void other_op(void *device, struct back *b)
{
	struct blkif_request req;
	struct blkback *d = device;

	(void)b;
	if (begin(d, &req))
		answer(d, req.id, BLKIF_OP_WRITE, 0);
}

static void with_status(struct blkback *d, int status)
{
	struct blkif_request req;

	if (begin(d, &req))
		answer(d, req.id, req.operation, status);
}

static void status_1(void *device, struct back *b)
{
	(void)b;
	with_status(device, 1);
}

static void status_most(void *device, struct back *b)
{
	(void)b;
	with_status(device, 32767);
}

static void status_minus_3(void *device, struct back *b)
{
	(void)b;
	with_status(device, -3);
	want_reply(device, 5, "status -3");
}

static void not_supported(void *device, struct back *b)
{
	(void)b;
	with_status(device, BLKIF_RSP_EOPNOTSUPP);
	want_reply(device, 5, "a read that is not supported");
}

#define SPLIT (512u << 10)

/* A read that takes several requests is over when all are answered. */
static void split(void *device, struct back *b)
{
	static uint8_t data[SPLIT];
	struct blkif_request req[64];
	struct blkback *d = device;
	unsigned int sent = 0, count = 0;

	nbd_ask(d, NBD_READ, 0, SPLIT);
	while (sent < SPLIT && count < ARRAY_SIZE(req) &&
	       take(d, &req[count])) {
		const struct blkif_request_indirect *i =
			(const void *)&req[count];

		sent += PAGE * (req[count].operation == BLKIF_OP_INDIRECT ?
				i->nr_segments : req[count].nr_segments);
		count++;
	}
	wish(b, count > 1, "it is %u request", count);
	for (unsigned int i = 0; i < count; i++) {
		const struct blkif_request_indirect *ind =
			(const void *)&req[i];
		bool indirect = req[i].operation == BLKIF_OP_INDIRECT;

		wish(b, !reply_there(d), "replied after %u of %u answers", i,
		     count);
		answer(d, indirect ? ind->id : req[i].id, indirect ?
		       ind->indirect_op : req[i].operation, 0);
	}
	wish(b, nbd_reply(d, data, SPLIT) == 0, "no reply in the end");
}

/* -- events, time, pages (F06, F07, F11, F13, F14) -------------------------------------------- */

static void storm(void *device, struct back *b)
{
	struct blkback *d = device;

	for (unsigned int i = 0; i < 20000; i++)
		xenevtchn_notify(b->ev, d->port);
}

struct stormer {
	struct blkback *d;
	atomic_bool stop;
};

static void *storm_on(void *arg)
{
	struct stormer *s = arg;

	while (!atomic_load(&s->stop))
		xenevtchn_notify(s->d->b->ev, s->d->port);
	return NULL;
}

static bool says_closing(void *arg)
{
	enum bus_state front = back_front(arg);

	return front == BUS_CLOSING || front == BUS_CLOSED;
}

/* It must see what else happens, though events come faster than it can look. */
static void storm_and_close(void *device, struct back *b)
{
	struct stormer s[2] = { { .d = device }, { .d = device } };
	pthread_t threads[2];

	for (unsigned int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, storm_on, &s[i]);
	back_state(b, BUS_CLOSING);
	wish(b, back_until(b, says_closing, b), "it does not see our Closing");
	for (unsigned int i = 0; i < 2; i++) {
		atomic_store(&s[i].stop, true);
		pthread_join(threads[i], NULL);
	}
}

/* Mapped for as long as the program runs. */
static void keep_mapped(void *device, struct back *b)
{
	struct blkif_request req;
	struct blkback *d = device;

	if (!begin(d, &req))
		return;
	xengnttab_map_grant_ref(b->gnt, b->guest, req.seg[0].gref,
				PROT_READ);
	answer(d, req.id, req.operation, 0);
	want_reply(d, 0, "a read");
}

static void change_later(void *device, struct back *b)
{
	struct blkif_request req;
	struct blkback *d = device;
	volatile uint8_t *page;

	if (!begin(d, &req))
		return;
	page = xengnttab_map_grant_ref(b->gnt, b->guest, req.seg[0].gref,
				       PROT_READ | PROT_WRITE);
	if (!wish(b, page, "map"))
		return;
	answer(d, req.id, req.operation, 0);
	while (!reply_there(d) && b->pid)
		for (unsigned int i = 0; i < 512; i++)
			page[i]++;
	want_reply(d, 0, "a read that changes");
	xengnttab_unmap(b->gnt, (void *)page, 1);
}

static void check_tail(struct blkback *d, uint8_t *page)
{
	for (unsigned int i = 512; i < PAGE; i++)
		if (!wish(d->b, !page[i], "byte %u behind a write's is "
			  "0x%02x", i, page[i]))
			return;
}

static void write_once(struct blkback *d, uint8_t with, uint32_t size,
		       bool look)
{
	struct blkif_request req;

	memset(d->disk, with, size);
	nbd_ask(d, NBD_WRITE, 0, size);
	if (!take(d, &req))
		return;
	if (look)
		with_page(d, req.seg[0].gref, check_tail);
	answer(d, req.id, req.operation, 0);
	wish(d->b, nbd_reply(d, NULL, 0) == 0, "a write fails");
}

static void stale(void *device, struct back *b)
{
	struct blkback *d = device;

	(void)b;
	for (unsigned int i = 0; i < 8; i++) {
		write_once(d, 's', 8 * PAGE, false);
		write_once(d, 'n', 512, true);
	}
}

static void never(void *device, struct back *b)
{
	struct blkif_request req;
	struct blkback *d = device;

	(void)b;
	if (!begin(d, &req))
		return;
	want_reply(d, 5, "a read without an answer");
	/* and late, after all */
	answer(d, req.id, req.operation, 0);
}

/* -- states (F10) ------------------------------------------------------------------------ */

static void in_state(struct blkback *d, enum bus_state state)
{
	struct blkif_request req;

	if (begin(d, &req))
		back_state(d->b, state);
}

static void state_closing(void *device, struct back *b)
{
	(void)b;
	in_state(device, BUS_CLOSING);
}

static void state_closed(void *device, struct back *b)
{
	(void)b;
	in_state(device, BUS_CLOSED);
}

static void state_initwait(void *device, struct back *b)
{
	(void)b;
	in_state(device, BUS_INITWAIT);
}

static void state_unknown(void *device, struct back *b)
{
	struct blkback *d = device;
	struct blkif_request req;

	if (!begin(d, &req))
		return;
	back_put(b, "state", "0");
	back_put(b, "state", "99");
	back_put(b, "state", "");
	back_state(b, BUS_CONNECTED);
	answer(d, req.id, req.operation, 0);
	want_reply(d, 0, "a read over states that are none");
}

static void folder_gone(void *device, struct back *b)
{
	struct blkif_request req;

	if (begin(device, &req))
		back_remove(b);
}

static void sector_size_changes(void *device, struct back *b)
{
	(void)device;
	back_put(b, "sector-size", "4096");
	back_state(b, BUS_CONNECTED);
}

static bool reply_or_request(void *arg)
{
	return reply_there(arg) || request_there(arg);
}

static void shrinks(void *device, struct back *b)
{
	struct blkback *d = device;
	struct blkif_request req;

	back_put(b, "sectors", "8");
	back_state(b, BUS_CONNECTED);
	nbd_ask(d, NBD_READ, 512 * 1024, 512);
	/* it was asked before it saw that, or it refuses by itself */
	if (!wish(b, back_until(b, reply_or_request, d), "no reply"))
		return;
	if (!reply_there(d) && take(d, &req))
		answer(d, req.id, req.operation, BLKIF_RSP_ERROR);
	wish(b, nbd_reply(d, NULL, 0) > 0, "a read past the end is no error");
}

#define ENDS_AT(id, node, value) \
	{ id, node " is '" value "'", ENDS, node, node, value, NULL, NULL }
#define LIVES_WITH(id, node, value) \
	{ id, node " is '" value "'", LIVES, NULL, node, value, NULL, NULL }
#define DOES(id, what, fate, reason, run) \
	{ id, what, fate, reason, NULL, NULL, run, NULL }

static const struct back_case cases[] = {
	DOES("control", "a good backend", LIVES, NULL, NULL),
	DOES("F01", "rsp_prod ahead of what was asked", ENDS,
	     "answers more than was asked", prod_ahead),
	DOES("F01-back", "rsp_prod goes back", ENDS,
	     "answers more than was asked", prod_back),
	DOES("F02", "an id that is none", ENDS, "is no request's",
	     id_past_end),
	DOES("F02-idle", "an id that is not in flight", ENDS,
	     "is not in flight", id_not_in_flight),
	DOES("F02-twice", "an id twice", ENDS, "is not in flight", id_twice),
	DOES("F03", "another operation", ENDS, "another operation", other_op),
	DOES("F04", "status 1", ENDS, "status above 0", status_1),
	DOES("F04-most", "status 32767", ENDS, "status above 0", status_most),
	DOES("F04-minus", "status -3: an error", LIVES, NULL, status_minus_3),
	DOES("F05", "a read of several requests is over with the last", LIVES,
	     NULL, split),
	DOES("F06", "20000 events without answers", LIVES, NULL, storm),
	DOES("F06-state", "events without end do not hide our state", ENDS,
	     "closed the device", storm_and_close),
	DOES("F07", "a page is kept mapped", LIVES, NULL, keep_mapped),
	ENDS_AT("F08", "sectors", "0"),
	ENDS_AT("F08-wraps", "sectors", "9223372036854775808"),
	ENDS_AT("F08-minus", "sectors", "-1"),
	ENDS_AT("F08-block", "sector-size", "0"),
	ENDS_AT("F08-block-odd", "sector-size", "513"),
	ENDS_AT("F08-block-most", "sector-size", "2147483648"),
	LIVES_WITH("F08-physical", "physical-sector-size", "1"),
	LIVES_WITH("F08-granularity", "discard-granularity", "0"),
	LIVES_WITH("F08-granularity-odd", "discard-granularity", "513"),
	DOES("F08-changes", "sector-size changes while it runs", ENDS,
	     "sector-size", sector_size_changes),
	DOES("F08-shrinks", "sectors shrinks while it runs", LIVES, NULL,
	     shrinks),
	LIVES_WITH("F09", "max-ring-page-order", "2147483648"),
	LIVES_WITH("F09-queues", "multi-queue-max-queues", "0"),
	LIVES_WITH("F09-queues-most", "multi-queue-max-queues", "2147483648"),
	LIVES_WITH("F09-segments", "feature-max-indirect-segments",
		   "2147483648"),
	DOES("F10", "Closing with a request in flight", ENDS,
	     "closed the device", state_closing),
	DOES("F10-closed", "Closed with a request in flight", ENDS,
	     "closed the device", state_closed),
	DOES("F10-initwait", "InitWait with a request in flight", ENDS,
	     "started over", state_initwait),
	DOES("F10-none", "states that are none", LIVES, NULL, state_unknown),
	DOES("F10-gone", "the folder is removed", ENDS, "is gone",
	     folder_gone),
	DOES("F11", "data change after the answer", LIVES, NULL,
	     change_later),
	DOES("F12", "a read is not supported: an error", LIVES, NULL,
	     not_supported),
	DOES("F13", "behind a write's bytes its page is clear", LIVES, NULL,
	     stale),
	{ "F14", "no answer: an error after --timeout", LIVES, NULL, NULL,
	  NULL, never, "--timeout=1" },
};

int main(int argc, char **argv)
{
	static const struct back_class class = {
		.kind = "uvbd", .cases = cases, .count = ARRAY_SIZE(cases),
		.ready = BUS_INITIALISED, .offer = offer, .attach = attach,
		.control = control, .detach = detach,
	};
	static struct blkback d;
	struct back b = { .pid = 0 };

	d.b = &b;
	return back_main(argc, argv, &class, &d, &b);
}
