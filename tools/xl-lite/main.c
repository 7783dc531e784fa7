/* SPDX-License-Identifier: MIT */
/*
 * xl-lite: creates and manages Xen guests. This file reads the options before
 * the command, finds the command and runs it; the rest is in cmd-*.c.
 */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include "lib/log.h"

#include <string.h>
#include <unistd.h>

/* One line a command, sorted by name as 'xl-lite help' shows them. */
const struct command commands[] = {
	{ "block-attach", cmd_block_attach, true, "DOMAIN SPEC...",
	  "Give a guest one more disk", NULL },
	{ "block-detach", cmd_block_detach, false, "[OPTIONS] DOMAIN VDEV",
	  "Take a disk from a guest",
	  "-f, --force\tDo not wait for the guest to let go of it.\n" },
	{ "block-list", cmd_block_list, false, "DOMAIN...",
	  "List the disks of guests", NULL },
	{ "check", cmd_check, false, "[OPTIONS] FILE... [KEY=VALUE...]",
	  "Check guests' configurations; needs no Xen and no root",
	  "-q, --quiet\tSay nothing about what is right.\n"
	  "--no-files\tDo not look for kernel, ramdisk and disk images "
	  "on this machine.\n" },
	{ "claims", cmd_claims, false, "",
	  "List the domains with memory that is promised to them", NULL },
	{ "config-update", cmd_config_update, true,
	  "[OPTIONS] DOMAIN FILE [KEY=VALUE...]",
	  "Store what a guest is to be when it starts again",
	  "-d\tPrint it, as JSON.\n"
	  "-f, --defconfig FILE\tThe same as FILE alone.\n"
	  "-q\tWithout effect, as with xl.\n" },
	{ "console", cmd_console, false, "[OPTIONS] DOMAIN",
	  "Attach to a guest's console",
	  "-t TYPE\tpv, serial or vuart.\n"
	  "-n NUMBER\tOf the console; 0.\n" },
	{ "cpupool-list", cmd_cpupool_list, false, "[OPTIONS] [POOL]",
	  "List the pools that processors are in",
	  "-c, --cpus\tThe processors of each.\n" },
	{ "create", cmd_create, true, "[OPTIONS] FILE [KEY=VALUE...]",
	  "Create a guest from its configuration",
	  "-p\tLeave the guest paused.\n"
	  "-c\tAttach to its console.\n"
	  "-n, --dryrun\tOnly print the configuration, as JSON.\n"
	  "-q, --quiet\tSay nothing when all is well.\n"
	  "-f, --defconfig FILE\tThe same as FILE alone.\n"
	  "-e\tDo not wait in the background for the guest's end.\n"
	  "-F\tWait for the guest's end in the foreground.\n" },
	{ "destroy", cmd_destroy, false, "DOMAIN",
	  "End a domain at once", NULL },
	{ "dmesg", cmd_dmesg, false, "[OPTIONS]",
	  "Print what Xen itself has said",
	  "-c, --clear\tAnd forget it.\n" },
	{ "doctor", cmd_doctor, false, "",
	  "Say what this host lacks for guests, and what mends it", NULL },
	{ "domid", cmd_domid, false, "NAME",
	  "Print the number of the domain of that name", NULL },
	{ "domname", cmd_domname, false, "DOMID",
	  "Print the name of the domain of that number", NULL },
	{ "events", cmd_events, false, "",
	  "Tell what happens to guests, as it happens, as lines of JSON", NULL },
	{ "gc", cmd_gc, true, "[OPTIONS]",
	  "Clean up after creations and destructions that were killed",
	  "-n, --dryrun\tOnly say what is found.\n" },
	{ "help", cmd_help, false, "[COMMAND]",
	  "List the commands, or tell about one", NULL },
	{ "info", cmd_info, false, "[OPTIONS] [KEY]",
	  "Tell about this machine and its Xen, or what begins with KEY",
	  "-n, --numa\tAlso where processors, devices and memory are.\n" },
	{ "list", cmd_list, false, "[OPTIONS] [DOMAIN]",
	  "List the domains of this host",
	  "-l, --long\tTheir configurations as they are now, as JSON.\n"
	  "-v, --verbose\tWith UUID, shutdown reason and label.\n"
	  "-Z, --context\tWith security label.\n"
	  "-c, --cpupool\tWith CPU pool.\n"
	  "-n, --numa\tWith the NUMA nodes they prefer.\n" },
	{ "network-attach", cmd_network_attach, true, "DOMAIN [KEY=VALUE...]",
	  "Give a guest one more network interface", NULL },
	{ "network-detach", cmd_network_detach, false,
	  "[OPTIONS] DOMAIN DEVID|MAC",
	  "Take a network interface from a guest",
	  "-f, --force\tDo not wait for the guest to let go of it.\n" },
	{ "network-list", cmd_network_list, false, "DOMAIN...",
	  "List the network interfaces of guests", NULL },
	{ "pause", cmd_pause, false, "DOMAIN",
	  "Stop a domain's vcpus", NULL },
	{ "sharing", cmd_sharing, false, "[DOMAIN]",
	  "List the domains with memory they share with others", NULL },
	{ "shutdown", cmd_shutdown, false, "[OPTIONS] -a|DOMAIN",
	  "Ask a guest to shut down",
	  "-a, --all\tAsk all guests.\n"
	  "-w, --wait\tWait until it has.\n"
	  "-F\tFor HVM guests without Xen's drivers; else without effect.\n" },
	{ "top", cmd_top, false, "",
	  "Watch the domains: Xen's own xentop", NULL },
	{ "unpause", cmd_unpause, false, "DOMAIN",
	  "Let a domain's vcpus run again", NULL },
	{ "uptime", cmd_uptime, false, "[OPTIONS] [DOMAIN...]",
	  "List for how long domains have been running",
	  "-s\tShort, with the time of day and without seconds.\n" },
	{ "vcpu-list", cmd_vcpu_list, false, "[DOMAIN...]",
	  "List the virtual processors of domains", NULL },
	{ "vm-list", cmd_vm_list, false, "",
	  "List the guests of this host by UUID", NULL },
	{ 0 },
};

const struct command *command_find(const char *name, bool *ambiguous)
{
	const struct command *found = NULL;
	size_t len = strlen(name);
	unsigned int matches = 0;

	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(c->name, name) == 0) {
			found = c;	/* an exact name wins over longer ones */
			matches = 1;
			break;
		}
		if (len && strncmp(c->name, name, len) == 0) {
			found = c;
			matches++;
		}
	}
	if (ambiguous)
		*ambiguous = matches > 1;
	return matches == 1 ? found : NULL;
}

static int run_command(struct cmd *cmd, int argc, char **argv)
{
	bool ambiguous;

	cmd->command = command_find(argv[0], &ambiguous);
	if (!cmd->command) {
		log_fail(0, "command '%s': %s: 'xl-lite help' lists all",
			 argv[0], ambiguous ? "several begin so"
					    : "not implemented");
		return STATUS_ERROR;
	}
	if (cmd->dry_run && !cmd->command->can_dryrun) {
		log_fail(0, "command '%s': has no dry run: leave out -N",
			 cmd->command->name);
		return STATUS_ERROR;
	}
	optind = 0;	/* glibc: start anew, on another argv */
	return cmd->command->run(cmd, argc, argv);
}

int main(int argc, char **argv)
{
	char help_word[] = "help", *help[] = { help_word, NULL };
	struct cmd cmd = { 0 };
	int opt;

	log_init("xl-lite", LOG_INFO_LEVEL);
	while ((opt = getopt(argc, argv, "+vftTNh")) != -1) {
		switch (opt) {
		case 'v':
			/* once: our own figures; twice: all that libxc says */
			if (++cmd.verbose > 1)
				log_init("xl-lite", LOG_DEBUG_LEVEL);
			break;
		case 'f': cmd.force = true; break;
		case 't': cmd.progress_cr = true; break;
		case 'T': cmd.timestamps = true; break;
		case 'N': cmd.dry_run = true; break;
		case 'h':
			return run_command(&cmd, 1, help);
		default:
			log_fail(0, "'xl-lite help' lists options and commands");
			return STATUS_USAGE;
		}
	}
	if (optind == argc) {
		log_fail(0, "no command given: 'xl-lite help' lists all");
		return STATUS_ERROR;
	}
	return run_command(&cmd, argc - optind, argv + optind);
}
