/* SPDX-License-Identifier: MIT */
/*
 * The xenbus handshake of our two ends, with everything that can happen to
 * them: frontends that crash or are started anew, workers and daemons that
 * die, images that do not open, toolstacks that unplug, destroy and make the
 * device again at the same path.
 *
 * What to do next is not modelled at all: backend_step(), frontend_step() and
 * the tables of legal edges are called, compiled from busstate.c. Modelled is
 * how lib/xenbus*.c, lib/worker.c and frontends/front.c carry their answers
 * out, each access to xenstore being a step of its own and a transaction
 * being one, and how watches wake them: ten events are one look.
 *
 * Every read may be outdated by the time that it is acted on. What must hold:
 *
 *  - no frontend begins to use rings that a worker does not have, or of which
 *    it has another life's ("Connected with old rings");
 *  - rings are taken back only when the worker let go of them;
 *  - each state written is a legal edge, and never into a removed folder;
 *  - a look at a device comes to rest (STEPS_MAX of xenbus.c);
 *  - whenever nobody has anything left to do, all is well (see WELL), whether
 *    or not something else would still happen;
 *  - and all comes to that: the graph of states has no cycle ('live').
 *
 * FAULTS bounds how many things go wrong in a run, in all combinations. Left
 * out: a device that is made anew at the same path while a frontend of the old
 * one runs, and after that another frontend (LIVES): not all of it holds then.
 *
 * models: lib/xenbus.c step_reopen step_open step_resume step_connect
 * models: lib/xenbus.c step_connected step_disconnect step_closed carry_out
 * models: lib/xenbus.c view_complete xenbus_work
 * models: lib/xenbus-look.c look_own look_online xenbus_look identify
 * models: lib/xenbus-look.c look_frontend xenbus_forget_frontend
 * models: lib/xenbus-worker.c xenbus_drain rings_gone xenbus_worker_said
 * models: lib/xenbus-worker.c xenbus_worker_died
 * models: lib/xenbus-write.c xenbus_go write_change
 * models: lib/worker.c on_attach on_detach worker_detached
 * models: frontends/front.c front_bus_set carry_out is_over front_bus_step
 * models: frontends/blk/connect.c publish connect blk_front_release
 *
 * link: xenstore-schema/busstate.c
 *
 * error: stuck | assertion violated  *!\(stuck\)
 * error: old-rings | assertion violated .*mapped==life
 * error: taken-back | assertion violated .*mapped!=life
 * error: illegal | assertion violated legal
 * error: no-rest | assertion violated .*steps<16
 *
 * check: block device, one thing goes wrong
 * check: network device, one thing goes wrong | -DDIRECT
 * check: block device, made anew at the same path | -DFAULTS=0 -DREMAKES=1
 * check: network device, made anew at the same path | -DDIRECT -DFAULTS=0 -DREMAKES=1
 * check: block device, made anew under its frontend | -DFAULTS=0 -DREMAKES=1 -DLIVES=1
 * check: comes to rest | -DCOUNT_STEPS -DLIVES=1 | live
 * deep: block device, two things go wrong | -DFAULTS=2
 * deep: network device, two things go wrong | -DDIRECT -DFAULTS=2
 * deep: block device, made anew, one thing goes wrong | -DREMAKES=1
 * deep: network device, made anew, one thing goes wrong | -DDIRECT -DREMAKES=1
 * deep: block device, made anew under its frontend, one thing goes wrong | -DREMAKES=1 -DLIVES=1
 * deep: comes to rest, the next driver too | -DCOUNT_STEPS | live
 * deep: comes to rest, made anew | -DCOUNT_STEPS -DFAULTS=0 -DREMAKES=1 | live
 *
 * reach: served | -DFAULTS=0 -DREACH_served
 * reach: served after a crash of the frontend | -DREACH_served_again
 * reach: served after the daemon died | -DREACH_served_by_another
 * reach: removed and forgotten | -DFAULTS=0 -DREACH_removed
 * reach: made anew and served | -DFAULTS=0 -DREMAKES=1 -DREACH_remade
 *
 * mutant: backend: does not drain what it must | -DFAULTS=0 -DMUTANT_forget_to_drain | stuck
 * mutant: backend: Closed while rings are mapped | -DFAULTS=0 -DMUTANT_closed_before_drained | taken-back
 * mutant: backend: does not forgive | -DMUTANT_never_forgive | stuck
 * mutant: backend: a new daemon leaves the guest as it is | -DMUTANT_leave_as_it_is | stuck
 * mutant: backend: writes without looking what is there | -DFAULTS=0 -DMUTANT_no_transaction | illegal
 * mutant: backend: reads online only when its own watch fired | -DFAULTS=0 -DMUTANT_trust_old_online | stuck
 * mutant: backend: a new device inherits the old one's failure | -DREMAKES=1 -DMUTANT_inherit_failure | stuck
 * mutant: backend: rings that it lets go of fail the device | -DREMAKES=1 -DMUTANT_late_failure | stuck
 * mutant: frontend: begins over what another driver left | -DBLIND -DMUTANT_do_not_walk_down | old-rings
 * mutant: frontend: publishes to a backend that may be mapping | -DBLIND -DMUTANT_publish_at_once | old-rings
 * mutant: frontend: takes rings back from a backend in Closing | -DFAULTS=0 -DMUTANT_release_while_closing | taken-back
 * mutant: frontend: takes rings back from a backend in InitWait | -DFAULTS=0 -DMUTANT_release_in_initwait | taken-back
 */

#ifndef FAULTS
#define FAULTS 1	/* things that go wrong, beside the toolstack's doing */
#endif
#ifndef LIVES
#define LIVES 2		/* of frontends, one after the other */
#endif
#ifndef REMAKES
#define REMAKES 0	/* devices that take the place of an unplugged one */
#endif
#ifdef DIRECT
#define IS_DIRECT 1
#else
#define IS_DIRECT 0
#endif

#define UNKNOWN 0
#define INITIALISING 1
#define INITWAIT 2
#define INITIALISED 3
#define CONNECTED 4
#define CLOSING 5
#define CLOSED 6
#define GONE 10

#define NONE 0
#define ATTACHING 1
#define ATTACHED 2
#define DETACHING 3

#define STEPS_MAX 16		/* of lib/xenbus.c */

#define B_NOTHING 0
#define B_OPEN 1
#define B_RESUME 2
#define B_CONNECT 3
#define B_CONNECTED 4
#define B_RESUMED 5
#define B_DRAIN 6
#define B_DISCONNECT 7
#define B_CLOSED 8
#define B_FORGIVE 9
#define B_REOPEN 10
#define B_REMOVE 11

#define F_NOTHING 0
#define F_INITIALISE 1
#define F_PUBLISH 2
#define F_CONNECT 3
#define F_CLOSING 4
#define F_CLOSED 5
#define F_RELEASE 6

c_decl {
\#include "xenstore-schema/busstate.h"

	_Static_assert(BUS_UNKNOWN == UNKNOWN, "UNKNOWN");
	_Static_assert(BUS_INITIALISING == INITIALISING, "INITIALISING");
	_Static_assert(BUS_INITWAIT == INITWAIT, "INITWAIT");
	_Static_assert(BUS_INITIALISED == INITIALISED, "INITIALISED");
	_Static_assert(BUS_CONNECTED == CONNECTED, "CONNECTED");
	_Static_assert(BUS_CLOSING == CLOSING, "CLOSING");
	_Static_assert(BUS_CLOSED == CLOSED, "CLOSED");
	_Static_assert(BUS_GONE == GONE, "GONE");
	_Static_assert(RINGS_NONE == NONE, "NONE");
	_Static_assert(RINGS_ATTACHING == ATTACHING, "ATTACHING");
	_Static_assert(RINGS_ATTACHED == ATTACHED, "ATTACHED");
	_Static_assert(RINGS_DETACHING == DETACHING, "DETACHING");
	_Static_assert(BACKEND_NOTHING == B_NOTHING, "NOTHING");
	_Static_assert(BACKEND_OPEN == B_OPEN, "OPEN");
	_Static_assert(BACKEND_RESUME == B_RESUME, "RESUME");
	_Static_assert(BACKEND_CONNECT == B_CONNECT, "CONNECT");
	_Static_assert(BACKEND_CONNECTED == B_CONNECTED, "CONNECTED");
	_Static_assert(BACKEND_RESUMED == B_RESUMED, "RESUMED");
	_Static_assert(BACKEND_DRAIN == B_DRAIN, "DRAIN");
	_Static_assert(BACKEND_DISCONNECT == B_DISCONNECT, "DISCONNECT");
	_Static_assert(BACKEND_CLOSED == B_CLOSED, "CLOSED");
	_Static_assert(BACKEND_FORGIVE == B_FORGIVE, "FORGIVE");
	_Static_assert(BACKEND_REOPEN == B_REOPEN, "REOPEN");
	_Static_assert(BACKEND_REMOVE == B_REMOVE, "REMOVE");
	_Static_assert(FRONTEND_NOTHING == F_NOTHING, "NOTHING");
	_Static_assert(FRONTEND_INITIALISE == F_INITIALISE, "INITIALISE");
	_Static_assert(FRONTEND_PUBLISH == F_PUBLISH, "PUBLISH");
	_Static_assert(FRONTEND_CONNECT == F_CONNECT, "CONNECT");
	_Static_assert(FRONTEND_CLOSING == F_CLOSING, "CLOSING");
	_Static_assert(FRONTEND_CLOSED == F_CLOSED, "CLOSED");
	_Static_assert(FRONTEND_RELEASE == F_RELEASE, "RELEASE");
}

/* -- xenstore ---------------------------------------------------------------- */

byte b_state = INITIALISING;	/* GONE: the folder is not there */
byte f_state = INITIALISING;
bit online = 1;
byte published;			/* whose rings the frontend's nodes name */

/* Watches that fired and were not looked at. */
bit ev_state, ev_online, ev_front;	/* the daemon's */
bit ev_back;				/* the frontend's */

/* -- the worlds around ------------------------------------------------------- */

byte faults = FAULTS;
bit unplugged;			/* the toolstack is at it, or was */
bit shut;			/* and found it Closed */
bit torn;			/* a frontend's folder goes before it is closed */
byte remakes = REMAKES;
bit no_medium;			/* this device could not be opened */

/* -- the daemon -------------------------------------------------------------- */

bit running;			/* the supervisor process */
#ifdef REACH_served_by_another
byte daemons;
#endif
bit known;			/* it has a struct xenbus for the device */
byte v_mine, v_front;		/* struct backend_view */
bit v_present, v_online, v_opened, v_changed, v_announced, v_failed,
	v_anew;
byte v_rings;
bit look_own, look_online, look_front, identified, seen;
byte b_step;
byte steps;
bit queued;			/* in the supervisor's list */
bit go_done, hook_fault;

/* The edge that is about to be written. */
byte b_next, f_next;
bit legal = 1;

/* The worker: messages, and whose rings it has mapped. */
mtype = { ATTACH, DETACH, IS_ATTACHED, IS_DETACHED, HAS_FAILED };
chan to_worker = [2] of { mtype, byte };
chan from_worker = [3] of { mtype };
byte mapped;
bit slot_used;			/* worker.c: it has a slot for the device */
bit died;			/* SIGCHLD */

/* -- the frontend ------------------------------------------------------------ */

byte life;			/* 1, 2, ...: also the name of its rings */
bit alive;			/* its process */
bit over;			/* FRONT_CLOSED */
byte granted;			/* rings whose pages can be mapped now */
bit w_wanted, w_held, w_connected;
byte w_mine, w_back;
byte f_step;
bit crashed;			/* its last life ended so */
bit wished;			/* it was asked to leave */
bit turning;			/* between a decision and its deed */

c_code {
	static unsigned char ask_backend(const State *s)
	{
		const struct backend_view v = {
			.mine = s->v_mine, .frontend = s->v_front,
			.present = s->v_present, .online = s->v_online,
			.opened = s->v_opened, .rings = s->v_rings,
			.announced = s->v_announced, .failed = s->v_failed,
			.anew = s->v_anew,
		};

		return backend_step(&v);
	}

	static unsigned char ask_frontend(const State *s)
	{
		const struct frontend_view v = {
			.mine = s->w_mine, .backend = s->w_back,
			.wanted = s->w_wanted, .direct = IS_DIRECT,
			.held = s->w_held, .connected = s->w_connected,
		};

		return frontend_step(&v);
	}
}

/*
 * Whoever writes a node makes the watches on it fire. The daemon's own writes
 * do so, too, and cost it a look that sees nothing new: left out.
 */
inline wrote_backend_state()
{
	ev_back = alive
}

inline toolstack_wrote_backend_state()
{
	ev_state = running;
	ev_back = alive
}

inline wrote_frontend_state()
{
	ev_front = running && identified
}

/* -- the daemon: carrying out ------------------------------------------------ */

inline fail()
{
	if
	:: !v_failed -> v_failed = 1; v_anew = 0
	:: else
	fi
}

#ifdef MUTANT_trust_old_online
#define FRESH(to) (b_state == v_mine)
#else
#define FRESH(to) (b_state == v_mine && (to != INITWAIT || online == v_online))
#endif

/*
 * One transaction: it sees what is there, or what somebody else made of it.
 * The hook in it may fail.
 */
inline go(to)
{
	go_done = 0;
	if
#ifndef MUTANT_trust_old_online
	:: b_state == v_mine && to == INITWAIT && online != v_online ->
		look_online = 1
#endif
#ifndef MUTANT_no_transaction
	:: b_state != v_mine ->
		look_own = 1;
		look_online = 1
#else
	:: b_state != v_mine ->
		b_next = to;
		c_code { now.legal = backend_edge_legal(now.b_state, now.b_next); };
		assert(legal);
		b_state = to
#endif
	:: FRESH(to) && faults > 0 && to != CLOSED && to != CLOSING ->
		faults--;
		fail();
		hook_fault = 1
	:: FRESH(to) ->
		assert(b_state != GONE);
		b_next = to;
		c_code { now.legal = backend_edge_legal(now.b_state, now.b_next); };
		assert(legal);
		b_state = to;
		v_mine = to;
		b_next = 0;
		wrote_backend_state();
		go_done = 1
	fi
}

inline drain()
{
	if
	:: v_rings == ATTACHING || v_rings == ATTACHED ->
		v_rings = DETACHING;
		if
		:: died
		:: else -> to_worker!DETACH(0)
		fi
	:: else
	fi
}

inline reopen()
{
	if
	:: v_opened
	:: !v_opened -> v_opened = 1
	:: !v_opened && faults > 0 -> faults--; fail(); hook_fault = 1
	fi;
	if
	:: v_opened -> go(INITWAIT)
	:: else
	fi
}

/* class->connect() reads the frontend's nodes, the worker is told. */
inline connect_rings()
{
	if
	:: f_state == GONE || published == 0 || died -> fail()
	:: else ->
		to_worker!ATTACH(published);
		v_rings = ATTACHING
	fi
}

inline forget_frontend()
{
	identified = 0;
	seen = 0;
	look_front = 0;
	ev_front = 0;
	v_front = UNKNOWN
}

inline rings_gone()
{
	v_rings = NONE;
	v_announced = 0
}

inline carry_out_backend()
{
	if
	:: b_step == B_OPEN -> v_opened = 0; reopen()
	:: b_step == B_REOPEN -> reopen()
	:: b_step == B_RESUME -> fail()
	:: b_step == B_CONNECT -> connect_rings()
	:: b_step == B_CONNECTED ->
		go(CONNECTED);
		if
		:: go_done -> v_announced = 1
		:: else
		fi
	:: b_step == B_RESUMED -> v_announced = 1
	:: b_step == B_DRAIN -> drain()
	:: b_step == B_DISCONNECT ->
		go(CLOSING);
		if
		:: go_done -> drain()
		:: else
		fi
	:: b_step == B_CLOSED -> go(CLOSED)
	:: b_step == B_FORGIVE -> v_failed = 0; v_anew = 0
	fi
}

/* -- the daemon: looking ----------------------------------------------------- */

inline forget_device()
{
	assert(v_rings == NONE);
	forget_frontend();
	known = 0;
	queued = 0;
	steps = 0;
	v_mine = GONE;
	v_opened = 0;
	v_failed = 0;
	v_anew = 0;
	v_online = 0;
	v_present = 0;
	v_announced = 0;
	look_own = 0;
	look_online = 0
}

inline new_device()
{
	known = 1;
	v_mine = GONE;
	look_own = 1;
	look_online = 1
}

inline look_at_own()
{
	look_own = 0;
	v_present = b_state != GONE;
	if
	:: v_present ->
		if
		:: b_state == INITIALISING && v_mine != INITIALISING ->
			forget_frontend();
#ifndef MUTANT_inherit_failure
			v_failed = 0;
#endif
			look_online = 1
		:: else
		fi;
		v_mine = b_state
	:: else
	fi
}

#define LOOK_FRONT	(v_present && identified && look_front)
#define COMPLETE	(seen || !v_present || v_mine == INITIALISING)

/*
 * look(), but for the frontend: somebody who writes between two of these
 * reads makes an event that brings us back, and go() looks again.
 */
inline look()
{
	if
	:: look_own -> look_at_own()
	:: else
	fi;
	if
	:: v_present && look_online -> look_online = 0; v_online = online
	:: else
	fi;
	if
	:: v_present && !identified && b_state != GONE ->
		identified = 1;
		ev_front = 1
	:: else
	fi
}

inline look_at_frontend()
{
	look_front = 0;
	seen = 1;
	v_anew = v_anew || (v_front != UNKNOWN && v_front != f_state &&
			    f_state == INITIALISING);
	v_front = f_state
}

/* A turn of xenbus_work()'s loop */
inline work()
{
	decide_backend();
	if
	:: b_step == B_NOTHING -> queued = 0; steps = 0
	:: b_step == B_REMOVE -> forget_device()
	:: else -> carry_out_backend(); look()
	fi;
	b_step = 0;
	go_done = 0
}

inline decide_backend()
{
	if
	:: COMPLETE -> c_code { now.b_step = ask_backend(&now); }
	:: else -> b_step = B_NOTHING
	fi;
#ifdef MUTANT_forget_to_drain
	if
	:: b_step == B_DRAIN -> b_step = B_NOTHING
	:: else
	fi;
#endif
#ifdef MUTANT_closed_before_drained
	if
	:: v_mine == CLOSING && v_rings == DETACHING -> b_step = B_CLOSED
	:: else
	fi;
#endif
#ifdef MUTANT_never_forgive
	if
	:: b_step == B_FORGIVE -> b_step = B_NOTHING
	:: else
	fi;
#endif
#ifdef MUTANT_leave_as_it_is
	if
	:: b_step == B_RESUME -> b_step = B_NOTHING
	:: else
	fi;
#endif
#ifdef COUNT_STEPS
	steps++;
	assert(steps < STEPS_MAX)	/* "no rest in ..." */
#endif
}

inline worker_said()
{
	if
	:: from_worker?IS_ATTACHED ->
		if
		:: v_rings == ATTACHING -> v_rings = ATTACHED
		:: else
		fi
	:: from_worker?IS_DETACHED ->
		if
		:: v_rings == DETACHING -> rings_gone()
		:: else
		fi
	:: from_worker?HAS_FAILED ->
		if
#ifdef MUTANT_late_failure
		:: v_rings != NONE -> fail()
#else
		:: v_rings == ATTACHING || v_rings == ATTACHED -> fail()
#endif
		:: else
		fi
	fi
}

inline worker_died()
{
	died = 0;
	do
	:: from_worker?_
	:: empty(from_worker) -> break
	od;
	if
	:: v_rings == NONE
	:: else ->
		if
		:: v_rings != DETACHING -> fail()
		:: else
		fi;
		rings_gone()
	fi
}

inline backend_event(which)
{
	if
	:: known
	:: else -> new_device()
	fi;
	which = 1
}

inline take_event()
{
	if
	:: ev_state -> ev_state = 0; backend_event(look_own)
	:: ev_online -> ev_online = 0; backend_event(look_online)
	:: ev_front -> ev_front = 0; look_front = 1
	:: nempty(from_worker) -> worker_said()
	:: died -> worker_died()
	fi
}

#define EVENT (ev_state || ev_online || ev_front || len(from_worker) > 0 || died)

/* The service manager ends the workers with their supervisor. */
inline daemon_dies()
{
	running = 0;
	if
	:: known ->
		v_rings = NONE;
		v_announced = 0;
		forget_device()
	:: else
	fi;
	do
	:: to_worker?_(_)
	:: empty(to_worker) -> break
	od;
	do
	:: from_worker?_
	:: empty(from_worker) -> break
	od;
	mapped = 0;
	slot_used = 0;
	died = 0;
	ev_state = 0;
	ev_online = 0
}


active proctype daemon()
{
restart:
	atomic {
		running = 1;
#ifdef REACH_served_by_another
		daemons++;
#endif
		if
		:: b_state != GONE -> new_device(); queued = 1; look()
		:: else
		fi
	};
end:
	do
	:: atomic { !queued && EVENT ->
		/* however many came by now */
		take_event();
		do
		:: EVENT -> take_event()
		:: true -> break
		od;
		queued = known;
		if
		:: queued -> look()
		:: else
		fi
	   }
	:: atomic { queued && LOOK_FRONT -> look_at_frontend() }
	:: atomic { queued && !LOOK_FRONT -> work() }
	:: atomic { faults > 0 -> faults--; daemon_dies(); goto restart }
	od
}

/* -- the worker -------------------------------------------------------------- */

/* Its own pages, or other ones: a number may have been given out again. */
inline attach()
{
	assert(mapped == 0 && !slot_used);
	if
	:: granted != 0 ->
		mapped = granted;
		slot_used = 1;
		from_worker!IS_ATTACHED
	:: granted != who -> from_worker!HAS_FAILED
	:: granted == who && faults > 0 ->
		faults--;
		from_worker!HAS_FAILED
	fi;
	who = 0
}

active proctype worker()
{
	byte who;

end:
	do
	:: atomic { !died && nempty(to_worker) ->
		if
		:: to_worker?ATTACH(who) -> attach()
		:: to_worker?DETACH(_) ->
			mapped = 0;
			slot_used = 0;
			from_worker!IS_DETACHED
		fi
	   }
	:: atomic { !died && mapped != 0 && faults > 0 && len(from_worker) < 2 ->
		faults--;	/* a broken ring, a dead disk */
		from_worker!HAS_FAILED
	   }
	:: atomic { !died && running && faults > 0 ->
		faults--;
		died = 1;
		mapped = 0;
		slot_used = 0;
		do
		:: to_worker?_(_)
		:: empty(to_worker) -> break
		od
	   }
	od
}

/* -- the frontend ------------------------------------------------------------ */

/* front_bus_set(): a folder that is gone needs no goodbye. */
inline say(to)
{
	if
	:: f_state != GONE ->
		f_next = to;
		c_code { now.legal = frontend_edge_legal(now.f_state, now.f_next); };
		assert(legal);
		f_next = 0;
		f_state = to;
		wrote_frontend_state()
	:: else
	fi
}

inline front_fail()
{
	w_wanted = 0
}

inline publish()
{
	granted = life;
	if
	:: f_state == GONE -> front_fail()
	:: else ->
		published = life;
		w_held = 1;
		w_connected = 0;
		if
		:: IS_DIRECT -> say(CONNECTED)
		:: else -> say(INITIALISED)
		fi
	fi
}

inline connect_front()
{
	/* what a worker serves now, it serves for us */
	assert(mapped == life || mapped == 0);
	if
	:: IS_DIRECT
	:: else -> say(CONNECTED)
	fi;
	w_connected = 1
}

inline close_front()
{
	if
	:: w_held && w_wanted -> front_fail()
	:: else
	fi;
	say(CLOSING)
}

inline release()
{
	if
	:: w_mine != GONE && b_state == w_back && w_back != GONE &&
	   w_back != INITIALISING ->
		assert(mapped != life)
	:: else
	fi;
	if
	:: w_wanted -> front_fail()
	:: else
	fi;
	w_held = 0;
	w_connected = 0
}

inline judge_over()
{
	if
	:: !w_held && (w_mine == GONE || w_back == GONE ||
		       (!w_wanted && w_mine == CLOSED && w_back != INITWAIT)) ->
		over = 1
	:: else
	fi
}

inline decide_frontend()
{
	c_code { now.f_step = ask_frontend(&now); };
#ifdef MUTANT_do_not_walk_down
	if
	:: !w_held && w_wanted && f_step == F_CLOSING -> f_step = F_INITIALISE
	:: else
	fi;
#endif
#ifdef MUTANT_publish_at_once
	if
	:: !w_held && w_wanted && w_back == INITWAIT && f_step == F_CLOSING ->
		f_step = F_INITIALISE
	:: else
	fi;
#endif
#ifdef MUTANT_release_in_initwait
	if
	:: w_mine == CLOSING && w_back == INITWAIT -> f_step = F_CLOSED
	:: w_held && w_mine == CLOSED && w_back == INITWAIT ->
		f_step = F_RELEASE
	:: else
	fi;
#endif
#ifdef MUTANT_release_while_closing
	if
	:: w_held && w_mine == CLOSED && w_back == CLOSING ->
		f_step = F_RELEASE
	:: else
	fi;
#endif
	if
	:: f_step == F_NOTHING -> judge_over()
	:: else
	fi
}

/* Both ends' states, and what follows. */
inline look_and_decide()
{
	w_mine = f_state;
	w_back = b_state;
	decide_frontend();
	if
	:: f_step == F_NOTHING -> rest()
	:: else -> turning = 1
	fi
}

inline rest()
{
	turning = 0;
	w_mine = 0;
	w_back = 0
}

inline carry_out_frontend()
{
	if
	:: f_step == F_INITIALISE -> say(INITIALISING)
	:: f_step == F_PUBLISH -> publish()
	:: f_step == F_CONNECT -> connect_front()
	:: f_step == F_CLOSING -> close_front()
	:: f_step == F_CLOSED -> say(CLOSED)
	:: f_step == F_RELEASE -> release()
	fi;
	f_step = 0
}

inline begin_life()
{
	life++;
	alive = 1;
	crashed = 0;
	w_wanted = 1;
	ev_back = 1
}

/* Pages that are mapped still stay what they are; no new mapping finds them. */
inline end_life()
{
	granted = 0;
	alive = 0;
	over = 0;
	ev_back = 0;
	wished = 0;
	w_wanted = 0;
	w_held = 0;
	w_connected = 0;
	f_step = 0;
	rest()
}

active proctype frontend()
{
end:
	do
	:: atomic { !alive && life < LIVES && f_state != GONE &&
		    b_state != GONE ->
		begin_life()
	   }
	:: atomic { !alive && life > 0 && life < LIVES -> life = LIVES }
	:: atomic { alive && !turning && over -> end_life() }
	:: atomic { alive && !turning && !over && ev_back ->
		ev_back = 0;
		look_and_decide()
	   }
	:: atomic { alive && !turning && !over && w_wanted && !wished ->
		wished = 1;	/* somebody stops it */
		w_wanted = 0;
		look_and_decide()
	   }
	:: atomic { alive && turning -> carry_out_frontend(); look_and_decide() }
	:: atomic { alive && faults > 0 ->
		faults--;
		crashed = 1;
		end_life()
	   }
	od
}

/* -- the toolstack ----------------------------------------------------------- */

inline remove_folders()
{
	f_state = GONE;
	b_state = GONE;
	published = 0;
	online = 0;
	wrote_frontend_state();
	toolstack_wrote_backend_state();
	ev_online = running
}

active proctype toolstack()
{
end:
	do
	:: atomic { b_state != GONE && !unplugged ->
		unplugged = 1;
		online = 0;
		ev_online = running;
		if
		:: true -> skip
		:: torn = 1;	/* destroying: the guest is not asked */
		   f_state = GONE;
		   published = 0;
		   wrote_frontend_state()
		fi;
		if
		:: b_state == CLOSED -> shut = 1	/* not waited for */
		:: else -> b_state = CLOSING; toolstack_wrote_backend_state()
		fi
	   };
	   atomic {
		if
		:: shut || b_state == CLOSED
		:: life == LIVES && !alive && crashed	/* nobody to answer */
		:: faults > 0 -> faults--	/* lost patience */
		fi;
		remove_folders()
	   };
	   if
	   :: atomic { remakes > 0 && (!alive || LIVES == 1) ->
		remakes--;
		unplugged = 0;
		shut = 0;
		torn = 0;
		hook_fault = 0;
		b_state = INITIALISING;
		f_state = INITIALISING;
		online = 1;
		toolstack_wrote_backend_state();
		ev_online = running
	      }
	   :: true -> break
	   fi
	:: break
	od
}

/* -- what must hold ---------------------------------------------------------- */

/* Nobody has anything to do, unless something else happens. */
#define QUIET (running && !queued && !EVENT && len(to_worker) == 0 && \
	       !turning && !(alive && (over || ev_back)) && \
	       !(unplugged && (shut || b_state == CLOSED)))

#define SERVED (f_state == CONNECTED && b_state == CONNECTED && \
		w_connected && w_wanted && mapped == life && \
		v_rings == ATTACHED && v_announced)

/* Removed: nobody remembers it, nobody holds it. */
#define WELL_REMOVED (!known && mapped == 0 && !alive)
/* A frontend is served; or what is behind the device is broken. */
#define WELL_ALIVE (!unplugged && \
		    (SERVED || (hook_fault && b_state == CLOSED && !w_held)))
/* The frontend left in good order: nothing is held, and the next may come. */
#define WELL_LEFT (!unplugged && mapped == 0 && v_rings == NONE && \
		   (b_state == CLOSED || \
		    (b_state == INITWAIT && f_state == INITIALISING)))
/* It died and nobody saw it: whatever there was, is. */
#define WELL (b_state == GONE -> WELL_REMOVED : \
	      (alive -> WELL_ALIVE : (crashed || WELL_LEFT)))

#ifndef BLIND	/* a mutant that has to fail in another way */
active proctype judge()
{
	bit stuck;

end:
	do
	:: atomic { QUIET && !(WELL) -> stuck = 1; assert(!stuck) }
	od
}
#endif

/* States that must be there, or nothing was proved. */
#define REACH(condition) active proctype reach() \
{ \
end:	condition -> assert(false) \
}

#ifdef REACH_served
REACH(SERVED)
#endif
#ifdef REACH_served_again
REACH(SERVED && life == 2 && faults == 0 && !wished)
#endif
#ifdef REACH_served_by_another
REACH(SERVED && daemons == 2)
#endif
#ifdef REACH_removed
REACH(b_state == GONE && !known && life == 2 && running)
#endif
#ifdef REACH_remade
REACH(SERVED && remakes == 0)
#endif
