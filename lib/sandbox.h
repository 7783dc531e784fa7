/* SPDX-License-Identifier: MIT */
/*
 * The isolation of a worker: what is taken away from the process that reads a
 * guest's memory, in stages. Theory of operation in sandbox.c, what remains
 * possible in doc/isolation.md.
 */
#ifndef LIB_SANDBOX_H
#define LIB_SANDBOX_H

#include <sys/types.h>

struct sandbox {
	uid_t uid;			/* unprivileged, from sandbox_user() */
	gid_t gid;
	/* beyond the common list, for a device class; may be NULL */
	const int *syscalls;		/* -1 ends it */
	const unsigned long *ioctls;	/* 0 ends it */
};

/*
 * Look USER up, while there still is an /etc. Refuses a user that is root.
 * Logged; 0 or -errno.
 */
int sandbox_user(const char *user, struct sandbox *s);

/*
 * fork() into a pid namespace of its own. Only async-signal-safe functions
 * may be called in the child until it execs. The pid, 0, or -errno.
 */
pid_t sandbox_fork(void);

/*
 * All other stages, in the only order that works. The process must be root,
 * have one thread, and have opened everything it needs. Logged; -errno means
 * that the process must end, for it is isolated by half.
 */
int sandbox_enter(const struct sandbox *s);

#endif
