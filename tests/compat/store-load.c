/* SPDX-License-Identifier: MIT */
/*
 * store-load FILE [DOMID...]: puts a tree, as `xenstore-ls -fp` prints it,
 * into a running xenstored and introduces domains to it. For tests.
 */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "xenstore-schema/lint-tree.h"
#include "xenstore-schema/paths.h"

#include <errno.h>
#include <string.h>

#include <xenstore.h>

#define PERMS_MAX 8

static void close_store(struct xs_handle **xs)
{
	if (*xs)
		xs_close(*xs);
}

static int set_perms(struct xs_handle *xs, const struct tree_node *n)
{
	struct xs_permissions perms[PERMS_MAX];
	unsigned int count = 0;
	char *rest = n->perms;

	for (char *one; (one = strsep(&rest, ",")) && count < PERMS_MAX;)
		if (!xs_strings_to_perms(&perms[count++], 1, one))
			return log_fail(-EINVAL, "%s: permissions", n->path);
	if (!xs_set_permissions(xs, XBT_NULL, n->path, perms, count))
		return log_err(-errno, "%s: set permissions", n->path);
	return 0;
}

int main(int argc, char **argv)
{
	CLEANUP_FCLOSE FILE *f = argc > 1 ? fopen(argv[1], "re") : NULL;
	CLEANUP(close_store) struct xs_handle *xs = xs_open(0);
	CLEANUP(tree_free) struct tree tree = { 0 };

	log_init("store-load", LOG_INFO_LEVEL);
	if (!f || !xs) {
		log_err(-errno, "%s", f ? "xenstore" : "file");
		return 1;
	}
	if (tree_read_text(&tree, f, argv[1]))
		return 1;
	for (size_t i = 0; i < tree.count; i++) {
		struct tree_node *n = &tree.nodes[i];

		if (!xs_write(xs, XBT_NULL, n->path, n->value,
			      (unsigned int)n->size)) {
			log_err(-errno, "%s: write", n->path);
			return 1;
		}
		if (set_perms(xs, n))
			return 1;
	}
	for (int i = 2; i < argc; i++) {
		uint16_t domid;

		if (path_parse_domid(argv[i], &domid) ||
		    !xs_introduce_domain(xs, domid, 1, 1u + domid)) {
			log_err(-errno, "domain %s: introduce", argv[i]);
			return 1;
		}
	}
	return 0;
}
