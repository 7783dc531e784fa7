/* SPDX-License-Identifier: MIT */
/*
 * Many requests to xenstored at a time. libxenstore sends one, and sleeps until
 * its answer is there: to be woken for each costs more than all the rest of
 * it. Here requests are queued, and sent together; xenstored carries them out
 * in that order, and answers in it.
 *
 * It is a connection of its own, without libxenstore: transactions, watches and
 * what is asked belong together. Events come between answers; they are kept
 * until they are taken.
 */
#ifndef LIB_STORE_BATCH_H
#define LIB_STORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/* Of two messages as long as they may be. */
#define STORE_BATCH_IN_SIZE 8224

struct store_event {
	TAILQ_ENTRY(store_event) link;
	char *path, *token;	/* behind it, in one block */
};

struct store_batch {
	int fd;			/* to xenstored's socket; the caller's */
	int broken;		/* what it failed with, once and for all */
	uint8_t *queue;		/* requests as they are sent; owned */
	size_t size, capacity;	/* of them, in bytes */
	unsigned int count;
	uint32_t next_id;
	size_t sent;		/* bytes of them */
	/* what has come and is not a whole answer yet */
	uint8_t in[STORE_BATCH_IN_SIZE];
	size_t in_size;
	TAILQ_HEAD(store_events, store_event) events;	/* owned */
	bool lost;		/* an event, for want of memory */
	int poll_fd, event_fd;	/* -1 until they are asked for */
};

/* FD stays the caller's. */
void store_batch_init(struct store_batch *b, int fd);

/*
 * Queue a request: TYPE is XS_READ and so on, T a transaction or 0, PATH and
 * its NUL the first of the payload and DATA of SIZE bytes the rest.
 * -E2BIG when xenstore takes none so long, -ENOMEM.
 */
int store_batch_add(struct store_batch *b, uint32_t type, uint32_t t,
		    const char *path, const void *data, size_t size);
/* What was queued is not sent; none of it may have been. */
void store_batch_drop(struct store_batch *b);
/*
 * Send as much of it as goes without waiting. Its answers are had by
 * store_batch_run(), and nothing may be queued before.
 */
int store_batch_send(struct store_batch *b);

struct store_answer {
	unsigned int number;	/* of its request, the first queued is 0 */
	uint32_t type;		/* the request's */
	uint32_t t;		/* its transaction, or 0 */
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

/*
 * 1: an event, path and token filled (cut to fit); 0: none now; -ENOMEM once
 * for those that were lost; or -errno. Never blocks.
 */
int store_batch_next_event(struct store_batch *b, char *path, size_t path_size,
			   char *token, size_t token_size);
/* Those at or below PATH that have TOKEN are of no interest any more. */
void store_batch_forget_events(struct store_batch *b, const char *path,
			       const char *token);
/* Readable when there may be an event, also one that is kept. */
int store_batch_poll_fd(struct store_batch *b);

void store_batch_free(struct store_batch *b);

#endif
