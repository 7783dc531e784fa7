/* SPDX-License-Identifier: MIT */
/* xl-lite mem-set, mem-max: how much memory a domain has, and may have. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/hv-vcpu.h"
#include "tools/xl-lite/live-config.h"
#include "tools/xl-lite/memory-size.h"

/* As libxl: Xen's own limit is so much above what the guest is told. */
#define SLACK_KIB 1024

/* As libxl: with less than this the host itself would not live. */
#define FIRST_DOMAIN_MIN_KIB (128 * 1024)

/* A domain, and what is asked for. */
struct change {
	struct host *host;
	struct hv_domain domain;
	uint64_t target_kib, max_kib;	/* what it has now */
	uint64_t want_kib;
};

static int begin(struct change *c, char **args)
{
	int err = memory_size_parse(args[1], &c->want_kib);

	if (err)
		return log_fail(err, "memory '%s': %s: write 512 for MiB, or 1g, 512m, 524288k",
				args[1], err == -EINVAL ? "is no size"
							: "is out of range");
	err = host_open(c->host);
	if (!err)
		err = domain_argument_info(c->host, args[0], "memory",
					   &c->domain);
	return err ? err : live_memory(c->host, &c->domain, &c->target_kib,
				       &c->max_kib);
}

static int hv_failed(struct change *c, const char *what, int err)
{
	return log_fail(err, "domain %u: memory: %s: %s", c->domain.domid,
			what, hv_why(c->host->hv, err));
}

/* -- mem-set --------------------------------------------------------------------- */

/* Memory that the guest's display has of what it was given. */
static uint64_t display_kib(struct store *s, domid_t domid)
{
	char path[STORE_PATH_MAX];
	uint64_t kib = 0;

	path_domain(path, sizeof(path), domid);
	store_read_u64(s, XBT_NULL, path, "memory/videoram", 0, UINT32_MAX,
		       &kib);
	return kib;
}

static int check_target(const struct change *c, uint64_t target)
{
	const domid_t domid = c->domain.domid;

	if (target > c->max_kib)
		return log_fail(-EINVAL, "domain %u: memory: %llu KiB is more than it may ever have, %llu KiB: raise that first with 'xl-lite mem-max %u %lluk', as far as its kernel can follow",
				domid, (unsigned long long)target,
				(unsigned long long)c->max_kib, domid,
				(unsigned long long)target);
	if (domid == 0 && target < FIRST_DOMAIN_MIN_KIB)
		return log_fail(-EINVAL, "domain 0: memory: %llu KiB is too little for this host to live: leave it %d KiB or more",
				(unsigned long long)target,
				FIRST_DOMAIN_MIN_KIB);
	return 0;
}

static int write_target(struct store *s, xs_transaction_t t, void *arg)
{
	const struct change *c = arg;
	char path[STORE_PATH_MAX];
	int err;

	path_domain(path, sizeof(path), c->domain.domid);
	err = store_printf(s, t, path, "memory/target", "%llu",
			   (unsigned long long)c->target_kib);
	if (err)
		return err;
	domain_vm_path(c->domain.uuid, path);
	return store_printf(s, t, path, "memory", "%llu",
			    (unsigned long long)c->target_kib / 1024);
}

static int set_target(struct change *c)
{
	const domid_t domid = c->domain.domid;
	const uint64_t display = display_kib(&c->host->store, domid);
	int err;

	c->target_kib = c->want_kib > display ? c->want_kib - display : 0;
	err = check_target(c, c->target_kib);
	if (err)
		return err;
	err = hv_domain_max_memory(c->host->hv, domid,
				   c->target_kib + display + SLACK_KIB);
	if (err)
		return hv_failed(c, "limit", err);
	if (c->domain.hvm)
		err = hv_domain_pod_target(c->host->hv, domid,
					   c->target_kib + SLACK_KIB);
	if (err)
		return hv_failed(c, "target", err);
	/* this is what the guest watches, and follows as it can */
	err = store_transact(&c->host->store, write_target, c);
	return err ? log_err(err, "domain %u: memory/target", domid) : 0;
}

/* -- mem-max --------------------------------------------------------------------- */

static int set_max(struct change *c)
{
	const domid_t domid = c->domain.domid;
	char path[STORE_PATH_MAX];
	int err;

	if (c->want_kib < c->target_kib)
		return log_fail(-EINVAL, "domain %u: memory: at most %llu KiB would be less than it has, %llu KiB: lower that first with 'xl-lite mem-set %u %lluk'",
				domid, (unsigned long long)c->want_kib,
				(unsigned long long)c->target_kib, domid,
				(unsigned long long)c->want_kib);
	err = hv_domain_max_memory(c->host->hv, domid,
				   c->want_kib + SLACK_KIB);
	if (err)
		return hv_failed(c, "limit", err);
	path_domain(path, sizeof(path), domid);
	err = store_printf(&c->host->store, XBT_NULL, path,
			   "memory/static-max", "%llu",
			   (unsigned long long)c->want_kib);
	return err ? log_err(err, "domain %u: memory/static-max", domid) : 0;
}

/* -- the commands ---------------------------------------------------------------- */

static int run(const struct cmd *cmd, int argc, char **argv,
	       int (*set)(struct change *c))
{
	CLEANUP_HOST struct host host = { 0 };
	struct change c = { .host = &host };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 2, 2, &status))
	       != CMD_ARGS)
		return status;
	if (begin(&c, argv + optind) || set(&c))
		return STATUS_ERROR;
	return STATUS_OK;
}

int cmd_mem_set(const struct cmd *cmd, int argc, char **argv)
{
	return run(cmd, argc, argv, set_target);
}

int cmd_mem_max(const struct cmd *cmd, int argc, char **argv)
{
	return run(cmd, argc, argv, set_max);
}
