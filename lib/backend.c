/* SPDX-License-Identifier: MIT */
/*
 * main() of a backend daemon: options, what must be there before it can
 * start, and that it runs once. The same program is supervisor and worker.
 */
#include "config.h"

#include "lib/backend.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/num.h"
#include "lib/worker.h"
#include "lib/workerproc.h"
#include "lib/supervisor.h"

enum { OPT_USER = 256, OPT_WORKER };

static const struct option long_options[] = {
	{ "help",	no_argument,		NULL, 'h' },
	{ "version",	no_argument,		NULL, 'V' },
	{ "verbose",	no_argument,		NULL, 'v' },
	{ "user",	required_argument,	NULL, OPT_USER },
	/* not for people: how the supervisor starts a worker */
	{ "worker",	required_argument,	NULL, OPT_WORKER },
	{ NULL, 0, NULL, 0 },
};

static void print_help(const struct backend_class *class)
{
	printf("usage: %s [-v] [--user USER]\n"
	       "\n"
	       "Serves the %s devices of all guests of this host. Runs in the\n"
	       "foreground until it gets SIGTERM. At SIGUSR1 it writes what it knows\n"
	       "about each device to " DAEMON_RUN_DIR "/%s.stats, as JSON.\n"
	       "\n"
	       "  -v, --verbose    say more about each device\n"
	       "      --user USER  run the guests' workers as USER [%s]\n"
	       "  -h, --help       this text\n"
	       "  -V, --version    the version\n",
	       class->program, class->noun, class->program, WORKER_USER);
}

/* -- what must be there ----------------------------------------------------- */

static bool runs_on_xen(void)
{
	CLEANUP_FCLOSE FILE *f = fopen("/sys/hypervisor/type", "re");
	char type[8] = "";

	return access("/proc/xen/capabilities", F_OK) == 0 ||
	       (f && fgets(type, sizeof(type), f) &&
		strcmp(type, "xen\n") == 0);
}

static int need_device(const char *path, const char *module)
{
	if (access(path, R_OK | W_OK) == 0)
		return 0;
	return log_err(-errno, "%s: load the module with: modprobe %s", path,
		       module);
}

static int check_host(void)
{
	int r;

	if (geteuid() != 0)
		return log_fail(-EPERM, "must be started as root: it opens "
				"xenstore, images and /dev/xen/gntdev (guests "
				"are served by processes that are not)");
	if (!runs_on_xen())
		return log_fail(-ENODEV, "this host does not run on Xen: "
				"neither /proc/xen nor /sys/hypervisor/type "
				"knows of it; choose the Xen entry when "
				"booting");
	r = need_device("/dev/xen/evtchn", "xen-evtchn");
	return r ? r : need_device("/dev/xen/gntdev", "xen-gntdev");
}

/* -- the two processes ------------------------------------------------------ */

static int run_supervisor(const struct workerproc_options *options)
{
	struct sandbox user;
	struct daemon_lock lock;
	int status;

	/* later, in a worker, nobody would see why */
	if (check_host() || sandbox_user(options->user, &user))
		return EXIT_FAILURE;
	if (daemon_lock(&lock, options->class->program))
		return EXIT_FAILURE;
	status = supervisor_run(options);
	daemon_unlock(&lock);
	return status;
}

/* Never returns into exit(): threads of devices may still run. */
__attribute__((noreturn))
static void run_worker(const struct workerproc_options *options,
		       unsigned int domid)
{
	char name[64], short_name[16];

	snprintf(name, sizeof(name), "%s: guest %u", options->class->program,
		 domid);
	log_init(name, options->verbose ? LOG_DEBUG_LEVEL : LOG_INFO_LEVEL);
	/* what top shows; the exec left "exe" there */
	snprintf(short_name, sizeof(short_name), "%s/%u",
		 options->class->noun, domid);
	prctl(PR_SET_NAME, short_name);
	_exit(worker_main(options->class, domid, options->user));
}

int backend_main(const struct backend_class *class, int argc, char **argv)
{
	struct workerproc_options options = {
		.class = class, .user = WORKER_USER,
	};
	unsigned int worker_domid = 0;
	bool worker = false;
	int c;

	log_init(class->program, LOG_INFO_LEVEL);
	while ((c = getopt_long(argc, argv, "hVv", long_options, NULL)) != -1) {
		switch (c) {
		case 'h':
			print_help(class);
			return EXIT_SUCCESS;
		case 'V':
			printf("%s %s\n", class->program, PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'v':
			options.verbose = true;
			break;
		case OPT_USER:
			options.user = optarg;
			break;
		case OPT_WORKER:
			worker = true;
			if (num_parse_uint(optarg, 0, DOMID_FIRST_RESERVED - 1,
					   &worker_domid))
				return EXIT_FAILURE;
			break;
		default:
			fprintf(stderr, "try: %s --help\n", class->program);
			return EXIT_FAILURE;
		}
	}
	if (optind < argc) {
		log_fail(-EINVAL, "%s: takes no arguments; try --help",
			 argv[optind]);
		return EXIT_FAILURE;
	}
	if (worker)
		run_worker(&options, worker_domid);
	log_init(class->program,
		 options.verbose ? LOG_DEBUG_LEVEL : LOG_INFO_LEVEL);
	return run_supervisor(&options);
}
