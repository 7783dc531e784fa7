/* SPDX-License-Identifier: MIT */
/*
 * The backend's half of the xenbus handshake for one device.
 *
 * Theory of operation
 * -------------------
 * Events (a watch, a worker's message, a signal) only note what is to be
 * looked at and queue the device. xenbus_work() then reads that much of
 * xenstore, and nothing else, and carries out backend_step()'s decisions
 * until there is none left. Ten events for a device cost one look.
 *
 * What is written for one step goes into one transaction, which first reads
 * our own state: when the toolstack has removed the folder meanwhile, a write
 * would make it again and leak it; when it has written Closing, that is to be
 * seen first. The transaction makes reading and writing one.
 *
 * What a frontend wrote is read outside of transactions: whatever mixture of
 * old and new a frontend shows that writes at the same time, each value is
 * checked, and the state it writes last brings us back.
 *
 * Requests for a device that is made, connects and goes, beside what the
 * hooks ask: 8 to find and watch it, 5 to InitWait, 1 for each state that
 * either side writes, 4 to Connected, 3 for Closed, 1 to unwatch.
 */
#include "config.h"

#include "lib/xenbus.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/supervisor.h"
#include "xenstore-schema/paths.h"

/* backend_step() comes to rest in fewer; more is our own bug. */
#define STEPS_MAX 16

/* Fewer are enough when nothing is wrong with xenstore. */
#define LOOKS 4

/* Lines a minute that one device may log. */
#define LINES_MAX 12

/* Longest kind of error value: "-NNN " and the reason. */
#define ERROR_SIZE (BACKEND_REASON_MAX + 16)

_Static_assert(STORE_PATH_MAX <= BACKEND_PATH_MAX, "a path of ours fits");

/* -- failing ---------------------------------------------------------------- */

static void fail_reason(struct xenbus *bus, int err, const char *reason)
{
	struct backend_device *dev = bus->dev;

	/* the first reason is the cause, what follows its consequence */
	if (bus->view.failed)
		return;
	bus->view.failed = true;
	bus->view.anew = false;
	bus->error = err;
	if (reason != dev->reason)
		snprintf(dev->reason, sizeof(dev->reason), "%s", reason);
	if (log_allowed(&bus->limit, LINES_MAX))
		log_fail(err, "%s: %s", dev->name, dev->reason);
}

int backend_fail(struct backend_device *dev, int err, const char *fmt, ...)
{
	char reason[BACKEND_REASON_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (err != -EPROTO && n >= 0 && (size_t)n < sizeof(reason))
		snprintf(reason + n, sizeof(reason) - n, ": %s",
			 strerror(-err));
	fail_reason(dev->bus, err, reason);
	return err;
}

/* A hook failed; should it have kept the reason to itself, say what there is. */
static void hook_failed(struct xenbus *bus, int err, const char *what)
{
	if (!bus->view.failed)
		backend_fail(bus->dev, err, "%s", what);
}

void backend_say(struct backend_device *dev, const char *fmt, ...)
{
	char line[BACKEND_REASON_MAX];
	va_list ap;

	if (!log_allowed(&dev->bus->limit, LINES_MAX))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_info("%s: %s", dev->name, line);
}

/* -- writing ---------------------------------------------------------------- */

struct change {
	struct xenbus *bus;
	enum bus_state state;		/* to write last */
	/* the class's share; NULL: none */
	int (*hook)(struct backend_device *dev, xs_transaction_t t);
};

/* It fails before it ever was InitWait. */
static bool never_ready(const struct xenbus *bus)
{
	return bus->view.mine == BUS_INITIALISING;
}

static int write_error(struct xenbus *bus, xs_transaction_t t)
{
	struct backend_device *dev = bus->dev;
	char path[STORE_PATH_MAX];
	char text[ERROR_SIZE];
	int r;

	path_backend_error(path, sizeof(path), bus->sup->own_domid,
			   bus->sup->class->kind, dev->domid, dev->devid);
	/* as the kernel's backends word it */
	snprintf(text, sizeof(text), "%d %s", bus->error, dev->reason);
	r = store_write(dev->store, t, path, NULL, text);
	if (r || !never_ready(bus))
		return r;

	/* a toolstack that waits for InitWait looks here */
	r = store_write(dev->store, t, dev->path, "hotplug-error",
			dev->reason);
	return r ? r : store_write(dev->store, t, dev->path, "hotplug-status",
				   "error");
}

/* Its error node, and the folders above that hold nothing else. */
static int remove_error(struct store *store, xs_transaction_t t, void *arg)
{
	static const unsigned int levels = 4; /* guest, kind, backend, error */
	const struct xenbus *bus = arg;
	char path[STORE_PATH_MAX];
	int r;

	path_backend_error(path, sizeof(path), bus->sup->own_domid,
			   bus->sup->class->kind, bus->dev->domid,
			   bus->dev->devid);
	*strrchr(path, '/') = '\0';
	r = store_remove(store, t, path, NULL);
	for (unsigned int i = 0; r == 0 && i < levels; i++) {
		CLEANUP_FREE char **names = NULL;
		unsigned int count;

		*strrchr(path, '/') = '\0';
		r = store_list(store, t, path, NULL, &names, &count);
		if (r || count)
			break;
		r = store_remove(store, t, path, NULL);
	}
	return r == -ENOENT ? 0 : r;
}

static int clean_errors(struct xenbus *bus, xs_transaction_t t)
{
	struct backend_device *dev = bus->dev;
	int r = 0;

	if (bus->has_error_node)
		r = remove_error(dev->store, t, bus);
	if (r == 0 && bus->has_hotplug_error)
		r = store_remove(dev->store, t, dev->path, "hotplug-error");
	if (r == 0 && bus->has_hotplug_error)
		r = store_remove(dev->store, t, dev->path, "hotplug-status");
	return r;
}

static int read_state(struct xenbus *bus, xs_transaction_t t,
		      const char *folder, enum bus_state *ret)
{
	char value[8];
	int r = store_read(bus->dev->store, t, folder, "state", value,
			   sizeof(value));

	*ret = BUS_ILLEGAL; /* there, but too long, or not text */
	if (r == -ENOENT)
		*ret = BUS_GONE;
	else if (r == 0)
		*ret = bus_state_parse(value);
	else if (r != -E2BIG && r != -EINVAL)
		return r;
	return 0;
}

static int read_online(struct xenbus *bus, xs_transaction_t t, bool *ret)
{
	unsigned int online;
	int r = store_read_uint_or(bus->dev->store, t, bus->dev->path,
				   "online", 0, 1, 0, &online);

	if (r == -EINVAL || r == -ERANGE)
		online = r = 0;
	if (r == 0)
		*ret = online;
	return r;
}

/*
 * Is what the step was decided from still so? -ESTALE: somebody else wrote or
 * removed our state. Nor is the next driver let in to a device that is being
 * unplugged: the event of `online` may come behind that of its `state`, which
 * says nothing new when it is what we had written.
 */
static int check_view(struct xenbus *bus, xs_transaction_t t,
		      enum bus_state next)
{
	enum bus_state now;
	bool online;
	int r = read_state(bus, t, bus->dev->path, &now);

	if (r == 0 && now != bus->view.mine)
		r = -ESTALE;
	if (r || next != BUS_INITWAIT)
		return r;
	r = read_online(bus, t, &online);
	return r == 0 && online != bus->view.online ? -ESTALE : r;
}

static int write_change(struct store *store, xs_transaction_t t, void *arg)
{
	const struct change *c = arg;
	struct xenbus *bus = c->bus;
	int r = check_view(bus, t, c->state);

	if (r == 0 && c->hook)
		r = c->hook(bus->dev, t);
	if (r == 0)
		r = bus->view.failed ? write_error(bus, t) :
				       clean_errors(bus, t);
	if (r == 0)
		r = store_write(store, t, bus->dev->path, "state",
				bus_state_value(c->state));
	return r;
}

/* 0, or what made it impossible; the view is brought in line. */
static int go(struct xenbus *bus, enum bus_state state,
	      int (*hook)(struct backend_device *dev, xs_transaction_t t))
{
	struct change c = { .bus = bus, .state = state, .hook = hook };
	bool failed = bus->view.failed, hotplug = never_ready(bus);
	int r = store_transact(bus->dev->store, write_change, &c);

	if (r == -ESTALE) {
		/* the toolstack was quicker */
		bus->look_own = bus->look_online = true;
		return r;
	}
	if (r) {
		/* hung up on, the device is looked at again later */
		if (!store_hung_up(bus->dev->store))
			hook_failed(bus, r, "writing its nodes");
		return r;
	}
	log_debug("%s: %s -> %s", bus->dev->name,
		  bus_state_name(bus->view.mine), bus_state_name(state));
	bus->view.mine = state;
	bus->has_error_node = failed;
	bus->has_hotplug_error = failed &&
				 (hotplug || bus->has_hotplug_error);
	return 0;
}

/* -- looking ---------------------------------------------------------------- */

static void make_token(const struct xenbus *bus, char *token, size_t size)
{
	snprintf(token, size, "f%u", bus->id);
}

static void forget_frontend(struct xenbus *bus)
{
	char token[16];

	if (!bus->identified)
		return;
	bus->identified = false;
	bus->frontend_seen = false;
	bus->look_frontend = false;
	bus->view.frontend = BUS_UNKNOWN;
	if (!bus->dev->frontend[0])
		return;
	make_token(bus, token, sizeof(token));
	store_unwatch(bus->dev->store, bus->dev->frontend, "state", token);
	bus->dev->frontend[0] = '\0';
}

/* A device whose frontend must not be believed has none: GONE, for good. */
static int disown_frontend(struct xenbus *bus, const char *why)
{
	struct backend_device *dev = bus->dev;

	backend_fail(dev, -EPROTO, "frontend '%.100s': %s", dev->frontend, why);
	dev->frontend[0] = '\0';
	bus->identified = true;
	bus->frontend_seen = true;
	bus->view.frontend = BUS_GONE;
	return 0;
}

/*
 * Who is on the other side. Only our own folder is believed about that, and
 * what it says must agree with itself. -ENOENT: not all written yet.
 */
static int identify(struct xenbus *bus)
{
	struct backend_device *dev = bus->dev;
	unsigned int frontend_id;
	char token[16];
	int r;

	r = store_read(dev->store, XBT_NULL, dev->path, "frontend",
		       dev->frontend, sizeof(dev->frontend));
	if (r == -E2BIG || r == -EINVAL)
		return disown_frontend(bus, "not a path");
	if (r)
		return r;
	r = store_read_uint(dev->store, XBT_NULL, dev->path, "frontend-id", 0,
			    DOMID_FIRST_RESERVED - 1, &frontend_id);
	if (r == -EINVAL || r == -ERANGE ||
	    (r == 0 && frontend_id != dev->domid))
		return disown_frontend(bus, "frontend-id is another domain");
	if (r)
		return r;
	if (!path_is_frontend_of(dev->frontend, dev->domid))
		return disown_frontend(bus, "not a device of that domain");

	/*
	 * The node `state` alone, never the folder: what else the guest writes
	 * there, and how often, must not reach us (XSA-349).
	 */
	make_token(bus, token, sizeof(token));
	r = store_watch(dev->store, dev->frontend, "state", token);
	if (r)
		return r;
	bus->identified = true;
	return 0;
}

static int look_own(struct xenbus *bus)
{
	enum bus_state now;
	int r = read_state(bus, XBT_NULL, bus->dev->path, &now);

	if (r)
		return r;
	bus->look_own = false;
	bus->view.present = now != BUS_GONE;
	if (!bus->view.present)
		return 0;
	/* over a state of ours: the folder was removed and made again */
	if (now == BUS_INITIALISING && bus->view.mine != BUS_INITIALISING) {
		forget_frontend(bus);
		bus->view.failed = false;
		bus->has_hotplug_error = false;
		bus->look_online = true;
	}
	/* what a daemon before us had to say about it is ours to remove */
	if (bus->view.mine == BUS_GONE && now != BUS_INITIALISING)
		bus->has_error_node = true;
	bus->view.mine = now;
	return 0;
}

static int look_online(struct xenbus *bus)
{
	int r = read_online(bus, XBT_NULL, &bus->view.online);

	if (r == 0)
		bus->look_online = false;
	return r;
}

static int look_frontend(struct xenbus *bus)
{
	enum bus_state was = bus->view.frontend;
	int r = read_state(bus, XBT_NULL, bus->dev->frontend,
			   &bus->view.frontend);

	if (r)
		return r;
	bus->look_frontend = false;
	bus->frontend_seen = true;
	/* the same driver does not come this way, only what came after it */
	if (was != BUS_UNKNOWN && was != bus->view.frontend &&
	    bus->view.frontend == BUS_INITIALISING)
		bus->view.anew = true;
	if (was != bus->view.frontend)
		log_debug("%s: frontend is %s", bus->dev->name,
			  bus_state_name(bus->view.frontend));
	return 0;
}

/* 0; -ENOENT: the toolstack has not written all of it yet. */
static int look(struct xenbus *bus)
{
	int r = 0;

	if (bus->look_own)
		r = look_own(bus);
	if (r || !bus->view.present)
		return r;
	if (bus->look_online)
		r = look_online(bus);
	if (r == 0 && !bus->identified)
		r = identify(bus);
	if (r == 0 && bus->look_frontend && bus->dev->frontend[0])
		r = look_frontend(bus);
	return r;
}

/* -- the worker ------------------------------------------------------------- */

static void rings_gone(struct xenbus *bus)
{
	const struct backend_class *class = bus->sup->class;

	bus->requests_before = bus->dev->store->requests;
	bus->view.rings = RINGS_NONE;
	bus->view.announced = false;
	bus->worker = NULL;
	if (class->detached)
		class->detached(bus->dev);
}

static void drain(struct xenbus *bus)
{
	const struct wire_msg msg = {
		.type = WIRE_DETACH, .devid = bus->dev->devid,
	};
	int r;

	if (bus->view.rings != RINGS_ATTACHING &&
	    bus->view.rings != RINGS_ATTACHED)
		return;
	bus->view.rings = RINGS_DETACHING;
	bus->drain_ns = clock_now_ns();
	supervisor_drains(bus->sup);
	r = wire_send(bus->worker->sock, &msg, NULL, 0);
	if (r)
		/* it does not read any more; its death brings us on */
		workerproc_kill(bus->worker, &bus->sup->loop);
}

static void close_sent(const int *fds, unsigned int count, uint64_t mask)
{
	for (unsigned int i = 0; i < count; i++)
		if (mask & UINT64_C(1) << i)
			close(fds[i]);
}

/* Its counters go last, for worker.c to take. */
static int add_stats(struct xenbus *bus, int *fds, unsigned int *count)
{
	int r = 0;

	if (!bus->sup->class->counters)
		return 0;
	if (*count == WIRE_FDS_MAX)
		return backend_fail(bus->dev, -EMFILE, "descriptors for the "
				    "worker");
	if (!bus->stats.rows)
		r = stats_open(&bus->stats);
	if (r)
		return backend_fail(bus->dev, r, "memory for its counters");
	fds[(*count)++] = bus->stats.fd;
	return 0;
}

static int send_attach(struct xenbus *bus, struct workerproc *worker)
{
	struct wire_msg msg = {
		.type = WIRE_ATTACH, .devid = bus->dev->devid,
	};
	int fds[WIRE_FDS_MAX];
	unsigned int count = 0;
	uint64_t close_mask = 0;
	int r;

	r = bus->sup->class->connect(bus->dev, XBT_NULL, &msg, fds, &count,
				     &close_mask);
	if (r == 0)
		r = add_stats(bus, fds, &count);
	if (r == 0) {
		r = wire_send(worker->sock, &msg, fds, count);
		if (r)
			backend_fail(bus->dev, r, "the guest's worker takes "
				     "no messages");
	}
	close_sent(fds, count, close_mask);
	return r;
}

/* -- the steps -------------------------------------------------------------- */

static void close_behind(struct xenbus *bus)
{
	if (bus->view.opened)
		bus->sup->class->close(bus->dev);
	bus->view.opened = false;
}

static void step_reopen(struct xenbus *bus)
{
	const struct backend_class *class = bus->sup->class;
	int r = 0;

	if (!bus->view.opened)
		r = class->open(bus->dev);
	if (r) {
		hook_failed(bus, r, "open");
		return;
	}
	bus->view.opened = true;
	if (go(bus, BUS_INITWAIT, class->features) == 0)
		backend_say(bus->dev, "waiting for its guest");
}

static void step_open(struct xenbus *bus)
{
	struct backend_device *dev = bus->dev;

	/* what the class remembers is of an older device at this path */
	close_behind(bus);
	memset(dev + 1, 0, bus->sup->class->device_size - sizeof(*dev));
	step_reopen(bus);
}

/*
 * The guest is connected to a daemon that is no more. What it had under way
 * is not known, so it is told that its device is gone, rather than left to
 * wait for answers that never come.
 */
static void step_resume(struct xenbus *bus)
{
	backend_fail(bus->dev, -EPROTO, "the %s that served it ended while it "
		     "was connected", bus->sup->class->program);
}

static void step_connect(struct xenbus *bus)
{
	struct workerproc *worker;
	int r = supervisor_worker(bus->sup, bus->dev->domid, &worker);

	/* the last one is on its way out, and its end brings us back */
	if (r == -EBUSY)
		return;
	if (r) {
		hook_failed(bus, r, "start a worker");
		return;
	}
	r = send_attach(bus, worker);
	/* EAGAIN: its nodes are not complete, the next state says more */
	if (r && r != -EAGAIN)
		hook_failed(bus, r, "read what the frontend wrote");
	if (r)
		return;
	bus->worker = worker;
	bus->view.rings = RINGS_ATTACHING;
}

static void step_connected(struct xenbus *bus)
{
	if (go(bus, BUS_CONNECTED, bus->sup->class->publish))
		return;
	bus->view.announced = true;
	backend_say(bus->dev, "connected");
	log_debug("%s: %llu xenstore requests to get there", bus->dev->name,
		  (unsigned long long)(bus->dev->store->requests -
				       bus->requests_before));
}

static void step_disconnect(struct xenbus *bus)
{
	if (go(bus, BUS_CLOSING, NULL) == 0)
		drain(bus);
}

static void step_closed(struct xenbus *bus)
{
	if (go(bus, BUS_CLOSED, NULL) == 0)
		backend_say(bus->dev, "closed");
}

static void carry_out(struct xenbus *bus, enum backend_step step)
{
	log_debug("%s: step %s", bus->dev->name, backend_step_name(step));
	switch (step) {
	case BACKEND_NOTHING:
	case BACKEND_STEPS:
		break;
	case BACKEND_OPEN:
		step_open(bus);
		break;
	case BACKEND_RESUME:
		step_resume(bus);
		break;
	case BACKEND_CONNECT:
		step_connect(bus);
		break;
	case BACKEND_CONNECTED:
		step_connected(bus);
		break;
	case BACKEND_RESUMED:
		bus->view.announced = true;
		break;
	case BACKEND_DRAIN:
		drain(bus);
		break;
	case BACKEND_DISCONNECT:
		step_disconnect(bus);
		break;
	case BACKEND_CLOSED:
		step_closed(bus);
		break;
	case BACKEND_FORGIVE:
		bus->view.failed = false;
		bus->view.anew = false;
		break;
	case BACKEND_REOPEN:
		step_reopen(bus);
		break;
	case BACKEND_REMOVE:
		bus->over = true;
		break;
	}
}

/* Does the step need to know what the frontend is doing? */
static bool view_complete(const struct xenbus *bus)
{
	return bus->frontend_seen || !bus->view.present ||
	       bus->view.mine == BUS_INITIALISING;
}

bool xenbus_work(struct xenbus *bus)
{
	for (unsigned int i = 0; i < STEPS_MAX; i++) {
		enum backend_step step;
		int r;

		/* hung up on: nothing works until we are connected again */
		if (i >= LOOKS && store_hung_up(bus->dev->store))
			return false;
		r = look(bus);
		/* an event will come for the rest */
		if (r == -ENOENT || r == -EACCES || (!r && !view_complete(bus)))
			return false;
		/* xenstored's trouble, which nobody will tell to be over */
		if (r)
			continue;
		step = backend_step(&bus->view);
		if (step == BACKEND_NOTHING)
			return false;
		carry_out(bus, step);
		if (bus->over)
			return true;
		/* not complete: looking on would ask the same again */
		if (step == BACKEND_CONNECT &&
		    bus->view.rings == RINGS_NONE && !bus->view.failed)
			return false;
	}
	if (log_allowed(&bus->limit, LINES_MAX))
		log_fail(-ELOOP, "%s: no rest in %s, frontend %s",
			 bus->dev->name, bus_state_name(bus->view.mine),
			 bus_state_name(bus->view.frontend));
	return false;
}

/* -- what stock xl leaves --------------------------------------------------- */

/* -ENOENT: no toolstack knows of the device. */
static int read_entry(const struct xenbus *bus, xs_transaction_t t)
{
	const struct backend_device *dev = bus->dev;
	char dir[STORE_PATH_MAX], backend[BACKEND_PATH_MAX];
	int r = path_libxl_device(dir, sizeof(dir), dev->domid,
				  bus->sup->class->noun, dev->devid);

	if (r == 0)
		r = store_read(dev->store, t, dir, "backend", backend,
			       sizeof(backend));
	if (r == 0 && strcmp(backend, dev->path) != 0)
		r = -ENOENT;
	return r;
}

static int remove_if_empty(struct store *s, xs_transaction_t t,
			   const char *dir)
{
	CLEANUP_FREE char **names = NULL;
	unsigned int count;
	int r = store_list(s, t, dir, NULL, &names, &count);

	if (r || count)
		return r == -ENOENT ? 0 : r;
	return store_remove(s, t, dir, NULL);
}

/* Nothing has changed about it since it was looked at, or it stays. */
static int remove_forgotten(struct store *s, xs_transaction_t t, void *arg)
{
	struct xenbus *bus = arg;
	const struct backend_device *dev = bus->dev;
	char dir[STORE_PATH_MAX];
	enum bus_state mine, frontend;
	int r = read_state(bus, t, dev->path, &mine);

	if (r == 0)
		r = read_state(bus, t, dev->frontend, &frontend);
	if (r)
		return r;
	if (mine != BUS_CLOSED || frontend != BUS_GONE ||
	    read_entry(bus, t) != -ENOENT)
		return -ECANCELED;
	r = store_remove(s, t, dev->path, NULL);
	if (r == 0)
		r = path_backend_guest(dir, sizeof(dir), bus->sup->own_domid,
				       bus->sup->class->kind, dev->domid);
	return r ? r : remove_if_empty(s, t, dir);
}

void xenbus_tidy(struct xenbus *bus)
{
	if (!bus->view.present || !bus->identified || !bus->dev->frontend[0])
		return;
	/* only what was there can have been taken away */
	if (!bus->entry_seen) {
		int r = read_entry(bus, XBT_NULL);

		bus->entry = r == 0;
		bus->entry_seen = r == 0 || r == -ENOENT || r == -EACCES;
	}
	if (!bus->entry || bus->view.mine != BUS_CLOSED ||
	    bus->view.frontend != BUS_GONE || bus->view.rings != RINGS_NONE ||
	    read_entry(bus, XBT_NULL) != -ENOENT)
		return;
	if (store_transact(bus->dev->store, remove_forgotten, bus) == 0)
		backend_say(bus->dev, "removed: its toolstack has forgotten it");
}

/* -- events ----------------------------------------------------------------- */

static void node_changed(struct xenbus *bus, const char *node)
{
	struct wire_msg msg = {
		.type = WIRE_UPDATE, .devid = bus->dev->devid,
	};

	if (!bus->view.opened || !bus->sup->class->changed ||
	    bus->sup->class->changed(bus->dev, node, &msg) != 1)
		return;
	if (bus->view.rings == RINGS_ATTACHING ||
	    bus->view.rings == RINGS_ATTACHED)
		wire_send(bus->worker->sock, &msg, NULL, 0);
}

void xenbus_own_event(struct xenbus *bus, const char *node)
{
	if (!*node) {
		/* the folder: made, or removed */
		bus->look_own = bus->look_online = true;
	} else if (strcmp(node, "state") == 0) {
		bus->look_own = true;
	} else if (strcmp(node, "online") == 0) {
		bus->look_online = true;
	} else {
		node_changed(bus, node);
		/* may be what identify() was waiting for */
		if (bus->identified && !bus->view.failed)
			return;
	}
	supervisor_queue(bus->sup, bus);
}

void xenbus_frontend_event(struct xenbus *bus)
{
	bus->look_frontend = true;
	supervisor_queue(bus->sup, bus);
}

void xenbus_look_anew(struct xenbus *bus)
{
	bus->look_own = bus->look_online = true;
	bus->identified = bus->frontend_seen = false;
	supervisor_queue(bus->sup, bus);
}

void xenbus_stop(struct xenbus *bus)
{
	if (bus->view.rings == RINGS_NONE)
		return;
	fail_reason(bus, -ESHUTDOWN, "the daemon was stopped");
	supervisor_queue(bus->sup, bus);
}

void xenbus_report(const struct xenbus *bus, FILE *out)
{
	const struct backend_device *dev = bus->dev;

	fprintf(out, "{\"device\": \"%s\", \"domid\": %u, \"devid\": %u, "
		"\"state\": \"%s\", \"frontend\": \"%s\", \"counters\": ",
		dev->name, (unsigned int)dev->domid, dev->devid,
		bus_state_name(bus->view.mine),
		bus_state_name(bus->view.frontend));
	stats_print(&bus->stats, bus->sup->class->counters, out);
	fputc('}', out);
}

/* The worker's words are a guest's, at worst: text, and not too much. */
static void worker_failed_it(struct xenbus *bus, const struct wire_msg *msg)
{
	char reason[BACKEND_REASON_MAX];
	size_t size = msg->body_size;

	if (size > sizeof(reason) - 1)
		size = sizeof(reason) - 1;
	memcpy(reason, msg->body, size);
	reason[size] = '\0';
	for (char *p = reason; *p; p++)
		if (!isprint((unsigned char)*p))
			*p = '?';
	if (msg->error < 0 && msg->error > -4096)
		backend_fail(bus->dev, msg->error, "%s", reason);
	else
		backend_fail(bus->dev, -EPROTO, "%s", reason);
}

void xenbus_worker_said(struct xenbus *bus, const struct wire_msg *msg)
{
	const struct backend_class *class = bus->sup->class;

	switch (msg->type) {
	case WIRE_ATTACHED:
		if (bus->view.rings != RINGS_ATTACHING)
			return;
		bus->view.rings = RINGS_ATTACHED;
		if (class->attached)
			class->attached(bus->dev);
		break;
	case WIRE_DETACHED:
		if (bus->view.rings != RINGS_DETACHING)
			return;
		rings_gone(bus);
		break;
	case WIRE_FAILED:
		/*
		 * What it was asked to let go of may fail as it likes: the
		 * device at this path may be another one by now.
		 */
		if (bus->view.rings != RINGS_ATTACHING &&
		    bus->view.rings != RINGS_ATTACHED)
			return;
		worker_failed_it(bus, msg);
		break;
	default:
		return;
	}
	supervisor_queue(bus->sup, bus);
}

void xenbus_worker_died(struct xenbus *bus, const char *explain)
{
	if (bus->view.rings == RINGS_NONE)
		return;
	/* had it been asked to let go, then it has done so */
	if (bus->view.rings != RINGS_DETACHING)
		backend_fail(bus->dev, -EPROTO, "its worker process was %s",
			     explain);
	rings_gone(bus);
	supervisor_queue(bus->sup, bus);
}

/* -- life ------------------------------------------------------------------- */

int xenbus_new(struct supervisor *sup, domid_t domid, unsigned int devid,
	       struct xenbus **ret)
{
	CLEANUP_FREE struct xenbus *bus = calloc(1, sizeof(*bus));
	CLEANUP_FREE struct backend_device *dev =
		calloc(1, sup->class->device_size);

	if (!bus || !dev)
		return log_err(-ENOMEM, "%s %u/%u", sup->class->noun,
			       (unsigned int)domid, devid);
	*bus = (struct xenbus) {
		.sup = sup, .dev = dev, .id = sup->next_id++,
		.view = { .mine = BUS_GONE, .frontend = BUS_UNKNOWN },
		.look_own = true, .look_online = true,
		.stats.fd = -1, .requests_before = sup->store.requests,
	};
	*dev = (struct backend_device) {
		.sup = sup, .store = &sup->store, .bus = bus,
		.domid = domid, .devid = devid,
	};
	path_backend(dev->path, sizeof(dev->path), sup->own_domid,
		     sup->class->kind, domid, devid);
	snprintf(dev->name, sizeof(dev->name), "%s %u/%u", sup->class->noun,
		 (unsigned int)domid, devid);
	dev = NULL;
	*ret = STEAL_PTR(bus);
	return 0;
}

void xenbus_free(struct xenbus *bus)
{
	close_behind(bus);
	stats_close(&bus->stats);
	/* a daemon that stops leaves word, its watches go with it */
	if (!bus->sup->stopping) {
		forget_frontend(bus);
		if (bus->has_error_node)
			store_transact(bus->dev->store, remove_error, bus);
	}
	free(bus->dev);
	free(bus);
}
