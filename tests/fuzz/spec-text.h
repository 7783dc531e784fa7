/* SPDX-License-Identifier: MIT */
/* What the targets of configurations share: messages, and comparing texts. */
#ifndef TESTS_FUZZ_SPEC_TEXT_H
#define TESTS_FUZZ_SPEC_TEXT_H

#include "tests/fuzz/fuzz.h"
#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/diag.h"

/*
 * Each message is printable, and at a place that the text has: LINES lines,
 * of which none is longer than WIDTH bytes.
 */
static inline void check_diags(const struct diags *diags, size_t lines,
			       size_t width)
{
	MUST(diags->count <= DIAGS_MAX);
	MUST(diags->errors + diags->warnings >= diags->count);
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->list[i];

		MUST(d->text[0] && fuzz_printable(d->text));
		/* one for the place behind the last byte, where one is missing */
		MUST(d->pos.line <= lines && d->pos.column <= width + 1);
	}
}

static inline bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

#endif
