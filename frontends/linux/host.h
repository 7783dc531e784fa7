/* SPDX-License-Identifier: MIT */
/*
 * The host of a frontend that is a process in a Linux guest: pages from
 * /dev/xen/gntalloc (which cannot grant memory that exists already), event
 * channels from /dev/xen/evtchn, xenstore through /dev/xen/xenbus.
 *
 * One device, one thread. The program waits on the two descriptors and calls
 * the frontend:
 *
 *	host_store_fd()   host_take_watches(), then X_front_step()
 *	host_event_fd()   while host_take_event(): serve, host_unmask()
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

int host_store_fd(const struct host *h);
int host_event_fd(const struct host *h);
void host_take_watches(struct host *h);
/* 1: something fired, and is masked until unmasked; 0: nothing, or -errno. */
int host_take_event(struct host *h, evtchn_port_t *port);
void host_unmask(struct host *h, evtchn_port_t port);
/* An event was lost, logged: whoever waits for one may wait for ever. */
bool host_events_fail(const struct host *h);

/* A node of the device's folder or of the backend's: for what only the
 * program wants to know. */
int host_read(struct host *h, const char *dir, const char *node, char *value,
	      size_t size);

/*
 * Tell who waits that the program serves now: a line "ready: ..." on stderr,
 * and systemd's READY=1 where that was built in.
 */
void host_ready(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Tell systemd that the end is meant. */
void host_stopping(void);

#endif
