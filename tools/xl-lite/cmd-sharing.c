/* SPDX-License-Identifier: MIT */
/* xl-lite sharing: how much of their memory domains share with others. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <stdio.h>

#include "tools/xl-lite/domain.h"

static void print_domain(struct store *s, const struct hv_domain *d)
{
	char name[DOMAIN_NAME_MAX];

	domain_name_or_null(s, d->domid, name);
	printf("%-40s %5d %5lu  %5lu\n", name, d->domid,
	       (unsigned long)((d->current_kib + d->outstanding_kib) / 1024),
	       (unsigned long)(d->shared_kib / 1024));
}

int cmd_sharing(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	CLEANUP_HOST struct host host = { 0 };
	int opt, status;
	size_t count;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 0, -1, &status))
	       != CMD_ARGS)
		return status;
	if (argc - optind > 1)
		return cmd_too_many(cmd, argc - optind, 1);
	if (host_open(&host) ||
	    domain_list_argument(&host, argv[optind], &domains, &count))
		return STATUS_ERROR;
	printf("Name                                        ID   Mem Shared\n");
	for (size_t i = 0; i < count; i++)
		print_domain(&host.store, &domains[i]);
	return STATUS_OK;
}
