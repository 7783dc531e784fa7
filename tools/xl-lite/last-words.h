/* SPDX-License-Identifier: MIT */
/*
 * The end of what a program wrote on its terminal, to be told when it has
 * failed. The program may show what a guest has made up: what is told has no
 * control characters in it, and no more than a few lines.
 */
#ifndef XL_LITE_LAST_WORDS_H
#define XL_LITE_LAST_WORDS_H

#include <stddef.h>

#define LAST_WORDS_LINES 6
#define LAST_WORDS_LINE 160	/* bytes of a line, with a NUL */

/* Zero it to begin. */
struct last_words {
	char lines[LAST_WORDS_LINES][LAST_WORDS_LINE];
	unsigned int count;	/* of lines that are whole, ever */
	char line[LAST_WORDS_LINE];	/* the one that is being written */
	size_t len;
	enum {
		WORDS_TEXT,
		WORDS_ESCAPE,	/* ESC was last */
		WORDS_SEQUENCE,	/* in "ESC [ ...", up to a letter */
	} state;
};

void last_words_add(struct last_words *w, const char *bytes, size_t size);
/* The line that is I of what there is, the oldest first, or NULL. */
const char *last_words_line(const struct last_words *w, unsigned int i);

#endif
