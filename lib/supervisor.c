/* SPDX-License-Identifier: MIT */
/*
 * The root process of a daemon; see supervisor.h, and backend.h for the
 * picture.
 *
 * One watch on .../backend/KIND finds devices and what becomes of their
 * folders; one for each frontend's state (xenbus.c) is the only thing a guest
 * can make fire. Events are taken in batches and only queue devices; queued
 * devices are worked on first come, first served, a bounded number a turn, so
 * that a guest which keeps its devices busy delays others by one look each.
 */
#include "config.h"

#include "lib/supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/daemon.h"
#include "lib/xenbus.h"
#include "xenstore-schema/paths.h"

/* Bounds of one turn of the loop. */
#define STORE_EVENTS_MAX 256
#define DEVICES_MAX 32
#define MESSAGES_MAX 16

/* A stuck disk must not keep the host from shutting down. */
#define STOP_NS (8 * NS_PER_S)

/* A worker that has not let go of a device after this is stuck. */
#define DRAIN_NS (10 * NS_PER_S)

static const char watch_token[] = "backend";

/* Between two tries to reach xenstored again. */
#define RETRY_NS (10 * NS_PER_S)

/* Before devices are looked for that there was no memory for; doubled each time. */
#define MISSED_NS (20 * NS_PER_MS)

/* Between two tries to open what a predecessor held, and how long it may. */
#define REOPEN_NS (20 * NS_PER_MS)
#define STARTING_NS (5 * NS_PER_S)

enum {
	TAG_STORE, TAG_LINE, TAG_RETRY, TAG_SIGNAL, TAG_STOP, TAG_DRAIN,
	TAG_REOPEN, TAG_WORKER,
};

/* -- tables ----------------------------------------------------------------- */

void supervisor_queue(struct supervisor *s, struct xenbus *bus)
{
	if (bus->queued)
		return;
	bus->queued = true;
	TAILQ_INSERT_TAIL(&s->dirty, bus, dirty_link);
}

static struct xenbus *find_device(struct supervisor *s, domid_t domid,
				  unsigned int devid)
{
	struct xenbus *bus;

	TAILQ_FOREACH(bus, &s->devices, link)
		if (bus->dev->domid == domid && bus->dev->devid == devid)
			return bus;
	return NULL;
}

static struct xenbus *find_id(struct supervisor *s, uint32_t id)
{
	struct xenbus *bus;

	TAILQ_FOREACH(bus, &s->devices, link)
		if (bus->id == id)
			return bus;
	return NULL;
}

static struct workerproc *find_worker(struct supervisor *s, domid_t domid)
{
	struct workerproc *p;

	TAILQ_FOREACH(p, &s->workers, link)
		if (p->domid == domid && !p->dropped)
			return p;
	return NULL;
}

static struct workerproc *find_worker_id(struct supervisor *s, uint32_t id)
{
	struct workerproc *p;

	TAILQ_FOREACH(p, &s->workers, link)
		if (p->id == id)
			return p;
	return NULL;
}

/* -- workers ---------------------------------------------------------------- */

int supervisor_worker(struct supervisor *s, domid_t domid,
		      struct workerproc **ret)
{
	union loop_tag tag = { .type = TAG_WORKER };
	struct workerproc *p = find_worker(s, domid);
	int r;

	if (!p) {
		p = workerproc_new(domid, s->next_id++);
		if (!p)
			return log_err(-ENOMEM, "guest %u: worker",
				       (unsigned int)domid);
		TAILQ_INSERT_TAIL(&s->workers, p, link);
	}
	tag.id = p->id;
	r = workerproc_start(p, &s->worker_options, &s->loop, tag);
	if (r == 0)
		*ret = p;
	return r;
}

static void free_worker(struct supervisor *s, struct workerproc *p)
{
	TAILQ_REMOVE(&s->workers, p, link);
	workerproc_free(p);
}

/* The last device of a guest is gone: nothing is held by its worker. */
static void drop_worker(struct supervisor *s, domid_t domid)
{
	struct workerproc *p = find_worker(s, domid);
	struct xenbus *bus;

	TAILQ_FOREACH(bus, &s->devices, link)
		if (bus->dev->domid == domid)
			return;
	if (!p)
		return;
	p->dropped = true;
	workerproc_kill(p, &s->loop);
	if (!p->pid)
		free_worker(s, p);
}

void supervisor_drains(struct supervisor *s)
{
	/* moving it would let one guest put off the others' for ever */
	if (s->drain_timer_runs)
		return;
	s->drain_timer_runs = true;
	loop_timer_set(s->drain_timer_fd, DRAIN_NS);
}

void supervisor_reopens(struct supervisor *s)
{
	loop_timer_set(s->reopen_timer_fd, REOPEN_NS);
}

bool backend_starting(const struct backend_device *dev)
{
	return clock_now_ns() - dev->sup->started_ns < STARTING_NS;
}

static bool serves_something(struct supervisor *s, const struct workerproc *p)
{
	const struct xenbus *bus;

	TAILQ_FOREACH(bus, &s->devices, link)
		if (bus->worker == p && bus->view.rings != RINGS_DETACHING)
			return true;
	return false;
}

/*
 * Whoever is stuck holds pages of its guest, which then cannot be destroyed.
 * It is ended, unless it still serves another device of a guest that lives.
 */
static void end_stuck_workers(struct supervisor *s)
{
	uint64_t now = clock_now_ns();
	struct xenbus *bus;

	TAILQ_FOREACH(bus, &s->devices, link) {
		if (bus->view.rings != RINGS_DETACHING)
			continue;
		supervisor_drains(s);
		if (now - bus->drain_ns < DRAIN_NS ||
		    serves_something(s, bus->worker))
			continue;
		if (log_allowed(&bus->worker->deaths, WORKER_DEATHS_MAX))
			log_warn("%s: not let go after %llu s: ending its "
				 "worker", bus->dev->name,
				 (unsigned long long)(DRAIN_NS / NS_PER_S));
		workerproc_kill(bus->worker, &s->loop);
	}
}

static void worker_ended(struct supervisor *s, struct workerproc *p,
			 int status)
{
	struct xenbus *bus;
	char explain[80];

	if (p->dropped) {
		free_worker(s, p);
		return;
	}
	workerproc_explain(status, explain, sizeof(explain));
	if (log_allowed(&p->deaths, WORKER_DEATHS_MAX))
		log_warn("guest %u: its worker was %s",
			 (unsigned int)p->domid, explain);
	TAILQ_FOREACH(bus, &s->devices, link) {
		if (bus->worker == p)
			xenbus_worker_died(bus, explain);
		else if (bus->dev->domid == p->domid)
			/* it may wait for a worker that can be started */
			supervisor_queue(s, bus);
	}
}

static void reap_workers(struct supervisor *s)
{
	struct workerproc *next;
	int status;

	for (struct workerproc *p = TAILQ_FIRST(&s->workers); p; p = next) {
		next = TAILQ_NEXT(p, link);
		if (workerproc_reap(p, &s->loop, &status))
			worker_ended(s, p, status);
	}
}

/* False: it hung up, or talks nonsense. */
static bool take_message(struct supervisor *s, struct workerproc *p, int *r)
{
	int fds[WIRE_FDS_MAX];
	unsigned int fd_count;
	struct wire_msg msg;
	struct xenbus *bus;

	*r = wire_recv(p->sock, &msg, fds, &fd_count);
	if (*r != 1)
		return *r == -EAGAIN;
	if (msg.type == WIRE_READY)
		log_debug("guest %u: worker isolated",
			  (unsigned int)p->domid);
	/* it has none to give */
	while (fd_count)
		close(fds[--fd_count]);
	/* of its own guest, whatever it says */
	bus = find_device(s, p->domid, msg.devid);
	if (bus && bus->worker == p)
		xenbus_worker_said(bus, &msg);
	return true;
}

static void on_worker(struct supervisor *s, uint32_t id)
{
	struct workerproc *p = find_worker_id(s, id);
	int r = 1;

	if (!p || p->sock < 0)
		return;
	for (unsigned int i = 0; i < MESSAGES_MAX && r == 1; i++)
		if (!take_message(s, p, &r)) {
			/* without its socket it is of no use; SIGCHLD follows */
			workerproc_kill(p, &s->loop);
			return;
		}
}

/* -- xenstore --------------------------------------------------------------- */

static void missed_devices(struct supervisor *s)
{
	if (!s->missed_ns)
		s->missed_ns = MISSED_NS;
	loop_timer_set(s->retry_timer_fd, s->missed_ns);
}

static void device_event(struct supervisor *s, domid_t domid,
			 unsigned int devid, const char *node)
{
	struct xenbus *bus = find_device(s, domid, devid);

	if (!bus) {
		/* until it has a state there is nothing to look at */
		if (s->stopping || strcmp(node, "state") != 0)
			return;
		/* and when it has, nothing else may be heard of it */
		if (xenbus_new(s, domid, devid, &bus)) {
			missed_devices(s);
			return;
		}
		s->missed_ns = 0;
		TAILQ_INSERT_TAIL(&s->devices, bus, link);
		node = "";
	}
	xenbus_own_event(bus, node);
}

/* Devices that are known may be gone, others may have come. */
static void rescan_guest(struct supervisor *s, domid_t domid)
{
	CLEANUP_FREE char **names = NULL;
	char path[STORE_PATH_MAX];
	unsigned int count = 0, devid;
	struct xenbus *bus;
	int r;

	TAILQ_FOREACH(bus, &s->devices, link)
		if (bus->dev->domid == domid)
			xenbus_own_event(bus, "");
	path_backend_guest(path, sizeof(path), s->own_domid, s->class->kind,
			   domid);
	r = store_list(&s->store, XBT_NULL, path, NULL, &names, &count);
	if (r == -ENOMEM)
		missed_devices(s);
	for (unsigned int i = 0; i < count; i++)
		if (path_parse_devid(names[i], &devid) == 0 &&
		    !find_device(s, domid, devid))
			device_event(s, domid, devid, "state");
}

static void rescan(struct supervisor *s)
{
	CLEANUP_FREE char **names = NULL;
	unsigned int count = 0;
	struct xenbus *bus;
	uint16_t domid;
	int r;

	TAILQ_FOREACH(bus, &s->devices, link) {
		xenbus_own_event(bus, "");
		xenbus_frontend_event(bus);
	}
	r = store_list(&s->store, XBT_NULL, s->root, NULL, &names, &count);
	if (r == -ENOMEM)
		missed_devices(s);
	for (unsigned int i = 0; i < count; i++)
		if (path_parse_domid(names[i], &domid) == 0)
			rescan_guest(s, domid);
}

static void backend_event(struct supervisor *s, const char *path)
{
	struct backend_path p;

	/* not a device's folder: somebody else's business */
	if (path_parse_backend(path, &p))
		return;
	switch (p.level) {
	case BACKEND_PATH_KIND:
		rescan(s);
		break;
	case BACKEND_PATH_GUEST:
		rescan_guest(s, p.domid);
		break;
	case BACKEND_PATH_DEVICE:
		device_event(s, p.domid, p.devid, p.node);
		break;
	}
}

static void frontend_event(struct supervisor *s, const char *token)
{
	struct xenbus *bus;
	unsigned int id;

	if (sscanf(token, "f%u", &id) != 1)
		return;
	bus = find_id(s, id);
	if (bus)
		xenbus_frontend_event(bus);
}

static int on_store(struct supervisor *s)
{
	char path[STORE_PATH_MAX + 64];
	char token[16];

	for (unsigned int i = 0; i < STORE_EVENTS_MAX; i++) {
		int r = store_next_event(&s->store, path, sizeof(path), token,
					 sizeof(token));

		/* whatever the lost event was about is looked at */
		if (r == -ENOMEM) {
			rescan(s);
			return 0;
		}
		if (r < 0 && store_hung_up(&s->store))
			return 0;
		if (r <= 0)
			return r;
		if (strcmp(token, watch_token) == 0)
			backend_event(s, path);
		else
			frontend_event(s, token);
	}
	return 0;
}

/* -- a xenstored that hangs up ---------------------------------------------- */

/* Events are under way when this is done. */
static int watch_store(struct supervisor *s)
{
	const union loop_tag tag = { .type = TAG_STORE };
	const union loop_tag line_tag = { .type = TAG_LINE };
	int line_fd = store_line_fd(&s->store);
	int r = store_watch(&s->store, s->root, NULL, watch_token);

	if (r)
		return r;
	r = loop_add(&s->loop, store_fd(&s->store), EPOLLIN, tag);
	if (r == 0 && line_fd >= 0)
		r = loop_add(&s->loop, line_fd, EPOLLRDHUP, line_tag);
	return r ? log_err(r, "event loop: xenstore") : 0;
}

/*
 * Who is connected is served on meanwhile: guests' data does not need
 * xenstore. All devices are looked at once it is there again.
 */
static void reopen_store(struct supervisor *s)
{
	uint64_t requests = s->store.requests;
	struct xenbus *bus;

	if (store_open_batched(&s->store) || watch_store(s)) {
		store_close(&s->store);
		loop_timer_set(s->retry_timer_fd, RETRY_NS);
		return;
	}
	s->store.requests = requests;
	TAILQ_FOREACH(bus, &s->devices, link)
		xenbus_look_anew(bus);
	log_info("xenstore: connected again");
}

static void on_line(struct supervisor *s)
{
	if (!store_is_open(&s->store) || !store_hung_up(&s->store))
		return;
	log_warn("xenstore: xenstored hung up: connecting again; devices that "
		 "are connected are served meanwhile");
	loop_remove(&s->loop, store_fd(&s->store));
	store_close(&s->store);
	reopen_store(s);
}

static void on_retry(struct supervisor *s)
{
	uint64_t count;

	if (read(s->retry_timer_fd, &count, sizeof(count)) <= 0)
		return;
	if (!store_is_open(&s->store)) {
		reopen_store(s);
		return;
	}
	/* each try may log: less and less often */
	s->missed_ns *= 2;
	if (s->missed_ns > RETRY_NS)
		s->missed_ns = RETRY_NS;
	rescan(s);
}

/* -- devices ---------------------------------------------------------------- */

static void drop_device(struct supervisor *s, struct xenbus *bus)
{
	domid_t domid = bus->dev->domid;

	if (bus->queued)
		TAILQ_REMOVE(&s->dirty, bus, dirty_link);
	TAILQ_REMOVE(&s->devices, bus, link);
	xenbus_free(bus);
	drop_worker(s, domid);
}

static void work(struct supervisor *s)
{
	for (unsigned int i = 0;
	     store_is_open(&s->store) && i < DEVICES_MAX; i++) {
		struct xenbus *bus = TAILQ_FIRST(&s->dirty);

		if (!bus)
			return;
		TAILQ_REMOVE(&s->dirty, bus, dirty_link);
		bus->queued = false;
		if (xenbus_work(bus))
			drop_device(s, bus);
		else
			xenbus_tidy(bus);
	}
}

/* -- life ------------------------------------------------------------------- */

static void stop(struct supervisor *s, int signal)
{
	struct xenbus *bus;

	if (s->stopping) {
		log_warn("stopping at once, at a second signal");
		s->ended = true;
		return;
	}
	log_info("stopping: %s", strsignal(signal));
	daemon_notify("STOPPING=1");
	s->stopping = true;
	loop_timer_set(s->stop_timer_fd, STOP_NS);
	TAILQ_FOREACH(bus, &s->devices, link)
		xenbus_stop(bus);
}

static bool nothing_held(const struct supervisor *s)
{
	const struct xenbus *bus;

	TAILQ_FOREACH(bus, &s->devices, link)
		if (bus->view.rings != RINGS_NONE)
			return false;
	return TAILQ_EMPTY(&s->dirty);
}

static void print_report(const struct supervisor *s, FILE *out)
{
	const struct xenbus *bus;
	const char *between = "";

	fprintf(out, "{\"program\": \"%s\", \"version\": \"%s\", "
		"\"xenstore_requests\": %llu, \"devices\": [",
		s->class->program, PACKAGE_VERSION,
		(unsigned long long)s->store.requests);
	TAILQ_FOREACH(bus, &s->devices, link) {
		fputs(between, out);
		fputs("\n", out);
		xenbus_report(bus, out);
		between = ",";
	}
	fputs("\n]}\n", out);
}

/* Whoever reads the file sees a whole report, this one or the last. */
static void report(const struct supervisor *s)
{
	CLEANUP_FCLOSE FILE *out = NULL;
	char path[128], new_path[136];

	snprintf(path, sizeof(path), DAEMON_RUN_DIR "/%s.stats",
		 s->class->program);
	snprintf(new_path, sizeof(new_path), "%s.new", path);
	out = fopen(new_path, "we");
	if (!out) {
		log_err(-errno, "%s: create", new_path);
		return;
	}
	print_report(s, out);
	if (fflush(out) || rename(new_path, path))
		log_err(-errno, "%s: write", path);
	else
		log_info("%s: written", path);
}

static void remove_report(const struct supervisor *s)
{
	char path[128];

	snprintf(path, sizeof(path), DAEMON_RUN_DIR "/%s.stats",
		 s->class->program);
	unlink(path);
}

static void on_signal(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap_workers(s);
			break;
		case SIGHUP:
		case SIGUSR1:
			report(s);
			break;
		default:
			stop(s, info.ssi_signo);
		}
	}
}

static void on_drain_timer(struct supervisor *s)
{
	uint64_t count;

	if (read(s->drain_timer_fd, &count, sizeof(count)) <= 0)
		return;
	s->drain_timer_runs = false;
	end_stuck_workers(s);
}

static void on_reopen_timer(struct supervisor *s)
{
	struct xenbus *bus;
	uint64_t count;

	if (read(s->reopen_timer_fd, &count, sizeof(count)) <= 0)
		return;
	TAILQ_FOREACH(bus, &s->devices, link)
		if (bus->reopens)
			supervisor_queue(s, bus);
}

static int on_event(struct supervisor *s, const struct loop_event *event)
{
	switch (event->tag.type) {
	case TAG_STORE:
		/* of one that is over there may be an event left */
		return store_is_open(&s->store) ? on_store(s) : 0;
	case TAG_LINE:
		on_line(s);
		return 0;
	case TAG_RETRY:
		on_retry(s);
		return 0;
	case TAG_SIGNAL:
		on_signal(s);
		return 0;
	case TAG_WORKER:
		on_worker(s, event->tag.id);
		return 0;
	case TAG_DRAIN:
		on_drain_timer(s);
		return 0;
	case TAG_REOPEN:
		on_reopen_timer(s);
		return 0;
	case TAG_STOP:
		log_warn("stopping though not all devices were let go");
		s->ended = true;
		return 0;
	}
	return 0;
}

/* The first look is complete: whoever waited for us may begin. */
static void say_ready(struct supervisor *s)
{
	unsigned int count = 0;
	struct xenbus *bus;

	TAILQ_FOREACH(bus, &s->devices, link)
		count++;
	s->scanned = true;
	log_info("ready (devices there at start: %u)", count);
	daemon_notify("READY=1");
}

static int serve(struct supervisor *s)
{
	struct loop_event events[32];

	while (!s->ended) {
		int n = loop_wait(&s->loop, events, ARRAY_SIZE(events),
				  TAILQ_EMPTY(&s->dirty) ||
				  !store_is_open(&s->store) ? -1 : 0);

		if (n < 0)
			return log_err(n, "wait for events");
		for (int i = 0; i < n; i++) {
			int r = on_event(s, &events[i]);

			if (r < 0)
				return r;
		}
		work(s);
		if (!s->scanned && TAILQ_EMPTY(&s->dirty))
			say_ready(s);
		if (s->stopping && nothing_held(s))
			s->ended = true;
	}
	return 0;
}

static int open_loop(struct supervisor *s)
{
	static const int signals[] = {
		SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD,
	};
	const union loop_tag signal_tag = { .type = TAG_SIGNAL };
	const union loop_tag stop_tag = { .type = TAG_STOP };
	const union loop_tag drain_tag = { .type = TAG_DRAIN };
	const union loop_tag retry_tag = { .type = TAG_RETRY };
	const union loop_tag reopen_tag = { .type = TAG_REOPEN };
	int r = loop_open(&s->loop);

	if (r == 0)
		r = s->signal_fd = loop_signal_fd(signals,
						  ARRAY_SIZE(signals));
	if (r >= 0)
		r = s->stop_timer_fd = loop_timer_fd();
	if (r >= 0)
		r = s->drain_timer_fd = loop_timer_fd();
	if (r >= 0)
		r = s->retry_timer_fd = loop_timer_fd();
	if (r >= 0)
		r = s->reopen_timer_fd = loop_timer_fd();
	if (r >= 0)
		r = loop_add(&s->loop, s->signal_fd, EPOLLIN, signal_tag);
	if (r == 0)
		r = loop_add(&s->loop, s->stop_timer_fd, EPOLLIN, stop_tag);
	if (r == 0)
		r = loop_add(&s->loop, s->drain_timer_fd, EPOLLIN, drain_tag);
	if (r == 0)
		r = loop_add(&s->loop, s->retry_timer_fd, EPOLLIN, retry_tag);
	if (r == 0)
		r = loop_add(&s->loop, s->reopen_timer_fd, EPOLLIN, reopen_tag);
	return r < 0 ? log_err(r, "event loop") : 0;
}

static int open_store(struct supervisor *s)
{
	unsigned int own_domid;
	int r = store_open_batched(&s->store);

	if (r)
		return r;
	r = store_read_uint(&s->store, XBT_NULL, "domid", NULL, 0,
			    DOMID_FIRST_RESERVED - 1, &own_domid);
	if (r == -ENOENT)
		return log_fail(r, "xenstore: this domain has no node 'domid': "
				"in the control domain xen-init-dom0 writes "
				"it, start xen-init-dom0.service");
	if (r)
		return log_err(r, "xenstore: node 'domid'");
	s->own_domid = own_domid;
	path_backends(s->root, sizeof(s->root), s->own_domid, s->class->kind);
	return watch_store(s);
}

static void close_all(struct supervisor *s)
{
	struct workerproc *p;
	struct xenbus *bus;

	s->stopping = true;
	remove_report(s);
	while ((p = TAILQ_FIRST(&s->workers))) {
		workerproc_kill(p, &s->loop);
		free_worker(s, p);
	}
	while ((bus = TAILQ_FIRST(&s->devices))) {
		TAILQ_REMOVE(&s->devices, bus, link);
		xenbus_free(bus);
	}
	store_close(&s->store);
	loop_close(&s->loop);
	cleanup_close(&s->signal_fd);
	cleanup_close(&s->stop_timer_fd);
	cleanup_close(&s->drain_timer_fd);
	cleanup_close(&s->retry_timer_fd);
	cleanup_close(&s->reopen_timer_fd);
}

int supervisor_run(const struct workerproc_options *options)
{
	struct supervisor s = {
		.class = options->class,
		.worker_options = *options,
		.loop.epoll_fd = -1, .signal_fd = -1,
		.stop_timer_fd = -1, .drain_timer_fd = -1,
		.retry_timer_fd = -1, .reopen_timer_fd = -1,
		.started_ns = clock_now_ns(),
	};
	int r;

	TAILQ_INIT(&s.devices);
	TAILQ_INIT(&s.dirty);
	TAILQ_INIT(&s.workers);
	r = open_loop(&s);
	if (r == 0)
		r = open_store(&s);
	if (r == 0)
		r = serve(&s);
	close_all(&s);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
