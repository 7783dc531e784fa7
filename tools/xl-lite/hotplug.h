/* SPDX-License-Identifier: MIT */
/*
 * Hotplug scripts: what script= names is run when a device comes and when it
 * goes, with libxl's arguments and environment. Without script= none is: what
 * Xen's own block and vif-bridge do is done here, or by our daemons.
 */
#ifndef XL_LITE_HOTPLUG_H
#define XL_LITE_HOTPLUG_H

#include <stdbool.h>
#include <stdint.h>

#include "tools/xl-lite/host.h"
#include "tools/xl-lite/interrupt.h"

#include "xenstore-schema/paths.h"

/* libxl's deadline, for each run. */
#define HOTPLUG_DEADLINE_S 40

#define HOTPLUG_SCRIPTS "/etc/xen/scripts/"

struct hotplug {
	const char *script;		/* absolute */
	const struct backend_path *backend;	/* of a device of ours to serve */
	const char *dir;		/* the same as a path */
	const char *gatewaydev;		/* of a vif; NULL is none */
	char guest[80], device[80];	/* for messages: "guest web", "disk xvda" */
};

/*
 * Run it for a device that is there (ADD) or that its backend has let go of.
 * -EIO when it failed, or wrote down that it did, -ETIMEDOUT when it had to be
 * killed, logged with the reason it wrote down, as a warning when the device
 * goes; -EINTR, not logged, when INTERRUPT (or NULL) says so.
 */
int hotplug_run(struct store *s, const struct hotplug *h, bool add,
		const struct interrupt *interrupt);

/*
 * Does SCRIPT, of a device with a backend of KIND, do what is done here
 * anyhow? HAS_NODE: Xen's own block script has made a loop device for it.
 */
bool hotplug_is_built_in(const char *script, const char *kind, bool has_node);

/*
 * Run ARGV with ENVIRONMENT's "KEY=VALUE" added to ours, input from /dev/null,
 * all output to our stderr. What it left running in its process group when it
 * is killed is killed with it. 0 and *status as of waitpid(); -ETIMEDOUT or
 * -EINTR: killed; or why it could not be run. Nothing is logged.
 */
int hotplug_exec(char *const argv[], char *const environment[],
		 uint64_t deadline_ns, const struct interrupt *interrupt,
		 int *status);

#endif
