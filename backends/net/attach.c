/* SPDX-License-Identifier: MIT */
/*
 * A vif in the worker: its queues and their threads. Everything is allocated
 * in vif_attach(); who is last, vif_detach() or a thread that ends, lets go of
 * everything.
 */
#include "config.h"

#include "backends/net/vif.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/net/queue.h"
#include "lib/cleanup.h"

struct attachment {
	struct worker *worker;
	uint32_t devid;
	struct queue_shared shared;
	unsigned int queue_count;
	/* threads that have not ended, and one for vif_detach() */
	_Atomic unsigned int users;
	_Atomic bool failed;		/* said so already */
	_Atomic bool joined;		/* attach() waits for threads itself */
	struct served {
		struct queue q;
		struct attachment *att;
		pthread_t thread;
	} *queues;			/* queue_count of them */
};

static void att_free(struct attachment *att)
{
	unsigned int i;

	for (i = 0; i < att->queue_count; i++)
		queue_close(&att->queues[i].q);
	free(att->queues);
	free(att);
}

static void att_stop(struct attachment *att)
{
	unsigned int i;

	atomic_store(&att->shared.stop, true);
	for (i = 0; i < att->queue_count; i++)
		queue_wake(&att->queues[i].q);
}

/* The last one to have to do with a vif is the one that cleans up. */
static void att_put(struct attachment *att)
{
	struct worker *worker = att->worker;
	uint32_t devid = att->devid;

	if (atomic_fetch_sub(&att->users, 1) != 1)
		return;
	att_free(att);
	worker_detached(worker, devid);
}

static void thread_ends(struct attachment *att)
{
	if (atomic_load(&att->joined))
		return;
	pthread_detach(pthread_self());
	att_put(att);
}

static void *thread_main(void *arg)
{
	struct served *served = arg;
	struct attachment *att = served->att;
	const char *why = NULL;
	int ret = queue_run(&served->q, &why);

	if (ret < 0) {
		if (!atomic_exchange(&att->failed, true))
			worker_failed(att->worker, att->devid, ret,
				      "queue %u: %s", served->q.index, why);
		queue_wait_stop(&served->q);
	}
	thread_ends(att);
	return NULL;
}

/* Take the descriptors over: the TAP at once, the event channel by adoption. */
static int take_fds(struct attachment *att, const int *fds, const char **why)
{
	int ret = 0;
	unsigned int i;

	*why = "cannot restrict its event channel handle to the guest";
	for (i = 0; i < att->queue_count; i++) {
		struct queue *q = &att->queues[i].q;
		int err;

		q->tap = fds[VIF_FDS_PER_QUEUE * i];
		err = evtchn_adopt(&q->evtchn, fds[VIF_FDS_PER_QUEUE * i + 1],
				   att->shared.domid);
		if (err < 0)
			ret = err;
	}
	return ret;
}

static int start_threads(struct attachment *att, const char **why)
{
	unsigned int i;
	int err = 0;

	atomic_store(&att->users, att->queue_count + 1);
	for (i = 0; i < att->queue_count && !err; i++)
		err = -pthread_create(&att->queues[i].thread, NULL,
				      thread_main, &att->queues[i]);
	if (!err)
		return 0;
	*why = "cannot start a thread";
	atomic_store(&att->joined, true);
	att_stop(att);
	for (i--; i > 0; i--)
		pthread_join(att->queues[i - 1].thread, NULL);
	return err;
}

static struct attachment *att_new(struct worker *w, uint32_t devid,
				  const struct vif_config *c)
{
	struct attachment *att = calloc(1, sizeof(*att));
	unsigned int i;
	int ret = 0;

	if (!att)
		return NULL;
	att->worker = w;
	att->devid = devid;
	att->shared.grants = worker_grants(w);
	att->shared.domid = worker_domid(w);
	att->shared.features = c->features;
	att->shared.rx_notify = c->rx_notify;
	att->shared.filter = c->filter;
	att->shared.foreign_mac_said = worker_own(w);
	rate_set(&att->shared.send, c->rates.send.bytes,
		 c->rates.send.interval_us);
	rate_set(&att->shared.receive, c->rates.receive.bytes,
		 c->rates.receive.interval_us);
	att->queues = calloc(c->queue_count, sizeof(*att->queues));
	if (!att->queues) {
		free(att);
		return NULL;
	}
	att->queue_count = c->queue_count;
	for (i = 0; i < att->queue_count; i++) {
		att->queues[i].att = att;
		if (queue_open(&att->queues[i].q, &att->shared, i,
			       worker_stats(w, devid, i)) < 0)
			ret = -ENOMEM;
	}
	if (ret < 0) {
		att_free(att);
		return NULL;
	}
	return att;
}

/* What a guest is told once in its worker's life: foreign_mac_said. */
int vif_prepare(void **own)
{
	*own = calloc(1, sizeof(_Atomic bool));
	return *own ? 0 : -ENOMEM;
}

int vif_attach(struct worker *w, uint32_t devid, const struct wire_msg *msg,
	       const int *fds, unsigned int fd_count, struct attachment **ret,
	       char *reason)
{
	struct vif_config c;
	struct attachment *att;
	const char *why = "out of memory";
	unsigned int i;
	int err = -ENOMEM;

	reason[0] = '\0';
	memcpy(&c, msg->body, sizeof(c));
	if (fd_count != c.queue_count * VIF_FDS_PER_QUEUE ||
	    c.queue_count > VIF_QUEUES_MAX) {
		why = "the message has not two descriptors a queue";
		err = -EINVAL;
		att = NULL;
	} else {
		att = att_new(w, devid, &c);
	}
	if (!att) {
		for (i = 0; i < fd_count; i++)
			close(fds[i]);
		snprintf(reason, BACKEND_REASON_MAX, "%s", why);
		return err;
	}

	err = take_fds(att, fds, &why);
	for (i = 0; i < att->queue_count && !err; i++)
		err = queue_connect(&att->queues[i].q, c.queues[i].tx_ref,
				    c.queues[i].rx_ref, c.queues[i].tx_port,
				    c.queues[i].rx_port, &why);
	if (err)
		snprintf(reason, BACKEND_REASON_MAX, "queue %u: %s: %s",
			 i ? i - 1 : 0, why, strerror(-err));
	else
		err = start_threads(att, &why);
	if (err) {
		if (!reason[0])
			snprintf(reason, BACKEND_REASON_MAX, "%s: %s", why,
				 strerror(-err));
		att_free(att);
		return err;
	}
	*ret = att;
	return 0;
}

void vif_detach(struct attachment *att)
{
	att_stop(att);
	att_put(att);
}

void vif_update(struct attachment *att, const struct wire_msg *msg)
{
	struct vif_rates rates;
	unsigned int i;

	memcpy(&rates, msg->body, sizeof(rates));
	rate_set(&att->shared.send, rates.send.bytes, rates.send.interval_us);
	rate_set(&att->shared.receive, rates.receive.bytes,
		 rates.receive.interval_us);
	/* One that sleeps on the old rate has to look at the new one. */
	for (i = 0; i < att->queue_count; i++)
		queue_wake(&att->queues[i].q);
}
