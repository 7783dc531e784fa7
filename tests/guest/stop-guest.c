/* SPDX-License-Identifier: MIT */
/*
 * Make guests stop, as if they had asked for it themselves, at once and one
 * right after the other:
 *
 *	stop-guest poweroff|reboot|suspend|crash|watchdog|soft-reset|N DOMID...
 *
 * With -w before that, and one guest: wait until it runs again.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xen/sched.h>

#include "lib/num.h"

#define LIST_MAX 256
#define LOOK_MS 2
#define AGAIN_MS 60000

static const char *const reasons[] = {
	[SHUTDOWN_poweroff] = "poweroff",
	[SHUTDOWN_reboot] = "reboot",
	[SHUTDOWN_suspend] = "suspend",
	[SHUTDOWN_crash] = "crash",
	[SHUTDOWN_watchdog] = "watchdog",
	[SHUTDOWN_soft_reset] = "soft-reset",
};

/* What is no number is a domain, or a reason, that there is not. */
static unsigned int number_of(const char *word)
{
	unsigned int number = DOMID_INVALID;

	num_parse_uint(word, 0, DOMID_INVALID, &number);
	return number;
}

static int reason_of(const char *word)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strcmp(reasons[i], word) == 0)
			return i;
	return number_of(word);
}

/* Does the guest of HANDLE run, as another domain than OLD? */
static bool runs_again(xc_interface *xch, const xen_domain_handle_t handle,
		       unsigned int old)
{
	static xc_domaininfo_t list[LIST_MAX];
	int n = xc_domain_getinfolist(xch, 0, LIST_MAX, list);
	const unsigned int not_running = XEN_DOMINF_paused |
		XEN_DOMINF_shutdown | XEN_DOMINF_dying;

	for (int i = 0; i < n; i++)
		if (list[i].domain != old && !(list[i].flags & not_running) &&
		    memcmp(list[i].handle, handle, sizeof(list[i].handle))
		    == 0)
			return true;
	return false;
}

/* Nobody tells of the moment in which a guest begins to run: so look. */
static bool wait_again(xc_interface *xch, unsigned int domid)
{
	xc_domaininfo_t info;

	if (xc_domain_getinfolist(xch, domid, 1, &info) != 1 ||
	    info.domain != domid)
		return false;
	for (int ms = 0; ms < AGAIN_MS; ms += LOOK_MS) {
		if (runs_again(xch, info.handle, domid))
			return true;
		poll(NULL, 0, LOOK_MS);
	}
	return false;
}

static int stop_all(xc_interface *xch, int reason, char **domids, int count)
{
	int status = 0;

	for (int i = 0; i < count; i++)
		if (xc_domain_shutdown(xch, number_of(domids[i]), reason)) {
			fprintf(stderr, "stop-guest: domain %s: %s\n",
				domids[i], strerror(errno));
			status = 1;
		}
	return status;
}

int main(int argc, char **argv)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	bool wait = argc == 4 && strcmp(argv[1], "-w") == 0;
	int status;

	argv += wait;
	argc -= wait;
	if (argc < 3 || !xch) {
		fprintf(stderr, "usage: stop-guest [-w] REASON DOMID... (in dom0)\n");
		return 2;
	}
	status = stop_all(xch, reason_of(argv[1]), argv + 2, argc - 2);
	if (!status && wait && !wait_again(xch, number_of(argv[2]))) {
		fprintf(stderr, "stop-guest: domain %s: does not run again\n",
			argv[2]);
		status = 1;
	}
	xc_interface_close(xch);
	return status;
}
