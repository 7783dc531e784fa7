/* SPDX-License-Identifier: MIT */
/* xl-lite help: the list of commands, or all about one. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include "lib/log.h"

#include <stdio.h>
#include <string.h>

static void print_command(const struct command *command, FILE *to)
{
	fprintf(to, "Usage: xl-lite %s%s %s\n\n%s.\n",
		command->can_dryrun ? "[-N] " : "", command->name,
		command->args, command->summary);
	fprintf(to, "\nOptions:\n\n%s-h, --help\tThis text.\n",
		command->options ? command->options : "");
}

static void print_commands(FILE *to)
{
	fputs("Usage: xl-lite [-vNftT] COMMAND [ARGUMENTS]\n\n"
	      "Creates and manages Xen guests. Commands may be shortened as "
	      "long as they stay\nunambiguous. "
	      "Before the command:\n\n"
	      " -v\tsay more, can be repeated\n"
	      " -N\tdry run: do nothing, show what would be done\n"
	      " -f\tgo on although another toolstack holds the lock\n"
	      " -t\tshow progress with carriage returns\n"
	      " -T\tput a time before each message\n\n"
	      "Commands:\n\n", to);
	for (const struct command *c = commands; c->name; c++)
		fprintf(to, " %-19s %s\n", c->name, c->summary);
	fputs("\n'xl-lite help COMMAND' tells more about one.\n", to);
}

int cmd_usage(const struct cmd *cmd)
{
	print_command(cmd->command, stderr);
	return STATUS_USAGE;
}

static void say_too_many(const struct cmd *cmd, int count, int max)
{
	log_fail(0, "%s: too many arguments: %d given, at most %d",
		 cmd->command->name, count, max);
}

int cmd_too_many(const struct cmd *cmd, int count, int max)
{
	say_too_many(cmd, count, max);
	cmd_usage(cmd);
	return STATUS_ERROR;
}

static bool arguments_ok(const struct cmd *cmd, int count, int min, int max)
{
	if (count < min) {
		log_fail(0, "%s: an argument is missing: %d given, %d needed",
			 cmd->command->name, count, min);
		return false;
	}
	if (max >= 0 && count > max) {
		say_too_many(cmd, count, max);
		return false;
	}
	return true;
}

int cmd_getopt(const struct cmd *cmd, int argc, char **argv,
	       const char *opts, const struct option *longopts,
	       int min_args, int max_args, int *status)
{
	static const struct option none[] = {
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	char all_opts[64];
	int opt;

	snprintf(all_opts, sizeof(all_opts), "h%s", opts);
	opt = getopt_long(argc, argv, all_opts, longopts ? longopts : none,
			  NULL);
	switch (opt) {
	case 'h':
		print_command(cmd->command, stdout);
		*status = STATUS_OK;
		return CMD_EXIT;
	case '?':	/* getopt has said which */
		*status = cmd_usage(cmd);
		return CMD_EXIT;
	case -1:
		if (arguments_ok(cmd, argc - optind, min_args, max_args))
			return CMD_ARGS;
		*status = cmd_usage(cmd);
		return CMD_EXIT;
	default:
		return opt;
	}
}

int cmd_words_last(int count, char **args)
{
	int others = 0;

	for (int i = 0; i < count; i++) {
		char *arg = args[i];

		if (strchr(arg, '='))
			continue;
		for (int j = i; j > others; j--)
			args[j] = args[j - 1];
		args[others++] = arg;
	}
	return others;
}

int cmd_help(const struct cmd *cmd, int argc, char **argv)
{
	const struct command *about;
	bool ambiguous;
	int status;

	if (cmd_getopt(cmd, argc, argv, "", NULL, 0, 1, &status) == CMD_EXIT)
		return status;
	if (optind == argc) {
		print_commands(stdout);
		return STATUS_OK;
	}
	about = command_find(argv[optind], &ambiguous);
	if (!about) {
		log_fail(0, "help: no command '%s'%s: 'xl-lite help' lists all",
			 argv[optind],
			 ambiguous ? ", several begin so" : "");
		return STATUS_ERROR;
	}
	print_command(about, stdout);
	return STATUS_OK;
}
