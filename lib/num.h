/* SPDX-License-Identifier: MIT */
/*
 * The one strict number parser: the whole string must be digits of the base,
 * no sign, no space, no prefix, nothing behind. Bounds are inclusive.
 * Return 0, -EINVAL (not a number) or -ERANGE (outside MIN..MAX); *ret is
 * written on success only.
 */
#ifndef LIB_NUM_H
#define LIB_NUM_H

#include <stdint.h>

int num_parse(const char *s, uint64_t min, uint64_t max, uint64_t *ret);
int num_parse_hex(const char *s, uint64_t min, uint64_t max, uint64_t *ret);
int num_parse_uint(const char *s, unsigned int min, unsigned int max,
		   unsigned int *ret);

#endif
