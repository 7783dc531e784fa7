/* SPDX-License-Identifier: MIT */
/*
 * The commands of xl-lite. Each is one entry in main.c's table and one
 * function in a cmd-*.c file, which says everything about it: options,
 * usage, action.
 */
#ifndef XL_LITE_CMD_H
#define XL_LITE_CMD_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

/* Exit status, as xl's. From 3 on they are the negated libxl error codes. */
enum {
	STATUS_OK = 0,
	STATUS_ERROR = 1,	/* general: no such command, bad domain */
	STATUS_USAGE = 2,	/* unknown option, wrong number of arguments */
	STATUS_FAIL = 3,	/* ERROR_FAIL: create failed */
	STATUS_NOMEM = 5,
	STATUS_INVAL = 6,
	STATUS_TIMEDOUT = 9,
	STATUS_LOCK_FAIL = 15,
	STATUS_NOT_FOUND = 21,	/* ERROR_DOMAIN_NOTFOUND */
};

/* One run of one command, and the options before its name. */
struct cmd {
	const struct command *command;
	unsigned int verbose;	/* -v, counted */
	bool dry_run;		/* -N; only set where can_dryrun */
	bool force;		/* -f */
	bool progress_cr;	/* -t */
	bool timestamps;	/* -T */
};

struct command {
	const char *name;
	/* argv[0] is the command's name; the return is the exit status */
	int (*run)(const struct cmd *cmd, int argc, char **argv);
	bool can_dryrun;
	const char *args;	/* "[OPTIONS] FILE [KEY=VALUE...]" */
	const char *summary;	/* one line */
	const char *options;	/* lines of help, or NULL for none but -h */
};

/*
 * getopt_long() over a command's options: options may stand after arguments,
 * as with xl. Handles -h and --help, and answers an unknown option or fewer
 * than MIN_ARGS or more than MAX_ARGS arguments (-1: any number) with usage.
 * Returns the option's letter; CMD_ARGS when only arguments are left, from
 * optind on; or CMD_EXIT, and then *STATUS is what the command returns.
 * LONGOPTS may be NULL.
 *
 *	while ((opt = cmd_getopt(cmd, argc, argv, "pc", NULL, 1, 1, &status))
 *	       != CMD_ARGS) {
 *		switch (opt) {
 *		case CMD_EXIT: return status;
 *		case 'p': paused = true; break;
 *		}
 *	}
 */
#define CMD_ARGS (-1)
#define CMD_EXIT (-2)
int cmd_getopt(const struct cmd *cmd, int argc, char **argv,
	       const char *opts, const struct option *longopts,
	       int min_args, int max_args, int *status);

/*
 * Says that COUNT arguments are more than MAX, with usage; STATUS_ERROR, which
 * is what xl's commands that take one domain or none return for it.
 */
int cmd_too_many(const struct cmd *cmd, int count, int max);

/*
 * Put the KEY=VALUE words among ARGS last, else keeping their order, and
 * return how many others there are: the configuration files.
 */
int cmd_words_last(int count, char **args);

/* Usage of CMD on stderr; returns STATUS_USAGE. */
int cmd_usage(const struct cmd *cmd);

/* The table, ended by an entry without a name; the help command prints it. */
extern const struct command commands[];

/*
 * The command of that name or with that unambiguous beginning, else NULL.
 * *AMBIGUOUS, when given, says whether several begin so.
 */
const struct command *command_find(const char *name, bool *ambiguous);

int cmd_block_attach(const struct cmd *cmd, int argc, char **argv);
int cmd_block_detach(const struct cmd *cmd, int argc, char **argv);
int cmd_block_list(const struct cmd *cmd, int argc, char **argv);
int cmd_button_press(const struct cmd *cmd, int argc, char **argv);
int cmd_cd_eject(const struct cmd *cmd, int argc, char **argv);
int cmd_cd_insert(const struct cmd *cmd, int argc, char **argv);
int cmd_check(const struct cmd *cmd, int argc, char **argv);
int cmd_claims(const struct cmd *cmd, int argc, char **argv);
int cmd_config_update(const struct cmd *cmd, int argc, char **argv);
int cmd_console(const struct cmd *cmd, int argc, char **argv);
int cmd_cpupool_list(const struct cmd *cmd, int argc, char **argv);
int cmd_create(const struct cmd *cmd, int argc, char **argv);
int cmd_debug_keys(const struct cmd *cmd, int argc, char **argv);
int cmd_destroy(const struct cmd *cmd, int argc, char **argv);
int cmd_dmesg(const struct cmd *cmd, int argc, char **argv);
int cmd_doctor(const struct cmd *cmd, int argc, char **argv);
int cmd_domid(const struct cmd *cmd, int argc, char **argv);
int cmd_domname(const struct cmd *cmd, int argc, char **argv);
int cmd_dump_core(const struct cmd *cmd, int argc, char **argv);
int cmd_events(const struct cmd *cmd, int argc, char **argv);
int cmd_gc(const struct cmd *cmd, int argc, char **argv);
int cmd_help(const struct cmd *cmd, int argc, char **argv);
int cmd_info(const struct cmd *cmd, int argc, char **argv);
int cmd_list(const struct cmd *cmd, int argc, char **argv);
int cmd_mem_max(const struct cmd *cmd, int argc, char **argv);
int cmd_mem_set(const struct cmd *cmd, int argc, char **argv);
int cmd_network_attach(const struct cmd *cmd, int argc, char **argv);
int cmd_network_detach(const struct cmd *cmd, int argc, char **argv);
int cmd_network_list(const struct cmd *cmd, int argc, char **argv);
int cmd_pause(const struct cmd *cmd, int argc, char **argv);
int cmd_reboot(const struct cmd *cmd, int argc, char **argv);
int cmd_rename(const struct cmd *cmd, int argc, char **argv);
int cmd_sched_credit(const struct cmd *cmd, int argc, char **argv);
int cmd_sched_credit2(const struct cmd *cmd, int argc, char **argv);
int cmd_set_parameters(const struct cmd *cmd, int argc, char **argv);
int cmd_sharing(const struct cmd *cmd, int argc, char **argv);
int cmd_shutdown(const struct cmd *cmd, int argc, char **argv);
int cmd_sysrq(const struct cmd *cmd, int argc, char **argv);
int cmd_top(const struct cmd *cmd, int argc, char **argv);
int cmd_trigger(const struct cmd *cmd, int argc, char **argv);
int cmd_unpause(const struct cmd *cmd, int argc, char **argv);
int cmd_uptime(const struct cmd *cmd, int argc, char **argv);
int cmd_vcpu_list(const struct cmd *cmd, int argc, char **argv);
int cmd_vcpu_pin(const struct cmd *cmd, int argc, char **argv);
int cmd_vcpu_set(const struct cmd *cmd, int argc, char **argv);
int cmd_vm_list(const struct cmd *cmd, int argc, char **argv);
int cmd_vncviewer(const struct cmd *cmd, int argc, char **argv);

#endif
