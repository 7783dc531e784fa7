/* SPDX-License-Identifier: MIT */
/* A store held against the schema. */
#ifndef XENSTORE_SCHEMA_LINT_CHECK_H
#define XENSTORE_SCHEMA_LINT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xenstore-schema/lint-tree.h"

/* More are counted, but not kept: a guest could make any number. */
#define FINDINGS_MAX 1000

struct findings {
	char *text[FINDINGS_MAX];	/* "path: finding: want ..., got ..." */
	size_t kept;
	size_t total;
};

/* Which domains there are, if that is known from elsewhere than the tree. */
typedef bool lint_domain_fn(void *arg, uint16_t domid);

struct lint_domains {
	lint_domain_fn *exists;	/* NULL: those that have a name or number */
	void *arg;
};

/* 0, or -ENOMEM, said already. FINDINGS begins as zeros. */
int lint_check(const struct tree *tree, const struct lint_domains *domains,
	       struct findings *findings);

void findings_free(struct findings *findings);
/* Keep only what OTHER has as well. */
void findings_keep_common(struct findings *findings,
			  const struct findings *other);

#endif
