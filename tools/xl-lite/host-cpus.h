/* SPDX-License-Identifier: MIT */
/*
 * This machine's processors, and what its administrator leaves of them to
 * guests: vm.cpumask and its like in xl.conf.
 */
#ifndef XL_LITE_HOST_CPUS_H
#define XL_LITE_HOST_CPUS_H

#include "tools/xl-lite/cpu-set.h"
#include "tools/xl-lite/host.h"

struct host_cpus {
	int *nodes;
	struct cpu_nodes list;		/* for cpu_set_parse() */
};

/* Logged. Free it in any case. */
int host_cpus_read(struct host *host, struct host_cpus *cpus);
void host_cpus_free(struct host_cpus *cpus);

#define CLEANUP_HOST_CPUS CLEANUP(host_cpus_free)

/* Does xl.conf leave out any for PV guests, or for PVH and HVM guests? */
bool host_cpus_masked(const struct host *host, bool hvm);
/* Take those out of SET. Logged; OTHERWISE says what to do when none is left. */
int host_cpus_mask(const struct host *host, const struct host_cpus *cpus,
		   bool hvm, const char *otherwise, struct cpu_set *set);

#endif
