/* SPDX-License-Identifier: MIT */
/*
 * The xenbus handshake as pure functions: busstate.h says how they are used.
 */
#include "xenstore-schema/busstate.h"

#include <assert.h>
#include <stddef.h>

static const struct {
	const char *name;
	const char *value;
} states[BUS_STATES] = {
	[BUS_UNKNOWN]		= { "Unknown",		"0" },
	[BUS_INITIALISING]	= { "Initialising",	"1" },
	[BUS_INITWAIT]		= { "InitWait",		"2" },
	[BUS_INITIALISED]	= { "Initialised",	"3" },
	[BUS_CONNECTED]		= { "Connected",	"4" },
	[BUS_CLOSING]		= { "Closing",		"5" },
	[BUS_CLOSED]		= { "Closed",		"6" },
	[BUS_RECONFIGURING]	= { "Reconfiguring",	"7" },
	[BUS_RECONFIGURED]	= { "Reconfigured",	"8" },
	[BUS_ILLEGAL]		= { "illegal",		NULL },
	[BUS_GONE]		= { "gone",		NULL },
};

const char *bus_state_name(enum bus_state state)
{
	return (unsigned int)state < BUS_STATES ? states[state].name :
						  "illegal";
}

enum bus_state bus_state_parse(const char *value)
{
	if (!value)
		return BUS_GONE;
	if (value[0] < '0' || value[0] > '8' || value[1] != '\0')
		return BUS_ILLEGAL;
	return (enum bus_state)(value[0] - '0');
}

const char *bus_state_value(enum bus_state state)
{
	assert((unsigned int)state <= BUS_RECONFIGURED);
	return states[state].value;
}

/* -- edges ----------------------------------------------------------------- */

#define TO(state) (1u << BUS_##state)

/* Writing the same state again is legal: it makes the other end look. */
static const unsigned int backend_edges[BUS_STATES] = {
	[BUS_UNKNOWN]		= TO(INITIALISING) | TO(INITWAIT) | TO(CLOSING),
	[BUS_INITIALISING]	= TO(INITWAIT) | TO(CLOSING),
	[BUS_INITWAIT]		= TO(CONNECTED) | TO(CLOSING) | TO(CLOSED),
	[BUS_INITIALISED]	= TO(INITWAIT) | TO(CONNECTED) | TO(CLOSING) |
				  TO(CLOSED),
	[BUS_CONNECTED]		= TO(CLOSING) | TO(RECONFIGURED),
	[BUS_CLOSING]		= TO(CLOSED),
	[BUS_CLOSED]		= TO(INITWAIT),
	[BUS_RECONFIGURING]	= TO(CONNECTED) | TO(RECONFIGURED) |
				  TO(CLOSING),
	[BUS_RECONFIGURED]	= TO(CONNECTED) | TO(CLOSING),
	[BUS_ILLEGAL]		= TO(INITWAIT) | TO(CLOSING),
};

static const unsigned int frontend_edges[BUS_STATES] = {
	[BUS_UNKNOWN]		= TO(INITIALISING) | TO(CLOSING) | TO(CLOSED),
	[BUS_INITIALISING]	= TO(INITIALISED) | TO(CONNECTED) |
				  TO(CLOSING) | TO(CLOSED),
	[BUS_INITWAIT]		= TO(INITIALISING) | TO(INITIALISED) |
				  TO(CONNECTED) | TO(CLOSING) | TO(CLOSED),
	[BUS_INITIALISED]	= TO(INITIALISING) | TO(CONNECTED) |
				  TO(CLOSING) | TO(CLOSED),
	[BUS_CONNECTED]		= TO(INITIALISING) | TO(INITIALISED) |
				  TO(CLOSING) | TO(CLOSED) |
				  TO(RECONFIGURING),
	[BUS_CLOSING]		= TO(CLOSED),
	[BUS_CLOSED]		= TO(INITIALISING),
	[BUS_RECONFIGURING]	= TO(CONNECTED) | TO(CLOSING) | TO(CLOSED) |
				  TO(INITIALISING),
	[BUS_RECONFIGURED]	= TO(CONNECTED) | TO(CLOSING) | TO(CLOSED) |
				  TO(INITIALISING),
	[BUS_ILLEGAL]		= TO(INITIALISING) | TO(CLOSING) | TO(CLOSED),
};

static bool edge_legal(const unsigned int *edges, enum bus_state from,
		       enum bus_state to)
{
	if ((unsigned int)from >= BUS_STATES || (unsigned int)to >= BUS_STATES)
		return false;
	if (from == to)
		return from <= BUS_RECONFIGURED;
	return edges[from] & (1u << to);
}

bool backend_edge_legal(enum bus_state from, enum bus_state to)
{
	return edge_legal(backend_edges, from, to);
}

bool frontend_edge_legal(enum bus_state from, enum bus_state to)
{
	return edge_legal(frontend_edges, from, to);
}

/* -- the backend's side ---------------------------------------------------- */

/*
 * Its rings are published. OVMF, Mini-OS and every netfront skip Initialised;
 * netfront goes through 7 and 8 while connected.
 */
static bool frontend_ready(enum bus_state s)
{
	return s == BUS_INITIALISED || s == BUS_CONNECTED;
}

static bool frontend_closed(enum bus_state s)
{
	return s == BUS_CLOSED || s == BUS_GONE;
}

/* The frontend left, or begins anew: what it had is to be torn down. */
static bool frontend_left(enum bus_state s)
{
	return s == BUS_CLOSING || s == BUS_INITIALISING || frontend_closed(s);
}

static bool rings_held(enum rings rings)
{
	return rings == RINGS_ATTACHING || rings == RINGS_ATTACHED;
}

/* Our folder was removed: nobody is left to tell anything. */
static enum backend_step step_removed(const struct backend_view *v)
{
	if (rings_held(v->rings))
		return BACKEND_DRAIN;
	return v->rings == RINGS_NONE ? BACKEND_REMOVE : BACKEND_NOTHING;
}

/*
 * Initialising, or junk: the toolstack made the device just now, perhaps
 * where we still serve an older one.
 */
static enum backend_step step_new(const struct backend_view *v)
{
	if (rings_held(v->rings))
		return BACKEND_DRAIN;
	if (v->rings == RINGS_DETACHING)
		return BACKEND_NOTHING;
	return v->failed || !v->online ? BACKEND_DISCONNECT : BACKEND_OPEN;
}

static enum backend_step step_initwait(const struct backend_view *v)
{
	if (v->rings == RINGS_DETACHING)
		return BACKEND_NOTHING;
	if (v->failed)
		return BACKEND_DISCONNECT;
	if (rings_held(v->rings)) {
		if (frontend_left(v->frontend))
			return BACKEND_DISCONNECT;
		return v->rings == RINGS_ATTACHED ? BACKEND_CONNECTED :
						    BACKEND_NOTHING;
	}
	if (!v->online)
		return BACKEND_DISCONNECT;
	if (!v->opened)
		return BACKEND_OPEN;
	if (frontend_ready(v->frontend))
		return BACKEND_CONNECT;
	/* kexec resets a frontend that never connected, a step at a time. */
	if (v->frontend == BUS_CLOSING)
		return BACKEND_DISCONNECT;
	if (v->frontend == BUS_CLOSED)
		return BACKEND_CLOSED;
	return BACKEND_NOTHING;
}

static enum backend_step step_connected(const struct backend_view *v)
{
	if (v->rings == RINGS_DETACHING)
		return v->failed || frontend_left(v->frontend) ?
		       BACKEND_DISCONNECT : BACKEND_NOTHING;
	if (v->failed || frontend_left(v->frontend))
		return BACKEND_DISCONNECT;
	if (rings_held(v->rings)) {
		if (v->rings == RINGS_ATTACHING || v->announced)
			return BACKEND_NOTHING;
		/* Initialised: it still waits to be told. */
		return v->frontend == BUS_INITIALISED ? BACKEND_CONNECTED :
							BACKEND_RESUMED;
	}
	if (!frontend_ready(v->frontend))
		return BACKEND_NOTHING;
	if (!v->opened)
		return BACKEND_RESUME;
	return BACKEND_CONNECT;
}

static enum backend_step step_closing(const struct backend_view *v)
{
	/*
	 * The toolstack wrote Closing: a mounted disk is served on until its
	 * guest lets go, or the toolstack loses patience and removes it.
	 */
	bool serving = v->rings == RINGS_ATTACHED && v->announced &&
		       !v->online && !v->failed &&
		       !frontend_left(v->frontend);

	if (serving || v->rings == RINGS_DETACHING)
		return BACKEND_NOTHING;
	if (rings_held(v->rings))
		return BACKEND_DRAIN;

	/*
	 * Nothing is held. A frontend that is up, or on its way down, is
	 * waited for, as the kernel's backends do; one that begins anew, that
	 * never was there, or that is closed or gone, is not.
	 */
	if (frontend_ready(v->frontend) || v->frontend == BUS_CLOSING)
		return BACKEND_NOTHING;
	return BACKEND_CLOSED;
}

static enum backend_step step_closed(const struct backend_view *v)
{
	if (rings_held(v->rings))
		return BACKEND_DRAIN;
	if (v->rings == RINGS_DETACHING)
		return BACKEND_NOTHING;
	if (!v->online)
		return BACKEND_REMOVE;
	if (v->failed)
		return frontend_closed(v->frontend) ||
		       (v->anew && v->frontend == BUS_INITIALISING) ?
		       BACKEND_FORGIVE : BACKEND_NOTHING;
	/*
	 * Bound again in haste, Linux' frontend still reads our old Connected
	 * and offers new rings at once, without Initialising.
	 */
	return v->frontend == BUS_INITIALISING ||
	       frontend_ready(v->frontend) ? BACKEND_REOPEN : BACKEND_NOTHING;
}

enum backend_step backend_step(const struct backend_view *v)
{
	if (!v->present)
		return step_removed(v);

	switch (v->mine) {
	case BUS_INITWAIT:
	case BUS_INITIALISED:
		return step_initwait(v);
	case BUS_CONNECTED:
	case BUS_RECONFIGURING:
	case BUS_RECONFIGURED:
		return step_connected(v);
	case BUS_CLOSING:
		return step_closing(v);
	case BUS_CLOSED:
		return step_closed(v);
	case BUS_UNKNOWN:
	case BUS_INITIALISING:
	case BUS_ILLEGAL:
	case BUS_GONE:
	case BUS_STATES:
		break;
	}
	return step_new(v);
}

const char *backend_step_name(enum backend_step step)
{
	static const char *const names[BACKEND_STEPS] = {
		[BACKEND_NOTHING]	= "nothing",
		[BACKEND_OPEN]		= "open",
		[BACKEND_RESUME]	= "resume",
		[BACKEND_CONNECT]	= "connect",
		[BACKEND_CONNECTED]	= "connected",
		[BACKEND_RESUMED]	= "resumed",
		[BACKEND_DRAIN]		= "drain",
		[BACKEND_DISCONNECT]	= "disconnect",
		[BACKEND_CLOSED]	= "closed",
		[BACKEND_FORGIVE]	= "forgive",
		[BACKEND_REOPEN]	= "reopen",
		[BACKEND_REMOVE]	= "remove",
	};

	return (unsigned int)step < BACKEND_STEPS ? names[step] : "?";
}

/* -- the frontend's side --------------------------------------------------- */

/*
 * True for the states of a peer that let go, or never had. InitWait is none:
 * it may be mapping our rings just now, and says Closing or Closed when it
 * sees that we left.
 */
static bool backend_let_go(enum bus_state s)
{
	return s == BUS_CLOSED || s == BUS_GONE || s == BUS_INITIALISING ||
	       s == BUS_UNKNOWN;
}

/* Did a driver before us publish rings that a backend may yet take? */
static bool left_rings(enum bus_state mine)
{
	return mine == BUS_INITIALISED || mine == BUS_CONNECTED ||
	       mine == BUS_RECONFIGURING || mine == BUS_RECONFIGURED;
}

/*
 * Initialising, or a state that a driver before us left behind (a kexec, a
 * crash, a firmware): nothing of ours is granted. A backend that is still
 * connected to that driver, or may be connecting to it just now, is walked
 * down first, step by step: were we quick to publish, it could take our rings
 * for those that it has.
 */
static enum frontend_step step_begin(const struct frontend_view *v)
{
	if (v->backend == BUS_CONNECTED ||
	    (v->backend == BUS_INITWAIT && left_rings(v->mine)))
		return FRONTEND_CLOSING;
	if (v->backend == BUS_CLOSING)
		return FRONTEND_CLOSED;
	if (v->mine != BUS_INITIALISING)
		return FRONTEND_INITIALISE;
	return v->backend == BUS_INITWAIT ? FRONTEND_PUBLISH :
					    FRONTEND_NOTHING;
}

static enum frontend_step step_up(const struct frontend_view *v)
{
	switch (v->backend) {
	case BUS_CONNECTED:
		return v->connected ? FRONTEND_NOTHING : FRONTEND_CONNECT;
	case BUS_CLOSING:
	case BUS_CLOSED:
	case BUS_GONE:
		return FRONTEND_CLOSING;
	case BUS_INITIALISING:
	case BUS_INITWAIT:
		/* It was connected and is not: it forgot our rings. */
		return v->connected ? FRONTEND_CLOSING : FRONTEND_NOTHING;
	default:
		return FRONTEND_NOTHING;
	}
}

static enum frontend_step step_down(const struct frontend_view *v)
{
	if (backend_let_go(v->backend))
		return FRONTEND_CLOSED;
	/* It drains on our Closing: what it answers yet is worth having. */
	if (v->backend == BUS_CLOSING && !v->busy)
		return FRONTEND_CLOSED;
	return FRONTEND_NOTHING;
}

static enum frontend_step step_closed_front(const struct frontend_view *v)
{
	/* It waits for a driver; nobody's rings are left that it might take. */
	if (v->backend == BUS_INITWAIT && !v->held && v->wanted)
		return FRONTEND_INITIALISE;
	if (!backend_let_go(v->backend))
		return FRONTEND_NOTHING;
	if (v->held)
		return FRONTEND_RELEASE;
	return v->wanted && v->backend != BUS_GONE ? FRONTEND_INITIALISE :
						     FRONTEND_NOTHING;
}

enum frontend_step frontend_step(const struct frontend_view *v)
{
	/* Our folder was removed: the toolstack is done with the device. */
	if (v->mine == BUS_GONE)
		return v->held ? FRONTEND_RELEASE : FRONTEND_NOTHING;
	if (v->mine == BUS_CLOSING)
		return step_down(v);
	if (v->mine == BUS_CLOSED)
		return step_closed_front(v);
	/* Initialising: a new device took its place, without our rings. */
	if (v->held && (!v->wanted || v->mine == BUS_UNKNOWN ||
			v->mine == BUS_ILLEGAL ||
			v->mine == BUS_INITIALISING))
		return FRONTEND_CLOSING;
	if (v->held)
		return step_up(v);
	if (v->wanted && v->backend != BUS_GONE)
		return step_begin(v);
	/* Nothing granted and nobody to connect to, or no wish to. */
	return v->backend == BUS_CONNECTED ? FRONTEND_CLOSING :
					     FRONTEND_CLOSED;
}

const char *frontend_step_name(enum frontend_step step)
{
	static const char *const names[FRONTEND_STEPS] = {
		[FRONTEND_NOTHING]	= "nothing",
		[FRONTEND_INITIALISE]	= "initialise",
		[FRONTEND_PUBLISH]	= "publish",
		[FRONTEND_CONNECT]	= "connect",
		[FRONTEND_CLOSING]	= "closing",
		[FRONTEND_CLOSED]	= "closed",
		[FRONTEND_RELEASE]	= "release",
	};

	return (unsigned int)step < FRONTEND_STEPS ? names[step] : "?";
}
