/* SPDX-License-Identifier: MIT */
/* xl-lite dump-core: a guest's memory, for crash(8) and gdb(1). */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include "lib/log.h"

#include "tools/xl-lite/domain.h"

int cmd_dump_core(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	struct hv_domain info;
	const char *file;
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 2, 2, &status))
	       != CMD_ARGS)
		return status;
	file = argv[optind + 1];
	if (host_open(&host) ||
	    domain_argument_info(&host, argv[optind], "dump", &info))
		return STATUS_ERROR;
	if (info.domid == 0) {
		log_fail(0, "domain 0: dump: is this host itself, which cannot stand still meanwhile");
		return STATUS_ERROR;
	}
	err = hv_domain_dump_core(host.hv, info.domid, file);
	if (err)
		log_fail(err, "domain %u: dump to %s: %s", info.domid, file,
			 hv_why(host.hv, err));
	return err ? STATUS_ERROR : STATUS_OK;
}
