/* SPDX-License-Identifier: MIT */
/*
 * What a device class (block, network) is to the platform, and the platform
 * to a device class.
 *
 * Theory of operation
 * -------------------
 * A daemon is one root SUPERVISOR and one WORKER process per guest.
 *
 *	supervisor (supervisor.c, xenbus*.c)     worker (worker.c, sandbox.c)
 *	owns xenstore, devices' xenbus states    owns gntdev, the rings, the data
 *	opens images, TAPs, /dev/xen/evtchn      isolated before the first message
 *	        |  WIRE_ATTACH + descriptors  ------->  class->attach()
 *	        |  <-------  WIRE_ATTACHED: publish, state Connected
 *	        |  WIRE_DETACH  --------------------->  class->detach()
 *	        |  <-------  WIRE_DETACHED: state Closed
 *	        |  <-------  WIRE_FAILED (reason), or the worker dies: Closing
 *
 * The supervisor is one thread that never waits for a guest or a worker.
 * backend_step() (xenstore-schema/busstate.h) decides each step from what is
 * known; the hooks below are called to carry it out.
 *
 * Supervisor hooks return 0 or -errno; on failure the device goes to Closing
 * and the reason is written to its `error` node (and `hotplug-error` when it
 * never got as far as InitWait, which is where a toolstack looks).
 */
#ifndef LIB_BACKEND_H
#define LIB_BACKEND_H

#include "lib/evtchn.h"
#include "lib/grant.h"
#include "lib/stats.h"
#include "lib/store.h"
#include "lib/wire.h"

#include <stdint.h>

#define BACKEND_PATH_MAX 256
#define BACKEND_REASON_MAX 200

struct supervisor;
struct worker;

/* The supervisor's view of one device; a class's own struct begins with it. */
struct backend_device {
	struct supervisor *sup;
	struct store *store;
	domid_t domid;				/* the guest */
	unsigned int devid;
	char path[BACKEND_PATH_MAX];		/* our folder in xenstore */
	char frontend[BACKEND_PATH_MAX];	/* the guest's folder */
	char name[32];				/* "vbd 7/51712", for messages */
	char reason[BACKEND_REASON_MAX];	/* why it failed, by backend_fail() */
	struct xenbus *bus;			/* xenbus.c's own state */
};

/*
 * Note why a device cannot go on: logged, and written to its error node.
 * Returns ERR, a negative errno, whose text is put behind unless ERR is
 * -EPROTO (the guest's doing: the message says it all).
 */
int backend_fail(struct backend_device *dev, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * A line for the log, its device's name before it, within the few that one
 * device may have in a minute: what a guest can make happen, it can make
 * happen a thousand times.
 */
void backend_say(struct backend_device *dev, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The daemon was started a moment ago: what one before it held may not be free
 * yet.
 */
bool backend_starting(const struct backend_device *dev);

/* What a guest's device holds while a worker serves it: class's own. */
struct attachment;

struct backend_class {
	const char *program;	/* "xl-lite-blkd" */
	const char *kind;	/* "uvbd": backend/uvbd/DOMID/DEVID */
	const char *noun;	/* "vbd", in messages, and the kind under /libxl */
	size_t device_size;	/* of the struct that begins with backend_device */
	/* names of what it counts (see stats.h), NULL ends; NULL: nothing */
	const char *const *counters;

	/* -- in the supervisor -------------------------------------------- */

	/*
	 * Read what the toolstack wrote, open image or TAP. Once per device,
	 * but for -EAGAIN, without a backend_fail(): then soon again. To be
	 * given while backend_starting() only.
	 */
	int (*open)(struct backend_device *dev);
	/* Write features into transaction T, which also says InitWait. */
	int (*features)(struct backend_device *dev, xs_transaction_t t);
	/*
	 * Read what the frontend wrote (in transaction T: one consistent
	 * look; bad values: backend_fail(dev, -EPROTO, ...)), fill the body
	 * and the descriptors for the worker. Descriptors in FDS that the
	 * hook opened for the worker alone are closed after sending when
	 * their bit in *close_mask is set.
	 */
	int (*connect)(struct backend_device *dev, xs_transaction_t t,
		       struct wire_msg *msg, int *fds, unsigned int *fd_count,
		       uint64_t *close_mask);
	/* Write what only a connected device has, with state Connected, in T. */
	int (*publish)(struct backend_device *dev, xs_transaction_t t);
	/* The worker serves it now / holds nothing any more. May be NULL. */
	void (*attached)(struct backend_device *dev);
	void (*detached)(struct backend_device *dev);
	/*
	 * A node of ours was written by somebody: look whether it matters
	 * (NODE is the part behind dev->path). Fill MSG to have it sent as
	 * WIRE_UPDATE and return 1, else 0. May be NULL.
	 */
	int (*changed)(struct backend_device *dev, const char *node,
		       struct wire_msg *msg);
	/* Let go of what open() took. */
	void (*close)(struct backend_device *dev);

	/* -- in the worker, sandboxed ------------------------------------- */

	/* what it may do beyond sandbox.c's list; NULL: nothing */
	const int *syscalls;		/* SCMP_SYS(...), -1 ends it */
	const unsigned long *ioctls;	/* request numbers, 0 ends it */

	/*
	 * Once, before the worker is isolated: make what cannot be made
	 * after it and cannot be passed. No guest was listened to yet. *own
	 * is worker_own() from now on. May be NULL.
	 */
	int (*prepare)(void **own);
	/*
	 * Map rings, bind ports, start threads. FDS become the attachment's
	 * (all of them, also on failure). 0 and *ret: serving, the platform
	 * says WIRE_ATTACHED. On failure REASON (BACKEND_REASON_MAX bytes)
	 * says why.
	 */
	int (*attach)(struct worker *w, uint32_t devid,
		      const struct wire_msg *msg, const int *fds,
		      unsigned int fd_count, struct attachment **ret,
		      char *reason);
	/*
	 * Start to let go: stop taking requests, drain, unmap, unbind, end
	 * the threads, free; then worker_detached(), from any thread. Must
	 * not block. After worker_failed() it is called just the same.
	 */
	void (*detach)(struct attachment *att);
	void (*update)(struct attachment *att, const struct wire_msg *msg);
};

/* -- what attach() and the data path may ask of the worker --------------- */

domid_t worker_domid(const struct worker *w);
struct grants *worker_grants(struct worker *w);
/* What the class's prepare() made. */
void *worker_own(const struct worker *w);
/*
 * Where QUEUE of the device counts, from attach() until worker_detached().
 * Never NULL; what a class without counters counts is lost.
 */
struct stats_row *worker_stats(struct worker *w, uint32_t devid,
			       unsigned int queue);
/* The attachment is gone. Any thread. */
void worker_detached(struct worker *w, uint32_t devid);
/*
 * The device cannot go on (the guest broke the ring, the image is gone): say
 * why, once; the supervisor closes it and detach() follows. Any thread.
 */
void worker_failed(struct worker *w, uint32_t devid, int err,
		   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* -- the whole main(): options, supervisor or worker ---------------------- */

/* Returns the exit status. */
int backend_main(const struct backend_class *class, int argc, char **argv);

#endif
