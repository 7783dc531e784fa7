/* SPDX-License-Identifier: MIT */
/* Taking the settings of a configuration; see reader.h. */
#include "config.h"

#include "tools/xl-lite/reader.h"

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/keys.h"
#include "tools/xl-lite/suggest.h"

#include <ctype.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cfg_pos reader_pos(const struct reader *r, const char *key)
{
	const struct cfg_setting *s = cfg_find(&r->tree, key);

	if (s)
		return s->value->pos;
	return (struct cfg_pos){ .name = r->config->source };
}

const char *reader_raw(const struct reader *r, const char *key)
{
	const struct cfg_setting *s = cfg_find(&r->tree, key);

	return s && s->value->type == CFG_TEXT ? s->value->text : NULL;
}

const char *reader_text(const struct reader *r, const char *key)
{
	const char *text = reader_raw(r, key);

	return text && *text ? text : NULL;
}

const char *reader_file(struct reader *r, const char *key)
{
	struct guest_config *config = r->config;
	const char *path = reader_text(r, key);

	assert(config->num_files < NAMED_FILES_MAX);
	if (path)
		config->files[config->num_files++] = (struct named_file) {
			.key = key, .path = path, .pos = reader_pos(r, key),
		};
	return path;
}

bool reader_parse_number(const char *text, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 0);
	return !errno && end != text && !*end;
}

bool reader_number(struct reader *r, const char *key, long min, long max,
		   long *ret)
{
	const char *unit = key_unit(key);
	const char *text = reader_raw(r, key);
	long number;

	if (!text || !reader_parse_number(text, &number))
		return false;
	if (number < min || number > max) {
		diag_error(r->diags, reader_pos(r, key),
			   "%s=%s: a number from %ld to %ld%s%s is needed",
			   key, text, min, max, unit ? " " : "",
			   unit ? unit : "");
		return false;
	}
	if (text[0] == '0' && isdigit((unsigned char)text[1]))
		diag_warning(r->diags, reader_pos(r, key),
			     "%s=%s means %ld: a number that begins with 0 is "
			     "octal: leave out the 0 if that is not meant",
			     key, text, number);
	*ret = number;
	return true;
}

enum choice reader_choice(const struct reader *r, const char *key)
{
	const char *text = reader_raw(r, key);
	long number;

	if (!text || !reader_parse_number(text, &number))
		return CHOICE_DEFAULT;
	return number ? CHOICE_YES : CHOICE_NO;
}

static void add_text(struct reader *r, struct text_list *list, const char *text)
{
	const char **larger = arena_grow(r->config->memory, list->items,
					 list->count, sizeof(*larger));

	if (!larger) {
		r->err = -ENOMEM;
		return;
	}
	list->items = larger;
	list->items[list->count++] = text;
}

void reader_list(struct reader *r, const char *key, struct text_list *ret)
{
	const struct cfg_setting *s = cfg_find(&r->tree, key);

	if (!s)
		return;
	ret->is_list = s->value->type == CFG_LIST;
	if (!ret->is_list) {
		if (*s->value->text)
			add_text(r, ret, s->value->text);
		return;
	}
	for (size_t i = 0; i < s->value->count; i++)
		if (s->value->items[i]->type == CFG_TEXT)
			add_text(r, ret, s->value->items[i]->text);
}

void reader_words(struct reader *r, const char *key, struct text_list *ret)
{
	static const char blanks[] = " \t\n";
	const struct cfg_setting *s = cfg_find(&r->tree, key);
	size_t len;

	if (!s || s->value->type == CFG_LIST) {
		reader_list(r, key, ret);
		return;
	}
	for (const char *c = s->value->text; *(c += strspn(c, blanks));
	     c += len) {
		const char *word;

		len = strcspn(c, blanks);
		word = arena_strndup(r->config->memory, c, len);
		if (word)
			add_text(r, ret, word);
		else
			r->err = -ENOMEM;
	}
	if (ret->count)
		diag_warning(r->diags, s->value->pos,
			     "%s: one text is split where it has blanks: write "
			     "a list instead, [\"...\", \"...\"]", key);
}

int reader_find(struct reader *r, const char *key, const char *text,
		const char *const *names, int first, int count)
{
	const char *meant = NULL;
	char all[512] = "";
	size_t used = 0;

	for (int i = first; i < count; i++) {
		if (strcmp(names[i], text) == 0)
			return i;
		suggest(text, names[i], &meant);
		if (used < sizeof(all))
			used += snprintf(all + used, sizeof(all) - used,
					 "%s%s", i == first ? "" : ", ",
					 names[i]);
	}
	diag_error(r->diags, reader_pos(r, key), "%s='%s' is not known: %s%s%s%s",
		   key, text, meant ? "did you mean '" : "there are ",
		   meant ? meant : all, meant ? "'? There are " : "",
		   meant ? all : "");
	return -1;
}
