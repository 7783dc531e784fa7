/* SPDX-License-Identifier: MIT */
/* xl-lite uptime: since when domains run. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/domain-text.h"

/* Domain 0 has no start time in xenstore: it is as old as the machine. */
static int machine_uptime(uint64_t *seconds)
{
	struct timespec t;

	if (clock_gettime(CLOCK_BOOTTIME, &t))
		return log_err(-errno, "domain 0: uptime");
	*seconds = t.tv_sec;
	return 0;
}

static int guest_uptime(struct store *s, const struct hv_domain *d, time_t now,
			uint64_t *seconds)
{
	char path[STORE_PATH_MAX];
	char value[32];
	double start;
	int err;

	domain_vm_path(d->uuid, path);
	err = store_read(s, XBT_NULL, path, "start_time", value,
			 sizeof(value));
	if (err)
		return log_fail(err, "domain %u: uptime: %s/start_time: %s: it was not created by xl or xl-lite",
				d->domid, path, strerror(-err));
	/* libxl writes hundredths of seconds behind a point */
	if (sscanf(value, "%lf", &start) != 1 || start < 0 || start > now)
		return log_fail(-EINVAL, "domain %u: uptime: %s/start_time='%s': is no time of the past",
				d->domid, path, value);
	*seconds = now - (time_t)start;
	return 0;
}

static int print_domain(struct store *s, const struct hv_domain *d,
			time_t now, bool brief)
{
	char name[DOMAIN_NAME_MAX], text[UPTIME_TEXT_SIZE], clock[16];
	uint64_t seconds = 0;
	struct tm tm;
	int err = d->domid ? guest_uptime(s, d, now, &seconds)
			   : machine_uptime(&seconds);

	if (err)
		return err;
	domain_name_or_null(s, d->domid, name);
	uptime_text(seconds, brief, text);
	if (!brief) {
		printf("%-33s %4d %s\n", name, d->domid, text);
		return 0;
	}
	localtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	printf(" %s up %s, %s (%d)\n", clock, text, name, d->domid);
	return 0;
}

static int print_all(struct host *host, time_t now, bool brief)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	size_t count;
	int err = domain_list_argument(host, NULL, &domains, &count);

	for (size_t i = 0; !err && i < count; i++)
		/* as xl: one that has no time is left out, and it is well */
		print_domain(&host->store, &domains[i], now, brief);
	return err;
}

int cmd_uptime(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	const time_t now = time(NULL);
	bool brief = false;
	int opt, status, err = 0;

	while ((opt = cmd_getopt(cmd, argc, argv, "s", NULL, 0, -1, &status))
	       != CMD_ARGS) {
		if (opt == CMD_EXIT)
			return status;
		brief = true;
	}
	if (host_open(&host))
		return STATUS_ERROR;
	if (!brief)
		printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
	if (optind == argc)
		err = print_all(&host, now, brief);
	for (int i = optind; i < argc && !err; i++) {
		struct hv_domain info;

		err = domain_argument_info(&host, argv[i], "uptime", &info);
		if (!err)
			err = print_domain(&host.store, &info, now, brief);
	}
	return err ? STATUS_ERROR : STATUS_OK;
}
