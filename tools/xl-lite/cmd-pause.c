/* SPDX-License-Identifier: MIT */
/*
 * xl-lite pause, unpause. Unlike xl, which drops the result, they fail when
 * they did not do it.
 */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/unpause.h"

static int run(const struct cmd *cmd, int argc, char **argv, bool pause)
{
	CLEANUP_HOST struct host host = { 0 };
	domid_t domid;
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 1, 1, &status))
	       != CMD_ARGS)
		return status;
	if (host_open(&host) || domain_argument(&host, argv[optind], &domid))
		return STATUS_ERROR;
	if (!pause)
		return guest_unpause(&host, domid,
				     guest_type_of(&host, domid)) ?
			STATUS_ERROR : STATUS_OK;
	err = hv_domain_pause(host.hv, domid);
	if (!err)
		return STATUS_OK;
	log_fail(err, "domain %u: pause: %s", domid, err == -ESRCH ?
		 "there is no such domain" : hv_why(host.hv, err));
	return STATUS_ERROR;
}

int cmd_pause(const struct cmd *cmd, int argc, char **argv)
{
	return run(cmd, argc, argv, true);
}

int cmd_unpause(const struct cmd *cmd, int argc, char **argv)
{
	return run(cmd, argc, argv, false);
}
