/* SPDX-License-Identifier: MIT */
/* xl-lite vcpu-set: how many of its virtual processors a guest shall use. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/device-model.h"
#include "tools/xl-lite/dm-vcpus.h"
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

static int check_guest(const struct change *c)
{
	const domid_t domid = c->domain.domid;

	if (c->count > c->domain.vcpus)
		return log_fail(-EINVAL, "domain %u: %u vcpus: it was created with %u: make that more with maxvcpus= of its configuration",
				domid, c->count, c->domain.vcpus);
	return 0;
}

/* An HVM guest's firmware and kernel know what QEMU has plugged in. */
static int plug_vcpus(const struct change *c)
{
	const domid_t domid = c->domain.domid;
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	unsigned int had = 0;
	char socket[64];
	int err;

	snprintf(socket, sizeof(socket), DM_QMP_SOCKET, domid);
	err = qmp_open(&q, socket, clock_now_ns() + DM_ANSWER_S * NS_PER_S);
	if (!err)
		err = dm_vcpus_plug(&q, c->count, &had);
	if (err == -ENOTSUP)
		return log_fail(err, "domain %u: vcpus: it has %u, and QEMU cannot take any out of an HVM guest: have the guest itself leave them alone",
				domid, had);
	if (err == -ERANGE)
		return log_fail(err, "domain %u: vcpus: its QEMU has no room for %u: it was started with fewer",
				domid, c->count);
	return err ? log_fail(err, "domain %u: vcpus: plug them in: %s",
			      domid, qmp_why(&q, err)) : 0;
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
	    (!any_host && check_host(&host, &c)) || check_guest(&c))
		return STATUS_ERROR;
	if (domain_is_hvm(&host.store, &c.domain))
		return plug_vcpus(&c) ? STATUS_ERROR : STATUS_OK;
	err = store_transact(&host.store, write_availability, &c);
	if (err)
		log_err(err, "domain %u: vcpus: cpu/*/availability",
			c.domain.domid);
	return err ? STATUS_ERROR : STATUS_OK;
}
