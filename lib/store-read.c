/* SPDX-License-Identifier: MIT */
/*
 * Reading values from xenstore, as text and as numbers, one or many at a time;
 * see store.h.
 */
#include "config.h"

#include "lib/store.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "lib/cleanup.h"
#include "lib/num.h"
#include "lib/store-batch.h"
#include "lib/store-request.h"

static int take_value(const char *value, size_t len, char *buf, size_t size)
{
	if (len >= size)
		return -E2BIG;
	if (memchr(value, 0, len))
		return -EINVAL;
	memcpy(buf, value, len);
	buf[len] = '\0';
	return 0;
}

static int read_batched(struct store *s, xs_transaction_t t, const char *path,
			char *buf, size_t size)
{
	CLEANUP_STORE_OUTCOME struct store_outcome o = { .store = s };
	int r = store_ask_well(s, t, XS_READ, path, NULL, "read", &o);

	return r ? r : take_value(o.data, o.size, buf, size);
}

int store_read(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char *buf, size_t size)
{
	CLEANUP_FREE char *value = NULL;
	char path[STORE_PATH_SIZE];
	unsigned int len;
	int r = store_begin(s, path, dir, node);

	if (r)
		return r;
	if (s->batch)
		return read_batched(s, t, path, buf, size);
	value = xs_read(s->xs, t, path, &len);
	return value ? take_value(value, len, buf, size) :
		store_request_fail(s, "read", path);
}

struct many {
	struct store_query *next;
	struct store_outcome changes;
};

static void take_read(const struct store_answer *a, void *arg)
{
	struct many *m = arg;
	struct store_query *q;

	/* what was queued before them */
	if (a->type != XS_READ) {
		store_take_answer(a, &m->changes);
		return;
	}
	q = m->next++;
	errno = -a->err;
	q->err = a->err ? store_request_fail(m->changes.store, "read", a->path)
			: take_value(a->data, a->size, q->buf, q->size);
}

static int read_all_batched(struct store *s, xs_transaction_t t,
			    struct store_query *queries, size_t count)
{
	struct many m = { .next = queries, .changes = {
		.store = s, .wanted = UINT_MAX,
	} };
	char path[STORE_PATH_SIZE];
	int r = 0;

	for (size_t i = 0; !r && i < count; i++) {
		r = store_begin(s, path, queries[i].dir, queries[i].node);
		if (!r)
			r = store_queue(s, t, XS_READ, path, NULL, 0);
	}
	if (r)
		return r;
	r = store_batch_run(s->batch, take_read, &m);
	if (r)
		return store_request_broken(s, r);
	return m.changes.err;
}

int store_read_all(struct store *s, xs_transaction_t t,
		   struct store_query *queries, size_t count)
{
	if (s->batch)
		return read_all_batched(s, t, queries, count);
	for (size_t i = 0; i < count; i++)
		queries[i].err = store_read(s, t, queries[i].dir,
					    queries[i].node, queries[i].buf,
					    queries[i].size);
	return 0;
}

int store_read_u64(struct store *s, xs_transaction_t t, const char *dir,
		   const char *node, uint64_t min, uint64_t max,
		   uint64_t *ret)
{
	char value[32]; /* longer is no number of ours */
	int r = store_read(s, t, dir, node, value, sizeof(value));

	if (r == -E2BIG)
		return -EINVAL;
	return r ? r : num_parse(value, min, max, ret);
}

int store_read_uint(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, unsigned int min, unsigned int max,
		    unsigned int *ret)
{
	uint64_t value;
	int r = store_read_u64(s, t, dir, node, min, max, &value);

	if (r == 0)
		*ret = value;
	return r;
}

int store_read_uint_or(struct store *s, xs_transaction_t t, const char *dir,
		       const char *node, unsigned int min, unsigned int max,
		       unsigned int deflt, unsigned int *ret)
{
	int r = store_read_uint(s, t, dir, node, min, max, ret);

	if (r != -ENOENT)
		return r;
	*ret = deflt;
	return 0;
}
