/* SPDX-License-Identifier: MIT */
/*
 * The io_uring engine.
 *
 * Theory of operation
 * -------------------
 * The kernel performs what is submitted to a ring without asking seccomp, so a
 * worker may not make rings: one that was taken over would open files with it.
 * It cannot be given rings either, since the kernel refuses to pass them over
 * sockets. So a worker makes some before it is isolated (uring_pool_open()),
 * forbids them everything that is not needed, and enables them. From then on
 * all that anybody can do with them is I/O on descriptors that the process
 * holds anyhow, which it might do with plain system calls too.
 *
 * A queue takes a ring, registers its three files, and gives it back when it
 * ends. The event channel and the wake-up eventfd are polled by the same ring
 * (multishot), so a turn of the queue is one io_uring_enter(): it starts what
 * was submitted and sleeps until anything at all happened. A multishot poll
 * reports wake-ups, not levels: who is told to read must read.
 */
#include "config.h"

#include "backends/blk/engine.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Indices of the registered files. */
enum { FILE_IMAGE, FILE_EVTCHN, FILE_WAKE, FILES };

/* user_data that is not an I/O; pointers are larger. */
enum { DATA_NONE, DATA_EVTCHN, DATA_WAKE, DATA_MAX };

/*
 * Entries submitted in one call; more are submitted in several. Completions
 * have room for the largest ring's requests and the polls; should they ever
 * not, the kernel keeps the rest.
 */
#define SUBMIT_ENTRIES 64
#define COMPLETE_ENTRIES 1024

/* Patience with polls that are told to end, which happens at once. */
#define CLOSE_TRIES 100
#define CLOSE_MS 10

struct uring {
	struct io_uring ring;
	atomic_bool used;
};

struct uring_pool {
	unsigned int count;
	struct uring rings[];
};

struct uring_engine {
	struct engine base;
	struct uring *uring;
	struct engine_list done;	/* finished, for reap */
	unsigned int polls;		/* armed */
	bool cancelled;			/* what fails now has failed for good */
};

/* -- before isolation -------------------------------------------------------- */

/* Two of these that liburing 2.3 declares are not in its library. */
static int uring_register(const struct io_uring *ring, unsigned int op,
			  const void *arg, unsigned int count)
{
	return syscall(__NR_io_uring_register, ring->ring_fd, op, arg,
		       count) < 0 ? -errno : 0;
}

static int uring_restrict(struct io_uring *ring)
{
	static const uint8_t ops[] = {
		IORING_OP_READV, IORING_OP_WRITEV, IORING_OP_FSYNC,
		IORING_OP_FALLOCATE, IORING_OP_POLL_ADD,
		IORING_OP_ASYNC_CANCEL,
	};
	struct io_uring_restriction r[ARRAY_SIZE(ops) + 4];
	unsigned int n = 0;

	memset(r, 0, sizeof(r));
	for (; n < ARRAY_SIZE(ops); n++) {
		r[n].opcode = IORING_RESTRICTION_SQE_OP;
		r[n].sqe_op = ops[n];
	}
	/* only registered files, and no other flag */
	r[n].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
	r[n++].sqe_flags = IOSQE_FIXED_FILE;
	r[n].opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED;
	r[n++].sqe_flags = IOSQE_FIXED_FILE;
	/* which files these are changes with the queue */
	r[n].opcode = IORING_RESTRICTION_REGISTER_OP;
	r[n++].register_op = IORING_REGISTER_FILES;
	r[n].opcode = IORING_RESTRICTION_REGISTER_OP;
	r[n++].register_op = IORING_UNREGISTER_FILES;
	return uring_register(ring, IORING_REGISTER_RESTRICTIONS, r, n);
}

static int uring_create(struct uring *u)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_R_DISABLED | IORING_SETUP_COOP_TASKRUN |
			 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_CQSIZE,
		.cq_entries = COMPLETE_ENTRIES,
	};
	int r = io_uring_queue_init_params(SUBMIT_ENTRIES, &u->ring, &params);

	if (r < 0)
		return r;
	r = uring_restrict(&u->ring);
	if (!r)
		r = uring_register(&u->ring, IORING_REGISTER_ENABLE_RINGS,
				   NULL, 0);
	if (r < 0)
		io_uring_queue_exit(&u->ring);
	return r;
}

int uring_pool_open(unsigned int count, struct uring_pool **ret)
{
	struct uring_pool *pool = calloc(1, sizeof(*pool) +
					    count * sizeof(pool->rings[0]));
	int r = 0;

	if (!pool)
		return -ENOMEM;
	while (!r && pool->count < count) {
		r = uring_create(&pool->rings[pool->count]);
		if (!r)
			pool->count++;
	}
	if (!pool->count) {
		free(pool);
		return r;
	}
	*ret = pool;
	return 0;
}

struct uring *uring_take(struct uring_pool *pool)
{
	for (unsigned int i = 0; pool && i < pool->count; i++)
		if (!atomic_exchange(&pool->rings[i].used, true))
			return &pool->rings[i];
	return NULL;
}

void uring_give(struct uring *u)
{
	if (u)
		atomic_store(&u->used, false);
}

/* -- submitting -------------------------------------------------------------- */

static struct io_uring_sqe *uring_entry(struct uring_engine *u)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&u->uring->ring);

	while (!sqe) {
		/* full: the kernel takes what is there */
		io_uring_submit(&u->uring->ring);
		sqe = io_uring_get_sqe(&u->uring->ring);
	}
	sqe->flags = 0;
	return sqe;
}

static void uring_poll(struct uring_engine *u, int file, uint64_t data)
{
	struct io_uring_sqe *sqe = uring_entry(u);

	io_uring_prep_poll_multishot(sqe, file, POLLIN);
	sqe->flags = IOSQE_FIXED_FILE;
	io_uring_sqe_set_data64(sqe, data);
	u->polls++;
}

static void uring_submit(struct engine *e, struct engine_io *io)
{
	struct uring_engine *u = (struct uring_engine *)e;
	struct io_uring_sqe *sqe = uring_entry(u);

	switch (io->op) {
	case ENGINE_READ:
		io_uring_prep_readv(sqe, FILE_IMAGE, io->iov, io->iov_count,
				    io->offset);
		break;
	case ENGINE_WRITE:
		io_uring_prep_writev(sqe, FILE_IMAGE, io->iov, io->iov_count,
				     io->offset);
		break;
	case ENGINE_FLUSH:
		io_uring_prep_fsync(sqe, FILE_IMAGE, IORING_FSYNC_DATASYNC);
		break;
	case ENGINE_DISCARD:
		io_uring_prep_fallocate(sqe, FILE_IMAGE,
					FALLOC_FL_PUNCH_HOLE |
					FALLOC_FL_KEEP_SIZE,
					io->offset, io->size);
		break;
	}
	sqe->flags = IOSQE_FIXED_FILE;
	io_uring_sqe_set_data(sqe, io);
}

static void uring_cancel(struct engine *e)
{
	struct uring_engine *u = (struct uring_engine *)e;
	struct io_uring_sqe *sqe = uring_entry(u);

	u->cancelled = true;
	io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY |
				       IORING_ASYNC_CANCEL_ALL);
	sqe->flags = IOSQE_FIXED_FILE;
	io_uring_sqe_set_data64(sqe, DATA_NONE);
}

/* -- completing -------------------------------------------------------------- */

static struct engine_io *uring_reap(struct engine *e)
{
	return engine_list_take(&((struct uring_engine *)e)->done);
}

/* A completion that is not an I/O. */
static void uring_event(struct uring_engine *u, uint64_t data, bool more,
			unsigned int *ready)
{
	if (data == DATA_NONE)
		return;
	*ready |= data == DATA_EVTCHN ? ENGINE_EVTCHN : ENGINE_WAKE;
	if (more)
		return;
	u->polls--;
	/* the kernel ends a multishot poll when it runs out of something */
	if (!u->cancelled)
		uring_poll(u, data == DATA_EVTCHN ? FILE_EVTCHN : FILE_WAKE,
			   data);
}

static void uring_done(struct uring_engine *u, struct engine_io *io,
		       int32_t result)
{
	if (u->cancelled && result < 0) {
		io->result = result;
	} else if (!engine_io_progress(io, result)) {
		uring_submit(&u->base, io);
		return;
	}
	engine_list_add(&u->done, io);
}

/* Everything that the kernel has put into the completion ring. */
static void uring_collect(struct uring_engine *u, unsigned int *ready)
{
	struct io_uring_cqe *cqe;

	while (!io_uring_peek_cqe(&u->uring->ring, &cqe)) {
		uint64_t data = io_uring_cqe_get_data64(cqe);
		bool more = cqe->flags & IORING_CQE_F_MORE;
		int32_t result = cqe->res;

		/* free its place first: what follows may submit */
		io_uring_cqe_seen(&u->uring->ring, cqe);
		if (data < DATA_MAX)
			uring_event(u, data, more, ready);
		else
			uring_done(u, (struct engine_io *)(uintptr_t)data,
				   result);
	}
}

static int uring_enter(struct uring_engine *u, int timeout_ms)
{
	struct __kernel_timespec ts = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000LL,
	};
	struct io_uring *ring = &u->uring->ring;
	struct io_uring_cqe *cqe;

	if (!timeout_ms)
		return io_uring_submit(ring);
	if (timeout_ms < 0)
		return io_uring_submit_and_wait(ring, 1);
	return io_uring_submit_and_wait_timeout(ring, &cqe, 1, &ts, NULL);
}

static void wake_clear(int fd)
{
	uint64_t count;

	/* nothing there: it was read already */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

static int uring_wait(struct engine *e, int timeout_ms, unsigned int *ready)
{
	struct uring_engine *u = (struct uring_engine *)e;
	int r;

	if (u->done.first)
		timeout_ms = 0;
	r = uring_enter(u, timeout_ms);
	uring_collect(u, ready);
	if (*ready & ENGINE_WAKE)
		wake_clear(e->setup.wake_fd);
	if (r < 0 && r != -EINTR && r != -ETIME && r != -EAGAIN && r != -EBUSY)
		return r;
	return 0;
}

/* -- life -------------------------------------------------------------------- */

static int take_files(struct uring *u, const struct engine_setup *setup)
{
	const int files[FILES] = {
		[FILE_IMAGE] = setup->image_fd,
		[FILE_EVTCHN] = setup->evtchn_fd,
		[FILE_WAKE] = setup->wake_fd,
	};

	return io_uring_register_files(&u->ring, files, FILES);
}

static int uring_open(const struct engine_setup *setup, struct engine **ret)
{
	struct uring_engine *u = calloc(1, sizeof(*u));
	int r;

	if (!u)
		return -ENOMEM;
	u->uring = setup->uring;
	r = take_files(u->uring, setup);
	if (r < 0) {
		free(u);
		return r;
	}
	engine_list_init(&u->done);
	uring_poll(u, FILE_EVTCHN, DATA_EVTCHN);
	uring_poll(u, FILE_WAKE, DATA_WAKE);
	*ret = &u->base;
	return 0;
}

/*
 * The ring's next user must not hear of this one's event channel: the polls
 * end first. A ring where they do not is never used again.
 *
 * Files are unregistered, not replaced: the kernel drops what was replaced a
 * second later, and until then the image counts as in use.
 */
static void uring_close(struct engine *e)
{
	struct uring_engine *u = (struct uring_engine *)e;
	unsigned int ready = 0;	/* of no interest any more */

	uring_cancel(e);
	for (int i = 0; u->polls && i < CLOSE_TRIES; i++) {
		uring_enter(u, CLOSE_MS);
		uring_collect(u, &ready);
	}
	if (!u->polls && !io_uring_unregister_files(&u->uring->ring))
		uring_give(u->uring);
	free(u);
}

const struct engine_class engine_uring = {
	.name = "uring",
	.open = uring_open,
	.close = uring_close,
	.submit = uring_submit,
	.reap = uring_reap,
	.wait = uring_wait,
	.cancel = uring_cancel,
};
