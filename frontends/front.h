/* SPDX-License-Identifier: MIT */
/*
 * What a frontend asks of the host it runs in, and what its two ends share.
 *
 * The frontends (frontends/blk, frontends/net) are pure: they know the
 * protocols and nothing else. A host (frontends/linux, a unikernel, a test)
 * gives them the operations below and calls them when something happened:
 *
 *	a watch fired, or the timer went off   X_front_step()
 *	an event came in                       X_front_reap() and the like
 *
 * A frontend never sleeps and never waits: it does what can be done now and
 * returns. After X_front_open() it asks for no memory but the pages of the
 * one connection it negotiates, all at once.
 *
 * It needs <stdint.h>, <stddef.h>, <stdbool.h>, the constants of <errno.h>,
 * and memcpy(), memset(), strlen() from <string.h>. Nothing else of a C
 * library.
 */
#ifndef FRONTENDS_FRONT_H
#define FRONTENDS_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#include "lib/peer.h"

#include "xenstore-schema/busstate.h"

#define FRONT_PAGE_SIZE 4096u
/* Longest path of a node, and longest value, that a frontend handles. */
#define FRONT_PATH_MAX 256
#define FRONT_VALUE_MAX 256
#define FRONT_REASON_MAX 160

enum front_level { FRONT_ERROR, FRONT_WARNING, FRONT_INFO, FRONT_DEBUG };

/*
 * HOST is the pointer that was given with the table. Functions return 0 or
 * -errno unless they say otherwise. All calls come from the one thread that
 * calls the frontend.
 */
struct front_ops {
	/*
	 * Pages. COUNT zeroed pages side by side, page aligned, all granted
	 * to DOMID from now on: some hosts cannot grant memory they already
	 * have, so granting and allocating are one. The peer may write to
	 * them only if WRITABLE. -ENOMEM or -ENOSPC: too many.
	 */
	int (*pages_share)(void *host, domid_t domid, unsigned int count,
			   bool writable, void PEER **area, uint32_t *grefs);
	/*
	 * End the grants of such an area and free it. -EBUSY: the peer still
	 * has some of it mapped. Then nothing was freed; the pages must never
	 * serve another purpose (XSA-396), and the frontend counts them lost.
	 */
	int (*pages_end)(void *host, void PEER *area, const uint32_t *grefs,
			 unsigned int count);

	/*
	 * Event channels. A fresh port that DOMID may bind to. The host waits
	 * on it and calls the frontend; an event that comes while the
	 * frontend works must not get lost.
	 */
	int (*port_open)(void *host, domid_t domid, uint32_t *port);
	void (*port_close)(void *host, uint32_t port);
	void (*port_notify)(void *host, uint32_t port);

	/*
	 * xenstore. PATH is absolute, or relative to this domain's folder.
	 * TX is a transaction or 0. store_read() gives a NUL-terminated value:
	 * -ENOENT, or -E2BIG when it does not fit in SIZE.
	 */
	int (*store_read)(void *host, uint32_t tx, const char *path,
			  char *value, size_t size);
	int (*store_write)(void *host, uint32_t tx, const char *path,
			   const char *value);
	/* An absent node is fine: 0. */
	int (*store_remove)(void *host, uint32_t tx, const char *path);
	int (*store_begin)(void *host, uint32_t *tx);
	/* -EAGAIN: another writer came between, begin anew. */
	int (*store_commit)(void *host, uint32_t tx);
	void (*store_abort)(void *host, uint32_t tx);
	/* The host calls X_front_step() for each event of the watch. */
	int (*store_watch)(void *host, const char *path);
	void (*store_unwatch)(void *host, const char *path);

	/* A clock that never goes back. */
	uint64_t (*now_ns)(void *host);
	/* One line, without the device's name: the host puts it before. */
	void (*log)(void *host, enum front_level level, const char *message);
};

/* -- what follows is shared by the frontends: front.c -------------------- */

enum front_phase {
	FRONT_STARTING,		/* until both ends are Connected */
	FRONT_RUNNING,		/* requests flow */
	FRONT_CLOSING,		/* no new requests; the backend lets go */
	FRONT_CLOSED,		/* all over; only the release is left */
};

/* What a device has to do after front_bus_step(). */
enum front_todo {
	FRONT_NOTHING,
	FRONT_AGAIN,		/* a state was written: ask again */
	FRONT_PUBLISH,		/* read the offer, share pages, write nodes */
	FRONT_CONNECT,		/* the backend is connected: read its facts */
	FRONT_REFRESH,		/* it may have other facts now; last answer */
};

/* One device's end of xenbus. A device's own struct holds it. */
struct front_bus {
	const struct front_ops *ops;
	void *host;
	char dir[FRONT_PATH_MAX];	/* ours: device/uvbd/51712 */
	char backend[FRONT_PATH_MAX];	/* the peer's, absolute */
	domid_t backend_id;
	enum front_phase phase;
	struct frontend_view view;	/* what frontend_step() decides by */
	bool watched;
	bool failed;
	char reason[FRONT_REASON_MAX];	/* why it failed, or why it closed */
};

/*
 * Find the backend of the device in DIR and watch its state. DIRECT: this
 * device says Connected at once, as net devices do. -ENOENT: no such device.
 * On failure nothing is left behind.
 */
int front_bus_open(struct front_bus *bus, const struct front_ops *ops,
		   void *host, const char *dir, bool direct);
/*
 * Read both states and say what follows. Writes our state where a step is
 * nothing but that. BUSY: the backend has requests of ours. Ask again until
 * it says FRONT_NOTHING or FRONT_REFRESH.
 */
enum front_todo front_bus_step(struct front_bus *bus, bool busy);
/* Say STATE inside TX (0: at once). */
int front_bus_set(struct front_bus *bus, uint32_t tx, enum bus_state state);
/* PUBLISH and CONNECT were carried out. */
void front_bus_published(struct front_bus *bus);
void front_bus_connected(struct front_bus *bus);
/* Begin the walk to Closed; front_bus_step() goes on with it. */
void front_bus_close(struct front_bus *bus);
/* The same, because of WHY: kept in `reason` and logged, the first time. */
void front_bus_fail(struct front_bus *bus, const char *why);
/* Drop the watch. */
void front_bus_release(struct front_bus *bus);

/*
 * Nodes of DIR. A number is decimal digits only; -EINVAL else, -ERANGE
 * outside MIN..MAX, -ENOENT.
 */
int front_read(struct front_bus *bus, const char *dir, const char *node,
	       char *value, size_t size);
int front_read_u64(struct front_bus *bus, const char *dir, const char *node,
		   uint64_t min, uint64_t max, uint64_t *ret);
/*
 * A number the backend offers: what is absent or junk is DEFLT, what is
 * larger than MAX is MAX.
 */
uint64_t front_offer(struct front_bus *bus, const char *node, uint64_t max,
		     uint64_t deflt);
int front_write(struct front_bus *bus, uint32_t tx, const char *node,
		const char *value);
int front_write_uint(struct front_bus *bus, uint32_t tx, const char *node,
		     uint64_t value);
int front_remove(struct front_bus *bus, uint32_t tx, const char *node);
/* Run FN in a transaction, again when another writer came between. */
int front_transact(struct front_bus *bus,
		   int (*fn)(void *arg, uint32_t tx), void *arg);

/* Text without a C library: cut at the end of the buffer, always ended. */
struct front_text {
	char *buf;
	size_t size;
	size_t used;
};
void front_put(struct front_text *text, const char *s);
void front_put_uint(struct front_text *text, uint64_t value);
/* "what NUMBER why", the form of most reasons */
void front_reason(char *buf, size_t size, const char *what, uint64_t number,
		  const char *why);

#endif
