/* SPDX-License-Identifier: MIT */
/*
 * What a worker cannot do any more. Each case is a process of its own that
 * enters the sandbox and then tries one thing; the parent looks how it ended.
 *
 * What is asked of the kernel after the system call filter is in place must
 * be on its list; so the cases that look around from inside extend the list
 * by what they look with.
 */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PASS 42

static const int looking[] = {
	SCMP_SYS(openat), SCMP_SYS(newfstatat), SCMP_SYS(getdents64),
	SCMP_SYS(mkdirat), SCMP_SYS(mkdir), SCMP_SYS(capget),
	SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getgroups), SCMP_SYS(socket), SCMP_SYS(getppid),
	SCMP_SYS(prctl), SCMP_SYS(prlimit64), SCMP_SYS(setuid),
	SCMP_SYS(ioctl), SCMP_SYS(kill), SCMP_SYS(chdir),
	-1
};

/* -- forbidden: the process dies of it --------------------------------------- */

static bool do_open(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY) >= -1;
}

static bool do_old_open(void)
{
	return syscall(SYS_open, "/", O_RDONLY) >= -1;
}

static bool do_socket(void)
{
	return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0) >= -1;
}

static bool do_execve(void)
{
	return syscall(SYS_execve, "/bin/true", NULL, NULL) >= -1;
}

static bool do_fork(void)
{
	return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL) >= -1;
}

static bool do_ptrace(void)
{
	return syscall(SYS_ptrace, 0, 0, NULL, NULL) >= -1;
}

static bool do_kill(void)
{
	return syscall(SYS_kill, -1, 0) >= -1;
}

static bool do_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != NULL;
}

/* A terminal's input can be forged with it. */
static bool do_ioctl(void)
{
	return ioctl(0, 0x5412 /* TIOCSTI */, "x") >= -1;
}

static bool do_unshare(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER) >= -1;
}

/* -- allowed: what devices live on -------------------------------------------- */

static void *thread_main(void *arg)
{
	CLEANUP_FREE char *memory = malloc(1 << 20);

	*(bool *)arg = memory != NULL;
	return NULL;
}

static bool do_thread(void)
{
	pthread_t thread;
	bool ran = false;

	return pthread_create(&thread, NULL, thread_main, &ran) == 0 &&
	       pthread_join(thread, NULL) == 0 && ran;
}

static bool do_event(void)
{
	CLEANUP_CLOSE int fd = eventfd(1, EFD_CLOEXEC);
	uint64_t count;

	return read(fd, &count, sizeof(count)) == sizeof(count);
}

static bool do_own_uring(void)
{
	return syscall(SYS_io_uring_setup, 8, NULL) >= -1;
}

static bool do_log(void)
{
	/* a reason that needs the C library's tables */
	return log_err(-EIO, "# a line from inside") == -EIO;
}

/* -- looking around from inside ------------------------------------------------ */

static bool see_empty_root(void)
{
	CLEANUP_CLOSE int fd = open("/", O_RDONLY | O_DIRECTORY);
	char entries[1024];
	/* "." and ".." of 24 bytes each */
	return fd >= 0 &&
	       syscall(SYS_getdents64, fd, entries, sizeof(entries)) == 48;
}

static bool see_no_way_up(void)
{
	CLEANUP_CLOSE int fd = open("../../../../etc/passwd", O_RDONLY);

	return fd == -1 && errno == ENOENT;
}

static bool see_readonly_root(void)
{
	return mkdir("/x", 0700) == -1 && (errno == EROFS || errno == EACCES);
}

static bool see_no_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		return false;
	for (int i = 0; i < 2; i++)
		if (data[i].effective | data[i].permitted |
		    data[i].inheritable)
			return false;
	return true;
}

static bool see_no_bounding_set(void)
{
	for (int cap = 0; cap < 38; cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0)
			return false;
	return true;
}

static bool see_unprivileged_user(void)
{
	return getuid() != 0 && geteuid() != 0 && getgid() != 0 &&
	       getgroups(0, NULL) == 0 && setuid(0) == -1;
}

static bool see_no_network(void)
{
	struct {
		char name[16];
		char rest[24];
	} request = { .name = "lo" };
	CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_DGRAM, 0);
	short flags;

	if (fd < 0)
		return true;
	if (ioctl(fd, 0x8913 /* SIOCGIFFLAGS */, &request))
		return true;
	memcpy(&flags, request.rest, sizeof(flags));
	return !(flags & 1 /* IFF_UP */);
}

static bool see_no_process(void)
{
	return getpid() == 1 && getppid() == 0;
}

static bool see_no_core(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 &&
	       prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
}

static bool see_no_new_privileges(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static const struct {
	const char *what;
	bool (*try)(void);
	enum { WORKS, DIES, LOOKS } kind;
} cases[] = {
	{ "opening a file kills",		do_open,	DIES },
	{ "the old call for it does too",	do_old_open,	DIES },
	{ "a socket kills",			do_socket,	DIES },
	{ "another program kills",		do_execve,	DIES },
	{ "another process kills",		do_fork,	DIES },
	{ "a debugger kills",			do_ptrace,	DIES },
	{ "a signal to others kills",		do_kill,	DIES },
	{ "code made at run time kills",	do_executable_memory, DIES },
	{ "an ioctl that is not listed kills",	do_ioctl,	DIES },
	{ "a namespace kills",			do_unshare,	DIES },
	{ "an io_uring of its own kills",	do_own_uring,	DIES },
	{ "a thread runs and has memory",	do_thread, WORKS },
	{ "an eventfd works",			do_event, WORKS },
	{ "a log line comes out",		do_log, WORKS },
	{ "the root is empty",		see_empty_root, LOOKS },
	{ "no way leads up from it",	see_no_way_up, LOOKS },
	{ "nothing can be put there",	see_readonly_root, LOOKS },
	{ "no capability is left",	see_no_capabilities, LOOKS },
	{ "and none can be had",	see_no_bounding_set, LOOKS },
	{ "the user is not root",	see_unprivileged_user, LOOKS },
	{ "no network is up",		see_no_network, LOOKS },
	{ "it is alone",		see_no_process, LOOKS },
	{ "it leaves no core",		see_no_core, LOOKS },
	{ "it gets no new privileges",	see_no_new_privileges, LOOKS },
};

static int run(size_t i)
{
	static const unsigned long ioctls[] = { 0x8913, 0 };
	struct sandbox s = { 0 };
	int status;
	pid_t pid;

	if (sandbox_user(WORKER_USER, &s))
		return -1;
	if (cases[i].kind == LOOKS) {
		s.syscalls = looking;
		s.ioctls = ioctls;
	}
	pid = sandbox_fork();
	if (pid == 0) {
		if (sandbox_enter(&s))
			_exit(3);
		_exit(cases[i].try() ? PASS : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status;
}

static bool as_wanted(size_t i, int status)
{
	if (cases[i].kind == DIES)
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
	return WIFEXITED(status) && WEXITSTATUS(status) == PASS;
}

int main(void)
{
	int failed = 0;

	log_init("test-sandbox", LOG_INFO_LEVEL);
	if (geteuid() != 0) {
		printf("skipped: only root can enter the sandbox\n");
		return 77;
	}
#ifdef SANITIZERS
	printf("skipped: a build with sanitizers has a wider list\n");
	return 77;
#endif
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int status = run(i);
		bool ok = as_wanted(i, status);

		printf("%s - %s\n", ok ? "ok" : "not ok", cases[i].what);
		if (!ok)
			printf("# wait status 0x%x\n", (unsigned int)status);
		failed += !ok;
	}
	return failed != 0;
}
