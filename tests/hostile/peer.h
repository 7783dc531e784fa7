/* SPDX-License-Identifier: MIT */
/*
 * A frontend that misbehaves on command: what a block and a network one have
 * in common. A program is a table of cases over this. A case connects, does
 * what it is about, says by expect() what must come of it, and is judged:
 *
 *	answered	still connected, and a good request is served
 *	closed		the backend is Closing or Closed, with a reason in its
 *			error node in which some words must be
 *	either		one of the two: which, is the backend's to say
 *	anywhere	the case ended by itself what it began
 *
 * and in all cases the daemon and its worker are the processes they were and
 * have logged a few lines at most. Then the device is taken through Closed to
 * Initialising, as the next driver of a guest does, so that each case begins
 * anew and shows that the one before left nothing broken.
 *
 * It prints 'pass CASE: WHAT', 'fail' or 'skip' instead, and lines of a figure or a
 * complaint behind '# '; tests/hostile/lib.sh makes TAP of these.
 *
 * Only the public libraries are used, so the program runs in a guest of the
 * simulated host, in domain 0 of a real one as its own guest, and in a real
 * guest. There the daemon is out of sight: PID is 'host', and somebody on the
 * host answers the node report-wanted, of the device's folder, by a node report
 * with the same number and the daemon's report.
 */
#ifndef TESTS_HOSTILE_PEER_H
#define TESTS_HOSTILE_PEER_H

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
/* Ends what hangs; never decides whether something is quick enough. */
#define PATIENCE_S 60
/*
 * Lines that one case may make the daemon log, in each minute that it is in:
 * a few more than what the daemon allows a device.
 */
#define LINES_MAX 15

struct peer_class;

struct peer {
	struct xs_handle *xs;
	xengntshr_handle *shr;
	xenevtchn_handle *ev;
	char dir[64];			/* ours: device/uvbd/51712 */
	char back[128];			/* the backend's, absolute */
	char error[160];		/* where its reasons are */
	unsigned int domid, back_id;
	pid_t daemon;			/* 0: not watched */
	bool asks;			/* the host for the daemon's report */
	const char *log;		/* the daemon's; NULL: not watched */
	const struct peer_class *class;
	void *device;
	unsigned int complaints;	/* of the case at hand */
	unsigned long reports;		/* asked of the daemon: a line each */
	const char *unsure;		/* nothing can be said, and why */
	char reason[512];		/* why the backend closed, last read */
};

/* -- what must be so ---------------------------------------------------------- */

/* False: complained. */
bool expect(struct peer *p, bool good, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* -- xenstore ----------------------------------------------------------------- */

/* "" when there is no such node; the value stays until the next read. */
const char *peer_get(struct peer *p, const char *dir, const char *node);
/* In our own folder. Quotas refuse: then false. */
bool peer_put(struct peer *p, const char *node, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool peer_put_bytes(struct peer *p, const char *node, const void *data,
		    size_t size);
void peer_remove(struct peer *p, const char *node);
void peer_state(struct peer *p, enum bus_state state);
enum bus_state peer_back(struct peer *p);
/* Wait for one of STATES (1 << state); false and a complaint: never came. */
bool peer_await(struct peer *p, unsigned int states);

/* -- waiting ------------------------------------------------------------------ */

/*
 * Until DONE says so, looking again at each event of ours and each change of
 * the backend's state. False: not within PATIENCE_S.
 */
bool peer_until(struct peer *p, bool (*done)(void *arg), void *arg);

/* -- pages and ports ----------------------------------------------------------- */

/* COUNT pages for the backend; exits when there are no more. */
void *peer_share(struct peer *p, unsigned int count, bool writable,
		 uint32_t *grefs);
void peer_unshare(struct peer *p, void *area, unsigned int count);
evtchn_port_t peer_port(struct peer *p);
void peer_notify(struct peer *p, evtchn_port_t port);

/* -- the daemon ----------------------------------------------------------------- */

/* Our worker, or 0. */
pid_t peer_worker(struct peer *p);
/* KiB resident of a process, 0: it is gone. */
unsigned long peer_rss(pid_t pid);
/* Mappings of a process. */
unsigned long peer_maps(pid_t pid);
/* Requests that the daemon has made of xenstored so far. */
unsigned long peer_requests(struct peer *p);

/*
 * After Closed was written over states that nobody waited for: until the
 * daemon knows. Before that a state of the backend's may be its answer to one
 * of those. True where there is no daemon to ask.
 */
bool peer_rest(struct peer *p);

/* -- cases ------------------------------------------------------------------------ */

enum outcome { ANSWERED, CLOSED, EITHER, ANYWHERE };

struct peer_case {
	const char *id;			/* of the entry that it covers */
	const char *group;		/* what kind of device it is for */
	const char *what;
	enum outcome outcome;
	const char *reason;		/* CLOSED: words of it */
	void (*run)(void *device, struct peer *p);
};

struct peer_table {
	const struct peer_case *cases;
	unsigned int count;
};

struct peer_class {
	const struct peer_table *const *tables;	/* in this order, to NULL */
	/* pages, ports and all nodes but the state, and the state that says so */
	void (*offer)(void *device, struct peer *p);
	enum bus_state ready;
	/* a good request on the connection there is: was it served? */
	bool (*control)(void *device, struct peer *p);
	/* between connections */
	void (*reset)(void *device, struct peer *p);
	/* for load.c: COUNT good operations, all checked; and how many */
	bool (*load)(void *device, struct peer *p, unsigned int count);
	unsigned int load_turn, load_window;
	/* and its mischief: events, requests, and what ends a connection */
	void (*storm)(void *device, struct peer *p);
	void (*bad_requests)(void *device, struct peer *p);
	void (*break_ring)(void *device, struct peer *p);
};

/*
 * The program's arguments, and its end:
 *	list			'ID GROUP WHAT' of all cases
 *	count WORD...		how many cases are of these groups or ids
 *	run DEVICE PID LOG WORD...	PID 0: no daemon is watched
 * PREPARE is called with the peer before the first case.
 */
int peer_main(int argc, char **argv, const struct peer_class *class,
	      void *device, struct peer *p,
	      void (*prepare)(void *device, struct peer *p));

/* Offer, and up to Connected on both sides; false and a complaint if not. */
bool peer_connect(struct peer *p);

/* From wherever to Initialising, by Closed alone. */
void peer_start_over(struct peer *p);

struct peer_value {
	const char *value;
	bool accepted;
};

/*
 * Connect with each value in turn instead of NODE's own. Refused ones must be
 * named in the reason; what the last one's is left at is for the judge.
 */
void peer_try(struct peer *p, const char *node,
	      const struct peer_value *values, size_t count);

/* -- cases of all kinds of devices: bus.c ------------------------------------------ */

/* States that are none, before and while it is served. */
void bus_states(void *device, struct peer *p);
/* Each state after each other, without waiting for anything. */
void bus_edges(void *device, struct peer *p);
void bus_flapping(void *device, struct peer *p);
void bus_connecting(void *device, struct peer *p);
void bus_nodes_removed(void *device, struct peer *p);
void bus_state_removed(void *device, struct peer *p);
void bus_node_flood(void *device, struct peer *p);
void bus_state_flood(void *device, struct peer *p);
void bus_other_backend(void *device, struct peer *p);
void bus_backend_folder(void *device, struct peer *p);

/* -- a bystander and its neighbour: load.c ------------------------------------------- */

extern const struct peer_table load_cases;

/* -- a second thread ----------------------------------------------------------- */

/* Call FN(ARG) over and over in another thread until meddler_stop(). */
struct meddler;
struct meddler *meddler_start(void (*fn)(void *arg), void *arg);
/* Returns how often. */
unsigned long meddler_stop(struct meddler *m);

#endif
