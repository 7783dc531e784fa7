/* SPDX-License-Identifier: MIT */
/*
 * sweep: exhaustive fault injection. One simulated host with one daemon, a
 * guest that nobody touches and whose device must work all the time, and
 * another one whose device is connected, used, and taken away once for each
 * fault there can be.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xenstore.h>

#include "tests/sim/sim.h"

/* Seconds; only what hangs takes that long: --limit. */
#define LIMIT 30
extern unsigned int limit_s;
/* Silence after which an event may have been lost: the next one is sent. */
#define QUIET_MS 400

#define WHY_MAX 400

enum role { ROLE_START, ROLE_DAEMON, ROLE_WORKER, ROLE_FRONT, ROLES };

/* -- processes: proc.c -------------------------------------------------------- */

struct proc {
	pid_t pid;			/* 0: none */
	int pidfd, out;
	char *said;			/* all it wrote, with a NUL */
	size_t used, size;
	unsigned int lines;
	bool over;
	int status;			/* of waitpid(), when over */
};

/* NS: -1, or descriptors of a guest's network, names and mounts. */
bool proc_start(struct proc *p, const int *ns, unsigned int domid,
		char *const *argv, const char *program, const char *fault);
/* Take what it wrote, and its end. */
void proc_look(struct proc *p);
void proc_kill(struct proc *p, int signal);
/* Forget it; ends it if it runs. */
void proc_free(struct proc *p);
/* It ended by itself, not of a signal. */
bool proc_exited(const struct proc *p);
/* Runs it to its end; true: that was 0. */
bool run_command(char *const *argv);

/* -- the host: world.c ---------------------------------------------------------- */

struct guest {
	unsigned int domid;		/* 0: none */
	int ns[3];
};

/* What is bound, granted and running. */
struct holdings {
	unsigned int ports, grants, processes, interfaces, files;
};

struct device {
	struct guest *guest;
	char back[64], front[64], error[96];
	struct proc proc;		/* its frontend */
	void *own;			/* the kind's */
};

struct world {
	const struct kind *kind;
	struct xs_handle *xs;
	struct proc daemon;
	struct guest guests[2];
	struct device other, dev;	/* the one left alone, the victim */
	struct holdings base;
	unsigned int last_domid;
	bool restarted;			/* the daemon, after it was killed */
	unsigned int patience_ms;	/* with an answer whose event was lost */
	char why[WHY_MAX];		/* of what went wrong */
};

enum outcome {
	DONE,
	FAILED,				/* said so */
	ENDED,				/* by the frontend's end */
	STALLED,
};

/* What differs between disks and NICs: disk.c, nic.c. */
struct kind {
	const char *name, *daemon, *program, *xenbus;
	unsigned int devid;
	/* nodes beside the usual ones, in pairs, of front and back */
	const char *const *front_nodes, *const *back_nodes;
	/* those that hold what is different for each guest */
	const char *const *own_nodes;
	void (*own_value)(unsigned int domid, char *buf, size_t size);
	void *(*make)(unsigned int domid);
	void (*free)(void *own);
	/* arguments of its frontend, after its name */
	void (*arguments)(struct device *d, char **argv);
	/* one request of each kind; WELL: nothing may fail */
	enum outcome (*use)(struct world *w, struct device *d, bool well);
	/* does it still work? */
	bool (*ping)(struct world *w, struct device *d);
	/* has the kernel let go of what a dead daemon had behind it? */
	bool (*released)(struct device *d);
	/* the frontend is about to end, or has ended */
	void (*leave)(struct device *d);
};

extern const struct kind kind_blk, kind_net;

/* Set w->why, unless it is set; false. */
bool wrong(struct world *w, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

bool world_open(struct world *w, const struct kind *kind);
/* A daemon, both guests, and the other one's device; after a failure, too. */
bool world_begin(struct world *w);
void world_end(struct world *w);
bool daemon_begin(struct world *w);
bool other_begin(struct world *w);

uint64_t now_ms(void);
/* Look at all that may have changed, sleeping MS at most for that. */
void world_look(struct world *w, int ms);
typedef bool cond_fn(struct world *w, void *arg);
bool wait_for(struct world *w, cond_fn *cond, void *arg, unsigned int seconds);

bool guest_begin(struct world *w, struct guest *g);
void guest_end(struct world *w, struct guest *g);

bool device_add(struct world *w, struct device *d);
void device_forget(struct world *w, struct device *d);
bool front_begin(struct world *w, struct device *d, const char *name,
		 unsigned int wait_s);
/* The number in a state node; 0: it is not there. */
unsigned int state_of(struct world *w, const char *folder);
/* A node into BUF; false: it is not there. */
bool node_get(struct world *w, const char *path, char *buf, size_t size);

void holdings_count(struct world *w, struct holdings *h);
/* False, with why: something is left of the victim. */
bool nothing_left(struct world *w);
/* The same as conditions; ARG is NULL. */
bool is_gone(struct world *w, void *arg);
bool no_daemon(struct world *w, void *arg);

/* -- one fault: point.c ------------------------------------------------------------ */

struct point {
	enum role role;
	enum sim_call call;
	unsigned int first, last;
	char action[24];
};

struct verdict {
	bool ok, hit;
	char why[WHY_MAX];
};

void role_name(const struct world *w, enum role role, char *buf, size_t size);
void point_text(const struct world *w, const struct point *p, char *buf,
		size_t size);
/* P NULL: without a fault. */
void point_run(struct world *w, const struct point *p, struct verdict *v);
void start_run(struct world *w, const struct point *p, struct verdict *v);
