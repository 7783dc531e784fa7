/* SPDX-License-Identifier: MIT */
/* xl-lite destroy: end a domain at once. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/destroy.h"
#include "tools/xl-lite/domain.h"

int cmd_destroy(const struct cmd *cmd, int argc, char **argv)
{
	const uint64_t start = clock_now_ns();
	CLEANUP_HOST struct host host = { 0 };
	struct hv_domain info;
	domid_t domid;
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "f", NULL, 1, 1, &status))
	       != CMD_ARGS)
		if (opt == CMD_EXIT)
			return status;
	if (host_open(&host) || domain_argument(&host, argv[optind], &domid))
		return STATUS_ERROR;
	if (domid == 0) {
		log_fail(0, "domain 0: is this host itself: not destroyed");
		return STATUS_ERROR;
	}
	err = hv_domain_info(host.hv, domid, &info);
	if (err) {
		log_fail(err, "domain %u: destroy: %s", domid,
			 err == -ESRCH ? "there is no such domain"
				       : hv_why(host.hv, err));
		return STATUS_ERROR;
	}
	err = guest_destroy(&host, domid, info.uuid);
	if (cmd->verbose)
		log_info("domain %u: destroyed: %llu xenstore requests, %llu ms",
			 domid, (unsigned long long)host.store.requests,
			 (unsigned long long)((clock_now_ns() - start) /
					      NS_PER_MS));
	return err ? STATUS_ERROR : STATUS_OK;
}
