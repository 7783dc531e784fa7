/* SPDX-License-Identifier: MIT */
/* What tables say about a domain in a word, as xl says it. Pure. */
#ifndef XL_LITE_DOMAIN_TEXT_H
#define XL_LITE_DOMAIN_TEXT_H

#include "tools/xl-lite/hv.h"

#define DOMAIN_STATE_SIZE 7
#define UPTIME_TEXT_SIZE 48

/*
 * A letter or '-' each for: running, blocked, paused, shut down, how it shut
 * down (reboot, suspend, crash, watchdog, Soft reset), dying.
 */
void domain_state_text(const struct hv_domain *d,
		       char text[DOMAIN_STATE_SIZE]);

/* Seconds of processor time; through a float, so that digits are xl's. */
double domain_cpu_seconds(uint64_t ns);

/* " 0:01:02", "1 day,  3:04:05"; BRIEF: without the seconds. */
void uptime_text(uint64_t seconds, bool brief, char text[UPTIME_TEXT_SIZE]);

#endif
