/* SPDX-License-Identifier: MIT */
/*
 * A bystander: a guest with a steady load of its own beside one that
 * misbehaves. The two are processes of different guests and agree by a shared
 * page on what is going on.
 *
 * What may be held against a neighbour? That it takes time from a processor
 * which both are on is the scheduler's business, and in a test as good as
 * noise. So a hostile neighbour is compared with an innocent one that works as
 * hard: what an operation costs the bystander's worker, in CPU time, may be no
 * more than a ninth above that. The windows alternate, the medians count, and
 * where those of the innocent neighbour are too far apart to tell, that is
 * said. Independently of all time, a bystander that does nothing is to be left
 * alone: its worker must not run, not once, whatever the neighbour does.
 */
#include "config.h"

#include "tests/hostile/peer.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

#define STAGE "/tmp/test/stage"

#define WINDOWS 7u
/* Turns of the neighbour while the bystander does nothing. */
#define SETTLE_TURNS 8u
#define IDLE_TURNS 60u
/* In percent: what is told apart from no difference, and noise. */
#define RATIO_MIN 90u
#define SPREAD_MAX 8u

enum mode { ALONE, INNOCENT, HOSTILE, MODES, OVER };

struct stage {
	atomic_uint mode;		/* the bystander's wish */
	atomic_uint seen;		/* what the neighbour does */
	atomic_ulong turns;		/* of the neighbour's */
};

static struct stage *open_stage(void)
{
	CLEANUP_CLOSE int fd = open(STAGE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	void *page;

	if (fd == -1 || ftruncate(fd, PAGE))
		exit(EXIT_FAILURE);
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		exit(EXIT_FAILURE);
	return page;
}

/* -- the neighbour ------------------------------------------------------------- */

static bool never(void *arg)
{
	struct stage *s = arg;

	return atomic_load(&s->mode) != ALONE;
}

/* One burst of mischief, another one each turn; connected afterwards. */
static void attack(void *device, struct peer *p, unsigned int turn)
{
	switch (turn % 4) {
	case 0:
		p->class->storm(device, p);
		break;
	case 1:
		p->class->bad_requests(device, p);
		break;
	case 2:
		for (unsigned int i = 0; i < 50; i++)
			peer_state(p, BUS_CONNECTED);
		break;
	case 3:
		p->class->break_ring(device, p);
		peer_await(p, 1u << BUS_CLOSING | 1u << BUS_CLOSED);
		peer_start_over(p);
		peer_connect(p);
		break;
	}
}

static void neighbour(void *device, struct peer *p)
{
	struct stage *s = open_stage();

	if (!peer_connect(p))
		return;
	for (unsigned int turn = 0;; turn++) {
		unsigned int mode = atomic_load(&s->mode);

		if (mode == OVER)
			break;
		if (mode == INNOCENT)
			p->class->load(device, p, p->class->load_turn);
		if (mode == HOSTILE)
			attack(device, p, turn);
		atomic_store(&s->seen, mode);
		atomic_fetch_add(&s->turns, 1);
		if (mode == ALONE)
			peer_until(p, never, s);
	}
	munmap(s, PAGE);
}

/* -- the bystander --------------------------------------------------------------- */

struct wish {
	struct stage *s;
	unsigned int mode;
	unsigned long turns;
};

static bool has_seen(void *arg)
{
	struct wish *w = arg;

	return atomic_load(&w->s->seen) == w->mode;
}

static bool has_turned(void *arg)
{
	struct wish *w = arg;

	return atomic_load(&w->s->turns) >= w->turns;
}

static bool set_mode(struct peer *p, struct stage *s, enum mode mode)
{
	struct wish w = { s, mode, 0 };

	atomic_store(&s->mode, mode);
	return expect(p, peer_until(p, has_seen, &w),
		      "the neighbour does not take notice");
}

static bool await_turns(struct peer *p, struct stage *s, unsigned long count)
{
	struct wish w = { s, 0, atomic_load(&s->turns) + count };

	return expect(p, peer_until(p, has_turned, &w),
		      "the neighbour stands still");
}

/* A file of each thread of a process, by FN, all of it summed. */
static uint64_t sum_threads(pid_t pid, const char *name,
			    uint64_t (*fn)(FILE *f))
{
	char path[64];
	uint64_t sum = 0;
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir))) {
		char file[sizeof(path) + sizeof(d->d_name) + 16];
		CLEANUP_FCLOSE FILE *f = NULL;

		snprintf(file, sizeof(file), "%s/%s/%s", path, d->d_name,
			 name);
		f = fopen(file, "re");
		if (f)
			sum += fn(f);
	}
	if (dir)
		closedir(dir);
	return sum;
}

static uint64_t read_switches(FILE *f)
{
	unsigned long n, sum = 0;
	char line[128];

	while (fgets(line, sizeof(line), f))
		if (strstr(line, "voluntary_ctxt_switches:") &&
		    sscanf(strchr(line, ':'), ":%lu", &n) == 1)
			sum += n;
	return sum;
}

static uint64_t read_ns(FILE *f)
{
	unsigned long long ns;

	return fscanf(f, "%llu", &ns) == 1 ? ns : 0;
}

/* How often any thread of it was switched away from. */
static unsigned long switches(pid_t pid)
{
	return sum_threads(pid, "status", read_switches);
}

static uint64_t cpu_us(pid_t pid)
{
	return sum_threads(pid, "schedstat", read_ns) / 1000;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

struct window {
	uint64_t cpu_us[WINDOWS], wall_us[WINDOWS];
};

static bool run_window(void *device, struct peer *p, struct window *w,
		       unsigned int i, pid_t worker)
{
	uint64_t cpu = cpu_us(worker), wall = clock_now_ns() / 1000;
	bool good = p->class->load(device, p, p->class->load_window);

	w->cpu_us[i] = cpu_us(worker) - cpu;
	w->wall_us[i] = clock_now_ns() / 1000 - wall;
	return expect(p, good, "the bystander's load fails");
}

/* Of the innocent windows, in percent of their median: the middle half. */
static unsigned int spread(const struct window *w)
{
	return 100 * (w->cpu_us[WINDOWS * 3 / 4] - w->cpu_us[WINDOWS / 4]) /
	       (w->cpu_us[WINDOWS / 2] + 1);
}

static void judge_windows(struct peer *p, struct window *w)
{
	static const char *const names[MODES] = {
		"alone", "with an innocent neighbour", "with a hostile one",
	};
	unsigned int ratio;

	for (unsigned int m = 0; m < MODES; m++) {
		qsort(w[m].cpu_us, WINDOWS, sizeof(uint64_t), by_value);
		qsort(w[m].wall_us, WINDOWS, sizeof(uint64_t), by_value);
		printf("# %s: %llu us of CPU, %llu us in all for %u "
		       "operations (medians of %u)\n", names[m],
		       (unsigned long long)w[m].cpu_us[WINDOWS / 2],
		       (unsigned long long)w[m].wall_us[WINDOWS / 2],
		       p->class->load_window, WINDOWS);
	}
	ratio = 100 * w[INNOCENT].cpu_us[WINDOWS / 2] /
		(w[HOSTILE].cpu_us[WINDOWS / 2] + 1);
	printf("# operations for the same CPU time: %u %%; those of the "
	       "innocent windows are within %u %%\n", ratio,
	       spread(&w[INNOCENT]));
	if (ratio < RATIO_MIN && (spread(&w[INNOCENT]) > SPREAD_MAX ||
				  spread(&w[HOSTILE]) > SPREAD_MAX))
		p->unsure = "the machine is too busy to tell";
	else
		expect(p, ratio >= RATIO_MIN, "the neighbour costs more than "
		       "it may: want %u %%", RATIO_MIN);
}

static void bystander(void *device, struct peer *p)
{
	static struct window w[MODES];
	struct stage *s = open_stage();
	pid_t worker;

	if (!peer_connect(p))
		return;
	worker = peer_worker(p);
	p->class->load(device, p, p->class->load_window);
	for (unsigned int i = 0; i < WINDOWS; i++)
		for (unsigned int m = ALONE; m < MODES; m++)
			if (!set_mode(p, s, m) ||
			    !run_window(device, p, &w[m], i, worker))
				return;
	judge_windows(p, w);
	munmap(s, PAGE);
}

static void idle(void *device, struct peer *p)
{
	struct stage *s = open_stage();
	unsigned long before, after;
	pid_t worker;

	if (!peer_connect(p))
		return;
	worker = peer_worker(p);
	p->class->load(device, p, p->class->load_turn);
	if (!set_mode(p, s, HOSTILE) || !await_turns(p, s, SETTLE_TURNS))
		return;
	before = switches(worker);
	await_turns(p, s, IDLE_TURNS);
	after = switches(worker);
	printf("# %u turns of a hostile neighbour: an idle worker was "
	       "scheduled %lu times\n", IDLE_TURNS, after - before);
	expect(p, before && before == after, "it is to be left alone");
	atomic_store(&s->mode, OVER);
	munmap(s, PAGE);
}

static const struct peer_case cases[] = {
	{ "bystander", "load", "a hostile neighbour costs no more than an "
	  "innocent one", ANSWERED, NULL, bystander },
	{ "bystander-idle", "load", "and an idle worker is left alone",
	  ANSWERED, NULL, idle },
	{ "neighbour", "neighbour", "it is hostile when told to be", ANYWHERE,
	  NULL, neighbour },
};
const struct peer_table load_cases = { cases, ARRAY_SIZE(cases) };
