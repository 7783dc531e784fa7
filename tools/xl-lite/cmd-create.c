/* SPDX-License-Identifier: MIT */
/* xl-lite create: a guest from its configuration. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/console.h"
#include "tools/xl-lite/create.h"
#include "tools/xl-lite/guest-state.h"
#include "tools/xl-lite/json.h"
#include "tools/xl-lite/monitor.h"
#include "tools/xl-lite/remedy.h"
#include "tools/xl-lite/unpause.h"

struct create_options {
	bool verbose;		/* -v */
	bool paused;		/* -p */
	bool console;		/* -c */
	bool dry_run;		/* -n, -N */
	bool quiet;		/* -q */
	bool alone;		/* -e: nobody waits for the guest's end */
	bool foreground;	/* -F: we do */
	const char *file;
	char **words;
	int num_words;
};

/* What xl exits with: the negated error of libxl. */
static int create_status(int err)
{
	switch (err) {
	case 0: return STATUS_OK;
	case -ENOMEM: return STATUS_NOMEM;
	case -EINVAL: return STATUS_INVAL;
	case -ETIMEDOUT: return STATUS_TIMEDOUT;
	default: return STATUS_FAIL;	/* all else is ERROR_FAIL in libxl */
	}
}

/* From before it runs it is known what to do when it stops, and to whom. */
static int have_minded(const struct create_options *o,
		       struct guest_config *config, domid_t domid)
{
	struct guest_state state;
	int err;

	guest_state_begin(&state, domid, config);
	err = guest_state_write(&state, GUEST_STATE_LIVE, false);
	/* xl-lited finds it there */
	if (err || o->foreground || host_daemon_running("xl-lited"))
		return err;
	return monitor_start(config->name, domid, config->uuid);
}

/* An emulated machine is told of by its serial port, as with xl. */
static int show_console(const struct create_options *o,
			const struct guest_config *config, domid_t domid,
			struct console *console)
{
	if (!o->console || console->pid)
		return 0;
	return console_start(console, domid, config->hvm.serials.count ?
			     CONSOLE_SERIAL : CONSOLE_PV);
}

/* Start the console first, so that nothing the guest says at once is lost. */
static int run_guest(struct host *host, const struct create_options *o,
		     struct guest_config *config, domid_t domid,
		     struct mark *mark, struct console *console)
{
	int err = 0;

	if (!o->alone)
		err = have_minded(o, config, domid);
	if (!err)
		err = show_console(o, config, domid, console);
	if (err)
		return err;
	if (!o->paused)
		return guest_start(host, config, domid, mark);
	mark_remove(mark);
	return 0;
}

struct onlooker {
	const struct create_options *options;
	const struct guest_config *config;
	struct console *console;
};

static int bootloader_shown(void *arg, domid_t domid)
{
	const struct onlooker *l = arg;

	return show_console(l->options, l->config, domid, l->console);
}

static int create(struct host *host, const struct create_options *o,
		  struct guest_config *config)
{
	const uint64_t start = clock_now_ns();
	struct console console = { 0 };
	struct onlooker onlooker = { o, config, &console };
	const struct create_hooks hooks = { bootloader_shown, &onlooker };
	struct mark mark = { .fd = -1 };
	domid_t domid;
	int err = guest_create(host, config, &hooks, &domid, &mark);

	if (err) {
		console_end(&console);
		return err;
	}
	if (o->verbose)
		log_info("guest %s: created as domain %u: %llu xenstore requests, %llu ms",
			 config->name, domid,
			 (unsigned long long)host->store.requests,
			 (unsigned long long)((clock_now_ns() - start) /
					      NS_PER_MS));
	err = run_guest(host, o, config, domid, &mark, &console);
	if (err) {
		console_end(&console);
		guest_undo(host, config, domid, &mark);
		return err;
	}
	if (o->foreground)
		err = monitor_run(domid, config->uuid, false);
	console_wait(&console);
	return err;
}

static int load(const struct create_options *o, struct guest_config **config)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	int err = guest_config_load(o->file, o->words, o->num_words, &diags,
				    config);

	if (!err && !o->dry_run && guest_config_check_files(*config, &diags))
		err = -ENOENT;
	diags_print(&diags, stderr);
	if (err && !diags.errors)	/* it takes memory to be told of */
		log_fail(err, "%s: this configuration cannot be read: %s: %s",
			 o->file, strerror(-err), remedy_kernel(err));
	if (err == -EINVAL && !*config)
		return STATUS_ERROR;	/* the language, as with xl */
	return create_status(err);
}

static int dry_run(struct guest_config *config)
{
	struct host_config host;
	int err = host_config_load(&host, HOST_CONFIG_XL, HOST_CONFIG_OURS);

	if (err)
		return create_status(err);
	if (host.sxp)
		return log_fail(STATUS_INVAL, "create: " HOST_CONFIG_XL ": output_format=\"sxp\": only JSON is printed: make it \"json\", or use xl for S-expressions");
	err = guest_config_draw_ids(config);
	if (!err)
		err = json_print_config(config, stdout);
	if (err)
		log_err(err, "guest %s: print", config->name);
	return create_status(err);
}

static int run(const struct create_options *o)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_HOST struct host host = { 0 };
	int err, status;

	if (!o->quiet)
		fprintf(stderr, "Parsing config from %s\n", o->file);
	status = load(o, &config);
	if (status)
		return status;
	if (o->dry_run)
		return dry_run(config);
	err = guest_config_complete(config);
	if (err) {
		log_fail(err, "guest %s: random numbers: %s: %s", config->name,
			 strerror(-err), remedy_kernel(err));
		return create_status(err);
	}
	if (host_open(&host))
		return STATUS_ERROR;
	return create_status(create(&host, o, config));
}

int cmd_create(const struct cmd *cmd, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "dryrun", no_argument, NULL, 'n' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "defconfig", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct create_options o = {
		.verbose = cmd->verbose,
		.dry_run = cmd->dry_run,
	};
	int opt, status, num_files;

	while ((opt = cmd_getopt(cmd, argc, argv, "Fnqf:pce", longopts, 0, -1,
				 &status)) != CMD_ARGS) {
		switch (opt) {
		case CMD_EXIT: return status;
		case 'F': o.foreground = true; break;
		case 'n': o.dry_run = true; break;
		case 'q': o.quiet = true; break;
		case 'f': o.file = optarg; break;
		case 'p': o.paused = true; break;
		case 'c': o.console = true; break;
		case 'e': o.alone = true; break;
		}
	}
	num_files = cmd_words_last(argc - optind, argv + optind);
	if (num_files + (o.file ? 1 : 0) > 1)
		return cmd_usage(cmd);
	if (num_files)
		o.file = argv[optind];
	if (!o.file) {
		log_fail(0, "create: no configuration file given");
		return STATUS_INVAL;
	}
	o.words = argv + optind + num_files;
	o.num_words = argc - optind - num_files;
	return run(&o);
}
