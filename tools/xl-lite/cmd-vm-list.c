/* SPDX-License-Identifier: MIT */
/* xl-lite vm-list: the guests of this host, by UUID. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <stdio.h>

#include "tools/xl-lite/domain.h"

/* A domain that another guest's QEMU runs in says so, and is no guest. */
static bool serves_another(struct store *s, domid_t domid)
{
	char path[STORE_PATH_MAX];
	unsigned int target;

	path_domain(path, sizeof(path), domid);
	return store_read_uint(s, XBT_NULL, path, "target", 0,
			       DOMID_FIRST_RESERVED - 1, &target) == 0;
}

static void print_vm(struct store *s, const struct hv_domain *d)
{
	char name[DOMAIN_NAME_MAX], uuid[UUID_TEXT_SIZE];

	domain_name_or_null(s, d->domid, name);
	uuid_format(d->uuid, uuid);
	printf("%s  %d    %-30s\n", uuid, d->domid, name);
}

int cmd_vm_list(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	CLEANUP_HOST struct host host = { 0 };
	int opt, status;
	size_t count;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 0, 0, &status))
	       != CMD_ARGS)
		return status;
	if (host_open(&host) ||
	    domain_list_argument(&host, NULL, &domains, &count))
		return STATUS_ERROR;
	printf("UUID                                  ID    name\n");
	for (size_t i = 0; i < count; i++)
		if (!serves_another(&host.store, domains[i].domid))
			print_vm(&host.store, &domains[i]);
	return STATUS_OK;
}
