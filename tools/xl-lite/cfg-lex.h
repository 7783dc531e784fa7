/* SPDX-License-Identifier: MIT */
/*
 * Tokens of the xl.cfg language. A pure function of a buffer, which need not
 * end in a NUL. What is no token is reported where it is met.
 */
#ifndef XL_LITE_CFG_LEX_H
#define XL_LITE_CFG_LEX_H

#include "tools/xl-lite/diag.h"

#include <stdbool.h>

enum cfg_token_type {
	CFG_END,
	CFG_NEWLINE,
	CFG_IDENT,	/* [a-z][._0-9a-z]* */
	CFG_NUMBER,	/* [0-9][0-9a-fx]* : a string that needs no quotes */
	CFG_STRING,
	CFG_ASSIGN,	/* = */
	CFG_APPEND,	/* += */
	CFG_OPEN,	/* [ */
	CFG_CLOSE,	/* ] */
	CFG_COMMA,
	CFG_SEMICOLON,
	CFG_BAD,	/* has been reported */
};

struct cfg_token {
	enum cfg_token_type type;
	struct cfg_pos pos;
	const char *text;	/* in the buffer; with its quotes if it has */
	size_t size;
	bool escapes;		/* a string with a backslash in it */
};

struct cfg_lexer {
	const char *next, *end;
	struct cfg_pos pos;	/* of next */
	struct diags *diags;
};

void cfg_lex_init(struct cfg_lexer *lexer, const char *text, size_t size,
		  struct cfg_pos start, struct diags *diags);
void cfg_lex(struct cfg_lexer *lexer, struct cfg_token *ret);

/*
 * The bytes that a CFG_STRING stands for, and a NUL, into TO, which has room
 * for token->size bytes. False when an escape is wrong: that is reported.
 */
bool cfg_unquote(const struct cfg_token *token, char *to, size_t *size,
		 struct diags *diags);

#endif
