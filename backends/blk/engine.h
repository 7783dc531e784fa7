/* SPDX-License-Identifier: MIT */
/*
 * What moves data between memory and an image: one engine for each queue
 * thread, which alone calls it.
 *
 *	engine_submit()		take an I/O into the batch; may start it
 *	engine_wait()		start the batch, then wait for a completion or
 *				one of the two descriptors: ONE system call
 *				where the kernel can (engine-uring.c)
 *	engine_reap()		the next finished I/O, no system call
 *
 * Waiting is the engine's business because io_uring starts, finishes and
 * polls in the same call; a queue that used epoll beside it would pay for
 * each wake-up twice.
 *
 * Nothing is allocated between open and close.
 */
#ifndef BLK_ENGINE_H
#define BLK_ENGINE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct uring;

enum engine_op {
	ENGINE_READ,
	ENGINE_WRITE,
	ENGINE_FLUSH,		/* what was finished before is on stable storage */
	ENGINE_DISCARD,
};

/* One I/O; the caller's, untouched by the engine once reaped. */
struct engine_io {
	enum engine_op op;
	int32_t result;		/* when reaped: 0 or -errno; never a part */
	uint64_t offset, size;	/* bytes */
	struct iovec *iov;	/* READ, WRITE: of SIZE bytes; is consumed */
	unsigned int iov_count;
	struct engine_io *next;	/* the engine's */
};

/* What engine_wait() found. */
#define ENGINE_EVTCHN 1u	/* evtchn_fd may be read */
#define ENGINE_WAKE 2u		/* wake_fd was written (and is read again) */

struct engine_setup {
	int image_fd;		/* -1: no medium, nothing will be submitted */
	int evtchn_fd;
	int wake_fd;		/* an eventfd, written to wake the queue */
	struct uring *uring;		/* engine-uring: from uring_take() */
	unsigned int depth;	/* most I/Os at a time */
	bool block_device;	/* discards go through an ioctl */
};

struct engine;

struct engine_class {
	const char *name;
	int (*open)(const struct engine_setup *setup, struct engine **ret);
	void (*close)(struct engine *e);
	void (*submit)(struct engine *e, struct engine_io *io);
	struct engine_io *(*reap)(struct engine *e);
	int (*wait)(struct engine *e, int timeout_ms, unsigned int *ready);
	void (*cancel)(struct engine *e);
};

extern const struct engine_class engine_uring, engine_sync;

/* FIFO of I/Os, linked through their `next`. */
struct engine_list {
	struct engine_io *first, **last;
};

/* The part that all engines have; theirs begins with it. */
struct engine {
	const struct engine_class *class;
	struct engine_setup setup;
	struct discarder *discarder;	/* block devices only */
};

/* Descriptors of SETUP stay the caller's and must outlive the engine. */
int engine_open(const struct engine_class *class,
		const struct engine_setup *setup, struct engine **ret);
/* Nothing may be in flight. Nothing keeps the image open afterwards. */
void engine_close(struct engine *e);
void engine_submit(struct engine *e, struct engine_io *io);
struct engine_io *engine_reap(struct engine *e);
/* TIMEOUT_MS: 0 starts the batch and does not wait, -1 waits for ever. */
int engine_wait(struct engine *e, int timeout_ms, unsigned int *ready);
/* Ask the kernel to give up what is in flight; it is reaped, as -ECANCELED. */
void engine_cancel(struct engine *e);

/*
 * Rings, made before the worker is isolated (afterwards io_uring_setup() is
 * forbidden, and the kernel does not let a ring be passed over a socket). They
 * can do nothing but read, write, flush and discard, and wait. *ret lives as
 * long as the process. -errno: there is no io_uring, use engine_sync.
 */
struct uring_pool;
int uring_pool_open(unsigned int count, struct uring_pool **ret);
/* One that nobody uses; NULL: none is left. engine_close() gives it back. */
struct uring *uring_take(struct uring_pool *pool);
/* Give back one that never came to an engine. NULL is fine. */
void uring_give(struct uring *u);

/* -- for the engines ------------------------------------------------------- */

void engine_list_init(struct engine_list *l);
void engine_list_add(struct engine_list *l, struct engine_io *io);
struct engine_io *engine_list_take(struct engine_list *l);

/*
 * N bytes of IO were done (or N is -errno). True: it is finished, `result`
 * is set. False: go on with the rest, which io now describes.
 */
bool engine_io_progress(struct engine_io *io, long n);

/*
 * A thread that does what may take long and has no asynchronous form: BLKDISCARD.
 */
int discarder_start(int image_fd, int wake_fd, struct discarder **ret);
void discarder_stop(struct discarder *d);
void discarder_submit(struct discarder *d, struct engine_io *io);
struct engine_io *discarder_reap(struct discarder *d);

#endif
