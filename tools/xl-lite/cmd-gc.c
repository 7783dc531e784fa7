/* SPDX-License-Identifier: MIT */
/* xl-lite gc: clean up after processes that were killed. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include "tools/xl-lite/gc.h"

int cmd_gc(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "dryrun", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	CLEANUP_HOST struct host host = { 0 };
	struct gc gc = { .host = &host, .dry_run = cmd->dry_run };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "n", longopts, 0, 0,
				 &status)) != CMD_ARGS) {
		if (opt == CMD_EXIT)
			return status;
		gc.dry_run = true;
	}
	if (host_open(&host))
		return STATUS_ERROR;
	return gc_run(&gc) ? STATUS_ERROR : STATUS_OK;
}
