/* SPDX-License-Identifier: MIT */
/*
 * Messages to stderr, one line each: "PROGRAM: subject: what: why".
 * With JOURNAL_STREAM in the environment (systemd) a line starts with its
 * "<level>" instead of the program's name, which the journal knows anyhow.
 *
 * May be called from any thread. errno is kept. The log level is the only
 * global state of this code.
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

#include <stdarg.h>
#include <stdbool.h>

enum log_level {
	LOG_ERR_LEVEL,		/* something was not done */
	LOG_WARN_LEVEL,		/* done, but not as asked */
	LOG_INFO_LEVEL,		/* life of the program: started, connected */
	LOG_DEBUG_LEVEL,	/* for finding out why */
};

/* PROGRAM must live as long as the process. */
void log_init(const char *program, enum log_level level);
bool log_enabled(enum log_level level);

/*
 * Report ERR, a negative errno, with its text behind the message, and return
 * it: return log_err(-errno, "%s: open", path);
 */
int log_err(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Report a failure whose reason the message says itself; returns ERR. */
int log_fail(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * For a message that a guest can cause: true at most BURST times a minute.
 * The struct is zeroed by its owner, who calls from one thread.
 */
struct log_limit {
	long minute;
	unsigned int said;
	unsigned long dropped;
};
bool log_allowed(struct log_limit *limit, unsigned int burst);

#endif
