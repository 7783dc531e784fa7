/* SPDX-License-Identifier: MIT */
/*
 * What a block request costs us: cycles of the backend's own code, from the
 * event that wakes it to the moment it sleeps again, a request.
 *
 * The data of "protocol" cases are not copied (memcpy() is wrapped): what is
 * left is the ring, the copy of the request, its checks, the look-up of its
 * mapped pages, counters and the answer. Guests ask for whole pages.
 * All others move their data; beside them stands memcpy() of the same bytes
 * between the same places. A disk is memory and its device a memcpy(), or none
 * where data come by DMA: what is read in place costs us nothing then.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backends/blk/core.h"
#include "frontends/blk/core.h"
#include "lib/cleanup.h"
#include "tests/bench/native/blk-rig.h"
#include "tests/bench/native/cycles.h"
#include "tests/bench/native/report.h"
#include "tests/bench/native/xen.h"
#include "tests/unit/front-host.h"

#define SECTOR 512u
#define HOT_SECTORS 65536u		/* 32 MiB of disk, of which little is used */
#define ROUNDS_MAX 4000u

static struct options options;
static double timer;
static uint8_t *disk, *cold;
static size_t cold_size;

/* -- copies that can be switched off ------------------------------------------ */

static bool no_data;

void *__real_memcpy(void *to, const void *from, size_t size);
void *__wrap_memcpy(void *to, const void *from, size_t size);

void *__wrap_memcpy(void *to, const void *from, size_t size)
{
	if (size == XEN_PAGE && no_data)
		return to;
	return __real_memcpy(to, from, size);
}

/* -- loads -------------------------------------------------------------------- */

static uint64_t hot_sectors[BLK_RING_SIZE_MAX];

/* One place after the other: BATCH requests of SEGMENTS pages. */
static struct blk_load load_hot(unsigned int batch, unsigned int segments)
{
	for (unsigned int i = 0; i < BLK_RING_SIZE_MAX; i++)
		hot_sectors[i] = (uint64_t)(i % batch) * segments *
				 BLK_PAGE_SECTORS;
	return (struct blk_load){
		.persistent = true,
		.batch = batch,
		.rounds = batch == 1 ? 3000 : batch <= 8 ? 1000 :
			  batch <= 32 ? 400 : 100,
		.warmup = 64,
		.ask = {
			.op = BLKIF_OP_READ, .segments = segments, .last = 7,
		},
		.sectors = hot_sectors,
		.sector_count = batch,
		.image_fd = -1,
	};
}

/* Cycles a request: of the typical round. */
static double run(const struct blk_load *l)
{
	static uint64_t cycles[ROUNDS_MAX];
	struct blk_run got;
	uint64_t asked = (uint64_t)l->batch * (l->warmup + l->rounds);

	blk_rig_run(l, cycles, &got);
	/* or it would be something else that is measured */
	if (got.answered != asked || got.errors != (l->wrong ? asked : 0)) {
		fprintf(stderr, "of %llu requests %llu were answered, %llu "
			"with an error\n", (unsigned long long)asked,
			(unsigned long long)got.answered,
			(unsigned long long)got.errors);
		exit(1);
	}
	return (typical_cycles(cycles, l->rounds) - timer) / l->batch;
}

/* As good as it gets: the data between disk and guest, a page at a time. */
static unsigned int pieces_of(const struct blk_load *l, const uint8_t *from,
			      struct piece *pieces)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < l->sector_count; i++)
		for (unsigned int j = 0; j < l->ask.segments; j++)
			pieces[n++] = (struct piece){
				.to = xen_page(BLK_RIG_DATA + j +
					       i % l->batch * l->ask.segments),
				.from = from + l->sectors[i] * SECTOR +
					(size_t)j * XEN_PAGE,
				.size = XEN_PAGE - l->ask.first * SECTOR,
			};
	return n;
}

/* -- protocol only -------------------------------------------------------------- */

static void protocol(const char *what, unsigned int batch,
		     unsigned int segments, double goal)
{
	struct blk_load l = load_hot(batch, segments);
	struct figure f = {
		.what = what, .batch = batch, .unit = "request",
		.goal = { "blk 7.3", .cycles = goal },
	};

	if (!report_wants(&options, what))
		return;
	no_data = true;
	for (int i = 0; i < SAMPLES; i++)
		f.cycles[i] = run(&l);
	no_data = false;
	report_figure(&f);
}

static void extra_segment(void)
{
	enum { BATCH = 8, FEW = 32, MANY = 128 };
	struct blk_load few = load_hot(BATCH, FEW);
	struct blk_load many = load_hot(BATCH, MANY);
	struct figure f = {
		.what = "protocol, further indirect segment", .batch = BATCH,
		.unit = "segment",
		.goal = { "blk 7.3", .cycles = 10 },
	};

	if (!report_wants(&options, f.what))
		return;
	no_data = true;
	for (int i = 0; i < SAMPLES; i++)
		f.cycles[i] = (run(&many) - run(&few)) / (MANY - FEW);
	no_data = false;
	report_figure(&f);
}

/* A load beside another one, without data. */
static void compare(struct figure *f, const struct blk_load *l,
		    const struct blk_load *other)
{
	if (!report_wants(&options, f->what))
		return;
	no_data = true;
	for (int i = 0; i < SAMPLES; i++) {
		f->cycles[i] = run(l);
		f->limit[i] = run(other);
	}
	no_data = false;
	report_figure(f);
}

static void layouts(unsigned int segments)
{
	struct blk_load native = load_hot(32, segments), other = native;
	struct figure f = {
		.what = segments == 1 ? "x86_32 guest, 1 segment" :
					"x86_32 guest, 11 segments",
		.batch = 32, .unit = "request", .against = "x86_64",
		.goal = { "blk 7.3", .ratio = 1.2 },
	};

	other.abi = BLK_ABI_X86_32;
	compare(&f, &other, &native);
}

static void malformed(const char *what, uint8_t op, unsigned int segments,
		      uint8_t first, uint64_t sector)
{
	static uint64_t where;
	struct blk_load good = load_hot(32, segments), bad = good;
	struct figure f = {
		.what = what, .batch = 32, .unit = "request",
		.against = "a good one", .goal = { "blk 7.3", .ratio = 2 },
	};

	where = sector;
	bad.wrong = true;
	bad.ask.op = op;
	bad.ask.first = first;
	if (first)
		bad.ask.last = 0;
	bad.sectors = &where;
	bad.sector_count = 1;
	compare(&f, &bad, &good);
}

/* -- with data -------------------------------------------------------------------- */

static void move_hot(const char *what, struct blk_load l, double goal)
{
	unsigned int batch = l.batch;
	struct piece *pieces = calloc((size_t)batch * l.ask.segments,
				      sizeof(*pieces));
	struct figure f = {
		.what = what, .batch = batch, .unit = "request",
		.against = "memcpy", .goal = { "blk 7.3", .ratio = goal },
	};
	unsigned int n;

	if (report_wants(&options, what)) {
		n = pieces_of(&l, disk, pieces);
		for (int i = 0; i < SAMPLES; i++) {
			f.cycles[i] = run(&l);
			f.limit[i] = (copy_cycles(pieces, n, n, l.rounds) -
				      timer) / batch;
		}
		report_figure(&f);
	}
	free(pieces);
}

static void read_hot(const char *what, unsigned int batch,
		     unsigned int segments, bool persistent, uint8_t *from,
		     double goal)
{
	struct blk_load l = load_hot(batch, segments);

	l.persistent = persistent;
	l.disk = from;
	move_hot(what, l, goal);
}

static void read_copied(const char *what, unsigned int batch,
			unsigned int segments, uint8_t *from)
{
	struct blk_load l = load_hot(batch, segments);

	l.copied = true;
	l.disk = from;
	move_hot(what, l, 0);
}

static void write_hot(const char *what, unsigned int batch,
		      unsigned int segments)
{
	struct blk_load l = load_hot(batch, segments);

	l.disk = disk;
	l.ask.op = BLKIF_OP_WRITE;
	move_hot(what, l, 0);
}

/* All but a page's first sector: such a piece is not read in place. */
static void read_part(const char *what, unsigned int batch)
{
	struct blk_load l = load_hot(batch, 1);

	l.disk = disk;
	l.ask.first = 1;
	move_hot(what, l, 0);
}

static uint8_t *memory(size_t size)
{
	uint8_t *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED) {
		perror("memory for a disk");
		exit(1);
	}
	/* not the one page of zeroes, many times */
	memset(p, 0x5a, size);
	return p;
}

/* COUNT places of SEGMENTS pages all over the cold memory, in no order. */
static uint64_t *cold_places(unsigned int segments, unsigned int *count)
{
	unsigned int n = cold_size / XEN_PAGE / segments;
	uint64_t *at = calloc(n, sizeof(*at));
	uint32_t seed = 1;

	if (!at)
		abort();
	for (unsigned int i = 0; i < n; i++)
		at[i] = (uint64_t)i * segments * BLK_PAGE_SECTORS;
	for (unsigned int i = n - 1; i; i--) {
		unsigned int j;
		uint64_t t = at[i];

		seed = seed * 1103515245u + 12345u;
		j = (seed >> 4) % (i + 1);
		at[i] = at[j];
		at[j] = t;
	}
	*count = n;
	return at;
}

static void read_cold(const char *what, unsigned int batch,
		      unsigned int segments, double goal)
{
	struct blk_load l = load_hot(batch, segments), half;
	struct figure f = {
		.what = what, .batch = batch, .unit = "request",
		.against = "memcpy", .goal = { "blk 7.3", .ratio = goal },
	};
	struct piece *pieces;
	uint64_t *places;
	unsigned int n, count;

	if (!report_wants(&options, what))
		return;
	if (!cold) {
		cold_size = (size_t)options.cold_mib << 20;
		cold = memory(cold_size);
	}
	places = cold_places(segments, &count);
	/* one half for the backend, the other for memcpy */
	half = l;
	l.sector_count = half.sector_count = count / 2 / batch * batch;
	l.sectors = places;
	half.sectors = places + l.sector_count;
	l.disk = cold;
	pieces = calloc((size_t)half.sector_count * segments, sizeof(*pieces));
	if (!pieces)
		abort();
	n = pieces_of(&half, cold, pieces);
	for (unsigned int i = 0; i < SAMPLES; i++) {
		/* each sample in places that none before it has touched */
		unsigned int from = l.sector_count / SAMPLES * i;

		l.place = from;
		f.cycles[i] = run(&l);
		f.limit[i] = (copy_cycles(pieces + from * segments,
					  n - from * segments,
					  batch * segments, l.rounds) -
			      timer) / batch;
	}
	report_figure(&f);
	free(pieces);
	free(places);
}

/* -- both halves --------------------------------------------------------------------- */

#define DIR "device/uvbd/51712"
#define BACK "/local/domain/0/backend/uvbd/7/51712"
#define LOOP_BATCH 32u

static struct front_host host;
static struct blk_front front;
static uint8_t *app;			/* whoever reads the disk in the guest */
static uint32_t next_gref;

/* The guest's pages are those that the backend can map. */
static int share(void *h, domid_t domid, unsigned int count, bool writable,
		 void **area, uint32_t *grefs)
{
	(void)h;
	(void)domid;
	(void)writable;
	if (next_gref + count > XEN_PAGES)
		return -ENOSPC;
	*area = xen_page(next_gref);
	memset(*area, 0, (size_t)count * XEN_PAGE);
	for (unsigned int i = 0; i < count; i++)
		grefs[i] = next_gref++;
	return 0;
}

static int share_end(void *h, void *area, const uint32_t *grefs,
		     unsigned int count)
{
	(void)h;
	(void)area;
	(void)grefs;
	(void)count;
	return 0;
}

static void kick(void *h, uint32_t port)
{
	(void)h;
	(void)port;
	xen_kick();
}

static void loop_ask(unsigned int batch)
{
	for (unsigned int i = 0; i < batch; i++) {
		int why;
		struct blk_io *io = blk_front_reserve(&front, BLK_FRONT_READ,
				(uint64_t)i * BLK_PAGE_SECTORS, XEN_PAGE, &why);

		if (!io)
			abort();
		io->tag = i;
		blk_front_submit(&front, io);
	}
	blk_front_push(&front);
}

static unsigned int loop_take(unsigned int *errors)
{
	struct blk_io *io;
	unsigned int n = 0;

	*errors = 0;
	while ((io = blk_front_reap(&front))) {
		*errors += io->result != 0;
		blk_front_drain(&front, io, app + io->tag * XEN_PAGE);
		blk_front_free(&front, io);
		n++;
	}
	return n;
}

static void loop_connect(struct front_ops *ops)
{
	static const struct blk_front_options with = {
		.ring_order = 2, .pages = 256, .segments = 11,
	};
	static const char *const offers[][2] = {
		{ BACK "/state", "2" }, { BACK "/sectors", "65536" },
		{ BACK "/feature-persistent", "1" },
		{ BACK "/max-ring-page-order", "4" },
		{ DIR "/backend", BACK }, { DIR "/backend-id", "0" },
		{ DIR "/state", "1" },
	};

	host_init(&host);
	for (size_t i = 0; i < ARRAY_SIZE(offers); i++)
		host_set(&host, offers[i][0], offers[i][1]);
	next_gref = 1;
	*ops = front_host_ops;
	ops->pages_share = share;
	ops->pages_end = share_end;
	ops->port_notify = kick;
	if (blk_front_open(&front, ops, &host, DIR, &with))
		abort();
	blk_front_step(&front);
	host_set(&host, BACK "/state", "4");
	blk_front_step(&front);
	if (!blk_front_running(&front)) {
		fprintf(stderr, "frontend: %s\n", front.bus.reason);
		exit(1);
	}
}

static double loop_run(struct blk_load *l)
{
	struct front_ops ops;
	double cycles;

	loop_connect(&ops);
	l->ring_grefs = front.ring_grefs;
	l->ring_pages = 1u << front.ring_order;
	cycles = run(l);
	blk_front_release(&front);
	return cycles;
}

static void loopback(const char *what, uint8_t *from)
{
	struct blk_load l = load_hot(LOOP_BATCH, 1);
	struct piece pieces[2 * LOOP_BATCH];
	struct figure f = {
		.what = what, .batch = LOOP_BATCH, .unit = "request",
		.against = "memcpy twice", .goal = { "blk 7.3", .ratio = 1.6 },
	};

	if (!report_wants(&options, what))
		return;
	l.disk = from;
	l.ask_all = loop_ask;
	l.take_all = loop_take;
	for (unsigned int i = 0; i < LOOP_BATCH; i++) {
		void *guest = xen_page(BLK_RIG_DATA + i);

		pieces[i] = (struct piece){
			guest, disk + i * XEN_PAGE, XEN_PAGE,
		};
		pieces[LOOP_BATCH + i] = (struct piece){
			app + i * XEN_PAGE, guest, XEN_PAGE,
		};
	}
	for (int i = 0; i < SAMPLES; i++) {
		f.cycles[i] = loop_run(&l);
		f.limit[i] = (copy_cycles(pieces, 2 * LOOP_BATCH,
					  2 * LOOP_BATCH, l.rounds) - timer) /
			     LOOP_BATCH;
	}
	report_figure(&f);
}

/* -- counts ------------------------------------------------------------------------- */

static void counts(unsigned int batch, bool persistent)
{
	static uint64_t cycles[ROUNDS_MAX];
	struct blk_load l = load_hot(batch, 1);
	const char *what = persistent ? "pages stay mapped" : "pages are copied";
	double requests = (double)batch * (l.warmup + l.rounds);
	struct blk_run got;

	if (!report_wants(&options, what))
		return;
	l.persistent = persistent;
	xen.calls = (struct xen_calls){ 0 };
	blk_rig_run(&l, cycles, &got);
	report_count(what, batch, "notifies a request",
		     (double)xen.calls.notifies / requests);
	report_count(what, batch, "grant calls a request",
		     (double)(xen.calls.copies + xen.calls.maps) / requests);
	report_count(what, batch, "event reads and unmasks a request",
		     (double)(xen.calls.takes + xen.calls.unmasks) / requests);
}

/* -- all of it ------------------------------------------------------------------------ */

static void all_protocol(void)
{
	protocol("protocol, 1 segment", 1, 1, 300);
	protocol("protocol, 1 segment", 32, 1, 100);
	protocol("protocol, 1 segment", 256, 1, 0);
	protocol("protocol, 11 segments", 32, 11, 180);
	extra_segment();
	layouts(1);
	layouts(11);
	malformed("malformed: unknown operation", 77, 1, 0, 0);
	malformed("malformed: segment backwards", BLKIF_OP_READ, 1, 7, 0);
	malformed("malformed: past the end", BLKIF_OP_READ, 11, 0,
		  BLK_RIG_SECTORS);
}

static void all_data(void)
{
	read_hot("read 4 KiB, arrived by DMA", 32, 1, true, NULL, 0);
	read_hot("read 44 KiB, arrived by DMA", 4, 11, true, NULL, 0);
	read_hot("read 128 KiB, arrived by DMA", 2, 32, true, NULL, 0);
	read_hot("read 4 KiB, RAM disk, hot", 1, 1, true, disk, 0);
	read_hot("read 4 KiB, RAM disk, hot", 32, 1, true, disk, 1.35);
	read_hot("read 4 KiB, RAM disk, hot", 256, 1, true, disk, 0);
	read_hot("read 44 KiB, RAM disk, hot", 4, 11, true, disk, 1.25);
	read_hot("read 128 KiB, RAM disk, hot", 2, 32, true, disk, 1.10);
	read_hot("read 4 KiB, grant copy, hot", 32, 1, false, disk, 0);
	/* as in a PV domain */
	read_copied("read 4 KiB, copied, arrived by DMA", 32, 1, NULL);
	read_copied("read 4 KiB, copied, RAM disk, hot", 32, 1, disk);
	read_copied("read 44 KiB, copied, RAM disk, hot", 4, 11, disk);
	read_copied("read 128 KiB, copied, RAM disk, hot", 2, 32, disk);
	read_part("read 3.5 KiB, RAM disk, hot", 32);
	write_hot("write 4 KiB, RAM disk, hot", 32, 1);
	write_hot("write 128 KiB, RAM disk, hot", 2, 32);
	read_cold("read 4 KiB, RAM disk, cold", 32, 1, 1.15);
	read_cold("read 128 KiB, RAM disk, cold", 2, 32, 1.05);
	loopback("front and back, 4 KiB, arrived by DMA", NULL);
	loopback("front and back, 4 KiB, RAM disk", disk);
}

int main(int argc, char **argv)
{
	report_open(argc, argv, &options);
	xen_open();
	timer = timer_cycles();
	disk = memory((size_t)HOT_SECTORS * SECTOR);
	app = memory(LOOP_BATCH * XEN_PAGE);
	all_protocol();
	all_data();
	counts(1, true);
	counts(32, true);
	counts(32, false);
	report_close();
	xen_close();
	return 0;
}
