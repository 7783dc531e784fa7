/* SPDX-License-Identifier: MIT */
/* A queue looks for its guest's next request where that pays, and only there. */
#include "config.h"

#include "backends/blk/lookout.h"

#include <stdio.h>

#define US 1000u
#define MAX_NS (1000u * US)

/* A guest that pauses between answer and request, on a machine where being
 * woken takes its time. */
struct guest {
	unsigned int pause_us, wake_us;
};

struct tally {
	unsigned int saw, missed, slept;
	uint64_t looked_ns, all_ns;
};

static unsigned int failed;
static unsigned int seed = 1;

/* US, and half of it more or less. */
static uint64_t about(unsigned int us)
{
	seed = seed * 1103515245u + 12345u;
	return (uint64_t)us * US / 2 +
	       (uint64_t)us * US * ((seed >> 8) % 1024) / 1024;
}

static void serve(struct lookout *l, const struct guest *g, unsigned int times,
		  struct tally *t)
{
	while (times--) {
		uint64_t pause = about(g->pause_us), look = lookout_ns(l);
		uint64_t woken = pause + about(g->wake_us);

		if (!look) {
			lookout_slept(l, woken, false);
			t->slept++;
			t->all_ns += woken;
		} else if (pause < look) {
			lookout_saw(l, pause);
			t->saw++;
			t->looked_ns += pause;
			t->all_ns += pause;
		} else {
			lookout_slept(l, woken, true);
			t->missed++;
			t->looked_ns += look;
			t->all_ns += woken;
		}
	}
}

static void expect(const char *sentence, const struct tally *t, bool good)
{
	if (good)
		return;
	failed++;
	printf("%s: saw %u requests come, missed %u, slept for %u; looked for "
	       "%u of %u us\n", sentence, t->saw, t->missed, t->slept,
	       (unsigned int)(t->looked_ns / US),
	       (unsigned int)(t->all_ns / US));
}

#define MOSTLY(a, b) ((a) >= 20 * (uint64_t)(b))

static const struct {
	const char *sentence;
	struct guest guest;
	bool looks;
} rows[] = {
	{ "a guest that asks at once, of a fast machine", { 30, 15 }, true },
	{ "the same where waking is slow", { 400, 350 }, true },
	{ "a pause much longer than a wake-up", { 700, 30 }, false },
	{ "a short pause, and waking costs nothing", { 30, 1 }, false },
	{ "a pause longer than looking is allowed", { 1700, 100 }, false },
	{ "a guest that hardly ever asks", { 50000, 300 }, false },
};

static void test_guests(void)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tally t = { 0 };
		struct lookout l;

		lookout_init(&l, MAX_NS);
		serve(&l, &rows[i].guest, 20000, &t);
		if (rows[i].looks)
			expect(rows[i].sentence, &t,
			       MOSTLY(t.saw, t.slept + t.missed));
		else
			expect(rows[i].sentence, &t,
			       MOSTLY(t.slept, t.saw + t.missed) &&
			       MOSTLY(t.all_ns, t.looked_ns));
	}
}

/* What was learnt of one guest's habit is unlearnt with the next. */
static void test_change(void)
{
	const struct guest busy = { 30, 15 }, thinks = { 700, 30 };
	struct lookout l;

	lookout_init(&l, MAX_NS);
	for (int i = 0; i < 10; i++) {
		struct tally before = { 0 }, t = { 0 };

		serve(&l, i % 2 ? &thinks : &busy, 2000, &before);
		serve(&l, i % 2 ? &thinks : &busy, 5000, &t);
		if (i % 2)
			expect("now it thinks before it asks", &t,
			       MOSTLY(t.slept, t.saw + t.missed));
		else
			expect("now it asks at once", &t,
			       MOSTLY(t.saw, t.slept + t.missed));
	}
}

/* Who pauses for long loses one look by it, and is looked for again after. */
static void test_bursts(void)
{
	const struct guest busy = { 30, 15 }, away = { 50000, 15 };
	struct tally t = { 0 }, gone = { 0 };
	struct lookout l;

	lookout_init(&l, MAX_NS);
	serve(&l, &busy, 1000, &t);
	t = (struct tally) { 0 };
	for (int i = 0; i < 100; i++) {
		serve(&l, &away, 1, &gone);
		serve(&l, &busy, 1000, &t);
	}
	expect("bursts of 1000 requests", &t, t.saw >= 80000);
	expect("pauses between bursts", &gone, MOSTLY(gone.all_ns,
						      gone.looked_ns));
}

static void test_never(void)
{
	const struct guest busy = { 30, 15 };
	struct tally t = { 0 };
	struct lookout l;

	lookout_init(&l, 0);
	serve(&l, &busy, 1000, &t);
	expect("looking is switched off", &t, t.slept == 1000);
}

int main(void)
{
	test_guests();
	test_change();
	test_bursts();
	test_never();
	return failed ? 1 : 0;
}
