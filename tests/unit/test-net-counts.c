/* SPDX-License-Identifier: MIT */
/*
 * What a packet costs in calls, exactly: each line is a load and how often a
 * round of it goes to the hypervisor, the kernel and the allocator. The data
 * path is the daemon's, the TAP is two functions of the test; the guest posts
 * its next round when the queue sleeps, so that nothing depends on time.
 */
#include "config.h"

#include "tests/bench/native/net-rig.h"
#include "tests/bench/native/xen.h"
#include "tests/unit/count.h"

#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#define ROUNDS 50u
#define LARGE NET_RIG_LARGE

static const struct row {
	const char *sentence;
	struct net_load load;
	/* a round */
	unsigned int copies, segments, notifies, writes, reads;
} rows[] = {
	{ "a packet from the guest", { .batch = 1, .size = 64 },
	  1, 1, 1, 1, 0 },
	{ "32 packets from the guest", { .batch = 32, .size = 64 },
	  1, 32, 1, 32, 0 },
	{ "32 full packets from the guest", { .batch = 32, .size = 1514 },
	  1, 32, 1, 32, 0 },
	/* a batch is 64 packets, and one event is for all of them */
	{ "a full ring from the guest", { .batch = 256, .size = 64 },
	  4, 256, 1, 256, 0 },
	/* a batch is 128 slots: seven of 17 */
	{ "14 packets of 64 KiB from the guest",
	  { .batch = 14, .size = LARGE, .mss = 1448,
	    .flags = NETTXF_csum_blank },
	  2, 14 * 17, 1, 14, 0 },
	{ "32 packets of another's address",
	  { .batch = 32, .size = 64, .foreign_mac = true,
	    .own_mac_only = true, .wrong = true },
	  1, 32, 1, 0, 0 },
	{ "32 packets without a header", { .batch = 32, .size = 13, .wrong = true },
	  0, 0, 1, 0, 0 },
	{ "32 packets in pages that are none",
	  { .batch = 32, .size = 64, .bad_gref = true, .wrong = true },
	  1, 32, 1, 0, 0 },

	/* one read more ends a batch, and one looks again before the sleep */
	{ "a frame to the guest", { .rx = true, .batch = 1, .size = 64 },
	  1, 1, 1, 0, 3 },
	{ "32 frames to the guest", { .rx = true, .batch = 32, .size = 64 },
	  1, 32, 1, 0, 34 },
	{ "32 full frames to the guest",
	  { .rx = true, .batch = 32, .size = 1514 }, 1, 32, 1, 0, 34 },
	{ "a full ring to the guest",
	  { .rx = true, .batch = 255, .size = 64 }, 4, 255, 1, 0, 257 },
	{ "14 frames of 64 KiB to the guest",
	  { .rx = true, .batch = 14, .size = LARGE, .mss = 1448 },
	  2, 14 * 16, 1, 0, 15 },
	{ "32 frames to pages that are none",
	  { .rx = true, .batch = 32, .size = 64, .bad_gref = true,
	    .wrong = true },
	  1, 32, 1, 0, 34 },
};

static unsigned int failed;
static struct xen_calls calls, before;
static struct net_run run, run_before, run_after;
static struct counts counts;

static void steady(void)
{
	before = xen.calls;
	run_before = run;
	count_start();
}

static void finished(void)
{
	count_stop(&counts);
	calls = xen.calls;
	run_after = run;
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

static void test_row(const struct row *r)
{
	const char *s = r->sentence;
	struct net_load l = r->load;
	uint64_t cycles[ROUNDS], all;

	l.warmup = 4;
	l.rounds = ROUNDS;
	l.steady = steady;
	l.finished = finished;
	l.aside = count_hold;
	all = (uint64_t)(l.warmup + ROUNDS) * l.batch;
	net_rig_run(&l, cycles, &run);
	expect(s, "answers", run.answered, all * net_rig_slots(&l));
	expect(s, "errors", run.errors, l.wrong ? all : 0);
	expect(s, "allocations", counts.allocations, 0);
	expect(s, "other system calls", counts.syscalls, 0);
	expect(s, "grant copies", calls.copies - before.copies,
	       ROUNDS * r->copies);
	expect(s, "pages in them", calls.copied - before.copied,
	       ROUNDS * r->segments);
	expect(s, "maps", calls.maps - before.maps, 0);
	expect(s, "events to the guest", calls.notifies - before.notifies,
	       ROUNDS * r->notifies);
	/* a guest that lends pages is not heard, one that sends is */
	expect(s, "reads of the event channel", calls.takes - before.takes,
	       l.rx ? 0 : ROUNDS);
	expect(s, "unmasks", calls.unmasks - before.unmasks,
	       l.rx ? 0 : ROUNDS);
	expect(s, "writes to the TAP", run_after.writes - run_before.writes,
	       ROUNDS * r->writes);
	if (r->load.rx)
		expect(s, "reads of the TAP",
		       run_after.reads - run_before.reads, ROUNDS * r->reads);
	expect(s, "sleeps", run_after.sleeps - run_before.sleeps, ROUNDS);
	/* N21: one copy and one event at most for 32 packets under load */
	if (l.batch >= 32 &&
	    (r->copies * 32 > l.batch || r->notifies * 32 > l.batch)) {
		failed++;
		printf("%s: more than one call for 32 packets\n", s);
	}
}

int main(void)
{
	int r;

	log_init("test-net-counts", LOG_ERR_LEVEL);
	xen_open();
	r = count_open();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		test_row(&rows[i]);
	xen_close();
	printf("%u wrong\n", failed);
	if (failed)
		return 1;
	if (r < 0) {
		printf("skipped: system calls cannot be counted here: %s\n",
		       strerror(-r));
		return 77;
	}
	return 0;
}
