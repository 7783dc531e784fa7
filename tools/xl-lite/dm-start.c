/* SPDX-License-Identifier: MIT */
/*
 * Starting a guest's QEMU; see device-model.h.
 *
 * QEMU is our child in a session of its own, with nothing of ours open but its
 * log. It becomes QEMU only when its number is in xenstore: from then on, however
 * we end, whoever ends the guest finds it, and before that it has left nothing.
 * It says that it is ready by writing "running" into xenstore, for which there is
 * a watch; that it has died, its pidfd says. Who waits on both and a deadline
 * waits for nothing else.
 */
#include "config.h"

#include "tools/xl-lite/device-model.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/dm-log.h"
#include "tools/xl-lite/remedy.h"

/* sys/wait.h names it since glibc 2.36 */
#define WAIT_PIDFD ((idtype_t)3)

#define TOKEN "device-model"

/* -- the process ------------------------------------------------------------ */

struct environment {
	char domain[32], limit[64], zone[128];
	char *list[6];
};

/* Nothing of ours but the time zone and what it may write in its log. */
static void make_environment(struct environment *e, domid_t domid)
{
	/* XSA-180: how much a guest can make QEMU write to stderr */
	const char *limit = getenv("XEN_QEMU_CONSOLE_LIMIT");
	const char *zone = getenv("TZ");
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	unsigned int n = 0;

	snprintf(e->limit, sizeof(e->limit), "XEN_QEMU_CONSOLE_LIMIT=%s",
		 limit ? limit : "1048576");
	snprintf(e->domain, sizeof(e->domain), "XEN_DOMAIN_ID=%u", domid);
	snprintf(e->zone, sizeof(e->zone), "TZ=%s", zone ? zone : "");
	e->list[n++] = path;
	e->list[n++] = e->limit;
	e->list[n++] = e->domain;
	if (zone)
		e->list[n++] = e->zone;
	e->list[n] = NULL;
}

/* In the child: until we are let through, or nobody is there any more. */
static void wait_at(const int gate[2])
{
	char byte;
	ssize_t n;

	close(gate[1]);
	do
		n = read(gate[0], &byte, 1);
	while (n == -1 && errno == EINTR);
	if (n != 1)
		_exit(127);
}

/* In the child. What it says goes to the log, whose end is shown. */
static void become_qemu(const char *path, char **argv, char **envp, int null,
			int log, const int gate[2])
{
	sigset_t none;

	setsid();
	wait_at(gate);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	execve(path, argv, envp);
	dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(errno));
	_exit(127);
}

static int launch(const struct dm_request *r, char **argv, const int gate[2],
		  struct device_model *dm)
{
	CLEANUP_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CLEANUP_CLOSE int log = -1;
	struct environment environment = { .list = { NULL } };

	if (null < 0)
		return log_fail(-errno, "guest %s: QEMU: /dev/null: %s: %s",
				r->config->name, strerror(errno),
				remedy_file(-errno));
	log = dm_log_open(r->config->name);
	if (log < 0)
		return log;
	make_environment(&environment, r->domid);
	dm->pid = fork();
	if (dm->pid == 0)
		become_qemu(r->qemu, argv, environment.list, null, log,
			    gate);
	if (dm->pid > 0)
		dm->pidfd = syscall(SYS_pidfd_open, dm->pid, 0);
	if (dm->pidfd >= 0)
		return 0;
	log_fail(0, "guest %s: QEMU: start %s: %s: %s", r->config->name,
		 r->qemu, strerror(errno), remedy_kernel(-errno));
	if (dm->pid > 0) {
		kill(dm->pid, SIGKILL);
		waitpid(dm->pid, NULL, 0);
	}
	return -EAGAIN;
}

/* By this number whoever ends the guest finds it. */
static int note_number(struct host *host, const struct dm_request *r,
		       const struct device_model *dm)
{
	char path[STORE_PATH_MAX];
	int err;

	path_domain(path, sizeof(path), r->domid);
	err = store_printf(&host->store, XBT_NULL, path,
			   "image/device-model-pid", "%d", dm->pid);
	return err ? store_fail(&host->store, err) : 0;
}

static int start(struct host *host, const struct dm_request *r, char **argv,
		 struct device_model *dm)
{
	int gate[2];
	int err = pipe2(gate, O_CLOEXEC) ? -errno : 0;

	if (err)
		return log_fail(err, "guest %s: QEMU: pipe: %s: %s",
				r->config->name, strerror(-err),
				remedy_kernel(err));
	err = launch(r, argv, gate, dm);
	if (!err)
		err = note_number(host, r, dm);
	if (!err && write(gate[1], "", 1) != 1)
		err = log_fail(-errno, "guest %s: QEMU: let it begin: %s: %s",
			       r->config->name, strerror(errno),
			       remedy_kernel(-errno));
	close(gate[0]);
	close(gate[1]);
	if (err)
		device_model_kill(dm);
	return err;
}

int device_model_start(struct host *host, const struct dm_request *r,
		       struct device_model *dm)
{
	CLEANUP(arena_free) struct arena arena = { NULL };
	char **argv = dm_args_make(&arena, r);

	if (!argv)
		return remedy_no_memory(r->config->name, "QEMU's arguments");
	for (char **arg = argv; *arg; arg++)
		log_debug("guest %s: QEMU: %s", r->config->name, *arg);
	return start(host, r, argv, dm);
}

void device_model_kill(struct device_model *dm)
{
	if (dm->pidfd < 0)
		return;
	syscall(SYS_pidfd_send_signal, dm->pidfd, SIGKILL, NULL, 0);
	waitpid(dm->pid, NULL, 0);
	close(STEAL_FD(dm->pidfd));
}

/* -- until it is ready ------------------------------------------------------ */

static int has_died(const struct dm_request *r, const struct device_model *dm)
{
	const char *guest = r->config->name;
	siginfo_t info = { 0 };

	/* left for waitpid(): its number stays its own until we are done */
	waitid(WAIT_PIDFD, dm->pidfd, &info, WEXITED | WNOWAIT | WNOHANG);
	log_fail(-ECHILD, "guest %s: QEMU: %s %d before it was ready; the end of its log:",
		 guest, info.si_code == CLD_EXITED ? "ended with status"
						   : "was ended by signal",
		 info.si_status);
	dm_log_show_end(guest);
	return -ECHILD;
}

/* 1: it says that it is ready; 0: not yet; or -errno. */
static int is_running(struct host *host, const char *dir)
{
	char path[STORE_PATH_MAX], token[16], state[16];
	int n, err;

	do
		n = store_next_event(&host->store, path, sizeof(path), token,
				     sizeof(token));
	while (n == 1);
	if (n < 0)
		return n;
	err = store_read(&host->store, XBT_NULL, dir, "state", state,
			 sizeof(state));
	if (err)
		return err == -ENOENT ? 0 : err;
	return strcmp(state, "running") == 0;
}

static int wait_running(struct host *host, const struct dm_request *r,
			const struct device_model *dm, const char *dir,
			int interrupt_fd)
{
	const uint64_t deadline = clock_now_ns() + DM_START_S * NS_PER_S;
	struct pollfd p[] = {
		{ .fd = store_fd(&host->store), .events = POLLIN },
		{ .fd = dm->pidfd, .events = POLLIN },
		{ .fd = interrupt_fd, .events = POLLIN },
	};

	for (;;) {
		const uint64_t now = clock_now_ns();
		int ret = is_running(host, dir);

		if (ret < 0)
			return store_fail(&host->store, ret);
		if (ret)
			return 0;
		if (p[1].revents)
			return has_died(r, dm);
		if (p[2].revents)
			return -EINTR;
		if (now >= deadline) {
			log_fail(-ETIMEDOUT, "guest %s: QEMU: was not ready in %d s; the end of its log:",
				 r->config->name, DM_START_S);
			dm_log_show_end(r->config->name);
			return -ETIMEDOUT;
		}
		if (poll(p, ARRAY_SIZE(p), (deadline - now) / NS_PER_MS + 1)
		    == -1 && errno != EINTR)
			return log_err(-errno, "guest %s: QEMU: wait",
				       r->config->name);
	}
}

int device_model_wait(struct host *host, const struct dm_request *r,
		      const struct device_model *dm, int interrupt_fd)
{
	char dir[STORE_PATH_MAX];
	int err;

	path_device_model(dir, sizeof(dir), 0, r->domid);
	err = store_watch(&host->store, dir, "state", TOKEN);
	if (err)
		return store_fail(&host->store, err);
	err = wait_running(host, r, dm, dir, interrupt_fd);
	store_unwatch(&host->store, dir, "state", TOKEN);
	return err;
}
