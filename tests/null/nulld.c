/* SPDX-License-Identifier: MIT */
/*
 * A device class without a device: a daemon that goes through every hook and
 * touches no guest, to test the platform with nothing but xenstore. What the
 * "frontend" writes into its node `order` is what the worker does:
 * "serve", "refuse" (attach fails), "fail" (later), "crash" (a forbidden
 * system call), "hang" (detach never ends).
 */
#include "config.h"

#include "lib/backend.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct null_device {
	struct backend_device base;
	unsigned int opened;
};

struct attachment {
	struct worker *worker;
	uint32_t devid;
	char order[16];
	int fd;
};

static int null_open(struct backend_device *dev)
{
	struct null_device *n = (struct null_device *)dev;
	char mode[8];

	if (store_read(dev->store, XBT_NULL, dev->path, "mode", mode,
		       sizeof(mode)))
		return backend_fail(dev, -EPROTO, "no mode is given");
	n->opened++;
	return 0;
}

static int null_features(struct backend_device *dev, xs_transaction_t t)
{
	struct null_device *n = (struct null_device *)dev;

	return store_printf(dev->store, t, dev->path, "opened", "%u",
			    n->opened);
}

static int null_connect(struct backend_device *dev, xs_transaction_t t,
			struct wire_msg *msg, int *fds, unsigned int *fd_count,
			uint64_t *close_mask)
{
	int r = store_read(dev->store, t, dev->frontend, "order",
			   (char *)msg->body, sizeof(((struct attachment *)0)
						     ->order));

	if (r == -ENOENT)
		return -EAGAIN;
	if (r)
		return backend_fail(dev, -EPROTO, "order is not a word");
	msg->body_size = strlen((char *)msg->body) + 1;
	fds[0] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	fds[1] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	*fd_count = 2;
	*close_mask = 3;
	return 0;
}

static int null_publish(struct backend_device *dev, xs_transaction_t t)
{
	return store_write(dev->store, t, dev->path, "published", "1");
}

static void null_close(struct backend_device *dev)
{
	log_info("%s: close", dev->name);
}

static void *null_later(void *arg)
{
	struct attachment *att = arg;

	worker_failed(att->worker, att->devid, -EPROTO, "as was ordered");
	return NULL;
}

static int null_attach(struct worker *w, uint32_t devid,
		       const struct wire_msg *msg, const int *fds,
		       unsigned int fd_count, struct attachment **ret,
		       char *reason)
{
	struct attachment *att = calloc(1, sizeof(*att));
	pthread_t thread;
	char byte;

	if (!att || fd_count != 2 || write(fds[0], "", 1) != 1 ||
	    read(fds[1], &byte, 1) != 1) {
		snprintf(reason, BACKEND_REASON_MAX, "wrong descriptors");
		return -EPROTO;
	}
	att->worker = w;
	att->devid = devid;
	att->fd = fds[0];
	close(fds[1]);
	memcpy(att->order, msg->body, sizeof(att->order));
	if (strcmp(att->order, "refuse") == 0) {
		snprintf(reason, BACKEND_REASON_MAX, "refused\nas ordered");
		close(att->fd);
		free(att);
		return -EPROTO;
	}
	if (strcmp(att->order, "crash") == 0)
		syscall(SYS_open, "/etc/passwd", O_RDONLY);
	if (strcmp(att->order, "fail") == 0 &&
	    pthread_create(&thread, NULL, null_later, att) == 0)
		pthread_detach(thread);
	stats_add(worker_stats(w, devid, 0), 0, 1);
	stats_add(worker_stats(w, devid, 5), 1, 1000);
	stats_add(worker_stats(w, devid, 6), 1, 24);
	*ret = att;
	return 0;
}

static void null_detach(struct attachment *att)
{
	struct worker *w = att->worker;
	uint32_t devid = att->devid;

	if (strcmp(att->order, "hang") == 0)
		return;
	close(att->fd);
	free(att);
	worker_detached(w, devid);
}

static const char *const null_counters[] = { "attached", "bytes", NULL };

static const struct backend_class null_class = {
	.program = "nulld",
	.kind = "unull",
	.noun = "null",
	.counters = null_counters,
	.device_size = sizeof(struct null_device),
	.open = null_open,
	.features = null_features,
	.connect = null_connect,
	.publish = null_publish,
	.close = null_close,
	.attach = null_attach,
	.detach = null_detach,
};

int main(int argc, char **argv)
{
	return backend_main(&null_class, argc, argv);
}
