/* SPDX-License-Identifier: MIT */
/*
 * Memory that is let go of all at once. A parsed configuration lives in one:
 * however parsing ends, nothing is leaked and nothing is freed twice.
 */
#ifndef XL_LITE_ARENA_H
#define XL_LITE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_chunk;

/* Zero it to begin. */
struct arena {
	struct arena_chunk *chunks;	/* the newest first */
};

/* SIZE zeroed bytes, aligned for anything; NULL when memory is out. */
void *arena_alloc(struct arena *arena, size_t size);

/* SIZE bytes of TEXT and a NUL behind them. */
char *arena_strndup(struct arena *arena, const char *text, size_t size);

char *arena_printf(struct arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Room for one more in an array of COUNT elements of SIZE bytes: ARRAY itself,
 * or a larger copy. COUNT must have grown by one at a time. NULL when memory
 * is out; ARRAY is then still good.
 */
void *arena_grow(struct arena *arena, void *array, size_t count, size_t size);

void arena_free(struct arena *arena);

#endif
