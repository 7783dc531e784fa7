/* SPDX-License-Identifier: MIT */
/*
 * Many requests to xenstored at a time. libxenstore sends one, and sleeps until
 * its answer is there: to be woken for each costs more than all the rest of
 * it. Here requests are queued, and sent together; xenstored carries them out
 * in that order, and answers in it.
 *
 * It takes a connection of its own, and transactions belong to one: what is
 * begun here goes on here. Watches are libxenstore's.
 */
#ifndef LIB_STORE_BATCH_H
#define LIB_STORE_BATCH_H

#include <stddef.h>
#include <stdint.h>

struct store_batch {
	int fd;			/* to xenstored's socket; the caller's */
	int broken;		/* what it failed with, once and for all */
	uint8_t *queue;		/* requests as they are sent; owned */
	size_t size, capacity;	/* of them, in bytes */
	unsigned int count;
	uint32_t next_id;
};

/*
 * Queue a request: TYPE is XS_READ and so on, T a transaction or 0, PATH and
 * its NUL the first of the payload and DATA of SIZE bytes the rest.
 * -E2BIG when xenstore takes none so long, -ENOMEM.
 */
int store_batch_add(struct store_batch *b, uint32_t type, uint32_t t,
		    const char *path, const void *data, size_t size);
/* What was queued is not sent. */
void store_batch_drop(struct store_batch *b);

struct store_answer {
	unsigned int number;	/* of its request, the first queued is 0 */
	uint32_t type;		/* the request's */
	const char *path;
	int err;		/* 0, or what xenstored refused it with */
	const char *data;	/* SIZE bytes, and a NUL that is not of them */
	size_t size;
};

/*
 * Send what is queued, and show FN each answer; the queue is empty then. What
 * is refused is FN's business, and no reason not to carry out what follows it.
 * -errno when the connection fails: it is of no use any more.
 */
typedef void store_answer_fn(const struct store_answer *a, void *arg);
int store_batch_run(struct store_batch *b, store_answer_fn *fn, void *arg);

void store_batch_free(struct store_batch *b);

#endif
