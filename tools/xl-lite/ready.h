/* SPDX-License-Identifier: MIT */
/* Waiting, with a deadline, for those who serve a guest. */
#ifndef XL_LITE_READY_H
#define XL_LITE_READY_H

#include "tools/xl-lite/devices.h"
#include "tools/xl-lite/interrupt.h"

/*
 * Watch for the console's tty: before the console's ring is written, since
 * xenconsoled may hear of the guest from the creation of another one.
 */
int guest_watch_console(struct host *host, domid_t domid);

/*
 * Until each backend is ready for its frontend and the guest's console has a
 * tty, all of them at once; 10 seconds at most. NAME is the guest's, for
 * messages. -ETIMEDOUT, or -EIO when a backend gave up; logged with its
 * reason. -EINTR, not logged, when we are interrupted. WATCHED: the console is,
 * and events have been left alone since guest_watch_console(). OLD_TTY is not
 * that tty, but one that it had before; or NULL.
 */
int guest_wait_ready(struct host *host, const char *name, domid_t domid,
		     const struct device *devices, size_t count,
		     bool watched, const char *old_tty,
		     const struct interrupt *interrupt);

/* The same for devices that a running guest gets. */
int devices_wait_ready(struct host *host, const char *name, domid_t domid,
		       const struct device *devices, size_t count,
		       const struct interrupt *interrupt);

#endif
