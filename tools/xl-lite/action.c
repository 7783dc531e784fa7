/* SPDX-License-Identifier: MIT */
/* What xl-lited does for a guest; see action.h. */
#include "config.h"

#include "tools/xl-lite/action.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <xen/sched.h>

#include "lib/log.h"

#include "tools/xl-lite/monitor.h"

/* -- in the new process ------------------------------------------------------- */

/*
 * Of xl-lited it keeps stderr alone. A signal that ends xl-lited, or is for
 * monitors, is not for it: a restart is not to be given up half way.
 */
static void begin(void)
{
	static const int unwanted[] = {
		SIGINT, SIGTERM, SIGHUP, MONITOR_LET_GO,
	};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(unwanted); i++)
		signal(unwanted[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	close_range(STDERR_FILENO + 1, ~0U, 0);
}

static int act(struct host *host, const struct action *a,
	       struct stopped_result *result)
{
	CLEANUP_GUEST_STATE struct guest_state state = { .fd = -1 };
	struct hv_domain info;
	int err = guest_state_take(&state, GUEST_STATE_LIVE, a->domid,
				   a->uuid);

	/* who had the lock before us may have done it all */
	if (!err)
		err = hv_domain_info(host->hv, a->domid, &info);
	if (err == -ENOENT || err == -ESRCH ||
	    (!err && (memcmp(info.uuid, a->uuid, 16) != 0 || info.dying ||
		      !info.shutdown)))
		return 0;
	if (err)
		return err;
	if (guest_state_of_this_boot(&state))
		return stopped_act(host, &state, &info, result);
	/* another toolstack's guest, of the number and UUID that ours had */
	guest_state_remove(&state);
	return 0;
}

static int resume(struct host *host, const struct action *a,
		  struct stopped_result *result)
{
	CLEANUP_GUEST_STATE struct guest_state restart = { .fd = -1 };
	int err = guest_state_take(&restart, GUEST_STATE_RESTART, a->domid,
				   a->uuid);

	if (err)
		return err == -ENOENT ? 0 : err;
	if (guest_state_of_this_boot(&restart))
		return stopped_resume(host, &restart, result);
	log_info("guest %s: its restart was cut off before the host was booted: forgotten",
		 restart.config->name);
	guest_state_remove(&restart);
	return 0;
}

__attribute__((noreturn))
static void run(const struct action *a)
{
	struct stopped_result result = {
		.tell = true, .outcome = STOPPED_NOT_OURS,
	};
	struct host host = { 0 };
	int err;

	begin();
	err = host_open(&host);
	if (!err)
		err = a->kind == ACTION_KIND_ACT ? act(&host, a, &result)
						 : resume(&host, a, &result);
	_exit(err ? 1 : 0);
}

/* -- in xl-lited ---------------------------------------------------------------- */

int action_start(struct action_list *list, enum action_kind kind,
		 domid_t domid, const uint8_t uuid[16])
{
	struct action *a = calloc(1, sizeof(*a));

	if (!a)
		return log_err(-ENOMEM, "domain %u", domid);
	a->kind = kind;
	a->waits = guest_state_holder(kind == ACTION_KIND_ACT ?
				      GUEST_STATE_LIVE : GUEST_STATE_RESTART,
				      domid, uuid) != 0;
	a->domid = domid;
	memcpy(a->uuid, uuid, sizeof(a->uuid));
	a->pid = fork();
	if (a->pid == 0)
		run(a);
	if (a->pid == -1) {
		int err = -errno;

		free(a);
		return log_err(err, "domain %u: start a process", domid);
	}
	TAILQ_INSERT_TAIL(list, a, link);
	return 0;
}

struct action *action_reap(struct action_list *list, enum action_end *end)
{
	struct action *a;
	int status;

	TAILQ_FOREACH(a, list, link) {
		if (waitpid(a->pid, &status, WNOHANG) != a->pid)
			continue;
		*end = !WIFEXITED(status) ? ACTION_KILLED :
		       WEXITSTATUS(status) ? ACTION_FAILED : ACTION_DONE;
		TAILQ_REMOVE(list, a, link);
		return a;
	}
	return NULL;
}
