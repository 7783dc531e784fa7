/* SPDX-License-Identifier: MIT */
/*
 * A parser as a process that answers questions: what is this text to you? One
 * process answers thousands. oracle-xl asks libxlutil, oracle-ours our own
 * parsers, and tests/compat/compare holds the two answers side by side.
 *
 * A question on stdin is "KIND SIZE\n" and SIZE bytes of text, an answer on
 * stdout "SIZE\n" and SIZE bytes. An answer's first line is "accepted" or
 * "refused". Behind "accepted" come the values, a line each, spelled in one
 * way by both (oracle_quoted()); behind "refused" the messages.
 */
#ifndef TESTS_COMPAT_ORACLE_H
#define TESTS_COMPAT_ORACLE_H

#include <stddef.h>
#include <stdio.h>

#define ACCEPTED "accepted\n"
#define REFUSED "refused\n"

/* TEXT has SIZE bytes and a NUL behind them, which does not belong to it. */
struct oracle_kind {
	const char *name;
	void (*answer)(const char *text, size_t size, FILE *to);
};

/* TEXT in quotes, a line whatever is in it; NULL is (null). */
void oracle_quoted(FILE *to, const char *text);

/* Until the end of stdin. KINDS ends with one without a name. Exit status. */
int oracle_serve(const struct oracle_kind *kinds);

#endif
