/* SPDX-License-Identifier: MIT */
/* The strict number parser takes digits in range and nothing else. */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/num.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const struct {
	const char *text;
	uint64_t min, max;
	int want;
	uint64_t value;
} cases[] = {
	{ "0", 0, UINT64_MAX, 0, 0 },
	{ "007", 0, 10, 0, 7 },
	{ "18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX },
	{ "18446744073709551616", 0, UINT64_MAX, -ERANGE, 0 },
	{ "99999999999999999999x", 0, UINT64_MAX, -EINVAL, 0 },
	{ "5", 6, 9, -ERANGE, 0 },
	{ "10", 6, 9, -ERANGE, 0 },
	{ "", 0, 9, -EINVAL, 0 },
	{ "-1", 0, UINT64_MAX, -EINVAL, 0 },
	{ "+1", 0, UINT64_MAX, -EINVAL, 0 },
	{ " 1", 0, 9, -EINVAL, 0 },
	{ "1 ", 0, 9, -EINVAL, 0 },
	{ "0x4", 0, 9, -EINVAL, 0 },
	{ "4a", 0, 99, -EINVAL, 0 },
};

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t got = 0;
		int r = num_parse(cases[i].text, cases[i].min, cases[i].max,
				  &got);

		if (r == cases[i].want && got == cases[i].value)
			continue;
		failed++;
		printf("'%s': want %d and %" PRIu64 ", got %d and %" PRIu64
		       "\n", cases[i].text, cases[i].want, cases[i].value,
		       r, got);
	}
	return failed != 0;
}
