/* SPDX-License-Identifier: MIT */
/*
 * JSON as a tree that can be changed and printed again: what is not touched
 * comes out as it went in, in the same order. All of it lives in an arena.
 */
#ifndef XL_LITE_JSON_TREE_H
#define XL_LITE_JSON_TREE_H

#include "tools/xl-lite/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_TEXT,
	JSON_ARRAY,
	JSON_MAP,
};

struct json_value {
	enum json_type type;
	bool truth;			/* JSON_BOOL */
	const char *text;		/* JSON_TEXT; JSON_NUMBER, as it stood */
	struct json_member *first;	/* JSON_ARRAY, JSON_MAP */
};

struct json_member {
	const char *key;		/* NULL in an array */
	struct json_value *value;
	struct json_member *next;
};

/* How deep a tree may be. */
#define JSON_DEPTH_MAX 32

/* -EINVAL: it is no JSON, or deeper than that; -ENOMEM. */
int json_tree_parse(struct arena *arena, const char *text,
		    struct json_value **ret);

/* NULL when memory is out; json_set() and json_append() then say so. */
struct json_value *json_new(struct arena *arena, enum json_type type);
struct json_value *json_new_text(struct arena *arena, const char *text);
struct json_value *json_new_number(struct arena *arena, uint64_t number);

/* NULL when MAP is NULL, is no map, or has no such key. */
struct json_value *json_get(const struct json_value *map, const char *key);
/* Its text, or NULL when it is none. */
const char *json_get_text(const struct json_value *map, const char *key);
/* A number that is not negative, or DEFLT. */
uint64_t json_get_number(const struct json_value *map, const char *key,
			 uint64_t deflt);

/*
 * Give KEY a value. A key that is not there yet is put behind the last one of
 * BEFORE, a list ended by NULL, that is; or in front of all.
 */
int json_set(struct arena *arena, struct json_value *map, const char *key,
	     struct json_value *value, const char *const *before);
void json_remove(struct json_value *map, const char *key);
int json_append(struct arena *arena, struct json_value *array,
		struct json_value *value);

/* In the form of libxl with yajl: four spaces, and a newline at the end. */
int json_tree_print(const struct json_value *value, FILE *to);

#endif
