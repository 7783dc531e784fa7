/* SPDX-License-Identifier: MIT */
/* What the engines have in common. See engine.h. */
#include "config.h"

#include "backends/blk/engine.h"

#include <errno.h>
#include <stdlib.h>

void engine_list_init(struct engine_list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

void engine_list_add(struct engine_list *l, struct engine_io *io)
{
	io->next = NULL;
	*l->last = io;
	l->last = &io->next;
}

struct engine_io *engine_list_take(struct engine_list *l)
{
	struct engine_io *io = l->first;

	if (!io)
		return NULL;
	l->first = io->next;
	if (!l->first)
		l->last = &l->first;
	return io;
}

static void skip(struct engine_io *io, uint64_t n)
{
	io->offset += n;
	io->size -= n;
	while (n && n >= io->iov->iov_len) {
		n -= io->iov->iov_len;
		io->iov++;
		io->iov_count--;
	}
	if (n) {
		io->iov->iov_base = (char *)io->iov->iov_base + n;
		io->iov->iov_len -= n;
	}
}

bool engine_io_progress(struct engine_io *io, long n)
{
	if (n == -EINTR)
		return false;
	if (n < 0) {
		io->result = n;
		return true;
	}
	io->result = 0;
	if (io->op == ENGINE_FLUSH || io->op == ENGINE_DISCARD)
		return true;
	if (!n) {
		/* the image is shorter than it was */
		io->result = -EIO;
		return true;
	}
	if ((uint64_t)n >= io->size)
		return true;
	skip(io, n);
	return false;
}

int engine_open(const struct engine_class *class,
		const struct engine_setup *setup, struct engine **ret)
{
	struct engine *e;
	int r = class->open(setup, &e);

	if (r < 0)
		return r;
	e->class = class;
	e->setup = *setup;
	e->discarder = NULL;
	if (setup->block_device)
		r = discarder_start(setup->image_fd, setup->wake_fd,
				    &e->discarder);
	if (r < 0) {
		class->close(e);
		return r;
	}
	*ret = e;
	return 0;
}

void engine_close(struct engine *e)
{
	if (!e)
		return;
	if (e->discarder)
		discarder_stop(e->discarder);
	e->class->close(e);
}

void engine_submit(struct engine *e, struct engine_io *io)
{
	if (io->op == ENGINE_DISCARD && e->discarder)
		discarder_submit(e->discarder, io);
	else
		e->class->submit(e, io);
}

struct engine_io *engine_reap(struct engine *e)
{
	struct engine_io *io = e->class->reap(e);

	if (!io && e->discarder)
		io = discarder_reap(e->discarder);
	return io;
}

int engine_wait(struct engine *e, int timeout_ms, unsigned int *ready)
{
	*ready = 0;
	return e->class->wait(e, timeout_ms, ready);
}

void engine_cancel(struct engine *e)
{
	e->class->cancel(e);
}
