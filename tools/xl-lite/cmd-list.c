/* SPDX-License-Identifier: MIT */
/* xl-lite list: the domains of this host, in xl's columns to the byte. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/userdata.h"

struct list_options {
	bool json;		/* -l */
	bool verbose;		/* -v: UUID, reason, label */
	bool context;		/* -Z: label */
	bool cpupool;		/* -c */
};

static void print_header(const struct list_options *o)
{
	printf("Name                                        ID   Mem VCPUs\tState\tTime(s)");
	if (o->verbose)
		printf("   UUID                            Reason-Code\tSecurity Label");
	if (o->context && !o->verbose)
		printf("   Security Label");
	if (o->cpupool)
		printf("         Cpupool");
	printf("\n");
}

/* How the guest ended, as xl's list tells it by a letter. */
static char reason_letter(const struct hv_domain *d)
{
	static const char letters[] = "-rscwS";

	if (!d->shutdown)
		return '-';
	return d->shutdown_reason < strlen(letters)
		? letters[d->shutdown_reason] : '?';
}

static void print_verbose(const struct hv_domain *d)
{
	char uuid[UUID_TEXT_SIZE];

	uuid_format(d->uuid, uuid);
	printf(" %s", uuid);
	if (d->shutdown)
		printf(" %8x", d->shutdown_reason);
	else
		printf(" %8s", "-");
}

static void print_cpupool(struct host *host, const struct hv_domain *d)
{
	char node[32], name[DOMAIN_NAME_MAX];

	snprintf(node, sizeof(node), "%u/name", d->cpupool);
	if (store_read(&host->store, XBT_NULL, PATH_POOLS, node, name,
		       sizeof(name)))
		snprintf(name, sizeof(name), "Pool-%u", d->cpupool);
	printf("%16s", name);
}

static void print_domain(struct host *host, const struct hv_domain *d,
			 const struct list_options *o)
{
	char name[DOMAIN_NAME_MAX];

	/* a domain being made or unmade has no name, and xl shows it so */
	if (domain_name(&host->store, d->domid, name))
		snprintf(name, sizeof(name), "(null)");
	/* the time goes through a float, as in xl: its digits are the same */
	printf("%-40s %5d %5lu %5u     %c%c%c%c%c%c  %8.1f", name, d->domid,
	       (unsigned long)((d->current_kib + d->outstanding_kib) / 1024),
	       d->vcpus_online, d->running ? 'r' : '-', d->blocked ? 'b' : '-',
	       d->paused ? 'p' : '-', d->shutdown ? 's' : '-',
	       reason_letter(d), d->dying ? 'd' : '-',
	       (double)(float)d->cpu_time_ns / 1e9);
	if (o->verbose)
		print_verbose(d);
	if (o->verbose || o->context)
		printf(" %16s", "-");	/* no XSM: no label */
	if (o->cpupool)
		print_cpupool(host, d);
	printf("\n");
}

/* A stored configuration, as deep as it stands in the list. */
static void print_indented(const char *json)
{
	for (const char *c = json; *c; c++) {
		if (*c == '\n' && !c[1])
			break;
		putchar(*c);
		if (*c == '\n')
			fputs("        ", stdout);
	}
}

/*
 * What the domain was created with and got since. One without a stored configuration is
 * left out, as with xl.
 */
static bool print_json(struct host *host, const struct hv_domain *d, bool first)
{
	CLEANUP_FREE char *json = NULL;
	int err = userdata_read_live(&host->store, d->domid, d->uuid, &json);

	if (err) {
		log_err(err, "domain %u: its stored configuration", d->domid);
		return false;
	}
	printf("%s    {\n        \"domid\": %u,\n        \"config\": ",
	       first ? "" : ",\n", d->domid);
	print_indented(json);
	printf("\n    }");
	return true;
}

static void print_list(struct host *host, const struct hv_domain *list,
		       size_t count, const struct list_options *o)
{
	bool first = true;

	if (!o->json) {
		print_header(o);
		for (size_t i = 0; i < count; i++)
			print_domain(host, &list[i], o);
		return;
	}
	printf("[\n");
	for (size_t i = 0; i < count; i++)
		if (print_json(host, &list[i], first))
			first = false;
	printf("%s]\n", first ? "" : "\n");
}

static int list_one(struct host *host, const char *arg,
		    const struct list_options *o)
{
	struct hv_domain info;
	domid_t domid;
	int err;

	if (domain_argument(host, arg, &domid))
		return STATUS_ERROR;
	err = hv_domain_info(host->hv, domid, &info);
	if (err) {
		log_fail(err, "domain '%s': %s", arg,
			 err == -ESRCH ? "does not exist"
				       : hv_why(host->hv, err));
		return STATUS_ERROR;
	}
	print_list(host, &info, 1, o);
	return STATUS_OK;
}

static int list_all(struct host *host, const struct list_options *o)
{
	CLEANUP_FREE struct hv_domain *list = NULL;
	size_t count;
	int err = hv_domain_list(host->hv, &list, &count);

	if (err) {
		log_fail(err, "list domains: %s", hv_why(host->hv, err));
		return STATUS_ERROR;
	}
	print_list(host, list, count, o);
	return STATUS_OK;
}

int cmd_list(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "long", no_argument, NULL, 'l' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "context", no_argument, NULL, 'Z' },
		{ "cpupool", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	CLEANUP_HOST struct host host = { 0 };
	struct list_options o = { 0 };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "lvZc", longopts, 0, 1,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT: return status;
		case 'l': o.json = true; break;
		case 'v': o.verbose = true; break;
		case 'Z': o.context = true; break;
		case 'c': o.cpupool = true; break;
		}
	}
	if (host_open(&host))
		return STATUS_ERROR;
	return optind < argc ? list_one(&host, argv[optind], &o)
			     : list_all(&host, &o);
}
