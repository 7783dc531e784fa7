/* SPDX-License-Identifier: MIT */
/* xl-lite vcpu-pin: where virtual processors may, and had better, run. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/host-cpus.h"
#include "tools/xl-lite/hv-vcpu.h"

/* What is asked for. */
struct pin {
	struct hv_domain domain;
	bool all;		/* vcpus, else: */
	unsigned int vcpu;
	bool set_hard, set_soft;	/* else it stays what it is */
	struct cpu_set hard, soft;
	bool force;		/* -f */
	bool any_mask;		/* -i: whatever xl.conf says */
};

/* -- what is asked for ------------------------------------------------------------ */

static int parse_vcpu(const char *text, struct pin *pin)
{
	pin->all = strcmp(text, "all") == 0;
	if (pin->all && pin->force)
		return log_fail(-EINVAL, "vcpu-pin: -f: takes the pin of one vcpu away, not of all: name it");
	if (!pin->all && num_parse_uint(text, 0, INT_MAX, &pin->vcpu))
		return log_fail(-EINVAL, "vcpu-pin: vcpu '%s': wants a number, or all",
				text);
	return 0;
}

static int parse_set(const char *what, const char *text,
		     const struct host_cpus *machine, bool *given,
		     struct cpu_set *set)
{
	char why[CPU_SET_WHY_MAX];
	int err;

	*given = text && strcmp(text, "-") != 0;
	if (!*given)
		return 0;
	err = cpu_set_parse(text, &machine->list, set, why);
	return err ? log_fail(err, "%s '%s': %s", what, text, why) : 0;
}

static int apply_masks(const struct host *host, struct pin *pin,
		       const struct host_cpus *machine)
{
	if (!pin->set_hard || pin->any_mask)
		return 0;
	return host_cpus_mask(host, machine, pin->domain.hvm,
			      "-i takes them all the same", &pin->hard);
}

static int check(const struct pin *pin)
{
	if (!pin->set_hard && !pin->set_soft && !pin->force)
		return log_fail(-EINVAL, "vcpu-pin: neither hard nor soft: nothing to do: name cpus for one of them");
	if (!pin->all && pin->vcpu >= pin->domain.vcpus)
		return log_fail(-EINVAL, "domain %u: vcpu %u: it has the vcpus 0 to %d",
				pin->domain.domid, pin->vcpu,
				(int)pin->domain.vcpus - 1);
	return 0;
}

/* -- doing it ----------------------------------------------------------------------- */

static void print_dry(const struct pin *pin, unsigned int num_cpus)
{
	printf("cpumap: ");
	if (pin->set_hard)
		cpu_set_print(&pin->hard, num_cpus, stdout);
	else
		printf("-");
	if (pin->set_soft) {
		printf(" ");
		cpu_set_print(&pin->soft, num_cpus, stdout);
	}
	printf("\n");
}

/* Xen hands back what it took of the sets: copies, as for each vcpu anew. */
static int pin_one(struct host *host, const struct pin *pin, unsigned int vcpu,
		   unsigned int num_cpus)
{
	struct cpu_set hard = pin->hard, soft = pin->soft;
	int err = hv_vcpu_pin(host->hv, pin->domain.domid, vcpu,
			      pin->set_hard ? &hard : NULL,
			      pin->set_soft ? &soft : NULL, pin->force);

	if (err)
		return log_fail(err, "domain %u: vcpu %u: pin: %s%s",
				pin->domain.domid, vcpu,
				hv_why(host->hv, err), err == -EBUSY
				? ": the guest has pinned it itself: -f takes that away"
				: err == -EINVAL
				? ": none of these cpus is in the domain's cpupool: see 'xl-lite cpupool-list -c'"
				: "");
	if (pin->set_soft && !cpu_set_count(&soft, num_cpus))
		log_warn("domain %u: vcpu %u: none of the soft cpus is among the hard ones: they will not matter",
			 pin->domain.domid, vcpu);
	return 0;
}

static int pin_all(struct host *host, const struct pin *pin,
		   unsigned int num_cpus)
{
	int first_err = 0, err;

	for (unsigned int i = 0; i < pin->domain.vcpus; i++) {
		err = pin_one(host, pin, i, num_cpus);
		if (err && !first_err)
			first_err = err;
	}
	return first_err;
}

static int run(const struct cmd *cmd, struct pin *pin, char **args)
{
	CLEANUP_HOST_CPUS struct host_cpus machine = { 0 };
	CLEANUP_HOST struct host host = { 0 };
	int err = parse_vcpu(args[1], pin);

	if (!err)
		err = host_open(&host);
	if (!err)
		err = domain_argument_info(&host, args[0], "pin",
					   &pin->domain);
	if (!err)
		err = host_cpus_read(&host, &machine);
	if (!err)
		err = parse_set("hard cpus", args[2], &machine,
				&pin->set_hard, &pin->hard);
	if (!err)
		err = parse_set("soft cpus", args[3], &machine,
				&pin->set_soft, &pin->soft);
	if (!err)
		err = check(pin);
	if (err)
		return err;
	if (cmd->dry_run) {
		print_dry(pin, machine.list.count);
		return 0;
	}
	err = apply_masks(&host, pin, &machine);
	if (err)
		return err;
	return pin->all ? pin_all(&host, pin, machine.list.count)
			: pin_one(&host, pin, pin->vcpu, machine.list.count);
}

int cmd_vcpu_pin(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "force", no_argument, NULL, 'f' },
		{ "ignore-global-affinity-masks", no_argument, NULL, 'i' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct pin pin = { 0 };
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "fi", longopts, 3, 4,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT: return status;
		case 'f': pin.force = true; break;
		case 'i': pin.any_mask = true; break;
		}
	}
	/* argv ends with NULL: the soft set, when it is not given */
	return run(cmd, &pin, argv + optind) ? STATUS_ERROR : STATUS_OK;
}
