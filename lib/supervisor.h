/* SPDX-License-Identifier: MIT */
/*
 * The root process of a daemon: the only one with xenstore. Finds devices,
 * lets xenbus.c drive each, owns the workers. One thread, one loop.
 */
#ifndef LIB_SUPERVISOR_H
#define LIB_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/backend.h"
#include "lib/loop.h"
#include "lib/workerproc.h"

TAILQ_HEAD(xenbus_list, xenbus);
TAILQ_HEAD(workerproc_list, workerproc);

struct supervisor {
	const struct backend_class *class;
	struct workerproc_options worker_options;
	struct store store;
	struct loop loop;
	int signal_fd;
	int stop_timer_fd;		/* how long to stop at most */
	int retry_timer_fd;		/* to reach xenstored again, and to find: */
	uint64_t missed_ns;		/* a device there was no memory for */
	int drain_timer_fd;		/* runs while a worker lets go: */
	bool drain_timer_runs;
	int reopen_timer_fd;		/* to open what was not free yet */
	uint64_t started_ns;
	domid_t own_domid;		/* of the domain we run in */
	char root[BACKEND_PATH_MAX];	/* .../backend/KIND: watched */
	struct xenbus_list devices;
	struct xenbus_list dirty;	/* to look at, first come first served */
	struct workerproc_list workers;
	uint32_t next_id;		/* of devices and workers, never reused */
	bool scanned;			/* the devices present at start are known */
	bool stopping;
	bool ended;
};

/* Returns the exit status. */
int supervisor_run(const struct workerproc_options *options);

/* -- for xenbus.c ----------------------------------------------------------- */

/* The guest's worker, started if need be; -errno, logged. */
int supervisor_worker(struct supervisor *s, domid_t domid,
		      struct workerproc **ret);
/* A worker was asked to let go: look after a while whether it has. */
void supervisor_drains(struct supervisor *s);
/* Some device could not be opened yet: have all of these tried again, soon. */
void supervisor_reopens(struct supervisor *s);
/* Have xenbus_work() called for it. */
void supervisor_queue(struct supervisor *s, struct xenbus *bus);

#endif
