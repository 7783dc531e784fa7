/* SPDX-License-Identifier: MIT */
/* Waiting for one guest's end; see monitor.h. */
#include "config.h"

#include "tools/xl-lite/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xen/sched.h>

#include "lib/log.h"
#include "lib/loop.h"

#include "tools/xl-lite/remedy.h"
#include "tools/xl-lite/stopped.h"

struct monitor {
	struct host host;
	struct guest_state state;	/* locked, for as long as we live */
	int signal_fd;			/* readable: let go */
};

/* -- waiting --------------------------------------------------------------- */

/* Xenstored tells of every domain that stops or dies, not of which. */
static int wait_release(struct monitor *m)
{
	struct pollfd p[] = {
		{ .fd = store_fd(&m->host.store), .events = POLLIN },
		{ .fd = m->signal_fd, .events = POLLIN },
	};
	char path[32], token[32];
	int n;

	if (poll(p, ARRAY_SIZE(p), -1) == -1 && errno != EINTR)
		return log_err(-errno, "wait");
	if (p[1].revents)
		return -ECANCELED;
	do
		n = store_next_event(&m->host.store, path, sizeof(path), token,
				     sizeof(token));
	while (n == 1);
	return n;
}

/*
 * Until the guest has stopped. -ESRCH when it is gone: somebody destroyed it;
 * -ECANCELED when we are to let go of it.
 */
static int wait_shutdown(struct monitor *m, struct hv_domain *info)
{
	int err = store_watch(&m->host.store, "@releaseDomain", NULL, "");

	while (!err) {
		err = hv_domain_info(m->host.hv, m->state.domid, info);
		if (!err && (info->dying ||
			     memcmp(info->uuid, m->state.uuid, 16) != 0))
			err = -ESRCH;
		/* a suspended guest is on its way to somewhere: let it be */
		if (!err && info->shutdown &&
		    info->shutdown_reason != SHUTDOWN_suspend)
			break;
		if (!err)
			err = wait_release(m);
	}
	store_unwatch(&m->host.store, "@releaseDomain", NULL, "");
	return err;
}

/* -- minding --------------------------------------------------------------- */

/* 1: there is a guest to wait for again; 0: we are done; or -errno. */
static int mind(struct monitor *m)
{
	struct stopped_result result = { 0 };
	struct hv_domain info;
	int err = wait_shutdown(m, &info);

	if (err == -ESRCH)
		return 0;
	if (err == -ECANCELED) {
		log_info("guest %s: xl-lited minds it from now on",
			 m->state.config->name);
		return 0;
	}
	if (err)
		return log_err(err, "guest %s: wait for its end",
			       m->state.config->name);
	err = stopped_act(&m->host, &m->state, &info, &result);
	if (err || (result.outcome != STOPPED_RESTARTED &&
		    result.outcome != STOPPED_RESET))
		return err;
	guest_state_end(&m->state);
	err = guest_state_take(&m->state, GUEST_STATE_LIVE, result.domid,
			       result.uuid);
	/* stopped and gone already, by the hand of somebody else */
	if (err == -ENOENT)
		return 0;
	return err ? err : 1;
}

static void monitor_end(struct monitor *m)
{
	guest_state_end(&m->state);
	host_close(&m->host);
	cleanup_close(&m->signal_fd);
}

int monitor_run(domid_t domid, const uint8_t uuid[16], bool may_let_go)
{
	static const int let_go[] = { MONITOR_LET_GO };
	CLEANUP(monitor_end) struct monitor m = {
		.signal_fd = -1,
		.state.fd = -1,
	};
	int again = 1, err = 0;

	if (may_let_go)
		err = m.signal_fd = loop_signal_fd(let_go,
						   ARRAY_SIZE(let_go));
	else
		signal(MONITOR_LET_GO, SIG_IGN);
	if (err < 0)
		return log_err(err, "domain %u: signals", domid);
	err = guest_state_take(&m.state, GUEST_STATE_LIVE, domid, uuid);
	if (err)
		return err == -ENOENT ? 0 : err;
	/* started while we were: it did not see that we have the guest */
	if (may_let_go && host_daemon_running("xl-lited"))
		return 0;
	err = host_open(&m.host);
	while (!err && again == 1) {
		again = mind(&m);
		err = again < 0 ? again : 0;
	}
	return err;
}

/* -- in the background ----------------------------------------------------- */

static int open_log(const char *name)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "/var/log/xen/xl-lite-%s.log", name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static void let_go(const char *name)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int log = open_log(name);

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	/* nobody's mount or folder is to be held by a guest that runs */
	if (chdir("/"))
		log_err(-errno, "/");
}

int monitor_start(const char *name, domid_t domid, const uint8_t uuid[16])
{
	pid_t pid = fork();

	if (pid == -1)
		return log_fail(-errno, "guest %s: start its monitor: %s: %s",
				name, strerror(errno), remedy_kernel(-errno));
	if (pid)
		return 0;
	let_go(name);
	_exit(monitor_run(domid, uuid, true) ? 1 : 0);
}
