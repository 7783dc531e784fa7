/* SPDX-License-Identifier: MIT */
/*
 * xl-lited: minds all guests of this host that xl-lite created. One process,
 * which sleeps until xenstored says that some domain was made, stopped or
 * died; then it asks Xen for the list of domains, once, and has done what is
 * to be done for those that have stopped (action.c).
 *
 * It has no state that matters. Which guests it minds, and what for, is on
 * disk (guest-state.h); that one has stopped, Xen knows until the domain is
 * destroyed. So it can be killed and started again at any time: what happened
 * meanwhile is seen in the first list. That nothing is done twice is up to
 * the lock on each guest's file.
 *
 * That nothing is told twice, and nothing is left out, is up to the log
 * (event-log.h), of which the table of domains is made: a line is told once it
 * is there. What has come of an act (outcome.h) is on disk before it is over,
 * and until the log has it.
 */
#include "config.h"

/* before <xen/sched.h>: Xen's headers depend on who includes them first */
#include "tools/xl-lite/hv.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <xen/sched.h>

#include "lib/daemon.h"
#include "lib/log.h"
#include "lib/loop.h"

#include "tools/xl-lite/action.h"
#include "tools/xl-lite/domain-table.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/event-log.h"
#include "tools/xl-lite/lifecycle.h"
#include "tools/xl-lite/listeners.h"
#include "tools/xl-lite/monitor.h"
#include "tools/xl-lite/names.h"
#include "tools/xl-lite/outcome.h"

#define PROGRAM "xl-lited"

/* At a time: creating guests takes processors and memory. */
#define ACTIONS_MAX 4
/*
 * A process that does something for a guest was killed: how often it is tried
 * again, for one guest, and in a row for all.
 */
#define TRIES_MAX 3
#define KILLED_MAX 20

enum {
	TAG_STORE, TAG_LINE, TAG_SIGNAL, TAG_SOCKET, TAG_LISTENER, TAG_NAMES,
};

struct lited {
	struct hv *hv;
	struct store store;
	struct loop loop;
	int signal_fd;
	struct domain_table table;
	struct action_list actions;
	struct event_log log;
	struct listeners listeners;
	struct names names;
	bool looking_back;	/* restarts may wait to be finished */
	bool untold;		/* what others did may wait to be told */
	unsigned int killed;	/* processes that acted, in a row */
	bool stopping;
};

/* -- telling ------------------------------------------------------------------ */

static void say(struct lited *l, struct event *e)
{
	event_log_add(&l->log, e);
	l->listeners.seq = e->seq;
	listeners_tell(&l->listeners, e);
}

static void tell(struct lited *l, enum event_type type,
		 const struct seen_domain *d)
{
	struct event e = {
		.type = type, .domid = d->domid, .name = d->name,
		.uuid = d->uuid,
	};

	say(l, &e);
}

static void on_gone(const struct seen_domain *d, void *arg)
{
	struct lited *l = arg;

	if (d->told)
		tell(l, EVENT_DESTROYED, d);
	/* maybe by somebody who starts it again */
	if (!d->settled)
		l->untold = true;
}

static void read_name(struct lited *l, struct seen_domain *d)
{
	char name[DOMAIN_NAME_MAX], *copy;

	if (domain_name(&l->store, d->domid, name))
		return;
	copy = strdup(name);
	if (!copy)
		return;
	free(d->name);
	d->name = copy;
}

/* It is told of once it has a name: before, it is half made. */
static void look_at_new(struct lited *l, struct seen_domain *d)
{
	if (d->told)
		return;
	read_name(l, d);
	d->told = d->name;
	if (d->told)
		tell(l, EVENT_CREATED, d);
}

static void look_at_stopped(struct lited *l, struct seen_domain *d,
			    const struct hv_domain *info)
{
	const char *reason = shutdown_reason_name(info->shutdown_reason);
	struct event e = {
		.type = info->shutdown_reason == SHUTDOWN_crash
			? EVENT_CRASHED : EVENT_SHUTDOWN,
		.domid = d->domid,
		.uuid = d->uuid,
	};

	if (d->stopped && strcmp(d->reason, reason) == 0)
		return;
	d->stopped = true;
	d->reason = reason;
	read_name(l, d);
	e.name = d->name;
	if (e.type == EVENT_SHUTDOWN)
		e.reason = reason;
	say(l, &e);
}

/* -- what was told before this process was started ------------------------------ */

static const char *reason_of(const struct event *e)
{
	if (e->type == EVENT_CRASHED)
		return shutdown_reason_name(SHUTDOWN_crash);
	for (unsigned int i = 0; e->reason && i <= SHUTDOWN_MAX; i++)
		if (strcmp(shutdown_reason_name(i), e->reason) == 0)
			return shutdown_reason_name(i);
	return shutdown_reason_name(UINT_MAX);
}

static void learn_domain(struct lited *l, const struct event *e)
{
	struct seen_domain *d = domain_table_learn(&l->table, e->domid);

	if (!d || !e->uuid)
		return;
	memcpy(d->uuid, e->uuid, sizeof(d->uuid));
	free(d->name);
	d->name = e->name ? strdup(e->name) : NULL;
	d->told = true;
	d->stopped = false;
}

static void learn(const struct event *e, void *arg)
{
	struct lited *l = arg;
	struct seen_domain *d = domain_table_find(&l->table, e->domid);

	switch (e->type) {
	case EVENT_CREATED:
		learn_domain(l, e);
		break;
	case EVENT_SHUTDOWN:
	case EVENT_CRASHED:
		if (d) {
			d->stopped = true;
			d->reason = reason_of(e);
		}
		break;
	case EVENT_RESET:
		if (d)
			d->stopped = false;
		break;
	case EVENT_DESTROYED:
		domain_table_forget(&l->table, e->domid);
		break;
	case EVENT_RESTARTED:
	case EVENT_KEPT:
	case EVENT_FAILED:
	case EVENT_LISTENING:
	case EVENT_CUT_OFF:
		break;
	}
}

/* Of an earlier boot of the host no domain is left, whatever has its number. */
static void learn_all(struct lited *l)
{
	char boot[BOOT_ID_SIZE];

	event_log_open(&l->log, EVENT_LOG, learn, l);
	guest_state_boot_id(boot);
	if (strcmp(l->log.boot, boot) != 0)
		domain_table_update(&l->table, NULL, 0, on_gone, l);
	event_log_begin(&l->log, boot);
	l->listeners.seq = l->log.seq;
}

/* -- acting -------------------------------------------------------------------- */

static bool acts_for(const struct lited *l, domid_t domid)
{
	const struct action *a;

	TAILQ_FOREACH(a, &l->actions, link)
		if (a->domid == domid)
			return true;
	return false;
}

/* Those who wait for somebody else take nothing. */
static unsigned int count_actions(const struct lited *l)
{
	const struct action *a;
	unsigned int count = 0;

	TAILQ_FOREACH(a, &l->actions, link)
		count += !a->waits;
	return count;
}

/* For one that nobody acts for yet. Who waits for somebody else takes no room. */
static bool may_act(const struct lited *l, enum guest_state_kind file,
		    domid_t domid, const uint8_t uuid[16])
{
	return !l->stopping && (count_actions(l) < ACTIONS_MAX ||
				guest_state_holder(file, domid, uuid));
}

/*
 * Who acts for it may do so right now: the file of a restart is written before
 * the guest's own is removed, and what has come of it before both are.
 */
static void act_on(struct lited *l, struct seen_domain *d)
{
	bool live, restart;

	if (d->settled)
		return;
	live = guest_state_exists(GUEST_STATE_LIVE, d->domid, d->uuid);
	restart = guest_state_exists(GUEST_STATE_RESTART, d->domid, d->uuid);
	if (!live && !restart) {
		d->settled = true;	/* nobody asked for anything, or it is over */
		l->untold = true;
	} else if (restart && may_act(l, GUEST_STATE_RESTART, d->domid,
				      d->uuid)) {
		action_start(&l->actions, ACTION_KIND_RESUME, d->domid,
			     d->uuid);
	} else if (!restart && may_act(l, GUEST_STATE_LIVE, d->domid,
				       d->uuid)) {
		action_start(&l->actions, ACTION_KIND_ACT, d->domid, d->uuid);
	}
}

static void look_at(struct lited *l, struct seen_domain *d,
		    const struct hv_domain *info)
{
	look_at_new(l, d);
	/* how it is now may be half of what is done for it */
	if (acts_for(l, d->domid))
		return;
	/* a domain that was suspended, or reset, goes on */
	if (!info->shutdown) {
		d->stopped = d->settled = false;
		return;
	}
	look_at_stopped(l, d, info);
	if (info->shutdown_reason != SHUTDOWN_suspend)
		act_on(l, d);
}

/* The restarts that were cut off; of some the old domain is gone already. */
static void resume_or_wait(struct lited *l, domid_t domid,
			   const uint8_t uuid[16])
{
	if (acts_for(l, domid))
		return;
	if (may_act(l, GUEST_STATE_RESTART, domid, uuid))
		action_start(&l->actions, ACTION_KIND_RESUME, domid, uuid);
	else
		l->looking_back = true;	/* when there is room */
}

/*
 * Somebody else is at it: a child of the xl-lited before, or the process that
 * minds this guest alone. Whoever waits behind him knows when it is over.
 */
static void wait_for_others(struct lited *l, domid_t domid,
			    const uint8_t uuid[16])
{
	if (!acts_for(l, domid) && !l->stopping &&
	    guest_state_holder(GUEST_STATE_RESTART, domid, uuid))
		action_start(&l->actions, ACTION_KIND_RESUME, domid, uuid);
}

static bool is_to_be_done(domid_t domid, const uint8_t uuid[16])
{
	return guest_state_exists(GUEST_STATE_LIVE, domid, uuid) ||
	       guest_state_exists(GUEST_STATE_RESTART, domid, uuid);
}

/* What has come of an act that xl-lited did not see the end of. */
static void tell_late(struct lited *l, domid_t domid, const uint8_t uuid[16])
{
	CLEANUP(arena_free) struct arena arena = { 0 };
	char line[EVENT_LINE_MAX];
	struct event e;

	/* it is not over; its end will be seen */
	if (acts_for(l, domid) || is_to_be_done(domid, uuid))
		return;
	if (outcome_read(domid, uuid, &arena, &e, line) == 0 &&
	    !event_log_has(&l->log, line))
		say(l, &e);
	outcome_remove(domid, uuid);
}

static void for_each_file(struct lited *l, enum guest_state_kind kind,
			  void (*fn)(struct lited *l, domid_t domid,
				     const uint8_t uuid[16]))
{
	DIR *folder = opendir(GUEST_STATE_FOLDER);
	struct dirent *entry;
	uint8_t uuid[16];
	domid_t domid;

	if (!folder)
		return;
	while ((entry = readdir(folder)))
		if (guest_state_parse_name(entry->d_name, kind, &domid, uuid)
		    == 0)
			fn(l, domid, uuid);
	closedir(folder);
}

/* In this order: of what was over behind our back there is the outcome. */
static void look_back(struct lited *l)
{
	if (l->looking_back) {
		l->looking_back = false;
		for_each_file(l, GUEST_STATE_RESTART, resume_or_wait);
	}
	if (l->untold) {
		l->untold = false;
		for_each_file(l, GUEST_STATE_RESTART, wait_for_others);
		for_each_file(l, GUEST_STATE_OUTCOME, tell_late);
	}
}

/*
 * A domain that is dead may stay in Xen's list for a while, and nobody is told
 * when it leaves that: it is gone when it is dead.
 */
static size_t leave_out_dead(struct hv_domain *domains, size_t count)
{
	size_t alive = 0;

	for (size_t i = 0; i < count; i++)
		if (!domains[i].dying)
			domains[alive++] = domains[i];
	return alive;
}

static int look(struct lited *l)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	size_t count = 0;
	int err = hv_domain_list(l->hv, &domains, &count);

	count = leave_out_dead(domains, count);
	if (!err)
		err = domain_table_update(&l->table, domains, count, on_gone,
					  l);
	if (err)
		return log_fail(err, "list domains: %s", hv_why(l->hv, err));
	for (size_t i = 0; i < count; i++)
		look_at(l, &l->table.list[i], &domains[i]);
	look_back(l);
	return 0;
}

/* -- what was done -------------------------------------------------------------- */

static void tell_outcome(struct lited *l, const struct action *a, bool failed)
{
	CLEANUP(arena_free) struct arena arena = { 0 };
	const struct seen_domain *d = domain_table_find(&l->table, a->domid);
	char line[EVENT_LINE_MAX];
	struct event e;

	if (outcome_read(a->domid, a->uuid, &arena, &e, line) == 0) {
		say(l, &e);
		outcome_remove(a->domid, a->uuid);
	} else if (failed && is_to_be_done(a->domid, a->uuid)) {
		/* which is tried again when this is started again */
		e = (struct event) {
			.type = EVENT_FAILED, .domid = a->domid,
			.uuid = a->uuid, .name = d ? d->name : NULL,
		};
		say(l, &e);
	}
}

static void on_killed(struct lited *l, const struct action *a)
{
	struct seen_domain *d = domain_table_find(&l->table, a->domid);
	/* of a domain that is gone there is nothing to count by */
	bool again = l->killed++ < KILLED_MAX &&
		     (!d || d->tries++ < TRIES_MAX);

	log_warn("domain %u: the process that acted for it, %d, was killed: %s",
		 a->domid, a->pid,
		 again ? "trying again" : "giving up until the next start");
	l->looking_back |= again;
	if (d)
		d->settled = !again;
}

/*
 * What is done and is minded still goes on: it was reset, and may have stopped
 * again before it was seen to run.
 */
static void on_done(struct lited *l, const struct action *a,
		    enum action_end end)
{
	struct seen_domain *d = domain_table_find(&l->table, a->domid);

	l->killed = 0;
	if (!d)
		return;
	d->settled = end == ACTION_FAILED ||
		     !guest_state_exists(GUEST_STATE_LIVE, d->domid, d->uuid);
	if (d->settled)
		return;
	tell_outcome(l, a, false);
	d->stopped = false;
}

static int on_child(struct lited *l)
{
	enum action_end end;
	struct action *a;
	int err = 0;

	while (!err && (a = action_reap(&l->actions, &end))) {
		if (end == ACTION_KILLED)
			on_killed(l, a);
		else
			on_done(l, a, end);
		/* somebody else was quicker, and may still be at it */
		if (!guest_state_exists(GUEST_STATE_OUTCOME, a->domid,
					a->uuid))
			l->untold = true;
		/* there may be room for others; and the new one is named */
		err = look(l);
		if (end != ACTION_KILLED)
			tell_outcome(l, a, end == ACTION_FAILED);
		free(a);
	}
	return err;
}

/* -- taking over ------------------------------------------------------------------ */

/*
 * Ask the process that minds this one guest to leave it to us. Whether it is
 * still the one that holds the file is looked at again when it cannot be
 * mistaken for another any more.
 */
static bool take_over(const struct seen_domain *d)
{
	pid_t pid = guest_state_holder(GUEST_STATE_LIVE, d->domid, d->uuid);
	CLEANUP_CLOSE int fd = -1;

	if (pid <= 0)
		return false;
	fd = syscall(SYS_pidfd_open, pid, 0);
	if (fd == -1 || guest_state_holder(GUEST_STATE_LIVE, d->domid,
					   d->uuid) != pid)
		return false;
	return syscall(SYS_pidfd_send_signal, fd, MONITOR_LET_GO, NULL, 0)
	       == 0;
}

static void take_over_all(struct lited *l)
{
	unsigned int minded = 0, taken = 0;

	for (size_t i = 0; i < l->table.count; i++) {
		const struct seen_domain *d = &l->table.list[i];

		minded += guest_state_exists(GUEST_STATE_LIVE, d->domid,
					     d->uuid);
		taken += take_over(d);
	}
	log_info("ready: %u guests to mind; of these %u were held by a process each, which was asked to let go",
		 minded, taken);
}

/* -- the loop ---------------------------------------------------------------------- */

/* Whatever was told of domains: the list says more. */
static int on_store(struct lited *l)
{
	char path[64], token[16];
	int n, events = 0;

	while ((n = store_next_event(&l->store, path, sizeof(path), token,
				     sizeof(token))) == 1)
		events += !names_event(&l->names, path, token);
	if (n < 0 && n != -ENOMEM)
		return log_err(n, "xenstore: event");
	return events || n ? look(l) : 0;
}

static int take_events(void *arg)
{
	return on_store(arg);
}

/* What xenstored refuses is their business: they look for themselves. */
static int on_names(struct lited *l)
{
	int err = names_answer(&l->names, take_events, l);

	if (err)
		log_err(err, "names of domains");
	return 0;
}

/* Systemd starts us again, and by then it may be there again. */
static int on_line(struct lited *l)
{
	if (!store_hung_up(&l->store))
		return 0;
	return log_fail(-ECONNRESET, "xenstore: xenstored hung up: ending; guests are minded from where this is when started again");
}

static int on_signal(struct lited *l)
{
	struct signalfd_siginfo info;

	while (read(l->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			int err = on_child(l);

			if (err)
				return err;
			continue;
		}
		log_info("%s: ending; guests run on, and are minded by who is started next",
			 strsignal(info.ssi_signo));
		daemon_notify("STOPPING=1");
		l->stopping = true;
	}
	return 0;
}

static int on_event(struct lited *l, const struct loop_event *event)
{
	switch (event->tag.type) {
	case TAG_STORE:
		return on_store(l);
	case TAG_LINE:
		return on_line(l);
	case TAG_SIGNAL:
		return on_signal(l);
	case TAG_SOCKET:
		listeners_accept(&l->listeners);
		return 0;
	case TAG_LISTENER:
		listeners_event(&l->listeners, event->tag.id, event->events);
		return 0;
	case TAG_NAMES:
		return on_names(l);
	}
	return 0;
}

static int serve(struct lited *l)
{
	struct loop_event events[16];

	while (!l->stopping || count_actions(l)) {
		int n = loop_wait(&l->loop, events, ARRAY_SIZE(events), -1);

		if (n < 0)
			return log_err(n, "wait for events");
		for (int i = 0; i < n; i++) {
			int err = on_event(l, &events[i]);

			if (err)
				return err;
		}
	}
	return 0;
}

/* -- life ---------------------------------------------------------------------------- */

static int watch(struct lited *l)
{
	const union loop_tag store_tag = { .type = TAG_STORE };
	const union loop_tag line_tag = { .type = TAG_LINE };
	int line_fd = store_line_fd(&l->store);
	int err = store_watch(&l->store, "@releaseDomain", NULL, "");

	if (!err)
		err = store_watch(&l->store, "@introduceDomain", NULL, "");
	if (!err)
		err = loop_add(&l->loop, store_fd(&l->store), EPOLLIN,
			       store_tag);
	if (!err && line_fd >= 0)
		err = loop_add(&l->loop, line_fd, EPOLLRDHUP, line_tag);
	return err ? log_err(err, "xenstore: watch domains") : 0;
}

static int open_all(struct lited *l)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	const union loop_tag signal_tag = { .type = TAG_SIGNAL };
	const union loop_tag socket_tag = { .type = TAG_SOCKET };
	const union loop_tag names_tag = { .type = TAG_NAMES };
	int err = loop_open(&l->loop);

	if (!err)
		err = l->signal_fd = loop_signal_fd(signals,
						    ARRAY_SIZE(signals));
	if (err >= 0)
		err = loop_add(&l->loop, l->signal_fd, EPOLLIN, signal_tag);
	if (err)
		return log_err(err, "event loop");
	err = listeners_open(&l->listeners, EVENT_SOCKET, &l->loop,
			     TAG_LISTENER);
	if (!err)
		err = loop_add(&l->loop, l->listeners.socket_fd, EPOLLIN,
			       socket_tag);
	if (!err)
		err = hv_open(&l->hv);
	if (!err)
		err = store_open_batched(&l->store);
	if (!err)
		err = names_open(&l->names, NAMES_SOCKET, &l->store);
	if (!err)
		err = loop_add(&l->loop, l->names.fd, EPOLLIN, names_tag);
	return err ? err : watch(l);
}

static void close_all(struct lited *l)
{
	listeners_close(&l->listeners);
	event_log_close(&l->log);
	names_close(&l->names);
	store_close(&l->store);
	hv_close(l->hv);
	domain_table_free(&l->table);
	cleanup_close(&l->signal_fd);
	loop_close(&l->loop);
}

static int run(void)
{
	struct lited l = {
		.loop.epoll_fd = -1,
		.signal_fd = -1,
		.log.fd = -1,
		.listeners.socket_fd = -1,
		.names.fd = -1,
		.looking_back = true,
		.untold = true,
	};
	struct daemon_lock lock;
	int err = daemon_lock(&lock, PROGRAM);

	if (err)
		return EXIT_FAILURE;
	TAILQ_INIT(&l.actions);
	err = open_all(&l);
	if (!err) {
		learn_all(&l);
		err = look(&l);
	}
	if (!err) {
		take_over_all(&l);
		daemon_notify("READY=1");
		err = serve(&l);
	}
	close_all(&l);
	daemon_unlock(&lock);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	log_init(PROGRAM, LOG_INFO_LEVEL);
	while ((c = getopt_long(argc, argv, "hvV", options, NULL)) != -1) {
		switch (c) {
		case 'h':
			printf("usage: " PROGRAM " [-v]\n\n"
			       "Does for all guests of xl-lite what their configurations say of their\n"
			       "end: on_poweroff, on_reboot, on_crash, on_watchdog, on_soft_reset. Runs in the\n"
			       "foreground until it gets SIGTERM, which no guest notices.\n\n"
			       "  -v, --verbose    say more\n"
			       "  -h, --help       this text\n"
			       "  -V, --version    the version\n");
			return EXIT_SUCCESS;
		case 'V':
			printf(PROGRAM " %s\n", PACKAGE_VERSION);
			return EXIT_SUCCESS;
		case 'v':
			log_init(PROGRAM, LOG_DEBUG_LEVEL);
			break;
		default:
			fprintf(stderr, "try: " PROGRAM " --help\n");
			return EXIT_FAILURE;
		}
	}
	if (optind < argc) {
		log_fail(-EINVAL, "%s: takes no arguments; try --help",
			 argv[optind]);
		return EXIT_FAILURE;
	}
	return run();
}
