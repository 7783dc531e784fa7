/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with an input, collected: all of a config's mistakes are shown
 * in one run, each as "FILE:LINE:COLUMN: error: what, why, what to do".
 * Bounded: past DIAGS_MAX messages they are counted, not kept.
 */
#ifndef XL_LITE_DIAG_H
#define XL_LITE_DIAG_H

#include "lib/cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#define DIAGS_MAX 100

/* Where in an input. NAME is not owned: it outlives the diags. */
struct cfg_pos {
	const char *name;	/* file, or "command line"; NULL is no input */
	unsigned int line;	/* from 1; 0 is the input as a whole */
	unsigned int column;	/* from 1, in bytes */
	unsigned int rank;	/* inputs are shown in this order: file 0 */
};

enum diag_level {
	DIAG_ERROR,
	DIAG_WARNING,
};

struct diag {
	enum diag_level level;
	struct cfg_pos pos;
	char *text;		/* owned */
};

/* Zero it to begin. */
struct diags {
	struct diag *list;	/* owned; in the order of discovery */
	size_t count;		/* in the list */
	size_t errors;		/* all, also those not kept */
	size_t warnings;
};

/* DIAGS may be NULL: nobody wants to know. */
void diag_error(struct diags *diags, struct cfg_pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct diags *diags, struct cfg_pos pos,
		  const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Will nobody see another one? Then it need not be made up. */
static inline bool diags_full(const struct diags *diags)
{
	return !diags || diags->count == DIAGS_MAX;
}

/* Print them by position, a line each. */
void diags_print(const struct diags *diags, FILE *to);

void diags_clear(struct diags *diags);

#define CLEANUP_DIAGS CLEANUP(diags_clear)

#endif
