/* SPDX-License-Identifier: MIT */
/* One log form for every program; see log.h. */
#include "config.h"

#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
	const char *program;
	enum log_level level;
	bool journal;
} conf = { .program = "xl-lite", .level = LOG_INFO_LEVEL };

void log_init(const char *program, enum log_level level)
{
	conf.program = program;
	conf.level = level;
	conf.journal = getenv("JOURNAL_STREAM") != NULL;
}

bool log_enabled(enum log_level level)
{
	return level <= conf.level;
}

/* syslog's numbers, which the journal reads from a line's "<N>" */
static int journal_level(enum log_level level)
{
	static const int number[] = {
		[LOG_ERR_LEVEL] = 3,
		[LOG_WARN_LEVEL] = 4,
		[LOG_INFO_LEVEL] = 6,
		[LOG_DEBUG_LEVEL] = 7,
	};

	return number[level];
}

/*
 * What a guest, its QEMU or a script said may be in it: a terminal shall not
 * obey that, and it makes no lines of its own.
 */
static void make_printable(char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			text[i] = '?';
}

/*
 * The line goes out in one write, so that lines of several threads and
 * processes never mix; one too long is cut.
 */
__attribute__((format(printf, 3, 0)))
static void say(enum log_level level, int err, const char *fmt, va_list ap)
{
	int saved_errno = errno;
	char line[1024];
	size_t room = sizeof(line) - 1; /* for the newline */
	int n;

	if (!log_enabled(level))
		return;

	if (conf.journal)
		n = snprintf(line, room, "<%d>", journal_level(level));
	else
		n = snprintf(line, room, "%s: %s", conf.program,
			     level == LOG_WARN_LEVEL ? "warning: " : "");
	if (n > 0 && (size_t)n < room)
		n += vsnprintf(line + n, room - n, fmt, ap);
	if (err && n > 0 && (size_t)n < room)
		n += snprintf(line + n, room - n, ": %s", strerror(-err));
	if (n < 0)
		n = 0;
	if ((size_t)n >= room)
		n = room - 1;
	make_printable(line, n);
	line[n++] = '\n';
	while (write(STDERR_FILENO, line, n) == -1 && errno == EINTR)
		;
	errno = saved_errno;
}

int log_err(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_ERR_LEVEL, err, fmt, ap);
	va_end(ap);
	return err;
}

int log_fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_ERR_LEVEL, 0, fmt, ap);
	va_end(ap);
	return err;
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_WARN_LEVEL, 0, fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_INFO_LEVEL, 0, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_DEBUG_LEVEL, 0, fmt, ap);
	va_end(ap);
}

bool log_allowed(struct log_limit *limit, unsigned int burst)
{
	struct timespec now;
	long minute;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	minute = now.tv_sec / 60 + 1; /* 0 is 'never yet' */
	if (limit->minute != minute) {
		limit->minute = minute;
		limit->said = 0;
	}
	if (limit->said >= burst) {
		limit->dropped++;
		return false;
	}
	limit->said++;
	return true;
}
