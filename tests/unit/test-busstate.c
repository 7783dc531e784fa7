/* SPDX-License-Identifier: MIT */
/*
 * The xenbus handshake: a line for each edge, then every view there is, then
 * our two ends, and models of Linux' ends, against each other from everywhere.
 */
#include "config.h"

#include "lib/cleanup.h"
#include "xenstore-schema/busstate.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <xen/io/xenbus.h>

_Static_assert((int)BUS_UNKNOWN == (int)XenbusStateUnknown, "xenbus.h");
_Static_assert((int)BUS_INITWAIT == (int)XenbusStateInitWait, "xenbus.h");
_Static_assert((int)BUS_CONNECTED == (int)XenbusStateConnected, "xenbus.h");
_Static_assert((int)BUS_CLOSED == (int)XenbusStateClosed, "xenbus.h");
_Static_assert((int)BUS_RECONFIGURED == (int)XenbusStateReconfigured,
	       "xenbus.h");

static unsigned int failures;

/* -- one line for each edge ------------------------------------------------ */

/* What is usual is 0; a line names what is not. */
enum {
	UNOPENED = 1, OFFLINE = 2, REMOVED = 4, ANNOUNCED = 8, FAILED = 16,
	ATTACHING = 32, ATTACHED = 64, DETACHING = 128, ANEW = 256,
	SERVING = ATTACHED | ANNOUNCED,
};
#define BACK(mine, frontend, but) BUS_##mine, BUS_##frontend, but

static const struct {
	const char *when;
	enum bus_state mine, frontend;
	unsigned int but;
	enum backend_step want;
} backend_cases[] = {
	/* beginning */
	{ "a device the toolstack just made is opened",
	  BACK(INITIALISING, INITIALISING, UNOPENED), BACKEND_OPEN },
	{ "one whose state node is missing is opened as well",
	  BACK(GONE, INITIALISING, UNOPENED), BACKEND_OPEN },
	{ "and one whose state node is junk",
	  BACK(ILLEGAL, INITIALISING, UNOPENED), BACKEND_OPEN },
	{ "an image that cannot be opened closes the device",
	  BACK(INITIALISING, INITIALISING, UNOPENED | FAILED),
	  BACKEND_DISCONNECT },
	{ "a device made anew where we serve an old one: let go of the old",
	  BACK(INITIALISING, INITIALISING, SERVING), BACKEND_DRAIN },
	{ "and open the new one when the old is gone",
	  BACK(INITIALISING, INITIALISING, 0), BACKEND_OPEN },
	{ "a device that is unplugged before it began is closed",
	  BACK(INITIALISING, INITIALISING, OFFLINE),
	  BACKEND_DISCONNECT },

	/* connecting */
	{ "a frontend that is not there yet is waited for",
	  BACK(INITWAIT, INITIALISING, 0), BACKEND_NOTHING },
	{ "Initialised connects",
	  BACK(INITWAIT, INITIALISED, 0), BACKEND_CONNECT },
	{ "Connected at once (netfront, OVMF, Mini-OS) connects alike",
	  BACK(INITWAIT, CONNECTED, 0), BACKEND_CONNECT },
	{ "a worker that maps the rings is waited for",
	  BACK(INITWAIT, INITIALISED, ATTACHING),
	  BACKEND_NOTHING },
	{ "rings attached: Connected",
	  BACK(INITWAIT, INITIALISED, ATTACHED),
	  BACKEND_CONNECTED },
	{ "both Connected: rest",
	  BACK(CONNECTED, CONNECTED, SERVING), BACKEND_NOTHING },
	{ "rings that cannot be mapped close the device",
	  BACK(INITWAIT, INITIALISED, FAILED), BACKEND_DISCONNECT },
	{ "the frontend takes its rings back while they are mapped",
	  BACK(INITWAIT, CLOSING, ATTACHING),
	  BACKEND_DISCONNECT },

	/* the frontend closes */
	{ "frontend Closing: drain and say Closing",
	  BACK(CONNECTED, CLOSING, SERVING), BACKEND_DISCONNECT },
	{ "draining is waited for",
	  BACK(CLOSING, CLOSED, DETACHING), BACKEND_NOTHING },
	{ "drained, and the frontend not Closed yet: wait for it",
	  BACK(CLOSING, CLOSING, 0), BACKEND_NOTHING },
	{ "frontend Closed: Closed",
	  BACK(CLOSING, CLOSED, 0), BACKEND_CLOSED },
	{ "a frontend that skips Closing is drained first",
	  BACK(CONNECTED, CLOSED, SERVING), BACKEND_DISCONNECT },
	{ "closed and online: stay, the guest may come back",
	  BACK(CLOSED, CLOSED, 0), BACKEND_NOTHING },
	{ "it comes back: InitWait",
	  BACK(CLOSED, INITIALISING, 0), BACKEND_REOPEN },
	{ "it comes back in haste, with rings at once",
	  BACK(CLOSED, INITIALISED, 0), BACKEND_REOPEN },
	{ "so hasty that it says Connected",
	  BACK(CLOSED, CONNECTED, 0), BACKEND_REOPEN },
	{ "closed and not online: the device is over",
	  BACK(CLOSED, CLOSED, OFFLINE), BACKEND_REMOVE },

	/* a guest that reboots, kexecs, resumes */
	{ "a frontend that begins anew while we are Connected: tear down",
	  BACK(CONNECTED, INITIALISING, SERVING), BACKEND_DISCONNECT },
	{ "it is not made to wait in Closing",
	  BACK(CLOSING, INITIALISING, 0), BACKEND_CLOSED },
	{ "kexec resets a device that never connected: Closing",
	  BACK(INITWAIT, CLOSING, 0), BACKEND_DISCONNECT },
	{ "then Closed",
	  BACK(INITWAIT, CLOSED, 0), BACKEND_CLOSED },
	{ "rings that nobody holds: take them",
	  BACK(CONNECTED, INITIALISED, 0), BACKEND_CONNECT },
	{ "and tell it, for it waits in Initialised",
	  BACK(CONNECTED, INITIALISED, ATTACHED),
	  BACKEND_CONNECTED },

	/* the frontend's folder goes */
	{ "frontend gone while Connected: tear down",
	  BACK(CONNECTED, GONE, SERVING), BACKEND_DISCONNECT },
	{ "then Closed, without its help",
	  BACK(CLOSING, GONE, 0), BACKEND_CLOSED },
	{ "a frontend not made yet is waited for",
	  BACK(INITWAIT, GONE, 0), BACKEND_NOTHING },

	/* the toolstack unplugs: online=0, state=5 */
	{ "unplug: a mounted disk is served until its guest lets go",
	  BACK(CLOSING, CONNECTED, SERVING | OFFLINE), BACKEND_NOTHING },
	{ "the guest lets go: drain",
	  BACK(CLOSING, CLOSING, SERVING | OFFLINE), BACKEND_DRAIN },
	{ "and Closed when it is",
	  BACK(CLOSING, CLOSED, OFFLINE), BACKEND_CLOSED },
	{ "unplug of what no driver uses needs no answer",
	  BACK(CLOSING, INITIALISING, OFFLINE), BACKEND_CLOSED },
	{ "unplug while the rings are being mapped: let go",
	  BACK(CLOSING, INITIALISED, ATTACHING | OFFLINE), BACKEND_DRAIN },
	{ "unplug, and the toolstack lost patience: drain",
	  BACK(CLOSING, GONE, SERVING | OFFLINE), BACKEND_DRAIN },
	{ "online=0 alone does not break a connection",
	  BACK(CONNECTED, CONNECTED, SERVING | OFFLINE),
	  BACKEND_NOTHING },
	{ "but begins none",
	  BACK(INITWAIT, INITIALISED, OFFLINE), BACKEND_DISCONNECT },
	{ "our folder removed under us: let go",
	  BACK(CONNECTED, CONNECTED, SERVING | REMOVED),
	  BACKEND_DRAIN },
	{ "our folder removed, nothing held: the device is over",
	  BACK(CONNECTED, CONNECTED, REMOVED), BACKEND_REMOVE },

	/* failures */
	{ "the guest broke its ring: Closing",
	  BACK(CONNECTED, CONNECTED, SERVING | FAILED),
	  BACKEND_DISCONNECT },
	{ "and wait for it to close",
	  BACK(CLOSING, CONNECTED, FAILED), BACKEND_NOTHING },
	{ "a failed device is not opened again by the same driver",
	  BACK(CLOSED, INITIALISING, FAILED), BACKEND_NOTHING },
	{ "but by the next, whose predecessor was closed while nobody looked",
	  BACK(CLOSED, INITIALISING, FAILED | ANEW), BACKEND_FORGIVE },
	{ "which is not so of one that is further already",
	  BACK(CLOSED, INITIALISED, FAILED | ANEW), BACKEND_NOTHING },
	{ "both closed: forgiven",
	  BACK(CLOSED, CLOSED, FAILED), BACKEND_FORGIVE },
	{ "the driver went away: forgiven",
	  BACK(CLOSED, GONE, FAILED), BACKEND_FORGIVE },

	/* we died and came back */
	{ "back, and the guest is Connected: open, say nothing",
	  BACK(CONNECTED, CONNECTED, UNOPENED), BACKEND_RESUME },
	{ "then attach again",
	  BACK(CONNECTED, CONNECTED, 0), BACKEND_CONNECT },
	{ "attached again behind the guest's back: say nothing",
	  BACK(CONNECTED, CONNECTED, ATTACHED),
	  BACKEND_RESUMED },
	{ "back, and the image is gone: Closing",
	  BACK(CONNECTED, CONNECTED, UNOPENED | FAILED),
	  BACKEND_DISCONNECT },
	{ "back in InitWait: publish again",
	  BACK(INITWAIT, INITIALISED, UNOPENED), BACKEND_OPEN },
	{ "back, and the guest left meanwhile: Closing",
	  BACK(CONNECTED, CLOSED, UNOPENED), BACKEND_DISCONNECT },
	{ "back in Closed, the next driver is there: InitWait",
	  BACK(CLOSED, INITIALISING, UNOPENED), BACKEND_REOPEN },

	/* states that do not exist change nothing */
	{ "frontend 0 is ignored",
	  BACK(CONNECTED, UNKNOWN, SERVING), BACKEND_NOTHING },
	{ "frontend 9 or \"abc\" is ignored",
	  BACK(CONNECTED, ILLEGAL, SERVING), BACKEND_NOTHING },
	{ "frontend 7 is ignored",
	  BACK(CONNECTED, RECONFIGURING, SERVING), BACKEND_NOTHING },
	{ "frontend 8 is ignored",
	  BACK(CONNECTED, RECONFIGURED, SERVING), BACKEND_NOTHING },
	{ "frontend 2 connects nothing",
	  BACK(INITWAIT, INITWAIT, 0), BACKEND_NOTHING },
	{ "junk connects nothing",
	  BACK(INITWAIT, ILLEGAL, 0), BACKEND_NOTHING },
	{ "junk reopens nothing",
	  BACK(CLOSED, ILLEGAL, 0), BACKEND_NOTHING },
};

enum { HELD = 1, JOINED = 2, DIRECT = 4, BUSY = 8, UNWANTED = 16 };
#define FRONT(mine, backend, but) BUS_##mine, BUS_##backend, but

static const struct {
	const char *when;
	enum bus_state mine, backend;
	unsigned int but;
	enum frontend_step want;
} frontend_cases[] = {
	{ "a backend that is not ready is waited for",
	  FRONT(INITIALISING, INITIALISING, 0), FRONTEND_NOTHING },
	{ "backend InitWait: publish",
	  FRONT(INITIALISING, INITWAIT, 0), FRONTEND_PUBLISH },
	{ "published: wait",
	  FRONT(INITIALISED, INITWAIT, HELD), FRONTEND_NOTHING },
	{ "backend Connected: connect",
	  FRONT(INITIALISED, CONNECTED, HELD), FRONTEND_CONNECT },
	{ "a vif is Connected before its backend: wait",
	  FRONT(CONNECTED, INITWAIT, HELD | DIRECT),
	  FRONTEND_NOTHING },
	{ "and begins when that is",
	  FRONT(CONNECTED, CONNECTED, HELD | DIRECT),
	  FRONTEND_CONNECT },
	{ "both Connected: rest",
	  FRONT(CONNECTED, CONNECTED, HELD | JOINED),
	  FRONTEND_NOTHING },

	{ "the backend closes: Closing",
	  FRONT(CONNECTED, CLOSING, HELD | JOINED),
	  FRONTEND_CLOSING },
	{ "it may still answer what is under way",
	  FRONT(CLOSING, CLOSING, HELD | BUSY),
	  FRONTEND_NOTHING },
	{ "nothing under way: Closed",
	  FRONT(CLOSING, CLOSING, HELD), FRONTEND_CLOSED },
	{ "a closed backend answers nothing more",
	  FRONT(CLOSING, CLOSED, HELD | BUSY),
	  FRONTEND_CLOSED },
	{ "the rings stay granted while the backend may hold them",
	  FRONT(CLOSED, CLOSING, HELD), FRONTEND_NOTHING },
	{ "backend Closed: take them back",
	  FRONT(CLOSED, CLOSED, HELD), FRONTEND_RELEASE },
	{ "and begin again",
	  FRONT(CLOSED, CLOSED, 0), FRONTEND_INITIALISE },
	{ "unless nobody wants it",
	  FRONT(CLOSED, CLOSED, UNWANTED), FRONTEND_NOTHING },
	{ "or the backend was removed",
	  FRONT(CLOSED, GONE, 0), FRONTEND_NOTHING },
	{ "a backend that vanishes: Closing",
	  FRONT(CONNECTED, GONE, HELD | JOINED),
	  FRONTEND_CLOSING },
	{ "a backend that forgot us: Closing",
	  FRONT(CONNECTED, INITWAIT, HELD | JOINED),
	  FRONTEND_CLOSING },
	{ "our folder removed: take the rings back",
	  FRONT(GONE, CLOSED, HELD), FRONTEND_RELEASE },
	{ "our state was reset, by who made the device anew: Closing",
	  FRONT(INITIALISING, INITWAIT, HELD), FRONTEND_CLOSING },
	{ "no longer wanted: Closing",
	  FRONT(CONNECTED, CONNECTED, HELD | JOINED | UNWANTED), FRONTEND_CLOSING },
	{ "wait for the backend to notice",
	  FRONT(CLOSING, CONNECTED, HELD | UNWANTED),
	  FRONTEND_NOTHING },

	{ "a driver before us left it Connected: Closing",
	  FRONT(CONNECTED, CONNECTED, 0), FRONTEND_CLOSING },
	{ "the backend noticed: Closed",
	  FRONT(CLOSING, CLOSING, 0), FRONTEND_CLOSED },
	{ "the backend is Closed: Initialising",
	  FRONT(CLOSED, CLOSED, 0), FRONTEND_INITIALISE },
	{ "then wait for InitWait",
	  FRONT(INITIALISING, CLOSED, 0), FRONTEND_NOTHING },
	{ "a backend stuck in Closing is released",
	  FRONT(INITIALISING, CLOSING, 0), FRONTEND_CLOSED },
	{ "a driver before us published, and the backend may be at it: Closing",
	  FRONT(INITIALISED, INITWAIT, 0), FRONTEND_CLOSING },
	{ "so for a vif, which is Connected when it publishes",
	  FRONT(CONNECTED, INITWAIT, DIRECT), FRONTEND_CLOSING },
	{ "wait until it noticed",
	  FRONT(CLOSING, INITWAIT, 0), FRONTEND_NOTHING },
	{ "leaving while the backend may be mapping our rings: wait",
	  FRONT(CLOSING, INITWAIT, HELD | UNWANTED), FRONTEND_NOTHING },
	{ "a backend that waits is begun with, whoever closed before",
	  FRONT(CLOSED, INITWAIT, 0), FRONTEND_INITIALISE },
	{ "do not take them back from it",
	  FRONT(CLOSED, INITWAIT, HELD | UNWANTED), FRONTEND_NOTHING },

	{ "backend 9 or \"abc\" is ignored",
	  FRONT(CONNECTED, ILLEGAL, HELD | JOINED),
	  FRONTEND_NOTHING },
	{ "backend 0 is ignored",
	  FRONT(CONNECTED, UNKNOWN, HELD | JOINED),
	  FRONTEND_NOTHING },
	{ "junk publishes nothing",
	  FRONT(INITIALISING, ILLEGAL, 0), FRONTEND_NOTHING },
};

static void test_backend_lines(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(backend_cases); i++) {
		unsigned int but = backend_cases[i].but;
		struct backend_view v = {
			.mine = backend_cases[i].mine,
			.frontend = backend_cases[i].frontend,
			.present = !(but & REMOVED),
			.online = !(but & OFFLINE),
			.opened = !(but & UNOPENED),
			.announced = but & ANNOUNCED,
			.failed = but & FAILED,
			.anew = but & ANEW,
			.rings = but & ATTACHING ? RINGS_ATTACHING :
				 but & ATTACHED ? RINGS_ATTACHED :
				 but & DETACHING ? RINGS_DETACHING : RINGS_NONE,
		};
		enum backend_step got = backend_step(&v);

		if (got == backend_cases[i].want)
			continue;
		failures++;
		printf("backend: %s: want %s, got %s\n", backend_cases[i].when,
		       backend_step_name(backend_cases[i].want),
		       backend_step_name(got));
	}
}

static void test_frontend_lines(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(frontend_cases); i++) {
		unsigned int but = frontend_cases[i].but;
		struct frontend_view v = {
			.mine = frontend_cases[i].mine,
			.backend = frontend_cases[i].backend,
			.wanted = !(but & UNWANTED),
			.direct = but & DIRECT,
			.held = but & HELD,
			.connected = but & JOINED,
			.busy = but & BUSY,
		};
		enum frontend_step got = frontend_step(&v);

		if (got == frontend_cases[i].want)
			continue;
		failures++;
		printf("frontend: %s: want %s, got %s\n",
		       frontend_cases[i].when,
		       frontend_step_name(frontend_cases[i].want),
		       frontend_step_name(got));
	}
}

/* -- carrying steps out, in memory ----------------------------------------- */

/* Returns a reason why this step must not be taken now, or NULL. */
static const char *backend_do(struct backend_view *v, enum backend_step step)
{
	enum bus_state was = v->mine;

	switch (step) {
	case BACKEND_OPEN:
		if (v->rings != RINGS_NONE)
			return "opens anew while rings are held";
		v->opened = true;
		v->failed = false;
		v->mine = BUS_INITWAIT;
		break;
	case BACKEND_REOPEN:
		if (v->rings != RINGS_NONE)
			return "reopens while rings are held";
		v->opened = true;
		v->mine = BUS_INITWAIT;
		break;
	case BACKEND_RESUME:
		v->opened = true;
		break;
	case BACKEND_CONNECT:
		if (v->rings != RINGS_NONE)
			return "connects while rings are held";
		if (!v->opened)
			return "connects to nothing";
		v->rings = RINGS_ATTACHING;
		v->announced = false;
		break;
	case BACKEND_CONNECTED:
		if (v->rings != RINGS_ATTACHED)
			return "says Connected without rings";
		v->mine = BUS_CONNECTED;
		v->announced = true;
		break;
	case BACKEND_RESUMED:
		if (v->rings != RINGS_ATTACHED || v->mine == BUS_INITWAIT)
			return "resumes nothing";
		v->announced = true;
		break;
	case BACKEND_DISCONNECT:
		v->mine = BUS_CLOSING;
		if (v->rings != RINGS_NONE)
			v->rings = RINGS_DETACHING;
		break;
	case BACKEND_DRAIN:
		if (v->rings != RINGS_ATTACHING && v->rings != RINGS_ATTACHED)
			return "drains nothing";
		v->rings = RINGS_DETACHING;
		break;
	case BACKEND_CLOSED:
		if (v->rings != RINGS_NONE)
			return "says Closed while rings are held";
		v->mine = BUS_CLOSED;
		break;
	case BACKEND_FORGIVE:
		v->failed = false;
		v->anew = false;
		break;
	case BACKEND_REMOVE:
		if (v->rings != RINGS_NONE)
			return "forgets a device whose rings are held";
		break;
	case BACKEND_NOTHING:
		break;
	case BACKEND_STEPS:
		return "is no step";
	}
	if (was != v->mine && was != BUS_GONE &&
	    !backend_edge_legal(was, v->mine))
		return "takes an edge that is not legal";
	if (!v->present && was != v->mine)
		return "writes into a folder that was removed";
	return NULL;
}

static const char *frontend_do(struct frontend_view *v,
			       enum frontend_step step)
{
	enum bus_state was = v->mine;

	switch (step) {
	case FRONTEND_INITIALISE:
		if (v->held)
			return "begins anew while rings are granted";
		v->mine = BUS_INITIALISING;
		break;
	case FRONTEND_PUBLISH:
		if (v->held)
			return "publishes twice";
		if (v->backend != BUS_INITWAIT)
			return "publishes to a backend that does not wait";
		v->held = true;
		v->connected = false;
		v->mine = v->direct ? BUS_CONNECTED : BUS_INITIALISED;
		break;
	case FRONTEND_CONNECT:
		if (!v->held || v->backend != BUS_CONNECTED)
			return "connects to nothing";
		v->connected = true;
		v->mine = BUS_CONNECTED;
		break;
	case FRONTEND_CLOSING:
		v->mine = BUS_CLOSING;
		break;
	case FRONTEND_CLOSED:
		v->mine = BUS_CLOSED;
		break;
	case FRONTEND_RELEASE:
		if (v->mine != BUS_GONE && v->backend == BUS_CONNECTED)
			return "takes rings back that are in use";
		v->held = v->connected = false;
		break;
	case FRONTEND_NOTHING:
		break;
	case FRONTEND_STEPS:
		return "is no step";
	}
	if (was == BUS_GONE && v->mine != was)
		return "writes into a folder that was removed";
	if (was != v->mine && !frontend_edge_legal(was, v->mine))
		return "takes an edge that is not legal";
	return NULL;
}

/* -- every view ------------------------------------------------------------ */

#define BACKEND_VIEWS (BUS_STATES * BUS_STATES * 4 * 64)
#define FRONTEND_VIEWS (BUS_STATES * BUS_STATES * 32)
/* More than any walk needs; a walk that needs more goes in circles. */
#define STEPS_MAX 8

static struct backend_view backend_nth(unsigned int n)
{
	struct backend_view v = { .mine = n % BUS_STATES };

	n /= BUS_STATES;
	v.frontend = n % BUS_STATES;
	n /= BUS_STATES;
	v.rings = n % 4;
	n /= 4;
	v.present = n & 1;
	v.online = n & 2;
	v.opened = n & 4;
	v.announced = n & 8;
	v.failed = n & 16;
	v.anew = n & 32;
	return v;
}

static struct frontend_view frontend_nth(unsigned int n)
{
	struct frontend_view v = { .mine = n % BUS_STATES };

	n /= BUS_STATES;
	v.backend = n % BUS_STATES;
	n /= BUS_STATES;
	v.wanted = n & 1;
	v.direct = n & 2;
	v.held = n & 4;
	v.connected = n & 8;
	v.busy = n & 16;
	return v;
}

static void backend_bad(const struct backend_view *v, const char *why)
{
	static const char *const rings[] = {
		"none", "attaching", "attached", "detaching"
	};

	if (failures++ > 20)
		return;
	printf("backend %s, frontend %s, rings %s%s%s%s%s%s: %s\n",
	       bus_state_name(v->mine), bus_state_name(v->frontend),
	       rings[v->rings], v->present ? ", present" : "",
	       v->online ? ", online" : "", v->opened ? ", opened" : "",
	       v->announced ? ", announced" : "",
	       v->failed ? ", failed" : "", why);
}

static void frontend_bad(const struct frontend_view *v, const char *why)
{
	if (failures++ > 20)
		return;
	printf("frontend %s, backend %s%s%s%s%s%s: %s\n",
	       bus_state_name(v->mine), bus_state_name(v->backend),
	       v->wanted ? ", wanted" : "", v->direct ? ", direct" : "",
	       v->held ? ", held" : "", v->connected ? ", connected" : "",
	       v->busy ? ", busy" : "", why);
}

static void test_every_backend_view(void)
{
	for (unsigned int n = 0; n < BACKEND_VIEWS; n++) {
		struct backend_view v = backend_nth(n), w = v;
		enum backend_step step;
		unsigned int steps = 0;

		do {
			const char *why;

			step = backend_step(&w);
			why = backend_do(&w, step);
			if (why)
				backend_bad(&v, why);
		} while (step != BACKEND_NOTHING && step != BACKEND_REMOVE &&
			 ++steps < STEPS_MAX);
		if (steps == STEPS_MAX)
			backend_bad(&v, "never comes to rest");

		/* nothing of a peer that is gone may stay mapped */
		if ((!v.present || v.frontend == BUS_GONE) &&
		    (w.rings == RINGS_ATTACHING || w.rings == RINGS_ATTACHED))
			backend_bad(&v, "keeps the rings of a frontend that is gone");
		if (v.failed && (w.rings == RINGS_ATTACHING ||
				 w.rings == RINGS_ATTACHED))
			backend_bad(&v, "goes on after a failure");
	}
}

static void test_every_frontend_view(void)
{
	for (unsigned int n = 0; n < FRONTEND_VIEWS; n++) {
		struct frontend_view v = frontend_nth(n), w = v;
		enum frontend_step step;
		unsigned int steps = 0;

		do {
			const char *why;

			step = frontend_step(&w);
			why = frontend_do(&w, step);
			if (why)
				frontend_bad(&v, why);
		} while (step != FRONTEND_NOTHING && ++steps < STEPS_MAX);
		if (steps == STEPS_MAX)
			frontend_bad(&v, "never comes to rest");
		if (v.backend == BUS_GONE && w.held)
			frontend_bad(&v, "waits for a backend that is gone");
	}
}

/* -- two ends against each other ------------------------------------------- */

/* The worker and the disk do what they are asked, between any two steps. */
static bool worker_turn(struct backend_view *v)
{
	if (v->rings == RINGS_ATTACHING)
		v->rings = RINGS_ATTACHED;
	else if (v->rings == RINGS_DETACHING)
		v->rings = RINGS_NONE;
	else
		return false;
	return true;
}

/* Linux 6.1 xen-blkback as a frontend of ours meets it. */
static enum bus_state blkback_turn(enum bus_state mine, enum bus_state front,
				   bool *mapped)
{
	switch (front) {
	case BUS_INITIALISING:
		return mine == BUS_CLOSED || mine == BUS_INITIALISING ?
		       BUS_INITWAIT : mine;
	case BUS_INITIALISED:
	case BUS_CONNECTED:
		if (mine == BUS_CONNECTED || mine == BUS_CLOSING ||
		    mine == BUS_CLOSED)
			return mine;
		*mapped = true;
		return BUS_CONNECTED;
	case BUS_CLOSING:
		return BUS_CLOSING;
	case BUS_CLOSED:
		*mapped = false;
		return BUS_CLOSED;
	default:
		return mine;
	}
}

/* Linux' xenbus_reset_frontend(), then a driver: how a kexec begins. */
static enum bus_state kexec_turn(enum bus_state mine, enum bus_state back,
				 bool *reset)
{
	if (!*reset) {
		if (mine != BUS_INITIALISING && mine != BUS_CLOSING &&
		    mine != BUS_CLOSED)
			return BUS_CLOSING;
		if (mine == BUS_CLOSING && back == BUS_CLOSING)
			return BUS_CLOSED;
		if (mine == BUS_CLOSED && back == BUS_CLOSED)
			return BUS_INITIALISING;
		if (mine == BUS_INITIALISING && back == BUS_INITWAIT)
			*reset = true;
		return mine;
	}
	if (mine == BUS_INITIALISING && back == BUS_INITWAIT)
		return BUS_INITIALISED;
	if (mine == BUS_INITIALISED && back == BUS_CONNECTED)
		return BUS_CONNECTED;
	return mine;
}

#define TURNS_MAX 60

/* Any reachable pair that is online and wanted ends with both Connected. */
static void test_our_two_ends_meet(void)
{
	unsigned int met = 0;

	for (unsigned int n = 0; n < BACKEND_VIEWS; n++) {
		struct backend_view v = backend_nth(n);

		if (!v.present || !v.online || v.failed ||
		    v.announced || v.opened ||
		    v.rings != RINGS_NONE || v.mine > BUS_CLOSED ||
		    v.frontend > BUS_CLOSED)
			continue;

		for (int direct = 0; direct < 2; direct++) {
			struct backend_view b = v;
			struct frontend_view f = {
				.mine = v.frontend, .wanted = true,
				.direct = direct,
			};
			unsigned int turn;

			/*
			 * What the driver before left is seen by the new one
			 * first: its rings are not there any more.
			 */
			for (turn = 0; turn < TURNS_MAX; turn++) {
				const char *why;

				f.backend = b.mine;
				why = frontend_do(&f, frontend_step(&f));
				if (why)
					frontend_bad(&f, why);
				b.frontend = f.mine;
				why = backend_do(&b, backend_step(&b));
				if (why)
					backend_bad(&b, why);
				if (turn % 3 == 0)
					worker_turn(&b);
			}
			met++;
			if (b.mine != BUS_CONNECTED || !f.connected ||
			    f.mine != BUS_CONNECTED ||
			    b.rings != RINGS_ATTACHED) {
				backend_bad(&v, "does not meet our frontend");
				backend_bad(&b, "is where it ended");
			}
		}
	}
	if (met == 0)
		backend_bad(&(struct backend_view) { 0 }, "no pair was tried");
}

static void test_kexec_walks(void)
{
	for (enum bus_state front = BUS_INITIALISING; front <= BUS_CLOSED;
	     front++) {
		struct backend_view b = {
			.mine = BUS_CONNECTED, .frontend = front,
			.present = true, .online = true, .opened = true,
			.rings = RINGS_ATTACHED, .announced = true,
		}, start = b;
		bool reset = false;

		for (unsigned int turn = 0; turn < TURNS_MAX; turn++) {
			b.frontend = kexec_turn(b.frontend, b.mine, &reset);
			backend_do(&b, backend_step(&b));
			if (turn % 2)
				worker_turn(&b);
		}
		if (b.mine != BUS_CONNECTED || b.frontend != BUS_CONNECTED)
			backend_bad(&start, "does not come back after kexec");
	}
}

static void test_our_frontend_meets_blkback(void)
{
	for (enum bus_state mine = BUS_UNKNOWN; mine <= BUS_CLOSED; mine++)
		for (enum bus_state back = BUS_INITIALISING;
		     back <= BUS_CLOSED; back++) {
			struct frontend_view f = {
				.mine = mine, .backend = back, .wanted = true,
			}, start = f;
			bool mapped = back == BUS_CONNECTED;

			if (back == BUS_INITIALISED)
				continue;
			/* a state it cannot be in once it has looked */
			if (back == BUS_CLOSED && mine == BUS_INITIALISING)
				continue;
			for (unsigned int turn = 0; turn < TURNS_MAX; turn++) {
				frontend_do(&f, frontend_step(&f));
				f.backend = blkback_turn(f.backend, f.mine,
							 &mapped);
			}
			if (!f.connected || !mapped)
				frontend_bad(&start, "does not meet blkback");

			f.wanted = false;
			for (unsigned int turn = 0; turn < TURNS_MAX; turn++) {
				frontend_do(&f, frontend_step(&f));
				if (!f.held && mapped)
					frontend_bad(&start, "takes back what blkback has mapped");
				f.backend = blkback_turn(f.backend, f.mine,
							 &mapped);
			}
			if (f.held || f.mine != BUS_CLOSED)
				frontend_bad(&start, "does not let go of blkback");
		}
}

/* A guest that writes any state at any time never breaks a rule. */
static void test_any_sequence_is_survived(void)
{
	struct backend_view v = {
		.mine = BUS_INITIALISING, .frontend = BUS_INITIALISING,
		.present = true, .online = true,
	};
	uint64_t seed = 1;

	for (unsigned int i = 0; i < 300000; i++) {
		const char *why;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		switch (seed >> 61) {
		case 0: case 1: case 2:
			v.frontend = (seed >> 40) % BUS_STATES;
			break;
		case 3:
			worker_turn(&v);
			break;
		case 4:
			if (v.mine != BUS_CLOSED && (seed >> 40) % 16 == 0)
				v.failed = true;
			break;
		default:
			why = backend_do(&v, backend_step(&v));
			if (why)
				backend_bad(&v, why);
		}
	}
}

/* -- names ----------------------------------------------------------------- */

static const struct {
	const char *value;
	enum bus_state want;
} values[] = {
	{ "0", BUS_UNKNOWN }, { "4", BUS_CONNECTED },
	{ "8", BUS_RECONFIGURED }, { "9", BUS_ILLEGAL },
	{ "", BUS_ILLEGAL }, { "abc", BUS_ILLEGAL }, { "04", BUS_ILLEGAL },
	{ "4 ", BUS_ILLEGAL }, { "-1", BUS_ILLEGAL }, { "44", BUS_ILLEGAL },
	{ NULL, BUS_GONE },
};

static void test_values(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (bus_state_parse(values[i].value) != values[i].want) {
			failures++;
			printf("state \"%s\": want %s, got %s\n",
			       values[i].value ? values[i].value : "(none)",
			       bus_state_name(values[i].want),
			       bus_state_name(bus_state_parse(
					values[i].value)));
		}
	for (enum bus_state s = BUS_UNKNOWN; s <= BUS_RECONFIGURED; s++)
		if (bus_state_parse(bus_state_value(s)) != s) {
			failures++;
			printf("%s is not read back\n", bus_state_name(s));
		}
	for (unsigned int s = 0; s < BACKEND_STEPS; s++)
		if (!backend_step_name(s)) {
			failures++;
			printf("backend step %u has no name\n", s);
		}
	for (unsigned int s = 0; s < FRONTEND_STEPS; s++)
		if (!frontend_step_name(s)) {
			failures++;
			printf("frontend step %u has no name\n", s);
		}
	if (strcmp(bus_state_name((enum bus_state)77), "illegal") != 0) {
		failures++;
		printf("state 77 is not called illegal\n");
	}
}

int main(void)
{
	test_values();
	test_backend_lines();
	test_frontend_lines();
	test_every_backend_view();
	test_every_frontend_view();
	test_our_two_ends_meet();
	test_kexec_walks();
	test_our_frontend_meets_blkback();
	test_any_sequence_is_survived();
	printf("%zu + %zu edges, %d + %d views: %u failures\n",
	       ARRAY_SIZE(backend_cases), ARRAY_SIZE(frontend_cases),
	       BACKEND_VIEWS, FRONTEND_VIEWS, failures);
	return failures != 0;
}
