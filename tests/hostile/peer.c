/* SPDX-License-Identifier: MIT */
/* See peer.h. */
#include "config.h"

#include "tests/hostile/peer.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

#define REPORT_MAX 4096		/* of the daemon's report, what we look at */
#define GNTALLOC_LIMIT "/sys/module/xen_gntalloc/parameters/limit"
/* Pages all cases together may grant. */
#define GRANTS "16384"

__attribute__((noreturn, format(printf, 1, 2)))
static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "hostile peer: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, ": %s\n", strerror(errno));
	va_end(ap);
	exit(EXIT_FAILURE);
}

bool expect(struct peer *p, bool good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return true;
	p->complaints++;
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	return false;
}

/* -- xenstore ------------------------------------------------------------------ */

static char value_buf[XENSTORE_PAYLOAD_MAX + 1];

const char *peer_get(struct peer *p, const char *dir, const char *node)
{
	char path[256];
	unsigned int size = 0;
	CLEANUP_FREE char *value = NULL;

	snprintf(path, sizeof(path), "%s%s%s", dir, *node ? "/" : "", node);
	value = xs_read(p->xs, XBT_NULL, path, &size);
	snprintf(value_buf, sizeof(value_buf), "%s", value ? value : "");
	return value_buf;
}

bool peer_put_bytes(struct peer *p, const char *node, const void *data,
		    size_t size)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", p->dir, node);
	return xs_write(p->xs, XBT_NULL, path, data, size);
}

bool peer_put(struct peer *p, const char *node, const char *fmt, ...)
{
	char value[XENSTORE_PAYLOAD_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	return peer_put_bytes(p, node, value, strlen(value));
}

void peer_remove(struct peer *p, const char *node)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", p->dir, node);
	xs_rm(p->xs, XBT_NULL, path);
}

void peer_state(struct peer *p, enum bus_state state)
{
	peer_put(p, "state", "%u", state);
}

enum bus_state peer_back(struct peer *p)
{
	const char *state = peer_get(p, p->back, "state");

	return bus_state_parse(*state ? state : NULL);
}

/* -- waiting -------------------------------------------------------------------- */

static void take_events(struct peer *p)
{
	struct pollfd fds[] = {
		{ .fd = xs_fileno(p->xs), .events = POLLIN },
		{ .fd = xenevtchn_fd(p->ev), .events = POLLIN },
	};
	xenevtchn_port_or_error_t port;
	char **watch;

	/* what a case scribbles over may have cost the event: look again */
	poll(fds, 2, 10);
	while ((watch = xs_check_watch(p->xs)))
		free(watch);
	while ((port = xenevtchn_pending(p->ev)) >= 0)
		xenevtchn_unmask(p->ev, port);
}

bool peer_until(struct peer *p, bool (*done)(void *arg), void *arg)
{
	uint64_t end = clock_now_ns() + PATIENCE_S * NS_PER_S;

	while (!done(arg)) {
		if (clock_now_ns() > end)
			return false;
		take_events(p);
	}
	return true;
}

struct wanted {
	struct peer *p;
	unsigned int states;
};

static bool state_came(void *arg)
{
	struct wanted *w = arg;

	return w->states & 1u << peer_back(w->p);
}

bool peer_await(struct peer *p, unsigned int states)
{
	struct wanted w = { .p = p, .states = states };
	bool came = peer_until(p, state_came, &w);

	return expect(p, came, "the backend is %s, and none of states 0x%x "
		      "comes",
		      bus_state_name(peer_back(p)), states);
}

/* -- pages and ports ------------------------------------------------------------- */

void *peer_share(struct peer *p, unsigned int count, bool writable,
		 uint32_t *grefs)
{
	void *area = xengntshr_share_pages(p->shr, p->back_id, count, grefs,
					   writable);

	if (!area)
		die("grant %u pages", count);
	memset(area, 0, (size_t)count * PAGE);
	return area;
}

void peer_unshare(struct peer *p, void *area, unsigned int count)
{
	xengntshr_unshare(p->shr, area, count);
}

evtchn_port_t peer_port(struct peer *p)
{
	xenevtchn_port_or_error_t port =
		xenevtchn_bind_unbound_port(p->ev, p->back_id);

	if (port < 0)
		die("event channel");
	return port;
}

void peer_notify(struct peer *p, evtchn_port_t port)
{
	xenevtchn_notify(p->ev, port);
}

/* -- the daemon -------------------------------------------------------------------- */

/* The text of a file of /proc, or "". */
static void read_proc(pid_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	CLEANUP_CLOSE int fd = -1;
	ssize_t n;

	buf[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return;
	n = read(fd, buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
}

static bool is_worker(pid_t pid, pid_t parent, unsigned int domid)
{
	char text[512], want[32];
	const char *behind;
	int ppid = 0;

	read_proc(pid, "stat", text, sizeof(text));
	behind = strrchr(text, ')');
	if (!behind || sscanf(behind, ") %*c %d", &ppid) != 1 ||
	    ppid != parent)
		return false;
	read_proc(pid, "cmdline", text, sizeof(text));
	snprintf(want, sizeof(want), ": guest %u", domid);
	return strlen(text) >= strlen(want) &&
	       !strcmp(text + strlen(text) - strlen(want), want);
}

pid_t peer_worker(struct peer *p)
{
	DIR *dir = p->daemon ? opendir("/proc") : NULL;
	struct dirent *d;
	pid_t found = 0;

	while (dir && !found && (d = readdir(dir))) {
		pid_t pid = strtol(d->d_name, NULL, 10);

		if (pid > 0 && is_worker(pid, p->daemon, p->domid))
			found = pid;
	}
	if (dir)
		closedir(dir);
	return found;
}

unsigned long peer_rss(pid_t pid)
{
	unsigned long pages = 0;
	char text[128];

	read_proc(pid, "statm", text, sizeof(text));
	if (sscanf(text, "%*u %lu", &pages) != 1)
		return 0;
	return pages * (PAGE / 1024);
}

unsigned long peer_maps(pid_t pid)
{
	char path[64];
	CLEANUP_FCLOSE FILE *f = NULL;
	unsigned long lines = 0;
	int c;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	while (f && (c = getc(f)) != EOF)
		lines += c == '\n';
	return lines;
}

static unsigned long lines_of(const struct peer *p)
{
	CLEANUP_FCLOSE FILE *f = p->log ? fopen(p->log, "re") : NULL;
	unsigned long lines = 0;
	int c;

	while (f && (c = getc(f)) != EOF)
		lines += c == '\n';
	return lines;
}

/*
 * It writes its report when told to by a signal, whole or not at all: the old
 * one is taken away, and the new one waited for.
 */
static bool report_there(void *arg)
{
	return access(arg, F_OK) == 0;
}

static bool host_reported(void *arg)
{
	struct peer *p = arg;

	return strtoul(peer_get(p, p->dir, "report"), NULL, 10) == p->reports;
}

/* From a guest: somebody on the host reads it for us. */
static bool ask_report(struct peer *p, char *text, size_t size)
{
	peer_put(p, "report-wanted", "%lu", ++p->reports);
	if (!peer_until(p, host_reported, p))
		return false;
	snprintf(text, size, "%s", peer_get(p, p->dir, "report"));
	return true;
}

static bool read_report(struct peer *p, char *text, size_t size)
{
	char program[64], path[128];
	CLEANUP_CLOSE int fd = -1;
	ssize_t n;

	if (p->asks)
		return ask_report(p, text, size);
	read_proc(p->daemon, "comm", program, sizeof(program));
	program[strcspn(program, "\n")] = '\0';
	snprintf(path, sizeof(path), "/run/xl-lite/%s.stats", program);
	unlink(path);
	kill(p->daemon, SIGUSR1);
	p->reports++;
	if (!peer_until(p, report_there, path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd == -1 ? -1 : read(fd, text, size - 1);
	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

unsigned long peer_requests(struct peer *p)
{
	static const char node[] = "\"xenstore_requests\": ";
	const char *at;
	char text[REPORT_MAX];

	if (!(p->daemon || p->asks) || !read_report(p, text, sizeof(text)))
		return 0;
	at = strstr(text, node);
	return at ? strtoul(at + strlen(node), NULL, 10) : 0;
}

static bool saw_closed(void *arg)
{
	char text[REPORT_MAX];

	return read_report(arg, text, sizeof(text)) &&
	       strstr(text, "\"state\": \"Closed\", "
			    "\"frontend\": \"Closed\"");
}

bool peer_rest(struct peer *p)
{
	return !(p->daemon || p->asks) ||
	       expect(p, peer_until(p, saw_closed, p),
		      "the daemon does not see it Closed");
}

/* -- life ----------------------------------------------------------------------------- */

static void raise_limit(void)
{
	CLEANUP_CLOSE int fd = open(GNTALLOC_LIMIT, O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, GRANTS, strlen(GRANTS)) < 0)
		die(GNTALLOC_LIMIT);
}

static void find_backend(struct peer *p)
{
	const char *kind;

	p->domid = strtoul(peer_get(p, "domid", ""), NULL, 10);
	snprintf(p->back, sizeof(p->back), "%s",
		 peer_get(p, p->dir, "backend"));
	p->back_id = strtoul(peer_get(p, p->dir, "backend-id"), NULL, 10);
	kind = strstr(p->back, "/backend/");
	if (!kind)
		die("%s/backend", p->dir);
	snprintf(p->error, sizeof(p->error), "/local/domain/%u/error%s",
		 p->back_id, kind);
}

/* DEVICE: uvbd/51712. Says on stderr what is missing and exits. */
static void open_all(struct peer *p, const char *device, const char *daemon,
		     const char *log)
{
	char path[160];

	*p = (struct peer){
		.daemon = strtol(daemon, NULL, 10), .log = log,
		.asks = strcmp(daemon, "host") == 0,
	};
	snprintf(p->dir, sizeof(p->dir), "device/%s", device);
	p->xs = xs_open(0);
	p->shr = xengntshr_open(NULL, 0);
	p->ev = xenevtchn_open(NULL, 0);
	if (!p->xs || !p->shr || !p->ev)
		die("xenstore, gntalloc or evtchn");
	fcntl(xenevtchn_fd(p->ev), F_SETFL, O_NONBLOCK);
	raise_limit();
	find_backend(p);
	snprintf(path, sizeof(path), "%s/state", p->back);
	if (!xs_watch(p->xs, path, "back"))
		die("watch %s", path);
	snprintf(path, sizeof(path), "%s/report", p->dir);
	if (p->asks && !xs_watch(p->xs, path, "report"))
		die("watch %s", path);
}

static void close_all(struct peer *p)
{
	xenevtchn_close(p->ev);
	xengntshr_close(p->shr);
	xs_close(p->xs);
}

/* -- a second thread ---------------------------------------------------------------------- */

struct meddler {
	pthread_t thread;
	void (*fn)(void *arg);
	void *arg;
	atomic_bool stop;
	atomic_ulong turns;
};

static void *meddle(void *arg)
{
	struct meddler *m = arg;

	while (!atomic_load_explicit(&m->stop, memory_order_relaxed)) {
		m->fn(m->arg);
		atomic_fetch_add_explicit(&m->turns, 1, memory_order_relaxed);
	}
	return NULL;
}

struct meddler *meddler_start(void (*fn)(void *arg), void *arg)
{
	struct meddler *m = calloc(1, sizeof(*m));

	if (!m)
		die("memory");
	m->fn = fn;
	m->arg = arg;
	if (pthread_create(&m->thread, NULL, meddle, m))
		die("thread");
	return m;
}

unsigned long meddler_stop(struct meddler *m)
{
	unsigned long turns;

	atomic_store(&m->stop, true);
	pthread_join(m->thread, NULL);
	turns = atomic_load(&m->turns);
	free(m);
	return turns;
}

/* -- cases ---------------------------------------------------------------------------------- */

static bool is_closed(void *arg)
{
	struct peer *p = arg;
	enum bus_state back = peer_back(p);

	snprintf(p->reason, sizeof(p->reason), "%s",
		 peer_get(p, p->error, "error"));
	return (back == BUS_CLOSING || back == BUS_CLOSED) && *p->reason;
}

static void judge_closed(const struct peer_case *c, struct peer *p)
{
	bool closed = peer_until(p, is_closed, p);

	if (!expect(p, closed, "not closed with a reason: the backend is %s, "
		    "error '%s'", bus_state_name(peer_back(p)), p->reason))
		return;
	if (c->reason)
		expect(p, strstr(p->reason, c->reason),
		       "the reason is '%s', want '%s'", p->reason, c->reason);
}

static void judge_answered(const struct peer_class *class, void *device,
			   struct peer *p)
{
	enum bus_state back = peer_back(p);

	if (expect(p, back == BUS_CONNECTED, "the backend is %s, error '%s'",
		   bus_state_name(back), peer_get(p, p->error, "error")) &&
	    class->control)
		expect(p, class->control(device, p),
		       "a good request is not served");
}

static void judge(const struct peer_case *c, const struct peer_class *class,
		  void *device, struct peer *p)
{
	switch (c->outcome) {
	case CLOSED:
		judge_closed(c, p);
		break;
	case ANSWERED:
		judge_answered(class, device, p);
		break;
	case EITHER:
		if (peer_back(p) != BUS_CONNECTED &&
		    peer_back(p) != BUS_INITWAIT)
			judge_closed(c, p);
		break;
	case ANYWHERE:
		break;
	}
}

/* As a driver that is reset and loaded again. */
static void begin_anew(struct peer *p)
{
	static const struct {
		enum bus_state ours;
		unsigned int theirs;
	} steps[] = {
		{ BUS_CLOSING, 1u << BUS_CLOSING | 1u << BUS_CLOSED },
		{ BUS_CLOSED, 1u << BUS_CLOSED },
		{ BUS_INITIALISING, 1u << BUS_INITWAIT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		peer_state(p, steps[i].ours);
		peer_await(p, steps[i].theirs);
	}
}

/* As lib/log.c counts them. */
static unsigned long minute_now(void)
{
	return clock_now_ns() / (60 * NS_PER_S);
}

static bool run_case(const struct peer_case *c, const struct peer_class *class,
		     void *device, struct peer *p)
{
	unsigned long lines = lines_of(p), minutes = minute_now();
	unsigned long reports = p->reports;
	pid_t worker = peer_worker(p);

	p->complaints = 0;
	p->unsure = NULL;
	c->run(device, p);
	judge(c, class, device, p);
	begin_anew(p);
	class->reset(device, p);
	lines = lines_of(p) - lines;
	minutes = minute_now() - minutes + 1;
	reports = p->reports - reports;
	expect(p, lines < LINES_MAX * minutes + reports, "the daemon logged %lu lines",
	       lines);
	if (p->daemon) {
		expect(p, kill(p->daemon, 0) == 0, "the daemon is gone");
		expect(p, !worker || peer_worker(p) == worker,
		       "its worker %d is gone: now there is %d", (int)worker,
		       (int)peer_worker(p));
	}
	if (p->unsure && !p->complaints)
		printf("skip %s: %s\n", c->id, p->unsure);
	else
		printf("%s %s: %s\n", p->complaints ? "fail" : "pass", c->id,
		       c->what);
	fflush(stdout);
	return !p->complaints;
}

static bool wanted(const struct peer_case *c, char **words)
{
	for (; *words; words++)
		if (!strcmp(c->group, *words) || !strcmp(c->id, *words))
			return true;
	return false;
}

/* Of all tables together; NULL: there are no more. */
static const struct peer_case *case_at(const struct peer_class *class,
				       unsigned int i)
{
	const struct peer_table *const *t = class->tables;

	for (; *t && i >= (*t)->count; t++)
		i -= (*t)->count;
	return *t ? &(*t)->cases[i] : NULL;
}

static int count_cases(const struct peer_class *class, char **words)
{
	const struct peer_case *c;
	unsigned int n = 0;

	for (unsigned int i = 0; (c = case_at(class, i)); i++)
		n += wanted(c, words);
	printf("%u\n", n);
	return EXIT_SUCCESS;
}

static int list_cases(const struct peer_class *class)
{
	const struct peer_case *c;

	for (unsigned int i = 0; (c = case_at(class, i)); i++)
		printf("%s %s %s\n", c->id, c->group, c->what);
	return EXIT_SUCCESS;
}

int peer_main(int argc, char **argv, const struct peer_class *class,
	      void *device, struct peer *p,
	      void (*prepare)(void *device, struct peer *p))
{
	const struct peer_case *c;
	bool good = true;
	pid_t worker;

	if (argc == 2 && !strcmp(argv[1], "list"))
		return list_cases(class);
	if (argc > 2 && !strcmp(argv[1], "count"))
		return count_cases(class, argv + 2);
	if (argc < 6 || strcmp(argv[1], "run")) {
		fprintf(stderr, "usage: %s list | count WORD... | run DEVICE "
			"PID|host LOG WORD...\n", argv[0]);
		return 2;
	}
	open_all(p, argv[2], argv[3], argv[4]);
	p->class = class;
	p->device = device;
	prepare(device, p);
	for (unsigned int i = 0; (c = case_at(class, i)); i++)
		if (wanted(c, argv + 5))
			good &= run_case(c, class, device, p);
	worker = peer_worker(p);
	printf("# resident: daemon %lu KiB, worker %lu KiB\n",
	       peer_rss(p->daemon), worker ? peer_rss(worker) : 0);
	close_all(p);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
