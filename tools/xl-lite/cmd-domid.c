/* SPDX-License-Identifier: MIT */
/* xl-lite domid, domname: from a domain's name to its number and back. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/domain.h"

int cmd_domid(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	domid_t domid;
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 1, 1, &status))
	       != CMD_ARGS)
		return status;
	if (host_open(&host))
		return STATUS_ERROR;
	if (domain_by_name(&host.store, argv[optind], &domid, NULL)) {
		log_fail(0, "Can't get domid of domain name '%s', maybe this domain does not exist.",
			 argv[optind]);
		return STATUS_ERROR;
	}
	printf("%u\n", domid);
	return STATUS_OK;
}

int cmd_domname(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	char name[DOMAIN_NAME_MAX];
	unsigned int domid;
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 1, 1, &status))
	       != CMD_ARGS)
		return status;
	if (num_parse_uint(argv[optind], 0, DOMID_FIRST_RESERVED - 1, &domid)) {
		log_fail(0, "Invalid domain id: %s: is no number of a domain",
			 argv[optind]);
		return STATUS_ERROR;
	}
	if (host_open(&host))
		return STATUS_ERROR;
	if (domain_name(&host.store, domid, name)) {
		log_fail(0, "Can't get domain name of domain id '%u', maybe this domain does not exist.",
			 domid);
		return STATUS_ERROR;
	}
	printf("%s\n", name);
	return STATUS_OK;
}
