/* SPDX-License-Identifier: MIT */
/* Waiting for a guest's end; see monitor.h. */
#include "config.h"

#include "tools/xl-lite/monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <xen/sched.h>

#include "lib/log.h"

#include "tools/xl-lite/create.h"
#include "tools/xl-lite/destroy.h"
#include "tools/xl-lite/domain.h"

#define DUMP_FOLDER "/var/lib/xen/dump"

struct monitor {
	struct guest_config *config;
	struct host host;
	domid_t domid;
};

/* -- waiting --------------------------------------------------------------- */

/* Xenstored tells of every domain that stops or dies, not of which. */
static int wait_release(struct store *s)
{
	struct pollfd p = { .fd = store_fd(s), .events = POLLIN };
	char path[32], token[32];
	int n;

	if (poll(&p, 1, -1) == -1 && errno != EINTR)
		return log_err(-errno, "wait");
	do
		n = store_next_event(s, path, sizeof(path), token,
				     sizeof(token));
	while (n == 1);
	return n;
}

/* Until the guest has stopped; -ESRCH when it is gone: somebody destroyed it. */
static int wait_shutdown(struct monitor *m, struct hv_domain *info)
{
	int err = store_watch(&m->host.store, "@releaseDomain", NULL, "");

	while (!err) {
		err = hv_domain_info(m->host.hv, m->domid, info);
		if (!err && info->dying)
			return -ESRCH;
		/* a suspended guest is on its way to somewhere: let it be */
		if (!err && info->shutdown &&
		    info->shutdown_reason != SHUTDOWN_suspend)
			break;
		if (!err)
			err = wait_release(&m->host.store);
	}
	store_unwatch(&m->host.store, "@releaseDomain", NULL, "");
	return err;
}

/* -- acting ---------------------------------------------------------------- */

static enum shutdown_action action_for(const struct guest_config *config,
				       unsigned int reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff: return config->on_poweroff;
	case SHUTDOWN_reboot: return config->on_reboot;
	case SHUTDOWN_crash: return config->on_crash;
	case SHUTDOWN_watchdog: return config->on_watchdog;
	case SHUTDOWN_soft_reset: return config->on_soft_reset;
	default: return ACTION_DESTROY;
	}
}

static void dump_core(struct monitor *m)
{
	char path[512];
	int err;

	mkdir(DUMP_FOLDER, 0700);
	snprintf(path, sizeof(path), DUMP_FOLDER "/%s", m->config->name);
	err = hv_domain_dump_core(m->host.hv, m->domid, path);
	if (err)
		log_fail(err, "guest %s: dump to %s: %s", m->config->name,
			 path, hv_why(m->host.hv, err));
	else
		log_info("guest %s: dumped to %s", m->config->name, path);
}

/* Make its name free for the next one, and keep it to be looked at. */
static int rename_away(struct monitor *m, const struct hv_domain *info)
{
	struct nodes n = { .store = &m->host.store };
	char path[STORE_PATH_MAX], stamp[32];
	struct tm tm;
	time_t now = time(NULL);

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%MZ", &tm);
	path_domain(path, sizeof(path), m->domid);
	nodes_put(&n, path, "name", "%s-%s", m->config->name, stamp);
	domain_vm_path(info->uuid, path);
	nodes_put(&n, path, "name", "%s-%s", m->config->name, stamp);
	return n.err ? n.err : guest_config_draw_uuid(m->config);
}

static int start_again(struct monitor *m)
{
	int err = guest_create(&m->host, m->config, &m->domid);

	if (err)
		return err;
	err = hv_domain_unpause(m->host.hv, m->domid);
	if (err)
		return log_fail(err, "guest %s: unpause: %s", m->config->name,
				hv_why(m->host.hv, err));
	log_info("guest %s: started again as domain %u", m->config->name,
		 m->domid);
	return 0;
}

/* 1: there is a guest to wait for again; 0: we are done; or -errno. */
static int act(struct monitor *m, const struct hv_domain *info)
{
	const enum shutdown_action action =
		action_for(m->config, info->shutdown_reason);
	int err = 0;

	log_info("guest %s: domain %u stopped (reason %u): %s",
		 m->config->name, m->domid, info->shutdown_reason,
		 shutdown_action_name(action));
	switch (action) {
	case ACTION_PRESERVE:
		return 0;
	case ACTION_RENAME_RESTART:
		err = rename_away(m, info);
		break;
	case ACTION_COREDUMP_DESTROY:
	case ACTION_COREDUMP_RESTART:
		dump_core(m);
		err = guest_destroy(&m->host, m->domid, info->uuid);
		break;
	case ACTION_DESTROY:
	case ACTION_RESTART:
	case ACTION_SOFT_RESET:		/* a restart does what it is for */
		err = guest_destroy(&m->host, m->domid, info->uuid);
		break;
	}
	if (err || action == ACTION_DESTROY || action == ACTION_COREDUMP_DESTROY)
		return err;
	err = start_again(m);
	return err ? err : 1;
}

static void monitor_end(struct monitor *m)
{
	host_close(&m->host);
}

int monitor_run(struct guest_config *config, domid_t domid)
{
	CLEANUP(monitor_end) struct monitor m = {
		.config = config,
		.domid = domid,
	};
	int err = host_open(&m.host), again = 1;

	while (!err && again > 0) {
		struct hv_domain info;

		err = wait_shutdown(&m, &info);
		if (err == -ESRCH)
			return 0;
		if (err)
			return log_err(err, "guest %s: wait for its end",
				       config->name);
		again = act(&m, &info);
		if (again < 0)
			err = again;
	}
	return err;
}

/* -- in the background ----------------------------------------------------- */

static int open_log(const struct guest_config *config)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "/var/log/xen/xl-lite-%s.log",
		 config->name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return fd >= 0 ? fd : open("/dev/null", O_WRONLY | O_CLOEXEC);
}

static void let_go(const struct guest_config *config)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int log = open_log(config);

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(log, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	/* nobody's mount or folder is to be held by a guest that runs */
	if (chdir("/"))
		log_err(-errno, "/");
}

int monitor_start(struct guest_config *config, domid_t domid)
{
	pid_t pid = fork();

	if (pid == -1)
		return log_err(-errno, "guest %s: start its monitor",
			       config->name);
	if (pid)
		return 0;
	let_go(config);
	_exit(monitor_run(config, domid) ? 1 : 0);
}
