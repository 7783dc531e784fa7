/* SPDX-License-Identifier: MIT */
/* xl-lite cpupool-list: the pools that this host's processors are in. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>

#include "lib/log.h"

#include "tools/xl-lite/cpupool.h"

static void print_pool(struct host *host, const struct hv_cpupool *pool,
		       bool cpus)
{
	const char *scheduler = hv_scheduler_name(pool->scheduler);
	char name[CPUPOOL_NAME_MAX];
	const char *comma = "";

	cpupool_name(&host->store, pool->id, name);
	printf("%-19s", name);
	for (unsigned int i = 0; cpus && i < CPU_SET_MAX; i++)
		if (cpu_set_has(&pool->cpus, i)) {
			printf("%s%u", comma, i);
			comma = ",";
		}
	if (!cpus)
		printf("%3u %9s       y       %4u",
		       cpu_set_count(&pool->cpus, CPU_SET_MAX),
		       scheduler ? scheduler : "unknown", pool->domains);
	printf("\n");
}

static int print_pools(struct host *host, const char *only, bool cpus)
{
	struct hv_cpupool pool;
	unsigned int id = 0;
	int err = 0;

	/* as xl: a pool is asked for by its name here */
	if (only && cpupool_by_name(host, only, &id))
		return log_fail(-ENOENT, "cpupool '%s': does not exist: 'xl-lite cpupool-list' shows those there are",
				only);
	printf("%-19s%s\n", "Name", cpus ? "CPU list"
	       : "CPUs   Sched     Active   Domain count");
	while (!(err = hv_cpupool_next(host->hv, id, &pool))) {
		print_pool(host, &pool, cpus);
		if (only)
			return 0;
		id = pool.id + 1;
	}
	return err == -ENOENT ? 0 : log_fail(err, "list cpupools: %s",
					     hv_why(host->hv, err));
}

int cmd_cpupool_list(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "cpus", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	CLEANUP_HOST struct host host = { 0 };
	bool cpus = false;
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "c", longopts, 0, 1,
				 &status)) != CMD_ARGS) {
		if (opt == CMD_EXIT)
			return status;
		cpus = true;
	}
	if (host_open(&host))
		return STATUS_ERROR;
	return print_pools(&host, argv[optind], cpus) ? STATUS_ERROR
						      : STATUS_OK;
}
