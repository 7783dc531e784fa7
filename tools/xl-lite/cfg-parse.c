/* SPDX-License-Identifier: MIT */
/*
 * A recursive-descent parser for the xl.cfg language:
 *
 *	file    = { [assignment] (newline | ';') } [assignment]
 *	assignment = IDENT ('=' | '+=') value
 *	value   = STRING | NUMBER | '[' nl [ item { ',' nl item } [',' nl] ] ']'
 *	item    = value nl
 *	nl      = { newline }
 *
 * Bounded in all directions: size of the text, settings, depth of lists.
 */
#include "config.h"

#include "tools/xl-lite/cfg-parse.h"

#include "tools/xl-lite/cfg-lex.h"
#include "tools/xl-lite/keys.h"

#include <errno.h>
#include <string.h>

struct parser {
	struct cfg_tree *tree;
	struct cfg_lexer lexer;
	struct cfg_token token;		/* the one to look at next */
	unsigned int depth;		/* of the list that token is in */
	struct diags *diags;
	int err;			/* -ENOMEM ends all */
};

static const char *const token_names[] = {
	[CFG_END] = "the end of the file",
	[CFG_NEWLINE] = "the end of the line",
	[CFG_ASSIGN] = "'='",
	[CFG_APPEND] = "'+='",
	[CFG_OPEN] = "'['",
	[CFG_CLOSE] = "']'",
	[CFG_COMMA] = "','",
	[CFG_SEMICOLON] = "';'",
};

static void next(struct parser *p)
{
	cfg_lex(&p->lexer, &p->token);
}

/* Say that something else than the token should be here. */
static bool unexpected(struct parser *p, const char *wanted)
{
	const struct cfg_token *t = &p->token;
	int size = t->size < 40 ? t->size : 40;

	if (t->type == CFG_BAD)
		; /* has been reported */
	else if (token_names[t->type])
		diag_error(p->diags, t->pos, "%s is here, where %s is needed",
			   token_names[t->type], wanted);
	else if (t->type == CFG_STRING)
		diag_error(p->diags, t->pos,
			   "the text %.*s is here, where %s is needed",
			   size, t->text, wanted);
	else
		diag_error(p->diags, t->pos,
			   "'%.*s' is here, where %s is needed",
			   size, t->text, wanted);
	return false;
}

static bool no_memory(struct parser *p)
{
	p->err = -ENOMEM;
	return false;
}

/* Does a statement begin with the token? Looks ahead on a copy. */
static bool at_statement(const struct parser *p)
{
	struct cfg_lexer ahead = p->lexer;
	struct cfg_token token;

	if (p->token.type != CFG_IDENT)
		return false;
	cfg_lex(&ahead, &token);
	return token.type == CFG_ASSIGN || token.type == CFG_APPEND;
}

/*
 * Behind a mistake: go to where the next statement begins, which is a line
 * outside of lists, or one that looks like it. What is passed over is not
 * judged, because it would be judged wrong.
 */
static void recover(struct parser *p)
{
	p->lexer.diags = NULL;
	while (p->token.type != CFG_END) {
		bool newline = p->token.type == CFG_NEWLINE;

		if (p->token.type == CFG_OPEN)
			p->depth++;
		if (p->token.type == CFG_CLOSE && p->depth)
			p->depth--;
		if (newline && !p->depth)
			break;
		next(p);
		if (newline && at_statement(p))
			break;
	}
	p->depth = 0;
	p->lexer.diags = p->diags;
}

static struct cfg_value *text_value(struct parser *p)
{
	const struct cfg_token *t = &p->token;
	struct cfg_value *value;
	bool quoted = t->type == CFG_STRING;

	value = arena_alloc(p->tree->arena, sizeof(*value));
	if (value)
		value->text = arena_alloc(p->tree->arena, t->size + 1);
	if (!value || !value->text) {
		no_memory(p);
		return NULL;
	}
	value->type = CFG_TEXT;
	value->pos = t->pos;
	value->room = t->size + 1;
	value->size = t->size;
	if (!t->escapes)
		value->text_column = t->pos.column + quoted;
	if (!quoted)
		memcpy(value->text, t->text, t->size);
	else if (!cfg_unquote(t, value->text, &value->size, p->diags))
		return NULL;
	next(p);
	return value;
}

static bool list_add(struct parser *p, struct cfg_value *list,
		     struct cfg_value *item)
{
	struct cfg_value **items;

	items = arena_grow(p->tree->arena, list->items, list->count,
			   sizeof(*items));
	if (!items)
		return no_memory(p);
	list->items = items;
	items[list->count++] = item;
	return true;
}

static void skip_newlines(struct parser *p)
{
	while (p->token.type == CFG_NEWLINE)
		next(p);
}

static struct cfg_value *parse_value(struct parser *p);

static bool parse_items(struct parser *p, struct cfg_value *list)
{
	skip_newlines(p);
	while (p->token.type != CFG_CLOSE) {
		struct cfg_value *item = parse_value(p);

		if (!item || !list_add(p, list, item))
			return false;
		skip_newlines(p);
		if (p->token.type == CFG_CLOSE)
			break;
		if (p->token.type == CFG_END) {
			diag_error(p->diags, list->pos,
				   "this list is not closed: a ] is missing");
			return false;
		}
		if (p->token.type != CFG_COMMA)
			return unexpected(p, "',' or ']'");
		next(p);
		skip_newlines(p);
	}
	return true;
}

static struct cfg_value *list_value(struct parser *p)
{
	struct cfg_value *list;

	if (p->depth == CFG_MAX_DEPTH) {
		diag_error(p->diags, p->token.pos,
			   "lists within lists, more than %d deep",
			   CFG_MAX_DEPTH);
		return NULL;
	}
	list = arena_alloc(p->tree->arena, sizeof(*list));
	if (!list) {
		no_memory(p);
		return NULL;
	}
	list->type = CFG_LIST;
	list->pos = p->token.pos;
	p->depth++;
	next(p);
	if (!parse_items(p, list))
		return NULL;
	p->depth--;
	next(p);
	return list;
}

static struct cfg_value *parse_value(struct parser *p)
{
	const struct cfg_token *t = &p->token;

	switch (t->type) {
	case CFG_STRING:
	case CFG_NUMBER:
		return text_value(p);
	case CFG_OPEN:
		return list_value(p);
	case CFG_IDENT:
		diag_error(p->diags, t->pos,
			   "'%.*s' is here, where a value is needed: "
			   "text stands in quotes: \"%.*s\"",
			   (int)(t->size < 40 ? t->size : 40), t->text,
			   (int)(t->size < 40 ? t->size : 40), t->text);
		return NULL;
	default:
		unexpected(p, "a value (\"text\", a number or a [list])");
		return NULL;
	}
}

struct cfg_setting *cfg_find(const struct cfg_tree *tree, const char *name)
{
	for (size_t i = 0; i < tree->count; i++)
		if (strcmp(tree->settings[i].name, name) == 0)
			return &tree->settings[i];
	return NULL;
}

static struct cfg_setting *add_setting(struct parser *p,
				       const struct cfg_token *name)
{
	struct cfg_tree *tree = p->tree;
	struct cfg_setting *settings;

	if (tree->count == CFG_MAX_SETTINGS) {
		diag_error(p->diags, name->pos,
			   "more than %d keys: is this a configuration?",
			   CFG_MAX_SETTINGS);
		return NULL;
	}
	settings = arena_grow(tree->arena, tree->settings, tree->count,
			      sizeof(*settings));
	if (!settings) {
		no_memory(p);
		return NULL;
	}
	tree->settings = settings;
	return &settings[tree->count++];
}

/* Room doubles, so that many += of one text cost no more than its size. */
static bool append_text(struct parser *p, struct cfg_value *to,
			const struct cfg_value *from)
{
	size_t size = to->size + from->size;

	if (size + 1 > to->room) {
		char *text = arena_alloc(p->tree->arena, 2 * size + 1);

		if (!text)
			return no_memory(p);
		memcpy(text, to->text, to->size);
		to->text = text;
		to->room = 2 * size + 1;
	}
	memcpy(to->text + to->size, from->text, from->size + 1);
	to->size = size;
	to->text_column = 0;
	return true;
}

static bool append_value(struct parser *p, struct cfg_value *to,
			 const struct cfg_value *from)
{
	if (to->type != from->type) {
		diag_error(p->diags, from->pos,
			   "%s cannot be added to %s (line %u)",
			   from->type == CFG_LIST ? "a list" : "text",
			   to->type == CFG_LIST ? "a list" : "text",
			   to->pos.line);
		return true;	/* known what was meant: go on behind it */
	}
	if (to->type == CFG_TEXT)
		return append_text(p, to, from);
	for (size_t i = 0; i < from->count; i++)
		if (!list_add(p, to, from->items[i]))
			return false;
	return true;
}

static bool store(struct parser *p, const struct cfg_token *name, bool append,
		  struct cfg_value *value)
{
	char *copy = arena_strndup(p->tree->arena, name->text, name->size);
	struct cfg_setting *s;

	if (!copy)
		return no_memory(p);
	s = cfg_find(p->tree, copy);
	if (s && append) {
		if (!append_value(p, s->value, value))
			return false;
		s->appended = true;
		return true;
	}
	if (s && s->pos.rank == name->pos.rank)
		diag_warning(p->diags, name->pos,
			     "%s is given again: it was given in line %u, "
			     "but only this one counts", copy, s->pos.line);
	if (!s)
		s = add_setting(p, name);
	if (!s)
		return false;
	*s = (struct cfg_setting){
		.name = copy,
		.pos = name->pos,
		.value = value,
		.appended = append,
	};
	return true;
}

/* What stands behind a value and is no end: most often a unit. */
static bool junk_behind(struct parser *p, const struct cfg_token *name,
			const struct cfg_value *value)
{
	const struct cfg_token *t = &p->token;
	char key[64] = "", text[32], advice[80];

	if (value->type != CFG_TEXT || t->type != CFG_IDENT ||
	    value->text_column != value->pos.column ||
	    value->pos.line != t->pos.line ||
	    value->text_column + value->size != t->pos.column)
		return unexpected(p, "the end of the line or ';'");
	memcpy(key, name->text, name->size < 63 ? name->size : 63);
	snprintf(text, sizeof(text), "%s%.*s", value->text,
		 (int)(t->size < 20 ? t->size : 20), t->text);
	key_number_advice(key, text, advice, sizeof(advice));
	diag_error(p->diags, value->pos, "%s: '%s' is not a number: %s", key,
		   text, advice);
	return false;
}

static bool parse_assignment(struct parser *p)
{
	struct cfg_token name = p->token;
	struct cfg_value *value;
	bool append;

	next(p);
	append = p->token.type == CFG_APPEND;
	if (!append && p->token.type != CFG_ASSIGN)
		return unexpected(p, "'=' or '+='");
	next(p);
	value = parse_value(p);
	if (!value)
		return false;
	if (p->token.type != CFG_NEWLINE && p->token.type != CFG_SEMICOLON &&
	    p->token.type != CFG_END)
		return junk_behind(p, &name, value);
	return store(p, &name, append, value);
}

static bool parse_statement(struct parser *p)
{
	switch (p->token.type) {
	case CFG_NEWLINE:
	case CFG_SEMICOLON:
		next(p);
		return true;
	case CFG_IDENT:
		return parse_assignment(p);
	default:
		return unexpected(p, "a key");
	}
}

int cfg_parse(struct cfg_tree *tree, const char *text, size_t size,
	      struct cfg_pos start, struct diags *diags)
{
	struct parser p = { .tree = tree, .diags = diags };

	if (size > CFG_MAX_SIZE) {
		diag_error(diags, (struct cfg_pos){ .name = start.name },
			   "more than %u bytes are too many for a "
			   "configuration: is this a disk image?",
			   CFG_MAX_SIZE);
		return 0;
	}
	cfg_lex_init(&p.lexer, text, size, start, diags);
	next(&p);
	/* what comes behind a hundred mistakes is no configuration */
	while (p.token.type != CFG_END && !p.err && diags->errors < DIAGS_MAX)
		if (!parse_statement(&p))
			recover(&p);
	return p.err;
}

struct cfg_pos cfg_text_pos(const struct cfg_value *value, size_t offset)
{
	struct cfg_pos pos = value->pos;

	if (value->text_column)
		pos.column = value->text_column + offset;
	return pos;
}
