/* SPDX-License-Identifier: MIT */
/* The process of a bootloader; see loader.h. */
#include "config.h"

#include "tools/xl-lite/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "lib/clock.h"

#include "tools/xl-lite/loader-cage.h"

/*
 * A file system that was made to be hard to read costs no more than this. A
 * person who thinks over a menu costs nothing.
 */
#define CPU_SECONDS 300
#define MEMORY_MAX (1ul << 30)

#define FOLDERS_OPEN 8

/* -- its folder --------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *where)
{
	(void)st, (void)type, (void)where;
	return remove(path) && errno != ENOENT ? -errno : 0;
}

int loader_folder_remove(const char *folder)
{
	int ret = nftw(folder, remove_one, FOLDERS_OPEN,
		       FTW_DEPTH | FTW_PHYS | FTW_MOUNT);

	if (ret == -1)
		return errno == ENOENT ? 0 : -errno;
	return ret;
}

int loader_folder_make(const char *folder)
{
	char path[PATH_MAX];
	int err = loader_folder_remove(folder);

	if (err)
		return err;
	if (mkdir(folder, 0700))
		return -errno;
	snprintf(path, sizeof(path), "%s/files", folder);
	if (mkdir(path, 0700))
		return -errno;
	snprintf(path, sizeof(path), "%s/cage", folder);
	if (mkdir(path, 0700))
		return -errno;
	snprintf(path, sizeof(path), "%s/result", folder);
	return mkfifo(path, 0600) ? -errno : 0;
}

static bool is_loadable(const char *path)
{
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
				    O_CLOEXEC);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size > 0 && (unsigned long)st.st_size <= LOADER_FILE_MAX;
}

const char *loader_check_files(const struct loader_found *found)
{
	if (!is_loadable(found->kernel))
		return "the kernel that it named is no file, is empty, or too large";
	if (found->ramdisk[0] && !is_loadable(found->ramdisk))
		return "the ramdisk that it named is no file, is empty, or too large";
	return NULL;
}

/* -- its process namespace ------------------------------------------------------- */

/*
 * A bootloader, and whatever it starts, is in a pid namespace: none of it can
 * stay behind, in a session of its own, to change what it copied out after that
 * was checked. The namespace's first process keeps it, and reaps; the kernel
 * ends all with that one.
 */
__attribute__((noreturn))
static void keep_namespace(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	close_range(0, ~0U, 0);
	for (;;)
		pause();
}

/* 0, also where it cannot be had, for who is not root. */
static int start_keeper(struct loader *l)
{
	l->keeper = syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, NULL, NULL,
			    NULL, NULL);
	if (l->keeper == 0)
		keep_namespace();
	if (l->keeper > 0 || errno == EPERM)
		return 0;
	return -errno;
}

/* When this has returned, nothing is left in there. */
static void end_keeper(struct loader *l)
{
	if (l->keeper <= 0)
		return;
	kill(l->keeper, SIGKILL);
	while (waitpid(l->keeper, NULL, 0) == -1 && errno == EINTR)
		;
}

/* fork(), but into the keeper's namespace. */
static pid_t fork_there(const struct loader *l)
{
	CLEANUP_CLOSE int ours = -1, theirs = -1;
	pid_t pid;

	if (l->keeper <= 0)
		return fork();
	ours = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
	theirs = syscall(SYS_pidfd_open, l->keeper, 0);
	if (ours == -1 || theirs == -1 || setns(theirs, CLONE_NEWPID))
		return -1;
	pid = fork();
	if (pid && setns(ours, CLONE_NEWPID)) {
		const int err = errno;

		if (pid > 0)
			kill(pid, SIGKILL);
		errno = err;
		return -1;
	}
	return pid;
}

/* -- in the child --------------------------------------------------------------- */

static void limit(int what, rlim_t to)
{
	const struct rlimit l = { .rlim_cur = to, .rlim_max = to };

	setrlimit(what, &l);
}

/* What was ignored stays so over an exec. */
static void reset_signals(void)
{
	static const int signals[] = {
		SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGUSR1, SIGUSR2,
	};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What it mounts goes with it. */
static void isolate(const struct loader *l)
{
	const char *step;
	int err;

	if (!l->caged_disk) {
		if (unshare(CLONE_NEWNS) == 0)
			mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		return;
	}
	err = loader_cage_enter(l->folder, l->caged_disk, &step);
	if (!err)
		return;
	dprintf(STDERR_FILENO, "%s: isolate it: %s: %s\n", l->argv[0], step,
		strerror(-err));
	_exit(127);
}

/*
 * A session of its own on its terminal, nothing of ours open, and an end when
 * we end. Errors go to its terminal, which is remembered.
 */
__attribute__((noreturn))
static void become_loader(const struct loader *l, pid_t parent)
{
	const int tty = l->relay->program_tty;

	reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* a parent outside of its namespace has no number there */
	if (getppid() != (l->keeper > 0 ? 0 : parent))
		_exit(127);
	setsid();
	if (ioctl(tty, TIOCSCTTY, 0) || dup2(tty, STDIN_FILENO) == -1 ||
	    dup2(tty, STDOUT_FILENO) == -1 || dup2(tty, STDERR_FILENO) == -1)
		_exit(127);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	isolate(l);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, CPU_SECONDS);
	limit(RLIMIT_DATA, MEMORY_MAX);
	limit(RLIMIT_FSIZE, LOADER_FILE_MAX);
	setenv("TERM", "vt100", 1);	/* as libxl has it */
	execv(l->argv[0], l->argv);
	dprintf(STDERR_FILENO, "%s: %s\n", l->argv[0], strerror(errno));
	_exit(127);
}

/* -- beside it ------------------------------------------------------------------ */

static int open_result(struct loader *l)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/result", l->folder);
	/* for writing as well: it is never at its end */
	l->result_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return l->result_fd == -1 ? -errno : 0;
}

static int start(struct loader *l)
{
	const pid_t parent = getpid();
	int err = start_keeper(l);

	if (err)
		return err;
	l->pid = fork_there(l);
	if (l->pid == 0)
		become_loader(l, parent);
	close(STEAL_FD(l->relay->program_tty));
	if (l->pid == -1)
		return -errno;
	l->pidfd = syscall(SYS_pidfd_open, l->pid, 0);
	return l->pidfd == -1 ? -errno : 0;
}

static int take_result(struct loader *l)
{
	char more;

	for (;;) {
		const size_t room = sizeof(l->result) - l->result_size;
		ssize_t n = read(l->result_fd, room ? l->result +
				 l->result_size : &more, room ? room : 1);

		if (n <= 0)
			return 0;
		if (!room)
			return -EMSGSIZE;
		l->result_size += n;
	}
}

/* Milliseconds for poll(); 0 when it is too late. */
static int time_left(const struct loader *l)
{
	const uint64_t now = clock_now_ns();

	if (!l->deadline_ns)
		return -1;
	return now >= l->deadline_ns ? 0 :
		(int)((l->deadline_ns - now) / NS_PER_MS) + 1;
}

static int wait_end(struct loader *l)
{
	enum { PROGRAM, CONSOLE, RESULT, END, INTERRUPT, NEWS, COUNT };
	struct pollfd p[COUNT];
	int err = 0;

	while (!err) {
		const int ms = time_left(l);

		relay_poll(l->relay, &p[PROGRAM]);
		p[RESULT] = (struct pollfd) { l->result_fd, POLLIN, 0 };
		p[END] = (struct pollfd) { l->pidfd, POLLIN, 0 };
		p[INTERRUPT] = (struct pollfd) { l->interrupt_fd, POLLIN, 0 };
		p[NEWS] = (struct pollfd) { l->news_fd, POLLIN, 0 };
		if (ms == 0)
			return -ETIMEDOUT;
		if (poll(p, COUNT, ms) == -1) {
			err = errno == EINTR ? 0 : -errno;
			continue;
		}
		relay_pump(l->relay);
		err = take_result(l);
		if (!err && p[END].revents)
			return 0;
		if (!err && p[INTERRUPT].revents)
			err = -EINTR;
		if (!err && p[NEWS].revents && l->stale(l->arg))
			err = -ESTALE;
	}
	return err;
}

/*
 * What it wrote before it ended, and nobody has read yet: a terminal and a
 * FIFO hold a few kilobytes.
 */
static int take_rest(struct loader *l)
{
	for (int i = 0; i < 64 && relay_pump(l->relay); i++)
		;
	return take_result(l);
}

int loader_run(struct loader *l)
{
	int err;

	l->pid = l->keeper = -1;
	l->pidfd = -1;
	err = open_result(l);
	if (err)
		return err;
	err = start(l);
	if (!err)
		err = wait_end(l);
	if (l->pid > 0) {
		/* and what it has left behind */
		kill(-l->pid, SIGKILL);
		kill(l->pid, SIGKILL);
		while (waitpid(l->pid, &l->status, 0) == -1 && errno == EINTR)
			;
	}
	end_keeper(l);
	if (!err)
		err = take_rest(l);
	cleanup_close(&l->pidfd);
	cleanup_close(&l->result_fd);
	return err;
}
