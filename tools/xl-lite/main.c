/* SPDX-License-Identifier: MIT */
/*
 * xl-lite: creates and manages Xen guests. This file reads the options before
 * the command, finds the command and runs it; the rest is in cmd-*.c.
 */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
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
	{ "button-press", cmd_button_press, false, "DOMAIN BUTTON",
	  "Press a guest's power or sleep button; use trigger", NULL },
	{ "cd-eject", cmd_cd_eject, false, "DOMAIN VDEV",
	  "Take the medium out of an HVM guest's CD drive", NULL },
	{ "cd-insert", cmd_cd_insert, false, "DOMAIN VDEV FILE",
	  "Put a medium into an HVM guest's CD drive", NULL },
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
	{ "debug-keys", cmd_debug_keys, false, "KEYS",
	  "Type KEYS on Xen's own console", NULL },
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
	{ "dump-core", cmd_dump_core, false, "DOMAIN FILE",
	  "Write a guest's memory to a file for crash and gdb", NULL },
	{ "events", cmd_events, false, "[OPTIONS]",
	  "Tell what happens to guests, as it happens, as lines of JSON",
	  "-a, --after=SEQ\tFirst what was told after the event of that number.\n"
	  "-w, --wait\tWait for xl-lited to run, also when it has ended.\n" },
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
	{ "mem-max", cmd_mem_max, false, "DOMAIN SIZE",
	  "Set how much memory a domain may ever have; SIZE is MiB", NULL },
	{ "mem-set", cmd_mem_set, false, "DOMAIN SIZE",
	  "Set how much memory a domain shall have; SIZE is MiB", NULL },
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
	{ "reboot", cmd_reboot, false, "[OPTIONS] -a|DOMAIN",
	  "Ask a guest to reboot",
	  "-a, --all\tAsk all guests.\n"
	  "-w, --wait\tWait until it has stopped; twice: until it is gone.\n"
	  "-F\tPress the reset button of an HVM guest without Xen's "
	  "drivers.\n" },
	{ "rename", cmd_rename, false, "DOMAIN NAME",
	  "Give a domain another name", NULL },
	{ "sched-credit", cmd_sched_credit, false, "[OPTIONS]",
	  "Show or set how domains share processors under credit",
	  "-d, --domain DOMAIN\tOf this domain.\n"
	  "-w, --weight N\tSet its weight, against others'.\n"
	  "-c, --cap N\tSet its limit, in percent of a processor.\n"
	  "-s, --schedparam\tOf the scheduler itself.\n"
	  "-t, --tslice_ms N\tSet its timeslice.\n"
	  "-r, --ratelimit_us N\tSet its rate limit.\n"
	  "-m, --migration_delay_us N\tSet its migration delay.\n"
	  "-p, --cpupool POOL\tOf this pool.\n" },
	{ "sched-credit2", cmd_sched_credit2, false, "[OPTIONS]",
	  "Show or set how domains share processors under credit2",
	  "-d, --domain DOMAIN\tOf this domain.\n"
	  "-w, --weight N\tSet its weight, against others'.\n"
	  "-c, --cap N\tSet its limit, in percent of a processor.\n"
	  "-s, --schedparam\tOf the scheduler itself.\n"
	  "-r, --ratelimit_us N\tSet its rate limit.\n"
	  "-p, --cpupool POOL\tOf this pool.\n" },
	{ "set-parameters", cmd_set_parameters, false, "PARAMETERS",
	  "Change what Xen's command line says, where that can be", NULL },
	{ "sharing", cmd_sharing, false, "[DOMAIN]",
	  "List the domains with memory they share with others", NULL },
	{ "shutdown", cmd_shutdown, false, "[OPTIONS] -a|DOMAIN",
	  "Ask a guest to shut down",
	  "-a, --all\tAsk all guests.\n"
	  "-w, --wait\tWait until it has; twice: until it is gone.\n"
	  "-F\tPress the power button of an HVM guest without Xen's "
	  "drivers.\n" },
	{ "sysrq", cmd_sysrq, false, "DOMAIN LETTER",
	  "Send a guest's kernel a SysRq key", NULL },
	{ "top", cmd_top, false, "",
	  "Watch the domains: Xen's own xentop", NULL },
	{ "trigger", cmd_trigger, false,
	  "DOMAIN power|sleep|nmi|init|reset [VCPU]",
	  "Do to a guest what hardware would", NULL },
	{ "unpause", cmd_unpause, false, "DOMAIN",
	  "Let a domain's vcpus run again", NULL },
	{ "uptime", cmd_uptime, false, "[OPTIONS] [DOMAIN...]",
	  "List for how long domains have been running",
	  "-s\tShort, with the time of day and without seconds.\n" },
	{ "vcpu-list", cmd_vcpu_list, false, "[DOMAIN...]",
	  "List the virtual processors of domains", NULL },
	{ "vcpu-pin", cmd_vcpu_pin, true,
	  "[OPTIONS] DOMAIN VCPU|all CPUS|- [CPUS|-]",
	  "Set where a virtual processor may, and had better, run",
	  "-f, --force\tTake away a pin of the guest's own.\n"
	  "-i, --ignore-global-affinity-masks\tWhatever xl.conf allows.\n" },
	{ "vcpu-set", cmd_vcpu_set, false, "[OPTIONS] DOMAIN COUNT",
	  "Set how many of its virtual processors a guest shall use",
	  "-i, --ignore-host\tMore than this machine has, too.\n" },
	{ "vm-list", cmd_vm_list, false, "",
	  "List the guests of this host by UUID", NULL },
	{ "vncviewer", cmd_vncviewer, false, "[OPTIONS] DOMAIN",
	  "Look at a guest's display",
	  "-a, --autopass\tGive the viewer the password.\n" },
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

/* Who reads a list that was cut short must be able to know. */
static int finish(int status)
{
	if ((fflush(stdout) || ferror(stdout)) && status == STATUS_OK) {
		log_err(-errno, "standard output");
		return STATUS_ERROR;
	}
	return status;
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
			return finish(run_command(&cmd, 1, help));
		default:
			log_fail(0, "'xl-lite help' lists options and commands");
			return STATUS_USAGE;
		}
	}
	if (optind == argc) {
		log_fail(0, "no command given: 'xl-lite help' lists all");
		return STATUS_ERROR;
	}
	return finish(run_command(&cmd, argc - optind, argv + optind));
}
