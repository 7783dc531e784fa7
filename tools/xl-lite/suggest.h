/* SPDX-License-Identifier: MIT */
/* Which word was meant: for 'did you mean ...?' */
#ifndef XL_LITE_SUGGEST_H
#define XL_LITE_SUGGEST_H

#include <stddef.h>

/* Words longer than this are never alike. */
#define SUGGEST_MAX 48

/*
 * How many letters must be added, removed, changed or swapped with their
 * neighbour to get from A to B; more than SUGGEST_MAX when either is too long.
 */
unsigned int edit_distance(const char *a, const char *b);

/*
 * Keep the best of several: call it for each candidate with *BEST starting as
 * NULL. A word counts as meant when at most a third of it is different.
 */
void suggest(const char *typed, const char *candidate, const char **best);

#endif
