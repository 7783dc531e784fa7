/* SPDX-License-Identifier: MIT */
/*
 * One fault, and what must hold whatever it was:
 *
 *   - the daemon lives, or was killed or hung up on, and can be started anew
 *   - the device works, or it is closed with a reason in xenstore; nobody
 *     waits for ever
 *   - no byte is ever wrong, and what was acknowledged is there
 *   - the other guest's device works
 *   - afterwards the same guest connects again and all is well
 *   - once the device is removed, nothing of it is left
 *   - nobody fills the log
 */
#include "config.h"

#include "tests/sim/sweep/sweep.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/sim/client.h"

/* Lines that the daemon, or a frontend, may write about one fault. */
#define LINES_MAX 40

/* A frontend that has nobody to talk to shall say so soon. */
#define FAULTY_WAIT_S 3

/* -- what is armed ---------------------------------------------------------------- */

void role_name(const struct world *w, enum role role, char *buf, size_t size)
{
	if (role == ROLE_WORKER)
		snprintf(buf, size, "%s: guest %u", w->kind->daemon,
			 w->guests[0].domid);
	else
		snprintf(buf, size, "%s", role == ROLE_FRONT ?
			 w->kind->program : w->kind->daemon);
}

void point_text(const struct world *w, const struct point *p, char *buf,
		size_t size)
{
	char role[48], range[24], action[32];

	role_name(w, p->role, role, sizeof(role));
	if (p->last != p->first)
		snprintf(range, sizeof(range), "%u-%u", p->first, p->last);
	else
		snprintf(range, sizeof(range), "%u", p->first);
	snprintf(action, sizeof(action), "%s", p->action);
	if (strcmp(action, "destroy") == 0)
		snprintf(action, sizeof(action), "destroy=%u",
			 w->guests[0].domid);
	snprintf(buf, size, "%s@%s:%s:%s", role, sim_call_name(p->call), range,
		 action);
}

static bool arm(struct world *w, const struct point *p)
{
	struct sim_faults *faults = sim_faults();
	char text[128];

	if (!p)
		return true;
	point_text(w, p, text, sizeof(text));
	memset(faults, 0, sizeof(*faults));
	if (!sim_fault_parse(text, &faults->fault[0]))
		return wrong(w, "%s: no fault", text);
	atomic_store(&faults->used, 1);
	return true;
}

static bool was_hit(const struct point *p)
{
	return p && atomic_load(&sim_faults()->fault[0].hits) > 0;
}

static void disarm(const struct point *p)
{
	struct sim_faults *faults = sim_faults();

	/* without one, its counters are the caller's */
	if (p)
		memset(faults, 0, sizeof(*faults));
}

static bool is_action(const struct point *p, const char *action)
{
	return p && strcmp(p->action, action) == 0;
}

/* May the daemon be gone after it? */
static bool may_end_daemon(const struct point *p)
{
	return p && p->role == ROLE_DAEMON && is_action(p, "kill");
}

static const char *last_words(const struct proc *p)
{
	const char *text = p->said ? p->said : "";
	size_t len = strlen(text);

	return len > 160 ? text + len - 160 : text;
}

static bool daemon_over(struct world *w, void *arg)
{
	(void)arg;
	return w->daemon.over;
}

/* Whoever minds daemons starts it again; the other guest's device is lost. */
static bool daemon_judge(struct world *w, const struct point *p)
{
	if (!w->daemon.over)
		return true;
	if (!may_end_daemon(p))
		return wrong(w, "the daemon ended, status 0x%x: %.200s",
			     w->daemon.status, last_words(&w->daemon));
	w->restarted = true;
	/* as systemd does: first all of the old one is to be gone */
	if (!wait_for(w, no_daemon, NULL, limit_s))
		return wrong(w, "a worker outlives its daemon");
	return daemon_begin(w);
}

/* -- the device's life -------------------------------------------------------------- */

static bool front_ready(const struct device *d)
{
	return d->proc.said && strstr(d->proc.said, "ready:");
}

static bool has_error(struct world *w, char *buf, size_t size)
{
	return node_get(w, w->dev.error, buf, size) && *buf;
}

/*
 * Its frontend serves, or has given up, or there is nothing to wait for, which
 * only who knows of a fault takes for granted.
 */
static bool begun(struct world *w, void *arg)
{
	const struct point *p = arg;
	char error[16];

	return front_ready(&w->dev) || w->dev.proc.over || w->daemon.over ||
	       (p && state_of(w, w->dev.back) == 6 &&
		has_error(w, error, sizeof(error)));
}

/* Or it may wait for a daemon that is no more. */
static bool front_over(struct world *w, void *arg)
{
	(void)arg;
	return w->dev.proc.over || w->daemon.over;
}

/*
 * One that is told to end before it listens dies of that, and leaves its state
 * as it was: the backend waits for a Closed, and the next one for the backend.
 */
static bool front_listens(struct world *w, void *arg)
{
	const uint64_t term = UINT64_C(1) << (SIGTERM - 1);
	char path[32], line[128];
	uint64_t blocked = 0;
	FILE *f;

	(void)arg;
	if (w->dev.proc.over)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)w->dev.proc.pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "SigBlk: %" SCNx64, &blocked) == 1)
			break;
	if (f)
		fclose(f);
	return blocked & term;
}

/* As an administrator does who loses patience. */
static bool end_front(struct world *w, const struct point *p, bool stalled)
{
	w->kind->leave(&w->dev);
	if (!stalled && !wait_for(w, front_listens, NULL, limit_s))
		return wrong(w, "the frontend does not listen to signals");
	/* it would wait for the answer, and the backend to close, 20 s in all */
	proc_kill(&w->dev.proc, stalled ? SIGKILL : SIGTERM);
	wait_for(w, front_over, NULL, limit_s);
	if (!daemon_judge(w, p))
		return false;
	if (wait_for(w, front_over, NULL, limit_s))
		return true;
	return wrong(w, "the frontend does not end when told to; it said: "
		     "%.200s", w->dev.proc.said ? w->dev.proc.said : "nothing");
}

static bool is_closed(struct world *w, void *arg)
{
	unsigned int state = state_of(w, w->dev.back);

	(void)arg;
	return state == 0 || state == 6 || w->daemon.over;
}

/* A toolstack's unplug: Closed must be reached. */
static bool unplug(struct world *w)
{
	char path[96];

	if (state_of(w, w->dev.back) == 0)
		return true;
	snprintf(path, sizeof(path), "%s/online", w->dev.back);
	xs_write(w->xs, XBT_NULL, path, "0", 1);
	if (state_of(w, w->dev.back) != 6) {
		snprintf(path, sizeof(path), "%s/state", w->dev.back);
		xs_write(w->xs, XBT_NULL, path, "5", 1);
	}
	if (wait_for(w, is_closed, NULL, limit_s))
		return true;
	return wrong(w, "unplug: the device stays in state %u, its frontend "
		     "in %u", state_of(w, w->dev.back),
		     state_of(w, w->dev.front));
}

/* -- judging --------------------------------------------------------------------------- */

static bool sanitizers_silent(struct world *w, const struct proc *p,
			      const char *whose)
{
	const char *at = p->said ? strstr(p->said, "Sanitizer") : NULL;

	if (!at && p->said)
		at = strstr(p->said, "runtime error:");
	return !at || wrong(w, "%s: %.300s", whose, at);
}

/* A frontend ends well, or with words, or because we killed it. */
static bool front_judge(struct world *w, const struct point *p)
{
	const struct proc *f = &w->dev.proc;

	if (!f->over)
		return wrong(w, "the frontend still runs");
	if (!proc_exited(f))
		return WTERMSIG(f->status) == SIGTERM || is_action(p, "drop") ||
		       (is_action(p, "kill") && p->role == ROLE_FRONT) ||
		       is_action(p, "destroy") ||
		       wrong(w, "the frontend ended by signal %d: %.200s",
			     WTERMSIG(f->status), last_words(f));
	if (!sanitizers_silent(w, f, "frontend"))
		return false;
	if (WEXITSTATUS(f->status) && !(f->said && strstr(f->said, ": ")))
		return wrong(w, "the frontend ended with %d and said nothing",
			     WEXITSTATUS(f->status));
	if (f->lines > LINES_MAX)
		return wrong(w, "the frontend wrote %u lines", f->lines);
	return true;
}

/* Was told why, whoever looks into xenstore? */
static bool reason_judge(struct world *w, const struct point *p)
{
	char error[256] = "";
	unsigned int state = state_of(w, w->dev.back);

	if (p && (p->role == ROLE_FRONT || is_action(p, "destroy") ||
		  w->restarted))
		return true;
	if (state != 5 && state != 6 && state != 1)
		return true;
	if (has_error(w, error, sizeof(error)))
		return true;
	return wrong(w, "the device went to state %u without a reason in %s; "
		     "the frontend said: %.120s", state, w->dev.error,
		     last_words(&w->dev.proc));
}

static bool other_again(struct world *w)
{
	if (!w->restarted)
		return true;
	w->kind->leave(&w->other);
	proc_kill(&w->other.proc, SIGKILL);
	return other_begin(w);
}

/* Whoever comes next in haste would meet the old one's end. */
static bool is_settled(struct world *w, void *arg)
{
	(void)arg;
	return state_of(w, w->dev.front) != 6 || is_closed(w, NULL);
}

/* -- the run --------------------------------------------------------------------------- */

/* Connect and use it. True: all was well, up to the frontend's end. */
static bool live(struct world *w, const struct point *p, bool *well)
{
	enum outcome outcome = ENDED;
	bool lost = is_action(p, "drop");
	unsigned int state;

	*well = false;
	w->patience_ms = lost ? 3 * QUIET_MS : 0;
	if (!front_begin(w, &w->dev, w->kind->program,
			 p ? FAULTY_WAIT_S : limit_s))
		return false;
	if (!wait_for(w, begun, (void *)p, limit_s))
		return wrong(w, "no end of connecting: backend %u, frontend "
			     "%u: %.200s", state_of(w, w->dev.back),
			     state_of(w, w->dev.front),
			     last_words(&w->dev.proc));
	if (front_ready(&w->dev) && !w->dev.proc.over)
		outcome = w->kind->use(w, &w->dev, !p);
	if (w->why[0])
		return false;
	if (outcome == STALLED && !lost)
		return wrong(w, "a request is not answered: backend %u, "
			     "frontend %u", state_of(w, w->dev.back),
			     state_of(w, w->dev.front));
	state = state_of(w, w->dev.back);
	*well = outcome == DONE;
	if (!daemon_judge(w, p))
		return false;
	if (!*well && state != 4 && !reason_judge(w, p))
		return false;
	if (!end_front(w, p, outcome == STALLED) || !front_judge(w, p))
		return false;
	*well = *well && w->dev.proc.status == 0;
	if (!wait_for(w, is_settled, NULL, limit_s))
		return wrong(w, "the frontend is Closed, the backend stays in "
			     "state %u", state_of(w, w->dev.back));
	return true;
}

/*
 * Without faults: all of it must work. A backend that was about to connect to
 * a frontend that died may say so to the next one, but only once.
 */
static bool live_well(struct world *w, const struct point *p)
{
	bool well;

	if (p->role == ROLE_FRONT &&
	    (is_action(p, "kill") || is_action(p, "hangup")) &&
	    !live(w, p, &well))
		return false;
	if (!live(w, NULL, &well))
		return false;
	return well || wrong(w, "without a fault it does not work: backend "
			     "%u, frontend %u: %.200s",
			     state_of(w, w->dev.back),
			     state_of(w, w->dev.front),
			     last_words(&w->dev.proc));
}

static bool remove_device(struct world *w)
{
	bool ok = unplug(w);

	device_forget(w, &w->dev);
	return ok;
}

/* The guest was destroyed: its toolstack removes what it had. */
static bool after_destroy(struct world *w)
{
	device_forget(w, &w->dev);
	guest_end(w, &w->guests[0]);
	if (!guest_begin(w, &w->guests[0]))
		return false;
	if (w->dev.own)
		w->kind->free(w->dev.own);
	w->dev.own = NULL;
	return nothing_left(w) && device_add(w, &w->dev);
}

/* All that there was to do was done. */
static bool settled(struct world *w, void *arg)
{
	return was_hit(arg) || is_gone(w, NULL);
}

/* The part that the fault is in. */
static bool faulty_part(struct world *w, const struct point *p, bool *hit)
{
	bool well;

	if (!device_add(w, &w->dev) || !arm(w, p) || !live(w, p, &well))
		return false;
	if (!p && !well)
		return sanitizers_silent(w, &w->dev.proc, "frontend") &&
		       wrong(w, "without a fault it does not work: %.200s",
			     last_words(&w->dev.proc));
	*hit = was_hit(p);
	if (*hit || !well)
		return true;	/* the next try is on the same device */
	if (!unplug(w) || !daemon_judge(w, p) || !unplug(w))
		return false;
	device_forget(w, &w->dev);
	wait_for(w, settled, (void *)p, limit_s);
	*hit = was_hit(p);
	return true;
}

/* What could not be opened is the toolstack's to remove, and to try again. */
static bool was_never_open(struct world *w)
{
	char path[96], value[16];

	snprintf(path, sizeof(path), "%s/hotplug-status", w->dev.back);
	return node_get(w, path, value, sizeof(value)) &&
	       strcmp(value, "error") == 0;
}

static bool run(struct world *w, const struct point *p, bool *hit)
{
	w->restarted = false;
	if (!faulty_part(w, p, hit))
		return false;
	/* one that was killed may take a moment to be dead */
	if (*hit && may_end_daemon(p) && !w->restarted)
		wait_for(w, daemon_over, NULL, limit_s);
	if (!daemon_judge(w, p))
		return false;
	/* what was asked of a daemon that ended is asked again */
	*hit = *hit || was_hit(p);
	disarm(p);
	if (p && is_action(p, "destroy") && *hit && !after_destroy(w))
		return false;
	if (!other_again(w))
		return false;
	if (!w->kind->ping(w, &w->other))
		return wrong(w, "the other guest's device does not work");
	if (!p)
		return nothing_left(w);
	if (was_never_open(w) && !remove_device(w))
		return false;
	if (state_of(w, w->dev.back) == 0 && !device_add(w, &w->dev))
		return false;
	if (!live_well(w, p) || !remove_device(w) || !nothing_left(w))
		return false;
	return sanitizers_silent(w, &w->daemon, "daemon") &&
	       sanitizers_silent(w, &w->dev.proc, "frontend");
}

void point_run(struct world *w, const struct point *p, struct verdict *v)
{
	unsigned int lines = w->daemon.lines;

	*v = (struct verdict){ .ok = false };
	w->why[0] = '\0';
	v->ok = run(w, p, &v->hit);
	v->hit = v->hit || was_hit(p);
	if (v->ok && !w->restarted && w->daemon.lines > lines + LINES_MAX)
		v->ok = wrong(w, "the daemon wrote %u lines",
			      w->daemon.lines - lines);
	disarm(p);
	if (!v->ok)
		snprintf(v->why, sizeof(v->why), "%s", w->why);
}

/* -- a daemon's start ------------------------------------------------------------------ */

static bool start_judge(struct world *w, const struct point *p)
{
	const struct proc *d = &w->daemon;
	bool ready = d->said && strstr(d->said, "ready (");

	if (!sanitizers_silent(w, d, "daemon"))
		return false;
	if (!proc_exited(d))
		return is_action(p, "kill") ||
		       wrong(w, "ended by signal %d", WTERMSIG(d->status));
	if (!ready && WEXITSTATUS(d->status) == 0)
		return wrong(w, "ended with 0 and was never ready");
	if (WEXITSTATUS(d->status) && !(d->said && strstr(d->said, ": ")))
		return wrong(w, "ended with %d and said nothing",
			     WEXITSTATUS(d->status));
	return d->lines <= LINES_MAX ||
	       wrong(w, "wrote %u lines", d->lines);
}

void start_run(struct world *w, const struct point *p, struct verdict *v)
{
	*v = (struct verdict){ .ok = false };
	w->why[0] = '\0';
	if (arm(w, p)) {
		char *argv[] = { (char *)w->kind->daemon, NULL };

		proc_start(&w->daemon, NULL, 0, argv, argv[0], NULL);
		/* its own limit: the words it says last are looked at */
		for (unsigned int i = 0; i < limit_s * 100 && !w->daemon.over; i++) {
			world_look(w, 10);
			if (w->daemon.said && strstr(w->daemon.said,
						     "ready ("))
				break;
		}
		proc_kill(&w->daemon, SIGTERM);
		v->ok = wait_for(w, daemon_over, NULL, limit_s) ?
			start_judge(w, p) :
			wrong(w, "does not end: %.200s",
			      last_words(&w->daemon));
	}
	v->hit = was_hit(p);
	disarm(p);
	if (!v->ok)
		snprintf(v->why, sizeof(v->why), "%s", w->why);
	proc_free(&w->daemon);
}
