/* SPDX-License-Identifier: MIT */
/* xl-lite network-list: a guest's network interfaces, in xl's columns. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <ctype.h>
#include <stdio.h>

#include "tools/xl-lite/device-list.h"

static void print_vif(struct store *s, const struct listed_device *d)
{
	char mac[18];

	if (store_read(s, XBT_NULL, d->libxl, "mac", mac, sizeof(mac)))
		snprintf(mac, sizeof(mac), "00:00:00:00:00:00");
	for (char *c = mac; *c; c++)
		*c = tolower((unsigned char)*c);
	printf("%-3u %-2d %s%6u %5d %6d %5d/%-11d %-30s\n", d->devid,
	       d->backend_domid, mac, d->devid, device_number(s, d, "state"),
	       device_number(s, d, "event-channel"),
	       device_number(s, d, "tx-ring-ref"),
	       device_number(s, d, "rx-ring-ref"), d->backend);
}

int cmd_network_list(const struct cmd *cmd, int argc, char **argv)
{
	char header[128];
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 1, -1, &status))
	       != CMD_ARGS)
		return status;
	snprintf(header, sizeof(header),
		 "%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s", "Idx", "BE",
		 "Mac Addr.", "handle", "state", "evt-ch", "tx-",
		 "rx-ring-ref", "BE-path");
	return device_list_command(argc - optind, argv + optind, KIND_VIF,
				   header, print_vif);
}
