/* SPDX-License-Identifier: MIT */
/*
 * Many requests to xenstored at a time; see store-batch.h.
 *
 * The queue stays as it is until the last answer: it is read again along with
 * the answers, which come in its order. Sending and receiving go on side by
 * side, since xenstored need not read on while its answers are not taken.
 *
 * An event that comes while answers are waited for is kept. Whoever polls must
 * hear of it all the same: hence an event descriptor beside the socket, in an
 * epoll that stands for both.
 */
#include "config.h"

#include "lib/store-batch.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "lib/cleanup.h"

#define QUEUE_MIN 16384

_Static_assert(STORE_BATCH_IN_SIZE >= 2 * (sizeof(struct xsd_sockmsg) +
					   XENSTORE_PAYLOAD_MAX),
	       "what comes in has room");

void store_batch_init(struct store_batch *b, int fd)
{
	*b = (struct store_batch) { .fd = fd, .poll_fd = -1, .event_fd = -1 };
	TAILQ_INIT(&b->events);
}

/* -- queueing ---------------------------------------------------------------- */

/*
 * Once a request or an answer may have been lost nothing that follows can be
 * understood. Hung up by us, it is seen as what it is by whoever waits for
 * that, and connects again.
 */
static int break_off(struct store_batch *b, int err)
{
	if (err && !b->broken) {
		b->broken = err;
		shutdown(b->fd, SHUT_RDWR);
	}
	return b->broken;
}

static int make_room(struct store_batch *b, size_t size)
{
	size_t capacity = b->capacity ? b->capacity : QUEUE_MIN;
	uint8_t *larger;

	while (capacity - b->size < size)
		capacity *= 2;
	if (capacity == b->capacity)
		return 0;
	larger = realloc(b->queue, capacity);
	if (!larger)
		return -ENOMEM;
	b->queue = larger;
	b->capacity = capacity;
	return 0;
}

static void put(struct store_batch *b, const void *data, size_t size)
{
	if (size)
		memcpy(b->queue + b->size, data, size);
	b->size += size;
}

int store_batch_add(struct store_batch *b, uint32_t type, uint32_t t,
		    const char *path, const void *data, size_t size)
{
	const size_t path_size = strlen(path) + 1;
	const struct xsd_sockmsg header = {
		.type = type,
		.req_id = b->next_id,
		.tx_id = t,
		.len = path_size + size,
	};
	int r;

	if (path_size > XENSTORE_PAYLOAD_MAX ||
	    size > XENSTORE_PAYLOAD_MAX - path_size)
		return -E2BIG;
	r = make_room(b, sizeof(header) + header.len);
	if (r)
		return r;
	put(b, &header, sizeof(header));
	put(b, path, path_size);
	put(b, data, size);
	b->next_id++;
	b->count++;
	return 0;
}

void store_batch_drop(struct store_batch *b)
{
	b->size = 0;
	b->sent = 0;
	b->count = 0;
}

/* -- events ------------------------------------------------------------------ */

static void signal_event(struct store_batch *b)
{
	uint64_t one = 1;

	if (b->event_fd >= 0 && write(b->event_fd, &one, sizeof(one)) == -1)
		break_off(b, -errno);
}

/* Whatever it was about, its owner looks at everything. */
static void lose_event(struct store_batch *b)
{
	if (!b->lost && TAILQ_EMPTY(&b->events))
		signal_event(b);
	b->lost = true;
}

static void no_more_events(struct store_batch *b)
{
	uint64_t count;

	if (TAILQ_EMPTY(&b->events) && !b->lost && b->event_fd >= 0 &&
	    read(b->event_fd, &count, sizeof(count)) == -1)
		break_off(b, -errno);
}

/* A path and a token, each with its NUL. */
static int keep_event(struct store_batch *b, const uint8_t *payload,
		      size_t size)
{
	const uint8_t *token = size ? memchr(payload, 0, size - 1) : NULL;
	struct store_event *e;

	if (!token || payload[size - 1])
		return -EPROTO;
	e = malloc(sizeof(*e) + size);
	if (!e) {
		lose_event(b);
		return 0;
	}
	e->path = memcpy(e + 1, payload, size);
	e->token = e->path + (token + 1 - payload);
	if (!b->lost && TAILQ_EMPTY(&b->events))
		signal_event(b);
	TAILQ_INSERT_TAIL(&b->events, e, link);
	return 0;
}

static void drop_event(struct store_batch *b, struct store_event *e)
{
	TAILQ_REMOVE(&b->events, e, link);
	free(e);
	no_more_events(b);
}

static bool is_at_or_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 &&
	       (!path[len] || path[len] == '/');
}

void store_batch_forget_events(struct store_batch *b, const char *path,
			       const char *token)
{
	struct store_event *next;

	for (struct store_event *e = TAILQ_FIRST(&b->events); e; e = next) {
		next = TAILQ_NEXT(e, link);
		if (strcmp(e->token, token) == 0 &&
		    is_at_or_below(e->path, path))
			drop_event(b, e);
	}
}

static int open_poll(struct store_batch *b)
{
	struct epoll_event want = { .events = EPOLLIN };

	b->event_fd = eventfd(b->lost || !TAILQ_EMPTY(&b->events),
			      EFD_CLOEXEC | EFD_NONBLOCK);
	b->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (b->event_fd == -1 || b->poll_fd == -1 ||
	    epoll_ctl(b->poll_fd, EPOLL_CTL_ADD, b->fd, &want) ||
	    epoll_ctl(b->poll_fd, EPOLL_CTL_ADD, b->event_fd, &want))
		return -errno;
	return 0;
}

int store_batch_poll_fd(struct store_batch *b)
{
	if (b->poll_fd == -1 && !b->broken)
		break_off(b, open_poll(b));
	return b->broken ? b->fd : b->poll_fd;
}

void store_batch_free(struct store_batch *b)
{
	struct store_event *e;

	while ((e = TAILQ_FIRST(&b->events))) {
		TAILQ_REMOVE(&b->events, e, link);
		free(e);
	}
	free(b->queue);
	cleanup_close(&b->poll_fd);
	cleanup_close(&b->event_fd);
	store_batch_init(b, -1);
}

/* -- answers ----------------------------------------------------------------- */

struct exchange {
	struct store_batch *b;
	size_t asked;		/* where the request is that is answered next */
	unsigned int number;
	store_answer_fn *fn;
	void *arg;
};

static int parse_error(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (strcmp(text, xsd_errors[i].errstring) == 0)
			return -xsd_errors[i].errnum;
	if (strcmp(text, "EQUOTA") == 0)	/* oxenstored's own */
		return -EDQUOT;
	return -EIO;	/* one of a later xenstored */
}

static int take_answer(struct exchange *x, const struct xsd_sockmsg *answer,
		       const uint8_t *payload)
{
	const uint8_t *at = x->b->queue + x->asked;
	char data[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg request;
	struct store_answer a;

	if (answer->type == XS_WATCH_EVENT)
		return keep_event(x->b, payload, answer->len);
	/* an answer to nothing, or that nobody has asked for yet */
	if (!x->fn || x->asked == x->b->size)
		return -EPROTO;
	memcpy(&request, at, sizeof(request));
	if (answer->req_id != request.req_id ||
	    (answer->type != request.type && answer->type != XS_ERROR))
		return -EPROTO;
	memcpy(data, payload, answer->len);
	data[answer->len] = '\0';
	a = (struct store_answer) {
		.number = x->number++,
		.type = request.type,
		.t = request.tx_id,
		.path = (const char *)at + sizeof(request),
		.err = answer->type == XS_ERROR ? parse_error(data) : 0,
		.data = data,
		.size = answer->len,
	};
	x->fn(&a, x->arg);
	x->asked += sizeof(request) + request.len;
	return 0;
}

/* All that are whole. */
static int take_answers(struct exchange *x)
{
	struct store_batch *b = x->b;
	struct xsd_sockmsg header;
	size_t at = 0;
	int r = 0;

	while (!r && b->in_size - at >= sizeof(header)) {
		memcpy(&header, b->in + at, sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX)
			return -EPROTO;
		if (b->in_size - at < sizeof(header) + header.len)
			break;
		r = take_answer(x, &header, b->in + at + sizeof(header));
		at += sizeof(header) + header.len;
	}
	b->in_size -= at;
	memmove(b->in, b->in + at, b->in_size);
	return r;
}

/* -- sending ----------------------------------------------------------------- */

static bool is_transient(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static int send_some(struct store_batch *b)
{
	ssize_t n;

	if (b->sent == b->size)
		return 0;
	n = send(b->fd, b->queue + b->sent, b->size - b->sent,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return is_transient(errno) ? 0 : -errno;
	b->sent += n;
	return 0;
}

int store_batch_send(struct store_batch *b)
{
	if (!b->broken)
		break_off(b, send_some(b));
	return b->broken;
}

/* 1: something came; 0: nothing is there; or -errno. */
static int receive_some(struct exchange *x)
{
	struct store_batch *b = x->b;
	ssize_t n = recv(b->fd, b->in + b->in_size, sizeof(b->in) - b->in_size,
			 MSG_DONTWAIT);
	int r;

	if (n < 0)
		return is_transient(errno) ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	b->in_size += n;
	r = take_answers(x);
	return r ? r : 1;
}

static int exchange_all(struct exchange *x)
{
	struct store_batch *b = x->b;
	int r = send_some(b);

	while (r >= 0 && x->asked < b->size) {
		const bool more = b->sent < b->size;
		struct pollfd p = {
			.fd = b->fd,
			.events = POLLIN | (more ? POLLOUT : 0),
		};

		if (poll(&p, 1, -1) == -1 && errno != EINTR)
			return -errno;
		if (p.revents & POLLOUT)
			r = send_some(b);
		if (r >= 0 && p.revents & (POLLIN | POLLHUP | POLLERR))
			r = receive_some(x);
	}
	return r < 0 ? r : 0;
}

int store_batch_run(struct store_batch *b, store_answer_fn *fn, void *arg)
{
	struct exchange x = { .b = b, .fn = fn, .arg = arg };

	if (!b->broken && b->count)
		break_off(b, exchange_all(&x));
	store_batch_drop(b);
	return b->broken;
}

int store_batch_next_event(struct store_batch *b, char *path, size_t path_size,
			   char *token, size_t token_size)
{
	struct exchange x = { .b = b };
	struct store_event *e;
	int r = b->broken;

	if (!r && b->lost) {
		b->lost = false;
		no_more_events(b);
		return -ENOMEM;
	}
	while (!r && TAILQ_EMPTY(&b->events) && !b->lost) {
		r = receive_some(&x);
		if (r < 0)
			break_off(b, r);
		else if (r == 0)
			return 0;
		else
			r = 0;
	}
	if (r || TAILQ_EMPTY(&b->events))
		return r;
	e = TAILQ_FIRST(&b->events);
	snprintf(path, path_size, "%s", e->path);
	snprintf(token, token_size, "%s", e->token);
	drop_event(b, e);
	return 1;
}
