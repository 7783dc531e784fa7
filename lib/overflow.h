/* SPDX-License-Identifier: MIT */
/* Arithmetic that asks before it wraps. True means it would have. */
#ifndef LIB_OVERFLOW_H
#define LIB_OVERFLOW_H

#include <stdbool.h>

#define add_overflows(a, b, ret) __builtin_add_overflow((a), (b), (ret))
#define mul_overflows(a, b, ret) __builtin_mul_overflow((a), (b), (ret))

/* Is START..START+COUNT within 0..LIMIT? Never wraps. */
static inline bool range_within(unsigned long long start,
				unsigned long long count,
				unsigned long long limit)
{
	return start <= limit && count <= limit - start;
}

#endif
