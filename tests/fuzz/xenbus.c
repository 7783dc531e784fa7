/* SPDX-License-Identifier: MIT */
/*
 * The xenbus handshake as sequences of states: a backend and a frontend that
 * carry out what backend_step() and frontend_step() decide, and a peer, a
 * toolstack and a worker that do anything between.
 *
 *	- after any event a few steps lead to rest: nothing goes round for ever,
 *	- rings are only taken when none are held, let go of only when they are,
 *	- nothing is opened for, or announced to, a device that failed,
 *	- an end alone with a well-behaved one only makes changes that are legal,
 *	- when the device is to go and the peer is gone, nothing stays held.
 */
#include "tests/fuzz/fuzz.h"
#include "xenstore-schema/busstate.h"

#include <stdio.h>
#include <stdlib.h>

#define REST_STEPS 12	/* more than the longest way to rest */

static struct world {
	struct backend_view back;
	struct frontend_view front;
	bool back_over;		/* its folder is removed and it knows */
	bool tame;		/* nobody writes states but the two ends */
} w;

/* -- the backend's owner ---------------------------------------------------- */

static void back_says(enum bus_state state)
{
	if (w.tame)
		MUST(backend_edge_legal(w.back.mine, state));
	w.back.mine = state;
}

static void back_attach(void)
{
	MUST(w.back.rings == RINGS_NONE && !w.back.failed);
	/* a guest that was connected is served until it lets go */
	MUST(w.back.online || w.back.mine != BUS_INITWAIT);
	w.back.rings = RINGS_ATTACHING;
	w.back.announced = false;
}

static void back_let_go(void)
{
	if (w.back.rings == RINGS_ATTACHING || w.back.rings == RINGS_ATTACHED)
		w.back.rings = RINGS_DETACHING;
}

static void back_carry_out(enum backend_step step)
{
	switch (step) {
	case BACKEND_OPEN:
		MUST(w.back.rings == RINGS_NONE && !w.back.failed);
		w.back.opened = true;
		back_says(BUS_INITWAIT);
		break;
	case BACKEND_RESUME:
		MUST(!w.back.opened && w.back.rings == RINGS_NONE);
		w.back.opened = true;
		break;
	case BACKEND_CONNECT:
		MUST(w.back.opened);
		back_attach();
		break;
	case BACKEND_CONNECTED:
		MUST(w.back.rings == RINGS_ATTACHED && !w.back.failed);
		w.back.announced = true;
		back_says(BUS_CONNECTED);
		break;
	case BACKEND_RESUMED:
		MUST(w.back.rings == RINGS_ATTACHED);
		w.back.announced = true;
		break;
	case BACKEND_DRAIN:
		MUST(w.back.rings == RINGS_ATTACHING ||
		     w.back.rings == RINGS_ATTACHED);
		back_let_go();
		break;
	case BACKEND_DISCONNECT:
		back_says(BUS_CLOSING);
		back_let_go();
		break;
	case BACKEND_CLOSED:
		MUST(w.back.rings == RINGS_NONE);
		back_says(BUS_CLOSED);
		break;
	case BACKEND_FORGIVE:
		MUST(w.back.failed);
		w.back.failed = false;
		w.back.anew = false;
		break;
	case BACKEND_REOPEN:
		MUST(w.back.rings == RINGS_NONE && !w.back.failed);
		w.back.opened = true;
		back_says(BUS_INITWAIT);
		break;
	case BACKEND_REMOVE:
		MUST(w.back.rings == RINGS_NONE);
		w.back.opened = false;
		w.back_over = true;
		break;
	case BACKEND_NOTHING:
	case BACKEND_STEPS:
		break;
	}
}

static void back_to_rest(void)
{
	for (unsigned int i = 0; !w.back_over; i++) {
		enum backend_step step;

		if (w.back.frontend != BUS_UNKNOWN &&
		    w.back.frontend != w.front.mine &&
		    w.front.mine == BUS_INITIALISING)
			w.back.anew = true;
		w.back.frontend = w.front.mine;
		step = backend_step(&w.back);
		fuzz_states++;
		MUST(step < BACKEND_STEPS && backend_step_name(step)[0] != '?');
		if (step == BACKEND_NOTHING)
			return;
		MUST(i < REST_STEPS);
		back_carry_out(step);
	}
}

/* -- the frontend's owner ---------------------------------------------------- */

static void front_says(enum bus_state state)
{
	if (w.front.mine == BUS_GONE)
		return;		/* a folder that is gone is not made anew */
	if (w.tame)
		MUST(frontend_edge_legal(w.front.mine, state));
	w.front.mine = state;
}

static void front_carry_out(enum frontend_step step)
{
	switch (step) {
	case FRONTEND_INITIALISE:
		MUST(!w.front.held);
		front_says(BUS_INITIALISING);
		break;
	case FRONTEND_PUBLISH:
		MUST(!w.front.held && w.front.wanted);
		w.front.held = true;
		w.front.connected = false;
		front_says(w.front.direct ? BUS_CONNECTED : BUS_INITIALISED);
		break;
	case FRONTEND_CONNECT:
		MUST(w.front.held && !w.front.connected && w.front.wanted);
		MUST(w.front.backend == BUS_CONNECTED);
		w.front.connected = true;
		front_says(BUS_CONNECTED);
		break;
	case FRONTEND_CLOSING:
		front_says(BUS_CLOSING);
		break;
	case FRONTEND_CLOSED:
		front_says(BUS_CLOSED);
		break;
	case FRONTEND_RELEASE:
		/* a backend that says Connected or Closing may use them yet */
		MUST(w.front.held);
		MUST(w.front.mine == BUS_GONE ||
		     (w.front.backend != BUS_CONNECTED &&
		      w.front.backend != BUS_CLOSING));
		w.front.held = w.front.connected = w.front.busy = false;
		break;
	case FRONTEND_NOTHING:
	case FRONTEND_STEPS:
		break;
	}
}

static void front_to_rest(void)
{
	for (unsigned int i = 0;; i++) {
		enum frontend_step step;

		w.front.backend = w.back.present ? w.back.mine : BUS_GONE;
		step = frontend_step(&w.front);
		fuzz_states++;
		MUST(step < FRONTEND_STEPS &&
		     frontend_step_name(step)[0] != '?');
		if (step == FRONTEND_NOTHING)
			return;
		MUST(i < REST_STEPS);
		front_carry_out(step);
	}
}

/* -- everybody else ----------------------------------------------------------- */

static void worker_answers(void)
{
	if (w.back.rings == RINGS_ATTACHING)
		w.back.rings = RINGS_ATTACHED;
	else if (w.back.rings == RINGS_DETACHING)
		w.back.rings = RINGS_NONE;
}

static void worker_dies(void)
{
	w.back.rings = RINGS_NONE;
	w.back.failed = true;
}

/* The daemon is killed and started: it finds the store, and holds nothing. */
static void daemon_restarts(void)
{
	w.back.rings = RINGS_NONE;
	w.back.opened = w.back.announced = false;
	w.back.failed = false;
}

/* What xenstore can hold as a state, as text, whoever wrote it. */
static enum bus_state some_state(struct input *in)
{
	static const char *const junk[] = { NULL, "", "9", "10", "4 ", "-1",
					    "0x4", "four" };
	uint8_t kind = in8(in) % 17;
	char digit[2] = { 0 };
	enum bus_state s;

	if (kind >= 9) {
		s = bus_state_parse(junk[kind - 9]);
		MUST(s == (kind == 9 ? BUS_GONE : BUS_ILLEGAL));
		return s;
	}
	digit[0] = (char)('0' + kind);
	s = bus_state_parse(digit);
	MUST(s == (enum bus_state)kind);
	MUST(!strcmp(bus_state_value(s), digit));
	MUST(bus_state_name(s)[0]);
	return s;
}

static void happens(struct input *in, uint8_t what)
{
	switch (what & 15) {
	case 0: case 1: worker_answers(); break;
	case 2: back_to_rest(); break;
	case 3: front_to_rest(); break;
	case 4: w.front.busy = w.front.connected && what & 16; break;
	case 6: w.front.wanted = what & 16; break;
	case 7: w.back.online = what & 16; break;
	case 8: worker_dies(); break;
	case 9: daemon_restarts(); break;
	case 10: w.back.failed = true; break;
	case 5: case 11: break;
	case 12:
		w.back.present = false;
		break;
	case 13:
		if (!w.tame)
			w.front.mine = some_state(in);
		break;
	case 14:
		if (!w.tame)
			w.back.mine = some_state(in);
		break;
	default:
		if (!w.tame)
			w.front.mine = BUS_GONE;
		break;
	}
}

/* Everybody lets go: then nothing may stay held for ever. */
static void wind_down(void)
{
	w.back.online = false;
	w.back.present = false;
	w.front.wanted = false;
	w.front.busy = false;
	for (unsigned int i = 0; i < 8; i++) {
		worker_answers();
		back_to_rest();
		front_to_rest();
	}
	MUST(w.back_over && w.back.rings == RINGS_NONE);
	MUST(!w.front.held);
}

void fuzz_one(struct input *in)
{
	uint8_t shape = in8(in);

	w = (struct world){
		.back = {
			.mine = BUS_INITIALISING,
			.frontend = BUS_INITIALISING,
			.present = true, .online = true,
		},
		.front = {
			.mine = BUS_INITIALISING,
			.backend = BUS_INITIALISING,
			.wanted = true, .direct = shape & 1,
		},
		.tame = shape & 2,
	};
	while (!in_done(in)) {
		uint8_t what = in8(in);

		happens(in, what);
		if (what & 32)
			back_to_rest();
		if (what & 64)
			front_to_rest();
		if (w.back_over)
			break;
	}
	wind_down();
}
