/* SPDX-License-Identifier: MIT */
/* UUIDs as text: "00112233-4455-6677-8899-aabbccddeeff". */
#ifndef XL_LITE_UUID_H
#define XL_LITE_UUID_H

#include <stdint.h>

/* With the NUL. */
#define UUID_TEXT_SIZE 37

void uuid_format(const uint8_t uuid[16], char text[UUID_TEXT_SIZE]);
/* Exactly what uuid_format() makes, and nothing behind it; else -EINVAL. */
int uuid_parse(const char *text, uint8_t uuid[16]);

#endif
