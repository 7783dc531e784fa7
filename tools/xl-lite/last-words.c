/* SPDX-License-Identifier: MIT */
/* What a program said last; see last-words.h. */
#include "config.h"

#include "tools/xl-lite/last-words.h"

#include <string.h>

#define ESCAPE '\033'

static void end_line(struct last_words *w)
{
	/* blanks are what a screen is cleared and drawn with */
	while (w->len && w->line[w->len - 1] == ' ')
		w->len--;
	w->line[w->len] = '\0';
	if (w->len)
		memcpy(w->lines[w->count++ % LAST_WORDS_LINES], w->line,
		       w->len + 1);
	w->len = 0;
}

static void add_text(struct last_words *w, unsigned char c)
{
	if (c == '\n' || c == '\r') {
		end_line(w);
		return;
	}
	if (c < ' ' || c > '~' || (c == ' ' && !w->len))
		return;
	w->line[w->len++] = c;
	if (w->len == LAST_WORDS_LINE - 1)
		end_line(w);
}

static void add(struct last_words *w, unsigned char c)
{
	switch (w->state) {
	case WORDS_TEXT:
		if (c == ESCAPE)
			w->state = WORDS_ESCAPE;
		else
			add_text(w, c);
		break;
	case WORDS_ESCAPE:
		/* ESC and a byte, or ESC and a bracket and more */
		w->state = c == '[' ? WORDS_SEQUENCE : WORDS_TEXT;
		break;
	case WORDS_SEQUENCE:
		if (c < '@' || c > '~')
			break;
		w->state = WORDS_TEXT;
		/* moving about on the screen begins something else */
		if (c == 'H' || c == 'f' || c == 'd')
			end_line(w);
		break;
	}
}

void last_words_add(struct last_words *w, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		add(w, bytes[i]);
}

const char *last_words_line(const struct last_words *w, unsigned int i)
{
	const unsigned int whole = w->count < LAST_WORDS_LINES ?
				   w->count : LAST_WORDS_LINES;

	if (i < whole)
		return w->lines[(w->count - whole + i) % LAST_WORDS_LINES];
	return i == whole && w->len ? w->line : NULL;
}
