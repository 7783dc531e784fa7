/* SPDX-License-Identifier: MIT */
/* What happened to a guest, as a line of JSON. */
#ifndef XL_LITE_EVENT_H
#define XL_LITE_EVENT_H

#include "tools/xl-lite/arena.h"

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Any line, with its newline and a NUL: a name of 255 bytes, all escaped. */
#define EVENT_LINE_MAX 2048

/* Where xl-lited says them: packets of a line each. */
#define EVENT_SOCKET "/run/xl-lite/events"

enum event_type {
	EVENT_CREATED,
	EVENT_SHUTDOWN,		/* with its reason */
	EVENT_CRASHED,
	EVENT_RESTARTED,	/* from which domain */
	EVENT_RESET,		/* it runs again, as the domain it was */
	EVENT_KEPT,		/* nobody minds it any more */
	EVENT_FAILED,		/* what its configuration wants was not done */
	EVENT_DESTROYED,
	EVENT_LISTENING,	/* not of a guest: from here on all is told */
	EVENT_CUT_OFF,		/* the listener was too slow */
};

struct event {
	enum event_type type;
	uint64_t seq;		/* its number; 0: it has none yet */
	struct timespec time;
	uint16_t domid;
	const char *name;	/* NULL: it has none */
	const uint8_t *uuid;
	const char *reason;	/* of EVENT_SHUTDOWN */
	uint16_t from;		/* of EVENT_RESTARTED */
	unsigned long lost;	/* of EVENT_CUT_OFF: events not told */
};

/* Bytes without the NUL. What is no UTF-8 in a name is replaced. */
size_t event_format(const struct event *e, char line[EVENT_LINE_MAX]);

/*
 * The other way round, but for the time; what E points to is ARENA's. -EINVAL
 * when LINE tells of no guest.
 */
int event_parse(const char *line, struct arena *arena, struct event *e);
/* The number of a line; 0: it has none. */
uint64_t event_line_seq(const char *line);

#endif
