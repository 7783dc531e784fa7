/* SPDX-License-Identifier: MIT */
/*
 * Where a new guest's virtual processors may run, and what share of the real
 * ones they get: pool=, cpus=, cpus_soft=, cpu_weight=, cap=.
 */
#ifndef XL_LITE_PLACEMENT_H
#define XL_LITE_PLACEMENT_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"
#include "tools/xl-lite/host-cpus.h"
#include "tools/xl-lite/json.h"

/* One set for each vcpu from the first on, or one for all. */
struct placement_sets {
	struct cpu_set *sets;
	size_t count;
	bool same;
};

/* Zero it to begin. */
struct placement {
	unsigned int pool;
	struct host_cpus cpus;
	struct placement_sets hard, soft;
	struct placement_sets asked_hard, asked_soft;	/* to be stored */
};

/* What this host makes of it, before anything is made. Logged. */
int placement_plan(struct host *host, const struct guest_config *config,
		   struct placement *p);
/* For the domain, which has its vcpus. Logged. */
int placement_apply(struct host *host, const struct guest_config *config,
		    domid_t domid, const struct placement *p);
/* What was asked for, for who stores it; good as long as P. */
struct json_places placement_hard(const struct placement *p);
struct json_places placement_soft(const struct placement *p);
void placement_free(struct placement *p);

#endif
