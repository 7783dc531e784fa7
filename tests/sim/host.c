/* SPDX-License-Identifier: MIT */
/*
 * One simulated Xen host: namespaces that hold all it consists of, the broker,
 * Debian's xenstored, and then one command in it, as a boot would start it.
 * When the command has ended, or may not run any longer, so does all the rest:
 * the host's first process goes, and the kernel takes away what it had.
 */
#include "config.h"

#include "tests/sim/xlsim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xenstore.h>

#include "tests/sim/client.h"

/* Statuses that no test of ours ends with. */
#define TIMED_OUT 124
#define TOLD_TO_END 125

/* -- mounts -------------------------------------------------------------------- */

/* False: said what. */
static bool mounted(const char *from, const char *to, const char *type,
		    unsigned long flags, const char *data)
{
	if (mount(from, to, type, flags, data) == 0)
		return true;
	fprintf(stderr, "xlsim: host: mount %s on %s: %s\n", from, to,
		strerror(errno));
	return false;
}

static bool bind_to(const char *from, const char *to)
{
	if (mkdir(to, 0755) && errno != EEXIST)
		return false;
	return mounted(from, to, NULL, MS_BIND | MS_REC, NULL);
}

/* Paths of a host of its own; what is under /mnt comes from outside. */
static bool mount_shared(const struct host_options *o)
{
	return mounted("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
	       mounted("sim", "/mnt", "tmpfs", 0, "mode=755") &&
	       bind_to(o->tree, "/mnt/tree") &&
	       bind_to(o->tests, "/mnt/tests") &&
	       bind_to(o->logs, "/mnt/logs");
}

static bool mount_device(const char *name)
{
	char from[64], to[64];
	int fd;

	snprintf(from, sizeof(from), "/dev/%s", name);
	if (access(from, F_OK))
		return true;
	snprintf(to, sizeof(to), "/mnt/dev/%s", name);
	fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1)
		return false;
	close(fd);
	return mounted(from, to, NULL, MS_BIND, NULL);
}

/* Devices that programs look for before they open them by a library. */
static bool make_xen_devices(void)
{
	static const char *const names[] = {
		"evtchn", "gntdev", "gntalloc", "privcmd",
	};
	char path[64];

	if (mkdir("/dev/xen", 0755))
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		int fd;

		snprintf(path, sizeof(path), "/dev/xen/%s", names[i]);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd == -1)
			return false;
		close(fd);
	}
	snprintf(path, sizeof(path), SIM_XENBUS, 0);
	return symlink(path, "/dev/xen/xenbus") == 0;
}

static bool mount_devices(void)
{
	static const char *const names[] = {
		"null", "zero", "full", "random", "urandom", "tty", "fuse",
		"net/tun",
	};
	bool ok = mkdir("/mnt/dev", 0755) == 0 &&
		  mounted("sim", "/mnt/dev", "tmpfs", 0, "mode=755") &&
		  mkdir("/mnt/dev/net", 0755) == 0 &&
		  mkdir("/mnt/dev/shm", 01777) == 0 &&
		  symlink("/proc/self/fd", "/mnt/dev/fd") == 0;

	for (size_t i = 0; ok && i < sizeof(names) / sizeof(*names); i++)
		ok = mount_device(names[i]);
	return ok && mounted("/mnt/dev", "/dev", NULL, MS_MOVE, NULL) &&
	       rmdir("/mnt/dev") == 0 && make_xen_devices();
}

static bool mount_all(const struct host_options *o)
{
	static const char *const dirs[] = {
		"/run/lock", "/run/xenstored", "/run/xen", SIM_DIR,
	};
	bool ok = mount_shared(o) &&
		  mounted("sim", "/run", "tmpfs", 0, "mode=755") &&
		  mounted("sim", "/tmp", "tmpfs", 0, "mode=1777") &&
		  mounted("proc", "/proc", "proc", 0, NULL) &&
		  /* which shows the interfaces of whoever mounts it */
		  mounted("sysfs", "/sys", "sysfs", 0, NULL);

	for (size_t i = 0; ok && i < sizeof(dirs) / sizeof(*dirs); i++)
		ok = mkdir(dirs[i], 0755) == 0;
	/* not on every machine that tests is there something of Xen's */
	mount("sim", "/var/lib/xen", "tmpfs", 0, "mode=755");
	return ok && mount_devices();
}

/* -- what boots ------------------------------------------------------------------ */

static bool loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = sock != -1 && ioctl(sock, SIOCSIFFLAGS, &ifr) == 0;

	close(sock);
	return ok;
}

static bool ended_well(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* One of our own words, in a process of its own; true when it is ready. */
static bool start_own(const char *word, const char *arg)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/proc/self/exe", "xlsim", word, arg, (char *)NULL);
		_exit(127);
	}
	return ended_well(pid);
}

/* Ready is when it has closed its output, as daemons used to say that. */
static bool start_xenstored(const char *program)
{
	char buf[64];
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return false;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execl(program, "xenstored", "--internal-db",
		      "--pid-file=/run/xenstored.pid", (char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	while (read(fds[0], buf, sizeof(buf)) > 0)
		;
	close(fds[0]);
	return ended_well(pid) && access("/run/xenstored/socket", F_OK) == 0;
}

/* What xen-init-dom0 writes. */
static bool write_dom0(void)
{
	static const char *const nodes[][2] = {
		{ "/local/domain/0/domid", "0" },
		{ "/local/domain/0/name", "Domain-0" },
	};
	struct xs_handle *xs = xs_open(0);
	bool ok = xs != NULL;

	for (size_t i = 0; ok && i < sizeof(nodes) / sizeof(*nodes); i++)
		ok = xs_write(xs, XBT_NULL, nodes[i][0], nodes[i][1],
			      strlen(nodes[i][1]));
	if (xs)
		xs_close(xs);
	return ok;
}

/*
 * What the loader keeps counts as lost when malloc() goes through us; events
 * that xs_unwatch() drops are lost by libxenstore.
 */
static void write_suppressions(void)
{
	FILE *f = fopen(SIM_DIR "/lsan", "we");

	if (!f)
		return;
	fputs("leak:dl_open_worker\nleak:_dl_\nleak:libxenstore\n", f);
	fclose(f);
	setenv("LSAN_OPTIONS", "print_suppressions=0:suppressions=" SIM_DIR
	       "/lsan", 0);
}

static void set_environment(void)
{
	write_suppressions();
	setenv("PATH", "/mnt/tree/usr/local/sbin:/mnt/tree/usr/sbin:"
	       "/mnt/tree/usr/bin:/mnt/tree/box/bin:"
	       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	       1);
	setenv("LD_PRELOAD", "/mnt/tree/box/lib/libxlsim.so", 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 0);
	setenv("TEST_TIER", "sim", 1);
	setenv("TEST_LOGS", "/mnt/logs", 1);
	unsetenv(SIM_DOMID_ENV);
	unsetenv("XENSTORED_PATH");
	unsetenv("XENSTORED_RUNDIR");
}

static bool says(bool ok, const char *what)
{
	if (!ok)
		fprintf(stderr, "xlsim: host: %s: does not start: %s\n", what,
			strerror(errno));
	return ok;
}

static bool boot(const struct host_options *o)
{
	if (!says(mount_all(o), "mounts") ||
	    !says(loopback_up(), "loopback device") ||
	    !says(start_own("broker", NULL), "broker") ||
	    !says(start_own("xenbus", "0"), "xenbus of domain 0"))
		return false;
	set_environment();
	return says(start_xenstored(o->xenstored), o->xenstored) &&
	       says(write_dom0(), "nodes of domain 0");
}

/* -- processes ------------------------------------------------------------------- */

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
	       WEXITSTATUS(status);
}

/* The host's first process: waits for whoever has no other parent. */
__attribute__((noreturn))
static void be_init(const struct host_options *o, char **argv)
{
	pid_t pid, command;
	int status;

	if (!boot(o))
		exit(EXIT_FAILURE);
	command = fork();
	if (command == 0) {
		setsid();
		if (chdir("/mnt/tests"))
			_exit(126);
		execvp(argv[0], argv);
		fprintf(stderr, "xlsim: host: %s: %s\n", argv[0],
			strerror(errno));
		_exit(127);
	}
	while ((pid = wait(&status)) > 0 || errno == EINTR)
		if (pid == command)
			exit(status_of(status));
	exit(EXIT_FAILURE);
}

static void use_null_input(void)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	dup2(null, STDIN_FILENO);
	close(null);
}

/*
 * Until the first process ends, or has to: because time is up, we are told to,
 * or whoever gave us a pipe as our input is gone.
 */
static int wait_limited(pid_t pid, int signal_fd, unsigned int seconds)
{
	struct pollfd p[2] = {
		{ .fd = signal_fd, .events = POLLIN }, { .fd = STDIN_FILENO },
	};
	struct signalfd_siginfo info = { 0 };
	int status = 0, n;

	do
		n = poll(p, 2, seconds < INT_MAX / 1000 ? (int)seconds * 1000 :
			 -1);
	while (n == -1 && errno == EINTR);
	if (!p[0].revents || read(signal_fd, &info, sizeof(info)) < 0 ||
	    info.ssi_signo != SIGCHLD)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (info.ssi_signo == SIGCHLD)
		return status_of(status);
	return n == 0 ? TIMED_OUT : TOLD_TO_END;
}

int host_main(const struct host_options *o, char **argv)
{
	const int spaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID |
			   CLONE_NEWIPC | CLONE_NEWUTS;
	sigset_t set, old;
	int signal_fd;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (unshare(spaces)) {
		fprintf(stderr, "xlsim: host: new namespaces: %s (is this "
			"root?)\n", strerror(errno));
		return EXIT_FAILURE;
	}
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		sigprocmask(SIG_SETMASK, &old, NULL);
		if (!isatty(STDIN_FILENO))
			use_null_input();
		be_init(o, argv);
	}
	return pid == -1 ? EXIT_FAILURE : wait_limited(pid, signal_fd, o->limit);
}
