/* SPDX-License-Identifier: MIT */
/* JSON as a tree; see json-tree.h. */
#include "config.h"

#include "tools/xl-lite/json-tree.h"

#include <errno.h>
#include <string.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "lib/cleanup.h"
#include "lib/num.h"

/* -- making and changing ---------------------------------------------------- */

struct json_value *json_new(struct arena *arena, enum json_type type)
{
	struct json_value *v = arena_alloc(arena, sizeof(*v));

	if (v)
		v->type = type;
	return v;
}

static struct json_value *new_with_text(struct arena *arena,
					enum json_type type, const char *text)
{
	struct json_value *v = text ? json_new(arena, type) : NULL;

	if (v)
		v->text = text;
	return v;
}

struct json_value *json_new_text(struct arena *arena, const char *text)
{
	return new_with_text(arena, JSON_TEXT,
			     arena_strndup(arena, text, strlen(text)));
}

struct json_value *json_new_number(struct arena *arena, uint64_t number)
{
	return new_with_text(arena, JSON_NUMBER,
			     arena_printf(arena, "%llu",
					  (unsigned long long)number));
}

static struct json_member *find(const struct json_value *map, const char *key)
{
	if (!map || map->type != JSON_MAP)
		return NULL;
	for (struct json_member *m = map->first; m; m = m->next)
		if (strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

struct json_value *json_get(const struct json_value *map, const char *key)
{
	struct json_member *m = find(map, key);

	return m ? m->value : NULL;
}

const char *json_get_text(const struct json_value *map, const char *key)
{
	const struct json_value *v = json_get(map, key);

	return v && v->type == JSON_TEXT ? v->text : NULL;
}

uint64_t json_get_number(const struct json_value *map, const char *key,
			 uint64_t deflt)
{
	const struct json_value *v = json_get(map, key);

	if (v && v->type == JSON_NUMBER)
		num_parse(v->text, 0, UINT64_MAX, &deflt);
	return deflt;
}

static bool is_among(const char *key, const char *const *keys)
{
	for (; *keys; keys++)
		if (strcmp(*keys, key) == 0)
			return true;
	return false;
}

/* The link that a new member is to be hung on. */
static struct json_member **place_behind(struct json_value *map,
					 const char *const *before)
{
	struct json_member **place = &map->first;

	for (struct json_member *m = map->first; m; m = m->next)
		if (is_among(m->key, before))
			place = &m->next;
	return place;
}

static int insert(struct arena *arena, struct json_member **place,
		  const char *key, struct json_value *value)
{
	struct json_member *m = arena_alloc(arena, sizeof(*m));

	if (!m || !value)
		return -ENOMEM;
	*m = (struct json_member) { key, value, *place };
	*place = m;
	return 0;
}

int json_set(struct arena *arena, struct json_value *map, const char *key,
	     struct json_value *value, const char *const *before)
{
	struct json_member *m = find(map, key);

	if (!m)
		return insert(arena, place_behind(map, before), key, value);
	if (!value)
		return -ENOMEM;
	m->value = value;
	return 0;
}

void json_remove(struct json_value *map, const char *key)
{
	for (struct json_member **m = &map->first; *m; m = &(*m)->next)
		if (strcmp((*m)->key, key) == 0) {
			*m = (*m)->next;
			return;
		}
}

static struct json_member **end_of(struct json_value *v)
{
	struct json_member **m = &v->first;

	while (*m)
		m = &(*m)->next;
	return m;
}

int json_append(struct arena *arena, struct json_value *array,
		struct json_value *value)
{
	return insert(arena, end_of(array), NULL, value);
}

/* -- parsing ------------------------------------------------------------------ */

struct parser {
	struct arena *arena;
	struct json_value *root;
	/* containers that are open, and the end of each one's list */
	struct json_member **ends[JSON_DEPTH_MAX];
	unsigned int depth;
	const char *key;		/* waits for its value */
	int err;
};

/* yajl's callbacks return whether to go on. */
static int take(struct parser *p, struct json_value *v)
{
	struct json_member **end;

	if (!v) {
		p->err = -ENOMEM;
		return 0;
	}
	if (!p->depth) {
		p->root = v;
		return 1;
	}
	end = p->ends[p->depth - 1];
	p->err = insert(p->arena, end, p->key, v);
	if (p->err)
		return 0;
	p->ends[p->depth - 1] = &(*end)->next;
	p->key = NULL;
	return 1;
}

static int open_container(struct parser *p, enum json_type type)
{
	struct json_value *v = json_new(p->arena, type);

	if (p->depth == JSON_DEPTH_MAX) {
		p->err = -EINVAL;
		return 0;
	}
	if (!take(p, v))
		return 0;
	p->ends[p->depth++] = &v->first;
	return 1;
}

static int on_null(void *ctx)
{
	struct parser *p = ctx;

	return take(p, json_new(p->arena, JSON_NULL));
}

static int on_bool(void *ctx, int truth)
{
	struct parser *p = ctx;
	struct json_value *v = json_new(p->arena, JSON_BOOL);

	if (v)
		v->truth = truth;
	return take(p, v);
}

static int on_number(void *ctx, const char *text, size_t size)
{
	struct parser *p = ctx;

	return take(p, new_with_text(p->arena, JSON_NUMBER,
				     arena_strndup(p->arena, text, size)));
}

static int on_text(void *ctx, const unsigned char *text, size_t size)
{
	struct parser *p = ctx;

	return take(p, new_with_text(p->arena, JSON_TEXT,
				     arena_strndup(p->arena,
						   (const char *)text, size)));
}

static int on_key(void *ctx, const unsigned char *text, size_t size)
{
	struct parser *p = ctx;

	p->key = arena_strndup(p->arena, (const char *)text, size);
	if (!p->key)
		p->err = -ENOMEM;
	return p->key != NULL;
}

static int on_map(void *ctx)
{
	return open_container(ctx, JSON_MAP);
}

static int on_array(void *ctx)
{
	return open_container(ctx, JSON_ARRAY);
}

static int on_end(void *ctx)
{
	((struct parser *)ctx)->depth--;
	return 1;
}

int json_tree_parse(struct arena *arena, const char *text,
		    struct json_value **ret)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_bool,
		.yajl_number = on_number,
		.yajl_string = on_text,
		.yajl_map_key = on_key,
		.yajl_start_map = on_map,
		.yajl_end_map = on_end,
		.yajl_start_array = on_array,
		.yajl_end_array = on_end,
	};
	struct parser p = { .arena = arena };
	yajl_handle handle = yajl_alloc(&callbacks, NULL, &p);
	yajl_status status;

	if (!handle)
		return -ENOMEM;
	status = yajl_parse(handle, (const unsigned char *)text, strlen(text));
	if (status == yajl_status_ok)
		status = yajl_complete_parse(handle);
	yajl_free(handle);
	if (p.err)
		return p.err;
	if (status != yajl_status_ok || !p.root)
		return -EINVAL;
	*ret = p.root;
	return 0;
}

/* -- printing ------------------------------------------------------------------ */

static yajl_gen_status print(yajl_gen gen, const struct json_value *v);

static yajl_gen_status print_text(yajl_gen gen, const char *text)
{
	return yajl_gen_string(gen, (const unsigned char *)text, strlen(text));
}

static yajl_gen_status print_members(yajl_gen gen, const struct json_value *v)
{
	yajl_gen_status status = yajl_gen_status_ok;

	for (const struct json_member *m = v->first;
	     m && status == yajl_gen_status_ok; m = m->next) {
		if (v->type == JSON_MAP)
			status = print_text(gen, m->key);
		if (status == yajl_gen_status_ok)
			status = print(gen, m->value);
	}
	return status;
}

static yajl_gen_status print(yajl_gen gen, const struct json_value *v)
{
	yajl_gen_status status;

	switch (v->type) {
	case JSON_BOOL:
		return yajl_gen_bool(gen, v->truth);
	case JSON_NUMBER:
		return yajl_gen_number(gen, v->text, strlen(v->text));
	case JSON_TEXT:
		return print_text(gen, v->text);
	case JSON_ARRAY:
		status = yajl_gen_array_open(gen);
		if (status == yajl_gen_status_ok)
			status = print_members(gen, v);
		return status == yajl_gen_status_ok ? yajl_gen_array_close(gen)
						    : status;
	case JSON_MAP:
		status = yajl_gen_map_open(gen);
		if (status == yajl_gen_status_ok)
			status = print_members(gen, v);
		return status == yajl_gen_status_ok ? yajl_gen_map_close(gen)
						    : status;
	case JSON_NULL:
		break;
	}
	return yajl_gen_null(gen);
}

int json_tree_print(const struct json_value *value, FILE *to)
{
	yajl_gen gen = yajl_gen_alloc(NULL);
	const unsigned char *out;
	size_t size;
	int err = 0;

	if (!gen)
		return -ENOMEM;
	yajl_gen_config(gen, yajl_gen_beautify, 1);
	yajl_gen_config(gen, yajl_gen_indent_string, "    ");
	if (print(gen, value) != yajl_gen_status_ok ||
	    yajl_gen_get_buf(gen, &out, &size) != yajl_gen_status_ok)
		err = -EINVAL;
	else if (fwrite(out, 1, size, to) != size)
		err = -EIO;
	yajl_gen_free(gen);
	return err;
}
