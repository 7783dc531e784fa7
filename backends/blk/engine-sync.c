/* SPDX-License-Identifier: MIT */
/*
 * The engine that works everywhere: preadv(), pwritev(), fdatasync(),
 * fallocate(), one after the other in the queue's thread. Used where io_uring
 * is switched off, and by tests to compare with.
 */
#include "config.h"

#include "backends/blk/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

struct sync_engine {
	struct engine base;
	struct engine_list todo, done;
};

static int sync_open(const struct engine_setup *setup, struct engine **ret)
{
	struct sync_engine *s = calloc(1, sizeof(*s));

	(void)setup;
	if (!s)
		return -ENOMEM;
	engine_list_init(&s->todo);
	engine_list_init(&s->done);
	*ret = &s->base;
	return 0;
}

static void sync_close(struct engine *e)
{
	free((struct sync_engine *)e);
}

static void sync_submit(struct engine *e, struct engine_io *io)
{
	engine_list_add(&((struct sync_engine *)e)->todo, io);
}

static struct engine_io *sync_reap(struct engine *e)
{
	return engine_list_take(&((struct sync_engine *)e)->done);
}

static long sync_call(int fd, const struct engine_io *io)
{
	long n = 0;

	switch (io->op) {
	case ENGINE_READ:
		n = preadv(fd, io->iov, io->iov_count, io->offset);
		break;
	case ENGINE_WRITE:
		n = pwritev(fd, io->iov, io->iov_count, io->offset);
		break;
	case ENGINE_FLUSH:
		n = fdatasync(fd);
		break;
	case ENGINE_DISCARD:
		n = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			      io->offset, io->size);
		break;
	}
	return n < 0 ? -errno : n;
}

static void sync_run(struct sync_engine *s)
{
	struct engine_io *io;

	while ((io = engine_list_take(&s->todo))) {
		while (!engine_io_progress(io, sync_call(s->base.setup.image_fd,
							 io)))
			;
		engine_list_add(&s->done, io);
	}
}

static int sync_wait(struct engine *e, int timeout_ms, unsigned int *ready)
{
	struct sync_engine *s = (struct sync_engine *)e;
	struct pollfd fds[2] = {
		{ .fd = e->setup.evtchn_fd, .events = POLLIN },
		{ .fd = e->setup.wake_fd, .events = POLLIN },
	};
	uint64_t count;

	sync_run(s);
	if (s->done.first)
		return 0;
	if (poll(fds, 2, timeout_ms) < 0)
		return errno == EINTR ? 0 : -errno;
	if (fds[0].revents)
		*ready |= ENGINE_EVTCHN;
	if (fds[1].revents && read(e->setup.wake_fd, &count,
				   sizeof(count)) == sizeof(count))
		*ready |= ENGINE_WAKE;
	return 0;
}

/* Nothing is ever in flight outside sync_wait(). */
static void sync_cancel(struct engine *e)
{
	(void)e;
}

const struct engine_class engine_sync = {
	.name = "sync",
	.open = sync_open,
	.close = sync_close,
	.submit = sync_submit,
	.reap = sync_reap,
	.wait = sync_wait,
	.cancel = sync_cancel,
};
