/* SPDX-License-Identifier: MIT */
/*
 * Watches of xenstore, their events, and waiting for a node; see store.h.
 */
#include "config.h"

#include "lib/store.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/store-batch.h"
#include "lib/store-request.h"

/* PATH and TOKEN, each with its NUL. */
static int change_watch(struct store *s, uint32_t type, const char *path,
			const char *token)
{
	return store_change(s, XBT_NULL, type, path, token, strlen(token) + 1);
}

int store_watch(struct store *s, const char *dir, const char *node,
		const char *token)
{
	char path[STORE_PATH_SIZE];
	int r = store_begin(s, path, dir, node);

	if (r)
		return r;
	if (s->batch)
		return change_watch(s, XS_WATCH, path, token);
	return xs_watch(s->xs, path, token) ?
		0 : store_request_fail(s, "watch", path);
}

int store_unwatch(struct store *s, const char *dir, const char *node,
		  const char *token)
{
	char path[STORE_PATH_SIZE];
	int r = store_begin(s, path, dir, node);

	if (r)
		return r;
	if (s->batch) {
		r = change_watch(s, XS_UNWATCH, path, token);
		store_batch_forget_events(s->batch, path, token);
		return r;
	}
	return xs_unwatch(s->xs, path, token) ?
		0 : store_request_fail(s, "unwatch", path);
}

int store_next_event(struct store *s, char *path, size_t path_size,
		     char *token, size_t token_size)
{
	CLEANUP_FREE char **event = NULL;
	int r;

	if (s->batch) {
		r = store_batch_next_event(s->batch, path, path_size, token,
					   token_size);
		return r < 0 ? log_err(r, "xenstore: watch events") : r;
	}
	event = xs_check_watch(s->xs);
	if (!event) {
		if (errno == EAGAIN || errno == 0)
			return 0;
		return log_err(-errno, "xenstore: watch events");
	}
	snprintf(path, path_size, "%s", event[XS_WATCH_PATH]);
	snprintf(token, token_size, "%s", event[XS_WATCH_TOKEN]);
	return 1;
}

/* Take what has come; all of it only says 'look again'. */
static int drain_events(struct store *s)
{
	char path[8], token[8];
	int r;

	do
		r = store_next_event(s, path, sizeof(path), token,
				     sizeof(token));
	while (r == 1);
	return r;
}

static int wait_event(struct store *s, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = store_fd(s), .events = POLLIN };
	uint64_t now = clock_now_ns();
	int n;

	if (now >= deadline_ns)
		return -ETIMEDOUT;
	/* rounded up: a wait cut short would be one more round for nothing */
	now = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
	n = poll(&p, 1, now > INT32_MAX ? INT32_MAX : (int)now);
	if (n == -1 && errno != EINTR)
		return log_err(-errno, "xenstore: wait for an event");
	return drain_events(s);
}

/* The watch is set before the first look: nothing can slip in between. */
int store_wait(struct store *s, const char *dir, const char *node,
	       store_wanted_fn *wanted, void *arg, uint64_t deadline_ns)
{
	char value[STORE_VALUE_MAX];
	int r = store_watch(s, dir, node, "store_wait");

	if (r)
		return r;
	for (;;) {
		r = store_read(s, XBT_NULL, dir, node, value, sizeof(value));
		if (r && r != -ENOENT)
			break;
		if (wanted(r ? NULL : value, arg)) {
			r = 0;
			break;
		}
		r = wait_event(s, deadline_ns);
		if (r)
			break;
	}
	store_unwatch(s, dir, node, "store_wait");
	return r;
}
