/* SPDX-License-Identifier: MIT */
/* xl-lite list, claims: the domains of this host, in xl's columns to the byte. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/cpupool.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/domain-text.h"
#include "tools/xl-lite/live-config.h"

struct list_options {
	bool json;		/* -l */
	bool verbose;		/* -v: UUID, reason, label */
	bool context;		/* -Z: label */
	bool cpupool;		/* -c */
	bool numa;		/* -n */
	bool claims;		/* the other command */
};

static void print_header(const struct list_options *o)
{
	printf("Name                                        ID   Mem VCPUs\tState\tTime(s)");
	if (o->verbose)
		printf("   UUID                            Reason-Code\tSecurity Label");
	if (o->context && !o->verbose)
		printf("   Security Label");
	if (o->claims)
		printf("  Claimed");
	if (o->cpupool)
		printf("         Cpupool");
	if (o->numa)
		printf(" NODE Affinity");
	printf("\n");
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
	char name[CPUPOOL_NAME_MAX];

	cpupool_name(&host->store, d->cpupool, name);
	printf("%16s", name);
}

static int print_nodes(struct host *host, const struct hv_domain *d,
		       unsigned int count)
{
	struct cpu_set nodes;
	int err = hv_domain_nodes(host->hv, d->domid, &nodes);

	/* it may have gone since it was listed */
	if (err && err != -ESRCH)
		return log_fail(err, "domain %u: node affinity: %s", d->domid,
				hv_why(host->hv, err));
	putchar(' ');
	cpu_set_print(&nodes, count, stdout);
	return 0;
}

static int print_domain(struct host *host, const struct hv_domain *d,
			const struct list_options *o, unsigned int num_nodes)
{
	char name[DOMAIN_NAME_MAX], state[DOMAIN_STATE_SIZE];
	int err = 0;

	domain_name_or_null(&host->store, d->domid, name);
	domain_state_text(d, state);
	printf("%-40s %5d %5lu %5u     %s  %8.1f", name, d->domid,
	       (unsigned long)((d->current_kib + d->outstanding_kib) / 1024),
	       d->vcpus_online, state, domain_cpu_seconds(d->cpu_time_ns));
	if (o->verbose)
		print_verbose(d);
	if (o->claims)
		printf(" %5lu", (unsigned long)d->outstanding_kib / 1024);
	if (o->verbose || o->context)
		printf(" %16s", "-");	/* no XSM: no label */
	if (o->cpupool)
		print_cpupool(host, d);
	if (o->numa)
		err = print_nodes(host, d, num_nodes);
	printf("\n");
	return err;
}

static int print_table(struct host *host, const struct hv_domain *list,
		       size_t count, const struct list_options *o)
{
	struct hv_machine machine = { 0 };
	int err = o->numa ? hv_machine(host->hv, &machine) : 0;

	if (err)
		return log_fail(err, "this machine: %s", hv_why(host->hv, err));
	print_header(o);
	for (size_t i = 0; i < count && !err; i++)
		err = print_domain(host, &list[i], o, machine.nodes);
	return err;
}

/* -- as JSON ------------------------------------------------------------------- */

static int add_domain(struct host *host, const struct hv_domain *d,
		      struct arena *arena, struct json_value *all)
{
	static const char *const before_config[] = { "domid", NULL };
	static const char *const before_domid[] = { NULL };
	struct json_value *entry = json_new(arena, JSON_MAP), *config;
	int err;

	/* one without a stored configuration is left out, as with xl */
	if (live_config(host, d, arena, &config))
		return 0;
	if (!entry)
		return -ENOMEM;
	err = json_set(arena, entry, "domid", json_new_number(arena, d->domid),
		       before_domid);
	if (!err)
		err = json_set(arena, entry, "config", config, before_config);
	return err ? err : json_append(arena, all, entry);
}

static int print_json(struct host *host, const struct hv_domain *list,
		      size_t count)
{
	CLEANUP(arena_free) struct arena arena = { 0 };
	struct json_value *all = json_new(&arena, JSON_ARRAY);
	int err = all ? 0 : -ENOMEM;

	if (host->config.sxp)
		return log_fail(-ENOTSUP, "list -l: " HOST_CONFIG_XL ": output_format=\"sxp\": only JSON is printed: make it \"json\", or use xl for S-expressions");
	for (size_t i = 0; i < count && !err; i++)
		err = add_domain(host, &list[i], &arena, all);
	if (!err)
		err = json_tree_print(all, stdout);
	if (err)
		return log_err(err, "list -l: print");
	printf("\n");	/* one more, as xl has it */
	return 0;
}

/* -- the commands --------------------------------------------------------------- */

static int list(const char *arg, const struct list_options *o)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	CLEANUP_HOST struct host host = { 0 };
	size_t count;
	int err = host_open(&host);

	if (!err && o->claims && host.config.no_claims)
		log_warn("claims: " HOST_CONFIG_XL ": claim_mode=0: xl claims no memory for new guests");
	if (!err)
		err = domain_list_argument(&host, arg, &domains, &count);
	if (err)
		return STATUS_ERROR;
	err = o->json ? print_json(&host, domains, count)
		      : print_table(&host, domains, count, o);
	return err ? STATUS_ERROR : STATUS_OK;
}

int cmd_list(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "long", no_argument, NULL, 'l' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "context", no_argument, NULL, 'Z' },
		{ "cpupool", no_argument, NULL, 'c' },
		{ "numa", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct list_options o = { 0 };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "lvZcn", longopts, 0, -1,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT: return status;
		case 'l': o.json = true; break;
		case 'v': o.verbose = true; break;
		case 'Z': o.context = true; break;
		case 'c': o.cpupool = true; break;
		case 'n': o.numa = true; break;
		}
	}
	if (argc - optind > 1)
		return cmd_too_many(cmd, argc - optind, 1);
	return list(argv[optind], &o);
}

int cmd_claims(const struct cmd *cmd, int argc, char **argv)
{
	const struct list_options o = { .claims = true };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 0, 0, &status))
	       != CMD_ARGS)
		return status;
	return list(NULL, &o);
}
