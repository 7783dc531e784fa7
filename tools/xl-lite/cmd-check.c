/* SPDX-License-Identifier: MIT */
/* xl-lite check: is a configuration right? Needs no Xen and no root. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include "tools/xl-lite/guest-config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { OPT_NO_FILES = 256 };

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void print_summary(const char *path, const struct guest_config *config)
{
	printf("%s: ok: %s guest '%s', %" PRIu64 " MiB, %u vcpu%s, "
	       "%zu disk%s, %zu vif%s\n", path, guest_type_name(config->type),
	       config->name, config->memory_kib / 1024,
	       config->vcpus, plural(config->vcpus),
	       config->num_disks, plural(config->num_disks),
	       config->num_vifs, plural(config->num_vifs));
	fflush(stdout);		/* in order with what goes to stderr */
}

static int check_one(const char *path, char *const *words, size_t num_words,
		     bool files, bool quiet)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	int r;

	r = guest_config_load(path, words, num_words, &diags, &config);
	if (!r && files)
		r = guest_config_check_files(config, &diags);
	diags_print(&diags, stderr);
	if (r == -ENOMEM)
		return STATUS_NOMEM;
	if (r)
		return config || r == -EINVAL ? STATUS_ERROR : STATUS_FAIL;
	if (!quiet)
		print_summary(path, config);
	return STATUS_OK;
}

int cmd_check(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "no-files", no_argument, NULL, OPT_NO_FILES },
		{ 0 },
	};
	bool quiet = false, files = true;
	int num_files, opt, status;
	int worst = STATUS_OK;

	while ((opt = cmd_getopt(cmd, argc, argv, "q", longopts, 1, -1,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT:
			return status;
		case 'q':
			quiet = true;
			break;
		case OPT_NO_FILES:
			files = false;
			break;
		}
	}
	num_files = cmd_words_last(argc - optind, argv + optind);
	if (num_files == 0)
		return cmd_usage(cmd);
	for (int i = 0; i < num_files; i++) {
		status = check_one(argv[optind + i], argv + optind + num_files,
				   argc - optind - num_files, files, quiet);
		if (status > worst)
			worst = status;
	}
	return worst;
}
