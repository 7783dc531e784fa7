/* SPDX-License-Identifier: MIT */
/* See queue.h. */
#include "config.h"

#include "backends/blk/queue.h"

#include "backends/blk/counters.h"
#include "backends/blk/grants.h"
#include "backends/blk/lookout.h"
#include "backends/blk/pool.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A toolstack waits 10 s for a device to go: be done before. */
#define DRAIN_NS (5 * NS_PER_S)
#define CANCEL_NS (2 * NS_PER_S)

/* Looks at the ring between two looks at the clock. */
#define LOOKS 32

#define NO_SLOT UINT16_MAX

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

/* What is owed to the guest: survives the process once the array does. */
struct slot {
	struct blk_raw raw;
	uint32_t taken;
	uint32_t unused;
};
_Static_assert(sizeof(struct slot) == 128, "two cache lines");

/* A request being worked on; same index as its slot. */
struct work {
	struct engine_io io;
	struct blk_req req;
	const struct blk_seg *segs;	/* private: in the slot, or q->segs */
	uint16_t page;		/* first of req.count in the pool */
	bool in_place;		/* read into pages that are held, not the pool's */
	bool flushed;		/* of a flush with data: the flush is done */
	uint8_t why;		/* enum blk_refusal, 0: none */
};

struct queue {
	struct blk_ring ring;
	struct queue_shared *shared;
	struct engine *engine;
	struct evtchn evtchn;
	struct xfer *xfer;
	evtchn_port_t port;
	bool masked;			/* the port fired and is to be unmasked */
	bool released;
	struct lookout lookout;
	unsigned int burst;		/* requests since the guest's last pause */
	uint16_t stalled;		/* a slot that waits for pages */
	unsigned int in_flight;		/* in the engine */

	void PEER *ring_area;
	unsigned int ring_pages;
	int wake_fd;
	struct uring *uring;		/* until the engine has it */

	unsigned int free_count;
	uint16_t *free;			/* stack of free slots */
	uint16_t *batch;		/* slots of the turn at hand */
	struct slot *slots;
	struct work *work;

	struct pool pool;
	uint8_t *pages;			/* bounce memory */
	struct blk_seg *segs;		/* one a page: of indirect requests */
	struct iovec *iov;		/* one a page */

	struct stats_row *stats;
	uint64_t refused[BLK_REFUSALS];
};

_Static_assert(COUNT_DISCARDS - COUNT_READS == BLK_DISCARD, "same order");

const char *const blk_counters[] = {
	[COUNT_READS] = "reads",
	[COUNT_WRITES] = "writes",
	[COUNT_FLUSHES] = "flushes",
	[COUNT_DISCARDS] = "discards",
	[COUNT_READ_BYTES] = "read_bytes",
	[COUNT_WRITTEN_BYTES] = "written_bytes",
	[COUNT_REFUSED] = "refused",
	[COUNT_ERRORS] = "errors",
	[COUNT_TURNS] = "turns",
	[COUNT_WAITS] = "waits",
	[COUNT_EVENTS] = "events",
	[COUNT_NOTIFIES] = "notifies",
	[COUNT_IN_PLACE] = "segments_in_place",
	[COUNT_CACHED] = "segments_cached",
	[COUNT_MAPPED] = "segments_mapped",
	[COUNT_COPIED] = "segments_copied",
	[COUNT_GREF_FAILED] = "segments_failed",
	[COUNT_EVICTED] = "pages_evicted",
	[COUNT_GRANT_CALLS] = "grant_calls",
	[COUNTERS] = NULL,
};

/* -- slots -------------------------------------------------------------------- */

static uint16_t slot_take(struct queue *q)
{
	uint16_t slot = q->free[--q->free_count];

	blk_ring_take(&q->ring, &q->slots[slot].raw);
	q->slots[slot].taken = 1;
	return slot;
}

static void slot_give(struct queue *q, uint16_t slot)
{
	q->slots[slot].taken = 0;
	q->free[q->free_count++] = slot;
}

static uint8_t *page_at(const struct queue *q, unsigned int page)
{
	return q->pages + (size_t)page * BLK_PAGE_SIZE;
}

static void answer(struct queue *q, uint16_t slot, int16_t status)
{
	struct work *w = &q->work[slot];

	if (w->req.count)
		pool_give(&q->pool, w->page, w->req.count);
	if (!q->released)
		blk_ring_answer(&q->ring, w->req.id, w->req.wire_op, status);
	slot_give(q, slot);
}

static void count(struct queue *q, enum blk_counter what)
{
	stats_add(q->stats, what, 1);
}

static void count_refused(struct queue *q, enum blk_refusal why)
{
	q->refused[why]++;
	count(q, COUNT_REFUSED);
}

static void refuse(struct queue *q, uint16_t slot, enum blk_refusal why)
{
	count_refused(q, why);
	answer(q, slot, blk_refusal_status(why));
}

/* -- from the ring to the engine ---------------------------------------------- */

/*
 * A read of whole pages that are mapped needs no copy: the kernel puts the data
 * into the guest's own pages. Writes are copied, or a guest could change what
 * is being written while somebody below takes checksums or mirrors it.
 */
static bool read_in_place(struct queue *q, struct work *w)
{
	w->io.iov = &q->iov[w->page];
	w->io.iov_count = xfer_hold(q->xfer, w->segs, w->req.count, w->io.iov,
				    w - q->work);
	w->in_place = w->io.iov_count;
	return w->in_place;
}

/* Segments whose data lie side by side become one piece for the kernel. */
static void build_iov(struct queue *q, struct work *w)
{
	const struct blk_seg *segs = w->segs;
	struct iovec *iov = &q->iov[w->page];
	unsigned int n = 0;

	w->io.iov = iov;
	if (w->req.sectors == w->req.count * BLK_PAGE_SECTORS) {
		/* whole pages, which is what most ask for */
		if (q->shared->in_place && w->req.op == BLK_READ &&
		    read_in_place(q, w))
			return;
		iov->iov_base = page_at(q, w->page);
		iov->iov_len = w->io.size;
		w->io.iov_count = 1;
		return;
	}
	for (unsigned int i = 0; i < w->req.count; i++) {
		uint8_t *base = page_at(q, w->page + i) +
				blk_seg_offset(&segs[i]);
		uint32_t size = blk_seg_size(&segs[i]);

		if (n && (uint8_t *)iov[n - 1].iov_base +
			 iov[n - 1].iov_len == base) {
			iov[n - 1].iov_len += size;
			continue;
		}
		iov[n++] = (struct iovec){ .iov_base = base, .iov_len = size };
	}
	w->io.iov_count = n;
}

static void submit(struct queue *q, struct work *w, enum engine_op op)
{
	w->io.op = op;
	w->io.offset = w->req.sector * BLK_SECTOR_SIZE;
	w->io.size = w->req.sectors * BLK_SECTOR_SIZE;
	if (op == ENGINE_READ || op == ENGINE_WRITE)
		build_iov(q, w);
	q->in_flight++;
	engine_submit(q->engine, &w->io);
}

static void start(struct queue *q, struct work *w)
{
	static const enum engine_op ops[] = {
		[BLK_READ] = ENGINE_READ,
		[BLK_WRITE] = ENGINE_WRITE,
		[BLK_FLUSH] = ENGINE_FLUSH,
		[BLK_DISCARD] = ENGINE_DISCARD,
	};

	count(q, COUNT_READS + w->req.op);
	submit(q, w, ops[w->req.op]);
}

/* Does the guest's data have to be here before the engine starts? */
static bool brings_data(const struct work *w)
{
	return w->req.count && w->req.op != BLK_READ;
}

static void add_data(struct queue *q, uint16_t slot, enum xfer_way way)
{
	const struct work *w = &q->work[slot];

	xfer_add_segs(q->xfer, way, w->segs, w->req.count,
		      page_at(q, w->page), slot);
}

/* Pages for the slot's request, and its segments. False: no room now. */
static bool admit(struct queue *q, uint16_t slot)
{
	struct work *w = &q->work[slot];
	int page;

	if (!w->req.count)
		return true;
	page = pool_take(&q->pool, w->req.count);
	if (page < 0)
		return false;
	w->page = page;
	w->segs = q->slots[slot].raw.segs;
	if (w->req.indirect) {
		w->segs = &q->segs[page];
		xfer_add(q->xfer, XFER_FROM_GUEST, w->req.desc_gref, 0,
			 w->req.count * sizeof(*w->segs), &q->segs[page],
			 slot);
	}
	return true;
}

/* Check what the entry says; false: refused and answered. */
static bool check(struct queue *q, uint16_t slot)
{
	struct work *w = &q->work[slot];
	enum blk_refusal why = blk_check(&q->shared->limits,
					 &q->slots[slot].raw, &w->req);

	w->flushed = false;
	w->in_place = false;
	if (!why && atomic_load_explicit(&q->shared->broken,
					 memory_order_relaxed))
		why = BLK_REFUSE_BROKEN;
	if (!why)
		return true;
	w->req.count = 0;	/* it owns no pages yet */
	refuse(q, slot, why);
	return false;
}

/* Take up to COUNT requests; q->batch holds those that got their pages. */
static unsigned int take_batch(struct queue *q, unsigned int count)
{
	unsigned int n = 0;

	if (q->stalled != NO_SLOT) {
		if (!admit(q, q->stalled))
			return 0;
		q->batch[n++] = q->stalled;
		q->stalled = NO_SLOT;
	}
	while (count-- && q->free_count) {
		uint16_t slot = slot_take(q);

		if (!check(q, slot))
			continue;
		if (!admit(q, slot)) {
			q->stalled = slot;
			break;
		}
		q->batch[n++] = slot;
	}
	return n;
}

/* Judge the segments; keeps in q->batch what was not refused. */
static unsigned int check_batch(struct queue *q, unsigned int count)
{
	unsigned int n = 0;

	xfer_run(q->xfer);	/* the descriptor pages of indirect requests */
	for (unsigned int i = 0; i < count; i++) {
		uint16_t slot = q->batch[i];
		struct work *w = &q->work[slot];
		enum blk_refusal why = BLK_ACCEPTED;

		if (w->req.indirect && xfer_failed(q->xfer, slot))
			why = BLK_REFUSE_GREF;
		else if (w->req.count)
			why = blk_check_segs(&q->shared->limits, w->segs,
					     &w->req);
		if (why)
			refuse(q, slot, why);
		else
			q->batch[n++] = slot;
	}
	return n;
}

static void start_batch(struct queue *q, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (brings_data(&q->work[q->batch[i]]))
			add_data(q, q->batch[i], XFER_FROM_GUEST);
		else
			start(q, &q->work[q->batch[i]]);
	xfer_run(q->xfer);
	for (unsigned int i = 0; i < count; i++) {
		uint16_t slot = q->batch[i];

		if (!brings_data(&q->work[slot]))
			continue;
		if (xfer_failed(q->xfer, slot))
			refuse(q, slot, BLK_REFUSE_GREF);
		else
			start(q, &q->work[slot]);
	}
}

/* Returns how many requests were taken, or -EPROTO. */
static int take(struct queue *q)
{
	int pending = blk_ring_pending(&q->ring);
	uint32_t before = q->ring.req_cons;
	bool stalled = q->stalled != NO_SLOT;
	unsigned int n;

	if (pending < 0)
		return pending;
	if (!pending && !stalled)
		return 0;
	n = take_batch(q, pending);
	if (n)
		start_batch(q, check_batch(q, n));
	return q->ring.req_cons - before;
}

/* -- from the engine to the ring ------------------------------------------------ */

static struct work *work_of(struct engine_io *io)
{
	return (struct work *)((char *)io - offsetof(struct work, io));
}

/* Once a flush failed, what was written before may be gone: trust nothing. */
static void note_error(struct queue *q, const struct work *w)
{
	count(q, COUNT_ERRORS);
	if (w->io.op != ENGINE_FLUSH || w->io.result == -ECANCELED)
		return;
	if (!atomic_exchange(&q->shared->broken, true))
		log_err(w->io.result, "disk of domain %u: flush failed, what "
			"was written before may be lost: refusing all requests "
			"until it is attached anew", q->shared->domid);
}

static void count_bytes(struct queue *q, const struct work *w)
{
	uint64_t size = w->req.sectors * BLK_SECTOR_SIZE;

	if (w->req.op == BLK_READ)
		stats_add(q->stats, COUNT_READ_BYTES, size);
	else if (w->req.op != BLK_DISCARD)
		stats_add(q->stats, COUNT_WRITTEN_BYTES, size);
}

/* What a finished request is answered with. */
static int16_t outcome(struct queue *q, uint16_t slot)
{
	struct work *w = &q->work[slot];

	/* where data were moved ask in any case: it forgets the mark */
	if (!w->in_place && xfer_failed(q->xfer, slot)) {
		count_refused(q, BLK_REFUSE_GREF);
		return BLKIF_RSP_ERROR;
	}
	if (w->io.result == -EOPNOTSUPP && w->req.op == BLK_DISCARD)
		return BLKIF_RSP_EOPNOTSUPP;
	if (w->io.result < 0) {
		note_error(q, w);
		return BLKIF_RSP_ERROR;
	}
	count_bytes(q, w);
	return BLKIF_RSP_OKAY;
}

/* Returns how many I/Os came back. */
static unsigned int complete(struct queue *q)
{
	unsigned int n = 0, back = 0;
	struct engine_io *io;

	while ((io = engine_reap(q->engine))) {
		struct work *w = work_of(io);
		uint16_t slot = w - q->work;

		q->in_flight--;
		back++;
		if (w->req.op == BLK_FLUSH && w->req.count && !w->flushed &&
		    !io->result) {
			w->flushed = true;
			submit(q, w, ENGINE_WRITE);
			continue;
		}
		if (w->in_place)
			xfer_let_go(q->xfer, slot);
		else if (w->req.op == BLK_READ && !io->result && !q->released)
			add_data(q, slot, XFER_TO_GUEST);
		q->batch[n++] = slot;
	}
	if (!n)
		return back;
	xfer_run(q->xfer);
	for (unsigned int i = 0; i < n; i++)
		answer(q, q->batch[i], outcome(q, q->batch[i]));
	return back;
}

/* -- the thread ------------------------------------------------------------------- */

static void push(struct queue *q)
{
	if (!blk_ring_push(&q->ring))
		return;
	count(q, COUNT_NOTIFIES);
	evtchn_notify(&q->evtchn, q->port);
}

/*
 * The port fired: it stays masked until we sleep. It is the only one, so
 * there is nothing behind it that a second read could find.
 */
static void take_event(struct queue *q)
{
	evtchn_port_t port;

	if (evtchn_take(&q->evtchn, &port) == 1) {
		q->masked = true;
		count(q, COUNT_EVENTS);
	}
}

/*
 * Nothing to do, or so it seemed: let events through again, ask for one, and
 * look whether a request came before the guest saw that. True: sleep.
 */
static bool may_sleep(struct queue *q)
{
	if (q->stalled != NO_SLOT)
		return true;	/* the next completion brings room */
	if (q->masked) {
		q->masked = false;
		evtchn_unmask(&q->evtchn, q->port);
	}
	return !blk_ring_final_check(&q->ring);
}

/* Look for a request until END_NS. True: there is one, or the queue is to stop. */
static bool look_until(struct queue *q, uint64_t end_ns)
{
	do
		for (unsigned int i = 0; i < LOOKS; i++) {
			if (blk_ring_pending(&q->ring) ||
			    atomic_load_explicit(&q->shared->stop,
						 memory_order_relaxed))
				return true;
			cpu_relax();
		}
	while (clock_now_ns() < end_ns);
	return false;
}

/*
 * All is answered. Look for the next request, if that pays; false: sleep. Then
 * *PAUSE_NS is when the guest's pause began, or 0: it is of no interest, and
 * *LOOKED whether it was looked for in vain. A guest that asks for several
 * things at a time is better waited for: they come together then, and cost a
 * notification and a turn in all.
 */
static bool look_for_request(struct queue *q, uint64_t *pause_ns, bool *looked)
{
	const unsigned int burst = q->burst;
	uint64_t now, look_ns;

	if (q->in_flight || q->stalled != NO_SLOT)
		return false;
	q->burst = 0;
	if (!q->lookout.max_ns || burst != 1)
		return false;
	now = clock_now_ns();
	*pause_ns = now;
	look_ns = lookout_ns(&q->lookout);
	*looked = look_ns;
	if (!look_ns || !look_until(q, now + look_ns))
		return false;
	lookout_saw(&q->lookout, clock_now_ns() - now);
	return true;
}

static int turn(struct queue *q, const char **why)
{
	unsigned int done, ready;
	bool sleep, looked = false;
	uint64_t pause_ns = 0;
	int taken, r;

	count(q, COUNT_TURNS);
	taken = take(q);
	if (taken < 0) {
		*why = "the guest's ring has an impossible producer index";
		return taken;
	}
	q->burst += taken;
	done = complete(q);
	push(q);
	sleep = !done && !taken && !look_for_request(q, &pause_ns, &looked) &&
		may_sleep(q);
	if (q->evtchn.error) {
		*why = "its event channel";
		return q->evtchn.error;
	}
	if (sleep)
		count(q, COUNT_WAITS);
	r = engine_wait(q->engine, sleep ? -1 : 0, &ready);
	if (r < 0) {
		*why = "waiting for the image";
		return r;
	}
	if (ready & ENGINE_EVTCHN) {
		take_event(q);
		if (pause_ns && sleep)
			lookout_slept(&q->lookout, clock_now_ns() - pause_ns,
				      looked);
	}
	return 0;
}

int queue_serve(struct queue *q, const char **why)
{
	while (!atomic_load_explicit(&q->shared->stop, memory_order_relaxed)) {
		int r = turn(q, why);

		if (r < 0)
			return r;
	}
	return 0;
}

void queue_wake(struct queue *q)
{
	uint64_t one = 1;

	/* it can only fail when the count is full, so it is awake */
	if (write(q->wake_fd, &one, sizeof(one)) < 0)
		return;
}

void queue_await_stop(struct queue *q)
{
	while (!atomic_load(&q->shared->stop)) {
		struct pollfd p = { .fd = q->wake_fd, .events = POLLIN };
		uint64_t count;

		if (poll(&p, 1, -1) == 1 &&
		    read(q->wake_fd, &count, sizeof(count)) < 0)
			continue;
	}
}

/* Complete until nothing is in flight or DEADLINE has passed. */
static void drain_until(struct queue *q, uint64_t deadline_ns)
{
	for (;;) {
		uint64_t now = clock_now_ns();
		unsigned int ready;

		complete(q);
		if (q->stalled != NO_SLOT) {
			unsigned int n = take_batch(q, 0);

			start_batch(q, check_batch(q, n));
		}
		if (!q->released)
			push(q);
		if (!q->in_flight || now >= deadline_ns)
			break;
		if (engine_wait(q->engine, (deadline_ns - now) / NS_PER_MS + 1,
				&ready) < 0)
			break;
		if (ready & ENGINE_EVTCHN)
			take_event(q);
	}
}

unsigned int queue_drain(struct queue *q)
{
	drain_until(q, clock_now_ns() + DRAIN_NS);
	if (!q->in_flight)
		return 0;
	engine_cancel(q->engine);
	drain_until(q, clock_now_ns() + CANCEL_NS);
	return q->in_flight;
}

void queue_release(struct queue *q)
{
	if (q->released)
		return;
	q->released = true;
	/* but what the kernel may yet read into */
	if (q->xfer)
		xfer_release(q->xfer);
	if (q->ring_area)
		grant_unmap(q->shared->grants, q->ring_area, q->ring_pages);
	q->ring_area = NULL;
	if (q->evtchn.h && q->port)
		evtchn_unbind(&q->evtchn, q->port);
	q->port = 0;
}

/* Memory that I/Os lead into: where one never came back it stays for ever. */
static void close_memory(struct queue *q)
{
	if (q->in_flight)
		return;
	xfer_close(q->xfer);
	q->xfer = NULL;
	if (q->pages)
		munmap(q->pages, (size_t)q->pool.pages * BLK_PAGE_SIZE);
	q->pages = NULL;
}

void queue_settle(struct queue *q)
{
	while (q->in_flight) {
		struct engine_io *io;
		unsigned int ready;

		while ((io = engine_reap(q->engine)))
			q->in_flight--;
		if (q->in_flight && engine_wait(q->engine, 1000, &ready) < 0)
			break;
	}
	engine_close(q->engine);
	q->engine = NULL;
	close_memory(q);
}

/* -- life --------------------------------------------------------------------------- */

void queue_close(struct queue *q)
{
	if (!q)
		return;
	queue_release(q);
	engine_close(q->engine);
	close_memory(q);
	evtchn_close(&q->evtchn);
	if (q->wake_fd >= 0)
		close(q->wake_fd);
	uring_give(q->uring);
	free(q->segs);
	free(q->iov);
	free(q->free);
	free(q->batch);
	free(q->slots);
	free(q->work);
	free(q);
}

static int queue_alloc(struct queue *q, const struct queue_setup *s)
{
	unsigned int size = q->ring.size;
	void *pages;

	pool_init(&q->pool, s->pool_pages);
	pages = mmap(NULL, (size_t)s->pool_pages * BLK_PAGE_SIZE,
		     PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (pages == MAP_FAILED)
		return -ENOMEM;
	q->pages = pages;
	q->segs = calloc(s->pool_pages, sizeof(*q->segs));
	q->iov = calloc(s->pool_pages, sizeof(*q->iov));
	q->free = calloc(size, sizeof(*q->free));
	q->batch = calloc(size, sizeof(*q->batch));
	q->slots = aligned_alloc(64, size * sizeof(*q->slots));
	q->work = calloc(size, sizeof(*q->work));
	if (!q->segs || !q->iov || !q->free || !q->batch || !q->slots ||
	    !q->work)
		return -ENOMEM;
	memset(q->slots, 0, size * sizeof(*q->slots));
	while (q->free_count < size) {
		q->free[q->free_count] = size - 1 - q->free_count;
		q->free_count++;
	}
	return 0;
}

static int queue_attach(struct queue *q, const struct queue_setup *s,
			char *reason, size_t reason_size)
{
	struct queue_shared *shared = s->shared;
	struct engine_setup e = {
		.image_fd = s->image_fd,
		.wake_fd = s->wake_fd,
		.uring = s->uring,
		.block_device = s->block_device,
	};
	int r;

	r = grant_map(shared->grants, shared->domid, s->ring_grefs,
		      s->ring_pages, true, &q->ring_area);
	if (r < 0) {
		q->ring_area = NULL;
		snprintf(reason, reason_size, "queue %u: the ring's %u "
			 "page(s) from gref %u cannot be mapped", s->index,
			 s->ring_pages, s->ring_grefs[0]);
		return r;
	}
	blk_ring_init(&q->ring, q->ring_area, s->ring_pages, s->abi);
	r = evtchn_bind(&q->evtchn, shared->domid, s->port, &q->port);
	if (r < 0) {
		q->port = 0;
		snprintf(reason, reason_size, "queue %u: event channel %u of "
			 "the guest cannot be bound", s->index, s->port);
		return r;
	}
	r = queue_alloc(q, s);
	if (!r)
		r = xfer_open(shared->grants, shared->domid,
			      shared->persistent,
			      s->pool_pages + q->ring.size, q->ring.size,
			      q->stats, &q->xfer);
	e.evtchn_fd = evtchn_fd(&q->evtchn);
	e.depth = q->ring.size;
	if (!r)
		r = engine_open(s->engine, &e, &q->engine);
	if (!r)
		q->uring = NULL;
	else
		snprintf(reason, reason_size, "queue %u: engine %s", s->index,
			 s->engine->name);
	return r;
}

int queue_open(const struct queue_setup *s, struct queue **ret, char *reason,
	       size_t reason_size)
{
	struct queue *q = calloc(1, sizeof(*q));
	int r;

	if (!q) {
		close(s->evtchn_fd);
		close(s->wake_fd);
		uring_give(s->uring);
		snprintf(reason, reason_size, "queue %u", s->index);
		return -ENOMEM;
	}
	q->shared = s->shared;
	q->ring_pages = s->ring_pages;
	q->wake_fd = s->wake_fd;
	q->uring = s->uring;
	q->stats = s->stats;
	q->stalled = NO_SLOT;
	lookout_init(&q->lookout, s->poll_ns);
	r = evtchn_adopt(&q->evtchn, s->evtchn_fd, s->shared->domid);
	if (r < 0)
		snprintf(reason, reason_size, "queue %u: event channels cannot "
			 "be narrowed to the guest", s->index);
	else
		r = queue_attach(q, s, reason, reason_size);
	if (r < 0) {
		queue_close(q);
		return r;
	}
	*ret = q;
	return 0;
}

void queue_log(const struct queue *q, const char *name)
{
	for (unsigned int i = 0; i < BLK_REFUSALS; i++)
		if (q->refused[i])
			log_debug("%s: refused %" PRIu64 " request(s): %s", name,
				 q->refused[i], blk_refusal_text(i));
}
