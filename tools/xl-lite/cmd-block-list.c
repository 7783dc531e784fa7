/* SPDX-License-Identifier: MIT */
/* xl-lite block-list: a guest's disks, in xl's columns. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <stdio.h>

#include "tools/xl-lite/device-list.h"

static void print_disk(struct store *s, const struct listed_device *d)
{
	/* what xl calls the handle is the frontend's domain */
	printf("%-5u %-3d %-6d %-5d %-6d %-8d %-30s\n", d->devid,
	       d->backend_domid, d->domid, device_number(s, d, "state"),
	       device_number(s, d, "event-channel"),
	       device_number(s, d, "ring-ref"), d->backend);
}

int cmd_block_list(const struct cmd *cmd, int argc, char **argv)
{
	char header[128];
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 1, -1, &status))
	       != CMD_ARGS)
		return status;
	snprintf(header, sizeof(header), "%-5s %-3s %-6s %-5s %-6s %-8s %-30s",
		 "Vdev", "BE", "handle", "state", "evt-ch", "ring-ref",
		 "BE-path");
	return device_list_command(argc - optind, argv + optind, KIND_VBD,
				   header, print_disk);
}
