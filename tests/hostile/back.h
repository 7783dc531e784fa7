/* SPDX-License-Identifier: MIT */
/*
 * A backend that misbehaves on command: what a block and a network one have in
 * common. A program is a table of cases over this; each starts the frontend
 * anew, as the command it was given, connects to it, does what it is about, and
 * the frontend must then
 *
 *	live	a good request is served, it ends at SIGTERM with status 0
 *	end	by itself, walking to Closed, with status 1, and say why
 *
 * within a few lines of log. Nothing else may come of it: no signal, no
 * sanitizer (the script looks for those), nothing left granted.
 */
#ifndef TESTS_HOSTILE_BACK_H
#define TESTS_HOSTILE_BACK_H

/* first: Xen's headers are read once, and it wants more of them */
#include <xenctrl.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xenevtchn.h>
#include <xengnttab.h>
#include <xenstore.h>

#include "xenstore-schema/busstate.h"

#define PAGE 4096u

struct back {
	struct xs_handle *xs;
	xengnttab_handle *gnt;
	xenevtchn_handle *ev;
	char front[96], dir[96];	/* theirs and ours, absolute */
	unsigned int guest;
	char **command;			/* the frontend */
	const char *option;		/* one more argument, or NULL */
	pid_t pid;			/* 0: it has ended */
	int status;			/* of wait(), then */
	const char *log;
	off_t log_start;		/* where this case's part begins */
	unsigned int complaints;
	enum bus_state mine;
};

enum fate { LIVES, ENDS };

struct back_case {
	const char *id, *what;
	enum fate fate;
	const char *reason;		/* ENDS: words of its log */
	/*
	 * a node of ours that is another than a good backend's, with a + of
	 * the frontend's folder; or NULL
	 */
	const char *node, *value;
	/* once connected; NULL: nothing, or it never comes to that */
	void (*run)(void *device, struct back *b);
	const char *option;		/* for the frontend */
};

struct back_class {
	const char *kind;
	const struct back_case *cases;
	unsigned int count;
	enum bus_state ready;		/* when its nodes are there */
	/* nodes with InitWait */
	void (*offer)(void *device, struct back *b);
	/* map, bind, and nodes with Connected; false: complained */
	bool (*attach)(void *device, struct back *b);
	/* a good request: was it made well? */
	bool (*control)(void *device, struct back *b);
	void (*detach)(void *device, struct back *b);
};

bool wish(struct back *b, bool good, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* "" when there is none; stays until the next one. */
const char *back_get(struct back *b, const char *node);
void back_put(struct back *b, const char *node, const char *value);
void back_put_uint(struct back *b, const char *node, uint64_t value);
void back_state(struct back *b, enum bus_state state);
enum bus_state back_front(struct back *b);
/* Remove our folder, and make it again empty, with its permissions. */
void back_remove(struct back *b);

/* As peer_until(). False too once the frontend has ended. */
bool back_until(struct back *b, bool (*done)(void *arg), void *arg);
bool back_await(struct back *b, unsigned int states);

/*
 * hostile-XXXback list | count IDS | run DEVID GUEST LOG IDS COMMAND...
 * IDS: of cases, with commas; or all
 */
int back_main(int argc, char **argv, const struct back_class *class,
	      void *device, struct back *b);

#endif
