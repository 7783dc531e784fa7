/* SPDX-License-Identifier: MIT */
/* What a process of ours says it is in the middle of, as text. */
#include "config.h"

#include "tools/xl-lite/mark.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define UUID "00112233-4455-6677-8899-aabbccddeeff"

static int failures;

static void check(bool good, const char *what)
{
	if (good)
		return;
	printf("not so: %s\n", what);
	failures++;
}

static const struct {
	const char *line;
	int err;
	enum mark_work work;
	bool domid_known;
	const char *name;
} lines[] = {
	{ "", 0, MARK_NOTHING, false, "" },
	{ "making       123     - " UUID " web\n", 0, MARK_MAKING, false,
	  "web" },
	{ "starting     123     7 " UUID " a b\n", 0, MARK_STARTING, true,
	  "a b" },
	{ "ending       123     7 " UUID " \n", 0, MARK_ENDING, true, "" },
	{ "making       123     - " UUID " web", -EINVAL, 0, false, "" },
	{ "making       123     - " UUID, -EINVAL, 0, false, "" },
	{ "baking       123     7 " UUID " web\n", -EINVAL, 0, false, "" },
	{ "making       123 70000 " UUID " web\n", -EINVAL, 0, false, "" },
	{ "making      -123     7 " UUID " web\n", -EINVAL, 0, false, "" },
	{ "making       123     7 not-a-uuid web\n", -EINVAL, 0, false, "" },
	{ "\n", -EINVAL, 0, false, "" },
};

static void test_lines(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct mark_record r;
		int err = mark_parse(lines[i].line, &r);

		check(!err == !lines[i].err, lines[i].line);
		if (err || lines[i].err)
			continue;
		check(r.work == lines[i].work &&
		      r.domid_known == lines[i].domid_known &&
		      strcmp(r.name, lines[i].name) == 0, lines[i].line);
	}
}

/* A line is written over the last one without cutting the file. */
static void test_same_length(void)
{
	struct mark_record r = { .pid = 4194303, .name = "web" }, back;
	char first[512], line[512];

	mark_format(&r, first, sizeof(first));
	for (int work = MARK_NOTHING; work <= MARK_ENDING; work++) {
		r.work = work;
		r.domid_known = work > MARK_MAKING;
		r.domid = 32751;
		mark_format(&r, line, sizeof(line));
		check(strlen(line) == strlen(first), line);
		check(mark_parse(line, &back) == 0 && back.work == r.work &&
		      back.pid == r.pid && strcmp(back.name, "web") == 0,
		      line);
	}
}

static void test_names(void)
{
	char path[96];

	mark_path_name(path, sizeof(path), "a/../b");
	check(mark_is_file(strrchr(path, '/') + 1), path);
	mark_path_domain(path, sizeof(path), 7);
	check(mark_is_file(strrchr(path, '/') + 1), path);
	check(!mark_is_file("userdata-d.7." UUID ".xl-lite"), "userdata");
	check(!mark_is_file("xl-lite-restart-7." UUID), "restart");
}

int main(void)
{
	test_lines();
	test_same_length();
	test_names();
	return failures ? 1 : 0;
}
