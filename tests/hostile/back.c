/* SPDX-License-Identifier: MIT */
/* See back.h. */
#include "config.h"

#include "tests/hostile/back.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

#define PATIENCE_S 60
#define LINES_MAX 15

bool wish(struct back *b, bool good, const char *fmt, ...)
{
	va_list ap;

	if (good)
		return true;
	b->complaints++;
	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	return false;
}

/* -- xenstore ---------------------------------------------------------------- */

static const char *read_path(struct back *b, const char *dir, const char *node)
{
	static char buf[512];
	char path[160];
	CLEANUP_FREE char *value = NULL;

	snprintf(path, sizeof(path), "%s/%s", dir, node);
	value = xs_read(b->xs, XBT_NULL, path, NULL);
	snprintf(buf, sizeof(buf), "%s", value ? value : "");
	return buf;
}

const char *back_get(struct back *b, const char *node)
{
	return read_path(b, b->front, node);
}

void back_put(struct back *b, const char *node, const char *value)
{
	char path[160];

	if (*node == '+')
		snprintf(path, sizeof(path), "%s/%s", b->front, node + 1);
	else
		snprintf(path, sizeof(path), "%s/%s", b->dir, node);
	xs_write(b->xs, XBT_NULL, path, value, strlen(value));
}

void back_put_uint(struct back *b, const char *node, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	back_put(b, node, text);
}

void back_state(struct back *b, enum bus_state state)
{
	back_put_uint(b, "state", state);
	b->mine = state;
}

enum bus_state back_front(struct back *b)
{
	const char *value = back_get(b, "state");

	return bus_state_parse(*value ? value : NULL);
}

static void make_folder(struct back *b)
{
	struct xs_permissions perms[2] = {
		{ .id = 0, .perms = XS_PERM_NONE },
		{ .id = b->guest, .perms = XS_PERM_READ },
	};

	xs_mkdir(b->xs, XBT_NULL, b->dir);
	xs_set_permissions(b->xs, XBT_NULL, b->dir, perms, 2);
	back_put(b, "frontend", b->front);
	back_put_uint(b, "frontend-id", b->guest);
	back_put(b, "online", "1");
}

void back_remove(struct back *b)
{
	xs_rm(b->xs, XBT_NULL, b->dir);
	b->mine = BUS_GONE;
}

/* -- waiting ------------------------------------------------------------------- */

static void look_after(struct back *b)
{
	if (b->pid && waitpid(b->pid, &b->status, WNOHANG) == b->pid)
		b->pid = 0;
}

static void take_events(struct back *b)
{
	struct pollfd fds[] = {
		{ .fd = xs_fileno(b->xs), .events = POLLIN },
		{ .fd = xenevtchn_fd(b->ev), .events = POLLIN },
	};
	xenevtchn_port_or_error_t port;
	char **watch;

	/* the frontend's end makes no event */
	poll(fds, 2, 10);
	while ((watch = xs_check_watch(b->xs)))
		free(watch);
	while ((port = xenevtchn_pending(b->ev)) >= 0)
		xenevtchn_unmask(b->ev, port);
	look_after(b);
}

bool back_until(struct back *b, bool (*done)(void *arg), void *arg)
{
	uint64_t end = clock_now_ns() + PATIENCE_S * NS_PER_S;

	while (!done(arg)) {
		if (!b->pid || clock_now_ns() > end)
			return false;
		take_events(b);
	}
	return true;
}

struct wanted {
	struct back *b;
	unsigned int states;
};

static bool state_came(void *arg)
{
	struct wanted *w = arg;

	return w->states & 1u << back_front(w->b);
}

bool back_await(struct back *b, unsigned int states)
{
	struct wanted w = { b, states };
	bool came = back_until(b, state_came, &w);

	return wish(b, came, "the frontend is %s%s, and none of states 0x%x "
		    "comes",
		    bus_state_name(back_front(b)), b->pid ? "" : " and ended",
		    states);
}

/* -- the frontend ----------------------------------------------------------------- */

static off_t log_size(const struct back *b)
{
	struct stat st;

	return stat(b->log, &st) ? 0 : st.st_size;
}

/* This case's part of its log, to be freed. */
static char *log_text(const struct back *b)
{
	size_t size = log_size(b) - b->log_start;
	char *text = calloc(1, size + 1);
	CLEANUP_CLOSE int fd = open(b->log, O_RDONLY | O_CLOEXEC);

	if (text && fd >= 0 &&
	    pread(fd, text, size, b->log_start) != (ssize_t)size)
		text[0] = '\0';
	return text;
}

__attribute__((noreturn))
static void become_frontend(struct back *b)
{
	int fd = open(b->log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	char *argv[32];
	unsigned int n = 0;

	for (; b->command[n] && n < ARRAY_SIZE(argv) - 2; n++)
		argv[n] = b->command[n];
	argv[n++] = (char *)b->option;
	argv[n] = NULL;
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execvp(argv[0], argv);
	_exit(127);
}

static void start_frontend(struct back *b)
{
	b->log_start = log_size(b);
	b->status = 0;
	b->pid = fork();
	if (b->pid == 0)
		become_frontend(b);
}

/* Follow it down, as a backend that lets go; true: it has ended. */
static bool follow(void *arg)
{
	struct back *b = arg;
	enum bus_state front = back_front(b);

	if (front == BUS_CLOSING && b->mine == BUS_CONNECTED)
		back_state(b, BUS_CLOSING);
	if ((front == BUS_CLOSED || front == BUS_CLOSING) &&
	    b->mine != BUS_CLOSED && b->mine != BUS_GONE)
		back_state(b, front == BUS_CLOSED ? BUS_CLOSED : BUS_CLOSING);
	return b->pid == 0;
}

static void end_frontend(struct back *b)
{
	back_until(b, follow, b);
	if (wish(b, !b->pid, "the frontend does not end: it is %s",
		 bus_state_name(back_front(b))))
		return;
	kill(b->pid, SIGKILL);
	waitpid(b->pid, &b->status, 0);
	b->pid = 0;
}

/* -- cases -------------------------------------------------------------------------- */

static void judge_log(const struct back_case *c, struct back *b)
{
	CLEANUP_FREE char *text = log_text(b);
	unsigned int lines = 0;

	for (char *at = text; at && *at; at++)
		lines += *at == '\n';
	wish(b, lines < LINES_MAX, "the frontend logged %u lines", lines);
	if (c->fate == ENDS && c->reason)
		wish(b, text && strstr(text, c->reason),
		     "it did not say '%s', but: %s", c->reason, text);
}

static void judge_end(const struct back_case *c, struct back *b)
{
	int want = c->fate == LIVES ? 0 : 1;

	if (WIFSIGNALED(b->status))
		wish(b, false, "the frontend was killed by signal %d",
		     WTERMSIG(b->status));
	else
		wish(b, WEXITSTATUS(b->status) == want,
		     "the frontend's exit status is %d, want %d",
		     WEXITSTATUS(b->status), want);
	judge_log(c, b);
}

static void run_case(const struct back_case *c, const struct back_class *class,
		     void *device, struct back *b)
{
	CLEANUP_FREE char *before = NULL;
	bool attached = false;

	if (c->node && *c->node == '+')
		before = strdup(back_get(b, c->node + 1));
	b->complaints = 0;
	b->option = c->option;
	make_folder(b);
	class->offer(device, b);
	if (c->node)
		back_put(b, c->node, c->value);
	back_state(b, BUS_INITWAIT);
	/* the last one's last word is not to be taken for this one's first */
	back_put(b, "+state", "1");
	start_frontend(b);
	/* what it is offered may be reason enough not to come at all */
	if (back_await(b, 1u << class->ready |
		       (c->node ? 1u << BUS_CLOSED : 0)) &&
	    back_front(b) == class->ready) {
		attached = class->attach(device, b);
		if (c->node)
			back_put(b, c->node, c->value);
		back_state(b, BUS_CONNECTED);
	}
	if (attached && (c->run || c->fate == LIVES) &&
	    back_await(b, 1u << BUS_CONNECTED) && c->run)
		c->run(device, b);
	if (attached && c->fate == LIVES && b->pid) {
		wish(b, class->control(device, b),
		     "a good request is not served");
		kill(b->pid, SIGTERM);
	}
	end_frontend(b);
	judge_end(c, b);
	if (attached)
		class->detach(device, b);
	if (before)
		back_put(b, c->node, before);
	xs_rm(b->xs, XBT_NULL, b->dir);
	printf("%s %s: %s\n", b->complaints ? "fail" : "pass", c->id, c->what);
	fflush(stdout);
}

static bool open_all(struct back *b, const char *kind, const char *devid)
{
	snprintf(b->front, sizeof(b->front), "/local/domain/%u/device/%s/%s",
		 b->guest, kind, devid);
	snprintf(b->dir, sizeof(b->dir), "/local/domain/0/backend/%s/%u/%s",
		 kind, b->guest, devid);
	b->xs = xs_open(0);
	b->gnt = xengnttab_open(NULL, 0);
	b->ev = xenevtchn_open(NULL, 0);
	if (!b->xs || !b->gnt || !b->ev)
		return false;
	fcntl(xenevtchn_fd(b->ev), F_SETFL, O_NONBLOCK);
	return xs_watch(b->xs, b->front, "front");
}

/* Is ID one of IDS? */
static bool wanted(const char *ids, const char *id)
{
	size_t size = strlen(id);

	if (!strcmp(ids, "all"))
		return true;
	while (ids) {
		if (!strncmp(ids, id, size) &&
		    (ids[size] == ',' || !ids[size]))
			return true;
		ids = strchr(ids, ',');
		if (ids)
			ids++;
	}
	return false;
}

static int count_cases(const struct back_class *class, const char *ids)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < class->count; i++)
		n += wanted(ids, class->cases[i].id);
	printf("%u\n", n);
	return EXIT_SUCCESS;
}

int back_main(int argc, char **argv, const struct back_class *class,
	      void *device, struct back *b)
{
	if (argc == 3 && !strcmp(argv[1], "count"))
		return count_cases(class, argv[2]);
	if (argc == 2 && !strcmp(argv[1], "list")) {
		for (unsigned int i = 0; i < class->count; i++)
			printf("%s %sback %s\n", class->cases[i].id,
			       class->kind, class->cases[i].what);
		return EXIT_SUCCESS;
	}
	if (argc < 7 || strcmp(argv[1], "run")) {
		fprintf(stderr, "usage: %s list | count IDS | run DEVID GUEST "
			"LOG IDS COMMAND...\n", argv[0]);
		return 2;
	}
	b->guest = strtoul(argv[3], NULL, 10);
	b->log = argv[4];
	b->command = argv + 6;
	if (!open_all(b, class->kind, argv[2])) {
		fprintf(stderr, "%s: xenstore, gntdev or evtchn: %s\n",
			argv[0], strerror(errno));
		return EXIT_FAILURE;
	}
	for (unsigned int i = 0; i < class->count; i++)
		if (wanted(argv[5], class->cases[i].id))
			run_case(&class->cases[i], class, device, b);
	xenevtchn_close(b->ev);
	xengnttab_close(b->gnt);
	xs_close(b->xs);
	return EXIT_SUCCESS;
}
