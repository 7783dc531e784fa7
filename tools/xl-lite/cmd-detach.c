/* SPDX-License-Identifier: MIT */
/* xl-lite block-detach, network-detach: a device less for a guest. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/detach.h"
#include "tools/xl-lite/device-list.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/vdev.h"

/* The guest's vif with the address MAC. */
static int find_mac(struct host *host, domid_t domid, const char *mac,
		    unsigned int *devid)
{
	CLEANUP_FREE struct listed_device *list = NULL;
	size_t count = 0;
	int err = device_list(&host->store, domid, KIND_VIF, &list, &count);

	for (size_t i = 0; !err && i < count; i++) {
		char its[18];

		if (store_read(&host->store, XBT_NULL, list[i].libxl, "mac",
			       its, sizeof(its)) == 0 &&
		    strcasecmp(its, mac) == 0) {
			*devid = list[i].devid;
			return 0;
		}
	}
	return err ? err : -ENOENT;
}

static int find_disk(struct host *host, domid_t domid, const char *arg,
		     unsigned int *devid)
{
	struct vdev vdev;

	(void)host, (void)domid;
	if (vdev_parse(arg, &vdev))
		return -ENOENT;
	*devid = vdev.number;
	return 0;
}

static int find_vif(struct host *host, domid_t domid, const char *arg,
		    unsigned int *devid)
{
	if (strchr(arg, ':'))
		return find_mac(host, domid, arg, devid);
	return num_parse_uint(arg, 0, UINT32_MAX, devid) ? -ENOENT : 0;
}

struct detach_command {
	const char *kind, *list;
	int (*find)(struct host *host, domid_t domid, const char *arg,
		    unsigned int *devid);
	enum detach_how how;	/* without -f */
};

static int detach(const struct detach_command *c, char **argv, bool force)
{
	CLEANUP_HOST struct host host = { 0 };
	const char *arg = argv[1];
	unsigned int devid;
	char name[64];
	domid_t domid;
	int err;

	if (host_open(&host) || domain_argument(&host, argv[0], &domid))
		return STATUS_ERROR;
	snprintf(name, sizeof(name), "%s %.40s",
		 strcmp(c->kind, KIND_VBD) == 0 ? "disk" : "vif", arg);
	err = c->find(&host, domid, arg, &devid);
	if (!err)
		err = guest_detach(&host, domid, c->kind, devid, name,
				   force ? DETACH_FORCE : c->how);
	if (err == -ENOENT)
		log_fail(err, "domain %u: device %s is not connected: 'xl-lite %s %s' shows those that are",
			 domid, arg, c->list, argv[0]);
	return err ? STATUS_ERROR : STATUS_OK;
}

static int run(const struct detach_command *c, const struct cmd *cmd,
	       int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool force = false;
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "f", longopts, 2, 2,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT: return status;
		case 'f': force = true; break;
		}
	}
	return detach(c, argv + optind, force);
}

int cmd_block_detach(const struct cmd *cmd, int argc, char **argv)
{
	static const struct detach_command c = {
		.kind = KIND_VBD,
		.list = "block-list",
		.find = find_disk,
		.how = DETACH_ASK,
	};

	return run(&c, cmd, argc, argv);
}

int cmd_network_detach(const struct cmd *cmd, int argc, char **argv)
{
	static const struct detach_command c = {
		.kind = KIND_VIF,
		.list = "network-list",
		.find = find_vif,
		.how = DETACH_ASK_FIRST,
	};

	return run(&c, cmd, argc, argv);
}
