/* SPDX-License-Identifier: MIT */
/*
 * A disk in its worker: the queues, their threads, and their end.
 *
 * The worker's main thread attaches and says stop; each queue's thread serves
 * its ring, drains it, and gives the guest's things back. The last one to
 * have done so closes the image and reports the device detached. A thread
 * whose I/O does not come back from the kernel stays behind with its memory
 * and the image until it does.
 */
#include "config.h"

#include "backends/blk/queue.h"
#include "backends/blk/vbd.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rings of a worker; queues beyond them use plain system calls. */
#define URINGS 32

/* How long a queue looks for the next request before it sleeps, at most, in us. */
#define POLL_US 1000
#define POLL_US_MAX 10000

/* What Xen calls the domain that we run in: PV, HVM or PVH. */
#define GUEST_TYPE "/sys/hypervisor/guest_type"

/* What a worker makes before it is isolated. */
struct own {
	struct uring_pool *rings;	/* NULL: plain system calls */
	uint64_t poll_ns;
	bool in_place;
};

struct attached_queue {
	struct attachment *att;
	struct queue *queue;
	unsigned int index;
};

struct attachment {
	struct worker *worker;
	uint32_t devid;
	int image_fd;
	struct queue_shared shared;
	atomic_uint serving;		/* queues that hold what is the guest's */
	atomic_uint users;		/* threads, and attach() while it runs */
	atomic_bool stuck;		/* the kernel still owns I/Os of it */
	unsigned int count;
	struct attached_queue queues[VBD_QUEUES_MAX];
};

/* Descriptors of a message, handed on one by one. */
struct fd_bag {
	const int *fds;
	unsigned int count, next;
};

static int bag_take(struct fd_bag *bag)
{
	return bag->next < bag->count ? bag->fds[bag->next++] : -1;
}

static void bag_close(struct fd_bag *bag)
{
	while (bag->next < bag->count)
		close(bag->fds[bag->next++]);
}

static void close_image(struct attachment *att)
{
	if (att->image_fd >= 0)
		close(att->image_fd);
	att->image_fd = -1;
}

static void attachment_put(struct attachment *att)
{
	if (atomic_fetch_sub(&att->users, 1) != 1)
		return;
	for (unsigned int i = 0; i < att->count; i++)
		queue_close(att->queues[i].queue);
	close_image(att);
	free(att);
}

/*
 * Nothing of the guest's is held any more. Nor is the image: whoever hears
 * that the disk is closed may open it at once. An image that may yet be
 * written to by what the kernel did not give back stays in use.
 */
static void detached(struct attachment *att)
{
	if (!atomic_load(&att->stuck))
		close_image(att);
	worker_detached(att->worker, att->devid);
}

static void queue_end(struct attached_queue *aq)
{
	struct attachment *att = aq->att;
	unsigned int lost = queue_drain(aq->queue);
	char name[48];

	snprintf(name, sizeof(name), "vbd %u/%u queue %u", att->shared.domid,
		 att->devid, aq->index);
	queue_log(aq->queue, name);
	if (lost)
		log_warn("%s: %u request(s) do not come back from the image, "
			 "answered as failed", name, lost);
	queue_release(aq->queue);
	if (lost)
		atomic_store(&att->stuck, true);
	else
		queue_settle(aq->queue);
	if (atomic_fetch_sub(&att->serving, 1) == 1)
		detached(att);
	if (lost)
		queue_settle(aq->queue);
	attachment_put(att);
}

static void *queue_main(void *arg)
{
	struct attached_queue *aq = arg;
	struct attachment *att = aq->att;
	const char *why = "";
	int r = queue_serve(aq->queue, &why);

	if (r < 0) {
		worker_failed(att->worker, att->devid, r, "queue %u: %s",
			      aq->index, why);
		queue_await_stop(aq->queue);
	}
	queue_end(aq);
	return NULL;
}

static unsigned int pool_pages(unsigned int queues)
{
	unsigned int pages = VBD_POOL_PAGES / queues;

	if (pages < BLK_SEGS_MAX)
		return BLK_SEGS_MAX;
	return pages > 1024 ? 1024 : pages;
}

static int open_queue(struct attachment *att, const struct vbd_attach *body,
		      unsigned int index, struct fd_bag *bag, char *reason)
{
	const struct own *own = worker_own(att->worker);
	struct queue_setup setup = {
		.shared = &att->shared,
		.index = index,
		.port = body->queue[index].port,
		.ring_grefs = body->queue[index].grefs,
		.ring_pages = body->ring_pages,
		.abi = body->abi,
		.pool_pages = pool_pages(body->queues),
		.uring = body->flags & VBD_MEDIUM ?
			 uring_take(own->rings) : NULL,
		.image_fd = att->image_fd,
		.block_device = body->flags & VBD_BLOCK_DEVICE,
		.poll_ns = own->poll_ns,
		.stats = worker_stats(att->worker, att->devid, index),
	};
	struct attached_queue *aq = &att->queues[index];

	setup.evtchn_fd = bag_take(bag);
	setup.wake_fd = bag_take(bag);
	setup.engine = setup.uring ? &engine_uring : &engine_sync;
	aq->att = att;
	aq->index = index;
	return queue_open(&setup, &aq->queue, reason, BACKEND_REASON_MAX);
}

static int start_thread(struct attached_queue *aq)
{
	pthread_t thread;
	int r;

	atomic_fetch_add(&aq->att->users, 1);
	atomic_fetch_add(&aq->att->serving, 1);
	r = pthread_create(&thread, NULL, queue_main, aq);
	if (r) {
		atomic_fetch_sub(&aq->att->serving, 1);
		attachment_put(aq->att);
		return -r;
	}
	pthread_detach(thread);
	return 0;
}

static struct attachment *attachment_new(struct worker *w, uint32_t devid,
					 const struct vbd_attach *body)
{
	const struct own *own = worker_own(w);
	struct attachment *att = calloc(1, sizeof(*att));

	if (!att)
		return NULL;
	att->worker = w;
	att->devid = devid;
	att->image_fd = -1;
	att->users = 1;
	/* attach() counts as a server too, so that none is the last too soon */
	att->serving = 1;
	att->shared.grants = worker_grants(w);
	att->shared.domid = worker_domid(w);
	att->shared.persistent = body->flags & VBD_PERSISTENT;
	att->shared.in_place = own->in_place;
	att->shared.limits = (struct blk_limits){
		.sectors = body->sectors,
		.block_sectors = body->block_sectors,
		.indirect_max = BLK_SEGS_MAX,
		.readonly = body->flags & VBD_READONLY,
		.flush = body->flags & VBD_FLUSH,
		.discard = body->flags & VBD_DISCARD,
	};
	return att;
}

/* Every thread that runs is told to end; the last one lets go of all. */
static void stop_threads(struct attachment *att)
{
	atomic_store(&att->shared.stop, true);
	for (unsigned int i = 0; i < att->count; i++)
		queue_wake(att->queues[i].queue);
}

static int start_threads(struct attachment *att, char *reason)
{
	for (unsigned int i = 0; i < att->count; i++) {
		int r = start_thread(&att->queues[i]);

		if (r < 0) {
			snprintf(reason, BACKEND_REASON_MAX,
				 "queue %u: no thread", i);
			stop_threads(att);
			return r;
		}
	}
	return 0;
}

int vbd_poll_ns(uint64_t *ret)
{
	const char *text = getenv(VBD_POLL_ENV);
	uint64_t us = POLL_US;

	if (text && num_parse(text, 0, POLL_US_MAX, &us) < 0)
		return log_fail(-EINVAL, VBD_POLL_ENV "=%s: want microseconds "
				"from 0 to %d", text, POLL_US_MAX);
	*ret = us * NS_PER_US;
	return 0;
}

/*
 * Can the kernel tell which page a mapped grant is from the page tables alone? In
 * a PV domain it has to ask gntdev, under a lock, page by page, and that costs
 * more than a copy does.
 */
static bool pages_are_found_quickly(void)
{
	char type[8] = "";
	CLEANUP_FCLOSE FILE *f = fopen(GUEST_TYPE, "re");

	return !f || !fgets(type, sizeof(type), f) || strcmp(type, "PV\n") != 0;
}

int vbd_in_place(bool *ret)
{
	const char *text = getenv(VBD_READS_ENV);

	if (!text)
		*ret = pages_are_found_quickly();
	else if (!strcmp(text, "in-place"))
		*ret = true;
	else if (!strcmp(text, "copied"))
		*ret = false;
	else
		return log_fail(-EINVAL, VBD_READS_ENV "=%s: want in-place or "
				"copied", text);
	return 0;
}

int vbd_prepare(void **ret)
{
	const char *engine = getenv(VBD_ENGINE_ENV);
	struct own *own = calloc(1, sizeof(*own));
	int r;

	if (!own)
		return -ENOMEM;
	*ret = own;
	r = vbd_poll_ns(&own->poll_ns);
	if (!r)
		r = vbd_in_place(&own->in_place);
	if (r < 0 || (engine && !strcmp(engine, "sync")))
		return r;
	r = uring_pool_open(URINGS, &own->rings);
	if (r < 0)
		log_warn("io_uring: %s: using plain system calls, which is "
			 "slower", strerror(-r));
	return 0;
}

int vbd_attach(struct worker *w, uint32_t devid, const struct wire_msg *msg,
	       const int *fds, unsigned int fd_count, struct attachment **ret,
	       char *reason)
{
	struct fd_bag bag = { .fds = fds, .count = fd_count };
	struct vbd_attach body;
	struct attachment *att;
	int r = 0;

	memcpy(&body, msg->body, sizeof(body));
	att = attachment_new(w, devid, &body);
	if (!att) {
		bag_close(&bag);
		snprintf(reason, BACKEND_REASON_MAX, "no memory");
		return -ENOMEM;
	}
	if (body.flags & VBD_MEDIUM)
		att->image_fd = bag_take(&bag);
	for (unsigned int i = 0; !r && i < body.queues; i++) {
		r = open_queue(att, &body, i, &bag, reason);
		if (!r)
			att->count++;
	}
	bag_close(&bag);
	if (!r)
		r = start_threads(att, reason);
	if (r < 0) {
		attachment_put(att);
		return r;
	}
	*ret = att;
	return 0;
}

void vbd_detach(struct attachment *att)
{
	struct worker *w = att->worker;
	uint32_t devid = att->devid;

	stop_threads(att);
	if (atomic_fetch_sub(&att->serving, 1) == 1)
		worker_detached(w, devid);
	attachment_put(att);
}
