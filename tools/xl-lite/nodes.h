/* SPDX-License-Identifier: MIT */
/*
 * Writing many xenstore nodes in a row: the first failure is remembered and
 * the calls after it do nothing, so that a list of nodes reads as a list.
 *
 *	struct nodes n = { .store = s, .t = t };
 *	nodes_make(&n, ours, path, NULL);
 *	nodes_put(&n, path, "domid", "%u", domid);
 *	return n.err;
 *
 * A node inherits the permissions of the one above it when it is made, so
 * they are set once at the top of a subtree and not once a node.
 */
#ifndef XL_LITE_NODES_H
#define XL_LITE_NODES_H

#include "lib/store.h"

#include "xenstore-schema/paths.h"

#include "tools/xl-lite/hv.h"

struct nodes {
	struct store *store;
	xs_transaction_t t;
	int err;	/* of the first call that failed, or 0 */
};

/* Who owns a node, and who else may read it (the same: nobody else). */
struct node_access {
	domid_t owner;
	domid_t reader;
};

/* Make the node empty and give it these permissions. NODE may be NULL. */
void nodes_make(struct nodes *n, struct node_access access, const char *dir,
		const char *node);
/* The same with the permissions of the node above. */
void nodes_mkdir(struct nodes *n, const char *dir, const char *node);
/* Change the permissions of what is there: what is made below it later. */
void nodes_access(struct nodes *n, struct node_access access, const char *dir,
		  const char *node);
/* Write it; it keeps, or inherits, its permissions. */
void nodes_put(struct nodes *n, const char *dir, const char *node,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Write it and set its permissions, which differ from those above it. */
void nodes_put_as(struct nodes *n, struct node_access access, const char *dir,
		  const char *node, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void nodes_remove(struct nodes *n, const char *dir, const char *node);

#endif
