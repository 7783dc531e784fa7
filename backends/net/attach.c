/* SPDX-License-Identifier: MIT */
/*
 * A vif in the worker: its queues, its control ring where it has one, and their
 * threads. Everything is allocated in vif_attach(); who is last, vif_detach() or
 * a thread that ends, lets go of everything.
 */
#include "config.h"

#include "backends/net/vif.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/net/control.h"
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
	bool has_control;
	struct control control;
	pthread_t control_thread;
};

/* Its row of counts: behind those of the queues. */
#define CONTROL_ROW VIF_QUEUES_MAX

static void att_free(struct attachment *att)
{
	unsigned int i;

	for (i = 0; i < att->queue_count; i++)
		queue_close(&att->queues[i].q);
	if (att->has_control)
		control_close(&att->control);
	free(att->shared.inboxes);
	free(att->queues);
	free(att);
}

static void att_stop(struct attachment *att)
{
	unsigned int i;

	atomic_store(&att->shared.stop, true);
	for (i = 0; i < att->queue_count; i++)
		queue_wake(&att->queues[i].q);
	if (att->has_control)
		control_wake(&att->control);
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

static void *control_main(void *arg)
{
	struct attachment *att = arg;
	const char *why = NULL;
	int ret = control_run(&att->control, &why);

	if (ret < 0) {
		if (!atomic_exchange(&att->failed, true))
			worker_failed(att->worker, att->devid, ret,
				      "control ring: %s", why);
		control_wait_stop(&att->control);
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
	if (att->has_control) {
		int err = evtchn_adopt(&att->control.evtchn,
				       fds[VIF_FDS_PER_QUEUE * i],
				       att->shared.domid);

		if (err < 0)
			ret = err;
	}
	return ret;
}

/* All threads started are joined when one cannot be. */
static int start_threads(struct attachment *att, const char **why)
{
	unsigned int started = 0;
	int err = 0;

	atomic_store(&att->users, att->queue_count + att->has_control + 1);
	while (started < att->queue_count && !err) {
		err = -pthread_create(&att->queues[started].thread, NULL,
				      thread_main, &att->queues[started]);
		started += !err;
	}
	/* the last one: it need never be joined */
	if (!err && att->has_control)
		err = -pthread_create(&att->control_thread, NULL,
				      control_main, att);
	if (!err)
		return 0;
	*why = "cannot start a thread";
	atomic_store(&att->joined, true);
	att_stop(att);
	while (started)
		pthread_join(att->queues[--started].thread, NULL);
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
	att->shared.queue_count = c->queue_count;
	pthread_mutex_init(&att->shared.hash.lock, NULL);
	att->shared.features = c->features;
	att->shared.rx_notify = c->rx_notify;
	att->shared.filter = c->filter;
	att->shared.foreign_mac_said = worker_own(w);
	rate_set(&att->shared.send, c->rates.send.bytes,
		 c->rates.send.interval_us);
	rate_set(&att->shared.receive, c->rates.receive.bytes,
		 c->rates.receive.interval_us);
	att->queues = calloc(c->queue_count, sizeof(*att->queues));
	/* a guest that cannot say where frames go has them read as ever */
	if (c->has_ctrl && c->queue_count > 1) {
		att->shared.inboxes = calloc(c->queue_count,
					     sizeof(*att->shared.inboxes));
		if (!att->shared.inboxes)
			ret = -ENOMEM;
	}
	if (!att->queues || ret < 0) {
		free(att->shared.inboxes);
		free(att->queues);
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
	att->has_control = c->has_ctrl;
	if (c->has_ctrl &&
	    control_open(&att->control, &att->shared,
			 worker_stats(w, devid, CONTROL_ROW)) < 0)
		ret = -ENOMEM;
	if (ret < 0) {
		att_free(att);
		return NULL;
	}
	return att;
}

/* Take FDS, map all rings and bind all ports; 0 or -errno and a reason. */
static int connect_all(struct attachment *att, const struct vif_config *c,
		       const int *fds, char *reason)
{
	const char *why;
	unsigned int i;
	int err = take_fds(att, fds, &why);

	if (err) {
		snprintf(reason, BACKEND_REASON_MAX, "%s: %s", why,
			 strerror(-err));
		return err;
	}
	for (i = 0; i < att->queue_count; i++) {
		const struct vif_queue_config *q = &c->queues[i];

		err = queue_connect(&att->queues[i].q, q->tx_ref, q->rx_ref,
				    q->tx_port, q->rx_port, &why);
		if (err) {
			snprintf(reason, BACKEND_REASON_MAX, "queue %u: %s: %s",
				 i, why, strerror(-err));
			return err;
		}
	}
	if (!att->has_control)
		return 0;
	err = control_connect(&att->control, c->ctrl_ref, c->ctrl_port, &why);
	if (err)
		snprintf(reason, BACKEND_REASON_MAX, "control ring: %s: %s",
			 why, strerror(-err));
	return err;
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
	if (c.queue_count > VIF_QUEUES_MAX || fd_count != vif_fd_count(&c)) {
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

	err = connect_all(att, &c, fds, reason);
	if (!err) {
		err = start_threads(att, &why);
		if (err)
			snprintf(reason, BACKEND_REASON_MAX, "%s: %s", why,
				 strerror(-err));
	}
	if (err) {
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
