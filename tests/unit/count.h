/* SPDX-License-Identifier: MIT */
/*
 * Counts exactly what a thread asks the C library and the kernel for.
 *
 * Allocations are counted by the linker: $(count_wrap) in the LDFLAGS. System
 * calls are counted by the kernel, which hands each one of this thread to a
 * signal handler first (syscall user dispatch, Linux 5.11): whoever makes it,
 * a library's inline assembly too.
 */
#ifndef TESTS_UNIT_COUNT_H
#define TESTS_UNIT_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct counts {
	uint64_t allocations, syscalls;
};

/* -errno: this kernel does not count system calls; allocations are. */
int count_open(void);
/* From zero. Nothing is counted while held, and it starts held. */
void count_start(void);
void count_hold(bool hold);
void count_stop(struct counts *c);

#endif
