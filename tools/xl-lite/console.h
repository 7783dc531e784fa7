/* SPDX-License-Identifier: MIT */
/* A guest's console, by Xen's own xenconsole. */
#ifndef XL_LITE_CONSOLE_H
#define XL_LITE_CONSOLE_H

#include "tools/xl-lite/hv.h"

#include <sys/types.h>

struct console {
	pid_t pid;	/* of xenconsole, or 0 */
};

enum console_type {
	CONSOLE_PV,
	CONSOLE_SERIAL,
	CONSOLE_VUART,
};

/* Become xenconsole; returns only on failure, which is logged. */
int console_exec(domid_t domid, enum console_type type, unsigned int number);

/* Start it beside us and wait until it has the guest's tty open. */
int console_start(struct console *console, domid_t domid,
		  enum console_type type);
/* Until its user leaves it; nothing when it was not started. */
void console_wait(struct console *console);
/* The guest it is of is not to be: its user's terminal is as it was. */
void console_end(struct console *console);

#endif
