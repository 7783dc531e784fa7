/* SPDX-License-Identifier: MIT */
/*
 * Discards on block devices: an ioctl that may take seconds, so it has a
 * thread of its own and the queue goes on serving reads and writes.
 *
 * A lock protects the two lists; the queue looks at `finished` without it
 * first, since it does so on every turn.
 */
#include "config.h"

#include "backends/blk/engine.h"

#include <errno.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct discarder {
	int image_fd, wake_fd;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct engine_list todo, done;
	atomic_uint finished;		/* entries in done */
	bool stop;
};

static int device_discard(int fd, uint64_t offset, uint64_t size)
{
	uint64_t range[2] = { offset, size };

	return ioctl(fd, BLKDISCARD, range) < 0 ? -errno : 0;
}

static void *discarder_main(void *arg)
{
	struct discarder *d = arg;

	pthread_mutex_lock(&d->lock);
	for (;;) {
		struct engine_io *io = engine_list_take(&d->todo);
		uint64_t one = 1;

		if (!io) {
			if (d->stop)
				break;
			pthread_cond_wait(&d->more, &d->lock);
			continue;
		}
		pthread_mutex_unlock(&d->lock);
		io->result = device_discard(d->image_fd, io->offset, io->size);
		pthread_mutex_lock(&d->lock);
		engine_list_add(&d->done, io);
		atomic_fetch_add(&d->finished, 1);
		/* an eventfd fails to count only when it has woken already */
		if (write(d->wake_fd, &one, sizeof(one)) < 0)
			continue;
	}
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

int discarder_start(int image_fd, int wake_fd, struct discarder **ret)
{
	struct discarder *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return -ENOMEM;
	d->image_fd = image_fd;
	d->wake_fd = wake_fd;
	engine_list_init(&d->todo);
	engine_list_init(&d->done);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->more, NULL);
	r = pthread_create(&d->thread, NULL, discarder_main, d);
	if (r) {
		free(d);
		return -r;
	}
	*ret = d;
	return 0;
}

void discarder_stop(struct discarder *d)
{
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_cond_signal(&d->more);
	pthread_mutex_unlock(&d->lock);
	pthread_join(d->thread, NULL);
	pthread_cond_destroy(&d->more);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

void discarder_submit(struct discarder *d, struct engine_io *io)
{
	pthread_mutex_lock(&d->lock);
	engine_list_add(&d->todo, io);
	pthread_cond_signal(&d->more);
	pthread_mutex_unlock(&d->lock);
}

struct engine_io *discarder_reap(struct discarder *d)
{
	struct engine_io *io;

	if (!atomic_load_explicit(&d->finished, memory_order_relaxed))
		return NULL;
	pthread_mutex_lock(&d->lock);
	io = engine_list_take(&d->done);
	atomic_fetch_sub(&d->finished, 1);
	pthread_mutex_unlock(&d->lock);
	return io;
}
