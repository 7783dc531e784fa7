/* SPDX-License-Identifier: MIT */
/* xl-lite block-attach, network-attach: one more device for a guest. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>

#include "lib/log.h"

#include "tools/xl-lite/attach.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/json.h"

typedef int parse_fn(char *const *words, size_t count, struct diags *diags,
		     struct guest_config **ret);

/* What 'xl -N' of the same command prints. */
static int dry_run(const struct guest_config *config)
{
	int err;

	printf("%s: ", config->num_disks ? "disk" : "vif");
	err = config->num_disks ? json_print_disk(config->disks, stdout)
				: json_print_vif(config->vifs, stdout);
	if (!err && (printf("\n") < 0 || fflush(stdout)))
		err = -EIO;
	if (err)
		log_err(err, "print");
	return err ? STATUS_ERROR : STATUS_OK;
}

/* ARGV: the domain and the words. */
static int attach(const struct cmd *cmd, int argc, char **argv,
		  parse_fn *parse)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_HOST struct host host = { 0 };
	domid_t domid;
	int err = parse(argv + 1, argc - 1, &diags, &config);

	diags_print(&diags, stderr);
	if (err)
		return STATUS_ERROR;
	if (cmd->dry_run)
		return dry_run(config);
	if (host_open(&host) || domain_argument(&host, argv[0], &domid))
		return STATUS_ERROR;
	return guest_attach(&host, domid, config) ? STATUS_ERROR : STATUS_OK;
}

int cmd_block_attach(const struct cmd *cmd, int argc, char **argv)
{
	int status;

	while (cmd_getopt(cmd, argc, argv, "", NULL, 2, -1, &status)
	       != CMD_ARGS)
		return status;
	return attach(cmd, argc - optind, argv + optind,
		      guest_config_parse_disk);
}

int cmd_network_attach(const struct cmd *cmd, int argc, char **argv)
{
	int status;

	while (cmd_getopt(cmd, argc, argv, "", NULL, 1, -1, &status)
	       != CMD_ARGS)
		return status;
	return attach(cmd, argc - optind, argv + optind,
		      guest_config_parse_vif);
}
