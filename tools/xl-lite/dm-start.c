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
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

#include "tools/xl-lite/dm-log.h"
#include "tools/xl-lite/dm-restrict.h"
#include "tools/xl-lite/qmp.h"
#include "tools/xl-lite/remedy.h"

/* sys/wait.h names it since glibc 2.36 */
#define WAIT_PIDFD ((idtype_t)3)

#define TOKEN "device-model"

/* -- the process ------------------------------------------------------------ */

struct environment {
	char domain[32], limit[64], zone[128];
	char display[256], xauthority[PATH_MAX + 16];
	char *list[8];
	unsigned int count;
};

/* Where its window is: as said, else where ours would be. */
static void add_variable(struct environment *e, const char *name,
			 const char *value, char *text, size_t size)
{
	if (!value)
		value = getenv(name);
	if (!value)
		return;
	snprintf(text, size, "%s=%s", name, value);
	e->list[e->count++] = text;
}

/* Nothing of ours but the time zone and what it may write in its log. */
static void make_environment(struct environment *e,
			     const struct dm_request *r)
{
	const struct sdl_config *sdl = dm_sdl(r->config);
	/* XSA-180: how much a guest can make QEMU write to stderr */
	const char *limit = getenv("XEN_QEMU_CONSOLE_LIMIT");
	const char *zone = getenv("TZ");
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

	snprintf(e->limit, sizeof(e->limit), "XEN_QEMU_CONSOLE_LIMIT=%s",
		 limit ? limit : "1048576");
	snprintf(e->domain, sizeof(e->domain), "XEN_DOMAIN_ID=%u", r->domid);
	snprintf(e->zone, sizeof(e->zone), "TZ=%s", zone ? zone : "");
	e->list[e->count++] = path;
	e->list[e->count++] = e->limit;
	e->list[e->count++] = e->domain;
	if (zone)
		e->list[e->count++] = e->zone;
	if (sdl) {
		add_variable(e, "DISPLAY", sdl->display, e->display,
			     sizeof(e->display));
		add_variable(e, "XAUTHORITY", sdl->xauthority, e->xauthority,
			     sizeof(e->xauthority));
	}
	e->list[e->count] = NULL;
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

/* What QEMU begins with open: nothing to read, its log, and its monitor. */
struct ends {
	int null, log;
	int monitor;	/* -1: it makes its own */
	int state;	/* -1: there is none */
};

static void close_ends(struct ends *e)
{
	cleanup_close(&e->null);
	cleanup_close(&e->log);
	cleanup_close(&e->monitor);
	cleanup_close(&e->state);
}

/* FD, or nothing, is to be number AT. */
static void place(int fd, int at)
{
	if (fd < 0)
		close(at);
	else if (fd == at)	/* dup2() would leave it to be closed */
		fcntl(at, F_SETFD, 0);
	else
		dup2(fd, at);
}

/* In the child. What it says goes to the log, whose end is shown. */
static void become_qemu(const char *path, char **argv, char **envp,
			const struct ends *ends, const int gate[2])
{
	/* out of the way of the other */
	const int state = ends->state < 0 ? -1 :
		fcntl(ends->state, F_DUPFD, DM_STATE_FD);
	sigset_t none;
	int err = 0;

	setsid();
	wait_at(gate);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(ends->null, STDIN_FILENO);
	dup2(ends->log, STDOUT_FILENO);
	dup2(ends->log, STDERR_FILENO);
	place(ends->monitor, DM_MONITOR_FD);
	place(state, DM_STATE_FD);
	close_range(DM_STATE_FD + 1, ~0U, 0);
	if (ends->monitor >= 0)
		err = dm_restrict_self();
	if (!err)
		execve(path, argv, envp);
	dprintf(STDERR_FILENO, "%s: %s\n", path, strerror(err ? -err : errno));
	_exit(127);
}

static int launch(const struct dm_request *r, char **argv, const int gate[2],
		  struct device_model *dm)
{
	CLEANUP(close_ends) struct ends ends = {
		.null = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.log = -1,
		.monitor = -1,
		.state = -1,
	};
	struct environment environment = { .list = { NULL } };

	if (ends.null < 0)
		return log_fail(-errno, "guest %s: QEMU: /dev/null: %s: %s",
				r->config->name, strerror(errno),
				remedy_file(-errno));
	ends.log = dm_log_open(r->config->name);
	if (ends.log < 0)
		return ends.log;
	if (dm_is_restricted(r->config)) {
		ends.monitor = dm_monitor_listen(r->config, r->domid);
		if (ends.monitor < 0)
			return ends.monitor;
	}
	if (r->state) {
		ends.state = fcntl(r->state->fd, F_DUPFD_CLOEXEC, 0);
		if (ends.state < 0)
			return log_fail(-errno, "guest %s: QEMU: dup: %s: %s",
					r->config->name, strerror(errno),
					remedy_kernel(-errno));
	}
	make_environment(&environment, r);
	dm->pid = fork();
	if (dm->pid == 0)
		become_qemu(r->qemu, argv, environment.list, &ends, gate);
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
	/* stock xl ends all that this user runs, then */
	if (!err && r->user.alone)
		err = store_printf(&host->store, XBT_NULL, path,
				   "image/device-model-kill-uid", "%u",
				   r->user.uid);
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
	int err = 0;

	if (!argv)
		return remedy_no_memory(r->config->name, "QEMU's arguments");
	if (dm_is_restricted(r->config))
		err = dm_root_make(r->config, r->domid);
	if (err)
		return err;
	for (char **arg = argv; *arg; arg++)
		log_debug("guest %s: QEMU: %s", r->config->name, *arg);
	err = start(host, r, argv, dm);
	/* without its number in xenstore nobody else would find what it has */
	if (err && dm_is_restricted(r->config))
		dm_restriction_undo(r->domid);
	return err;
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

static int too_late(const struct dm_request *r)
{
	log_fail(-ETIMEDOUT, "guest %s: QEMU: was not ready in %d s; the end of its log:",
		 r->config->name, DM_START_S);
	dm_log_show_end(r->config->name);
	return -ETIMEDOUT;
}

/* Until FD can be read, or it dies, or we are interrupted. */
static int wait_for(const struct dm_request *r, const struct device_model *dm,
		    int fd, int interrupt_fd, uint64_t deadline)
{
	struct pollfd p[] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = dm->pidfd, .events = POLLIN },
		{ .fd = interrupt_fd, .events = POLLIN },
	};

	for (;;) {
		const uint64_t now = clock_now_ns();

		if (now >= deadline)
			return too_late(r);
		if (poll(p, ARRAY_SIZE(p), (deadline - now) / NS_PER_MS + 1)
		    == -1 && errno != EINTR)
			return log_err(-errno, "guest %s: QEMU: wait",
				       r->config->name);
		if (p[1].revents)
			return has_died(r, dm);
		if (p[2].revents)
			return -EINTR;
		if (p[0].revents)
			return 0;
	}
}

static int wait_running(struct host *host, const struct dm_request *r,
			const struct device_model *dm, const char *dir,
			int interrupt_fd)
{
	const uint64_t deadline = clock_now_ns() + DM_START_S * NS_PER_S;

	for (;;) {
		int ret = is_running(host, dir);

		if (ret < 0)
			return store_fail(&host->store, ret);
		if (ret)
			return 0;
		ret = wait_for(r, dm, store_fd(&host->store), interrupt_fd,
			       deadline);
		if (ret)
			return ret;
	}
}

static int watch_state(struct host *host, const struct dm_request *r,
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

static int connect_monitor(domid_t domid)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), DM_QMP_SOCKET,
		 domid);
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	return STEAL_FD(fd);
}

/* It answers before it has taken in what was left to it, or failed to. */
static int wait_taken_in(struct qmp *q)
{
	for (;;) {
		CLEANUP_YAJL yajl_val answer = NULL;
		const char *path[] = { "status", NULL }, *status;
		int err = qmp_call(q, "query-status", NULL, 0, &answer);

		if (err)
			return err;
		status = YAJL_GET_STRING(yajl_tree_get(answer, path,
						       yajl_t_string));
		if (!status || strcmp(status, "inmigrate") != 0)
			return 0;
	}
}

/* Xenstore is out of a restricted one's reach: its monitor greets us. */
static int wait_greeting(const struct dm_request *r,
			 const struct device_model *dm, int interrupt_fd)
{
	const uint64_t deadline = clock_now_ns() + DM_START_S * NS_PER_S;
	CLEANUP_CLOSE int fd = connect_monitor(r->domid);
	CLEANUP_QMP struct qmp q = { .fd = -1 };
	int err;

	if (fd < 0)
		return log_err(fd, "guest %s: QEMU: its monitor",
			       r->config->name);
	err = wait_for(r, dm, fd, interrupt_fd, deadline);
	if (err)
		return err;
	err = qmp_open_fd(&q, STEAL_FD(fd), deadline);
	if (!err)
		err = wait_taken_in(&q);
	if (!err)
		return 0;
	log_fail(err, "guest %s: QEMU: its monitor: %s; the end of its log:",
		 r->config->name, qmp_why(&q, err));
	dm_log_show_end(r->config->name);
	return err;
}

int device_model_wait(struct host *host, const struct dm_request *r,
		      const struct device_model *dm, int interrupt_fd)
{
	return dm_is_restricted(r->config) ?
		wait_greeting(r, dm, interrupt_fd) :
		watch_state(host, r, dm, interrupt_fd);
}
