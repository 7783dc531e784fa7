/* SPDX-License-Identifier: MIT */
/*
 * What is stored about a guest says all that it got, given or not: xl and we
 * list it from there, and libxl takes what is missing for something else.
 */
#include "config.h"

#include <stdlib.h>

#include "lib/cleanup.h"

#include "tests/unit/cfg-test.h"
#include "tools/xl-lite/json.h"

static const struct {
	const char *config, *want;
} cases[] = {
	{ "name='g'\nkernel='k'\n",
	  "\"b_info\":{\"max_vcpus\":1,\"avail_vcpus\":[0],"
	  "\"max_memkb\":32768,\"target_memkb\":32768,\"video_memkb\":0," },
	{ "name='g'\nkernel='k'\nmemory=64\nmaxmem=128\nvcpus=2\nmaxvcpus=4\n",
	  "\"b_info\":{\"max_vcpus\":4,\"avail_vcpus\":[0,1],"
	  "\"max_memkb\":131072,\"target_memkb\":65536,\"video_memkb\":0," },
	/* the first set for both, and two sets of a map of 8 bits */
	{ "name='g'\nkernel='k'\nvcpus=2\ncpus='0,2'\ncpus_soft=['all','0,2']",
	  "\"avail_vcpus\":[0,1],\"vcpu_hard_affinity\":[[0,2],[0,2]],"
	  "\"vcpu_soft_affinity\":[[0,1,2,3,4,5,6,7],[0,2]],"
	  "\"numa_placement\":\"False\",\"max_memkb\"" },
};

/* Without the space between its parts. */
static void squeeze(char *s)
{
	char *to = s;

	for (; *s; s++)
		if (*s != ' ' && *s != '\n')
			*to++ = *s;
	*to = '\0';
}

static int check(const char *text, const char *want)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	CLEANUP_FREE char *json = NULL;
	size_t size;
	FILE *f = open_memstream(&json, &size);
	const struct cpu_set sets[] = { { { 0xff, 0xff } }, { { 5 } } };
	const bool placed = strstr(text, "\ncpus=") != NULL;
	const struct json_places hard = {
		.sets = &sets[1], .count = placed, .same = true, .width = 8,
	}, soft = {
		.sets = sets, .count = placed * 2, .width = 8,
	};
	int failed;

	if (!f || guest_config_parse("g.cfg", text, strlen(text), NULL, 0,
				     &diags, &config) ||
	    json_print_stored(config, &hard, &soft, f))
		exit(99);
	fclose(f);
	squeeze(json);
	failed = !strstr(json, want);
	if (failed)
		printf("stored: %s\n  want: %s\n", json, want);
	return failed;
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		failed += check(cases[i].config, cases[i].want);
	return failed != 0;
}
