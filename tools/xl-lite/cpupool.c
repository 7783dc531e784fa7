/* SPDX-License-Identifier: MIT */
/* Pools of processors; see cpupool.h. */
#include "config.h"

#include "tools/xl-lite/cpupool.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/num.h"

#include "xenstore-schema/paths.h"

void cpupool_name(struct store *s, unsigned int id,
		  char name[CPUPOOL_NAME_MAX])
{
	char node[32];

	snprintf(node, sizeof(node), "%u/name", id);
	if (store_read(s, XBT_NULL, PATH_POOLS, node, name, CPUPOOL_NAME_MAX))
		snprintf(name, CPUPOOL_NAME_MAX, "Pool-%u", id);
}

int cpupool_by_name(struct host *host, const char *name, unsigned int *id)
{
	char its_name[CPUPOOL_NAME_MAX];
	struct hv_cpupool pool;
	unsigned int from = 0;
	int err;

	while (!(err = hv_cpupool_next(host->hv, from, &pool))) {
		cpupool_name(&host->store, pool.id, its_name);
		if (strcmp(its_name, name) == 0) {
			*id = pool.id;
			return 0;
		}
		from = pool.id + 1;
	}
	return err;
}

static int by_number(struct host *host, const char *arg, unsigned int *id)
{
	struct hv_cpupool pool = { 0 };
	int err = num_parse_uint(arg, 0, INT_MAX, id);

	if (!err)
		err = hv_cpupool_next(host->hv, *id, &pool);
	/* Xen answers with the next one when there is none of this number */
	return !err && pool.id != *id ? -ENOENT : err;
}

int cpupool_argument(struct host *host, const char *arg, unsigned int *id)
{
	const bool digits = *arg && strspn(arg, "0123456789") == strlen(arg);
	int err = digits ? by_number(host, arg, id)
			 : cpupool_by_name(host, arg, id);

	return err ? log_fail(err, "cpupool '%s': there is none of this number or name: 'xl-lite cpupool-list' shows those there are",
			      arg) : 0;
}
