/* SPDX-License-Identifier: MIT */
/* JSON that is read, changed and printed again: what is not touched stays. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#include "tools/xl-lite/json-tree.h"

static int failures;

static char *print(const struct json_value *v)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f || json_tree_print(v, f))
		exit(99);
	fclose(f);
	return text;
}

static void expect(const char *what, const struct json_value *v,
		   const char *want)
{
	CLEANUP_FREE char *got = print(v);

	if (strcmp(got, want) == 0)
		return;
	printf("%s: got\n%s\nwant\n%s\n", what, got, want);
	failures++;
}

/* As libxl prints it with yajl, an empty map with its empty line. */
static const char as_libxl[] =
"{\n"
"    \"c_info\": {\n"
"        \"type\": \"pv\",\n"
"        \"name\": \"a \\\"b\\\" /c\\\\ \xc3\xa4\"\n"
"    },\n"
"    \"b_info\": {\n"
"        \"max_vcpus\": 18446744073709551615,\n"
"        \"avail_vcpus\": [\n"
"            0,\n"
"            1\n"
"        ],\n"
"        \"sched_params\": {\n"
"\n"
"        },\n"
"        \"direct\": true,\n"
"        \"none\": null,\n"
"        \"empty\": [\n"
"\n"
"        ]\n"
"    }\n"
"}\n";

static void test_round_trip(void)
{
	CLEANUP(arena_free) struct arena arena = { 0 };
	struct json_value *v;

	if (json_tree_parse(&arena, as_libxl, &v)) {
		printf("libxl's own form is not read\n");
		failures++;
		return;
	}
	expect("round trip", v, as_libxl);
}

static void test_changes(void)
{
	static const char *const before[] = { "a", "c", NULL };
	static const char *const none[] = { NULL };
	CLEANUP(arena_free) struct arena arena = { 0 };
	struct json_value *v;

	if (json_tree_parse(&arena, "{\"a\":1,\"c\":2,\"d\":3}", &v))
		exit(99);
	if (json_set(&arena, v, "b", json_new_number(&arena, 7), before) ||
	    json_set(&arena, v, "d", json_new_text(&arena, "x"), none) ||
	    json_set(&arena, v, "z", json_new(&arena, JSON_MAP), none) ||
	    json_set(&arena, v, "e", NULL, none) != -ENOMEM)
		exit(99);
	json_remove(v, "a");
	json_remove(v, "not there");
	expect("changed", v, "{\n    \"z\": {\n\n    },\n    \"c\": 2,\n"
	       "    \"b\": 7,\n    \"d\": \"x\"\n}\n");
	if (json_get_number(v, "c", 9) != 2 || json_get_number(v, "d", 9) != 9 ||
	    json_get_number(v, "no", 9) != 9 || json_get_text(v, "c") ||
	    strcmp(json_get_text(v, "d"), "x") != 0 ||
	    json_get(json_get(v, "c"), "x") || json_get(NULL, "x")) {
		printf("what is asked for is not what is there\n");
		failures++;
	}
}

static void test_refused(void)
{
	static const char *const texts[] = {
		"", "{", "}", "[1,]", "{\"a\"}", "{} {}", "nul", "{\"a\":1,}",
		"\"\xff\"",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		CLEANUP(arena_free) struct arena arena = { 0 };
		struct json_value *v;

		if (json_tree_parse(&arena, texts[i], &v) != -EINVAL) {
			printf("taken for JSON: %s\n", texts[i]);
			failures++;
		}
	}
}

int main(void)
{
	test_round_trip();
	test_changes();
	test_refused();
	return failures != 0;
}
