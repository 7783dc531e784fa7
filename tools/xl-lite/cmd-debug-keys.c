/* SPDX-License-Identifier: MIT */
/*
 * xl-lite debug-keys, set-parameters: what is typed on Xen's own console, and
 * what can still be changed of its command line.
 */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/host.h"
#include "tools/xl-lite/hv-host.h"

int cmd_debug_keys(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	int opt, status, err;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 1, 1, &status))
	       != CMD_ARGS)
		return status;
	if (!argv[optind][0]) {
		log_fail(0, "debug-keys: no key given: 'xl-lite debug-keys h' lists them in 'xl-lite dmesg'");
		return STATUS_ERROR;
	}
	if (host_open(&host))
		return STATUS_ERROR;
	err = hv_debug_keys(host.hv, argv[optind]);
	if (err)
		log_fail(err, "debug-keys '%s': %s", argv[optind],
			 hv_why(host.hv, err));
	return err ? STATUS_ERROR : STATUS_OK;
}

/* "name=value", "name" for yes, or "no-name", "noname" for no. */
static int set_one(struct hv *hv, char *word)
{
	const char *name = word, *value = "yes";
	char *equals = strchr(word, '=');
	int err;

	if (equals) {
		*equals = '\0';
		value = equals + 1;
	} else if (strncmp(word, "no", 2) == 0) {
		name += word[2] == '-' ? 3 : 2;
		value = "no";
	}
	if (!*name)
		return log_fail(-EINVAL, "set-parameters: '%s': no name in front of it",
				word);
	err = hv_set_parameter(hv, name, value);
	if (err)
		log_fail(err, "set-parameters: %s=%s: %s", name, value,
			 err == -ENOENT
			 ? "Xen has no such parameter that can be changed while it runs"
			 : hv_why(hv, err));
	return err;
}

int cmd_set_parameters(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_HOST struct host host = { 0 };
	char *rest = NULL, *word;
	int opt, status, err = 0;

	while ((opt = cmd_getopt(cmd, argc, argv, "", NULL, 1, 1, &status))
	       != CMD_ARGS)
		return status;
	word = strtok_r(argv[optind], " \t", &rest);
	if (!word) {
		log_fail(0, "set-parameters: none given: write them as on Xen's command line: \"NAME=VALUE ...\"");
		return STATUS_ERROR;
	}
	if (host_open(&host))
		return STATUS_ERROR;
	for (; word && !err; word = strtok_r(NULL, " \t", &rest))
		err = set_one(host.hv, word);
	return err ? STATUS_ERROR : STATUS_OK;
}
