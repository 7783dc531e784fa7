/* SPDX-License-Identifier: MIT */
/*
 * xlsim: the simulated hypervisor's program. Some of its words stay as
 * processes in the background, and return when they are ready:
 *
 *	xlsim broker		the hypervisor
 *	xlsim xenbus DOMID	/dev/xen/xenbus of a domain that exists
 *	xlsim guest DOMID	a domain, introduced to xenstored, with its
 *				own mounts, network and xenbus
 * the others do one thing:
 *	xlsim host TREE TESTS LOGS XENSTORED SECONDS COMMAND...
 *					in a host of its own
 *	xlsim in DOMID COMMAND...	run as a process of that domain
 *	xlsim destroy DOMID		its processes, too
 *	xlsim shutdown DOMID REASON	0 poweroff, 1 reboot, 3 crash
 *	xlsim list			domains, ports, grants, processes
 *	xlsim fault [SPEC... | none]	arm faults, or list them
 *	xlsim listen SOCKET FILE	append datagrams that come, until killed
 */
#include "config.h"

#include "tests/sim/xlsim.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/sim/client.h"

static int ready_fd;

void background(void)
{
	int fds[2];
	char byte;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		exit(EXIT_FAILURE);
	pid = fork();
	if (pid == -1)
		exit(EXIT_FAILURE);
	if (pid != 0) {
		close(fds[1]);
		_exit(read(fds[0], &byte, 1) == 1 ? EXIT_SUCCESS :
		      EXIT_FAILURE);
	}
	close(fds[0]);
	ready_fd = fds[1];
	setsid();
}

void ready(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* whoever waits for the end of our output is not to wait for ours */
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
	if (write(ready_fd, "", 1) != 1)
		exit(EXIT_FAILURE);
	close(ready_fd);
}

static int fail(const char *what)
{
	fprintf(stderr, "xlsim: %s: %s\n", what, strerror(errno));
	return EXIT_FAILURE;
}

static bool parse_domid(const char *text, unsigned int *domid)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*domid = n;
	return *text && !*end && n < 0x7ff0;
}

/* -- domains ------------------------------------------------------------------ */

static int change(enum sim_op op, unsigned int domid, uint32_t id,
		  const char *what)
{
	struct sim_msg msg = { .op = op, .domid = domid, .id = id };

	return sim_call(&msg, -1, NULL) ? fail(what) : EXIT_SUCCESS;
}

static int list_main(void)
{
	struct sim_msg msg = { .op = SIM_LIST };
	char buf[4096];
	int fd = -1;
	ssize_t n;

	if (sim_call(&msg, -1, &fd) || fd == -1)
		return fail("list");
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, n, stdout);
	return EXIT_SUCCESS;
}

/* -- in a domain --------------------------------------------------------------- */

static int guest_pid(unsigned int domid)
{
	char path[SIM_PATH_MAX];
	int pid = -1;
	FILE *f;

	snprintf(path, sizeof(path), SIM_GUEST, domid);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &pid) != 1)
		pid = -1;
	fclose(f);
	return pid;
}

static int enter(int pid, const char *name, int type)
{
	char path[SIM_PATH_MAX];
	int fd, r;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	r = setns(fd, type);
	close(fd);
	return r;
}

static int in_main(unsigned int domid, char **argv)
{
	char text[16], *cwd = getcwd(NULL, 0);
	int pid = domid ? guest_pid(domid) : 0;

	if (domid && (pid == -1 || enter(pid, "net", CLONE_NEWNET) ||
		      enter(pid, "uts", CLONE_NEWUTS) ||
		      enter(pid, "mnt", CLONE_NEWNS)))
		return fail("in: no such guest");
	if (cwd && chdir(cwd))
		return fail(cwd);
	snprintf(text, sizeof(text), "%u", domid);
	setenv(SIM_DOMID_ENV, text, 1);
	execvp(argv[0], argv);
	return fail(argv[0]);
}

/* -- faults -------------------------------------------------------------------- */

static bool arm(struct sim_faults *faults, const char *text)
{
	unsigned int at = faults->used;

	if (at == SIM_FAULTS) {
		fprintf(stderr, "xlsim: fault: no more than %zu at a time: "
			"remove them with 'xlsim fault none'\n", SIM_FAULTS);
		return false;
	}
	if (sim_fault_parse(text, &faults->fault[at])) {
		atomic_store(&faults->used, at + 1);
		return true;
	}
	fprintf(stderr, "xlsim: fault '%s': want [ROLE@]CALL:N[-M]:ACTION, "
		"ACTION being an errno, status=N, drop, double, delay=MS, "
		"kill, hangup or destroy=DOMID, CALL of:", text);
	for (unsigned int c = 0; c < SIM_CALL_COUNT; c++)
		fprintf(stderr, " %s", sim_call_name(c));
	fprintf(stderr, "\n");
	return false;
}

static void list_faults(struct sim_faults *faults)
{
	for (unsigned int i = 0; i < faults->used; i++) {
		struct sim_fault *f = &faults->fault[i];

		printf("%s@%s:%u-%u calls %u hits %u\n",
		       f->role[0] ? f->role : "*", sim_call_name(f->call),
		       f->first, f->last, atomic_load(&f->calls),
		       atomic_load(&f->hits));
	}
}

static int fault_main(char **specs)
{
	struct sim_faults *faults = sim_faults();

	if (!faults)
		return fail("fault");
	if (!*specs)
		list_faults(faults);
	for (; *specs; specs++)
		if (strcmp(*specs, "none") == 0)
			memset(faults, 0, sizeof(*faults));
		else if (!arm(faults, *specs))
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

/* -- readiness of daemons ------------------------------------------------------- */

static int listen_main(const char *path, const char *file)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int out = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	char buf[4096];
	ssize_t n;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (sock == -1 || out == -1 ||
	    bind(sock, (const struct sockaddr *)&addr, sizeof(addr)))
		return fail(path);
	while ((n = recv(sock, buf, sizeof(buf), 0)) > 0)
		if (write(out, buf, n) != n)
			break;
	return EXIT_SUCCESS;
}

/* ------------------------------------------------------------------------------- */

static int host_word(char **args)
{
	const struct host_options o = {
		.tree = args[0], .tests = args[1], .logs = args[2],
		.xenstored = args[3], .limit = strtoul(args[4], NULL, 10),
	};

	return host_main(&o, args + 5);
}

static int usage(void)
{
	fprintf(stderr, "usage: xlsim host TREE TESTS LOGS XENSTORED SECONDS "
		"COMMAND... |\n"
		"       broker | xenbus DOMID | guest DOMID |\n"
		"       in DOMID COMMAND... | destroy DOMID |\n"
		"       shutdown DOMID REASON | list | fault [SPEC...|none] |\n"
		"       listen SOCKET FILE\n");
	return 2;
}

static int domain_word(const char *word, unsigned int domid, char **rest)
{
	if (strcmp(word, "xenbus") == 0)
		return xenbus_main(domid);
	if (strcmp(word, "in") == 0 && *rest)
		return in_main(domid, rest);
	sim_start(1, (char *[]){ (char *)"xlsim", NULL });
	if (strcmp(word, "guest") == 0)
		return guest_main(domid);
	if (strcmp(word, "destroy") == 0)
		return change(SIM_DOMAIN_DESTROY, domid, 0, "destroy");
	if (strcmp(word, "shutdown") == 0 && *rest)
		return change(SIM_DOMAIN_SHUTDOWN, domid,
			      strtoul(*rest, NULL, 10), "shutdown");
	return usage();
}

int main(int argc, char **argv)
{
	unsigned int domid;

	if (argc < 2)
		return usage();
	if (strcmp(argv[1], "host") == 0 && argc > 7)
		return host_word(argv + 2);
	if (strcmp(argv[1], "broker") == 0)
		return broker_main();
	if (strcmp(argv[1], "listen") == 0 && argc == 4)
		return listen_main(argv[2], argv[3]);
	if (argc > 2 && parse_domid(argv[2], &domid))
		return domain_word(argv[1], domid, argv + 3);
	sim_start(1, argv);
	if (strcmp(argv[1], "list") == 0)
		return list_main();
	if (strcmp(argv[1], "fault") == 0)
		return fault_main(argv + 2);
	return usage();
}
