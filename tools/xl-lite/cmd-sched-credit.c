/* SPDX-License-Identifier: MIT */
/*
 * xl-lite sched-credit, sched-credit2: how domains share processors.
 *
 *	nothing		each pool that has this scheduler, and its domains
 *	-p POOL		that pool
 *	-d DOMAIN	that domain; with -w, -c: set them
 *	-s [-p POOL]	the scheduler of that pool, or the first; with -t, -r,
 *			-m: set them
 */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/cpupool.h"
#include "tools/xl-lite/domain.h"

#define WEIGHT_MAX 65535
/* Percent of a processor that a vcpu can take. */
#define CAP_PER_VCPU 100

/* An option with a number behind it. */
struct number {
	bool given;
	unsigned int value;
};

struct request {
	enum hv_scheduler scheduler;
	const char *domain, *pool;
	bool scheduler_itself;			/* -s */
	struct number weight, cap;		/* of a domain */
	struct number timeslice, ratelimit, migration;	/* of a pool */
};

/* -- printing ------------------------------------------------------------------ */

static void print_header(void)
{
	printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
}

static int print_domain(struct host *host, const struct request *r,
			domid_t domid)
{
	char name[DOMAIN_NAME_MAX];
	struct hv_share share;
	int err = hv_share_get(host->hv, r->scheduler, domid, &share);

	if (err)
		return log_fail(err, "domain %u: share under %s: %s", domid,
				hv_scheduler_name(r->scheduler),
				hv_why(host->hv, err));
	domain_name_or_null(&host->store, domid, name);
	printf("%-33s %4d %6u %4u\n", name, domid, share.weight, share.cap);
	return 0;
}

static void print_pool(struct host *host, const struct request *r,
		       unsigned int id)
{
	char name[CPUPOOL_NAME_MAX];
	struct hv_sched_params p;
	int err = hv_sched_params_get(host->hv, r->scheduler, id, &p);

	cpupool_name(&host->store, id, name);
	if (err) {
		printf("Cpupool %s: [sched params unavailable]\n", name);
		return;
	}
	printf("Cpupool %s: ", name);
	if (r->scheduler == HV_SCHED_CREDIT)
		printf("tslice=%ums ratelimit=%uus migration-delay=%uus\n",
		       p.timeslice_ms, p.ratelimit_us, p.migration_delay_us);
	else
		printf("ratelimit=%uus\n", p.ratelimit_us);
}

static void print_pool_with_domains(struct host *host, const struct request *r,
				    unsigned int id,
				    const struct hv_domain *domains,
				    size_t count)
{
	print_pool(host, r, id);
	print_header();
	for (size_t i = 0; i < count; i++)
		if (domains[i].cpupool == id)
			/* one that has gone meanwhile is no failure */
			print_domain(host, r, domains[i].domid);
}

static int print_all(struct host *host, const struct request *r)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	unsigned int only = 0, from = 0;
	struct hv_cpupool pool;
	size_t count;
	int err = r->pool ? cpupool_argument(host, r->pool, &only) : 0;

	if (!err)
		err = domain_list_argument(host, NULL, &domains, &count);
	if (err)
		return err;
	while (!(err = hv_cpupool_next(host->hv, from, &pool))) {
		if (pool.scheduler == (unsigned int)r->scheduler &&
		    (!r->pool || pool.id == only))
			print_pool_with_domains(host, r, pool.id, domains,
						count);
		from = pool.id + 1;
	}
	return err == -ENOENT ? 0 : log_fail(err, "list cpupools: %s",
					     hv_why(host->hv, err));
}

/* -- one domain ------------------------------------------------------------------ */

/* Xen takes another scheduler's numbers for its own: it is asked first. */
static int check_scheduler(struct host *host, const struct request *r,
			   const struct hv_domain *d)
{
	struct hv_cpupool pool = { 0 };
	int err = hv_cpupool_next(host->hv, d->cpupool, &pool);
	const char *name = hv_scheduler_name(pool.scheduler);

	if (err)
		return log_fail(err, "cpupool %u: %s", d->cpupool,
				hv_why(host->hv, err));
	if (pool.scheduler == (unsigned int)r->scheduler)
		return 0;
	return log_fail(-EINVAL, "domain %u: its cpupool is scheduled by %s, not by %s: see 'xl-lite cpupool-list'",
			d->domid, name ? name : "another",
			hv_scheduler_name(r->scheduler));
}

static int set_domain(struct host *host, const struct request *r,
		      const struct hv_domain *d)
{
	const unsigned int max_cap = d->vcpus * CAP_PER_VCPU;
	struct hv_share share;
	int err = hv_share_get(host->hv, r->scheduler, d->domid, &share);

	if (!err && r->weight.given)
		share.weight = r->weight.value;
	if (!err && r->cap.given) {
		if (r->cap.value > max_cap)
			return log_fail(-ERANGE, "domain %u: cap %u: with %u vcpus it can use %u percent of a cpu at most",
					d->domid, r->cap.value, d->vcpus,
					max_cap);
		share.cap = r->cap.value;
	}
	if (!err)
		err = hv_share_set(host->hv, r->scheduler, d->domid, &share);
	return err ? log_fail(err, "domain %u: share under %s: %s", d->domid,
			      hv_scheduler_name(r->scheduler),
			      hv_why(host->hv, err)) : 0;
}

static int do_domain(struct host *host, const struct request *r)
{
	const bool set = r->weight.given || r->cap.given;
	struct hv_domain info;
	int err = domain_argument_info(host, r->domain, "share", &info);

	if (!err && !set)
		print_header();		/* as xl: before it may fail */
	if (!err)
		err = check_scheduler(host, r, &info);
	if (err)
		return err;
	return set ? set_domain(host, r, &info)
		   : print_domain(host, r, info.domid);
}

/* -- a scheduler itself ------------------------------------------------------------ */

static int do_scheduler(struct host *host, const struct request *r)
{
	struct hv_sched_params p;
	unsigned int id = 0;
	int err = r->pool ? cpupool_argument(host, r->pool, &id) : 0;

	if (err)
		return err;
	if (!r->timeslice.given && !r->ratelimit.given &&
	    !r->migration.given) {
		print_pool(host, r, id);
		return 0;
	}
	err = hv_sched_params_get(host->hv, r->scheduler, id, &p);
	if (!err && r->timeslice.given)
		p.timeslice_ms = r->timeslice.value;
	if (!err && r->ratelimit.given)
		p.ratelimit_us = r->ratelimit.value;
	if (!err && r->migration.given)
		p.migration_delay_us = r->migration.value;
	if (!err)
		err = hv_sched_params_set(host->hv, r->scheduler, id, &p);
	return err ? log_fail(err, "cpupool %u: %s: %s", id,
			      hv_scheduler_name(r->scheduler),
			      hv_why(host->hv, err)) : 0;
}

/* -- the commands -------------------------------------------------------------------- */

static int parse(const char *what, unsigned int min, unsigned int max,
		 struct number *n)
{
	if (num_parse_uint(optarg, min, max, &n->value))
		return log_fail(-EINVAL, "%s '%s': wants a number from %u to %u",
				what, optarg, min, max);
	n->given = true;
	return 0;
}

static int parse_ratelimit(struct number *n)
{
	if (num_parse_uint(optarg, 0, HV_RATELIMIT_MAX_US, &n->value) ||
	    (n->value && n->value < HV_RATELIMIT_MIN_US))
		return log_fail(-EINVAL, "ratelimit '%s': wants 0, which is none, or a number from %u to %u",
				optarg, HV_RATELIMIT_MIN_US,
				HV_RATELIMIT_MAX_US);
	n->given = true;
	return 0;
}

static int check(const struct request *r)
{
	const bool of_domain = r->domain || r->weight.given || r->cap.given;
	const bool of_scheduler = r->timeslice.given || r->ratelimit.given ||
				  r->migration.given;

	if (of_domain && (r->pool || r->scheduler_itself))
		return log_fail(-EINVAL, "options of a domain (-d, -w, -c) and of a pool (-p, -s) exclude each other");
	if (of_domain && !r->domain)
		return log_fail(-EINVAL, "-w and -c are of a domain: say which with -d");
	if (of_scheduler && !r->scheduler_itself)
		return log_fail(-EINVAL, "-t, -r and -m are of the scheduler itself: say so with -s");
	return 0;
}

static int run(const struct request *r)
{
	CLEANUP_HOST struct host host = { 0 };
	int err = check(r);

	if (!err)
		err = host_open(&host);
	if (err)
		return STATUS_ERROR;
	if (r->scheduler_itself)
		err = do_scheduler(&host, r);
	else if (r->domain)
		err = do_domain(&host, r);
	else
		err = print_all(&host, r);
	return err ? STATUS_ERROR : STATUS_OK;
}

static int take_option(struct request *r, int opt)
{
	switch (opt) {
	case 'd': r->domain = optarg; return 0;
	case 'p': r->pool = optarg; return 0;
	case 's': r->scheduler_itself = true; return 0;
	case 'w': return parse("weight", 1, WEIGHT_MAX, &r->weight);
	case 'c': return parse("cap", 0, INT_MAX, &r->cap);
	case 't': return parse("timeslice", HV_TIMESLICE_MIN_MS,
			       HV_TIMESLICE_MAX_MS, &r->timeslice);
	case 'r': return parse_ratelimit(&r->ratelimit);
	case 'm': return parse("migration delay", 0, HV_MIGRATION_MAX_US,
			       &r->migration);
	}
	return 0;
}

int cmd_sched_credit(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "domain", required_argument, NULL, 'd' },
		{ "weight", required_argument, NULL, 'w' },
		{ "cap", required_argument, NULL, 'c' },
		{ "schedparam", no_argument, NULL, 's' },
		{ "tslice_ms", required_argument, NULL, 't' },
		{ "ratelimit_us", required_argument, NULL, 'r' },
		{ "migration_delay_us", required_argument, NULL, 'm' },
		{ "cpupool", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct request r = { .scheduler = HV_SCHED_CREDIT };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "d:w:c:p:t:r:m:s", longopts,
				 0, 0, &status)) != CMD_ARGS) {
		if (opt == CMD_EXIT)
			return status;
		if (take_option(&r, opt))
			return STATUS_ERROR;
	}
	return run(&r);
}

int cmd_sched_credit2(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "domain", required_argument, NULL, 'd' },
		{ "weight", required_argument, NULL, 'w' },
		{ "cap", required_argument, NULL, 'c' },
		{ "schedparam", no_argument, NULL, 's' },
		{ "ratelimit_us", required_argument, NULL, 'r' },
		{ "cpupool", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct request r = { .scheduler = HV_SCHED_CREDIT2 };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "d:w:c:p:r:s", longopts, 0,
				 0, &status)) != CMD_ARGS) {
		if (opt == CMD_EXIT)
			return status;
		if (take_option(&r, opt))
			return STATUS_ERROR;
	}
	return run(&r);
}
