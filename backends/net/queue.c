/* SPDX-License-Identifier: MIT */
/*
 * The data path: one thread a queue, from ring to TAP and from TAP to ring.
 *
 * Theory of operation
 * -------------------
 * Each round moves at most one batch each way:
 *
 *	tx	look at the ring once, take up to 64 packets, copy all their
 *		bytes by one grant copy into private pages (each slot at the
 *		offset it has in the guest's page: no copy crosses a page, and
 *		none suffers from 4 KiB aliasing), judge and write each to the
 *		TAP, answer all, at most one event.
 *	rx	read frames only while the guest has lent pages, copy all by one
 *		grant copy, answer all, at most one event. A frame that no
 *		longer fits waits here, alone; the others wait in the TAP's own
 *		queue, which is bounded and drops. So a guest that never
 *		receives costs the host what it costs at the first frame.
 *
 * Where a guest may say by which queue a frame is to come (hash.h, and a vif of
 * several queues), rx first empties the TAP into the queues' inboxes, and the
 * ring is filled from the own inbox instead of the TAP: see inbox.h.
 *
 * As long as rounds find work, no event is asked for and no event channel is
 * touched. Only a round without work asks for events, unmasks the ports that
 * had fired and sleeps.
 *
 * A slot is answered after its packet was written: a process that is killed
 * leaves unanswered what it had not written, and its successor starts there.
 * At most the last batch is sent twice, none is lost.
 */
#include "config.h"

#include "backends/net/queue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

/* How often to look for pages of a guest that does not say so. */
#define QUIET_GUEST_POLL_NS (5 * NS_PER_MS)

_Static_assert(sizeof(struct virtio_net_hdr) == 10, "what a TAP has by default");

const char *const queue_counter_names[QUEUE_COUNTERS + 1] = {
	[TX_PACKETS]	= "tx_packets",
	[TX_BYTES]	= "tx_bytes",
	[TX_BATCHES]	= "tx_batches",
	[TX_COPIES]	= "tx_copies",
	[TX_ERRORS]	= "tx_errors",
	[TX_FILTERED]	= "tx_filtered",
	[TX_DROPPED]	= "tx_dropped",
	[RX_PACKETS]	= "rx_packets",
	[RX_BYTES]	= "rx_bytes",
	[RX_BATCHES]	= "rx_batches",
	[RX_COPIES]	= "rx_copies",
	[RX_ERRORS]	= "rx_errors",
	[RX_DROPPED]	= "rx_dropped",
	[RX_STARVED]	= "rx_starved",
	[SLEEPS]	= "sleeps",
	[EVENTS_SENT]	= "events_sent",
	[RX_HASHED]	= "rx_hashed",
	[RX_STEERED]	= "rx_steered",
	[CTRL_REQUESTS]	= "ctrl_requests",
	[CTRL_REFUSED]	= "ctrl_refused",
};

static void count(struct queue *q, enum queue_counter counter, uint64_t n)
{
	stats_add(q->stats, counter, n);
}

/* -- tx ------------------------------------------------------------------- */

/* Take packets as long as the rate allows; 0 or -EPROTO. */
static int tx_take(struct queue *q)
{
	struct net_tx_batch *b = &q->tx_batch;
	struct rate *rate = &q->shared->send;
	bool limited = rate_limited(rate);
	uint64_t now = limited ? clock_now_ns() : 0;
	int ret;

	net_tx_begin(b);
	ret = net_tx_look(&q->tx);
	if (ret <= 0)
		return ret;
	while (!limited || rate_wait_ns(rate, now) == 0) {
		ret = net_tx_take(&q->tx, b);
		if (ret <= 0)
			return ret;
		if (limited)
			rate_pay(rate, now,
				 b->packets[b->packet_count - 1].size);
	}
	return 0;
}

/* Of the copies that failed, the packets: RET is the call's, for all. */
static void tx_spoil(struct queue *q, int ret)
{
	struct net_tx_batch *b = &q->tx_batch;
	unsigned int segments = 0, i, j;

	/* Segments are the slots in their order, without the empty ones. */
	for (i = 0; i < b->packet_count; i++) {
		struct net_packet *packet = &b->packets[i];

		for (j = 0; j < packet->slot_count; j++) {
			if (!b->slots[packet->slot + j].size)
				continue;
			if (ret < 0 ||
			    q->segments[segments].status != GNTST_okay)
				packet->status = NETIF_RSP_ERROR;
			segments++;
		}
	}
}

/* Bring the batch's bytes into our pages; packets whose copy failed, fail. */
static void tx_copy(struct queue *q)
{
	const struct net_tx_batch *b = &q->tx_batch;
	uint8_t *page = q->tx_pages;
	domid_t domid = q->shared->domid;
	unsigned int segments = 0, i;
	bool failed;
	int ret;

	for (i = 0; i < b->slot_count; i++, page += NET_PAGE_SIZE) {
		const struct net_slot *slot = &b->slots[i];
		xengnttab_grant_copy_segment_t *seg = &q->segments[segments];

		if (!slot->size)
			continue;
		seg->source.foreign.ref = slot->gref;
		seg->source.foreign.offset = slot->offset;
		seg->source.foreign.domid = domid;
		seg->dest.virt = page + slot->offset;
		seg->len = slot->size;
		seg->flags = GNTCOPY_source_gref;
		segments++;
	}
	if (!segments)
		return;
	ret = grant_copy(q->shared->grants, q->segments, segments);
	count(q, TX_COPIES, segments);

	failed = ret < 0;
	for (i = 0; i < segments; i++)
		failed |= q->segments[i].status != GNTST_okay;
	if (failed)
		tx_spoil(q, ret);
}

/*
 * The bytes of a packet as a vector, its headers (its first bytes, all of
 * them or at least OFFLOAD_HEADER_MAX) in the first element. Returns the count.
 */
static int tx_vector(struct queue *q, const struct net_packet *packet,
		     struct iovec *iov)
{
	const struct net_slot *slot = &q->tx_batch.slots[packet->slot];
	uint8_t *page = q->tx_pages + packet->slot * NET_PAGE_SIZE;
	size_t want = packet->size < OFFLOAD_HEADER_MAX ? packet->size :
		OFFLOAD_HEADER_MAX;
	size_t have = slot->size;
	unsigned int i;
	int n = 1;

	if (have >= want) {
		iov[0] = (struct iovec) { page + slot->offset, have };
	} else {
		/* Headers in pieces come together: nobody below has to. */
		iov[0] = (struct iovec) { q->head, want };
		memcpy(q->head, page + slot->offset, have);
	}
	for (i = 1; i < packet->slot_count; i++) {
		size_t skip = 0;

		slot++;
		page += NET_PAGE_SIZE;
		if (have < want) {
			skip = want - have < slot->size ? want - have :
				slot->size;
			memcpy(q->head + have, page + slot->offset, skip);
			have += skip;
		}
		if (slot->size > skip)
			iov[n++] = (struct iovec) { page + slot->offset + skip,
						    slot->size - skip };
	}
	return n;
}

static void say_foreign_mac(struct queue *q, const uint8_t *head)
{
	const uint8_t *m = head + 6;

	/* Once, whatever the guest does, and however often it connects. */
	if (atomic_exchange(q->shared->foreign_mac_said, true))
		return;
	log_warn("domain %u: frames from %02x:%02x:%02x:%02x:%02x:%02x dropped: "
		 "not the vif's own address; write mac-filter \"off\" into its "
		 "backend folder if this guest bridges for others",
		 q->shared->domid, m[0], m[1], m[2], m[3], m[4], m[5]);
}

static bool tx_allowed(struct queue *q, const uint8_t *head)
{
	switch (filter_judge(&q->shared->filter, head)) {
	case FILTER_PASS:
		return true;
	case FILTER_FOREIGN_MAC:
		say_foreign_mac(q, head);
		break;
	case FILTER_RESERVED:
		break;
	}
	return false;
}

/* Returns how many bytes went to the TAP, which are the packet's or none. */
static unsigned int tx_send(struct queue *q, struct net_packet *packet)
{
	struct iovec *iov = q->tx_iov;
	int n = tx_vector(q, packet, iov + 1);

	if (!tx_allowed(q, iov[1].iov_base)) {
		packet->status = NETIF_RSP_DROPPED;
		count(q, TX_FILTERED, 1);
		return 0;
	}
	if (!offload_from_guest(packet, iov[1].iov_base, iov[1].iov_len,
				&q->tx_hdr)) {
		packet->status = NETIF_RSP_ERROR;
		count(q, TX_ERRORS, 1);
		return 0;
	}
	if (writev(q->tap, iov, 1 + n) < 0) {
		/* Link down, no memory, a header the kernel thinks wrong. */
		packet->status = NETIF_RSP_DROPPED;
		count(q, TX_DROPPED, 1);
		return 0;
	}
	return packet->size;
}

/* A batch from the guest: slots answered, or -EPROTO. *notify: it wants to know. */
static int tx_round(struct queue *q, bool *notify)
{
	struct net_tx_batch *b = &q->tx_batch;
	int ret = tx_take(q);
	int answers = (int)b->answer_count;
	unsigned int i, sent = 0, bytes = 0;

	if (answers) {
		tx_copy(q);
		for (i = 0; i < b->packet_count; i++) {
			unsigned int size = 0;

			if (b->packets[i].status == NETIF_RSP_OKAY)
				size = tx_send(q, &b->packets[i]);
			else
				count(q, TX_ERRORS, 1);
			sent += size != 0;
			bytes += size;
		}
		count(q, TX_PACKETS, sent);
		count(q, TX_BYTES, bytes);
		count(q, TX_BATCHES, 1);
		*notify = net_tx_answer(&q->tx, b);
	}
	return ret < 0 ? ret : answers;
}

/* -- rx ------------------------------------------------------------------- */

/* Most guests want none: the way past it is one load. */
__attribute__((noinline))
static void rx_hash(struct queue *q, struct queue_frame *w)
{
	const struct hash *hash = hash_current(&q->shared->hash, &q->hash);

	if (!hash_active(hash))
		return;
	hash_frame(hash, w->data, &w->frame);
	if (w->frame.flags & NET_HASHED)
		count(q, RX_HASHED, 1);
}

/*
 * The TAP's next frame into W, its bytes to DATA, hashed as the guest wants
 * it: 1; 0: there is none, or it must wait; or -errno: there is no TAP any more.
 * Inline in both places that use it: a call would cost a small frame a twentieth.
 */
__attribute__((always_inline))
static inline int tap_read(struct queue *q, uint8_t *data, struct queue_frame *w)
{
	struct virtio_net_hdr hdr;
	struct iovec iov[] = {
		{ &hdr, sizeof(hdr) },
		{ data, NET_RX_FRAME_MAX },
	};
	ssize_t n;

	for (;;) {
		n = readv(q->tap, iov, 2);
		if (n < 0) {
			q->tap_ready = false;
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		}
		if (n > (ssize_t)sizeof(hdr) &&
		    offload_to_guest(&hdr, data, (size_t)n - sizeof(hdr),
				     q->shared->features, &w->frame))
			break;
		count(q, RX_DROPPED, 1);
		if (n == 0) {	/* no TAP does that; never spin on it */
			q->tap_ready = false;
			return 0;
		}
	}
	w->data = data;
	if (hash_was_set(&q->shared->hash))
		rx_hash(q, w);
	return 1;
}

/* -- rx, steered ----------------------------------------------------------- */

/* To the inbox of the queue that the guest chose; false: it must wait. */
static bool steer(struct queue *q)
{
	struct queue_frame *w = &q->steered;
	const struct hash *hash = hash_current(&q->shared->hash, &q->hash);
	unsigned int to = q->index;

	if (hash_active(hash))
		to = hash_queue(hash, &w->frame, q->shared->queue_count);
	switch (inbox_put(&q->shared->inboxes[to], q->index, &w->frame,
			  w->data)) {
	case INBOX_TAKEN:
		if (to != q->index)
			count(q, RX_STEERED, 1);
		break;
	case INBOX_FULL:
		return false;
	case INBOX_STARVED:
		count(q, RX_DROPPED, 1);
		break;
	}
	w->data = NULL;
	return true;
}

/* Frames from the TAP to the inboxes: how many, or -errno. */
static int steer_round(struct queue *q)
{
	struct rate *rate = &q->shared->receive;
	bool limited = rate_limited(rate);
	uint64_t now = limited ? clock_now_ns() : 0;
	int frames, ret;

	for (frames = 0; frames < (int)NET_BATCH_PACKETS; frames++) {
		if (!q->steered.data) {
			if (!q->tap_ready ||
			    (limited && rate_wait_ns(rate, now)))
				break;
			ret = tap_read(q, q->steer_pages, &q->steered);
			if (ret < 0)
				return ret;
			if (ret == 0)
				break;
			if (limited)
				rate_pay(rate, now, q->steered.frame.size);
		}
		if (!steer(q))
			break;
	}
	return frames;
}

/* Who waited for this queue's inbox may go on: frames were taken, or none is. */
static void steer_wake(struct queue *q)
{
	uint32_t waiting = inbox_waiting(&q->shared->inboxes[q->index]);
	unsigned int i;

	for (i = 0; waiting; i++, waiting >>= 1)
		if (waiting & 1)
			inbox_wake(&q->shared->inboxes[i]);
}

/* -- rx, to the ring -------------------------------------------------------- */

/* Where the ring's frames come from; NULL: the TAP. */
static struct inbox *own_inbox(const struct queue *q)
{
	struct inbox *all = q->shared->inboxes;

	return all ? &all[q->index] : NULL;
}

/* Is there a frame to be had from IN, as far as is known? */
static bool rx_any(const struct queue *q, struct inbox *in)
{
	return in ? !inbox_empty(in) : q->tap_ready;
}

/* The next frame into q->waiting: as tap_read(). */
static int rx_next(struct queue *q, struct inbox *in, uint64_t now)
{
	struct queue_frame *w = &q->waiting;
	uint8_t *data = q->rx_pages + q->rx_page * NET_PAGE_SIZE;
	struct rate *rate = &q->shared->receive;
	int ret;

	if (in) {
		inbox_take(in, &w->frame, data);
		w->data = data;
	} else {
		if (now && rate_wait_ns(rate, now))
			return 0;
		ret = tap_read(q, data, w);
		if (ret <= 0)
			return ret;
		if (now)
			rate_pay(rate, now, w->frame.size);
	}
	q->rx_page += net_rx_pages(&w->frame);
	return 1;
}

/* Put q->waiting into the ring and the batch. */
static void rx_put(struct queue *q)
{
	struct net_rx_batch *b = &q->rx_batch;
	unsigned int i = b->copy_count;

	net_rx_put(&q->rx, b, &q->waiting.frame);
	for (; i < b->copy_count; i++) {
		const struct net_rx_copy *copy = &b->copies[i];
		xengnttab_grant_copy_segment_t *seg = &q->segments[i];

		seg->source.virt = q->waiting.data + copy->from;
		seg->dest.foreign.ref = copy->gref;
		seg->dest.foreign.offset = 0;
		seg->dest.foreign.domid = q->shared->domid;
		seg->len = copy->size;
		seg->flags = GNTCOPY_dest_gref;
	}
	q->waiting.data = NULL;
}

/* The frame that waits stays in its pages; start behind it, or below it. */
static void rx_begin(struct queue *q)
{
	struct queue_frame *w = &q->waiting;

	net_rx_begin(&q->rx_batch);
	if (!w->data) {
		q->rx_page = 0;
	} else if (q->rx_page > QUEUE_RX_PAGES / 2) {
		memmove(q->rx_pages, w->data, w->frame.size);
		w->data = q->rx_pages;
		q->rx_page = net_rx_pages(&w->frame);
	}
}

/* Room for a frame of any size, in the batch and in our pages? */
static bool rx_has_room(const struct queue *q)
{
	static const struct net_frame largest = {
		.size = NET_RX_FRAME_MAX,
		.flags = NET_HASHED,
		.gso_type = XEN_NETIF_GSO_TYPE_TCPV4,
	};

	return net_rx_room(&q->rx_batch, &largest) &&
	       q->rx_page + NET_RX_FRAME_MAX / NET_PAGE_SIZE <= QUEUE_RX_PAGES;
}

/* Fill a batch with frames; 0 or -errno. */
static int rx_fill(struct queue *q)
{
	bool limited = rate_limited(&q->shared->receive);
	uint64_t now = limited ? clock_now_ns() : 0;
	struct inbox *in = own_inbox(q);
	unsigned int frames = 0, bytes = 0;
	int ret;

	rx_begin(q);
	q->starved = false;
	ret = net_rx_look(&q->rx);
	if (ret < 0)
		return ret;
	ret = 0;
	while (frames < NET_BATCH_PACKETS) {
		if (!q->waiting.data) {
			if (!rx_any(q, in))
				break;
			/* No page lent: do not even take it from the TAP. */
			if (!net_rx_slots(&q->rx)) {
				q->starved = true;
				break;
			}
			if (!rx_has_room(q))
				break;
			ret = rx_next(q, in, now);
			if (ret <= 0)
				break;
		}
		if (net_rx_need(&q->waiting.frame) > net_rx_slots(&q->rx)) {
			q->starved = true;
			break;
		}
		bytes += q->waiting.frame.size;
		frames++;
		rx_put(q);
	}
	count(q, RX_PACKETS, frames);
	count(q, RX_BYTES, bytes);
	return ret < 0 ? ret : 0;
}

/* As rx_fill(), from the own inbox, after the TAP was emptied into all. */
static int rx_fill_steered(struct queue *q)
{
	struct inbox *in = own_inbox(q);
	int moved = steer_round(q), ret;

	if (moved < 0)
		return moved;
	ret = rx_fill(q);
	if (in->starved != q->starved)
		inbox_starve(in, q->starved);
	steer_wake(q);
	return ret < 0 ? ret : moved;
}

/* A batch to the guest: how much was done, or -errno. */
static int rx_round(struct queue *q, bool *notify)
{
	struct net_rx_batch *b = &q->rx_batch;
	int ret = own_inbox(q) ? rx_fill_steered(q) : rx_fill(q);
	int answers = (int)b->answer_count, copied;
	unsigned int i;

	if (answers) {
		copied = grant_copy(q->shared->grants, q->segments,
				    b->copy_count);
		for (i = 0; i < b->copy_count; i++) {
			if (copied < 0 ||
			    q->segments[i].status != GNTST_okay) {
				net_rx_spoil(b, i);
				count(q, RX_ERRORS, 1);
			}
		}
		count(q, RX_COPIES, b->copy_count);
		count(q, RX_BATCHES, 1);
		*notify = net_rx_answer(&q->rx, b);
	}
	return ret < 0 ? ret : answers + ret;
}

/* -- sleeping ------------------------------------------------------------- */

static void events_take(struct queue *q)
{
	evtchn_port_t port;

	while (evtchn_take(&q->evtchn, &port) > 0) {
		if (port == q->tx_port)
			q->tx_taken = true;
		if (port == q->rx_port)
			q->rx_taken = true;
		if ((q->tx_taken && q->rx_taken) || q->tx_port == q->rx_port)
			break;	/* no more than these two can have fired */
	}
}

/* Only now: while masked, a storm of events costs nothing (XSA-332). */
static void events_unmask(struct queue *q)
{
	if (q->tx_taken)
		evtchn_unmask(&q->evtchn, q->tx_port);
	if (q->rx_taken && q->rx_port != q->tx_port)
		evtchn_unmask(&q->evtchn, q->rx_port);
	q->tx_taken = false;
	q->rx_taken = false;
}

static void wake_take(struct queue *q)
{
	eventfd_t value;

	eventfd_read(q->wake_fd, &value);
}

/*
 * Would a frame in the TAP be taken? Not when it could be put nowhere, nor
 * while one waits for another queue's inbox.
 */
static bool tap_wanted(const struct queue *q)
{
	return own_inbox(q) ? !q->steered.data : !q->starved;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	if (!a || !b)
		return a | b;
	return a < b ? a : b;
}

/*
 * Nothing to do: ask for events, and sleep until something comes. Returns at
 * once when something came in between.
 */
static void queue_sleep(struct queue *q)
{
	struct queue_shared *s = q->shared;
	/* a system call in a domain that has no clock of its own */
	uint64_t now = rate_limited(&s->send) || rate_limited(&s->receive) ?
		clock_now_ns() : 0;
	uint64_t tx_wait = rate_wait_ns(&s->send, now);
	uint64_t rx_wait = rate_wait_ns(&s->receive, now);
	uint64_t wait = earlier(tx_wait, rx_wait);
	struct pollfd fds[] = {
		{ .fd = q->wake_fd, .events = POLLIN },
		{ .fd = evtchn_fd(&q->evtchn), .events = POLLIN },
		{ .fd = tap_wanted(q) && !rx_wait ? q->tap : -1,
		  .events = POLLIN },
	};
	struct timespec ts;

	if (!tx_wait && net_tx_sleep(&q->tx))
		return;
	if (q->starved && net_rx_sleep(&q->rx))
		return;
	if (own_inbox(q) && !inbox_sleep(own_inbox(q)))
		return;
	if (q->starved && !s->rx_notify)
		wait = earlier(wait, QUIET_GUEST_POLL_NS);
	events_unmask(q);
	if (q->evtchn.error)
		return;
	ts.tv_sec = (time_t)(wait / NS_PER_S);
	ts.tv_nsec = (long)(wait % NS_PER_S);
	if (q->starved)
		count(q, RX_STARVED, 1);
	if (ppoll(fds, 3, wait ? &ts : NULL, NULL) > 0) {
		if (fds[0].revents)
			wake_take(q);
		if (fds[1].revents)
			events_take(q);
		if (fds[2].revents)
			q->tap_ready = true;
	}
	count(q, SLEEPS, 1);
}

void queue_wait_stop(struct queue *q)
{
	struct pollfd wake = { .fd = q->wake_fd, .events = POLLIN };

	while (!atomic_load(&q->shared->stop)) {
		if (poll(&wake, 1, -1) > 0)
			wake_take(q);
	}
}

void queue_wake(struct queue *q)
{
	eventfd_write(q->wake_fd, 1);
}

static void queue_notify(struct queue *q, bool tx, bool rx)
{
	if (q->rx_port == q->tx_port && tx)
		rx = false;	/* one event for both */
	if (tx)
		evtchn_notify(&q->evtchn, q->tx_port);
	if (rx)
		evtchn_notify(&q->evtchn, q->rx_port);
	if (tx || rx)
		count(q, EVENTS_SENT, (unsigned int)tx + rx);
}

int queue_run(struct queue *q, const char **why)
{
	bool tx_notify = true, rx_notify = true;
	int tx, rx;

	q->tap_ready = true;
	/* Whoever served before may have died between answer and event. */
	queue_notify(q, tx_notify, rx_notify);
	while (!atomic_load_explicit(&q->shared->stop, memory_order_relaxed)) {
		tx_notify = false;
		rx_notify = false;
		tx = tx_round(q, &tx_notify);
		rx = rx_round(q, &rx_notify);
		queue_notify(q, tx_notify, rx_notify);
		if (tx < 0) {
			*why = q->tx.broken;
			return tx;
		}
		if (rx < 0) {
			*why = q->rx.broken ? q->rx.broken : "the TAP is gone";
			return rx;
		}
		if (q->evtchn.error) {
			*why = "its event channel";
			return q->evtchn.error;
		}
		if (!tx && !rx)
			queue_sleep(q);
		else
			q->tap_ready = true;	/* nobody looked meanwhile */
	}
	return 0;
}

/* -- life ----------------------------------------------------------------- */

static uint8_t *pages_alloc(unsigned int count)
{
	void *p = mmap(NULL, count * NET_PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int queue_open(struct queue *q, struct queue_shared *shared, unsigned int index,
	       struct stats_row *stats)
{
	*q = (struct queue) {
		.shared = shared,
		.index = index,
		.stats = stats,
		.tap = -1,
		.wake_fd = -1,
	};
	q->tx_iov[0] = (struct iovec) { &q->tx_hdr, sizeof(q->tx_hdr) };
	q->tx_pages = pages_alloc(NET_BATCH_SLOTS);
	q->rx_pages = pages_alloc(QUEUE_RX_PAGES);
	q->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!q->tx_pages || !q->rx_pages || q->wake_fd < 0)
		return -ENOMEM;
	if (!shared->inboxes)
		return 0;
	q->steer_pages = pages_alloc(NET_RX_FRAME_MAX / NET_PAGE_SIZE);
	return q->steer_pages ? inbox_open(own_inbox(q), q->wake_fd) : -ENOMEM;
}

int queue_connect(struct queue *q, uint32_t tx_ref, uint32_t rx_ref,
		  uint32_t tx_port, uint32_t rx_port, const char **why)
{
	uint32_t refs[] = { tx_ref, rx_ref };
	struct queue_shared *s = q->shared;
	int ret;

	*why = "cannot map its rings";
	ret = grant_map(s->grants, s->domid, refs, 2, true, &q->rings);
	if (ret < 0)
		return ret;
	net_tx_attach(&q->tx, q->rings);
	net_rx_attach(&q->rx, (uint8_t PEER *)q->rings + NET_PAGE_SIZE);

	*why = "cannot bind its event channel";
	ret = evtchn_bind(&q->evtchn, s->domid, tx_port, &q->tx_port);
	if (ret < 0)
		return ret;
	q->rx_port = q->tx_port;
	if (rx_port != tx_port)
		ret = evtchn_bind(&q->evtchn, s->domid, rx_port, &q->rx_port);
	return ret;
}

void queue_close(struct queue *q)
{
	if (q->evtchn.h)
		evtchn_close(&q->evtchn);
	if (q->rings)
		grant_unmap(q->shared->grants, q->rings, 2);
	if (q->tx_pages)
		munmap(q->tx_pages, NET_BATCH_SLOTS * NET_PAGE_SIZE);
	if (q->rx_pages)
		munmap(q->rx_pages, QUEUE_RX_PAGES * NET_PAGE_SIZE);
	if (q->steer_pages) {
		munmap(q->steer_pages, NET_RX_FRAME_MAX);
		inbox_close(own_inbox(q));
	}
	if (q->tap >= 0)
		close(q->tap);
	if (q->wake_fd >= 0)
		close(q->wake_fd);
}
