/* SPDX-License-Identifier: MIT */
/* xl-lite trigger, button-press: what a guest's hardware would make happen. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <limits.h>
#include <strings.h>

#include "lib/log.h"
#include "lib/num.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/hv-vcpu.h"

static const struct {
	const char *name;
	enum hv_trigger trigger;
	bool button;
} triggers[] = {
	{ "power", HV_TRIGGER_POWER, true },
	{ "sleep", HV_TRIGGER_SLEEP, true },
	{ "nmi", HV_TRIGGER_NMI, false },
	{ "init", HV_TRIGGER_INIT, false },
	{ "reset", HV_TRIGGER_RESET, false },
};

static int find(const char *name, bool button, enum hv_trigger *trigger)
{
	for (size_t i = 0; i < ARRAY_SIZE(triggers); i++)
		if (strcasecmp(triggers[i].name, name) == 0 &&
		    (triggers[i].button || !button)) {
			*trigger = triggers[i].trigger;
			return 0;
		}
	if (button)
		return log_fail(-EINVAL, "button '%s': a guest has the buttons power and sleep",
				name);
	if (strcasecmp(name, "s3resume") == 0)
		return log_fail(-ENOTSUP, "trigger s3resume: goes through a guest's QEMU: use 'xl trigger'");
	return log_fail(-EINVAL, "trigger '%s': wants power, sleep, nmi, init or reset",
			name);
}

static int send(char **args, bool button)
{
	CLEANUP_HOST struct host host = { 0 };
	struct hv_domain info;
	enum hv_trigger trigger = HV_TRIGGER_NMI;
	unsigned int vcpu = 0;
	int err = find(args[1], button, &trigger);

	if (!err && args[2] && num_parse_uint(args[2], 0, INT_MAX, &vcpu))
		err = log_fail(-EINVAL, "vcpu '%s': is no number", args[2]);
	if (!err)
		err = host_open(&host);
	if (!err)
		err = domain_argument_info(&host, args[0], "trigger", &info);
	if (err)
		return err;
	if (vcpu >= info.vcpus)
		return log_fail(-EINVAL, "domain %u: vcpu %u: it has the vcpus 0 to %d",
				info.domid, vcpu, (int)info.vcpus - 1);
	err = hv_trigger(host.hv, info.domid, trigger, vcpu);
	if (err)
		return log_fail(err, "domain %u: trigger %s: %s%s", info.domid,
				args[1], hv_why(host.hv, err),
				!info.hvm && trigger != HV_TRIGGER_NMI
				? ": a PV guest knows nmi only: 'xl-lite shutdown' asks it to end"
				: "");
	return 0;
}

int cmd_trigger(const struct cmd *cmd, int argc, char **argv)
{
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 2, 3, &status))
	       != CMD_ARGS)
		return status;
	return send(argv + optind, false) ? STATUS_ERROR : STATUS_OK;
}

int cmd_button_press(const struct cmd *cmd, int argc, char **argv)
{
	int opt, status;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 2, 2, &status))
	       != CMD_ARGS)
		return status;
	log_warn("button-press: is an old name: use trigger");
	return send(argv + optind, true) ? STATUS_ERROR : STATUS_OK;
}
