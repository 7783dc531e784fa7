/* SPDX-License-Identifier: MIT */
/*
 * Changing nodes of xenstore, and telling it of a domain; see store.h.
 */
#include "config.h"

#include "lib/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/xs_wire.h>

#include "lib/log.h"
#include "lib/store-batch.h"
#include "lib/store-request.h"

int store_write(struct store *s, xs_transaction_t t, const char *dir,
		const char *node, const char *value)
{
	char path[STORE_PATH_SIZE];
	int r = store_begin(s, path, dir, node);

	if (r)
		return r;
	if (s->batch)
		return store_change(s, t, XS_WRITE, path, value, strlen(value));
	return xs_write(s->xs, t, path, value, strlen(value)) ?
		0 : store_request_fail(s, "write", path);
}

int store_printf(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node, const char *fmt, ...)
{
	char value[STORE_VALUE_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		return log_fail(-E2BIG, "xenstore: write %s/%s: the value is "
				"longer than %d bytes", dir, node ? node : "",
				STORE_VALUE_MAX - 1);
	return store_write(s, t, dir, node, value);
}

int store_mkdir(struct store *s, xs_transaction_t t, const char *dir,
		const char *node)
{
	char path[STORE_PATH_SIZE];
	int r = store_begin(s, path, dir, node);

	if (r)
		return r;
	if (s->batch)
		return store_change(s, t, XS_MKDIR, path, NULL, 0);
	return xs_mkdir(s->xs, t, path) ?
		0 : store_request_fail(s, "mkdir", path);
}

int store_remove(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node)
{
	char path[STORE_PATH_SIZE];
	int r = store_begin(s, path, dir, node);

	if (r)
		return r;
	if (s->batch)
		return store_change(s, t, XS_RM, path, NULL, 0);
	if (xs_rm(s->xs, t, path) || errno == ENOENT)
		return 0;
	if (store_removal_lost(t, -errno))
		return -EAGAIN;
	return store_request_fail(s, "remove", path);
}

/* "n0", "r5": a NUL behind each */
static int set_perms_batched(struct store *s, xs_transaction_t t,
			     const char *path,
			     const struct xs_permissions *perms,
			     unsigned int count)
{
	static const char letters[] = { 'n', 'r', 'w', 'b' };
	char text[256];
	size_t size = 0;

	for (unsigned int i = 0; i < count; i++) {
		int n = snprintf(text + size, sizeof(text) - size, "%c%u",
				 letters[perms[i].perms & 3], perms[i].id);

		if ((size_t)n >= sizeof(text) - size)
			return -E2BIG;
		size += n + 1;
	}
	return store_change(s, t, XS_SET_PERMS, path, text, size);
}

int store_set_perms(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, const struct xs_permissions *perms,
		    unsigned int count)
{
	char path[STORE_PATH_SIZE];
	int r = store_begin(s, path, dir, node);

	if (r)
		return r;
	if (s->batch)
		return set_perms_batched(s, t, path, perms, count);
	/* the library takes what it only reads as if it wrote it */
	return xs_set_permissions(s->xs, t, path,
				  (struct xs_permissions *)perms, count) ?
		0 : store_request_fail(s, "set permissions of", path);
}

int store_introduce(struct store *s, unsigned int domid, unsigned long frame,
		    unsigned int port)
{
	char domain[16], where[48];
	int size;

	s->requests++;
	if (!s->batch) {
		if (xs_introduce_domain(s->xs, domid, frame, port))
			return 0;
		return errno ? -errno : -EIO;
	}
	snprintf(domain, sizeof(domain), "%u", domid);
	size = snprintf(where, sizeof(where), "%lu%c%u", frame, '\0', port);
	return store_change(s, XBT_NULL, XS_INTRODUCE, domain, where, size + 1);
}

int store_release(struct store *s, unsigned int domid)
{
	char domain[16];

	s->requests++;
	if (!s->batch) {
		if (xs_release_domain(s->xs, domid))
			return 0;
		return errno ? -errno : -EIO;
	}
	snprintf(domain, sizeof(domain), "%u", domid);
	return store_change(s, XBT_NULL, XS_RELEASE, domain, NULL, 0);
}

void store_gather(struct store *s)
{
	s->gathering = s->batch;
}

int store_gather_send(struct store *s)
{
	int r = s->gathering ? store_batch_send(s->batch) : 0;

	return r ? store_request_broken(s, r) : 0;
}

int store_gathered(struct store *s)
{
	s->gathering = false;
	return s->batch ? store_flush(s) : 0;
}
