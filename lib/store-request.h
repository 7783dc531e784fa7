/* SPDX-License-Identifier: MIT */
/*
 * What the parts of store.h have in common, and nobody else needs: a node's
 * path, how a failure is told, and requests that are queued and sent together
 * (store-batch.h), which is for stores that have a `batch`.
 */
#ifndef LIB_STORE_REQUEST_H
#define LIB_STORE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#include "lib/cleanup.h"
#include "lib/store-batch.h"
#include "lib/store.h"

/* What xenstore allows, with a NUL. */
#define STORE_PATH_SIZE (XENSTORE_ABS_PATH_MAX + 1)

/*
 * A request about DIR and NODE (or NULL), which become one PATH, in
 * STORE_PATH_SIZE bytes; -ENAMETOOLONG. It is counted.
 */
int store_begin(struct store *s, char *path, const char *dir, const char *node);

/*
 * errno, negative, of what was to be done with PATH; logged, unless it is for
 * the caller to know whether it is trouble.
 */
int store_request_fail(struct store *s, const char *what, const char *path);
/*
 * Was a removal refused with ERR, negative, because its transaction is lost?
 * Xenstored takes a node into a transaction when it is first used there: one
 * that another has removed since is then missing in the folder it was in, for
 * which the removal is refused, long before the commit would be.
 */
bool store_removal_lost(xs_transaction_t t, int err);
/* The same of a connection that is of no use any more, for ERR. */
int store_request_broken(struct store *s, int err);

/* -- many at a time -------------------------------------------------------- */

/* What came of the requests of one batch. */
struct store_outcome {
	struct store *store;
	int err;		/* the first change that was refused, logged */
	unsigned int wanted;	/* the answer with this number is kept: */
	int wanted_err;
	char *data;		/* owned, with a NUL behind it */
	size_t size;
};

void store_free_outcome(struct store_outcome *o);
#define CLEANUP_STORE_OUTCOME CLEANUP(store_free_outcome)

/* An answer, for store_batch_run(); ARG is the outcome. */
void store_take_answer(const struct store_answer *a, void *arg);

/* Send what is queued, all of it changes but what is wanted. */
int store_run(struct store *s, struct store_outcome *o);
/* Send what is queued, if anything. */
int store_flush(struct store *s);
int store_queue(struct store *s, xs_transaction_t t, uint32_t type,
		const char *path, const void *data, size_t size);
/* In a transaction it is done by and by, else at once. */
int store_change(struct store *s, xs_transaction_t t, uint32_t type,
		 const char *path, const void *data, size_t size);

/*
 * Send what is queued, and a request whose answer is wanted. Whether that is a
 * refusal is for the caller to see.
 */
int store_ask(struct store *s, xs_transaction_t t, uint32_t type,
	      const char *path, const char *data, struct store_outcome *o);
/* The same; a refusal is an error. WHAT it is to do is for messages. */
int store_ask_well(struct store *s, xs_transaction_t t, uint32_t type,
		   const char *path, const char *data, const char *what,
		   struct store_outcome *o);

#endif
