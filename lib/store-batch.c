/* SPDX-License-Identifier: MIT */
/*
 * Many requests to xenstored at a time; see store-batch.h.
 *
 * The queue stays as it is until the last answer: it is read again along with
 * the answers, which come in its order. Sending and receiving go on side by
 * side, since xenstored need not read on while its answers are not taken.
 */
#include "config.h"

#include "lib/store-batch.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <xen/io/xs_wire.h>

#include "lib/cleanup.h"

#define QUEUE_MIN 16384

/* -- queueing ---------------------------------------------------------------- */

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
	b->count = 0;
}

void store_batch_free(struct store_batch *b)
{
	free(b->queue);
	*b = (struct store_batch) { .fd = -1 };
}

/* -- answers ----------------------------------------------------------------- */

struct exchange {
	struct store_batch *b;
	size_t sent;
	size_t asked;		/* where the request is that is answered next */
	unsigned int number;
	/* what has come and is not a whole answer yet */
	uint8_t in[2 * (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)];
	size_t in_size;
	store_answer_fn *fn;
	void *arg;
};

static int parse_error(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(xsd_errors); i++)
		if (strcmp(text, xsd_errors[i].errstring) == 0)
			return -xsd_errors[i].errnum;
	return -EIO;	/* one of a later xenstored */
}

static int take_answer(struct exchange *x, const struct xsd_sockmsg *answer,
		       const uint8_t *payload)
{
	const uint8_t *at = x->b->queue + x->asked;
	char data[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg request;
	struct store_answer a;

	/* an answer to nothing */
	if (x->asked == x->b->size)
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
	struct xsd_sockmsg header;
	size_t at = 0;
	int r = 0;

	while (!r && x->in_size - at >= sizeof(header)) {
		memcpy(&header, x->in + at, sizeof(header));
		if (header.len > XENSTORE_PAYLOAD_MAX)
			return -EPROTO;
		if (x->in_size - at < sizeof(header) + header.len)
			break;
		r = take_answer(x, &header, x->in + at + sizeof(header));
		at += sizeof(header) + header.len;
	}
	x->in_size -= at;
	memmove(x->in, x->in + at, x->in_size);
	return r;
}

/* -- sending ----------------------------------------------------------------- */

static bool is_transient(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

static int send_some(struct exchange *x)
{
	ssize_t n = send(x->b->fd, x->b->queue + x->sent,
			 x->b->size - x->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0)
		return is_transient(errno) ? 0 : -errno;
	x->sent += n;
	return 0;
}

static int receive_some(struct exchange *x)
{
	ssize_t n = recv(x->b->fd, x->in + x->in_size,
			 sizeof(x->in) - x->in_size, MSG_DONTWAIT);

	if (n < 0)
		return is_transient(errno) ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	x->in_size += n;
	return take_answers(x);
}

static int exchange_all(struct exchange *x)
{
	int r = send_some(x);

	while (!r && x->asked < x->b->size) {
		const bool more = x->sent < x->b->size;
		struct pollfd p = {
			.fd = x->b->fd,
			.events = POLLIN | (more ? POLLOUT : 0),
		};

		if (poll(&p, 1, -1) == -1 && errno != EINTR)
			return -errno;
		if (p.revents & POLLOUT)
			r = send_some(x);
		if (!r && p.revents & (POLLIN | POLLHUP | POLLERR))
			r = receive_some(x);
	}
	return r;
}

int store_batch_run(struct store_batch *b, store_answer_fn *fn, void *arg)
{
	struct exchange x = { .b = b, .fn = fn, .arg = arg };

	if (!b->broken && b->count)
		b->broken = exchange_all(&x);
	store_batch_drop(b);
	return b->broken;
}
