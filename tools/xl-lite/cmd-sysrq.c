/* SPDX-License-Identifier: MIT */
/* xl-lite sysrq: what Alt+SysRq and a letter do at a machine with a keyboard. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <ctype.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"

int cmd_sysrq(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	char path[STORE_PATH_MAX];
	struct hv_domain info;
	const char *key;
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 2, 2, &status))
	       != CMD_ARGS)
		return status;
	key = argv[optind + 1];
	if (strlen(key) != 1 || !isgraph((unsigned char)key[0])) {
		log_fail(0, "sysrq '%s': wants one letter, such as h for the list of them",
			 key);
		return STATUS_ERROR;
	}
	if (host_open(&host) ||
	    domain_argument_info(&host, argv[optind], "sysrq", &info))
		return STATUS_ERROR;
	path_domain(path, sizeof(path), info.domid);
	/* the guest takes it out again when it has read it */
	err = store_write(&host.store, XBT_NULL, path, "control/sysrq", key);
	if (err)
		log_err(err, "domain %u: control/sysrq", info.domid);
	return err ? STATUS_ERROR : STATUS_OK;
}
