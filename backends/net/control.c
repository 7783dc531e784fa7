/* SPDX-License-Identifier: MIT */
/*
 * The thread of a control ring; see control.h.
 *
 * Each round carries out what the guest had put on the ring when it was looked
 * at, a ring's worth at most, in order. A request's effect is there before its
 * response is. Only a round without work asks for an event, unmasks the port
 * and sleeps.
 */
#include "config.h"

#include "backends/net/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static int fetch(void *arg, uint32_t gref, void *to, uint32_t size)
{
	struct control *c = arg;
	xengnttab_grant_copy_segment_t seg = {
		.source.foreign = { .ref = gref, .domid = c->shared->domid },
		.dest.virt = c->fetched,
		.len = (uint16_t)size,
		.flags = GNTCOPY_source_gref,
	};
	int ret;

	if (size > sizeof(c->fetched))
		return -E2BIG;
	ret = grant_copy(c->shared->grants, &seg, 1);
	if (ret < 0 || seg.status != GNTST_okay)
		return -EFAULT;
	memcpy(to, c->fetched, size);
	return 0;
}

/* What the guest asked for: requests answered, or -EPROTO. */
static int control_round(struct control *c)
{
	struct xen_netif_ctrl_response rsp;
	struct xen_netif_ctrl_request req;
	int ret = ctrl_look(&c->ring);

	if (ret <= 0)
		return ret;
	while (ctrl_take(&c->ring, &req)) {
		if (ctrl_serve(&c->ctrl, &req, &rsp))
			hash_publish(&c->shared->hash, &c->ctrl.hash);
		else if (rsp.status != XEN_NETIF_CTRL_STATUS_SUCCESS)
			stats_add(c->stats, CTRL_REFUSED, 1);
		stats_add(c->stats, CTRL_REQUESTS, 1);
		ctrl_answer(&c->ring, &rsp);
	}
	if (ctrl_publish(&c->ring))
		evtchn_notify(&c->evtchn, c->port);
	return ret;
}

static void wake_take(struct control *c)
{
	eventfd_t value;

	eventfd_read(c->wake_fd, &value);
}

static void control_sleep(struct control *c)
{
	struct pollfd fds[] = {
		{ .fd = c->wake_fd, .events = POLLIN },
		{ .fd = evtchn_fd(&c->evtchn), .events = POLLIN },
	};
	evtchn_port_t port;

	if (ctrl_sleep(&c->ring))
		return;
	/* Only now: while masked, a storm of events costs nothing (XSA-332). */
	if (c->taken)
		evtchn_unmask(&c->evtchn, c->port);
	c->taken = false;
	if (c->evtchn.error || poll(fds, 2, -1) <= 0)
		return;
	if (fds[0].revents)
		wake_take(c);
	if (fds[1].revents && evtchn_take(&c->evtchn, &port) > 0)
		c->taken = true;
}

int control_run(struct control *c, const char **why)
{
	int ret;

	/* Whoever served before may have died between answer and event. */
	evtchn_notify(&c->evtchn, c->port);
	while (!atomic_load_explicit(&c->shared->stop, memory_order_relaxed)) {
		ret = control_round(c);
		if (ret < 0) {
			*why = c->ring.broken;
			return ret;
		}
		if (c->evtchn.error) {
			*why = "its event channel";
			return c->evtchn.error;
		}
		if (!ret)
			control_sleep(c);
	}
	return 0;
}

void control_wait_stop(struct control *c)
{
	struct pollfd wake = { .fd = c->wake_fd, .events = POLLIN };

	while (!atomic_load(&c->shared->stop)) {
		if (poll(&wake, 1, -1) > 0)
			wake_take(c);
	}
}

void control_wake(struct control *c)
{
	eventfd_write(c->wake_fd, 1);
}

/* -- life ----------------------------------------------------------------- */

int control_open(struct control *c, struct queue_shared *shared,
		 struct stats_row *stats)
{
	*c = (struct control) {
		.shared = shared,
		.stats = stats,
		.ctrl = {
			.queue_count = shared->queue_count,
			.fetch = fetch,
			.arg = c,
		},
	};
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return c->wake_fd < 0 ? -errno : 0;
}

int control_connect(struct control *c, uint32_t ref, uint32_t port,
		    const char **why)
{
	struct queue_shared *s = c->shared;
	int ret;

	*why = "cannot map its page";
	ret = grant_map(s->grants, s->domid, &ref, 1, true, &c->page);
	if (ret < 0)
		return ret;
	ctrl_attach(&c->ring, c->page);
	*why = "cannot bind its event channel";
	return evtchn_bind(&c->evtchn, s->domid, port, &c->port);
}

void control_close(struct control *c)
{
	if (c->evtchn.h)
		evtchn_close(&c->evtchn);
	if (c->page)
		grant_unmap(c->shared->grants, c->page, 1);
	if (c->wake_fd >= 0)
		close(c->wake_fd);
}
