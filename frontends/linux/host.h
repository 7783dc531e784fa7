/* SPDX-License-Identifier: MIT */
/*
 * The host of a frontend that is a process in a Linux guest: pages from
 * /dev/xen/gntalloc (which cannot grant memory that exists already), event
 * channels from /dev/xen/evtchn, xenstore through /dev/xen/xenbus.
 *
 * One device, one thread. The program waits for what host_listen() adds to its
 * loop and calls the frontend:
 *
 *	HOST_STORE	host_take_watches(), then X_front_step()
 *	HOST_EVENT	while host_take_event(): serve, host_unmask()
 */
#ifndef FRONTENDS_LINUX_HOST_H
#define FRONTENDS_LINUX_HOST_H

/* first: Xen's headers are read once, and it wants more of them */
#include <xenctrl.h>

#include <stdbool.h>
#include <stdint.h>

#include <xengnttab.h>

#include "frontends/front.h"
#include "lib/evtchn.h"
#include "lib/loop.h"
#include "lib/store.h"

struct host {
	struct store store;
	struct evtchn evtchn;
	xengntshr_handle *gntshr;
	char dir[FRONT_PATH_MAX];	/* device/uvbd/51712; for messages too */
};

extern const struct front_ops host_ops;

/*
 * Open the three devices and find the device that is meant: NAME is
 * "device/KIND/ID", "KIND/ID" or "ID", or NULL for the only one there is.
 * KINDS ends with NULL; its first is the one a bare ID means. Refuses a
 * device that a driver of this kernel holds. Logs why not.
 */
int host_open(struct host *h, const char *name, const char *const *kinds);
void host_close(struct host *h);

/* What a program is woken for: its loop's tags, its own go on from TAGS. */
enum host_tag { HOST_STORE, HOST_EVENT, HOST_SIGNAL, HOST_TIMER, HOST_TAGS };

/*
 * A loop that is told of signals to end and, once after TICK_NS, of time; for
 * the timer to be set again by the program. Before host_open(): what threads
 * libxenstore starts inherit that the signals are blocked. Logged.
 */
int host_open_loop(struct loop *l, int *signal_fd, int *timer_fd,
		   uint64_t tick_ns);
/* It is told of the host's two descriptors as well. Logged. */
int host_listen(struct host *h, struct loop *l);

void host_take_watches(struct host *h);
/* 1: something fired, and is masked until unmasked; 0: nothing, or -errno. */
int host_take_event(struct host *h, evtchn_port_t *port);
void host_unmask(struct host *h, evtchn_port_t port);
/* An event was lost, logged: whoever waits for one may wait for ever. */
bool host_events_fail(const struct host *h);

/*
 * Tell who waits that the program serves now: a line "ready: ..." on stderr,
 * and systemd's READY=1 where that was built in.
 */
void host_ready(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Tell systemd that the end is meant. */
void host_stopping(void);

#endif
