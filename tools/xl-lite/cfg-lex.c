/* SPDX-License-Identifier: MIT */
/*
 * Tokens of the xl.cfg language. The same as libxlutil's scanner takes, and
 * beyond it: lines may end in CR LF, a comment may end the file without a
 * newline, and \xHH and \OOO in strings mean what they say.
 */
#include "config.h"

#include "tools/xl-lite/cfg-lex.h"

#include "tools/xl-lite/keys.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool in_ident(char c)
{
	return is_lower(c) || is_digit(c) || c == '_' || c == '.';
}

static bool in_number(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || c == 'x';
}

static bool in_word(char c)
{
	return in_ident(c) || is_upper(c);
}

void cfg_lex_init(struct cfg_lexer *lexer, const char *text, size_t size,
		  struct cfg_pos start, struct diags *diags)
{
	*lexer = (struct cfg_lexer){
		.next = text,
		.end = text + size,
		.pos = start,
		.diags = diags,
	};
}

static void advance(struct cfg_lexer *lexer, size_t size)
{
	lexer->next += size;
	lexer->pos.column += size;
}

static size_t span(const struct cfg_lexer *lexer, bool (*in)(char))
{
	const char *p = lexer->next;

	while (p < lexer->end && in(*p))
		p++;
	return p - lexer->next;
}

/* Length of the line end here: 0 is none. */
static size_t at_newline(const struct cfg_lexer *lexer)
{
	if (lexer->next == lexer->end)
		return 0;
	if (*lexer->next == '\n')
		return 1;
	if (*lexer->next == '\r' && lexer->end - lexer->next > 1 &&
	    lexer->next[1] == '\n')
		return 2;
	return 0;
}

static void skip_blanks(struct cfg_lexer *lexer)
{
	while (lexer->next < lexer->end &&
	       (*lexer->next == ' ' || *lexer->next == '\t'))
		advance(lexer, 1);
	if (lexer->next < lexer->end && *lexer->next == '#')
		while (lexer->next < lexer->end && !at_newline(lexer))
			advance(lexer, 1);
}

/* Length of the string that begins here, or 0 when it does not end. */
static size_t string_size(const struct cfg_lexer *lexer, bool *escapes)
{
	const char *p = lexer->next;
	char quote = *p++;

	*escapes = false;
	for (; p < lexer->end && *p != '\n' && *p; p++) {
		if (*p == quote)
			return p + 1 - lexer->next;
		if (*p == '\\') {
			*escapes = true;
			p++;
			if (p == lexer->end || *p == '\n' || !*p)
				return 0;
		}
	}
	return 0;
}

/* To the end of the line: what follows an open quote cannot be judged. */
static void skip_line(struct cfg_lexer *lexer)
{
	while (lexer->next < lexer->end && *lexer->next != '\n')
		advance(lexer, 1);
}

static enum cfg_token_type bad_string(struct cfg_lexer *lexer,
				      struct cfg_pos pos)
{
	const char *line_end = memchr(lexer->next, '\n',
				      lexer->end - lexer->next);
	size_t rest = (line_end ? line_end : lexer->end) - lexer->next;

	if (memchr(lexer->next, '\0', rest))
		diag_error(lexer->diags, pos,
			   "a NUL byte is in this string: "
			   "a configuration is plain text");
	else
		diag_error(lexer->diags, pos,
			   "this string is not closed: a %c must follow "
			   "on the same line", *lexer->next);
	skip_line(lexer);
	return CFG_BAD;
}

static enum cfg_token_type bad_word(struct cfg_lexer *lexer,
				    struct cfg_pos pos)
{
	size_t size = span(lexer, in_word);
	char lower[64] = "";
	const char *meant;

	for (size_t i = 0; i < size && i < sizeof(lower) - 1; i++) {
		char c = lexer->next[i];

		lower[i] = is_upper(c) ? c - 'A' + 'a' : c;
	}
	meant = diags_full(lexer->diags) ? NULL : key_suggest(lower);
	if (strcmp(lower, "true") == 0 || strcmp(lower, "false") == 0 ||
	    strcmp(lower, "none") == 0)
		diag_error(lexer->diags, pos,
			   "'%.*s' is not known here: write %s",
			   (int)size, lexer->next,
			   lower[0] == 't' ? "1" : "0, or leave the key out");
	else if (meant)
		diag_error(lexer->diags, pos,
			   "'%.*s' is not a word of this language: "
			   "key names are lower case: did you mean '%s'?",
			   (int)(size < 64 ? size : 64), lexer->next, meant);
	else
		diag_error(lexer->diags, pos,
			   "'%.*s' is not a word of this language: a key is "
			   "lower case, text stands in quotes",
			   (int)(size < 64 ? size : 64), lexer->next);
	advance(lexer, size);
	return CFG_BAD;
}

static enum cfg_token_type bad_byte(struct cfg_lexer *lexer,
				    struct cfg_pos pos)
{
	unsigned char c = *lexer->next;

	if (!c)
		diag_error(lexer->diags, pos,
			   "a NUL byte: a configuration is plain text");
	else if (c == '-' || c == '+')
		diag_error(lexer->diags, pos,
			   "'%c' has no meaning here: a number is of digits, "
			   "text stands in quotes", c);
	else if (c == '\\')
		diag_error(lexer->diags, pos,
			   "'\\' has no meaning here: only a list in [ ] can "
			   "go on in the next line");
	else if (c > ' ' && c < 0x7f)
		diag_error(lexer->diags, pos,
			   "'%c' has no meaning here: text stands in quotes",
			   c);
	else
		diag_error(lexer->diags, pos,
			   "byte 0x%02x has no meaning here: "
			   "text stands in quotes", c);
	advance(lexer, 1);
	return CFG_BAD;
}

static enum cfg_token_type lex_one(struct cfg_lexer *lexer,
				   struct cfg_token *token)
{
	static const char marks[] = "=[],;";
	static const enum cfg_token_type types[] = {
		CFG_ASSIGN, CFG_OPEN, CFG_CLOSE, CFG_COMMA, CFG_SEMICOLON,
	};
	const char *mark;
	size_t size;
	char c;

	if (lexer->next == lexer->end)
		return CFG_END;
	size = at_newline(lexer);
	if (size) {
		lexer->next += size;
		lexer->pos.line++;
		lexer->pos.column = 1;
		return CFG_NEWLINE;
	}
	c = *lexer->next;
	if (is_lower(c)) {
		advance(lexer, span(lexer, in_ident));
		return CFG_IDENT;
	}
	if (is_digit(c)) {
		advance(lexer, span(lexer, in_number));
		return CFG_NUMBER;
	}
	if (c == '\'' || c == '"') {
		size = string_size(lexer, &token->escapes);
		if (!size)
			return bad_string(lexer, token->pos);
		advance(lexer, size);
		return CFG_STRING;
	}
	if (c == '+' && lexer->end - lexer->next > 1 && lexer->next[1] == '=') {
		advance(lexer, 2);
		return CFG_APPEND;
	}
	mark = c ? strchr(marks, c) : NULL;
	if (mark) {
		advance(lexer, 1);
		return types[mark - marks];
	}
	return is_upper(c) ? bad_word(lexer, token->pos)
			   : bad_byte(lexer, token->pos);
}

void cfg_lex(struct cfg_lexer *lexer, struct cfg_token *ret)
{
	skip_blanks(lexer);
	*ret = (struct cfg_token){
		.pos = lexer->pos,
		.text = lexer->next,
	};
	ret->type = lex_one(lexer, ret);
	ret->size = lexer->next - ret->text;
}

static int digit(char c, int base)
{
	int value = is_digit(c) ? c - '0'
		  : c >= 'a' && c <= 'f' ? c - 'a' + 10
		  : c >= 'A' && c <= 'F' ? c - 'A' + 10 : base;

	return value < base ? value : -1;
}

/* A number of MIN to MAX digits at *P, before END; -1 is none. */
static int escaped_number(const char **p, const char *end, int base,
			  int min, int max)
{
	int value = 0, n;

	for (n = 0; n < max && *p < end && digit(**p, base) >= 0; n++)
		value = value * base + digit(*(*p)++, base);
	return n < min ? -1 : value;
}

/* *P is behind the backslash and before END. The byte meant, else -1. */
static int unescape(const char **p, const char *end)
{
	static const char letters[] = "\\'\"abfnrtv";
	static const char meanings[] = "\\'\"\a\b\f\n\r\t\v";
	const char *known;

	if (digit(**p, 8) >= 0)
		return escaped_number(p, end, 8, 1, 3);
	if (**p == 'x') {
		++*p;
		return escaped_number(p, end, 16, 2, 2);
	}
	known = strchr(letters, **p);
	++*p;
	return known ? meanings[known - letters] : -1;
}

bool cfg_unquote(const struct cfg_token *token, char *to, size_t *size,
		 struct diags *diags)
{
	const char *p = token->text + 1;
	const char *end = token->text + token->size - 1;
	char *out = to;

	while (p < end) {
		const char *escape = p;
		struct cfg_pos pos = token->pos;
		int c;

		if (*p != '\\') {
			*out++ = *p++;
			continue;
		}
		p++;
		c = unescape(&p, end);
		if (c > 0 && c <= 255) {
			*out++ = c;
			continue;
		}
		pos.column += escape - token->text;
		diag_error(diags, pos, c == -1
			? "'%.*s' is no escape: there are \\\\ \\' \\\" \\a "
			  "\\b \\f \\n \\r \\t \\v \\xHH \\OOO"
			: "'%.*s' is no byte that a string can hold: "
			  "they go from \\001 to \\377",
			(int)(p - escape), escape);
		return false;
	}
	*out = '\0';
	*size = out - to;
	return true;
}
