/* SPDX-License-Identifier: MIT */
/*
 * The process that serves one guest's devices of one class; see worker.h.
 *
 * The main thread takes the supervisor's messages, one at a time, and never
 * waits for a device. A class's own threads report what becomes of theirs
 * through worker_detached() and worker_failed(); a message is one sendmsg(),
 * which keeps those of several threads whole. The table of attachments has a
 * lock for their sake; it is never held while a class is called.
 */
#include "config.h"

#include "lib/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"

/* More devices of a class than any guest can name; memory for them is small. */
#define ATTACHMENTS_MAX 1024

struct slot {
	uint32_t devid;
	bool used;
	bool detaching;
	struct attachment *att;		/* NULL while attach() runs */
	struct stats_row *stats;	/* NULL: it has none */
};

struct worker {
	const struct backend_class *class;
	domid_t domid;
	struct grants grants;
	void *own;			/* by class->prepare() */
	pthread_mutex_t lock;		/* of slots */
	struct slot slots[ATTACHMENTS_MAX];
	struct stats_row nowhere;	/* counts of those without stats */
	struct wire_msg msg;		/* the one being dealt with */
};

/* -- asked by classes ------------------------------------------------------- */

domid_t worker_domid(const struct worker *w)
{
	return w->domid;
}

struct grants *worker_grants(struct worker *w)
{
	return &w->grants;
}

void *worker_own(const struct worker *w)
{
	return w->own;
}

static struct slot *slot_find(struct worker *w, uint32_t devid)
{
	for (unsigned int i = 0; i < ATTACHMENTS_MAX; i++)
		if (w->slots[i].used && w->slots[i].devid == devid)
			return &w->slots[i];
	return NULL;
}

static struct slot *slot_take(struct worker *w, uint32_t devid)
{
	for (unsigned int i = 0; i < ATTACHMENTS_MAX; i++) {
		if (w->slots[i].used)
			continue;
		w->slots[i] = (struct slot) { .devid = devid, .used = true };
		return &w->slots[i];
	}
	return NULL;
}

/* What is not said would be waited for, but our end is an answer, too. */
static void tell(const struct wire_msg *msg)
{
	int r = wire_send(WORKER_SOCKET_FD, msg, NULL, 0);

	/* a supervisor that is gone will not miss us */
	if (r)
		_exit(EXIT_FAILURE);
}

static void say(uint32_t type, uint32_t devid)
{
	const struct wire_msg msg = { .type = type, .devid = devid };

	tell(&msg);
}

static void say_failed(uint32_t devid, int err, const char *reason)
{
	struct wire_msg msg = {
		.type = WIRE_FAILED, .devid = devid, .error = err,
	};

	msg.body_size = snprintf((char *)msg.body, BACKEND_REASON_MAX, "%s",
				 reason) + 1;
	if (msg.body_size > BACKEND_REASON_MAX)
		msg.body_size = BACKEND_REASON_MAX;
	tell(&msg);
}

struct stats_row *worker_stats(struct worker *w, uint32_t devid,
			       unsigned int queue)
{
	struct stats_row *row = &w->nowhere;
	struct slot *slot;

	pthread_mutex_lock(&w->lock);
	slot = slot_find(w, devid);
	if (slot && slot->stats)
		row = &slot->stats[queue % STATS_ROWS];
	pthread_mutex_unlock(&w->lock);
	return row;
}

/* The lock is held. */
static void slot_clear(struct slot *slot)
{
	if (slot->stats)
		stats_unmap(slot->stats);
	slot->stats = NULL;
	slot->used = false;
}

void worker_detached(struct worker *w, uint32_t devid)
{
	struct slot *slot;

	pthread_mutex_lock(&w->lock);
	slot = slot_find(w, devid);
	if (slot)
		slot_clear(slot);
	pthread_mutex_unlock(&w->lock);
	if (slot)
		say(WIRE_DETACHED, devid);
}

void worker_failed(struct worker *w, uint32_t devid, int err,
		   const char *fmt, ...)
{
	char reason[BACKEND_REASON_MAX];
	va_list ap;

	(void)w;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	say_failed(devid, err, reason);
}

/* -- the supervisor's messages ---------------------------------------------- */

static void close_all(const int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		close(fds[i]);
}

static void slot_release(struct worker *w, struct slot *slot)
{
	pthread_mutex_lock(&w->lock);
	slot_clear(slot);
	pthread_mutex_unlock(&w->lock);
}

static void on_attach(struct worker *w, int *fds, unsigned int fd_count)
{
	char reason[BACKEND_REASON_MAX] = "";
	uint32_t devid = w->msg.devid;
	struct attachment *att = NULL;
	struct slot *slot;
	int r;

	pthread_mutex_lock(&w->lock);
	slot = slot_find(w, devid) ? NULL : slot_take(w, devid);
	pthread_mutex_unlock(&w->lock);
	if (!slot) {
		close_all(fds, fd_count);
		say_failed(devid, -EBUSY, "the worker serves it already, or "
			   "too many others");
		return;
	}

	/* the platform's own descriptor is the last */
	if (w->class->counters && fd_count)
		slot->stats = stats_map(fds[--fd_count]);
	r = w->class->attach(w, devid, &w->msg, fds, fd_count, &att, reason);
	if (r) {
		slot_release(w, slot);
		say_failed(devid, r, reason);
		return;
	}
	slot->att = att;
	say(WIRE_ATTACHED, devid);
}

/* The supervisor may ask for what failed to attach: then nothing is held. */
static void on_detach(struct worker *w)
{
	struct attachment *att = NULL;
	bool detaching = false;
	struct slot *slot;

	pthread_mutex_lock(&w->lock);
	slot = slot_find(w, w->msg.devid);
	if (slot) {
		att = slot->att;
		detaching = slot->detaching;
		slot->detaching = true;
	}
	pthread_mutex_unlock(&w->lock);

	if (!slot)
		say(WIRE_DETACHED, w->msg.devid);
	else if (!detaching)
		w->class->detach(att);
}

static void on_update(struct worker *w)
{
	struct attachment *att = NULL;
	struct slot *slot;

	pthread_mutex_lock(&w->lock);
	slot = slot_find(w, w->msg.devid);
	if (slot && !slot->detaching)
		att = slot->att;
	pthread_mutex_unlock(&w->lock);
	if (att && w->class->update)
		w->class->update(att, &w->msg);
}

static void on_message(struct worker *w, int *fds, unsigned int fd_count)
{
	if (w->msg.type == WIRE_ATTACH) {
		on_attach(w, fds, fd_count);
		return;
	}
	close_all(fds, fd_count);
	if (w->msg.type == WIRE_DETACH)
		on_detach(w);
	else if (w->msg.type == WIRE_UPDATE)
		on_update(w);
}

/* 0 when the supervisor hung up, which is how it ends a worker. */
static int serve(struct worker *w)
{
	struct pollfd p = { .fd = WORKER_SOCKET_FD, .events = POLLIN };
	int fds[WIRE_FDS_MAX];
	unsigned int fd_count;

	for (;;) {
		int r;

		if (poll(&p, 1, -1) == -1 && errno != EINTR)
			return log_err(-errno, "wait for the supervisor");
		r = wire_recv(WORKER_SOCKET_FD, &w->msg, fds, &fd_count);
		if (r == 1)
			on_message(w, fds, fd_count);
		else if (r == 0)
			return 0;
		else if (r != -EAGAIN)
			return log_err(r, "message of the supervisor");
	}
}

int worker_main(const struct backend_class *class, domid_t domid,
		const char *user)
{
	struct sandbox sandbox = {
		.syscalls = class->syscalls,
		.ioctls = class->ioctls,
	};
	const struct wire_msg ready = { .type = WIRE_READY };
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return EXIT_FAILURE;
	w->class = class;
	w->domid = domid;
	pthread_mutex_init(&w->lock, NULL);

	if (sandbox_user(user, &sandbox) || grants_open(&w->grants) ||
	    (class->prepare && class->prepare(&w->own)) ||
	    sandbox_enter(&sandbox))
		return EXIT_FAILURE;
	if (wire_send(WORKER_SOCKET_FD, &ready, NULL, 0))
		return EXIT_FAILURE;
	return serve(w) ? EXIT_FAILURE : EXIT_SUCCESS;
}
