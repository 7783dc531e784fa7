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

static int pause_domain(struct host *host, const struct hv_domain *info)
{
	int err = hv_domain_pause(host->hv, info->domid);

	return err ? log_fail(err, "domain %u: pause: %s", info->domid,
			      hv_why(host->hv, err)) : 0;
}

static int unpause_domain(struct host *host, const struct hv_domain *info)
{
	enum guest_type type;
	int err = domain_type(&host->store, info, &type);

	return err ? err : guest_unpause(host, info->domid, type);
}

static int run(const struct cmd *cmd, int argc, char **argv, bool pause)
{
	CLEANUP_HOST struct host host = { 0 };
	struct hv_domain info;
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 1, 1, &status))
	       != CMD_ARGS)
		return status;
	if (host_open(&host) ||
	    domain_argument_info(&host, argv[optind], cmd->command->name,
				 &info))
		return STATUS_ERROR;
	return (pause ? pause_domain(&host, &info)
		      : unpause_domain(&host, &info)) ? STATUS_ERROR : STATUS_OK;
}

int cmd_pause(const struct cmd *cmd, int argc, char **argv)
{
	return run(cmd, argc, argv, true);
}

int cmd_unpause(const struct cmd *cmd, int argc, char **argv)
{
	return run(cmd, argc, argv, false);
}
