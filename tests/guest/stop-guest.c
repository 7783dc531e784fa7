/* SPDX-License-Identifier: MIT */
/*
 * Make guests stop, as if they had asked for it themselves, at once and one
 * right after the other:
 *
 *	stop-guest poweroff|reboot|suspend|crash|watchdog|soft-reset|N DOMID...
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>
#include <xen/sched.h>

#include "lib/num.h"

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

int main(int argc, char **argv)
{
	xc_interface *xch = xc_interface_open(NULL, NULL, 0);
	int status = 0, reason;

	if (argc < 3 || !xch) {
		fprintf(stderr, "usage: stop-guest REASON DOMID... (in dom0)\n");
		return 2;
	}
	reason = reason_of(argv[1]);
	for (int i = 2; i < argc; i++)
		if (xc_domain_shutdown(xch, number_of(argv[i]), reason)) {
			fprintf(stderr, "stop-guest: domain %s: %s\n", argv[i],
				strerror(errno));
			status = 1;
		}
	xc_interface_close(xch);
	return status;
}
