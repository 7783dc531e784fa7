/* SPDX-License-Identifier: MIT */
/*
 * A Xen block frontend, pure: a state machine and a ring (blkif.h), over the
 * operations of front.h. It never sleeps and allocates nothing but the pages
 * of its connection.
 *
 * Theory of operation
 * -------------------
 * All data goes through a pool of pages that are granted to the backend once,
 * when we connect, and stay granted: no grant operation per request, and a
 * backend with feature-persistent maps each of them only once. The caller
 * fills and empties the pages in place, so this need not cost a copy:
 *
 *	io = blk_front_reserve(f, op, start, size)	pages and a slot, or NULL
 *	blk_front_vec(f, io, ...)			a write: fill the pages
 *	blk_front_submit(f, io)				onto the ring, unseen yet
 *	blk_front_push(f)				seen; an event if asked
 *	...
 *	io = blk_front_reap(f)				answered: look at io->result
 *	blk_front_vec(f, io, ...)			a read: take the data
 *	blk_front_free(f, io)				pages back to the pool
 *
 * The backend is not trusted. Of the ring it can only write, we read rsp_prod
 * and each response once, into private memory, and judge the copy. A response
 * that cannot be (more than are due, an id that is not in flight, another
 * operation, a status that is none) ends the connection: `bus.reason` says
 * why, and every request comes back with -EIO. What the backend offers in
 * xenstore is held within bounds. Data of a read is the backend's word in any
 * case; use it once, or copy it before judging it: it may still change.
 *
 * The pool belongs to this device and backend alone. It never holds anything
 * but what that backend sent or was sent, and is only given back when the
 * backend has unmapped it; else its pages count as lost.
 */
#ifndef FRONTENDS_BLK_CORE_H
#define FRONTENDS_BLK_CORE_H

#include "frontends/front.h"

#include <xen/io/blkif.h>

#define BLK_FRONT_ORDER_MAX 4			/* 16 pages */
#define BLK_FRONT_RING_PAGES (1u << BLK_FRONT_ORDER_MAX)
#define BLK_FRONT_SLOTS_MAX 512			/* requests on such a ring */
#define BLK_FRONT_PAGES_MAX 8192
/* 1 MiB a request: fits one page of indirect segments, which holds 512 */
#define BLK_FRONT_SEGMENTS_MAX 256

#define BLK_FRONT_SECTOR_SIZE 512u

enum blk_front_op {
	BLK_FRONT_READ,
	BLK_FRONT_WRITE,
	BLK_FRONT_FLUSH,
	BLK_FRONT_DISCARD,
};

/* What we may use; the backend may offer less. */
struct blk_front_options {
	unsigned int ring_order;	/* 0 .. BLK_FRONT_ORDER_MAX */
	unsigned int pages;		/* of the pool, ring not counted */
	unsigned int segments;		/* data pages of one request */
};

/* The disk, once running. Sectors are always 512 bytes. */
struct blk_front_info {
	uint64_t sectors;
	unsigned int sector_size;	/* every request is a multiple of it */
	unsigned int physical_sector_size;
	bool read_only;
	bool removable;
	bool cdrom;
	bool flush;
	bool discard;
	unsigned int discard_granularity;	/* bytes */
	bool persistent;		/* the backend keeps pages mapped */
	unsigned int segments;		/* data pages a request may have */
	unsigned int slots;
	unsigned int pages;
};

enum blk_io_state {
	BLK_IO_FREE,
	BLK_IO_RESERVED,	/* the caller fills it */
	BLK_IO_IN_FLIGHT,	/* the backend has it */
	BLK_IO_LATE,		/* given up; the backend may still use its pages */
	BLK_IO_DONE,		/* the caller looks at it */
};

struct blk_io {
	uint64_t tag;		/* the caller's */
	uint64_t start;		/* sector */
	uint64_t size;		/* bytes */
	uint64_t since_ns;	/* when submitted, by blk_front_tick() */
	int result;		/* 0 or -errno, once reaped */
	uint8_t op;		/* enum blk_front_op */
	uint8_t state;		/* enum blk_io_state */
	uint8_t ring_op;	/* what the response must echo */
	uint16_t first_page;	/* chain through blk_front.next_page */
	uint16_t pages;
	uint16_t indirect_page;
	uint16_t next_free;
};

struct blk_front_vec {
	void *base;
	size_t size;
};

struct blk_front {
	struct front_bus bus;
	struct blk_front_options options;
	struct blk_front_info info;

	struct blkif_sring PEER *sring;	/* NULL: no connection */
	uint8_t PEER *pool;
	uint32_t ring_grefs[BLK_FRONT_RING_PAGES];
	uint32_t pool_grefs[BLK_FRONT_PAGES_MAX];
	unsigned int ring_order;
	unsigned int flush_op;		/* BLKIF_OP_*, meaningful if info.flush */
	uint32_t port;

	uint32_t req_prod;		/* ours, ahead of the shared one */
	uint32_t req_pushed;
	uint32_t rsp_cons;
	uint32_t rsp_seen;		/* checked snapshot of rsp_prod */

	struct blk_io io[BLK_FRONT_SLOTS_MAX];
	uint16_t next_page[BLK_FRONT_PAGES_MAX];
	uint16_t free_io;		/* heads of free lists */
	uint16_t free_page;
	unsigned int free_pages;
	unsigned int busy;		/* requests not free */
	unsigned int in_flight;		/* IN_FLIGHT and LATE */
	unsigned int swept;		/* how far a dead ring is handed back */
	unsigned int lost_pages;	/* still mapped when we had to go */
	uint64_t clock_ns;

	/* totals, for statistics */
	uint64_t submitted;
	uint64_t completed;
	uint64_t errors;
	uint64_t notifies;
};

/*
 * Open the device in DIR, for example "device/uvbd/51712". -ENOENT: there is
 * none. Then blk_front_step() until it is FRONT_RUNNING.
 */
int blk_front_open(struct blk_front *f, const struct front_ops *ops,
		   void *host, const char *dir,
		   const struct blk_front_options *options);
/* Do what the backend's state asks for. Returns the phase we are in now. */
enum front_phase blk_front_step(struct blk_front *f);
/* Leave: no new requests; go on stepping until FRONT_CLOSED. */
void blk_front_close(struct blk_front *f);
/* After FRONT_CLOSED, or to leave at once: nothing of F is left, but see
 * lost_pages. */
void blk_front_release(struct blk_front *f);

static inline bool blk_front_running(const struct blk_front *f)
{
	return f->bus.phase == FRONT_RUNNING && f->bus.view.wanted;
}

/*
 * A slot with pages for SIZE bytes from sector START (FLUSH: 0, 0; DISCARD:
 * no pages). NULL with *why: -EAGAIN, none free now, reap first; -EIO, not
 * running; -EINVAL, not whole sectors, or more than info.segments pages;
 * -ENOSPC, past the end; -EROFS; -EOPNOTSUPP.
 */
struct blk_io *blk_front_reserve(struct blk_front *f, enum blk_front_op op,
				 uint64_t start, uint64_t size, int *why);
/*
 * The memory of IO from byte OFFSET on, in at most COUNT pieces; returns how
 * many. Pages side by side are one piece.
 */
unsigned int blk_front_vec(struct blk_front *f, const struct blk_io *io,
			   size_t offset, struct blk_front_vec *vec,
			   unsigned int count);
/* The same by copy, for callers with memory of their own. */
void blk_front_fill(struct blk_front *f, const struct blk_io *io,
		    const void *data);
void blk_front_drain(struct blk_front *f, const struct blk_io *io,
		     void *data);
/* Never fails: a reserved request has its place on the ring. */
void blk_front_submit(struct blk_front *f, struct blk_io *io);
void blk_front_push(struct blk_front *f);
/* The next request that is over, or NULL; then an event will come for more. */
struct blk_io *blk_front_reap(struct blk_front *f);
/* Also for one that was reserved and not submitted. */
void blk_front_free(struct blk_front *f, struct blk_io *io);

/* Take the time for `since_ns`. Once per wake-up is enough. */
void blk_front_tick(struct blk_front *f);
/*
 * The oldest request in flight was submitted at or before the time given:
 * give it up. It comes back with -ETIMEDOUT; its slot and pages stay taken
 * until the backend answers after all. NULL: there is none.
 */
struct blk_io *blk_front_expire(struct blk_front *f, uint64_t before_ns);

#endif
