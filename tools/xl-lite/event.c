/* SPDX-License-Identifier: MIT */
/* What happened to a guest, as a line of JSON; see event.h. */
#include "config.h"

#include "tools/xl-lite/event.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#include "tools/xl-lite/json-tree.h"
#include "tools/xl-lite/uuid.h"

static const char *const types[] = {
	[EVENT_CREATED] = "created",
	[EVENT_SHUTDOWN] = "shutdown",
	[EVENT_CRASHED] = "crashed",
	[EVENT_RESTARTED] = "restarted",
	[EVENT_RESET] = "reset",
	[EVENT_KEPT] = "kept",
	[EVENT_FAILED] = "failed",
	[EVENT_DESTROYED] = "destroyed",
	[EVENT_LISTENING] = "listening",
	[EVENT_CUT_OFF] = "cut-off",
};

#define SEQ ",\"seq\":"

struct line {
	char *text;
	size_t len;
};

__attribute__((format(printf, 2, 3)))
static void put(struct line *l, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->text + l->len, EVENT_LINE_MAX - l->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		l->len += n;
	if (l->len >= EVENT_LINE_MAX)
		l->len = EVENT_LINE_MAX - 1;
}

/* How many bytes at S are one character of UTF-8; 0: none. */
static unsigned int utf8_length(const unsigned char *s)
{
	static const struct {
		unsigned char mask, lead;
		unsigned int length;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 1, 0 }, { 0xe0, 0xc0, 2, 0x80 },
		{ 0xf0, 0xe0, 3, 0x800 }, { 0xf8, 0xf0, 4, 0x10000 },
	};

	for (unsigned int f = 0; f < 4; f++) {
		uint32_t c = s[0] & ~forms[f].mask & 0xff;

		if ((s[0] & forms[f].mask) != forms[f].lead)
			continue;
		for (unsigned int i = 1; i < forms[f].length; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (s[i] & 0x3f);
		}
		if (c < forms[f].least || c > 0x10ffff ||
		    (c >= 0xd800 && c < 0xe000))
			return 0;
		return forms[f].length;
	}
	return 0;
}

static void put_string(struct line *l, const char *key, const char *value)
{
	const unsigned char *s = (const unsigned char *)value;

	put(l, ",\"%s\":\"", key);
	while (*s) {
		unsigned int n = utf8_length(s);

		if (n == 0)
			put(l, "\\ufffd");
		else if (*s < 0x20 || *s == 0x7f)
			put(l, "\\u%04x", *s);
		else if (*s == '"' || *s == '\\')
			put(l, "\\%c", *s);
		else
			put(l, "%.*s", (int)n, (const char *)s);
		s += n ? n : 1;
	}
	put(l, "\"");
}

static void put_time(struct line *l, const struct timespec *time)
{
	char text[32];
	struct tm tm;

	gmtime_r(&time->tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	put(l, "{\"time\":\"%s.%06ldZ\"", text, time->tv_nsec / 1000);
}

static void put_guest(struct line *l, const struct event *e)
{
	char uuid[UUID_TEXT_SIZE];

	put(l, ",\"domid\":%u", e->domid);
	if (e->name)
		put_string(l, "name", e->name);
	if (e->uuid) {
		uuid_format(e->uuid, uuid);
		put_string(l, "uuid", uuid);
	}
	if (e->reason)
		put_string(l, "reason", e->reason);
	if (e->type == EVENT_RESTARTED)
		put(l, ",\"from\":%u", e->from);
}

size_t event_format(const struct event *e, char line[EVENT_LINE_MAX])
{
	struct line l = { .text = line };

	put_time(&l, &e->time);
	put_string(&l, "event", types[e->type]);
	if (e->type == EVENT_CUT_OFF)
		put(&l, ",\"lost\":%lu", e->lost);
	else if (e->type != EVENT_LISTENING)
		put_guest(&l, e);
	if (e->seq)
		put(&l, SEQ "%llu", (unsigned long long)e->seq);
	put(&l, "}\n");
	return l.len;
}

/* In a name no quote stands without a backslash: only the number is so. */
uint64_t event_line_seq(const char *line)
{
	const char *seq = strstr(line, SEQ);

	return seq ? strtoull(seq + strlen(SEQ), NULL, 10) : 0;
}

/* -- and back ---------------------------------------------------------------- */

static int parse_type(const char *name, enum event_type *type)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(types); i++)
		if (strcmp(types[i], name) == 0) {
			*type = i;
			return 0;
		}
	return -EINVAL;
}

int event_parse(const char *line, struct arena *arena, struct event *e)
{
	struct json_value *v;
	const char *uuid;
	uint8_t *bytes;
	uint64_t domid;
	int err = json_tree_parse(arena, line, &v);

	*e = (struct event) { 0 };
	if (!err)
		err = parse_type(json_get_text(v, "event"), &e->type);
	if (err)
		return err;
	domid = json_get_number(v, "domid", UINT64_MAX);
	if (domid > UINT16_MAX)
		return -EINVAL;
	e->domid = domid;
	e->from = json_get_number(v, "from", 0);
	e->seq = json_get_number(v, "seq", 0);
	e->name = json_get_text(v, "name");
	e->reason = json_get_text(v, "reason");
	uuid = json_get_text(v, "uuid");
	if (!uuid)
		return 0;
	bytes = arena_alloc(arena, 16);
	if (!bytes)
		return -ENOMEM;
	e->uuid = bytes;
	return uuid_parse(uuid, bytes);
}
