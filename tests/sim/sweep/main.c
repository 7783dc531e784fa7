/* SPDX-License-Identifier: MIT */
/*
 * sweep [OPTION...] blk|net [PART...]: every call that a device's life takes
 * fails in turn: see point.c for what must hold. PARTs are start, daemon,
 * worker, front, death; all of them unless said.
 *
 * First the life is led without a fault, and each process's calls are counted.
 * Then comes a row for each process and call, and in it a point for each time
 * that it was made: with one of its errors, another one each time; with each of
 * them when told --all.
 *
 *	--all		each error at each call
 *	--most N	of calls of a kind that many are tried, the first, the
 *			last, and some between [5; with --all 60]; and a
 *			quarter of that where somebody dies or is slow
 *	--point ROW	only rows whose name holds this
 *	--limit N	seconds until what does not answer is called hung [30]
 *	--verbose	a line for each point
 *
 * Prints TAP, a test a row; points that failed, below it.
 */
#include "config.h"

#include "tests/sim/sweep/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/client.h"

/* Points of a row that are named when they fail, and rows that may fail so. */
#define NAMED_MAX 6

unsigned int limit_s = LIMIT;

static struct {
	bool all, verbose;
	unsigned int most;
	const char *only;
	unsigned int rows, bad_rows, points, missed;
} run;

/*
 * What each call can fail with; the first is the likeliest. That a node is not
 * there is no fault but an answer, which an event would follow: other tests'
 * business. A handle of event channels is read when it has something.
 */
static const struct {
	const char *call, *actions;
} table[] = {
	{ "evtchn_open",	"ENOMEM EMFILE EACCES ENOENT" },
	{ "evtchn_fdopen",	"ENOMEM" },
	{ "evtchn_restrict",	"EINVAL ENOMEM" },
	{ "evtchn_bind_unbound", "ENOSPC ENOMEM EINVAL" },
	{ "evtchn_bind_interdomain", "EINVAL ENOSPC ENOMEM" },
	{ "evtchn_unbind",	"EINVAL ENOTCONN" },
	{ "evtchn_notify",	"drop double delay=20 EINVAL ENOTCONN" },
	{ "evtchn_pending",	"EINTR EIO EFBIG" },
	{ "evtchn_unmask",	"ENOMEM EINTR EIO" },
	{ "grant_open",		"ENOMEM EMFILE EACCES" },
	{ "grant_map",		"ENOMEM EINVAL EAGAIN EFAULT" },
	{ "grant_unmap",	"EINVAL" },
	{ "grant_copy",		"status=-3 status=-1 EFAULT ENOMEM" },
	{ "share_open",		"ENOENT ENOMEM EACCES" },
	{ "share_pages",	"ENOSPC ENOMEM" },
	{ "unshare",		"EINVAL" },
	{ "store_open",		"ECONNREFUSED ENOMEM EMFILE EACCES" },
	{ "store_read",		"EIO ENOMEM" },
	{ "store_list",		"EIO ENOMEM E2BIG" },
	{ "store_write",	"ENOSPC EIO ENOMEM EACCES EINVAL E2BIG" },
	{ "store_mkdir",	"ENOSPC EIO EACCES ENOMEM" },
	{ "store_remove",	"EIO EACCES ENOENT ENOMEM" },
	{ "store_perms",	"EIO EACCES ENOENT ENOMEM" },
	{ "store_start",	"ENOSPC EIO ENOMEM EBUSY" },
	{ "store_commit",	"EAGAIN ENOSPC EIO ENOMEM EBUSY" },
	{ "store_abort",	"EIO ENOENT" },
	{ "store_watch",	"E2BIG EEXIST ENOSPC EIO ENOMEM" },
	{ "store_unwatch",	"ENOENT EIO" },
	{ "store_event",	"EAGAIN ENOMEM" },
	{ "memory_malloc",	"ENOMEM" },
	{ "memory_calloc",	"ENOMEM" },
	{ "memory_aligned",	"ENOMEM" },
	{ "memory_map",		"ENOMEM" },
	{ "memory_file",	"ENOMEM EMFILE" },
	{ "file_open",		"EMFILE ENOENT EACCES EIO EBUSY" },
	{ "file_stat",		"EIO ENOMEM" },
	{ "file_lock",		"EAGAIN ENOLCK EIO" },
	{ "file_flags",		"EINVAL EMFILE" },
	{ "file_control",	"EIO EPERM ENOMEM EBUSY" },
	{ "file_read",		"EINTR EAGAIN EIO" },
	{ "file_write",		"EAGAIN EINTR EIO" },
	{ "file_pread",		"EIO EINVAL" },
	{ "file_readv",		"EAGAIN EINTR EIO" },
	{ "file_writev",	"EIO ENOBUFS EINVAL EAGAIN" },
	{ "file_preadv",	"EIO EINTR ENOMEM EAGAIN" },
	{ "file_pwritev",	"ENOSPC EIO EINTR EROFS" },
	{ "file_sync",		"EIO ENOSPC EINTR" },
	{ "file_allocate",	"EOPNOTSUPP EIO ENOSPC EINTR" },
	{ "file_truncate",	"EIO ENOSPC" },
	{ "file_mkdir",		"ENOSPC EACCES EROFS" },
	{ "uring_setup",	"ENOMEM EPERM ENOSYS" },
	{ "uring_files",	"EBADF ENOMEM" },
	{ "uring_enter",	"EINTR EAGAIN EBUSY ENOMEM" },
	{ "uring_done",		"EIO ENOSPC EAGAIN EINTR ENOMEM" },
	{ "sys_socket",		"EMFILE ENOMEM" },
	{ "sys_socketpair",	"EMFILE ENOMEM" },
	{ "sys_bind",		"EADDRINUSE ENOSPC EACCES" },
	{ "sys_listen",		"EADDRINUSE" },
	{ "sys_accept",		"EMFILE ENOMEM ECONNABORTED" },
	{ "sys_send",		"ENOBUFS EAGAIN EINTR ENOMEM" },
	{ "sys_receive",	"EINTR EAGAIN ENOMEM" },
	{ "sys_epoll",		"EMFILE ENOMEM" },
	{ "sys_epoll_ctl",	"ENOSPC ENOMEM" },
	{ "sys_epoll_wait",	"EINTR" },
	{ "sys_poll",		"EINTR ENOMEM" },
	{ "sys_eventfd",	"EMFILE ENOMEM" },
	{ "sys_timerfd",	"EMFILE ENOMEM" },
	{ "sys_signalfd",	"EMFILE ENOMEM" },
	{ "sys_thread",		"EAGAIN" },
	{ "net_open",		"EMFILE ENOMEM" },
	{ "net_send",		"ENOBUFS EPERM" },
	{ "net_receive",	"ENOBUFS EINTR" },
};

static const char *actions_of(enum sim_call call)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(table[i].call, sim_call_name(call)) == 0)
			return table[i].actions;
	return NULL;
}

/* Word number I of LIST, the first behind the last; returns how many. */
static unsigned int word(const char *list, unsigned int i, char *buf,
			 size_t size)
{
	unsigned int count = 1;
	const char *p;

	for (p = list; *p; p++)
		count += *p == ' ';
	for (p = list, i %= count; i; p++)
		i -= *p == ' ';
	snprintf(buf, size, "%.*s", (int)strcspn(p, " "), p);
	return count;
}

/* -- points ----------------------------------------------------------------------- */

struct row {
	char name[96];
	unsigned int points, missed, bad;
};

static void row_begin(struct row *r, const char *name)
{
	*r = (struct row){ .points = 0 };
	snprintf(r->name, sizeof(r->name), "%s", name);
}

static void row_end(struct row *r)
{
	if (!r->points)
		return;
	run.rows++;
	run.bad_rows += r->bad != 0;
	run.points += r->points;
	run.missed += r->missed;
	printf("%sok %u - %s: %u points", r->bad ? "not " : "", run.rows,
	       r->name, r->points);
	if (r->missed)
		printf(", %u not reached", r->missed);
	if (r->bad)
		printf(", %u wrong", r->bad);
	printf("\n");
	fflush(stdout);
}

static void print_lines(const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			printf("\n#   ");
		else
			putchar(*text);
	}
	putchar('\n');
}

static void point_do(struct world *w, struct row *r, const struct point *p)
{
	uint64_t start = now_ms();
	struct verdict v;
	char text[128];

	point_text(w, p, text, sizeof(text));
	if (p->role == ROLE_START)
		start_run(w, p, &v);
	else
		point_run(w, p, &v);
	r->points++;
	r->missed += v.ok && !v.hit;
	if (run.verbose)
		printf("# %s %s%s, %u ms\n", v.ok ? "good" : "bad", text,
		       v.hit ? "" : " (not reached)",
		       (unsigned int)(now_ms() - start));
	if (v.ok)
		return;
	if (++r->bad <= NAMED_MAX) {
		printf("# %s:\n#   ", text);
		print_lines(v.why);
		fflush(stdout);
	}
	if (p->role == ROLE_START)
		return;
	/* what it left may be in the next one's way */
	world_end(w);
	if (!world_begin(w)) {
		printf("Bail out! %s\n", w->why);
		exit(1);
	}
}

static bool wanted(const char *name)
{
	return !run.only || strstr(name, run.only);
}

static const char *role_word(enum role role)
{
	static const char *const words[ROLES] = {
		"start", "daemon", "worker", "front",
	};

	return words[role];
}

/* COUNT calls, each with one of ACTIONS, or all of them. */
static void points_of(struct world *w, struct row *r, enum role role,
		      enum sim_call call, unsigned int count,
		      unsigned int most, const char *actions)
{
	unsigned int tried = count < most ? count : most;

	for (unsigned int i = 0; i < tried; i++) {
		/* the last one is among them */
		unsigned int at = tried == count ? i :
			i * (count - 1) / (tried - 1);
		struct point p = {
			.role = role, .call = call, .first = at + 1,
			.last = at + 1,
		};
		unsigned int n = word(actions, i, p.action, sizeof(p.action));

		for (unsigned int j = 0; j < (run.all ? n : 1); j++) {
			word(actions, i + j, p.action, sizeof(p.action));
			point_do(w, r, &p);
		}
	}
}

/* -- counting --------------------------------------------------------------------- */

struct counts {
	unsigned int of[ROLES][SIM_CALL_COUNT];
};

/* An entry for each process and call that never hits, but counts. */
static void counters_arm(struct world *w, enum role from, enum role to)
{
	struct sim_faults *faults = sim_faults();
	unsigned int n = 0;

	memset(faults, 0, sizeof(*faults));
	for (enum role role = from; role <= to; role++)
		for (unsigned int c = 0; c < SIM_CALL_COUNT; c++) {
			struct sim_fault *f = &faults->fault[n++];

			role_name(w, role, f->role, sizeof(f->role));
			f->call = c;
			f->first = f->last = UINT32_MAX;
			atomic_store(&f->armed, 1);
		}
	atomic_store(&faults->used, n);
}

static void counters_take(struct counts *counts, enum role from, enum role to)
{
	struct sim_faults *faults = sim_faults();
	unsigned int n = 0;

	for (enum role role = from; role <= to; role++)
		for (unsigned int c = 0; c < SIM_CALL_COUNT; c++) {
			unsigned int calls = faults->fault[n++].calls;

			if (calls > counts->of[role][c])
				counts->of[role][c] = calls;
		}
	memset(faults, 0, sizeof(*faults));
}

/* How often is not the same each time; the most of some counts. */
static bool count_life(struct world *w, struct counts *counts)
{
	struct verdict v;

	for (unsigned int i = 0; i < 3; i++) {
		counters_arm(w, ROLE_DAEMON, ROLE_FRONT);
		point_run(w, NULL, &v);
		counters_take(counts, ROLE_DAEMON, ROLE_FRONT);
		if (!v.ok)
			return false;
	}
	return true;
}

/* -- parts ------------------------------------------------------------------------ */

static void errors_part(struct world *w, const struct counts *counts,
			enum role role)
{
	for (unsigned int c = 0; c < SIM_CALL_COUNT; c++) {
		const char *actions = actions_of(c);
		unsigned int count = counts->of[role][c];
		struct row r;
		char name[96];

		snprintf(name, sizeof(name), "%s: %s %s, of %u calls",
			 w->kind->name, role_word(role), sim_call_name(c),
			 count);
		if (!actions || !count || !wanted(name))
			continue;
		row_begin(&r, name);
		points_of(w, &r, role, c, count, run.most, actions);
		row_end(&r);
	}
}

static void death_row(struct world *w, const struct counts *counts,
		      enum role role, const char *action, const char *what,
		      enum sim_call from, enum sim_call to)
{
	char name[96];
	struct row r;

	snprintf(name, sizeof(name), "%s: %s at each call of the %s",
		 w->kind->name, what, role_word(role));
	if (!wanted(name))
		return;
	row_begin(&r, name);
	for (unsigned int c = from; c <= to; c++)
		points_of(w, &r, role, c, counts->of[role][c],
			  run.all ? run.most : (run.most + 3) / 4, action);
	row_end(&r);
}

static void death_part(struct world *w, const struct counts *counts)
{
	const enum sim_call first = SIM_CALL_evtchn_open;
	const enum sim_call store = SIM_CALL_store_open;
	const enum sim_call last = SIM_CALL_store_event;

	death_row(w, counts, ROLE_WORKER, "kill", "the worker dies", first,
		  last);
	death_row(w, counts, ROLE_FRONT, "kill", "the frontend dies", first,
		  last);
	death_row(w, counts, ROLE_WORKER, "destroy", "the guest is destroyed",
		  first, last);
	death_row(w, counts, ROLE_DAEMON, "destroy", "the guest is destroyed",
		  first, last);
	death_row(w, counts, ROLE_FRONT, "hangup", "xenstored hangs up", store,
		  last);
	death_row(w, counts, ROLE_FRONT, "delay=20", "xenstored is slow",
		  store, last);
	death_row(w, counts, ROLE_DAEMON, "delay=20", "xenstored is slow",
		  store, last);
	death_row(w, counts, ROLE_DAEMON, "hangup", "xenstored hangs up",
		  store, last);
	death_row(w, counts, ROLE_DAEMON, "kill", "the daemon dies", first,
		  last);
}

static bool start_part(struct world *w)
{
	struct counts counts = { 0 };
	struct verdict v;

	counters_arm(w, ROLE_START, ROLE_START);
	start_run(w, NULL, &v);
	counters_take(&counts, ROLE_START, ROLE_START);
	if (!v.ok)
		return false;
	errors_part(w, &counts, ROLE_START);
	return true;
}

static bool has_part(char **parts, const char *part)
{
	if (!*parts)
		return true;
	for (; *parts; parts++)
		if (strcmp(*parts, part) == 0)
			return true;
	return false;
}

static bool parts_do(struct world *w, char **parts)
{
	struct counts counts = { 0 };

	if (has_part(parts, "start") && !start_part(w))
		return false;
	if (!world_begin(w) || !count_life(w, &counts))
		return false;
	for (enum role role = ROLE_DAEMON; role < ROLES; role++)
		if (has_part(parts, role_word(role)))
			errors_part(w, &counts, role);
	if (has_part(parts, "death"))
		death_part(w, &counts);
	return true;
}

/* --------------------------------------------------------------------------------- */

static int usage(void)
{
	fprintf(stderr, "usage: sweep [--all] [--most N] [--limit N] "
		"[--point ROW] [--verbose] blk|net [start|daemon|worker|front|death]...\n");
	return 2;
}

int main(int argc, char **argv)
{
	const struct kind *kind = NULL;
	struct world w;
	int i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--all") == 0)
			run.all = true;
		else if (strcmp(argv[i], "--verbose") == 0)
			run.verbose = true;
		else if (strcmp(argv[i], "--most") == 0 && i + 1 < argc)
			run.most = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--limit") == 0 && i + 1 < argc)
			limit_s = strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--point") == 0 && i + 1 < argc)
			run.only = argv[++i];
		else
			return usage();
	}
	if (run.most == 1)
		run.most = 2;
	if (i < argc && strcmp(argv[i], "blk") == 0)
		kind = &kind_blk;
	else if (i < argc && strcmp(argv[i], "net") == 0)
		kind = &kind_net;
	if (!kind)
		return usage();
	if (!run.most)
		run.most = run.all ? 60 : 5;
	sim_start(1, argv);
	if (!world_open(&w, kind) || !parts_do(&w, argv + i + 1)) {
		printf("Bail out! %s\n", w.why);
		return 1;
	}
	world_end(&w);
	printf("1..%u\n# %u points in %u rows, %u not reached\n", run.rows,
	       run.points, run.rows, run.missed);
	return run.bad_rows != 0;
}
