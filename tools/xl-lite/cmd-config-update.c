/* SPDX-License-Identifier: MIT */
/* xl-lite config-update: what a guest is to be when it starts again. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"

#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/json.h"
#include "tools/xl-lite/userdata.h"

struct update {
	const char *domain, *file;
	char **words;
	size_t num_words;
	bool print, dry_run;
};

/* The file and the words behind it as one text, as xl stores it. */
static int join(const char *text, size_t size, const struct update *u,
		char **ret, size_t *ret_size)
{
	FILE *f = open_memstream(ret, ret_size);

	if (!f)
		return -ENOMEM;
	fwrite(text, 1, size, f);
	if (u->num_words)
		fputc('\n', f);
	for (size_t i = 0; i < u->num_words; i++)
		fprintf(f, "%s\n", u->words[i]);
	if (u->num_words)
		fputc('\n', f);
	return fclose(f) ? -ENOMEM : 0;
}

static int store(const struct update *u, const char *text, size_t size)
{
	CLEANUP_FREE char *all = NULL;
	CLEANUP_HOST struct host host = { 0 };
	struct hv_domain info;
	size_t all_size = 0;
	domid_t domid;
	int err = join(text, size, u, &all, &all_size);

	if (err)
		return log_err(err, "config-update");
	err = host_open(&host);
	if (!err)
		err = domain_argument(&host, u->domain, &domid);
	if (err)
		return err;
	err = hv_domain_info(host.hv, domid, &info);
	if (err)
		return log_fail(err, "domain %u: %s", domid, err == -ESRCH ?
				"there is no such domain" :
				hv_why(host.hv, err));
	log_info("setting dom%u configuration", domid);
	return userdata_store(domid, info.uuid, USERDATA_UPDATE, all,
			      all_size);
}

static int update(const struct update *u)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_FREE char *text = NULL;
	const char *name;
	size_t size = 0;
	int err = guest_config_read(u->file, &diags, &name, &text, &size);

	if (!err)
		err = guest_config_parse(name, text, size, u->words,
					 u->num_words, &diags, &config);
	diags_print(&diags, stderr);
	if (!err && (u->print || u->dry_run)) {
		err = guest_config_draw_ids(config);
		if (!err)
			err = json_print_config(config, stdout);
		if (err)
			log_err(err, "guest %s: print", config->name);
	}
	if (!err && !u->dry_run)
		err = store(u, text, size);
	return err ? STATUS_ERROR : STATUS_OK;
}

int cmd_config_update(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "defconfig", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct update u = { .dry_run = cmd->dry_run };
	int opt, status, num_files;

	while ((opt = cmd_getopt(cmd, argc, argv, "dqf:", longopts, 1, -1,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT: return status;
		case 'd': u.print = true; break;
		case 'f': u.file = optarg; break;
		}
	}
	u.domain = argv[optind++];
	num_files = cmd_words_last(argc - optind, argv + optind);
	if (num_files + (u.file ? 1 : 0) > 1)
		return cmd_usage(cmd);
	if (num_files)
		u.file = argv[optind];
	if (!u.file) {
		log_fail(0, "config-update: no configuration file given");
		return STATUS_ERROR;
	}
	u.words = argv + optind + num_files;
	u.num_words = argc - optind - num_files;
	return update(&u);
}
