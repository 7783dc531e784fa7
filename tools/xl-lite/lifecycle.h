/* SPDX-License-Identifier: MIT */
/*
 * What is to be done with a guest that has stopped, decided: pure functions
 * of its configuration, of why it stopped, and of how its last lives went.
 * stopped.c does it.
 */
#ifndef XL_LITE_LIFECYCLE_H
#define XL_LITE_LIFECYCLE_H

#include "tools/xl-lite/guest-config.h"

/*
 * A guest that was started again and again and never lived for this long is
 * in a loop. After so many such lives in a row it is kept as it stopped, for
 * somebody to look at, instead of being started once more.
 */
#define SHORT_LIFE_S 60
#define SHORT_LIVES_MAX 10

struct lifecycle_steps {
	bool dump;	/* its memory, to a file */
	bool aside;	/* it is kept, under another name */
	bool destroy;
	bool restart;	/* from the configuration it had */
};

/* REASON as in xen/sched.h; one that nobody knows is destroyed, as xl does. */
enum shutdown_action lifecycle_action(const struct guest_config *config,
				      unsigned int reason);
const struct lifecycle_steps *lifecycle_steps(enum shutdown_action action);

/* "poweroff", "reboot", "suspend", "crash", "watchdog", "soft-reset". */
const char *shutdown_reason_name(unsigned int reason);

/* How many lives in a row were short, when this one took so long. */
unsigned int lifecycle_short_lives(unsigned int before, uint64_t life_ns);

#endif
