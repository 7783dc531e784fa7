/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the configuration share: a case is an input and what must
 * come of it, in words. Messages are compared whole, with their positions.
 */
#ifndef TESTS_UNIT_CFG_TEST_H
#define TESTS_UNIT_CFG_TEST_H

#include "tools/xl-lite/guest-config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
	char s[8192];
	size_t used;
};

__attribute__((format(printf, 2, 3)))
static inline void say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->s + t->used, sizeof(t->s) - t->used, fmt, ap);
	va_end(ap);
	if (n > 0 && t->used + n < sizeof(t->s))
		t->used += n;
}

/* One line a message: "LINE:COLUMN: error: TEXT" */
static inline void say_diags(struct text *t, const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *d = &diags->list[i];

		say(t, "%s", i ? "\n" : "");
		if (d->pos.line)
			say(t, "%u:%u: ", d->pos.line, d->pos.column);
		say(t, "%s: %s",
		    d->level == DIAG_ERROR ? "error" : "warning", d->text);
	}
}

static inline int expect(const char *input, const char *want, const char *got)
{
	if (strcmp(want, got) == 0)
		return 0;
	printf("input: %s\n want: %s\n  got: %s\n", input, want, got);
	return 1;
}

#endif
