/* SPDX-License-Identifier: MIT */
/* The one strict number parser; see num.h. */
#include "config.h"

#include "lib/num.h"

#include <errno.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int parse(const char *s, int base, uint64_t min, uint64_t max,
		 uint64_t *ret)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		int digit = digit_value(*s);

		if (digit < 0 || digit >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value)) {
			/* too large, unless junk follows: that is said first */
			while (*++s)
				if (digit_value(*s) < 0 ||
				    digit_value(*s) >= base)
					return -EINVAL;
			return -ERANGE;
		}
	}
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int num_parse(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	return parse(s, 10, min, max, ret);
}

int num_parse_hex(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	return parse(s, 16, min, max, ret);
}

int num_parse_uint(const char *s, unsigned int min, unsigned int max,
		   unsigned int *ret)
{
	uint64_t value;
	int r = parse(s, 10, min, max, &value);

	if (r == 0)
		*ret = value;
	return r;
}
