/* SPDX-License-Identifier: MIT */
/*
 * What is said about a device: why it cannot go on, and lines for the log, of
 * which a guest can make only so many.
 */
#include "config.h"

#include "lib/xenbus-parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

void xenbus_fail_reason(struct xenbus *bus, int err, const char *reason)
{
	struct backend_device *dev = bus->dev;

	/* the first reason is the cause, what follows its consequence */
	if (bus->view.failed)
		return;
	bus->view.failed = true;
	bus->view.anew = false;
	bus->error = err;
	if (reason != dev->reason)
		snprintf(dev->reason, sizeof(dev->reason), "%s", reason);
	if (log_allowed(&bus->limit, XENBUS_LINES_MAX))
		log_fail(err, "%s: %s", dev->name, dev->reason);
}

int backend_fail(struct backend_device *dev, int err, const char *fmt, ...)
{
	char reason[BACKEND_REASON_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	if (err != -EPROTO && n >= 0 && (size_t)n < sizeof(reason))
		snprintf(reason + n, sizeof(reason) - n, ": %s",
			 strerror(-err));
	xenbus_fail_reason(dev->bus, err, reason);
	return err;
}

void xenbus_hook_failed(struct xenbus *bus, int err, const char *what)
{
	if (!bus->view.failed)
		backend_fail(bus->dev, err, "%s", what);
}

void backend_say(struct backend_device *dev, const char *fmt, ...)
{
	char line[BACKEND_REASON_MAX];
	va_list ap;

	if (!log_allowed(&dev->bus->limit, XENBUS_LINES_MAX))
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	log_info("%s: %s", dev->name, line);
}
