/* SPDX-License-Identifier: MIT */
/* Finding pools of processors by what a person calls them. */
#ifndef XL_LITE_CPUPOOL_H
#define XL_LITE_CPUPOOL_H

#include "tools/xl-lite/host.h"
#include "tools/xl-lite/hv-host.h"
#include "tools/xl-lite/hv-sched.h"

#define CPUPOOL_NAME_MAX 256

/* "Pool-0" where xenstore has no other name. */
void cpupool_name(struct store *s, unsigned int id,
		  char name[CPUPOOL_NAME_MAX]);

/* -ENOENT when none is called so; not logged. */
int cpupool_by_name(struct host *host, const char *name, unsigned int *id);

/* A number or a name; logged. */
int cpupool_argument(struct host *host, const char *arg, unsigned int *id);

#endif
