/* SPDX-License-Identifier: MIT */
/* xl-lite vcpu-set: how many of its virtual processors a guest shall use. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/hv-host.h"

struct change {
	struct hv_domain domain;
	unsigned int count;
};

static int check_host(struct host *host, const struct change *c)
{
	struct hv_machine machine;
	int err = hv_machine(host->hv, &machine);

	if (err)
		return log_fail(err, "this machine: %s", hv_why(host->hv, err));
	if (c->count > c->domain.vcpus_online &&
	    c->count > machine.max_cpu_id + 1)
		return log_fail(-EINVAL, "domain %u: %u vcpus: this machine has only %u cpus, so that they would wait for each other: -i does it all the same",
				c->domain.domid, c->count,
				machine.max_cpu_id + 1);
	return 0;
}

static int check_guest(struct host *host, const struct change *c)
{
	const domid_t domid = c->domain.domid;

	if (c->count > c->domain.vcpus)
		return log_fail(-EINVAL, "domain %u: %u vcpus: it was created with %u: make that more with maxvcpus= of its configuration",
				domid, c->count, c->domain.vcpus);
	if (domain_is_hvm(&host->store, &c->domain))
		return log_fail(-ENOTSUP, "domain %u: vcpus: it is an HVM guest, whose QEMU would have to plug them in: use 'xl vcpu-set'",
				domid);
	return 0;
}

/* This is what the guest's kernel watches. */
static int write_availability(struct store *s, xs_transaction_t t, void *arg)
{
	const struct change *c = arg;
	char path[STORE_PATH_MAX], node[40];
	int err = 0;

	path_domain(path, sizeof(path), c->domain.domid);
	for (unsigned int i = 0; i < c->domain.vcpus && !err; i++) {
		snprintf(node, sizeof(node), "cpu/%u/availability", i);
		err = store_write(s, t, path, node,
				  i < c->count ? "online" : "offline");
	}
	return err;
}

int cmd_vcpu_set(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "ignore-host", no_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	CLEANUP_HOST struct host host = { 0 };
	struct change c = { 0 };
	bool any_host = false;
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "i", longopts, 2, 2,
				 &status)) != CMD_ARGS) {
		if (opt == CMD_EXIT)
			return status;
		any_host = true;
	}
	if (num_parse_uint(argv[optind + 1], 1, INT_MAX, &c.count)) {
		log_fail(0, "vcpu-set: '%s': is no number of vcpus: it takes 1 at least",
			 argv[optind + 1]);
		return STATUS_ERROR;
	}
	if (host_open(&host) ||
	    domain_argument_info(&host, argv[optind], "vcpus", &c.domain) ||
	    (!any_host && check_host(&host, &c)) || check_guest(&host, &c))
		return STATUS_ERROR;
	err = store_transact(&host.store, write_availability, &c);
	if (err)
		log_err(err, "domain %u: vcpus: cpu/*/availability",
			c.domain.domid);
	return err ? STATUS_ERROR : STATUS_OK;
}
