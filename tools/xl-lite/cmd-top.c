/* SPDX-License-Identifier: MIT */
/* xl-lite top: Xen's own xentop. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>

#include "lib/log.h"

#include "tools/xl-lite/host.h"

int cmd_top(const struct cmd *cmd, int argc, char **argv)
{
	char path[128], name[] = "xentop", *args[] = { name, NULL };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 0, 0, &status))
	       != CMD_ARGS)
		return status;
	if (host_xen_program(name, path, sizeof(path)))
		return STATUS_ERROR;
	execv(path, args);
	log_err(-errno, "top: %s", path);
	return STATUS_ERROR;
}
