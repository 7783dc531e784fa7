/* SPDX-License-Identifier: MIT */
/* Which word was meant: for 'did you mean ...?' */
#ifndef XL_LITE_SUGGEST_H
#define XL_LITE_SUGGEST_H

#include <stddef.h>

/* Words longer than this are never alike. */
#define SUGGEST_MAX 48

/*
 * Keep the best of several: call it for each candidate with *BEST starting as
 * NULL. A word counts as meant when at most a third of it is different.
 */
void suggest(const char *typed, const char *candidate, const char **best);

#endif
