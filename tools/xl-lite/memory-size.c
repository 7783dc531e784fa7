/* SPDX-License-Identifier: MIT */
/* Amounts of memory; see memory-size.h. */
#include "config.h"

#include "tools/xl-lite/memory-size.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/num.h"

/* The letters, and how far left a number has to go to be KiB. */
static const struct {
	char letter;
	int shift;
} units[] = {
	{ 't', 30 }, { 'g', 20 }, { 'm', 10 }, { 'k', 0 }, { 'b', -10 },
};

static int find_shift(char letter, int *shift)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (units[i].letter == tolower((unsigned char)letter)) {
			*shift = units[i].shift;
			return 0;
		}
	return -EINVAL;
}

int memory_size_parse(const char *text, uint64_t *kib)
{
	const size_t digits = strspn(text, "0123456789");
	char number[24];
	uint64_t n;
	int shift = 10, err;

	if (digits >= sizeof(number))
		return -ERANGE;
	if (text[digits] && (text[digits + 1] ||
			     find_shift(text[digits], &shift)))
		return -EINVAL;
	memcpy(number, text, digits);
	number[digits] = '\0';
	/* in bytes it must still be a number */
	err = num_parse(number, 0, UINT64_MAX >> 11 >> (shift > 0 ? shift : 0),
			&n);
	if (err)
		return err;
	n = shift < 0 ? n >> -shift : n << shift;
	if (!n)
		return -ERANGE;
	*kib = n;
	return 0;
}
