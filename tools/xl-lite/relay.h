/* SPDX-License-Identifier: MIT */
/*
 * Two terminals of which each shows what is typed on the other: a program has
 * one, and a guest's console, which somebody may look at or not, is the other.
 *
 * The program never waits for a console that nobody reads: then it shows the
 * last few kilobytes once somebody does.
 */
#ifndef XL_LITE_RELAY_H
#define XL_LITE_RELAY_H

#include "lib/cleanup.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/xl-lite/last-words.h"

struct relay_flow {
	char data[4096];
	size_t size;
};

struct relay {
	int program, console;	/* the masters' sides; -1: none, or hung up */
	int program_tty;	/* for the program; closed by who gives it on */
	int console_tty;	/* held, so that its master never hangs up */
	char console_path[64];	/* "/dev/pts/3" */
	struct relay_flow to_console, to_program;
	struct last_words said;	/* by the program */
};

/* 0 or -errno, not logged; close it in any case. */
int relay_open(struct relay *r);
void relay_close(struct relay *r);

#define CLEANUP_RELAY CLEANUP(relay_close)

/* What to wait for, in two elements. */
void relay_poll(const struct relay *r, struct pollfd p[2]);
/* Carry over what there is; never waits. False: the program said nothing. */
bool relay_pump(struct relay *r);

#endif
