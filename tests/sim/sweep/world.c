/* SPDX-License-Identifier: MIT */
/* The host a sweep runs on, as its toolstack sees it: see sweep.h. */
#include "config.h"

#include "tests/sim/sweep/sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/client.h"

bool wrong(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->why[0])
		return false;
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	return false;
}

/* -- waiting ------------------------------------------------------------------- */

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static nfds_t add_proc(struct pollfd *fds, nfds_t n, const struct proc *p)
{
	if (!p->pid || p->over)
		return n;
	fds[n++] = (struct pollfd){ .fd = p->out, .events = POLLIN };
	fds[n++] = (struct pollfd){ .fd = p->pidfd, .events = POLLIN };
	return n;
}

void world_look(struct world *w, int ms)
{
	struct pollfd fds[8];
	nfds_t n = 0;
	char **event;

	n = add_proc(fds, n, &w->daemon);
	n = add_proc(fds, n, &w->other.proc);
	n = add_proc(fds, n, &w->dev.proc);
	fds[n++] = (struct pollfd){ .fd = xs_fileno(w->xs), .events = POLLIN };
	poll(fds, n, ms);
	proc_look(&w->daemon);
	proc_look(&w->other.proc);
	proc_look(&w->dev.proc);
	while ((event = xs_check_watch(w->xs)))
		free(event);
}

bool wait_for(struct world *w, cond_fn *cond, void *arg, unsigned int seconds)
{
	uint64_t end = now_ms() + seconds * UINT64_C(1000);

	for (;;) {
		world_look(w, 0);
		if (cond(w, arg))
			return true;
		if (now_ms() >= end)
			return false;
		/* not all that is waited for wakes us */
		world_look(w, 5);
	}
}

/* -- xenstore -------------------------------------------------------------------- */

bool node_get(struct world *w, const char *path, char *buf, size_t size)
{
	unsigned int len;
	char *value = xs_read(w->xs, XBT_NULL, path, &len);

	if (!value)
		return false;
	snprintf(buf, size, "%.*s", (int)len, value);
	free(value);
	return true;
}

unsigned int state_of(struct world *w, const char *folder)
{
	char path[128], value[16];

	snprintf(path, sizeof(path), "%s/state", folder);
	return node_get(w, path, value, sizeof(value)) ?
		strtoul(value, NULL, 10) : 0;
}

static bool put(struct world *w, xs_transaction_t t, const char *dir,
		const char *node, const char *value)
{
	char path[160];

	snprintf(path, sizeof(path), "%s%s%s", dir, *node ? "/" : "", node);
	return xs_write(w->xs, t, path, value, strlen(value));
}

static bool put_number(struct world *w, xs_transaction_t t, const char *dir,
		       const char *node, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", value);
	return put(w, t, dir, node, text);
}

/* OWNER's, readable by the other end. */
static bool folder(struct world *w, xs_transaction_t t, const char *path,
		   unsigned int owner, unsigned int reader)
{
	struct xs_permissions perms[2] = {
		{ .id = owner, .perms = XS_PERM_NONE },
		{ .id = reader, .perms = XS_PERM_READ },
	};

	return xs_write(w->xs, t, path, "", 0) &&
	       xs_set_permissions(w->xs, t, path, perms, 2);
}

/* PATH and the folders above it that are empty then, up to N of them. */
static void prune(struct world *w, const char *path, unsigned int n)
{
	char dir[160];
	unsigned int count;

	xs_rm(w->xs, XBT_NULL, path);
	snprintf(dir, sizeof(dir), "%s", path);
	while (n--) {
		char **names;

		*strrchr(dir, '/') = '\0';
		names = xs_directory(w->xs, XBT_NULL, dir, &count);
		free(names);
		if (names && count)
			break;
		xs_rm(w->xs, XBT_NULL, dir);
	}
}

/* -- guests ---------------------------------------------------------------------- */

static int guest_process(unsigned int domid)
{
	char path[SIM_PATH_MAX];
	int pid = -1;
	FILE *f;

	snprintf(path, sizeof(path), SIM_GUEST, domid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &pid) != 1)
		pid = -1;
	if (f)
		fclose(f);
	return pid;
}

bool guest_begin(struct world *w, struct guest *g)
{
	static const char *const spaces[] = { "net", "uts", "mnt" };
	char domid[16], path[64];
	char *argv[] = { (char *)"xlsim", (char *)"guest", domid, NULL };
	int pid;

	g->domid = ++w->last_domid;
	snprintf(domid, sizeof(domid), "%u", g->domid);
	if (!run_command(argv))
		return wrong(w, "guest %u is not made", g->domid);
	pid = guest_process(g->domid);
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, spaces[i]);
		g->ns[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (g->ns[i] == -1)
			return wrong(w, "%s cannot be opened", path);
	}
	return true;
}

void guest_end(struct world *w, struct guest *g)
{
	struct sim_msg msg = {
		.op = SIM_DOMAIN_DESTROY, .domid = g->domid,
	};
	char path[64];

	if (!g->domid)
		return;
	sim_call(&msg, -1, NULL);
	snprintf(path, sizeof(path), "/local/domain/%u", g->domid);
	xs_rm(w->xs, XBT_NULL, path);
	for (int i = 0; i < 3; i++)
		close(g->ns[i]);
	g->domid = 0;
}

/* -- devices ----------------------------------------------------------------------- */

static bool add_nodes(struct world *w, struct device *d, xs_transaction_t t)
{
	const struct kind *k = w->kind;
	unsigned int domid = d->guest->domid;
	bool ok = folder(w, t, d->front, domid, 0) &&
		  folder(w, t, d->back, 0, domid) &&
		  put(w, t, d->front, "backend", d->back) &&
		  put(w, t, d->front, "backend-id", "0") &&
		  put(w, t, d->back, "frontend", d->front) &&
		  put_number(w, t, d->back, "frontend-id", domid) &&
		  put(w, t, d->back, "online", "1");

	for (unsigned int i = 0; ok && k->front_nodes[i]; i += 2)
		ok = put(w, t, d->front, k->front_nodes[i],
			 k->front_nodes[i + 1]);
	for (unsigned int i = 0; ok && k->back_nodes[i]; i += 2)
		ok = put(w, t, d->back, k->back_nodes[i],
			 k->back_nodes[i + 1]);
	for (unsigned int i = 0; ok && k->own_nodes[i]; i++) {
		char value[64];

		k->own_value(domid, value, sizeof(value));
		ok = put(w, t, d->back, k->own_nodes[i], value) &&
		     put(w, t, d->front, k->own_nodes[i], value);
	}
	return ok && put(w, t, d->front, "state", "1") &&
	       put(w, t, d->back, "state", "1");
}

bool device_add(struct world *w, struct device *d)
{
	const struct kind *k = w->kind;
	unsigned int domid = d->guest->domid;
	xs_transaction_t t;

	snprintf(d->front, sizeof(d->front), "/local/domain/%u/device/%s/%u",
		 domid, k->xenbus, k->devid);
	snprintf(d->back, sizeof(d->back), "/local/domain/0/backend/%s/%u/%u",
		 k->xenbus, domid, k->devid);
	snprintf(d->error, sizeof(d->error),
		 "/local/domain/0/error/backend/%s/%u/%u/error", k->xenbus,
		 domid, k->devid);
	if (!d->own)
		d->own = k->make(domid);
	if (!d->own)
		return wrong(w, "%s %u: cannot be prepared", k->name, domid);
	t = xs_transaction_start(w->xs);
	if (!add_nodes(w, d, t) || !xs_transaction_end(w->xs, t, false))
		return wrong(w, "%s: cannot be written", d->back);
	return true;
}

void device_forget(struct world *w, struct device *d)
{
	prune(w, d->front, 1);
	prune(w, d->back, 1);
}

bool front_begin(struct world *w, struct device *d, const char *name,
		 unsigned int wait_s)
{
	char wait[16];
	char *argv[12] = {
		(char *)name, (char *)"--wait", wait,
	};

	snprintf(wait, sizeof(wait), "%u", wait_s);
	w->kind->arguments(d, argv + 3);
	if (!proc_start(&d->proc, d->guest->ns, d->guest->domid, argv,
			w->kind->program, NULL))
		return wrong(w, "%s cannot be started", w->kind->program);
	return true;
}

/* -- the host ------------------------------------------------------------------------ */

static bool daemon_ready(struct world *w, void *arg)
{
	(void)arg;
	return w->daemon.over || (w->daemon.said &&
				  strstr(w->daemon.said, "ready ("));
}

bool daemon_begin(struct world *w)
{
	char *argv[] = { (char *)w->kind->daemon, NULL };

	if (!proc_start(&w->daemon, NULL, 0, argv, argv[0], NULL) ||
	    !wait_for(w, daemon_ready, NULL, limit_s) || w->daemon.over)
		return wrong(w, "%s does not start: %s", argv[0],
			     w->daemon.said ? w->daemon.said : "silent");
	return true;
}

static bool other_ready(struct world *w, void *arg)
{
	(void)arg;
	return w->other.proc.over || (w->other.proc.said &&
				      strstr(w->other.proc.said, "ready:"));
}

bool other_begin(struct world *w)
{
	char name[64];

	snprintf(name, sizeof(name), "%s: left alone", w->kind->program);
	if (!front_begin(w, &w->other, name, limit_s) ||
	    !wait_for(w, other_ready, NULL, limit_s) || w->other.proc.over)
		return wrong(w, "the other guest's frontend does not start: "
			     "backend %u, frontend %u: %.200s; the daemon: "
			     "%.200s", state_of(w, w->other.back),
			     state_of(w, w->other.front),
			     w->other.proc.said ? w->other.proc.said :
			     "silent", w->daemon.said);
	if (w->kind->use(w, &w->other, true) != DONE)
		return wrong(w, "the other guest's device does not work");
	return true;
}

bool world_open(struct world *w, const struct kind *kind)
{
	*w = (struct world){ .kind = kind };
	w->dev.guest = &w->guests[0];
	w->other.guest = &w->guests[1];
	signal(SIGPIPE, SIG_IGN);
	w->xs = xs_open(0);
	return w->xs && xs_watch(w->xs, "/local/domain", "look") ? true :
		wrong(w, "no xenstore");
}

bool world_begin(struct world *w)
{
	w->why[0] = '\0';
	if (!daemon_begin(w) || !guest_begin(w, &w->guests[1]) ||
	    !device_add(w, &w->other) || !other_begin(w) ||
	    !guest_begin(w, &w->guests[0]))
		return false;
	holdings_count(w, &w->base);
	return true;
}

static void end_device(struct world *w, struct device *d)
{
	w->kind->leave(d);
	proc_free(&d->proc);
	if (d->own)
		w->kind->free(d->own);
	d->own = NULL;
}

void world_end(struct world *w)
{
	char path[64];

	end_device(w, &w->dev);
	end_device(w, &w->other);
	proc_free(&w->daemon);
	guest_end(w, &w->guests[0]);
	guest_end(w, &w->guests[1]);
	xs_rm(w->xs, XBT_NULL, "/local/domain/0/backend");
	xs_rm(w->xs, XBT_NULL, "/local/domain/0/error");
	snprintf(path, sizeof(path), "/run/xl-lite/%s.pid", w->kind->daemon);
	unlink(path);
	rmdir("/run/xl-lite");
}

/* Is nobody of its name left, worker or supervisor? */
bool no_daemon(struct world *w, void *arg)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	bool none = true;

	(void)arg;
	while (dir && none && (d = readdir(dir))) {
		char path[300], line[64] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/cmdline", d->d_name);
		fd = *d->d_name > '9' ? -1 : open(path, O_RDONLY | O_CLOEXEC);
		if (fd == -1)
			continue;
		/* one that is about to be no more has no name, but files */
		none = read(fd, line, sizeof(line) - 1) > 0 &&
		       strncmp(line, w->kind->daemon,
			       strlen(w->kind->daemon)) != 0;
		close(fd);
	}
	if (dir)
		closedir(dir);
	return none && w->kind->released(&w->dev) &&
	       w->kind->released(&w->other);
}

/* -- what is held ---------------------------------------------------------------------- */

static unsigned int count_files(pid_t pid)
{
	unsigned int n = 0;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static unsigned int count_interfaces(void)
{
	struct if_nameindex *list = if_nameindex();
	unsigned int n = 0;

	while (list && list[n].if_index)
		n++;
	if_freenameindex(list);
	return n;
}

void holdings_count(struct world *w, struct holdings *h)
{
	struct sim_msg msg = { .op = SIM_LIST };
	char line[160];
	int fd = -1;
	FILE *f;

	*h = (struct holdings){
		.interfaces = count_interfaces(),
		.files = count_files(w->daemon.pid),
	};
	f = sim_call(&msg, -1, &fd) ? NULL : fdopen(fd, "r");
	while (f && fgets(line, sizeof(line), f)) {
		h->ports += strncmp(line, "port ", 5) == 0;
		h->grants += strncmp(line, "grant ", 6) == 0;
		h->processes += strncmp(line, "process ", 8) == 0;
	}
	if (f)
		fclose(f);
}

struct left {
	char what[160];
};

bool is_gone(struct world *w, void *arg)
{
	const struct holdings *b = &w->base;
	char path[96], folder[64], **names;
	struct left nobody, *left = arg ? arg : &nobody;
	unsigned int count;
	struct holdings h;

	holdings_count(w, &h);
	snprintf(left->what, sizeof(left->what), "ports %u, want %u; grants "
		 "%u, want %u; processes %u, want %u; interfaces %u, want %u; "
		 "files of the daemon %u, want %u", h.ports, b->ports,
		 h.grants, b->grants, h.processes, b->processes,
		 h.interfaces, b->interfaces, h.files, b->files);
	/* a restarted daemon's number of files may be smaller */
	if (h.ports != b->ports || h.grants != b->grants ||
	    h.processes != b->processes || h.interfaces != b->interfaces ||
	    h.files > b->files)
		return false;
	snprintf(folder, sizeof(folder), "/local/domain/0/backend/%s",
		 w->kind->xenbus);
	names = xs_directory(w->xs, XBT_NULL, folder, &count);
	free(names);
	if (!names || count != 1) {
		snprintf(left->what, sizeof(left->what),
			 "%s has %u folders, want the other guest's",
			 folder, names ? count : 0);
		return false;
	}
	snprintf(path, sizeof(path), "/local/domain/0/error");
	names = xs_directory(w->xs, XBT_NULL, path, &count);
	free(names);
	snprintf(left->what, sizeof(left->what), "%s is still there", path);
	return !names;
}

bool nothing_left(struct world *w)
{
	struct left left = { "" };

	if (wait_for(w, is_gone, &left, limit_s))
		return true;
	return wrong(w, "left behind: %s", left.what);
}
