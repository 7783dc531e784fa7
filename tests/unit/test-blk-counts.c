/* SPDX-License-Identifier: MIT */
/*
 * What a block request costs in calls, exactly: each line is a load and how
 * often a round of it goes to the hypervisor, the kernel and the allocator.
 * The data path is the daemon's; the guest is polite and posts its next round
 * when the queue sleeps, so that nothing depends on time.
 */
#include "config.h"

#include "tests/bench/native/blk-rig.h"
#include "tests/bench/native/xen.h"
#include "tests/unit/count.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/blk/core.h"
#include "backends/blk/counters.h"
#include "lib/cleanup.h"

#define ROUNDS 50u
#define RD BLKIF_OP_READ
#define WR BLKIF_OP_WRITE
#define NO_OP 77

static const struct row {
	const char *sentence;
	enum { COPY, MAPPED, BOUNCED } pages;
	uint8_t op;
	unsigned int batch, segments;
	/* a round */
	unsigned int copies, notifies;
} rows[] = {
	{ "a read from mapped pages", MAPPED, RD, 1, 1, 0, 1 },
	{ "a read by way of our pages", BOUNCED, RD, 1, 1, 0, 1 },
	{ "32 reads by way of our pages", BOUNCED, RD, 32, 1, 0, 1 },
	{ "a write from mapped pages", MAPPED, WR, 1, 1, 0, 1 },
	{ "32 reads to mapped pages", MAPPED, RD, 32, 1, 0, 1 },
	{ "32 writes from mapped pages", MAPPED, WR, 32, 1, 0, 1 },
	{ "256 reads to mapped pages", MAPPED, RD, 256, 1, 0, 1 },
	{ "8 indirect reads to mapped pages", MAPPED, RD, 8, 32, 0, 1 },
	{ "a read that is copied", COPY, RD, 1, 1, 1, 1 },
	{ "16 reads that are copied", COPY, RD, 16, 1, 1, 1 },
	{ "32 writes that are copied", COPY, WR, 32, 1, 1, 1 },
	{ "256 reads that are copied", COPY, RD, 256, 1, 1, 1 },
	/* the pages that say which pages, and then these */
	{ "8 indirect reads that are copied", COPY, RD, 8, 32, 2, 1 },
	{ "32 requests of no known kind", MAPPED, NO_OP, 32, 1, 0, 1 },
	{ "32 requests of no known kind", COPY, NO_OP, 32, 1, 0, 1 },
};

/* System calls of all kinds with an engine of the kernel's, and a goal. */
static const struct {
	const char *sentence;
	const struct engine_class *engine;
	bool persistent;
	unsigned int batch;
	/* a round: calls of the kernel, and those that call the hypervisor */
	unsigned int most, most_hypercalls;
} engines[] = {
	/* the goals: 5 for one at a time, 0.2 each for 32, 0.1 of them further */
	{ "a read through io_uring", &engine_uring, true, 1, 5, 2 },
	{ "32 reads through io_uring", &engine_uring, true, 32, 6, 3 },
	/* 0.2 each for 16 */
	{ "16 copied reads through io_uring", &engine_uring, false, 16, 6, 3 },
	/* a call each, one poll and what io_uring does without */
	{ "a plain read", &engine_sync, true, 1, 6, 2 },
	{ "32 plain reads", &engine_sync, true, 32, 32 + 5, 2 },
};

static unsigned int failed, skipped;
static const uint64_t sectors[] = { 0, 64, 1024 };
static struct xen_calls calls, before;
static uint64_t sum, sum_before;		/* of them */
static struct counts counts;

static void steady(void)
{
	before = xen.calls;
	sum_before = xen_calls_sum();
	count_start();
}

static void finished(void)
{
	count_stop(&counts);
	calls = xen.calls;
	sum = xen_calls_sum() - sum_before;
}

static void expect(const char *sentence, const char *what, uint64_t got,
		   uint64_t want)
{
	if (got == want)
		return;
	failed++;
	printf("%s, %u times: %s: %llu instead of %llu\n", sentence, ROUNDS,
	       what, (unsigned long long)got, (unsigned long long)want);
}

static void expect_most(const char *sentence, const char *what, uint64_t got,
			unsigned int most, unsigned int batch)
{
	bool good = got <= (uint64_t)most * ROUNDS;

	printf("%s: %.3f %s a request%s\n", sentence,
	       (double)got / ROUNDS / batch, what, good ? "" : ": TOO MANY");
	failed += !good;
}

static struct blk_load load_of(unsigned int batch, unsigned int segments,
			       uint8_t op, bool persistent)
{
	return (struct blk_load){
		.persistent = persistent,
		.batch = batch,
		.warmup = 4,
		.rounds = ROUNDS,
		.ask = { .op = op, .segments = segments, .last = 7 },
		.sectors = sectors,
		.sector_count = ARRAY_SIZE(sectors),
		.image_fd = -1,
		.steady = steady,
		.finished = finished,
		.aside = count_hold,
	};
}

static void test_row(const struct row *r)
{
	struct blk_load l = load_of(r->batch, r->segments, r->op,
				    r->pages != COPY);
	uint64_t cycles[ROUNDS], all = (4 + ROUNDS) * r->batch;
	struct blk_run run;
	bool in_place;

	l.copied = r->pages == BOUNCED;
	blk_rig_run(&l, cycles, &run);
	expect(r->sentence, "answers", run.answered, all);
	expect(r->sentence, "errors", run.errors, r->op == NO_OP ? all : 0);
	expect(r->sentence, "allocations", counts.allocations, 0);
	expect(r->sentence, "system calls beside the hypervisor's",
	       counts.syscalls, 0);
	expect(r->sentence, "grant copies", calls.copies - before.copies,
	       ROUNDS * r->copies);
	in_place = r->pages == MAPPED && r->op == RD;
	/* all but those of the round that had them mapped */
	expect(r->sentence, "pages read in place",
	       run.stats.count[COUNT_IN_PLACE], in_place ?
	       (uint64_t)r->batch * r->segments * (4 + ROUNDS - 1) : 0);
	expect(r->sentence, "maps and unmaps", calls.maps - before.maps +
	       calls.unmaps - before.unmaps, 0);
	expect(r->sentence, "events to the guest",
	       calls.notifies - before.notifies, ROUNDS * r->notifies);
	expect(r->sentence, "unmasks", calls.unmasks - before.unmasks, ROUNDS);
	expect(r->sentence, "reads of the event channel",
	       calls.takes - before.takes, ROUNDS);
}

static void test_engine(size_t i, struct uring_pool *pool)
{
	const char *sentence = engines[i].sentence;
	struct blk_load l = load_of(engines[i].batch, 1, RD,
				    engines[i].persistent);
	/* a file that is always there at once, on any machine */
	CLEANUP_CLOSE int image = open("/dev/zero", O_RDWR | O_CLOEXEC);
	uint64_t cycles[ROUNDS];
	struct blk_run run;

	l.engine = engines[i].engine;
	l.image_fd = image;
	if (l.engine == &engine_uring) {
		l.uring = uring_take(pool);
		if (!l.uring) {
			printf("skipped: %s: no io_uring here\n", sentence);
			skipped++;
			return;
		}
	}
	blk_rig_run(&l, cycles, &run);
	expect(sentence, "answers", run.answered, (4 + ROUNDS) * l.batch);
	expect(sentence, "errors", run.errors, 0);
	expect(sentence, "allocations", counts.allocations, 0);
	expect(sentence, "events to the guest", calls.notifies -
	       before.notifies, ROUNDS);
	expect(sentence, "grant copies", calls.copies - before.copies,
	       l.persistent ? 0 : ROUNDS);
	expect_most(sentence, "system calls", sum + counts.syscalls,
		    engines[i].most, l.batch);
	/* a read of the event channel is a call of the kernel alone */
	expect_most(sentence, "hypercalls", calls.copies - before.copies +
		    calls.notifies - before.notifies + calls.unmasks -
		    before.unmasks, engines[i].most_hypercalls, l.batch);
}

int main(void)
{
	/* lives as long as the process, and so must who knows it */
	static struct uring_pool *pool;
	int r;

	xen_open();
	if (uring_pool_open(1, &pool) < 0)
		pool = NULL;
	r = count_open();
	if (r < 0) {
		printf("skipped: system calls cannot be counted here: %s\n",
		       strerror(-r));
		skipped++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		test_row(&rows[i]);
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		test_engine(i, pool);
	xen_close();
	printf("%u wrong, %u skipped\n", failed, skipped);
	return failed ? 1 : skipped ? 77 : 0;
}
