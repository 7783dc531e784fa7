/* SPDX-License-Identifier: MIT */
/* Changing a stored configuration; see json-edit.h. */
#include "config.h"

#include "tools/xl-lite/json-edit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_tree.h>

#include "lib/cleanup.h"

struct editor {
	yajl_gen gen;
	yajl_gen_status status;	/* of the first call that failed */
	int err;
};

static void cleanup_tree(yajl_val *tree)
{
	yajl_tree_free(*tree);	/* NULL is fine */
}

#define CLEANUP_TREE CLEANUP(cleanup_tree)

static void note(struct editor *e, yajl_gen_status status)
{
	if (e->status == yajl_gen_status_ok)
		e->status = status;
}

static void print_text(struct editor *e, const char *s)
{
	note(e, yajl_gen_string(e->gen, (const unsigned char *)s, strlen(s)));
}

/* As deep as the text, which is root's own: libxl's types go six deep. */
static void print_value(struct editor *e, yajl_val v)
{
	switch (v->type) {
	case yajl_t_string:
		print_text(e, v->u.string);
		break;
	case yajl_t_number:
		/* its own digits: it may be larger than any type of ours */
		note(e, yajl_gen_number(e->gen, v->u.number.r,
					strlen(v->u.number.r)));
		break;
	case yajl_t_object:
		note(e, yajl_gen_map_open(e->gen));
		for (size_t i = 0; i < v->u.object.len; i++) {
			print_text(e, v->u.object.keys[i]);
			print_value(e, v->u.object.values[i]);
		}
		note(e, yajl_gen_map_close(e->gen));
		break;
	case yajl_t_array:
		note(e, yajl_gen_array_open(e->gen));
		for (size_t i = 0; i < v->u.array.len; i++)
			print_value(e, v->u.array.values[i]);
		note(e, yajl_gen_array_close(e->gen));
		break;
	case yajl_t_true:
	case yajl_t_false:
		note(e, yajl_gen_bool(e->gen, v->type == yajl_t_true));
		break;
	default:
		note(e, yajl_gen_null(e->gen));
		break;
	}
}

static yajl_val parse(struct editor *e, const char *text)
{
	char why[128];
	yajl_val v = yajl_tree_parse(text, why, sizeof(why));

	if (!v)
		e->err = -EINVAL;
	return v;
}

static const char *id_of(yajl_val element, const char *field)
{
	const char *path[] = { field, NULL };
	yajl_val id = yajl_tree_get(element, path, yajl_t_any);

	if (id && id->type == yajl_t_string)
		return id->u.string;
	return id && id->type == yajl_t_number ? id->u.number.r : "";
}

static bool stays(const struct json_edit *edit, yajl_val element)
{
	return !edit->keep ||
	       edit->keep(id_of(element, edit->field), edit->arg);
}

/* LIST as edited; a list of nothing is left out, as libxl does. */
static void print_list(struct editor *e, const struct json_edit *edit,
		       yajl_val list)
{
	CLEANUP_TREE yajl_val added = edit->add ? parse(e, edit->add) : NULL;
	bool open = false;

	for (size_t i = 0; list && i < list->u.array.len; i++) {
		if (!stays(edit, list->u.array.values[i]))
			continue;
		if (!open) {
			print_text(e, edit->list);
			note(e, yajl_gen_array_open(e->gen));
			open = true;
		}
		print_value(e, list->u.array.values[i]);
	}
	if (added && !open) {
		print_text(e, edit->list);
		note(e, yajl_gen_array_open(e->gen));
		open = true;
	}
	if (added)
		print_value(e, added);
	if (open)
		note(e, yajl_gen_array_close(e->gen));
}

static const struct json_edit *find_edit(const struct json_edit *edits,
					 unsigned int count, const char *key)
{
	for (unsigned int i = 0; i < count; i++)
		if (strcmp(edits[i].list, key) == 0)
			return &edits[i];
	return NULL;
}

/* libxl's order: a list that was not there stands where it would. */
static bool comes_before(const char *key, const char *list)
{
	static const char *const order[] = { "c_info", "b_info", "disks" };

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		if (strcmp(order[i], list) == 0)
			return false;
		if (strcmp(order[i], key) == 0)
			return true;
	}
	return false;
}

/* The new lists whose place is before KEY, or at the end when it is NULL. */
static void print_new(struct editor *e, yajl_val config,
		      const struct json_edit *edits, unsigned int count,
		      const char *key, bool *printed)
{
	for (unsigned int i = 0; i < count; i++) {
		const char *path[] = { edits[i].list, NULL };

		if (printed[i] || (key && comes_before(key, edits[i].list)) ||
		    yajl_tree_get(config, path, yajl_t_array))
			continue;
		print_list(e, &edits[i], NULL);
		printed[i] = true;
	}
}

static void print_config(struct editor *e, yajl_val config,
			 const struct json_edit *edits, unsigned int count,
			 bool *printed)
{
	note(e, yajl_gen_map_open(e->gen));
	for (size_t i = 0; i < config->u.object.len; i++) {
		const char *key = config->u.object.keys[i];
		yajl_val value = config->u.object.values[i];
		const struct json_edit *edit = find_edit(edits, count, key);

		print_new(e, config, edits, count, key, printed);
		if (edit && value->type == yajl_t_array) {
			print_list(e, edit, value);
			continue;
		}
		print_text(e, key);
		print_value(e, value);
	}
	print_new(e, config, edits, count, NULL, printed);
	note(e, yajl_gen_map_close(e->gen));
}

static int take_text(struct editor *e, char **ret)
{
	const unsigned char *out;
	size_t size;

	note(e, yajl_gen_get_buf(e->gen, &out, &size));
	if (e->err || e->status != yajl_gen_status_ok)
		return e->err ? e->err : -EINVAL;
	*ret = strndup((const char *)out, size);
	return *ret ? 0 : -ENOMEM;
}

int json_edit(const char *text, const struct json_edit *edits,
	      unsigned int count, char **ret)
{
	struct editor e = { .gen = yajl_gen_alloc(NULL) };
	CLEANUP_FREE bool *printed = calloc(count + 1, sizeof(*printed));
	CLEANUP_TREE yajl_val config = NULL;
	int err;

	if (!e.gen || !printed) {
		if (e.gen)
			yajl_gen_free(e.gen);
		return -ENOMEM;
	}
	yajl_gen_config(e.gen, yajl_gen_beautify, 1);
	yajl_gen_config(e.gen, yajl_gen_indent_string, "    ");
	config = parse(&e, text);
	if (config && config->type == yajl_t_object)
		print_config(&e, config, edits, count, printed);
	else
		e.err = -EINVAL;
	err = take_text(&e, ret);
	yajl_gen_free(e.gen);
	return err;
}
