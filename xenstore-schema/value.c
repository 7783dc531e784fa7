/* SPDX-License-Identifier: MIT */
/*
 * Values by their type. A value comes as bytes and a size, as xenstored gives
 * it: it may be another domain's, hold zeros and have no end of its own.
 */
#include "xenstore-schema/schema.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The highest domid that is a domain: DOMID_FIRST_RESERVED is 0x7ff0. */
#define DOMID_LAST 0x7fefu

/* -- pieces ---------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Canonical decimal: -EINVAL, or -ERANGE past 2^64-1. */
static int parse_u64(const char *s, size_t size, uint64_t *ret)
{
	uint64_t n = 0;
	int err = 0;

	if (size == 0 || (size > 1 && s[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		if (!is_digit(s[i]))
			return -EINVAL;
		if (__builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(s[i] - '0'), &n))
			err = -ERANGE;
	}
	*ret = n;
	return err;
}

/* The bounds a range "LO..HI" gives; our own tables, so it parses. */
static void bounds(const char *range, uint64_t *lo, uint64_t *hi)
{
	const char *dots = strstr(range, "..");

	*lo = 0;
	*hi = UINT64_MAX;
	if (!dots)
		return;
	(void)parse_u64(range, (size_t)(dots - range), lo);
	(void)parse_u64(dots + 2, strlen(dots + 2), hi);
}

static bool is_word(const char *range, const char *value, size_t size)
{
	for (const char *word = range; word;) {
		size_t len = strcspn(word, "|");

		if (len == size && memcmp(word, value, size) == 0)
			return true;
		word = word[len] ? word + len + 1 : NULL;
	}
	return false;
}

/* Each 'x' a hexadecimal digit, all else itself. */
static bool is_shaped(const char *shape, const char *value, size_t size)
{
	if (size != strlen(shape))
		return false;
	for (size_t i = 0; i < size; i++)
		if (shape[i] == 'x' ? !is_hex(value[i]) : value[i] != shape[i])
			return false;
	return true;
}

static bool is_printable(const char *value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)value[i] < 0x20 || value[i] == 0x7f)
			return false;
	return true;
}

/* Absolute, of the characters xenstored takes, no empty part. */
static bool is_path(const char *value, size_t size)
{
	static const char taken[] = "abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@";

	if (size < 2 || size > 3071 || value[0] != '/' ||
	    value[size - 1] == '/')
		return false;
	for (size_t i = 0; i < size; i++) {
		if (value[i] == '\0' || !strchr(taken, value[i]))
			return false;
		if (value[i] == '/' && value[i + 1] == '/')
			return false;
	}
	return true;
}

/* Two non-empty parts of digits (hexadecimal: as HEX says) around SEPARATOR. */
static bool is_pair(const char *value, size_t size, char separator, bool hex)
{
	const char *mid = memchr(value, separator, size);
	size_t first = mid ? (size_t)(mid - value) : 0;

	if (!mid || first == 0 || first + 1 == size || size > 40)
		return false;
	for (size_t i = 0; i < size; i++)
		if (i != first && !(hex ? is_hex(value[i]) :
					  is_digit(value[i])))
			return false;
	return true;
}

/* -- types ----------------------------------------------------------------- */

/* The bounds of a number type; false: it is none. */
static bool number_bounds(const struct schema_node *node, uint64_t *lo,
			  uint64_t *hi)
{
	*lo = 0;
	switch (node->type) {
	case TYPE_UINT:
		bounds(node->range ? node->range : "", lo, hi);
		return true;
	case TYPE_BOOL:
		*hi = 1;
		return true;
	case TYPE_STATE:
		*hi = 8;
		return true;
	case TYPE_DOMID:
		*hi = DOMID_LAST;
		return true;
	case TYPE_PORT:
		*lo = 1;
		*hi = UINT32_MAX;
		return true;
	case TYPE_GREF:
		*hi = UINT32_MAX;
		return true;
	default:
		return false;
	}
}

int schema_parse_uint(const struct schema_node *node, const char *value,
		      size_t size, uint64_t *ret)
{
	uint64_t lo, hi, n;
	int err;

	if (!number_bounds(node, &lo, &hi))
		return -EINVAL;
	err = parse_u64(value, size, &n);
	if (err)
		return err;
	if (n < lo || n > hi)
		return -ERANGE;
	*ret = n;
	return 0;
}

static int check_string(const struct schema_node *node, const char *value,
			size_t size)
{
	uint64_t lo, hi;

	if (!is_printable(value, size))
		return -EINVAL;
	bounds(node->range ? node->range : "", &lo, &hi);
	return size < lo || size > hi ? -ERANGE : 0;
}

static bool is_int(const char *value, size_t size)
{
	uint64_t n;

	if (size > 1 && value[0] == '-') {
		value++;
		size--;
	}
	return parse_u64(value, size, &n) == 0 && n <= INT64_MAX;
}

int schema_check(const struct schema_node *node, const char *value,
		 size_t size)
{
	uint64_t n;
	bool good;

	if (size == 0 && node->range && node->range[0] == '|')
		return 0;

	switch (node->type) {
	case TYPE_EMPTY:
		good = size == 0;
		break;
	case TYPE_ANY:
		good = true;
		break;
	case TYPE_STRING:
		return check_string(node, value, size);
	case TYPE_WORD:
		good = is_word(node->range, value, size);
		break;
	case TYPE_INT:
		good = is_int(value, size);
		break;
	case TYPE_PATH:
		good = is_path(value, size);
		break;
	case TYPE_MAC:
		good = is_shaped("xx:xx:xx:xx:xx:xx", value, size);
		break;
	case TYPE_UUID:
		good = is_shaped("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
				 value, size);
		break;
	case TYPE_DEVNO:
		good = is_pair(value, size, ':', true);
		break;
	case TYPE_TIME:
		good = is_pair(value, size, '.', false);
		break;
	case TYPE_RATE:
		good = is_pair(value, size, ',', false);
		break;
	default:
		return schema_parse_uint(node, value, size, &n);
	}
	return good ? 0 : -EINVAL;
}

/* -- what a type wants, in words ------------------------------------------- */

static const char *const wants[TYPES] = {
	[TYPE_EMPTY]	= "nothing (a folder)",
	[TYPE_ANY]	= "anything",
	[TYPE_INT]	= "a number",
	[TYPE_BOOL]	= "0 or 1",
	[TYPE_STATE]	= "a state from 0 to 8",
	[TYPE_DOMID]	= "a domid",
	[TYPE_PORT]	= "an event channel",
	[TYPE_GREF]	= "a grant reference",
	[TYPE_PATH]	= "a path in xenstore",
	[TYPE_MAC]	= "an address like 00:16:3e:00:00:01",
	[TYPE_UUID]	= "a UUID",
	[TYPE_DEVNO]	= "MAJOR:MINOR in hexadecimal",
	[TYPE_TIME]	= "SECONDS.HUNDREDTHS",
	[TYPE_RATE]	= "BYTES,MICROSECONDS",
};

/* "disk|cdrom|floppy" as "disk, cdrom or floppy" */
static void want_words(const char *words, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	while (*words && used < size) {
		size_t len = strcspn(words, "|");
		const char *next = words[len] ? words + len + 1 : words + len;
		const char *join = !*next ? "" :
				   strchr(next, '|') ? ", " : " or ";

		used += (size_t)snprintf(buf + used, size - used, "%.*s%s",
					 (int)len, words, join);
		words = next;
	}
}

void schema_want(const struct schema_node *node, char *buf, size_t size)
{
	const bool may_be_empty = node->range && node->range[0] == '|';
	size_t used = 0;
	uint64_t lo, hi;

	buf[0] = '\0';
	if (may_be_empty) {
		int len = snprintf(buf, size, "nothing or ");

		if (len < 0 || (size_t)len >= size)
			return;
		used = (size_t)len;
	}
	buf += used;
	size -= used;

	switch (node->type) {
	case TYPE_WORD:
		want_words(node->range + may_be_empty, buf, size);
		break;
	case TYPE_UINT:
		bounds(node->range, &lo, &hi);
		if (hi == UINT64_MAX)
			snprintf(buf, size, "a number from %" PRIu64, lo);
		else
			snprintf(buf, size,
				 "a number from %" PRIu64 " to %" PRIu64,
				 lo, hi);
		break;
	case TYPE_STRING:
		bounds(node->range, &lo, &hi);
		snprintf(buf, size, "printable text of %" PRIu64 " to %" PRIu64 " bytes",
			 lo, hi);
		break;
	default:
		snprintf(buf, size, "%s", wants[node->type]);
	}
}
