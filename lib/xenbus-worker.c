/* SPDX-License-Identifier: MIT */
/*
 * A device and the worker that serves it: it is handed over, asked back, and
 * what the worker says, or its death, brings the handshake on.
 */
#include "config.h"

#include "lib/xenbus-parts.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/supervisor.h"

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

void xenbus_drain(struct xenbus *bus)
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

int xenbus_attach(struct xenbus *bus, struct workerproc *worker)
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
