/* SPDX-License-Identifier: MIT */
/*
 * The xenbus handshake, decided apart from being done.
 *
 * Theory of operation
 * -------------------
 * Both ends of a device have a `state` node that the other end watches. Each
 * time anything changes (a watch fires, a worker answers, a hook fails) the
 * owner of a device fills a view with what is true now and asks for a step;
 * it carries the step out, which changes the view, and asks again until the
 * answer is NOTHING. There is no memory in here and nothing is ever waited
 * for: an event that comes twice, late or out of order gives the same answer.
 *
 *	frontend        1 Initialising ---> 3 Initialised -> 4 Connected
 *	                     ^   (net, OVMF, Mini-OS: 1 ---> 4)    |
 *	                     |                                     v
 *	                     +---- 6 Closed <---------------- 5 Closing
 *
 *	backend         1 Initialising -> 2 InitWait ------> 4 Connected
 *	                                     ^                     |
 *	                                     |                     v
 *	                                     +- 6 Closed <--- 5 Closing
 *
 * From every view a bounded number of steps reaches NOTHING (or REMOVE), and
 * no step takes new rings while a worker may still hold the old ones: both
 * are tested over all views. What a peer writes can only choose among the
 * steps; a state that does not exist is ignored.
 */
#ifndef XENSTORE_SCHEMA_BUSSTATE_H
#define XENSTORE_SCHEMA_BUSSTATE_H

#include <stdbool.h>

/* Numbers as in <xen/io/xenbus.h>, and what else a `state` node may be. */
enum bus_state {
	BUS_UNKNOWN,		/* 0 */
	BUS_INITIALISING,	/* 1 */
	BUS_INITWAIT,		/* 2 */
	BUS_INITIALISED,	/* 3 */
	BUS_CONNECTED,		/* 4 */
	BUS_CLOSING,		/* 5 */
	BUS_CLOSED,		/* 6 */
	BUS_RECONFIGURING,	/* 7 */
	BUS_RECONFIGURED,	/* 8 */
	BUS_ILLEGAL,		/* there, but none of the above */
	BUS_GONE,		/* no such node: the peer's folder was removed */
	BUS_STATES,
};

/* "Connected"; never NULL. */
const char *bus_state_name(enum bus_state state);
/* What a `state` node says; NULL when it could not be read: BUS_GONE. */
enum bus_state bus_state_parse(const char *value);
/* "4": what to write. STATE is one of 0..8. */
const char *bus_state_value(enum bus_state state);

/* A change of its own node that a well-behaved end makes. */
bool backend_edge_legal(enum bus_state from, enum bus_state to);
bool frontend_edge_legal(enum bus_state from, enum bus_state to);

/* -- the backend's side ---------------------------------------------------- */

/* What the worker holds of a guest's rings and ports. */
enum rings {
	RINGS_NONE,
	RINGS_ATTACHING,	/* asked to map, no answer yet */
	RINGS_ATTACHED,
	RINGS_DETACHING,	/* asked to let go, no answer yet */
};

struct backend_view {
	/* As it is in the store now: the toolstack may have written it. */
	enum bus_state mine;
	enum bus_state frontend;
	/* Our folder is there. Once false, nothing else is looked at. */
	bool present;
	/* The node `online`; false: the toolstack wants the device away. */
	bool online;
	/* What is behind it (image, TAP) is open. */
	bool opened;
	enum rings rings;
	/* CONNECTED or RESUMED was carried out for these rings. */
	bool announced;
	/*
	 * A hook or the worker gave the device up. FORGIVE clears it, and so
	 * does the owner when it finds Initialising over a state it had
	 * written: that is a new device.
	 */
	bool failed;
	/*
	 * Since it failed, the frontend was seen to go to Initialising: the
	 * Closed before it was over when we looked. FORGIVE clears it.
	 */
	bool anew;
};

enum backend_step {
	BACKEND_NOTHING,	/* wait for the next event */
	/*
	 * Close what may be open (a new device took this path), read what the
	 * toolstack wrote, open, publish features, go InitWait.
	 */
	BACKEND_OPEN,
	/*
	 * We died and came back while the guest was connected: open what is
	 * behind, write nothing.
	 */
	BACKEND_RESUME,
	/* Read the frontend's rings, have the worker attach them. */
	BACKEND_CONNECT,
	/* Attached: publish what only a connected device has, go Connected. */
	BACKEND_CONNECTED,
	/* Attached again behind the guest's back: note it, write nothing. */
	BACKEND_RESUMED,
	/* Have the worker let go; the state stays what it is. */
	BACKEND_DRAIN,
	/* Go Closing, and if a worker holds rings, have it let go. */
	BACKEND_DISCONNECT,
	/* Nothing is held: go Closed. What is behind stays open. */
	BACKEND_CLOSED,
	/* Both ends were closed: clear `failed`, the next driver may try. */
	BACKEND_FORGIVE,
	/* The next driver is there: open if needed, features, InitWait. */
	BACKEND_REOPEN,
	/* The device is over: close what is behind, forget it. */
	BACKEND_REMOVE,
	BACKEND_STEPS,
};

enum backend_step backend_step(const struct backend_view *v);
const char *backend_step_name(enum backend_step step);

/* -- the frontend's side --------------------------------------------------- */

struct frontend_view {
	enum bus_state mine;
	enum bus_state backend;
	/* The host wants the device; false: close it and stay closed. */
	bool wanted;
	/* netif: go from Initialising to Connected, without Initialised. */
	bool direct;
	/* Our rings are granted: this life of the driver published them. */
	bool held;
	/* CONNECT was carried out for these rings. */
	bool connected;
	/* Requests are under way that the backend has to answer. */
	bool busy;
};

enum frontend_step {
	FRONTEND_NOTHING,	/* wait for the next event */
	FRONTEND_INITIALISE,	/* go Initialising */
	/*
	 * Read features, grant rings, write their nodes, then go Initialised
	 * (Connected when `direct`).
	 */
	FRONTEND_PUBLISH,
	/* The backend is Connected: read its nodes, go Connected, begin. */
	FRONTEND_CONNECT,
	/* Take no new requests, go Closing. */
	FRONTEND_CLOSING,
	/* Go Closed. The backend may still hold the rings: keep them. */
	FRONTEND_CLOSED,
	/* The backend let go: take the rings back, clear `connected`. */
	FRONTEND_RELEASE,
	FRONTEND_STEPS,
};

enum frontend_step frontend_step(const struct frontend_view *v);
const char *frontend_step_name(enum frontend_step step);

#endif
