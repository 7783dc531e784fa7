/* SPDX-License-Identifier: MIT */
/*
 * Transactions of xenstore; see store.h.
 *
 * With a batch the commit is sent when all before it are known to have been
 * carried out.
 */
#include "config.h"

#include "lib/store.h"

#include <errno.h>
#include <stdint.h>

#include <xen/io/xs_wire.h>

#include "lib/log.h"
#include "lib/num.h"
#include "lib/store-batch.h"
#include "lib/store-request.h"

/* A transaction lost this often is not bad luck any more. */
#define TRANSACTION_TRIES 64

static int end_batched(struct store *s, xs_transaction_t t, bool commit)
{
	CLEANUP_STORE_OUTCOME struct store_outcome o = { .store = s };

	s->requests++;
	return store_ask_well(s, t, XS_TRANSACTION_END, commit ? "T" : "F",
			      NULL, "commit", &o);
}

static int start_batched(struct store *s, xs_transaction_t *t)
{
	CLEANUP_STORE_OUTCOME struct store_outcome o = { .store = s };
	int r;

	s->requests++;
	r = store_ask_well(s, XBT_NULL, XS_TRANSACTION_START, "", NULL,
			   "start", &o);
	if (r)
		return r;
	r = num_parse_uint(o.data, 1, UINT32_MAX, t);
	return r ? log_err(r, "xenstore: transaction") : 0;
}

static int transact_batched(struct store *s, store_tx_fn *fn, void *arg)
{
	xs_transaction_t t;
	int r = start_batched(s, &t), end;

	if (r)
		return r;
	r = fn(s, t, arg);
	end = r < 0 ? r : store_flush(s);
	if (end < 0)
		r = end;
	store_batch_drop(s->batch);
	end = end_batched(s, t, r >= 0);
	return r >= 0 && end ? end : r;
}

static int transact_once(struct store *s, store_tx_fn *fn, void *arg)
{
	xs_transaction_t t;
	int r;

	if (s->batch)
		return transact_batched(s, fn, arg);
	s->requests++;
	t = xs_transaction_start(s->xs);
	if (t == XBT_NULL)
		return store_request_fail(s, "start", "transaction");

	r = fn(s, t, arg);
	s->requests++;
	if (r < 0) {
		xs_transaction_end(s->xs, t, true);
		return r;
	}
	return xs_transaction_end(s->xs, t, false) ?
		r : store_request_fail(s, "commit", "transaction");
}

int store_transact(struct store *s, store_tx_fn *fn, void *arg)
{
	for (unsigned int i = 0; i < TRANSACTION_TRIES; i++) {
		int r = transact_once(s, fn, arg);

		if (r != -EAGAIN)
			return r;
	}
	s->told = true;
	return log_fail(-EAGAIN, "%s%sxenstore: transaction: lost against "
			"other writers %d times: try again",
			s->doing ? s->doing : "", s->doing ? ": " : "",
			TRANSACTION_TRIES);
}
