/* SPDX-License-Identifier: MIT */
/*
 * A whole store as xenstore-ls prints it, written by anybody: xenstore-lint
 * reads it or says why not, finds what is in it, and what it finds wrong it
 * says in words that a terminal can bear.
 */
#include "config.h"

#include "lib/log.h"
#include "tests/fuzz/fuzz.h"
#include "xenstore-schema/lint-check.h"

#include <errno.h>
#include <stdio.h>

static char text[65536];

/* In lib/log.c's place: a million refused trees are nothing to read. */
int log_err(int err, const char *fmt, ...)
{
	(void)fmt;
	return err;
}

int log_fail(int err, const char *fmt, ...)
{
	(void)fmt;
	return err;
}

static void check_tree(const struct tree *t)
{
	for (size_t i = 0; i < t->count; i++) {
		const struct tree_node *n = &t->nodes[i];
		size_t below, count;

		MUST(n->path[0] == '/' && n->value[n->size] == '\0');
		MUST(!i || strcmp(t->nodes[i - 1].path, n->path) < 0);
		if (strlen(n->path) > 3071)
			continue;	/* no xenstored has that */
		MUST(tree_find(t, n->path, NULL) == n);
		MUST(tree_has(t, n->path, ""));
		below = tree_below(t, n->path, &count);
		MUST(count == 0 || (below > i && below + count <= t->count));
	}
	MUST(!tree_find(t, "/no", "such"));
}

/* Whatever the bytes of a value are, a finding is ASCII. */
static bool plain(const char *s)
{
	for (; *s; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

static bool every_third(void *arg, uint16_t domid)
{
	(void)arg;
	return domid % 3 == 0;
}

static void check_lint(const struct tree *t, const struct lint_domains *known)
{
	static struct findings found, again;

	MUST(!lint_check(t, known, &found));
	MUST(!lint_check(t, known, &again));
	MUST(found.kept <= FINDINGS_MAX && found.kept <= found.total);
	MUST(found.total == again.total);
	for (size_t i = 0; i < found.kept; i++) {
		MUST(found.text[i][0] == '/' && plain(found.text[i]));
		MUST(!strcmp(found.text[i], again.text[i]));
	}
	/* what was found both times is all of it */
	findings_keep_common(&found, &again);
	MUST(found.kept == again.kept);
	findings_free(&found);
	findings_free(&again);
}

void fuzz_one(struct input *in)
{
	static const struct lint_domains by_tree, by_number = {
		.exists = every_third,
	};
	size_t size = in->left < sizeof(text) ? in->left : sizeof(text);
	struct tree tree = { 0 };
	FILE *f;
	int r;

	if (!size)
		return;
	in_bytes(in, text, size);
	f = fmemopen(text, size, "r");
	MUST(f);
	r = tree_read_text(&tree, f, "fuzz");
	fclose(f);
	MUST(r == 0 || r == -EINVAL || r == -EFBIG);
	if (!r) {
		check_tree(&tree);
		check_lint(&tree, &by_tree);
		check_lint(&tree, &by_number);
	}
	tree_free(&tree);
}
