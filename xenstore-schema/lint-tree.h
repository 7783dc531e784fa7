/* SPDX-License-Identifier: MIT */
/*
 * A whole store in memory, sorted by path: read from the text that
 * `xenstore-ls -fp` prints, or from a running xenstored.
 *
 * Values are what guests wrote: bytes with a size, and a zero behind them
 * that is not counted.
 */
#ifndef XENSTORE_SCHEMA_LINT_TREE_H
#define XENSTORE_SCHEMA_LINT_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct tree_node {
	char *path;
	char *value;
	size_t size;
	char *perms;		/* "n0,r7" */
};

struct tree {
	struct tree_node *nodes;
	size_t count, room;
};

/* 0 or -errno, said already. *TREE is to be freed in either case. */
int tree_read_text(struct tree *tree, FILE *f, const char *name);

struct xs_handle;
int tree_read_live(struct tree *tree, struct xs_handle *xs);

void tree_free(struct tree *tree);

/* The node at DIR/NODE (NODE may be NULL or ""); NULL: none. */
const struct tree_node *tree_find(const struct tree *tree, const char *dir,
				  const char *node);
/* It is there, or something below it is. */
bool tree_has(const struct tree *tree, const char *dir, const char *node);
/* The nodes below DIR: the first one's index; *COUNT may be 0. */
size_t tree_below(const struct tree *tree, const char *dir, size_t *count);

#endif
