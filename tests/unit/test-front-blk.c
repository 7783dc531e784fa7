/* SPDX-License-Identifier: MIT */
/*
 * The block frontend against a backend that is this test: a good one first,
 * then one that lies in every way blk_front must see.
 */
#include "frontends/blk/core.h"
#include "lib/ring.h"
#include "tests/unit/front-host.h"

#include <errno.h>
#include <string.h>

#define DIR "device/uvbd/51712"
#define BACK "/local/domain/0/backend/uvbd/7/51712"

static struct front_host host;
static struct blk_front front;

/* -- the backend --------------------------------------------------------- */

struct back {
	struct blkif_sring *sring;
	uint32_t req_cons, rsp_prod;
	unsigned int slots;
};

static struct back back;

static void offer(const char *node, const char *value)
{
	char path[FRONT_PATH_MAX];

	snprintf(path, sizeof(path), BACK "/%s", node);
	host_set(&host, path, value);
}

static void back_state(const char *state)
{
	offer("state", state);
	blk_front_step(&front);
}

static unsigned long told(const char *node)
{
	char path[FRONT_PATH_MAX];

	snprintf(path, sizeof(path), DIR "/%s", node);
	return host_number(&host, path);
}

static const struct blk_front_options options = {
	.ring_order = 0, .pages = 64, .segments = 32,
};

static void setup(void)
{
	host_init(&host);
	host_set(&host, DIR "/backend", BACK);
	host_set(&host, DIR "/backend-id", "0");
	host_set(&host, DIR "/state", "1");
	offer("state", "2");
	offer("sectors", "2048");
	offer("feature-flush-cache", "1");
	offer("feature-discard", "1");
	offer("feature-max-indirect-segments", "256");
	offer("max-ring-page-order", "4");
}

static void start_with(const struct blk_front_options *with)
{
	if (blk_front_open(&front, &front_host_ops, &host, DIR, with))
		abort();
	blk_front_step(&front);
	back = (struct back) { .slots = front.info.slots };
	if (told("state") != BUS_INITIALISED)
		return;
	back.sring = host.grants[front.ring_grefs[0]];
	back_state("4");
}

static void start(void)
{
	setup();
	start_with(&options);
}

static void stop(void)
{
	struct blk_io *io;

	while ((io = blk_front_reap(&front)))
		blk_front_free(&front, io);
	blk_front_release(&front);
	check(!host.areas && !host.ports_open && !host.watches,
	      "after release no page, port or watch is left");
}

/* The next request as the backend reads it. */
static struct blkif_request take(void)
{
	struct blkif_request req;

	memcpy(&req, &back.sring->ring[back.req_cons++ & (back.slots - 1)].req,
	       sizeof(req));
	return req;
}

static void answer(uint64_t id, unsigned int op, int status)
{
	struct blkif_response rsp = {
		.id = id, .operation = op, .status = status,
	};

	memcpy(&back.sring->ring[back.rsp_prod & (back.slots - 1)].rsp, &rsp,
	       sizeof(rsp));
	back.sring->rsp_prod = ++back.rsp_prod;
}

static struct blk_io *submit(enum blk_front_op op, uint64_t start_sector,
			     uint64_t size)
{
	int why;
	struct blk_io *io = blk_front_reserve(&front, op, start_sector, size,
					      &why);

	if (!io)
		abort();
	blk_front_submit(&front, io);
	blk_front_push(&front);
	return io;
}

static int reserve_says(enum blk_front_op op, uint64_t start_sector,
			uint64_t size)
{
	int why;
	struct blk_io *io = blk_front_reserve(&front, op, start_sector, size,
					      &why);

	if (io)
		blk_front_free(&front, io);
	return why;
}

/* -- a good backend ------------------------------------------------------ */

static void test_connect(void)
{
	const struct blk_front_options large = {
		.ring_order = 2, .pages = 64, .segments = 32,
	};

	setup();
	start_with(&large);
	check(blk_front_running(&front), "connects");
	check(told("state") == BUS_CONNECTED, "says Connected");
	check(told("ring-page-order") == 2 &&
	      told("ring-ref3") == front.ring_grefs[3] &&
	      !host_get(&host, DIR "/ring-ref"), "a ring of four pages");
	check(front.info.slots == 128, "has 128 slots");
	check(!strcmp(host_get(&host, DIR "/protocol"), "x86_64-abi"),
	      "names its ABI");
	check(front.info.segments == 32, "takes its own limit of segments");
	check(back.sring->req_event == 1 && back.sring->rsp_event,
	      "initialises the ring's events");
	back_state("5");
	check(told("state") == BUS_CLOSED, "closes with the backend");
	back_state("6");
	check(front.bus.phase == FRONT_CLOSED, "ends when the backend has");
	stop();
}

static void test_transaction_again(void)
{
	setup();
	host.commit_again = 3;
	start_with(&options);
	check(blk_front_running(&front), "begins a lost transaction anew");
	stop();
}

static void test_write_and_read(void)
{
	struct blkif_request req;
	struct blk_front_vec vec;
	struct blk_io *io;
	char out[1024];
	int why;

	start();
	io = blk_front_reserve(&front, BLK_FRONT_WRITE, 8, 1024, &why);
	io->tag = 42;
	blk_front_fill(&front, io, memset(out, 'w', sizeof(out)));
	blk_front_submit(&front, io);
	check(!back.sring->req_prod, "submit shows nothing yet");
	blk_front_push(&front);
	check(back.sring->req_prod == 1 && host.notified[1] == 1,
	      "push shows the request and sends the event asked for");
	req = take();
	check(req.operation == BLKIF_OP_WRITE && req.nr_segments == 1 &&
	      req.sector_number == 8 && req.seg[0].first_sect == 0 &&
	      req.seg[0].last_sect == 1, "a write of two sectors");
	check(!memcmp(host.grants[req.seg[0].gref], out, sizeof(out)),
	      "the backend finds the data");
	check(!blk_front_reap(&front), "nothing is answered yet");
	check(back.sring->rsp_event == 1, "an event is asked for");
	answer(req.id, req.operation, 0);
	io = blk_front_reap(&front);
	check(io && io->tag == 42 && io->result == 0, "the write succeeds");
	blk_front_free(&front, io);

	submit(BLK_FRONT_READ, 0, 512);
	req = take();
	memset(host.grants[req.seg[0].gref], 'r', 512);
	answer(req.id, req.operation, 0);
	io = blk_front_reap(&front);
	check(blk_front_vec(&front, io, 0, &vec, 1) == 1 && vec.size == 512 &&
	      !memcmp(vec.base, memset(out, 'r', 512), 512),
	      "a read finds what the backend put there");
	blk_front_free(&front, io);
	check(front.free_pages == front.info.pages && !front.busy,
	      "all pages are back in the pool");
	stop();
}

static void test_pieces(void)
{
	struct blk_front_vec vec[8];
	struct blk_io *io;
	unsigned int n;
	int why;

	start();
	io = blk_front_reserve(&front, BLK_FRONT_READ, 0, 12288, &why);
	n = blk_front_vec(&front, io, 0, vec, 8);
	check(n == 1 && vec[0].size == 12288, "pages side by side are one piece");
	n = blk_front_vec(&front, io, 5000, vec, 8);
	check(n == 1 && vec[0].size == 12288 - 5000, "from an offset on");
	check(!blk_front_vec(&front, io, 12288, vec, 8), "nothing at the end");
	blk_front_free(&front, io);
	stop();
}

static void test_indirect(void)
{
	struct blkif_request req;
	struct blkif_request_indirect indirect;
	struct blkif_request_segment *segments;
	struct blk_io *io;

	start();
	submit(BLK_FRONT_WRITE, 0, 20 * 4096 - 512);
	req = take();
	memcpy(&indirect, &req, sizeof(indirect));
	segments = host.grants[indirect.indirect_grefs[0]];
	check(indirect.operation == BLKIF_OP_INDIRECT &&
	      indirect.indirect_op == BLKIF_OP_WRITE &&
	      indirect.nr_segments == 20, "20 segments go indirect");
	check(segments[0].last_sect == 7 && segments[19].last_sect == 6 &&
	      segments[20].gref == 0, "their page holds 20 segments, no more");
	answer(indirect.id, BLKIF_OP_INDIRECT, 0);
	io = blk_front_reap(&front);
	check(io && io->result == 0, "answered as INDIRECT");
	blk_front_free(&front, io);
	check(front.free_pages == front.info.pages,
	      "the page of segments is back too");
	submit(BLK_FRONT_WRITE, 0, 20 * 4096);
	answer(take().id, BLKIF_OP_WRITE, 0);
	io = blk_front_reap(&front);
	check(io && io->result == 0, "or as WRITE, which Linux does");
	blk_front_free(&front, io);
	stop();

	setup();
	host_remove(&host, BACK "/feature-max-indirect-segments");
	start_with(&options);
	check(front.info.segments == 11 &&
	      reserve_says(BLK_FRONT_READ, 0, 12 * 4096) == -EINVAL,
	      "without the offer 11 segments are the most");
	stop();
}

static void test_flush_and_discard(void)
{
	struct blkif_request req;
	struct blkif_request_discard discard;
	struct blk_io *io;

	start();
	submit(BLK_FRONT_FLUSH, 0, 0);
	req = take();
	check(req.operation == BLKIF_OP_FLUSH_DISKCACHE && !req.nr_segments,
	      "flush");
	answer(req.id, req.operation, BLKIF_RSP_EOPNOTSUPP);
	io = blk_front_reap(&front);
	check(io->result == -EIO,
	      "a flush that was offered and refused is an error, not success");
	blk_front_free(&front, io);
	submit(BLK_FRONT_DISCARD, 16, 8192);
	req = take();
	memcpy(&discard, &req, sizeof(discard));
	check(discard.operation == BLKIF_OP_DISCARD && discard.nr_sectors == 16 &&
	      discard.sector_number == 16 && !discard.flag, "discard");
	answer(discard.id, BLKIF_OP_DISCARD, BLKIF_RSP_EOPNOTSUPP);
	io = blk_front_reap(&front);
	check(io->result == -EOPNOTSUPP &&
	      reserve_says(BLK_FRONT_DISCARD, 0, 512) == -EOPNOTSUPP,
	      "a refused discard is not tried again");
	blk_front_free(&front, io);
	stop();

	setup();
	host_remove(&host, BACK "/feature-flush-cache");
	offer("feature-barrier", "1");
	start_with(&options);
	submit(BLK_FRONT_FLUSH, 0, 0);
	check(take().operation == BLKIF_OP_WRITE_BARRIER,
	      "a backend without flush gets a barrier");
	stop();
}

static void test_caller_limits(void)
{
	start();
	check(reserve_says(BLK_FRONT_READ, 2047, 1024) == -ENOSPC,
	      "past the end is refused here");
	check(reserve_says(BLK_FRONT_READ, UINT64_MAX, 512) == -ENOSPC,
	      "so is a start that wraps");
	check(reserve_says(BLK_FRONT_READ, 0, 100) == -EINVAL,
	      "part of a sector is refused");
	check(reserve_says(BLK_FRONT_READ, 0, 33 * 4096) == -EINVAL,
	      "more than info.segments pages are refused");
	stop();

	setup();
	offer("sector-size", "4096");
	offer("info", "4");
	start_with(&options);
	check(reserve_says(BLK_FRONT_READ, 1, 4096) == -EINVAL &&
	      reserve_says(BLK_FRONT_READ, 8, 4096) == 0,
	      "4096-byte sectors must be aligned, in units of 512");
	check(reserve_says(BLK_FRONT_WRITE, 0, 4096) == -EROFS,
	      "a read-only disk takes no writes");
	stop();
}

static void test_pool_exhausted(void)
{
	unsigned int n = 0;
	int why;

	start();
	while (blk_front_reserve(&front, BLK_FRONT_READ, 0, 4096, &why))
		n++;
	check(n == 32 && why == -EAGAIN, "32 slots, then -EAGAIN");
	stop();
	start();
	for (n = 0; blk_front_reserve(&front, BLK_FRONT_READ, 0, 8 * 4096, &why);)
		n++;
	check(n == 8 && why == -EAGAIN, "or until the pool is empty");
	stop();
}

static void test_wraps(void)
{
	unsigned int i;
	bool good = true;

	start();
	for (i = 0; i < 100 && good; i++) {
		struct blkif_request req;
		struct blk_io *io;

		submit(BLK_FRONT_READ, i, 512);
		req = take();
		answer(req.id, req.operation, 0);
		io = blk_front_reap(&front);
		good = io && io->start == i && io->result == 0;
		if (io)
			blk_front_free(&front, io);
	}
	check(good, "100 requests through 32 slots");
	stop();
}

static void test_predecessor(void)
{
	setup();
	host_set(&host, DIR "/state", "4");
	offer("state", "4");
	if (blk_front_open(&front, &front_host_ops, &host, DIR, &options))
		abort();
	blk_front_step(&front);
	check(told("state") == BUS_CLOSING,
	      "a dead predecessor's connection is closed first");
	back_state("5");
	check(told("state") == BUS_CLOSED, "then Closed");
	back_state("6");
	check(told("state") == BUS_INITIALISING, "then begun anew");
	back_state("2");
	check(told("state") == BUS_INITIALISED, "and connected");
	back_state("4");
	check(blk_front_running(&front), "runs");
	stop();
}

/*
 * A predecessor died between its Initialised and the backend's answer: the
 * backend may be mapping its rings, and would take ours for those.
 */
static void test_predecessor_connecting(void)
{
	setup();
	host_set(&host, DIR "/state", "3");
	if (blk_front_open(&front, &front_host_ops, &host, DIR, &options))
		abort();
	blk_front_step(&front);
	check(told("state") == BUS_CLOSING && !front.bus.view.held,
	      "a predecessor's half-made connection is closed first");
	back_state("4");
	check(told("state") == BUS_CLOSING, "also when it is made after all");
	back_state("5");
	back_state("6");
	back_state("2");
	back_state("4");
	check(blk_front_running(&front), "then it runs");
	stop();
}

/* The backend may be mapping the rings when we lose interest. */
static void test_close_while_connecting(void)
{
	setup();
	if (blk_front_open(&front, &front_host_ops, &host, DIR, &options))
		abort();
	blk_front_step(&front);
	check(told("state") == BUS_INITIALISED, "rings are published");
	blk_front_close(&front);
	blk_front_step(&front);
	check(told("state") == BUS_CLOSING && front.bus.view.held,
	      "rings stay granted while the backend is in InitWait");
	back_state("5");
	back_state("6");
	check(front.bus.phase == FRONT_CLOSED && !front.bus.view.held,
	      "and are taken back when it is Closed");
	stop();
}

static void test_close(void)
{
	start();
	blk_front_close(&front);
	blk_front_step(&front);
	check(told("state") == BUS_CLOSING, "we close: Closing");
	back_state("4");
	check(told("state") == BUS_CLOSING, "waits for the backend");
	back_state("5");
	check(told("state") == BUS_CLOSED, "Closed after it");
	check(front.bus.phase == FRONT_CLOSING,
	      "pages stay until the backend is Closed");
	back_state("6");
	check(front.bus.phase == FRONT_CLOSED && !front.bus.failed,
	      "closed, without a fault");
	stop();
}

static void test_resize(void)
{
	start();
	offer("sectors", "4096");
	back_state("4");
	check(reserve_says(BLK_FRONT_READ, 4088, 4096) == 0, "grows");
	offer("sectors", "8");
	back_state("4");
	check(blk_front_running(&front) &&
	      reserve_says(BLK_FRONT_READ, 8, 512) == -ENOSPC,
	      "shrinks: what is past the new end is refused");
	stop();
}

/* -- a backend that lies ------------------------------------------------- */

/* The one request in flight comes back with -EIO, and nothing else does. */
static void check_dead(const char *what, const char *reason)
{
	struct blk_io *io = blk_front_reap(&front);

	check(io && io->result == -EIO && !blk_front_reap(&front), what);
	if (!strstr(front.bus.reason, reason))
		printf("# reason: \"%s\", want \"%s\"\n", front.bus.reason,
		       reason);
	check(front.bus.failed && strstr(front.bus.reason, reason),
	      "  with the reason");
	check(reserve_says(BLK_FRONT_READ, 0, 512) == -EIO,
	      "  and later requests are refused");
	blk_front_step(&front);
	check(told("state") == BUS_CLOSING, "  and the device closes");
	if (io)
		blk_front_free(&front, io);
	stop();
}

static void test_lies(void)
{
	struct blkif_request req;

	start();
	submit(BLK_FRONT_READ, 0, 512);
	back.sring->rsp_prod = 2;
	check_dead("F01 rsp_prod beyond what was asked", "rsp_prod 2");

	start();
	submit(BLK_FRONT_READ, 0, 512);
	back.sring->rsp_prod = UINT32_MAX;
	check_dead("F01 rsp_prod going back", "rsp_prod 4294967295");

	start();
	submit(BLK_FRONT_READ, 0, 512);
	answer(32, BLKIF_OP_READ, 0);
	check_dead("F02 id out of range", "id 32 is no request's");

	start();
	submit(BLK_FRONT_READ, 0, 512);
	answer(UINT64_MAX, BLKIF_OP_READ, 0);
	check_dead("F02 id out of 32 bits", "is no request's");

	start();
	submit(BLK_FRONT_READ, 0, 512);
	req = take();
	answer(req.id + 1, BLKIF_OP_READ, 0);
	check_dead("F02 id not in flight", "id 1 is not in flight");

	start();
	submit(BLK_FRONT_READ, 0, 512);
	submit(BLK_FRONT_READ, 0, 512);
	req = take();
	answer(req.id, BLKIF_OP_READ, 0);
	answer(req.id, BLKIF_OP_READ, 0);
	blk_front_free(&front, blk_front_reap(&front));
	check_dead("F02 id answered twice", "is not in flight");

	start();
	submit(BLK_FRONT_READ, 0, 512);
	answer(take().id, BLKIF_OP_WRITE, 0);
	check_dead("F03 another operation", "another operation");

	start();
	submit(BLK_FRONT_READ, 0, 20 * 4096);
	answer(take().id, BLKIF_OP_WRITE, 0);
	check_dead("F03 another operation within an indirect one",
		   "another operation");

	start();
	submit(BLK_FRONT_READ, 0, 512);
	answer(take().id, BLKIF_OP_READ, 1);
	check_dead("F04 status 1", "status above 0");

	start();
	submit(BLK_FRONT_READ, 0, 512);
	answer(take().id, BLKIF_OP_READ, 32767);
	check_dead("F04 status 32767", "status above 0");
}

static void test_error_statuses(void)
{
	static const struct {
		int status;
		const char *what;
	} cases[] = {
		{ BLKIF_RSP_ERROR, "ERROR is an error" },
		{ -3, "F04 status -3 is an error" },
		{ -32768, "F04 status -32768 is an error" },
		{ BLKIF_RSP_EOPNOTSUPP, "F12 EOPNOTSUPP on READ is an error" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct blk_io *io;

		start();
		submit(BLK_FRONT_READ, 0, 512);
		answer(take().id, BLKIF_OP_READ, cases[i].status);
		io = blk_front_reap(&front);
		check(io && io->result == -EIO && blk_front_running(&front),
		      cases[i].what);
		blk_front_free(&front, io);
		stop();
	}
}

static void test_event_storm(void)
{
	unsigned int i, none = 0;

	start();
	submit(BLK_FRONT_READ, 0, 512);
	for (i = 0; i < 1000; i++)
		none += !blk_front_reap(&front);
	check(none == 1000 && blk_front_running(&front) && !host.errors,
	      "F06 events without responses do nothing");
	stop();
}

static void test_kept_mapped(void)
{
	start();
	host.still_mapped = true;
	blk_front_close(&front);
	blk_front_step(&front);
	back_state("6");
	blk_front_release(&front);
	check(front.lost_pages == 65,
	      "F07 pages the backend keeps mapped are counted lost");
}

static void test_geometry(void)
{
	static const struct {
		const char *node, *value, *what;
	} bad[] = {
		{ "sectors", "0", "F08 sectors 0" },
		{ "sectors", "9223372036854775808", "F08 sectors 2^63" },
		{ "sectors", "18014398509481985", "F08 bytes beyond 2^63" },
		{ "sectors", "99999999999999999999999", "F08 sectors wraps" },
		{ "sectors", "-1", "F08 sectors negative" },
		{ "sectors", "", "F08 sectors empty" },
		{ "sectors", "12x", "F08 sectors with junk behind" },
		{ "sector-size", "0", "F08 sector-size 0" },
		{ "sector-size", "513", "F08 sector-size 513" },
		{ "sector-size", "1536", "F08 sector-size no power of two" },
		{ "sector-size", "2147483648", "F08 sector-size 2^31" },
	};
	static const struct {
		const char *node, *value, *what;
	} harmless[] = {
		{ "physical-sector-size", "1", "F08 physical < logical" },
		{ "physical-sector-size", "x", "F08 physical is junk" },
		{ "discard-granularity", "0", "F08 granularity 0" },
		{ "discard-granularity", "513", "F08 granularity odd" },
		{ "max-ring-page-order", "2147483648", "F09 ring order 2^31" },
		{ "max-ring-page-order", "-1", "F09 ring order -1" },
		{ "multi-queue-max-queues", "0", "F09 no queues" },
		{ "multi-queue-max-queues", "2147483648", "F09 2^31 queues" },
		{ "feature-max-indirect-segments", "2147483648",
		  "F09 2^31 segments" },
		{ "feature-max-indirect-segments", "99999999999999999999",
		  "F09 segments wraps" },
		{ "info", "junk", "info is junk" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup();
		offer(bad[i].node, bad[i].value);
		start_with(&options);
		check(!blk_front_running(&front) && front.bus.failed &&
		      strstr(front.bus.reason, bad[i].node), bad[i].what);
		stop();
	}
	for (i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
		setup();
		offer(harmless[i].node, harmless[i].value);
		start_with(&options);
		check(blk_front_running(&front) &&
		      front.info.slots == 32 && front.info.segments <= 32 &&
		      front.info.physical_sector_size >= 512 &&
		      front.info.discard_granularity == 512,
		      harmless[i].what);
		stop();
	}
	start();
	offer("sector-size", "4096");
	back_state("4");
	check(front.bus.failed, "F08 a sector-size that changes ends it");
	stop();
}

static void test_states(void)
{
	static const struct {
		const char *state, *what;
		bool runs;
	} cases[] = {
		{ "6", "F10 Closed while running ends it", false },
		{ "5", "F10 Closing while running ends it", false },
		{ "0", "F10 Unknown while running is nothing new", true },
		{ "2", "F10 InitWait while running ends it", false },
		{ "1", "F10 Initialising while running ends it", false },
		{ "99", "F10 a state that is none is ignored", true },
		{ "3", "F10 Initialised while running is nothing new", true },
		{ "7", "F10 Reconfiguring is nothing new", true },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct blk_io *io;

		start();
		submit(BLK_FRONT_READ, 0, 512);
		back_state(cases[i].state);
		check(blk_front_running(&front) == cases[i].runs,
		      cases[i].what);
		io = blk_front_reap(&front);
		check(cases[i].runs ? !io : io && io->result == -EIO,
		      "  and its request is not forgotten");
		if (io)
			blk_front_free(&front, io);
		stop();
	}
	start();
	submit(BLK_FRONT_READ, 0, 512);
	host_remove(&host, BACK "/state");
	host_remove(&host, DIR "/state");
	blk_front_step(&front);
	check(front.bus.phase == FRONT_CLOSED && !host_get(&host, DIR "/state"),
	      "F10 both folders gone: over, and nothing is written back");
	stop();
}

/* Every state of the backend after every other, in every phase: no crash. */
static void test_all_edges(void)
{
	char first[2] = "0", second[2] = "0", third[2] = "0";
	unsigned int n = 0;

	for (first[0] = '0'; first[0] <= '9'; first[0]++)
		for (second[0] = '0'; second[0] <= '9'; second[0]++)
			for (third[0] = '0'; third[0] <= '9'; third[0]++) {
				setup();
				if (blk_front_open(&front, &front_host_ops,
						   &host, DIR, &options))
					abort();
				back_state(first);
				back_state(second);
				back_state(third);
				blk_front_release(&front);
				n += !host.areas && !host.ports_open &&
					!host.watches;
			}
	check(n == 1000, "F10 1000 walks of states leave nothing behind");
}

static void test_stale_bytes(void)
{
	struct blkif_request req;
	char *page;
	char data[4096];
	unsigned int i, clean = 0;
	struct blk_io *io;
	int why;

	start();
	io = blk_front_reserve(&front, BLK_FRONT_WRITE, 0, 4096, &why);
	blk_front_fill(&front, io, memset(data, 's', sizeof(data)));
	blk_front_submit(&front, io);
	blk_front_push(&front);
	req = take();
	answer(req.id, req.operation, 0);
	blk_front_free(&front, blk_front_reap(&front));
	io = blk_front_reserve(&front, BLK_FRONT_WRITE, 0, 512, &why);
	blk_front_fill(&front, io, memset(data, 'n', 512));
	blk_front_submit(&front, io);
	blk_front_push(&front);
	page = host.grants[take().seg[0].gref];
	for (i = 512; i < 4096; i++)
		clean += page[i] == 0;
	check(clean == 4096 - 512,
	      "F13 behind a write's bytes its page is clear");
	stop();
}

static void test_never_answers(void)
{
	struct blk_io *io;
	struct blkif_request req;

	start();
	host.now_ns = 1000;
	blk_front_tick(&front);
	submit(BLK_FRONT_READ, 0, 4096);
	check(!blk_front_expire(&front, 999), "F14 too young to give up");
	io = blk_front_expire(&front, 1000);
	check(io && io->result == -ETIMEDOUT &&
	      !blk_front_expire(&front, 1000), "F14 given up once");
	check(front.free_pages == front.info.pages - 1,
	      "F14 its page stays taken");
	req = take();
	answer(req.id, req.operation, 0);
	check(!blk_front_reap(&front) &&
	      front.free_pages == front.info.pages && !front.busy,
	      "F14 a late answer gives the page back and nothing else");
	stop();
}

static void test_cannot_grant(void)
{
	setup();
	host.pages_limit = 16;
	start_with(&options);
	check(!blk_front_running(&front) &&
	      strstr(front.bus.reason, "cannot grant"),
	      "too few grants: fails and says so");
	stop();
}

/*
 * A driver that closes right behind us finds Closed and InitWait, as we left
 * them, and cannot tell that the backend is about to answer us: we stay.
 */
static void test_fails_before_connecting(void)
{
	setup();
	host.pages_limit = 16;
	if (blk_front_open(&front, &front_host_ops, &host, DIR, &options))
		abort();
	blk_front_step(&front);
	blk_front_close(&front);
	blk_front_step(&front);
	check(told("state") == BUS_CLOSED && front.bus.phase != FRONT_CLOSED,
	      "closed, but not over while the backend waits for a driver");
	back_state("6");
	check(front.bus.phase == FRONT_CLOSED, "over once it has seen that");
	stop();
}

static void test_no_device(void)
{
	host_init(&host);
	check(blk_front_open(&front, &front_host_ops, &host, DIR, &options) ==
	      -ENOENT && !host.watches, "no device: -ENOENT");
}

int main(void)
{
	test_connect();
	test_transaction_again();
	test_write_and_read();
	test_pieces();
	test_indirect();
	test_flush_and_discard();
	test_caller_limits();
	test_pool_exhausted();
	test_wraps();
	test_predecessor();
	test_predecessor_connecting();
	test_close_while_connecting();
	test_fails_before_connecting();
	test_close();
	test_resize();
	test_lies();
	test_error_statuses();
	test_event_storm();
	test_kept_mapped();
	test_geometry();
	test_states();
	test_all_edges();
	test_stale_bytes();
	test_never_answers();
	test_cannot_grant();
	test_no_device();
	return tests_done();
}
