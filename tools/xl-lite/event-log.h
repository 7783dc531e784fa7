/* SPDX-License-Identifier: MIT */
/*
 * What xl-lited has told, on disk: the lines that it told, each written before
 * anybody gets it, and numbered. So xl-lited knows what it told before it was
 * killed, and who listens finds there what was told while he did not.
 *
 * It holds the last ones, and those of before that say which domains there are.
 */
#ifndef XL_LITE_EVENT_LOG_H
#define XL_LITE_EVENT_LOG_H

#include "tools/xl-lite/event.h"

#include <stdbool.h>

#define EVENT_LOG "/var/lib/xen/xl-lite-events"

/* So many events are always there; of the domains there are, older ones, too. */
#define EVENT_LOG_KEPT 1000
/* It is shortened when it is larger. */
#define EVENT_LOG_SIZE_MAX (512 * 1024)

struct event_log {
	const char *path;
	int fd;			/* -1: closed */
	uint64_t seq;		/* of the last event */
	char boot[64];		/* the host's, when it was begun; "": new */
	size_t size, size_max;
	bool failed;		/* and that is logged */
};

/* Called for each event of the log, in their order. E is good for the call. */
typedef void event_log_fn(const struct event *e, void *arg);

/*
 * The log at PATH, which is kept; all that is in it is told to FN. Logged;
 * without a log everything else goes on.
 */
int event_log_open(struct event_log *log, const char *path, event_log_fn *fn,
		   void *arg);
/* It is of this BOOT of the host from now on, made if there is none. Logged. */
int event_log_begin(struct event_log *log, const char *boot);
void event_log_close(struct event_log *log);

/* Give E its number, and its time if it has none, and write it down. */
void event_log_add(struct event_log *log, struct event *e);

/* Is there a line that begins with TEXT? */
bool event_log_has(const struct event_log *log, const char *text);

/*
 * The lines at PATH with a number above AFTER and up to LAST, as they are. FN
 * may end it by what is not 0, which is returned; or -errno.
 */
typedef int event_line_fn(const char *line, size_t size, void *arg);
int event_log_read(const char *path, uint64_t after, uint64_t last,
		   event_line_fn *fn, void *arg);

#endif
