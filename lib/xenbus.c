/* SPDX-License-Identifier: MIT */
/*
 * The backend's half of the xenbus handshake for one device.
 *
 * Theory of operation
 * -------------------
 * Events (a watch, a worker's message, a signal) only note what is to be
 * looked at and queue the device. xenbus_work() then reads that much of
 * xenstore, and nothing else (xenbus-look.c), and carries out backend_step()'s
 * decisions until there is none left: it writes (xenbus-write.c), and hands the
 * device to a worker and back (xenbus-worker.c). Ten events for a device cost
 * one look.
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
 * hooks ask: 6 to find and watch it, 5 to InitWait, 1 for each state that
 * either side writes, 4 to Connected, 3 for Closed, 1 to unwatch.
 */
#include "config.h"

#include "lib/xenbus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/supervisor.h"
#include "lib/xenbus-parts.h"
#include "xenstore-schema/paths.h"

/* backend_step() comes to rest in fewer; more is our own bug. */
#define STEPS_MAX 16

/* Fewer are enough when nothing is wrong with xenstore. */
#define LOOKS 4

_Static_assert(STORE_PATH_MAX <= BACKEND_PATH_MAX, "a path of ours fits");

/* -- the steps ------------------------------------------------------------- */

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
	bus->reopens = r == -EAGAIN && !bus->view.failed;
	if (bus->reopens) {
		supervisor_reopens(bus->sup);
		return;
	}
	if (r) {
		xenbus_hook_failed(bus, r, "open");
		return;
	}
	bus->view.opened = true;
	if (xenbus_go(bus, BUS_INITWAIT, class->features) == 0)
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
		xenbus_hook_failed(bus, r, "start a worker");
		return;
	}
	r = xenbus_attach(bus, worker);
	/* EAGAIN: its nodes are not complete, the next state says more */
	if (r && r != -EAGAIN)
		xenbus_hook_failed(bus, r, "read what the frontend wrote");
	if (r)
		return;
	bus->worker = worker;
	bus->view.rings = RINGS_ATTACHING;
}

static void step_connected(struct xenbus *bus)
{
	if (xenbus_go(bus, BUS_CONNECTED, bus->sup->class->publish))
		return;
	bus->view.announced = true;
	backend_say(bus->dev, "connected");
	log_debug("%s: %llu xenstore requests to get there", bus->dev->name,
		  (unsigned long long)(bus->dev->store->requests -
				       bus->requests_before));
}

static void step_disconnect(struct xenbus *bus)
{
	if (xenbus_go(bus, BUS_CLOSING, NULL) == 0)
		xenbus_drain(bus);
}

static void step_closed(struct xenbus *bus)
{
	if (xenbus_go(bus, BUS_CLOSED, NULL) == 0)
		backend_say(bus->dev, "closed");
}

static void carry_out(struct xenbus *bus, enum backend_step step)
{
	log_debug("%s: step %s", bus->dev->name, backend_step_name(step));
	bus->reopens = false;
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
		xenbus_drain(bus);
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
		r = xenbus_look(bus);
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
		/* not free, not complete: looking on would ask the same again */
		if (bus->reopens)
			return false;
		if (step == BACKEND_CONNECT &&
		    bus->view.rings == RINGS_NONE && !bus->view.failed)
			return false;
	}
	if (log_allowed(&bus->limit, XENBUS_LINES_MAX))
		log_fail(-ELOOP, "%s: no rest in %s, frontend %s",
			 bus->dev->name, bus_state_name(bus->view.mine),
			 bus_state_name(bus->view.frontend));
	return false;
}

/* -- events ---------------------------------------------------------------- */

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
	xenbus_fail_reason(bus, -ESHUTDOWN, "the daemon was stopped");
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

/* -- life ------------------------------------------------------------------ */

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
		xenbus_forget_frontend(bus);
		if (bus->has_error_node)
			store_transact(bus->dev->store, xenbus_remove_error,
				       bus);
	}
	free(bus->dev);
	free(bus);
}
