/* SPDX-License-Identifier: MIT */
/* See blk-rig.h. */
#include "config.h"

#include "tests/bench/native/blk-rig.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "backends/blk/queue.h"
#include "lib/cleanup.h"
#include "tests/bench/native/cycles.h"
#include "tests/bench/native/xen.h"

#define RING_PAGES 16u
#define POOL_PAGES 1024u
#define DOMID 7

static struct rig {
	const struct blk_load *load;
	struct queue_shared shared;
	struct blk_guest guest;
	unsigned int round, waiting;
	unsigned int place;		/* in load->sectors */
	uint64_t started;
	uint64_t *cycles;
	struct blk_run *run;
} rig;

/* -- the guest's part --------------------------------------------------------- */

static void ask_all(const struct blk_load *l)
{
	struct blk_ask ask = l->ask;

	for (unsigned int i = 0; i < l->batch; i++) {
		ask.gref = l->ask.gref ? l->ask.gref :
			BLK_RIG_DATA + i * ask.segments;
		ask.desc_gref = BLK_RIG_DESC + i;
		ask.sector = l->sectors[rig.place];
		if (++rig.place == l->sector_count)
			rig.place = 0;
		blk_guest_put(&rig.guest, i, &ask);
	}
	if (blk_guest_push(&rig.guest))
		xen_kick();
}

static void round_begin(void)
{
	const struct blk_load *l = rig.load;

	rig.waiting = l->batch;
	if (l->ask_all) {
		rig.started = cycles_start();
		l->ask_all(l->batch);
		return;
	}
	ask_all(l);
	rig.started = cycles_start();
}

/* Answers may come in parts from a real engine; then the round goes on. */
static void round_end(uint64_t now)
{
	const struct blk_load *l = rig.load;
	unsigned int errors, n;

	if (l->take_all) {
		n = l->take_all(&errors);
		now = cycles_stop();
	} else {
		n = blk_guest_take(&rig.guest, &errors);
	}
	rig.run->answered += n;
	rig.run->errors += errors;
	rig.waiting -= n;
	if (rig.waiting)
		return;
	if (rig.round >= l->warmup)
		rig.cycles[rig.round - l->warmup] = now - rig.started;
	rig.round++;
}

/* The queue has nothing left to do. */
static void guest_turn(void)
{
	const struct blk_load *l = rig.load;
	uint64_t now = cycles_stop();

	if (l->aside)
		l->aside(true);
	if (rig.waiting)
		round_end(now);
	if (!rig.waiting && rig.round == l->warmup + l->rounds) {
		if (l->finished)
			l->finished();
		atomic_store(&rig.shared.stop, true);
		rig.round++;
	} else if (!rig.waiting && rig.round < l->warmup + l->rounds) {
		if (rig.round == l->warmup && l->steady)
			l->steady();
		round_begin();
	}
	if (l->aside)
		l->aside(false);
}

/* -- the engine in between ------------------------------------------------------ */

struct rig_engine {
	struct engine base;
	struct engine *real;
	struct engine_list done;
};

static int rig_open(const struct engine_setup *setup, struct engine **ret)
{
	struct rig_engine *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	engine_list_init(&e->done);
	if (rig.load->engine) {
		r = engine_open(rig.load->engine, setup, &e->real);
		if (r < 0) {
			free(e);
			return r;
		}
	}
	*ret = &e->base;
	return 0;
}

static void rig_close(struct engine *e)
{
	struct rig_engine *r = (struct rig_engine *)e;

	engine_close(r->real);
	free(r);
}

static void disk_move(const struct engine_io *io)
{
	uint8_t *at = rig.load->disk + io->offset;

	for (unsigned int i = 0; i < io->iov_count; i++) {
		if (io->op == ENGINE_READ)
			memcpy(io->iov[i].iov_base, at, io->iov[i].iov_len);
		else
			memcpy(at, io->iov[i].iov_base, io->iov[i].iov_len);
		at += io->iov[i].iov_len;
	}
}

static void rig_submit(struct engine *e, struct engine_io *io)
{
	struct rig_engine *r = (struct rig_engine *)e;

	if (r->real) {
		engine_submit(r->real, io);
		return;
	}
	if (rig.load->disk)
		disk_move(io);
	io->result = 0;
	engine_list_add(&r->done, io);
}

static struct engine_io *rig_reap(struct engine *e)
{
	struct rig_engine *r = (struct rig_engine *)e;

	return r->real ? engine_reap(r->real) : engine_list_take(&r->done);
}

static int rig_wait(struct engine *e, int timeout_ms, unsigned int *ready)
{
	struct rig_engine *r = (struct rig_engine *)e;

	if (timeout_ms < 0) {
		guest_turn();
		if (atomic_load(&rig.shared.stop))
			return 0;
	}
	if (r->real)
		return engine_wait(r->real, timeout_ms, ready);
	if (xen.event)
		*ready |= ENGINE_EVTCHN;
	return 0;
}

static void rig_cancel(struct engine *e)
{
	struct rig_engine *r = (struct rig_engine *)e;

	if (r->real)
		engine_cancel(r->real);
}

static const struct engine_class rig_engine = {
	.name = "rig",
	.open = rig_open,
	.close = rig_close,
	.submit = rig_submit,
	.reap = rig_reap,
	.wait = rig_wait,
	.cancel = rig_cancel,
};

/* -- life ------------------------------------------------------------------------- */

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "block rig: %s: %s\n", what, why);
	exit(1);
}

void blk_rig_run(const struct blk_load *load, uint64_t *cycles,
		 struct blk_run *run)
{
	uint32_t grefs[RING_PAGES];
	char reason[200];
	const char *why;
	struct grants grants;
	struct queue *q;
	struct queue_setup s = {
		.shared = &rig.shared,
		.port = 1,
		.ring_grefs = load->ring_grefs ? load->ring_grefs : grefs,
		.ring_pages = load->ring_grefs ? load->ring_pages : RING_PAGES,
		.abi = load->abi,
		.pool_pages = POOL_PAGES,
		.engine = &rig_engine,
		.evtchn_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
		.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
		.uring = load->uring,
		.image_fd = load->image_fd,
		.stats = &run->stats,
	};
	int r;

	*run = (struct blk_run){ 0 };
	rig = (struct rig){
		.load = load, .cycles = cycles, .run = run,
		.place = load->place,
		.shared = {
			.grants = &grants,
			.domid = DOMID,
			.persistent = load->persistent,
			.in_place = !load->copied,
			.limits = {
				.sectors = BLK_RIG_SECTORS,
				.block_sectors = 1,
				.indirect_max = BLK_SEGS_MAX,
				.flush = true,
				.discard = true,
			},
		},
	};
	for (unsigned int i = 0; i < RING_PAGES; i++)
		grefs[i] = BLK_RIG_RING + i;
	if (!load->ring_grefs)
		blk_guest_open(&rig.guest, xen_page(BLK_RIG_RING), RING_PAGES,
			       load->abi);
	xen.event = false;
	xen.event_fd = load->engine ? s.evtchn_fd : -1;
	if (grants_open(&grants) < 0)
		fail("grants", "cannot be opened");
	r = queue_open(&s, &q, reason, sizeof(reason));
	if (r < 0)
		fail(reason, strerror(-r));
	r = queue_serve(q, &why);
	if (r < 0)
		fail(why, strerror(-r));
	queue_drain(q);
	queue_release(q);
	queue_settle(q);
	queue_close(q);
	grants_close(&grants);
	xen.event_fd = -1;
}
