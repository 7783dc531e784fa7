/* SPDX-License-Identifier: MIT */
/*
 * Changing the list of disks or interfaces in a stored configuration, whoever
 * wrote it, and nothing else of it.
 */
#ifndef XL_LITE_JSON_EDIT_H
#define XL_LITE_JSON_EDIT_H

#include <stdbool.h>

/*
 * Is the element to stay whose FIELD is ID, in decimal if it is a number?
 * "" is an element without it.
 */
typedef bool json_keep_fn(const char *id, void *arg);

struct json_edit {
	const char *list;	/* "disks", "nics" */
	const char *field;	/* that tells its elements apart */
	json_keep_fn *keep;	/* NULL: all stay */
	void *arg;		/* keep's */
	const char *add;	/* JSON of one to put last, or NULL */
};

/*
 * TEXT with these COUNT changes made, in the form of json.h. The caller frees
 * *RET. -EINVAL when TEXT is no configuration, or -ENOMEM.
 */
int json_edit(const char *text, const struct json_edit *edits,
	      unsigned int count, char **ret);

#endif
