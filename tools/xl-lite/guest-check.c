/* SPDX-License-Identifier: MIT */
/*
 * Every setting, judged by the key table: is it a key, is its value of the sort
 * that the key takes, and does it do anything for a guest of this type?
 */
#include "config.h"

#include "tools/xl-lite/reader.h"
#include "tools/xl-lite/keys.h"
#include "tools/xl-lite/suggest.h"

#include <stddef.h>
#include <string.h>

static void check_number(struct reader *r, const struct cfg_setting *s)
{
	char advice[80];
	long number;

	if (s->appended) {
		diag_error(r->diags, s->value->pos,
			   "%s: += does not add numbers: write %s=", s->name,
			   s->name);
	} else if (!reader_parse_number(s->value->text, &number)) {
		key_number_advice(s->name, s->value->text, advice,
				  sizeof(advice));
		diag_error(r->diags, s->value->pos,
			   "%s='%s' is not a number: %s", s->name,
			   s->value->text, advice);
	}
}

static void check_items(struct reader *r, const struct cfg_setting *s)
{
	const struct cfg_value *list = s->value;

	for (size_t i = 0; i < list->count; i++)
		if (list->items[i]->type == CFG_LIST)
			diag_error(r->diags, list->items[i]->pos,
				   "%s: a list is here, where text is needed",
				   s->name);
}

/* Is the value of the sort that its key takes? */
static void check_kind(struct reader *r, const struct cfg_setting *s,
		       const struct key *key)
{
	bool list = s->value->type == CFG_LIST;

	switch (key->kind) {
	case KIND_ANY:
		break;
	case KIND_NUMBER:
	case KIND_BOOL:
		if (list)
			diag_error(r->diags, s->value->pos,
				   "%s is a number, not a list", s->name);
		else
			check_number(r, s);
		break;
	case KIND_TEXT:
		if (list)
			diag_error(r->diags, s->value->pos,
				   "%s is one text, not a list", s->name);
		break;
	case KIND_LIST:
		if (!list)
			diag_error(r->diags, s->value->pos,
				   "%s is a list: write %s=[\"...\"]", s->name,
				   s->name);
		else
			check_items(r, s);
		break;
	case KIND_TEXT_OR_LIST:
		if (list)
			check_items(r, s);
		break;
	case KIND_NUMBER_OR_LIST:
		if (list)
			check_items(r, s);
		else
			check_number(r, s);
		break;
	}
}

/* Does the value ask for nothing but what is so anyhow? */
static bool is_inert(const struct cfg_setting *s, const struct key *key)
{
	long number, inert;

	if (s->value->type == CFG_LIST)
		return s->value->count == 0;
	if (!key->inert)
		return false;
	if (key->kind != KIND_TEXT && reader_parse_number(key->inert, &inert) &&
	    reader_parse_number(s->value->text, &number))
		return key->kind == KIND_BOOL ? !number == !inert
					      : number == inert;
	return strcmp(s->value->text, key->inert) == 0;
}

static void check_status(struct reader *r, const struct cfg_setting *s,
			 const struct key *key)
{
	enum guest_type type = r->config->type;

	if (key->acts & 1U << type || is_inert(s, key))
		return;
	if (!(key->guests & 1U << type))
		diag_warning(r->diags, s->pos, "%s does nothing for a %s "
			     "guest", s->name, guest_type_title(type));
	else if (key->status == KEY_IDLE)
		diag_warning(r->diags, s->pos, "%s does nothing: %s", s->name,
			     key->note);
	else
		diag_error(r->diags, s->pos, "%s: xl knows this key, but "
			   "xl-lite does not do it yet: leave it out, or use "
			   "xl for this guest", s->name);
}

void reader_check_settings(struct reader *r)
{
	for (size_t i = 0; i < r->tree.count; i++) {
		const struct cfg_setting *s = &r->tree.settings[i];
		const struct key *key = key_find(s->name);
		const char *meant;

		if (key) {
			check_kind(r, s, key);
			check_status(r, s, key);
			continue;
		}
		meant = diags_full(r->diags) ? NULL : key_suggest(s->name);
		diag_warning(r->diags, s->pos, "%s is not a key, so it does "
			     "nothing%s%s%s", s->name,
			     meant ? ": did you mean '" : "",
			     meant ? meant : "", meant ? "'?" : "");
	}
}
