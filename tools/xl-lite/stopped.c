/* SPDX-License-Identifier: MIT */
/* What is done with a guest that has stopped; see stopped.h. */
#include "config.h"

#include "tools/xl-lite/stopped.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"

#include "tools/xl-lite/create.h"
#include "tools/xl-lite/destroy.h"
#include "tools/xl-lite/device-model.h"
#include "tools/xl-lite/domain.h"
#include "tools/xl-lite/leftover.h"
#include "tools/xl-lite/lifecycle.h"
#include "tools/xl-lite/next-config.h"
#include "tools/xl-lite/outcome.h"
#include "tools/xl-lite/userdata.h"

#define DUMP_FOLDER "/var/lib/xen/dump"

/* -- what has come of it ------------------------------------------------------- */

/* The act is over with this; S is removed behind it. */
static void leave_word(const struct guest_state *s,
		       const struct stopped_result *r)
{
	static const enum event_type types[] = {
		[STOPPED_FAILED] = EVENT_FAILED,
		[STOPPED_KEPT] = EVENT_KEPT,
		[STOPPED_RESTARTED] = EVENT_RESTARTED,
		[STOPPED_RESET] = EVENT_RESET,
	};
	struct event e = {
		.type = types[r->outcome],
		.domid = s->domid,
		.name = s->config->name,
		.uuid = s->uuid,
	};

	if (!r->tell && !host_daemon_running("xl-lited"))
		return;
	if (e.type == EVENT_RESTARTED) {
		e.domid = r->domid;
		e.uuid = r->uuid;
		e.from = s->domid;
	}
	outcome_write(s->domid, s->uuid, &e);
}

/* -- the old domain ---------------------------------------------------------- */

static void dump_core(struct host *host, const char *name, domid_t domid)
{
	char path[512];
	int err;

	mkdir(DUMP_FOLDER, 0700);
	snprintf(path, sizeof(path), DUMP_FOLDER "/%s", name);
	err = hv_domain_dump_core(host->hv, domid, path);
	if (err)
		log_fail(err, "guest %s: dump to %s: %s", name, path,
			 hv_why(host->hv, err));
	else
		log_info("guest %s: dumped to %s", name, path);
}

/* The old domain's names: where they are, and what they become. */
struct aside {
	domid_t domid;
	const uint8_t *from, *to;
	char name[DOMAIN_NAME_MAX + 32];
};

static int rename_nodes(struct store *s, xs_transaction_t t, void *arg)
{
	const struct aside *a = arg;
	struct nodes n = { .store = s, .t = t };
	char path[STORE_PATH_MAX], vm[STORE_PATH_MAX], uuid[UUID_TEXT_SIZE];

	domain_vm_path(a->from, vm);
	nodes_remove(&n, vm, NULL);
	domain_vm_path(a->to, vm);
	uuid_format(a->to, uuid);
	nodes_make(&n, (struct node_access) { .reader = a->domid }, vm, NULL);
	nodes_put(&n, vm, "name", "%s", a->name);
	nodes_put(&n, vm, "uuid", "%s", uuid);
	path_domain(path, sizeof(path), a->domid);
	nodes_put(&n, path, "name", "%s", a->name);
	nodes_put(&n, path, "vm", "%s", vm);
	return n.err;
}

/*
 * It keeps its memory to be looked at, and makes room for the next one: its
 * name and UUID, as with xl, and its devices. Each step may be repeated.
 */
static int put_aside(struct host *host, const struct guest_state *r)
{
	struct aside a = {
		.domid = r->domid, .from = r->uuid, .to = r->aside_uuid,
	};
	char name[DOMAIN_NAME_MAX], stamp[32];
	char dir[STORE_PATH_MAX], vm[STORE_PATH_MAX], old_vm[STORE_PATH_MAX];
	time_t now = time(NULL);
	struct tm tm;
	int err;

	err = guest_drop_devices(host, r->domid);
	if (err)
		return err;
	err = hv_domain_set_uuid(host->hv, r->domid, r->aside_uuid);
	if (err)
		return log_fail(err, "domain %u: change its UUID: %s",
				r->domid, hv_why(host->hv, err));
	path_domain(dir, sizeof(dir), r->domid);
	domain_vm_path(r->uuid, old_vm);
	err = domain_name(&host->store, r->domid, name);
	if (!err)
		err = store_read(&host->store, XBT_NULL, dir, "vm", vm,
				 sizeof(vm));
	if (!err && strcmp(vm, old_vm) == 0) {
		gmtime_r(&now, &tm);
		strftime(stamp, sizeof(stamp), "%Y%m%dT%H%MZ", &tm);
		snprintf(a.name, sizeof(a.name), "%s-%s", name, stamp);
		err = store_transact(&host->store, rename_nodes, &a);
		if (!err)
			log_info("guest %s: domain %u is kept, as %s",
				 name, r->domid, a.name);
	}
	if (err)
		return log_err(err, "domain %u: rename", r->domid);
	userdata_rename(r->domid, r->uuid, r->aside_uuid);
	return 0;
}

/* Of a restart that was cut off the old domain may be gone, or half gone. */
static int leave_old(struct host *host, const struct guest_state *r)
{
	struct hv_domain info;
	char live[sizeof(r->path)];
	int err = hv_domain_info(host->hv, r->domid, &info);
	bool there = !err;

	/* its number is another's by now */
	if (there && memcmp(info.uuid, r->uuid, 16) != 0 &&
	    !(r->aside && memcmp(info.uuid, r->aside_uuid, 16) == 0))
		return 0;
	if (!r->aside)
		return guest_destroy(host, r->domid, r->uuid);
	err = there ? put_aside(host, r) : 0;
	guest_state_path(live, sizeof(live), GUEST_STATE_LIVE, r->domid,
			 r->uuid);
	unlink(live);
	return err;
}

/* -- the new domain ---------------------------------------------------------- */

/* Relative paths in a configuration are relative to where it was created. */
static void enter_folder(const struct guest_state *r)
{
	if (chdir(r->folder))
		log_warn("guest %s: its folder %s: %s: relative paths of its configuration are not found",
			 r->config->name, r->folder, strerror(errno));
}

/* Nobody's mount is to be held by a guest that runs. */
static void leave_folder(void)
{
	if (chdir("/"))
		log_err(-errno, "/");
}

static int create_in_folder(struct host *host, const struct guest_state *r,
			    domid_t *domid, struct mark *mark)
{
	int err;

	enter_folder(r);
	err = guest_create(host, r->config, NULL, domid, mark);
	leave_folder();
	return err;
}

static int run_again(struct host *host, const struct guest_state *r,
		     domid_t domid, struct mark *mark)
{
	struct guest_state live;
	int err;

	guest_state_begin(&live, domid, r->config);
	live.short_lives = r->short_lives;
	memcpy(live.folder, r->folder, sizeof(live.folder));
	err = guest_state_write(&live, GUEST_STATE_LIVE, false);
	return err ? err : guest_start(host, r->config, domid, mark);
}

static int make_new(struct host *host, const struct guest_state *r,
		    domid_t *domid)
{
	struct mark mark = { .fd = -1 };
	int err = create_in_folder(host, r, domid, &mark);

	if (err)
		return err;
	err = run_again(host, r, *domid, &mark);
	if (err)
		guest_undo(host, r->config, *domid, &mark);
	return err;
}

static int restart(struct host *host, struct guest_state *r,
		   struct stopped_result *ret)
{
	int err = leave_old(host, r);

	if (!err)
		err = make_new(host, r, &ret->domid);
	ret->outcome = err ? STOPPED_FAILED : STOPPED_RESTARTED;
	memcpy(ret->uuid, r->config->uuid, 16);
	leave_word(r, ret);
	guest_state_remove(r);
	if (err)
		return log_fail(err, "guest %s: not started again: see above; then start it with 'xl-lite create'",
				r->config->name);
	log_info("guest %s: started again as domain %u", r->config->name,
		 ret->domid);
	return 0;
}

/* -- the same domain ----------------------------------------------------------- */

static int read_tty(struct host *host, domid_t domid, char *tty, size_t size)
{
	char dir[STORE_PATH_MAX];
	int err;

	path_console(dir, sizeof(dir), domid);
	err = store_read(&host->store, XBT_NULL, dir, "tty", tty, size);
	return err ? log_err(err, "domain %u: %s/tty", domid, dir) : 0;
}

/*
 * Its own file goes first, and comes back when all is done: so whoever goes on
 * knows how far it was.
 */
static int reset_here(struct host *host, const struct guest_state *r)
{
	CLEANUP_DM_STATE struct dm_state machine = { .fd = -1 };
	struct dm_state *state = r->config->type == GUEST_HVM ? &machine : NULL;
	struct mark mark = { .fd = -1 };
	char tty[128], live[sizeof(r->path)];
	int err = read_tty(host, r->domid, tty, sizeof(tty));

	if (err)
		return err;
	guest_state_path(live, sizeof(live), GUEST_STATE_LIVE, r->domid,
			 r->uuid);
	unlink(live);
	err = guest_reset(host, r->domid, r->uuid, state);
	if (!err) {
		enter_folder(r);
		err = guest_create_again(host, r->config, r->domid, tty,
					 state, &mark);
		leave_folder();
	}
	if (err)
		return err;
	err = run_again(host, r, r->domid, &mark);
	if (err)
		guest_undo(host, r->config, r->domid, &mark);
	return err;
}

static void note_reset(const struct guest_state *r, struct stopped_result *ret)
{
	ret->outcome = STOPPED_RESET;
	ret->domid = r->domid;
	memcpy(ret->uuid, r->uuid, 16);
	leave_word(r, ret);
}

/*
 * By a connection of its own: watches of who made this domain, or reset it
 * before, may still be on the other, since its nodes are called the same.
 */
static int reset_apart(const struct guest_state *r)
{
	CLEANUP_HOST struct host host = { 0 };
	int err = host_open(&host);

	return err ? err : reset_here(&host, r);
}

static int reset(struct host *host, struct guest_state *r,
		 struct stopped_result *ret)
{
	if (reset_apart(r)) {
		log_warn("guest %s: domain %u could not be reset, see above: its memory is lost, and it is restarted",
			 r->config->name, r->domid);
		return restart(host, r, ret);
	}
	log_info("guest %s: domain %u was reset, and goes on",
		 r->config->name, r->domid);
	note_reset(r, ret);
	guest_state_remove(r);
	return 0;
}

/* Xen itself has it for PVH and HVM guests only. */
static bool may_reset(const struct guest_config *config)
{
	if (config->type != GUEST_PV)
		return true;
	log_warn("guest %s: a soft reset, which keeps the guest's memory, is nothing that Xen does for PV guests: it is restarted",
		 config->name);
	return false;
}

/* -- both --------------------------------------------------------------------- */

static int begin_restart(struct host *host, struct guest_state *state,
			 unsigned int short_lives, bool aside, bool here,
			 struct stopped_result *ret)
{
	CLEANUP_GUEST_STATE struct guest_state r = {
		.fd = -1,
		.domid = state->domid,
		.started_ns = state->started_ns,
		.short_lives = short_lives,
		.aside = aside,
		.config = state->config,
		.config_lent = true,
	};
	int err = 0;

	memcpy(r.uuid, state->uuid, 16);
	memcpy(r.boot, state->boot, sizeof(r.boot));
	memcpy(r.folder, state->folder, sizeof(r.folder));
	if (aside)
		err = uuid_draw(r.aside_uuid);
	if (!err)
		err = guest_state_write(&r, GUEST_STATE_RESTART, true);
	if (err)
		return err;
	return here ? reset(host, &r, ret) : restart(host, &r, ret);
}

static bool in_a_loop(const struct guest_state *state, unsigned int short_lives)
{
	if (short_lives <= SHORT_LIVES_MAX)
		return false;
	log_warn("guest %s: domain %u: its last %u lives took less than %d s each: it is in a loop, and is kept as it stopped: look at its console, and end it with 'xl-lite destroy %u'",
		 state->config->name, state->domid, short_lives, SHORT_LIFE_S,
		 state->domid);
	return true;
}

/* Somebody, stock xl maybe, may have renamed it since it was made. */
static void take_name(struct host *host, struct guest_state *state)
{
	char name[DOMAIN_NAME_MAX];
	const char *kept;

	if (domain_name(&host->store, state->domid, name))
		return;
	kept = guest_config_keep(state->config, name);
	if (kept)
		state->config->name = kept;
}

static bool is_anothers(struct host *host, const char *name, domid_t domid)
{
	domid_t owner;

	return domain_by_name(&host->store, name, &owner, NULL) == 0 &&
	       owner != domid;
}

/*
 * While the domain that has stopped is still there to be looked at. What
 * config-update has stored has a name, too, which counts, as with xl.
 */
static void take_next_config(struct host *host, struct guest_state *state,
			     const struct hv_domain *info)
{
	struct guest_config *next;

	next_config(host, info, state->config, &next);
	if (!next)
		return;
	if (!state->config_lent)
		guest_config_free(state->config);
	state->config = next;
	state->config_lent = false;
	if (!is_anothers(host, next->name, state->domid))
		return;
	log_warn("guest %s: name: what config-update stored has that of another guest: it keeps the one it has",
		 next->name);
	take_name(host, state);
}

int stopped_act(struct host *host, struct guest_state *state,
		const struct hv_domain *info, struct stopped_result *ret)
{
	const unsigned int reason = info->shutdown_reason;
	const enum shutdown_action action =
		lifecycle_action(state->config, reason);
	const struct lifecycle_steps *steps = lifecycle_steps(action);
	const unsigned int short_lives =
		lifecycle_short_lives(state->short_lives,
				      guest_state_life_ns(state));
	bool here = false;
	int err;

	ret->outcome = STOPPED_FAILED;
	take_name(host, state);
	log_info("guest %s: domain %u stopped (reason %u): %s",
		 state->config->name, state->domid, reason,
		 shutdown_action_name(action));
	if (action == ACTION_SOFT_RESET)
		here = may_reset(state->config);
	if (steps->restart && in_a_loop(state, short_lives))
		steps = lifecycle_steps(ACTION_PRESERVE);
	if (steps->dump)
		dump_core(host, state->config->name, state->domid);
	/* another configuration is for another domain */
	if (steps->restart && here)
		next_config_here(host, info, state->config);
	else if (steps->restart)
		take_next_config(host, state, info);
	if (steps->restart)
		return begin_restart(host, state, short_lives, steps->aside,
				     here, ret);
	if (!steps->destroy) {
		ret->outcome = STOPPED_KEPT;
		leave_word(state, ret);
		guest_state_remove(state);
		return 0;
	}
	err = guest_destroy(host, state->domid, state->uuid);
	if (!err)
		ret->outcome = STOPPED_DESTROYED;
	return err;
}

/*
 * Was the new domain complete when its restart was cut off? A creation that
 * was cut off itself is finished or undone first.
 */
static int find_new(struct host *host, const struct guest_state *r,
		    domid_t *domid)
{
	CLEANUP_FREE struct hv_domain *domains = NULL;
	struct mark mark = { .fd = -1 };
	struct mark_record left;
	char path[sizeof(mark.path)], text[512];
	size_t count = 0;
	int err;

	mark_path_name(path, sizeof(path), r->config->name);
	err = mark_take(&mark, path, false, &left);
	if (!err) {
		err = leftover_finish(host, &left, false, text, sizeof(text));
		if (text[0])
			log_warn("%s", text);
		mark_remove(&mark);
	}
	if (err && err != -ENOENT)
		return err;
	err = hv_domain_list(host->hv, &domains, &count);
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		/* domain 0 has a UUID of zeros, which a guest may be given */
		if (domains[i].domid && domains[i].domid != r->domid &&
		    !domains[i].dying &&
		    memcmp(domains[i].uuid, r->config->uuid, 16) == 0) {
			*domid = domains[i].domid;
			return 0;
		}
	return -ESRCH;
}

/* Its reset was cut off when all was done: then it runs, and is minded. */
static bool was_reset(struct host *host, const struct guest_state *r)
{
	struct hv_domain info;

	return hv_domain_info(host->hv, r->domid, &info) == 0 &&
	       memcmp(info.uuid, r->uuid, 16) == 0 && !info.dying &&
	       !info.shutdown &&
	       guest_state_exists(GUEST_STATE_LIVE, r->domid, r->uuid);
}

int stopped_resume(struct host *host, struct guest_state *r,
		   struct stopped_result *ret)
{
	int err = find_new(host, r, &ret->domid);

	if (err == -ESRCH && was_reset(host, r)) {
		note_reset(r, ret);
		guest_state_remove(r);
		return 0;
	}

	ret->outcome = STOPPED_FAILED;
	if (err == -ESRCH) {
		log_info("guest %s: its restart was cut off: going on",
			 r->config->name);
		return restart(host, r, ret);
	}
	if (err)
		return log_fail(err, "guest %s: its restart was cut off, and cannot be finished: %s",
				r->config->name, strerror(-err));
	ret->outcome = STOPPED_RESTARTED;
	memcpy(ret->uuid, r->config->uuid, 16);
	leave_word(r, ret);
	guest_state_remove(r);
	return 0;
}
