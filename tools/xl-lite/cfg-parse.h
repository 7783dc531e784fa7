/* SPDX-License-Identifier: MIT */
/*
 * The xl.cfg language, from text to settings: KEY = VALUE and KEY += VALUE,
 * where a value is a string, a number (which is a string too) or a list of
 * values. What the keys mean is not known here.
 */
#ifndef XL_LITE_CFG_PARSE_H
#define XL_LITE_CFG_PARSE_H

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/diag.h"

#include <stdbool.h>
#include <stddef.h>

#define CFG_MAX_SIZE (1U << 20)		/* bytes of a file */
#define CFG_MAX_SETTINGS 4096
#define CFG_MAX_DEPTH 16		/* lists within lists */

enum cfg_value_type {
	CFG_TEXT,
	CFG_LIST,
};

struct cfg_value {
	enum cfg_value_type type;
	struct cfg_pos pos;
	/* a CFG_TEXT; without a NUL inside, and with one behind */
	char *text;
	size_t size, room;
	/* the first byte of text is at this column, the others follow;
	 * 0: text is not as in the file (escapes, +=) */
	unsigned int text_column;
	/* a CFG_LIST */
	struct cfg_value **items;
	size_t count;
};

struct cfg_setting {
	const char *name;
	struct cfg_pos pos;		/* of the last assignment */
	struct cfg_value *value;
	bool appended;			/* by the last assignment: += */
};

/* Zero it to begin. A name is in it once: its last assignment. */
struct cfg_tree {
	struct arena *arena;		/* owns all below; set by the caller */
	struct cfg_setting *settings;	/* in the order of first assignment */
	size_t count;
};

/*
 * Add the settings in TEXT to TREE. What is wrong goes to DIAGS, and parsing
 * goes on at the next statement. Returns 0 whatever it found, or -ENOMEM.
 */
int cfg_parse(struct cfg_tree *tree, const char *text, size_t size,
	      struct cfg_pos start, struct diags *diags);

struct cfg_setting *cfg_find(const struct cfg_tree *tree, const char *name);

/* Where byte OFFSET of a text is, as far as is known. */
struct cfg_pos cfg_text_pos(const struct cfg_value *value, size_t offset);

#endif
