/* SPDX-License-Identifier: MIT */
/* This machine's processors; see host-cpus.h. */
#include "config.h"

#include "tools/xl-lite/host-cpus.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/log.h"

#include "tools/xl-lite/hv-host.h"

int host_cpus_read(struct host *host, struct host_cpus *cpus)
{
	CLEANUP_FREE struct hv_cpu *list = NULL;
	unsigned int count;
	int err = hv_cpus(host->hv, &list, &count);

	if (err)
		return log_fail(err, "this machine's cpus: %s",
				hv_why(host->hv, err));
	cpus->nodes = calloc(count + 1, sizeof(*cpus->nodes));
	if (!cpus->nodes)
		return log_err(-ENOMEM, "this machine's cpus");
	for (unsigned int i = 0; i < count; i++)
		cpus->nodes[i] = list[i].node;
	cpus->list = (struct cpu_nodes) { cpus->nodes, count };
	return 0;
}

void host_cpus_free(struct host_cpus *cpus)
{
	free(cpus->nodes);
	cpus->nodes = NULL;
}

static int apply(const char *key, const char *text,
		 const struct host_cpus *cpus, const char *otherwise,
		 struct cpu_set *set)
{
	char why[CPU_SET_WHY_MAX];
	struct cpu_set mask;
	int err;

	if (!*text)
		return 0;
	err = cpu_set_parse(text, &cpus->list, &mask, why);
	if (err)
		return log_fail(err, HOST_CONFIG_XL ": %s=\"%s\": %s", key,
				text, why);
	cpu_set_and(set, &mask);
	if (!cpu_set_count(set, cpus->list.count))
		return log_fail(-EINVAL, HOST_CONFIG_XL ": %s=\"%s\" leaves none of these cpus: %s",
				key, text, otherwise);
	return 0;
}

bool host_cpus_masked(const struct host *host, bool hvm)
{
	const struct host_config *config = &host->config;

	return config->cpus[0] ||
	       (hvm ? config->cpus_hvm[0] : config->cpus_pv[0]);
}

int host_cpus_mask(const struct host *host, const struct host_cpus *cpus,
		   bool hvm, const char *otherwise, struct cpu_set *set)
{
	const struct host_config *config = &host->config;
	int err = apply("vm.cpumask", config->cpus, cpus, otherwise, set);

	if (err)
		return err;
	return hvm ? apply("vm.hvm.cpumask", config->cpus_hvm, cpus,
			   otherwise, set)
		   : apply("vm.pv.cpumask", config->cpus_pv, cpus, otherwise,
			   set);
}
