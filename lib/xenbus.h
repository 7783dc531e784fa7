/* SPDX-License-Identifier: MIT */
/*
 * The backend's half of the xenbus handshake for one device: keeps the view
 * that backend_step() decides from, and carries its decisions out.
 */
#ifndef LIB_XENBUS_H
#define LIB_XENBUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/queue.h>

#include "lib/backend.h"
#include "lib/log.h"
#include "lib/stats.h"
#include "xenstore-schema/busstate.h"

struct supervisor;
struct workerproc;

struct xenbus {
	TAILQ_ENTRY(xenbus) link;
	TAILQ_ENTRY(xenbus) dirty_link;
	bool queued;			/* is in the supervisor's dirty list */

	struct supervisor *sup;
	struct backend_device *dev;	/* the class's struct, ours to free */
	uint32_t id;			/* in watch tokens; never reused */

	struct backend_view view;	/* as last seen, as last written */
	bool look_own;			/* view.mine is to be read again */
	bool look_online;
	bool look_frontend;
	bool identified;		/* frontend found and watched */
	bool frontend_seen;		/* view.frontend was ever read */
	bool over;			/* REMOVE was carried out: drop it */
	bool reopens;			/* it could not be opened yet */
	bool entry_seen;		/* `entry` was found out */
	bool entry;			/* a toolstack has it under /libxl */

	struct workerproc *worker;	/* while view.rings is not RINGS_NONE */
	uint64_t drain_ns;		/* when it was asked to let go */
	struct stats stats;		/* from the first connection on */
	int error;			/* of dev->reason */
	bool has_error_node;
	bool has_hotplug_error;
	struct log_limit limit;		/* a guest can connect without end */
	uint64_t requests_before;	/* of the store, when connecting began */
};

/* -errno: no memory. */
int xenbus_new(struct supervisor *sup, domid_t domid, unsigned int devid,
	       struct xenbus **ret);
/* Unwatch, close, free. Nothing may be held. */
void xenbus_free(struct xenbus *bus);

/* What happened; each queues the device. NODE is behind its folder, or "". */
void xenbus_own_event(struct xenbus *bus, const char *node);
void xenbus_frontend_event(struct xenbus *bus);
/* xenstore is another connection: no watch is left, no event was heard. */
void xenbus_look_anew(struct xenbus *bus);
/* The daemon ends: let go of a connected guest, with a reason. */
void xenbus_stop(struct xenbus *bus);

/* Look at what changed and go on from there. True: over, free it. */
bool xenbus_work(struct xenbus *bus);

/*
 * After xenbus_work() said false: remove the folder of a device that stock xl
 * has detached. Not knowing our kinds, it removes the frontend and its own
 * entry, and looks for the backend elsewhere.
 */
void xenbus_tidy(struct xenbus *bus);

/* What there is to know about it, as a JSON object. */
void xenbus_report(const struct xenbus *bus, FILE *out);

/* The worker said MSG about this device, or died and EXPLAIN says how. */
void xenbus_worker_said(struct xenbus *bus, const struct wire_msg *msg);
void xenbus_worker_died(struct xenbus *bus, const char *explain);

#endif
