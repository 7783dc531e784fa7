/* SPDX-License-Identifier: MIT */
/* What tables say in a word: states, times, sets of processors, and back. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"

#include "tools/xl-lite/cpu-set.h"
#include "tools/xl-lite/domain-text.h"
#include "tools/xl-lite/memory-size.h"

static int failures;

static void expect(const char *what, const char *got, const char *want)
{
	if (strcmp(got, want) == 0)
		return;
	printf("%s: got '%s', want '%s'\n", what, got, want);
	failures++;
}

static void test_states(void)
{
	static const struct {
		struct hv_domain domain;
		const char *want;
	} cases[] = {
		{ { .running = true }, "r-----" },
		{ { .blocked = true }, "-b----" },
		{ { .blocked = true, .paused = true }, "-bp---" },
		{ { 0 }, "------" },
		{ { .dying = true }, "-----d" },
		{ { .shutdown = true, .shutdown_reason = 0 }, "---s--" },
		{ { .shutdown = true, .shutdown_reason = 1 }, "---sr-" },
		{ { .shutdown = true, .shutdown_reason = 2 }, "---ss-" },
		{ { .shutdown = true, .shutdown_reason = 3 }, "---sc-" },
		{ { .shutdown = true, .shutdown_reason = 4 }, "---sw-" },
		{ { .shutdown = true, .shutdown_reason = 5 }, "---sS-" },
		{ { .shutdown = true, .shutdown_reason = 6 }, "---s?-" },
		{ { .shutdown = true, .shutdown_reason = 255 }, "---s?-" },
		{ { .shutdown_reason = 3 }, "------" },
	};
	char text[DOMAIN_STATE_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		domain_state_text(&cases[i].domain, text);
		expect("state", text, cases[i].want);
	}
}

static void test_uptimes(void)
{
	static const struct {
		uint64_t seconds;
		bool brief;
		const char *want;
	} cases[] = {
		{ 0, false, " 0:00:00" },
		{ 59, false, " 0:00:59" },
		{ 3661, false, " 1:01:01" },
		{ 86399, false, "23:59:59" },
		{ 86400, false, "1 day,  0:00:00" },
		{ 2 * 86400 + 36005, false, "2 days, 10:00:05" },
		{ 59, true, " 0:00" },
		{ 86400 + 60, true, "1 day,  0:01" },
		{ 400ull * 86400, true, "400 days,  0:00" },
	};
	char text[UPTIME_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uptime_text(cases[i].seconds, cases[i].brief, text);
		expect("uptime", text, cases[i].want);
	}
}

static void print_set(const struct cpu_set *set, unsigned int count,
		      char *text, size_t size)
{
	CLEANUP_FCLOSE FILE *f = fmemopen(text, size, "w");

	cpu_set_print(set, count, f);
}

static void test_printed_sets(void)
{
	static const struct {
		uint8_t map[3];
		unsigned int count;
		const char *want;
	} cases[] = {
		{ { 0x00 }, 8, "none" },
		{ { 0xff }, 8, "all" },
		{ { 0x01 }, 1, "all" },
		{ { 0x00 }, 1, "none" },
		{ { 0xff, 0xff }, 12, "all" },
		{ { 0x0f }, 8, "0-3" },
		{ { 0x2f }, 8, "0-3,5" },
		{ { 0xf0 }, 8, "4-7" },
		{ { 0x80 }, 8, "7" },
		{ { 0x05 }, 8, "0,2" },
		{ { 0x80, 0x01 }, 16, "7-8" },
		{ { 0x55, 0xff, 0x03 }, 24, "0,2,4,6,8-17" },
		{ { 0xff }, 9, "0-7" },
		{ { 0xfe }, 8, "1-7" },
		{ { 0x00 }, 0, "none" },
	};
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpu_set set = { 0 };

		memcpy(set.map, cases[i].map, sizeof(cases[i].map));
		print_set(&set, cases[i].count, text, sizeof(text));
		expect("set", text, cases[i].want);
	}
}

/* Eight processors: 0 to 3 in node 0, 4 to 7 in node 1, but there is no 6. */
static const int nodes[] = { 0, 0, 0, 0, 1, 1, -1, 1 };
static const struct cpu_nodes machine = { nodes, ARRAY_SIZE(nodes) };

static void test_read_sets(void)
{
	static const struct {
		const char *text, *want;	/* NULL: refused */
	} cases[] = {
		{ "0", "0" },
		{ "0-3", "0-3" },
		{ "0,2,4", "0,2,4" },
		{ "all", "0-5,7" },
		{ "all,^0", "1-5,7" },
		{ "^0,all", "0-5,7" },
		{ "0-7,^2-3", "0-1,4-5,7" },
		{ "node:0", "0-3" },
		{ "nodes:0-1", "0-5,7" },
		{ "node:all", "0-5,7" },
		{ "node:1,^4", "5,7" },
		{ "all,^node:0", "4-5,7" },
		{ "3-3", "3" },
		{ "", NULL },
		{ ",", NULL },
		{ "0,,1", NULL },
		{ "0,", NULL },
		{ "x", NULL },
		{ "-1", NULL },
		{ "+1", NULL },
		{ " 1", NULL },
		{ "1 ", NULL },
		{ "1-", NULL },
		{ "3-1", NULL },
		{ "1-2-3", NULL },
		{ "0x1", NULL },
		{ "8", NULL },
		{ "0-8", NULL },
		{ "node:2", NULL },
		{ "node:", NULL },
		{ "node:x", NULL },
		{ "cpu:1", NULL },
		{ "^all", NULL },
		{ "^nodes:all", NULL },
		{ "^0", NULL },
		{ "0,^0", NULL },
		{ "6", NULL },
		{ "All", NULL },
		{ "none", NULL },
		{ "99999999999999999999", NULL },
		{ "0000000000000000000000000000000000000000000000000000000000000001",
		  NULL },
	};
	char text[64], why[CPU_SET_WHY_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpu_set set = { 0 };
		int err;

		why[0] = '\0';
		err = cpu_set_parse(cases[i].text, &machine, &set, why);
		if (err != (cases[i].want ? 0 : -EINVAL) ||
		    (err && !why[0])) {
			printf("'%s': returned %d, '%s'\n", cases[i].text, err,
			       why);
			failures++;
		}
		if (err || !cases[i].want)
			continue;
		print_set(&set, machine.count, text, sizeof(text));
		expect(cases[i].text, text, cases[i].want);
	}
}

static void test_sets_of_many(void)
{
	struct cpu_set set = { 0 };

	cpu_set_add(&set, CPU_SET_MAX);
	cpu_set_add(&set, CPU_SET_MAX - 1);
	cpu_set_drop(&set, CPU_SET_MAX + 7);
	if (cpu_set_count(&set, CPU_SET_MAX) != 1 ||
	    cpu_set_has(&set, CPU_SET_MAX)) {
		printf("a number beyond the last is in the set\n");
		failures++;
	}
}

static void test_memory_sizes(void)
{
	static const struct {
		const char *text;
		int err;
		uint64_t kib;
	} cases[] = {
		{ "512", 0, 512 * 1024 },
		{ "512m", 0, 512 * 1024 },
		{ "512M", 0, 512 * 1024 },
		{ "1g", 0, 1024 * 1024 },
		{ "2T", 0, 2ull << 30 },
		{ "4096k", 0, 4096 },
		{ "8192b", 0, 8 },
		{ "8193b", 0, 8 },
		{ "", -EINVAL, 0 },
		{ "m", -EINVAL, 0 },
		{ "512mb", -EINVAL, 0 },
		{ "512 m", -EINVAL, 0 },
		{ "-512", -EINVAL, 0 },
		{ "+512", -EINVAL, 0 },
		{ "1.5g", -EINVAL, 0 },
		{ "0x200", -EINVAL, 0 },
		{ "512x", -EINVAL, 0 },
		{ "0", -ERANGE, 0 },
		{ "1023b", -ERANGE, 0 },
		{ "18446744073709551615", -ERANGE, 0 },
		{ "99999999t", -ERANGE, 0 },
		{ "8388607t", 0, 8388607ull << 30 },
		{ "99999999999999999999999999999999", -ERANGE, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t kib = 0;
		int err = memory_size_parse(cases[i].text, &kib);

		if (err == cases[i].err && kib == cases[i].kib)
			continue;
		printf("memory '%s': %d, %llu KiB\n", cases[i].text, err,
		       (unsigned long long)kib);
		failures++;
	}
}

int main(void)
{
	test_states();
	test_uptimes();
	test_printed_sets();
	test_read_sets();
	test_sets_of_many();
	test_memory_sizes();
	return failures != 0;
}
