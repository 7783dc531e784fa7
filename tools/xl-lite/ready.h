/* SPDX-License-Identifier: MIT */
/* Waiting, with a deadline, for those who serve a new guest. */
#ifndef XL_LITE_READY_H
#define XL_LITE_READY_H

#include "tools/xl-lite/devices.h"

/*
 * Until each backend is ready for its frontend and the guest's console has a
 * tty, all of them at once; 10 seconds at most. NAME is the guest's, for
 * messages. -ETIMEDOUT, or -EIO when a backend gave up; logged with its
 * reason. -EINTR, not logged, when INTERRUPT_FD becomes readable.
 */
int guest_wait_ready(struct host *host, const char *name, domid_t domid,
		     const struct device *devices, size_t count,
		     int interrupt_fd);

#endif
