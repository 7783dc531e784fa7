/* SPDX-License-Identifier: MIT */
/*
 * Every key that xl of Xen 4.17 reads, and what xl-lite does with it. No key
 * is ever ignored in silence: it acts, or it is warned about, or it is refused.
 */
#ifndef XL_LITE_KEYS_H
#define XL_LITE_KEYS_H

#include "tools/xl-lite/guest-config.h"

#include <stdbool.h>

/* What a key's value may be. A text may be of digits; a number is text too. */
enum key_kind {
	KIND_TEXT,
	KIND_NUMBER,
	KIND_BOOL,		/* a number: 0 is no */
	KIND_LIST,		/* of text */
	KIND_TEXT_OR_LIST,
	KIND_NUMBER_OR_LIST,
	KIND_ANY,		/* also lists of lists */
};

enum key_status {
	KEY_ACTS,		/* for all guests that it is about */
	/* else, for those for which it does not act: */
	KEY_IDLE,		/* does nothing, with a warning that says why */
	KEY_REFUSED,		/* not done yet: an error unless inert */
};

/* The guests that a key is about; for others it does nothing, also with xl. */
enum {
	FOR_PV = 1 << GUEST_PV,
	FOR_PVH = 1 << GUEST_PVH,
	FOR_HVM = 1 << GUEST_HVM,
	FOR_ALL = FOR_PV | FOR_PVH | FOR_HVM,
};

struct key {
	const char *name;
	enum key_kind kind;
	unsigned int guests;
	unsigned int acts;	/* for which of them */
	enum key_status status;
	/* the value that says what is so anyhow; an empty list always does */
	const char *inert;
	const char *note;	/* why idle, or what to do instead */
};

/* The table, ended by an entry without a name. */
extern const struct key keys[];

const struct key *key_find(const char *name);

/* The key that NAME, which is none, was most likely meant to be, or NULL. */
const char *key_suggest(const char *name);

/* What a number counts, for messages: "MiB", or NULL. */
const char *key_unit(const char *name);

/* What to do about TEXT, which is no number: "write 2048: it counts MiB". */
void key_number_advice(const char *name, const char *text, char *to,
		       size_t size);

#endif
