/* SPDX-License-Identifier: MIT */
/* Amounts of memory as a person writes them. Pure. */
#ifndef XL_LITE_MEMORY_SIZE_H
#define XL_LITE_MEMORY_SIZE_H

#include <stdint.h>

/*
 * "512" is MiB; a letter behind it, of either case, says otherwise: t, g, m, k
 * or b. Parts of a KiB are cut off, but 0 KiB is -ERANGE, and so is more than
 * fits. -EINVAL: it is no such thing.
 */
int memory_size_parse(const char *text, uint64_t *kib);

#endif
