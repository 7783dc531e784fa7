/* SPDX-License-Identifier: MIT */
/*
 * Which nodes are below a folder of xenstore, or whether any is; see store.h.
 */
#include "config.h"

#include "lib/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/store-batch.h"
#include "lib/store-request.h"

/* How often a long list is begun anew because it has changed. */
#define LIST_TRIES 64

/* NUL-terminated names, one after the other, as libxenstore gives them. */
static int take_names(const char *data, size_t size, char ***names,
		      unsigned int *count)
{
	unsigned int n = 0;
	char *text;

	for (size_t i = 0; i < size; i++)
		n += data[i] == '\0';
	*names = malloc((n + 1) * sizeof(**names) + size);
	if (!*names)
		return log_err(-ENOMEM, "xenstore: names");
	text = memcpy(*names + n + 1, data, size);
	for (unsigned int i = 0; i < n; i++) {
		(*names)[i] = text;
		text += strlen(text) + 1;
	}
	*count = n;
	return 0;
}

/*
 * Of a folder whose names do not fit into one answer. Each part begins with
 * the folder's generation: another one, outside of a transaction, and it is
 * begun anew. Behind the last name there is an empty one.
 */
static int list_parts(struct store *s, xs_transaction_t t, const char *path,
		      char ***names, unsigned int *count)
{
	CLEANUP_FREE char *all = NULL;
	char generation[24] = "";
	unsigned int anew = 0;
	size_t size = 0;

	while (anew < LIST_TRIES) {
		CLEANUP_STORE_OUTCOME struct store_outcome o = { .store = s };
		char offset[24], *larger;
		size_t skip;
		int r;

		snprintf(offset, sizeof(offset), "%zu", size);
		s->requests++;
		r = store_ask_well(s, t, XS_DIRECTORY_PART, path, offset,
				   "list", &o);
		if (r)
			return r;
		skip = strlen(o.data) + 1;
		if (o.size <= skip || skip > sizeof(generation))
			return log_err(-EPROTO, "xenstore: list %s", path);
		if (size && strcmp(generation, o.data) != 0) {
			size = 0;
			anew++;
			continue;
		}
		memcpy(generation, o.data, skip);
		larger = realloc(all, size + o.size - skip);
		if (!larger)
			return log_err(-ENOMEM, "xenstore: list %s", path);
		all = larger;
		memcpy(all + size, o.data + skip, o.size - skip);
		size += o.size - skip;
		if (size == 1 || all[size - 2] == '\0')
			return take_names(all, size - 1, names, count);
	}
	return log_fail(-EAGAIN, "xenstore: list %s: it changes all the time",
			path);
}

static int list_batched(struct store *s, xs_transaction_t t, const char *path,
			char ***names, unsigned int *count)
{
	CLEANUP_STORE_OUTCOME struct store_outcome o = { .store = s };
	int r = store_ask(s, t, XS_DIRECTORY, path, NULL, &o);

	if (!r && o.wanted_err == -E2BIG)
		return list_parts(s, t, path, names, count);
	errno = -o.wanted_err;
	if (!r && o.wanted_err)
		r = store_request_fail(s, "list", path);
	return r ? r : take_names(o.data, o.size, names, count);
}

int store_list(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char ***names, unsigned int *count)
{
	char path[STORE_PATH_SIZE];
	int r = store_begin(s, path, dir, node);

	if (r)
		return r;
	if (s->batch)
		return list_batched(s, t, path, names, count);
	*names = xs_directory(s->xs, t, path, count);
	return *names ? 0 : store_request_fail(s, "list", path);
}

struct emptiness {
	bool *next;
	struct store_outcome changes;
};

static void take_emptiness(const struct store_answer *a, void *arg)
{
	struct emptiness *e = arg;

	if (a->type != XS_DIRECTORY)
		store_take_answer(a, &e->changes);
	else	/* too much for one answer is not nothing */
		*e->next++ = !a->err && a->size == 0;
}

static int are_empty_batched(struct store *s, xs_transaction_t t,
			     char (*dirs)[STORE_DIR_MAX], bool *empty,
			     size_t count)
{
	struct emptiness e = { .next = empty, .changes = {
		.store = s, .wanted = UINT_MAX,
	} };
	int r = 0;

	for (size_t i = 0; !r && i < count; i++) {
		s->requests++;
		r = store_queue(s, t, XS_DIRECTORY, dirs[i], NULL, 0);
	}
	if (r)
		return r;
	r = store_batch_run(s->batch, take_emptiness, &e);
	if (r)
		return store_request_broken(s, r);
	return e.changes.err;
}

int store_are_empty(struct store *s, xs_transaction_t t,
		    char (*dirs)[STORE_DIR_MAX], bool *empty, size_t count)
{
	if (s->batch)
		return are_empty_batched(s, t, dirs, empty, count);
	for (size_t i = 0; i < count; i++) {
		CLEANUP_FREE char **names = NULL;
		unsigned int num = 0;
		int r = store_list(s, t, dirs[i], NULL, &names, &num);

		if (r && r != -ENOENT)
			return r;
		empty[i] = !r && num == 0;
	}
	return 0;
}
