/* SPDX-License-Identifier: MIT */
/*
 * xenstore through libxenstore: 0 or -errno, bounded values, a node named by
 * a folder and a name in it, transactions with retry, waits with a deadline.
 *
 * A `struct store` is one connection and belongs to one thread. Every call is
 * one round trip to xenstored unless it says otherwise; `requests` counts
 * requests. NODE may be NULL: then DIR is the whole path.
 *
 * What is not there (-ENOENT), not ours to see (-EACCES) and lost transactions
 * (-EAGAIN) are not logged: the caller knows whether that is trouble.
 * Everything else is logged once.
 */
#ifndef LIB_STORE_H
#define LIB_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xenstore.h>

/* Longest value we read, in bytes with its NUL; a peer's longer one is junk. */
#define STORE_VALUE_MAX 1024

struct store {
	struct xs_handle *xs;
	uint64_t requests;
	int line_fd;		/* -1: none, see store_line_fd() */
	const char *doing;	/* see store_doing() */
	bool told;		/* of a failure, since then */
	struct store_batch *batch;	/* NULL: see store_open_batched() */
	bool gathering;			/* see store_gather() */
};

/* -ENOENT and so on when xenstored does not run; the message says how to start it. */
int store_open(struct store *s);
/*
 * The same, but where xenstored is behind a socket we talk to it ourselves, and
 * what is asked of transactions is sent together (store-batch.h). Then writes,
 * and so on, within one may succeed that fail in the end: the transaction fails
 * with what the first of them met.
 */
int store_open_batched(struct store *s);
void store_close(struct store *s);
bool store_is_open(const struct store *s);
/* Of a store that has nothing but its line yet. */
int store_use_batch(struct store *s);

/*
 * A connection that is for nothing but to be hung up: libxenstore does not
 * tell when its own one was. Poll it for EPOLLRDHUP; -1: there is none, since
 * xenstore is not behind a socket here.
 */
int store_line_fd(const struct store *s);
/* It was hung up, and all requests fail from now on. */
bool store_hung_up(const struct store *s);

/* Poll this for reading; then store_next_event() until it returns 0. */
int store_fd(const struct store *s);

/*
 * For who does one thing after the other: what is logged from now on says what
 * was being done, and how to go on. WHAT stays the caller's; NULL ends it.
 */
void store_doing(struct store *s, const char *what);
/* ERR, logged so unless its cause has been since store_doing(). */
int store_fail(struct store *s, int err);

/*
 * The value, NUL-terminated, in BUF of SIZE bytes. -ENOENT; -E2BIG when it
 * does not fit; -EINVAL when it holds a NUL.
 */
int store_read(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char *buf, size_t size);
/*
 * Many of these: each has its own ERR. 0, or an -errno that is no single one's,
 * and then BUFs and ERRs say nothing. One round trip for all with
 * store_open_batched(), in and out of transactions.
 */
struct store_query {
	const char *dir, *node;
	char *buf;
	size_t size;
	int err;
};
int store_read_all(struct store *s, xs_transaction_t t,
		   struct store_query *queries, size_t count);
/* A strict decimal in MIN..MAX; -EINVAL or -ERANGE else. */
int store_read_uint(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, unsigned int min, unsigned int max,
		    unsigned int *ret);
int store_read_u64(struct store *s, xs_transaction_t t, const char *dir,
		   const char *node, uint64_t min, uint64_t max,
		   uint64_t *ret);
/* As above, but an absent node is DEFLT. */
int store_read_uint_or(struct store *s, xs_transaction_t t, const char *dir,
		       const char *node, unsigned int min, unsigned int max,
		       unsigned int deflt, unsigned int *ret);

int store_write(struct store *s, xs_transaction_t t, const char *dir,
		const char *node, const char *value);
int store_printf(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
int store_mkdir(struct store *s, xs_transaction_t t, const char *dir,
		const char *node);
/* Absent is fine: 0. */
int store_remove(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node);
int store_set_perms(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, const struct xs_permissions *perms,
		    unsigned int count);
/* Names below; free() *names only (one block). */
int store_list(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char ***names, unsigned int *count);

/*
 * Which of many folders are there with nothing below them; one round trip for
 * all with store_open_batched().
 */
#define STORE_DIR_MAX 256
int store_are_empty(struct store *s, xs_transaction_t t,
		    char (*dirs)[STORE_DIR_MAX], bool *empty, size_t count);

/*
 * Run FN inside a transaction and commit; again from the start when another
 * writer got in between (bounded; -EAGAIN when it never succeeds). A negative
 * return of FN aborts it. FN must bear being run again.
 */
typedef int store_tx_fn(struct store *s, xs_transaction_t t, void *arg);
int store_transact(struct store *s, store_tx_fn *fn, void *arg);

/*
 * From the first to the second, changes and watches outside of transactions are
 * queued, and sent together by the second, which returns what the first one
 * met that was refused; nothing may be read meanwhile. One by one as ever
 * without store_open_batched().
 */
void store_gather(struct store *s);
int store_gathered(struct store *s);
/* Between them, for who has something else to do while xenstored works: what is
 * queued is sent, and answered by the second of them. */
int store_gather_send(struct store *s);

/* A domain, its xenstore page and event channel; for the toolstack. */
int store_introduce(struct store *s, unsigned int domid, unsigned long frame,
		    unsigned int port);
/* The domain is not served any more, though it stays. */
int store_release(struct store *s, unsigned int domid);

/*
 * Watches. An event comes once at once, then for each change at or below.
 * TOKEN is returned with the event. Unwatching drops events under way.
 */
int store_watch(struct store *s, const char *dir, const char *node,
		const char *token);
int store_unwatch(struct store *s, const char *dir, const char *node,
		  const char *token);
/* 1: an event, path and token filled (cut to fit); 0: none now; or -errno.
 * Never blocks. */
int store_next_event(struct store *s, char *path, size_t path_size,
		     char *token, size_t token_size);

/*
 * Wait until WANTED says true of the node's value (NULL: it is absent), at
 * most until DEADLINE_NS (CLOCK_MONOTONIC); -ETIMEDOUT. For programs that do
 * nothing else meanwhile: it takes all events of this connection.
 */
typedef bool store_wanted_fn(const char *value, void *arg);
int store_wait(struct store *s, const char *dir, const char *node,
	       store_wanted_fn *wanted, void *arg, uint64_t deadline_ns);

#endif
