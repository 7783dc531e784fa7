/* SPDX-License-Identifier: MIT */
/*
 * How long it pays to look for a guest's next request before sleeping.
 *
 * A guest that waits for each answer before it asks again has its next request
 * here soon. To see it come spares it an event and us a sleep and a wake-up,
 * and keeps a processor busy meanwhile. What that gains depends on the machine
 * (a wake-up takes 5 us here and 300 us there), and what it costs on the guest.
 * So both are measured: the pause between an answer and the next request, as it
 * is when we slept and as it is when we looked. Looking goes on as long as it
 * costs no more than LOOKOUT_PRICE times what it gains. From time to time the
 * other way is tried, so that neither figure is out of date.
 *
 * Pure: who calls has the clock. All times are in nanoseconds.
 */
#ifndef BLK_LOOKOUT_H
#define BLK_LOOKOUT_H

#include <stdbool.h>
#include <stdint.h>

/* Time looked, at most, for each unit of time that the guest gains. */
#define LOOKOUT_PRICE 4
/* After so many short sleeps, looking is tried; the longer in vain, the later. */
#define LOOKOUT_SLEEPS_FIRST 8
#define LOOKOUT_SLEEPS_MAX 512
/* After so many requests that were seen to come, sleeping is tried. */
#define LOOKOUT_LOOKS 512
/* Either is tried so many times in a row. */
#define LOOKOUT_TRIES 16

struct lookout {
	uint64_t max_ns;	/* never look for longer; 0: never look */
	uint64_t slept_ns;	/* usual pause when we sleep; 0: not known */
	uint64_t looked_ns;	/* and when we look */
	unsigned int sleeps;	/* until looking is tried */
	unsigned int patience;	/* and the next time */
	unsigned int looks;	/* since sleeping was tried */
	unsigned int try_looks, try_sleeps;	/* that are left to do */
};

void lookout_init(struct lookout *l, uint64_t max_ns);
/* How long to look now; 0: sleep at once. */
uint64_t lookout_ns(const struct lookout *l);
/* A request was seen PAUSE_NS after the last answer. */
void lookout_saw(struct lookout *l, uint64_t pause_ns);
/*
 * A request woke us PAUSE_NS after the last answer; LOOKED: before that we had
 * looked for it in vain.
 */
void lookout_slept(struct lookout *l, uint64_t pause_ns, bool looked);

#endif
