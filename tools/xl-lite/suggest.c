/* SPDX-License-Identifier: MIT */
/* Which word was meant; see suggest.h. */
#include "config.h"

#include "tools/xl-lite/suggest.h"

#include <string.h>

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int min = a < b ? a : b;

	return min < c ? min : c;
}

/*
 * How many letters must be added, removed, changed or swapped with their
 * neighbour to get from A to B; more than SUGGEST_MAX when either is too long.
 * Optimal string alignment, with the last three rows of the matrix.
 */
static unsigned int edit_distance(const char *a, const char *b)
{
	unsigned int rows[3][SUGGEST_MAX + 1];
	size_t a_size = strlen(a), b_size = strlen(b);

	if (a_size > SUGGEST_MAX || b_size > SUGGEST_MAX)
		return SUGGEST_MAX + 1;
	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_size; i++) {
		unsigned int *row = rows[i % 3];
		const unsigned int *last = rows[(i + 2) % 3];
		const unsigned int *before = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= b_size; j++) {
			row[j] = min3(last[j] + 1, row[j - 1] + 1,
				      last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
		}
	}
	return rows[a_size % 3][b_size];
}

void suggest(const char *typed, const char *candidate, const char **best)
{
	size_t size = strlen(typed);
	unsigned int limit = size < 3 ? 1 : (size + 2) / 3;
	size_t other = strlen(candidate);
	unsigned int distance;

	if ((size > other ? size - other : other - size) > limit)
		return;
	distance = edit_distance(typed, candidate);
	/* nothing is like a word of which no letter is left */
	if (distance > limit || distance >= size)
		return;
	if (!*best || distance < edit_distance(typed, *best))
		*best = candidate;
}
