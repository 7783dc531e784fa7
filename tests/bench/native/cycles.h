/* SPDX-License-Identifier: MIT */
/*
 * The time stamp counter, fenced: nothing of what is measured is done before
 * the first reading or after the second. One cycle is one tick of that
 * counter, which runs evenly whatever the core's clock does.
 */
#ifndef BENCH_CYCLES_H
#define BENCH_CYCLES_H

#include <stdint.h>
#include <x86intrin.h>

/* By fences, not by rdtscp, which not every processor has. */
static inline uint64_t cycles_start(void)
{
	uint64_t now;

	_mm_lfence();
	now = __rdtsc();
	_mm_lfence();
	return now;
}

static inline uint64_t cycles_stop(void)
{
	return cycles_start();
}

#endif
