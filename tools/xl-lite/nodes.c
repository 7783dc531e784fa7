/* SPDX-License-Identifier: MIT */
/* Writing many xenstore nodes in a row; see nodes.h. */
#include "config.h"

#include "tools/xl-lite/nodes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/log.h"

void nodes_access(struct nodes *n, struct node_access access, const char *dir,
		  const char *node)
{
	/* the first entry: the owner, and what all not named may do: nothing */
	struct xs_permissions perms[] = {
		{ .id = access.owner, .perms = XS_PERM_NONE },
		{ .id = access.reader, .perms = XS_PERM_READ },
	};

	if (!n->err)
		n->err = store_set_perms(n->store, n->t, dir, node, perms,
					 access.owner == access.reader ? 1 : 2);
}

void nodes_mkdir(struct nodes *n, const char *dir, const char *node)
{
	if (!n->err)
		n->err = store_mkdir(n->store, n->t, dir, node);
}

void nodes_make(struct nodes *n, struct node_access access, const char *dir,
		const char *node)
{
	nodes_mkdir(n, dir, node);
	nodes_access(n, access, dir, node);
}

static int too_long(struct nodes *n, const char *dir, const char *node)
{
	const char *doing = n->store->doing;

	n->store->told = true;
	return log_fail(-E2BIG, "%s%sxenstore: write %s/%s: the value is longer than %d bytes: shorten it",
			doing ? doing : "", doing ? ": " : "", dir, node,
			STORE_VALUE_MAX - 1);
}

__attribute__((format(printf, 4, 0)))
static void put(struct nodes *n, const char *dir, const char *node,
		const char *fmt, va_list ap)
{
	char value[STORE_VALUE_MAX];
	int len;

	if (n->err)
		return;
	len = vsnprintf(value, sizeof(value), fmt, ap);
	if (len < 0 || (size_t)len >= sizeof(value))
		n->err = too_long(n, dir, node);
	else
		n->err = store_write(n->store, n->t, dir, node, value);
}

void nodes_put(struct nodes *n, const char *dir, const char *node,
	       const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(n, dir, node, fmt, ap);
	va_end(ap);
}

void nodes_put_as(struct nodes *n, struct node_access access, const char *dir,
		  const char *node, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(n, dir, node, fmt, ap);
	va_end(ap);
	nodes_access(n, access, dir, node);
}

void nodes_remove(struct nodes *n, const char *dir, const char *node)
{
	if (!n->err)
		n->err = store_remove(n->store, n->t, dir, node);
}
