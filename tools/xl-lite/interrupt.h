/* SPDX-License-Identifier: MIT */
/*
 * Ctrl-C and its like while something is half done: they do not end us, but
 * are looked for between steps and while waiting, and then all is undone.
 */
#ifndef XL_LITE_INTERRUPT_H
#define XL_LITE_INTERRUPT_H

#include "lib/cleanup.h"

struct interrupt {
	int fd;		/* readable: somebody wants us to stop; -1: not held */
};

/* 0 or -errno, which is not logged. */
int interrupt_hold(struct interrupt *i);
/* Signals act again as they did: one that came does so now. */
void interrupt_release(struct interrupt *i);
/* 0, or -EINTR. */
int interrupted(const struct interrupt *i);

#define CLEANUP_INTERRUPT CLEANUP(interrupt_release)

#endif
