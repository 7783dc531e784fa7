/* SPDX-License-Identifier: MIT */
/*
 * What the files of xenbus.h share, and nobody else needs.
 */
#ifndef LIB_XENBUS_PARTS_H
#define LIB_XENBUS_PARTS_H

#include "lib/xenbus.h"

/* Lines a minute that one device may log. */
#define XENBUS_LINES_MAX 12

/* -- xenbus-fail.c --------------------------------------------------------- */

/* The device has failed with ERR; of two reasons the first is kept. */
void xenbus_fail_reason(struct xenbus *bus, int err, const char *reason);
/* A hook failed; should it have kept the reason to itself, say what there is. */
void xenbus_hook_failed(struct xenbus *bus, int err, const char *what);

/* -- xenbus-look.c --------------------------------------------------------- */

/*
 * Read what is to be looked at. 0; -ENOENT: the toolstack has not written all
 * of it yet.
 */
int xenbus_look(struct xenbus *bus);
/* It is another one's device from now on: unwatch, know nothing. */
void xenbus_forget_frontend(struct xenbus *bus);
/* BUS_GONE: there is none; BUS_ILLEGAL: it is no state. */
int xenbus_read_state(struct xenbus *bus, xs_transaction_t t,
		      const char *folder, enum bus_state *ret);
int xenbus_read_online(struct xenbus *bus, xs_transaction_t t, bool *ret);

/* -- xenbus-write.c -------------------------------------------------------- */

/*
 * Write STATE, with what HOOK (the class's share; NULL: none) adds. 0, or what
 * made it impossible; the view is brought in line.
 */
int xenbus_go(struct xenbus *bus, enum bus_state state,
	      int (*hook)(struct backend_device *dev, xs_transaction_t t));
/*
 * In a transaction, ARG is the bus: its error node, and the folders above that
 * hold nothing else.
 */
int xenbus_remove_error(struct store *store, xs_transaction_t t, void *arg);

/* -- xenbus-worker.c ------------------------------------------------------- */

/* Hand the device to WORKER. -EAGAIN: its nodes are not complete. */
int xenbus_attach(struct xenbus *bus, struct workerproc *worker);
/* Ask the worker to let go, if it has the device. */
void xenbus_drain(struct xenbus *bus);

#endif
