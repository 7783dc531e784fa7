/* SPDX-License-Identifier: MIT */
/*
 * A request to xenstored, and what is said when it fails; see store-request.h.
 *
 * In a transaction nobody sees a change before the commit, so changes are
 * queued until something is read, or the end.
 */
#include "config.h"

#include "lib/store-request.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "lib/log.h"

int store_begin(struct store *s, char *path, const char *dir, const char *node)
{
	int n;

	n = node ? snprintf(path, STORE_PATH_SIZE, "%s/%s", dir, node)
		 : snprintf(path, STORE_PATH_SIZE, "%s", dir);
	if (n < 0 || n >= STORE_PATH_SIZE)
		return log_err(-ENAMETOOLONG, "xenstore: %.64s...", dir);
	s->requests++;
	return 0;
}

static const char *remedy(int err)
{
	switch (-err) {
	case ENOSPC:
	case EDQUOT:
		return "'xl-lite gc' removes what nobody needs; else raise the quota, of xenstored with 'xenstore-control quota', of oxenstored in /etc/xen/oxenstored.conf";
	case E2BIG:
		return "shorten what it comes from, or raise the quota";
	case EINVAL:
		return "with oxenstored, a quota may be used up: /etc/xen/oxenstored.conf has them; is xenstored well? 'xl-lite doctor' tells";
	case ENOMEM:
		return "xenstored, or this domain, is out of memory: end something in it";
	case EACCES:
	case EPERM:
		return "is this dom0, and root?";
	}
	return "is xenstored well? 'xl-lite doctor' tells";
}

/* libc's words for what is a quota's are about disks. */
static const char *reason(int err)
{
	switch (-err) {
	case ENOSPC:
	case EDQUOT:
		return "a quota of xenstored's is used up";
	case E2BIG:
		return "longer than xenstored's quota allows";
	}
	return strerror(-err);
}

/*
 * The caller knows whether a missing node or a lost race is trouble. In a
 * driver domain a guest decides whether we may read its nodes.
 */
int store_request_fail(struct store *s, const char *what, const char *path)
{
	int r = errno ? -errno : -EIO;

	if (r == -ENOENT || r == -EAGAIN || (r == -EACCES && !s->doing))
		return r;
	if (s->doing)
		log_fail(r, "%s: xenstore: %s %s: %s: %s", s->doing, what,
			 path, reason(r), remedy(r));
	else
		log_fail(r, "xenstore: %s %s: %s", what, path, reason(r));
	s->told = true;
	return r;
}

bool store_removal_lost(xs_transaction_t t, int err)
{
	return t != XBT_NULL && (err == -EINVAL || err == -EIO);
}

void store_doing(struct store *s, const char *what)
{
	s->doing = what;
	s->told = false;
}

int store_fail(struct store *s, int err)
{
	if (!s->told)
		log_fail(err, "%s%sxenstore: %s: %s", s->doing ? s->doing : "",
			 s->doing ? ": " : "", reason(err), remedy(err));
	s->told = true;
	return err;
}

/* -- many at a time -------------------------------------------------------- */

void store_free_outcome(struct store_outcome *o)
{
	free(o->data);
}

static const char *change_name(uint32_t type)
{
	switch (type) {
	case XS_WRITE: return "write";
	case XS_MKDIR: return "mkdir";
	case XS_RM: return "remove";
	case XS_SET_PERMS: return "set permissions of";
	case XS_WATCH: return "watch";
	case XS_UNWATCH: return "unwatch";
	case XS_INTRODUCE: return "introduce domain";
	case XS_RELEASE: return "release domain";
	}
	return "change";
}

/*
 * A commit's answer has nothing to keep. That memory was wanted for it would
 * make a change that everybody sees one that has failed.
 */
static bool has_data(uint32_t type)
{
	return type != XS_TRANSACTION_END;
}

static void keep_data(struct store_outcome *o, const struct store_answer *a)
{
	o->size = a->size;
	o->data = malloc(a->size + 1);
	if (o->data)
		memcpy(o->data, a->data, a->size + 1);
}

void store_take_answer(const struct store_answer *a, void *arg)
{
	struct store_outcome *o = arg;

	if (a->number == o->wanted) {
		o->wanted_err = a->err;
		if (!a->err && has_data(a->type))
			keep_data(o, a);
	} else if (a->err && !o->err && !(a->type == XS_RM &&
					  a->err == -ENOENT)) {
		errno = a->type == XS_RM && store_removal_lost(a->t, a->err) ?
			EAGAIN : -a->err;
		o->err = store_request_fail(o->store, change_name(a->type),
					    a->path);
	}
}

int store_request_broken(struct store *s, int err)
{
	errno = -err;
	return store_request_fail(s, "send", "many requests");
}

int store_run(struct store *s, struct store_outcome *o)
{
	int r = store_batch_run(s->batch, store_take_answer, o);

	if (r)
		return store_request_broken(s, r);
	return o->err;
}

int store_flush(struct store *s)
{
	CLEANUP_STORE_OUTCOME struct store_outcome o = {
		.store = s, .wanted = UINT_MAX,
	};

	return s->batch->count ? store_run(s, &o) : 0;
}

int store_queue(struct store *s, xs_transaction_t t, uint32_t type,
		const char *path, const void *data, size_t size)
{
	int r = store_batch_add(s->batch, type, t, path, data, size);

	errno = -r;
	return r ? store_request_fail(s, change_name(type), path) : 0;
}

int store_change(struct store *s, xs_transaction_t t, uint32_t type,
		 const char *path, const void *data, size_t size)
{
	int r = store_queue(s, t, type, path, data, size);

	return r || t != XBT_NULL || s->gathering ? r : store_flush(s);
}

int store_ask(struct store *s, xs_transaction_t t, uint32_t type,
	      const char *path, const char *data, struct store_outcome *o)
{
	int r = store_batch_add(s->batch, type, t, path, data,
				data ? strlen(data) + 1 : 0);

	errno = -r;
	if (r)
		return store_request_fail(s, "ask for", path);
	o->wanted = s->batch->count - 1;
	r = store_run(s, o);
	if (!r && !o->wanted_err && has_data(type) && !o->data) {
		r = -ENOMEM;
		errno = ENOMEM;
		store_request_fail(s, "take the answer about", path);
	}
	return r;
}

int store_ask_well(struct store *s, xs_transaction_t t, uint32_t type,
		   const char *path, const char *data, const char *what,
		   struct store_outcome *o)
{
	int r = store_ask(s, t, type, path, data, o);

	errno = -o->wanted_err;
	return r || !o->wanted_err ? r : store_request_fail(s, what, path);
}
