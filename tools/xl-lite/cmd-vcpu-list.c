/* SPDX-License-Identifier: MIT */
/* xl-lite vcpu-list: what domains' virtual processors do, and where. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/domain-text.h"
#include "tools/xl-lite/hv-host.h"
#include "tools/xl-lite/hv-vcpu.h"

static void print_vcpu(const char *name, domid_t domid, unsigned int number,
		       const struct hv_vcpu *v, unsigned int num_cpus)
{
	printf("%-32s %5u %5u", name, domid, number);
	if (v->online)
		printf("%5u %3c%c- ", v->cpu, v->running ? 'r' : '-',
		       v->blocked ? 'b' : '-');
	else
		printf("%5c %3c%cp ", '-', '-', '-');
	printf("%9.1f  ", domain_cpu_seconds(v->cpu_time_ns));
	cpu_set_print(&v->hard, num_cpus, stdout);
	printf(" / ");
	cpu_set_print(&v->soft, num_cpus, stdout);
	printf("\n");
}

/* All are read first: one that is going away is shown whole or not at all. */
static int print_domain(struct host *host, const struct hv_domain *d,
			unsigned int num_cpus)
{
	CLEANUP_FREE struct hv_vcpu *list = calloc(d->vcpus + 1,
						   sizeof(*list));
	char name[DOMAIN_NAME_MAX];
	int err = list ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < d->vcpus && !err; i++)
		err = hv_vcpu_info(host->hv, d->domid, i, &list[i]);
	if (err)
		return log_fail(err, "domain %u: vcpus: %s", d->domid,
				hv_why(host->hv, err));
	domain_name_or_null(&host->store, d->domid, name);
	for (unsigned int i = 0; i < d->vcpus; i++)
		print_vcpu(name, d->domid, i, &list[i], num_cpus);
	return 0;
}

static int print_all(struct host *host, unsigned int num_cpus)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	size_t count;
	int err = domain_list_argument(host, NULL, &domains, &count);

	for (size_t i = 0; !err && i < count; i++)
		/* one that has gone meanwhile is no failure */
		print_domain(host, &domains[i], num_cpus);
	return err;
}

int cmd_vcpu_list(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	struct hv_machine machine;
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 0, -1, &status))
	       != CMD_ARGS)
		return status;
	if (host_open(&host))
		return STATUS_ERROR;
	err = hv_machine(host.hv, &machine);
	if (err) {
		log_fail(err, "this machine: %s", hv_why(host.hv, err));
		return STATUS_ERROR;
	}
	printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU",
	       "State", "Time(s)", "Affinity (Hard / Soft)");
	if (optind == argc)
		err = print_all(&host, machine.max_cpu_id + 1);
	for (int i = optind; i < argc && !err; i++) {
		struct hv_domain info;

		err = domain_argument_info(&host, argv[i], "vcpus", &info);
		if (!err)
			err = print_domain(&host, &info,
					   machine.max_cpu_id + 1);
	}
	return err ? STATUS_ERROR : STATUS_OK;
}
