/* SPDX-License-Identifier: MIT */
/*
 * A queue as the daemon runs it, with its thread, a real file and a real
 * io_uring, and a guest that lives in this process: its pages are a memfd,
 * its grants a table, its event channel an eventfd. Whatever the guest does
 * is answered, its neighbours' requests are right, and nothing of it stays
 * mapped.
 */
#include "config.h"

#include "backends/blk/queue.h"
#include "backends/blk/counters.h"
#include "backends/blk/lookout.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <sched.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/grant_table.h>

#define GUEST_PAGES 4096u
#define DISK_SECTORS 8192u
#define PATIENCE_MS 20000

/* -- the hypervisor, as far as a queue sees it --------------------------------- */

static struct guest {
	int memfd, evtchn_fd, to_guest;
	uint8_t *memory;
	bool refused[GUEST_PAGES], readonly[GUEST_PAGES];
	int mapped;			/* pages */
	bool maps_fail;
} guest;

static bool may(uint32_t gref, bool write)
{
	return gref < GUEST_PAGES && !guest.refused[gref] &&
	       !(write && guest.readonly[gref]);
}

int grant_map(struct grants *g, domid_t domid, const uint32_t *grefs,
	      unsigned int count, bool writable, void **area)
{
	uint8_t *p;

	(void)g;
	(void)domid;
	for (unsigned int i = 0; i < count; i++)
		if (guest.maps_fail || !may(grefs[i], writable))
			return -EINVAL;
	p = mmap(NULL, count * 4096ul, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (unsigned int i = 0; i < count; i++)
		if (mmap(p + i * 4096ul, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, guest.memfd,
			 grefs[i] * 4096ul) == MAP_FAILED)
			abort();
	__atomic_fetch_add(&guest.mapped, count, __ATOMIC_SEQ_CST);
	*area = p;
	return 0;
}

void grant_unmap(struct grants *g, void *area, unsigned int count)
{
	(void)g;
	munmap(area, count * 4096ul);
	__atomic_fetch_sub(&guest.mapped, count, __ATOMIC_SEQ_CST);
}

int grant_copy(struct grants *g, xengnttab_grant_copy_segment_t *s,
	       unsigned int count)
{
	(void)g;
	for (unsigned int i = 0; i < count; i++) {
		bool out = s[i].flags & GNTCOPY_dest_gref;
		uint32_t gref = out ? s[i].dest.foreign.ref :
				      s[i].source.foreign.ref;
		uint32_t offset = out ? s[i].dest.foreign.offset :
					s[i].source.foreign.offset;
		uint8_t *page = guest.memory + gref * 4096ul + offset;

		if (!may(gref, out) || offset + s[i].len > 4096) {
			s[i].status = GNTST_bad_gntref;
			continue;
		}
		if (out)
			memcpy(page, s[i].source.virt, s[i].len);
		else
			memcpy(s[i].dest.virt, page, s[i].len);
		s[i].status = GNTST_okay;
	}
	return 0;
}

int evtchn_adopt(struct evtchn *e, int fd, domid_t domid)
{
	(void)domid;
	*e = (struct evtchn){ .h = (void *)(intptr_t)(fd + 1) };
	return 0;
}

int evtchn_fd(const struct evtchn *e)
{
	return (intptr_t)e->h - 1;
}

void evtchn_close(struct evtchn *e)
{
	if (e->h)
		close(evtchn_fd(e));
	e->h = NULL;
}

int evtchn_bind(struct evtchn *e, domid_t domid, evtchn_port_t remote,
		evtchn_port_t *local)
{
	(void)e;
	(void)domid;
	*local = remote;
	return 0;
}

void evtchn_unbind(struct evtchn *e, evtchn_port_t local)
{
	(void)e;
	(void)local;
}

int evtchn_notify(struct evtchn *e, evtchn_port_t local)
{
	uint64_t one = 1;

	(void)e;
	(void)local;
	return write(guest.to_guest, &one, 8) == 8 ? 0 : -EIO;
}

int evtchn_take(struct evtchn *e, evtchn_port_t *local)
{
	uint64_t n;

	*local = 1;
	return read(evtchn_fd(e), &n, 8) == 8;
}

int evtchn_unmask(struct evtchn *e, evtchn_port_t local)
{
	(void)e;
	(void)local;
	return 0;
}

/* -- a device and its guest's end of the ring ------------------------------------ */

static struct uring_pool *pool;

struct variant {
	const char *name;
	const struct engine_class *engine;
	bool persistent, in_place;
	uint64_t poll_ns;
};

struct bench {
	const struct variant *v;
	struct queue_shared shared;
	struct stats_row stats;
	struct queue *q;
	pthread_t thread;
	int result;
	int image_fd;
	struct blkif_front_ring ring;
	uint8_t op[512];		/* sent, by id */
	uint8_t *shadow;		/* what the disk must hold */
};

static int failed;

#define CHECK(b, cond, ...) do {					\
	if (!(cond)) {							\
		failed++;						\
		printf("%s: ", (b)->v->name);				\
		printf(__VA_ARGS__);					\
		printf("\n");						\
	}								\
} while (0)

#define RING_GREF 1u
#define DATA_GREF 64u

static uint8_t *page(uint32_t gref)
{
	return guest.memory + gref * 4096ul;
}

static void *serve(void *arg)
{
	struct bench *b = arg;
	const char *why;

	b->result = queue_serve(b->q, &why);
	if (b->result < 0)
		queue_await_stop(b->q);
	queue_drain(b->q);
	queue_release(b->q);
	queue_settle(b->q);
	return NULL;
}

static bool bench_prepare(struct bench *b, const struct variant *v,
			  unsigned int ring_pages)
{
	uint32_t grefs[16];
	struct queue_setup s = {
		.shared = &b->shared, .stats = &b->stats, .port = 1, .ring_grefs = grefs,
		.ring_pages = ring_pages, .abi = BLK_ABI_X86_64,
		.pool_pages = 256, .engine = v->engine,
		.poll_ns = v->poll_ns,
	};
	char path[] = "test-blk-queue.XXXXXX", reason[200];
	struct blkif_sring *sring = (void *)page(RING_GREF);
	int r;

	*b = (struct bench){ .v = v };
	memset(&guest.refused, 0, sizeof(guest.refused));
	memset(&guest.readonly, 0, sizeof(guest.readonly));
	guest.maps_fail = false;
	b->shared.persistent = v->persistent;
	b->shared.in_place = v->in_place;
	b->shared.limits = (struct blk_limits){
		.sectors = DISK_SECTORS, .block_sectors = 1,
		.indirect_max = 256, .flush = true, .discard = true,
	};
	b->shadow = calloc(DISK_SECTORS, 512);
	b->image_fd = mkstemp(path);
	if (b->image_fd < 0 || unlink(path) ||
	    ftruncate(b->image_fd, DISK_SECTORS * 512))
		exit(1);
	for (unsigned int i = 0; i < ring_pages; i++)
		grefs[i] = RING_GREF + i;
	SHARED_RING_INIT(sring);
	FRONT_RING_INIT(&b->ring, sring, ring_pages * 4096);
	guest.evtchn_fd = eventfd(0, EFD_NONBLOCK);
	s.evtchn_fd = guest.evtchn_fd;
	s.wake_fd = eventfd(0, EFD_NONBLOCK);
	s.image_fd = b->image_fd;
	if (v->engine == &engine_uring) {
		if (!pool)
			return false;
		s.uring = uring_take(pool);
		CHECK(b, s.uring, "the last queue's ring did not come back");
	}
	r = queue_open(&s, &b->q, reason, sizeof(reason));
	CHECK(b, !r, "open: %s: %s", reason, strerror(-r));
	return r == 0;
}

static bool bench_open(struct bench *b, const struct variant *v,
		       unsigned int ring_pages)
{
	return bench_prepare(b, v, ring_pages) &&
	       !pthread_create(&b->thread, NULL, serve, b);
}

static void bench_end(struct bench *b)
{
	queue_close(b->q);
	CHECK(b, !guest.mapped, "%d pages are still mapped", guest.mapped);
	close(b->image_fd);
	free(b->shadow);
}

static void bench_close(struct bench *b)
{
	atomic_store(&b->shared.stop, true);
	queue_wake(b->q);
	pthread_join(b->thread, NULL);
	bench_end(b);
}

static struct blkif_request *next_request(struct bench *b, uint64_t id)
{
	struct blkif_request *r = RING_GET_REQUEST(&b->ring,
						   b->ring.req_prod_pvt++);

	memset(r, 0, sizeof(*r));
	r->id = id;
	return r;
}

/* The operation that the answer has to echo. */
static void note_op(struct bench *b, const struct blkif_request *r)
{
	const struct blkif_request_indirect *i = (const void *)r;

	if (r->operation == BLKIF_OP_INDIRECT)
		b->op[i->id] = i->indirect_op;
	else
		b->op[r->id] = r->operation;
}

static void kick(struct bench *b)
{
	uint32_t from = b->ring.sring->req_prod;
	int notify;
	uint64_t one = 1;

	for (; from != b->ring.req_prod_pvt; from++)
		note_op(b, RING_GET_REQUEST(&b->ring, from));
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&b->ring, notify);
	if (notify && write(guest.evtchn_fd, &one, 8) != 8)
		exit(1);
}

/* Wait for COUNT answers; statuses by id (ids are below 512). */
static unsigned int await(struct bench *b, unsigned int count, int16_t *status)
{
	unsigned int back = 0;
	int more;

	while (back < count) {
		struct pollfd p = { .fd = guest.to_guest, .events = POLLIN };
		uint32_t prod = b->ring.sring->rsp_prod;
		uint64_t n;

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		while (b->ring.rsp_cons != prod) {
			struct blkif_response *r =
				RING_GET_RESPONSE(&b->ring, b->ring.rsp_cons++);

			CHECK(b, r->id < 512, "an id that was never sent");
			if (r->id < 512) {
				status[r->id] = r->status;
				CHECK(b, r->operation == b->op[r->id],
				      "answer %u: operation %u instead of %u",
				      (unsigned int)r->id, r->operation,
				      b->op[r->id]);
			}
			back++;
		}
		if (back >= count)
			break;
		RING_FINAL_CHECK_FOR_RESPONSES(&b->ring, more);
		if (more)
			continue;
		if (poll(&p, 1, PATIENCE_MS) != 1 ||
		    read(guest.to_guest, &n, 8) != 8)
			break;
	}
	CHECK(b, back == count, "%u of %u answers", back, count);
	return back;
}

/* A plain request for COUNT whole pages at consecutive references. */
static void add_rw(struct bench *b, uint64_t id, uint8_t op, uint64_t sector,
		   uint32_t gref, unsigned int count)
{
	struct blkif_request *r = next_request(b, id);

	r->operation = op;
	r->nr_segments = count;
	r->sector_number = sector;
	for (unsigned int i = 0; i < count; i++)
		r->seg[i] = (struct blkif_request_segment){
			.gref = gref + i, .first_sect = 0, .last_sect = 7,
		};
}

static void add_indirect(struct bench *b, uint64_t id, uint8_t op,
			 uint64_t sector, uint32_t desc_gref, uint32_t gref,
			 unsigned int count)
{
	struct blkif_request_indirect *r = (void *)next_request(b, id);
	struct blkif_request_segment *seg = (void *)page(desc_gref);

	r->operation = BLKIF_OP_INDIRECT;
	r->indirect_op = op;
	r->nr_segments = count;
	r->sector_number = sector;
	r->indirect_grefs[0] = desc_gref;
	for (unsigned int i = 0; i < count && i < 512; i++)
		seg[i] = (struct blkif_request_segment){
			.gref = gref + i, .first_sect = 0, .last_sect = 7,
		};
}

static int16_t one(struct bench *b)
{
	int16_t status[512];

	memset(status, 0x55, sizeof(status));
	kick(b);
	await(b, 1, status);
	return status[0];
}

static void fill(uint32_t gref, unsigned int count, unsigned int seed)
{
	for (size_t i = 0; i < count * 4096ul; i++)
		page(gref)[i] = (seed = seed * 1103515245u + 12345u) >> 16;
}

/* -- an image that takes its time -------------------------------------------------- */

/* Played in the test's own thread: a read ends when the test says so. */
static struct slow {
	struct engine base;
	struct engine_io *reading;
	struct engine_list done;
	unsigned int turns;		/* after these, the queue is to stop */
	bool ends;			/* at once */
	atomic_bool *stop;
} slow;

static int slow_open(const struct engine_setup *setup, struct engine **ret)
{
	(void)setup;
	slow = (struct slow){ 0 };
	engine_list_init(&slow.done);
	*ret = &slow.base;
	return 0;
}

static void slow_nothing(struct engine *e)
{
	(void)e;
}

static void slow_submit(struct engine *e, struct engine_io *io)
{
	(void)e;
	slow.reading = io;
}

static struct engine_io *slow_reap(struct engine *e)
{
	(void)e;
	return engine_list_take(&slow.done);
}

static void slow_finish(uint8_t byte)
{
	struct engine_io *io = slow.reading;

	for (unsigned int i = 0; i < io->iov_count; i++)
		memset(io->iov[i].iov_base, byte, io->iov[i].iov_len);
	io->result = 0;
	slow.reading = NULL;
	engine_list_add(&slow.done, io);
}

static int slow_wait(struct engine *e, int timeout_ms, unsigned int *ready)
{
	(void)e;
	(void)timeout_ms;
	(void)ready;
	if (slow.ends && slow.reading)
		slow_finish(0x66);
	if (!slow.turns--)
		atomic_store(slow.stop, true);
	return 0;
}

static const struct engine_class engine_slow = {
	.name = "slow",
	.open = slow_open,
	.close = slow_nothing,
	.submit = slow_submit,
	.reap = slow_reap,
	.wait = slow_wait,
	.cancel = slow_nothing,
};

/* -- what a good guest does --------------------------------------------------------- */

static void test_write_read(struct bench *b)
{
	int16_t status[512];

	fill(DATA_GREF, 11, 7);
	memcpy(b->shadow + 100 * 512, page(DATA_GREF), 11 * 4096);
	add_rw(b, 0, BLKIF_OP_WRITE, 100, DATA_GREF, 11);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "a write of 11 pages");
	for (unsigned int i = 0; i < 32; i++)
		add_rw(b, i, BLKIF_OP_READ, 100 + i, 1000 + i, 1);
	kick(b);
	await(b, 32, status);
	for (unsigned int i = 0; i < 32; i++) {
		CHECK(b, status[i] == BLKIF_RSP_OKAY, "read %u: %d", i,
		      status[i]);
		CHECK(b, !memcmp(page(1000 + i), b->shadow + (100 + i) * 512,
				 4096), "read %u: other data", i);
	}
}

/* Parts of pages, in no order: only these bytes change hands. */
static uint64_t counted(struct bench *b, enum blk_counter what)
{
	return __atomic_load_n(&b->stats.count[what], __ATOMIC_SEQ_CST);
}

/* Pages that are mapped are read into by the kernel, and never written from. */
static void test_in_place(struct bench *b)
{
	unsigned int want = b->v->persistent && b->v->in_place ? 11 : 0;
	uint64_t before;

	add_rw(b, 0, BLKIF_OP_READ, 100, 1000, 11);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "in place: the first read");
	before = counted(b, COUNT_IN_PLACE);
	memset(page(1000), 0xee, 11 * 4096);
	add_rw(b, 0, BLKIF_OP_READ, 100, 1000, 11);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "in place: the second read");
	CHECK(b, counted(b, COUNT_IN_PLACE) - before == want,
	      "%u of 11 pages were read in place",
	      (unsigned int)(counted(b, COUNT_IN_PLACE) - before));
	CHECK(b, !memcmp(page(1000), b->shadow + 100 * 512, 11 * 4096),
	      "in place: other data");
	add_rw(b, 0, BLKIF_OP_WRITE, 100, 1000, 11);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "in place: a write");
	CHECK(b, counted(b, COUNT_IN_PLACE) - before == want,
	      "a write was not copied");
}

static void test_parts(struct bench *b)
{
	struct blkif_request *r = next_request(b, 0);

	fill(DATA_GREF, 3, 99);
	r->operation = BLKIF_OP_WRITE;
	r->nr_segments = 3;
	r->sector_number = 3000;
	r->seg[0] = (struct blkif_request_segment){ DATA_GREF + 2, 3, 7 };
	r->seg[1] = (struct blkif_request_segment){ DATA_GREF, 0, 0 };
	r->seg[2] = (struct blkif_request_segment){ DATA_GREF + 1, 5, 6 };
	memcpy(b->shadow + 3000 * 512, page(DATA_GREF + 2) + 3 * 512, 5 * 512);
	memcpy(b->shadow + 3005 * 512, page(DATA_GREF), 512);
	memcpy(b->shadow + 3006 * 512, page(DATA_GREF + 1) + 5 * 512, 1024);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "a write of parts");
	memset(page(1000), 0xee, 4096);
	r = next_request(b, 0);
	r->operation = BLKIF_OP_READ;
	r->nr_segments = 1;
	r->sector_number = 3003;
	r->seg[0] = (struct blkif_request_segment){ 1000, 2, 5 };
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "a read of a part");
	CHECK(b, !memcmp(page(1000) + 1024, b->shadow + 3003 * 512, 2048),
	      "a read of a part: other data");
	CHECK(b, page(1000)[1023] == 0xee && page(1000)[3072] == 0xee,
	      "a read touched more than its part");
}

/* More than the pool holds at once: all are answered, none is mixed up. */
static void test_indirect(struct bench *b)
{
	int16_t status[512];

	for (unsigned int i = 0; i < 8; i++) {
		fill(2000 + i * 128, 128, i);
		memcpy(b->shadow + i * 1024 * 512, page(2000 + i * 128),
		       128 * 4096);
		add_indirect(b, i, BLKIF_OP_WRITE, i * 1024, 32 + i,
			     2000 + i * 128, 128);
	}
	kick(b);
	await(b, 8, status);
	for (unsigned int i = 0; i < 8; i++)
		CHECK(b, status[i] == BLKIF_RSP_OKAY, "indirect write %u: %d",
		      i, status[i]);
	memset(page(2000), 0, 256 * 4096);
	add_indirect(b, 0, BLKIF_OP_READ, 512, 32, 2000, 256);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "an indirect read of 256 pages");
	CHECK(b, !memcmp(page(2000), b->shadow + 512 * 512, 256 * 4096),
	      "an indirect read: other data");
}

static void test_flush_discard(struct bench *b)
{
	struct blkif_request_discard *d;
	struct blkif_request *r = next_request(b, 0);

	r->operation = BLKIF_OP_FLUSH_DISKCACHE;
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "an empty flush");
	fill(DATA_GREF, 1, 5);
	memcpy(b->shadow + 40 * 512, page(DATA_GREF), 4096);
	add_rw(b, 0, BLKIF_OP_FLUSH_DISKCACHE, 40, DATA_GREF, 1);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "a flush that writes");
	d = (void *)next_request(b, 0);
	d->operation = BLKIF_OP_DISCARD;
	d->sector_number = 2048;
	d->nr_sectors = 512;
	memset(b->shadow + 2048 * 512, 0, 512 * 512);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "a discard");
}

static void test_image(struct bench *b)
{
	CLEANUP_FREE uint8_t *disk = malloc(DISK_SECTORS * 512);

	CHECK(b, pread(b->image_fd, disk, DISK_SECTORS * 512, 0) ==
		 DISK_SECTORS * 512, "the image's size");
	for (unsigned int i = 0; i < DISK_SECTORS; i++)
		if (memcmp(disk + i * 512, b->shadow + i * 512, 512)) {
			CHECK(b, false, "sector %u of the image", i);
			break;
		}
}

/* -- what a bad guest does ------------------------------------------------------------ */

/* A bad request among good ones fails alone. */
static void test_bad_grefs(struct bench *b)
{
	int16_t status[512];

	guest.refused[3000] = true;
	guest.readonly[3001] = true;
	fill(3002, 1, 3);
	memcpy(b->shadow, page(3002), 4096);
	add_rw(b, 0, BLKIF_OP_WRITE, 8, 3000, 1);
	add_rw(b, 1, BLKIF_OP_READ, 8, 3001, 1);
	add_rw(b, 2, BLKIF_OP_WRITE, 0, 3002, 1);
	add_rw(b, 3, BLKIF_OP_READ, 8, UINT32_MAX, 1);
	add_indirect(b, 4, BLKIF_OP_READ, 8, 40, 3100, 16);
	((struct blkif_request_indirect *)RING_GET_REQUEST(&b->ring,
		b->ring.req_prod_pvt - 1))->indirect_grefs[0] = 3000;
	add_rw(b, 5, BLKIF_OP_READ, 0, 3003, 1);
	kick(b);
	await(b, 6, status);
	CHECK(b, status[0] == BLKIF_RSP_ERROR, "no such grant: %d", status[0]);
	CHECK(b, status[1] == BLKIF_RSP_ERROR, "a read into a read-only "
	      "grant: %d", status[1]);
	CHECK(b, status[2] == BLKIF_RSP_OKAY, "its neighbour: %d", status[2]);
	CHECK(b, status[3] == BLKIF_RSP_ERROR, "the highest gref: %d",
	      status[3]);
	CHECK(b, status[4] == BLKIF_RSP_ERROR, "a descriptor page that is "
	      "not granted: %d", status[4]);
	CHECK(b, status[5] == BLKIF_RSP_OKAY, "a read beside: %d", status[5]);
	guest.refused[3000] = guest.readonly[3001] = false;
}

static void test_refusals(struct bench *b)
{
	int16_t status[512];

	add_rw(b, 0, 77, 0, DATA_GREF, 1);
	add_rw(b, 1, BLKIF_OP_READ, DISK_SECTORS, DATA_GREF, 1);
	add_rw(b, 2, BLKIF_OP_WRITE, 0, DATA_GREF, 1);
	RING_GET_REQUEST(&b->ring, b->ring.req_prod_pvt - 1)->nr_segments = 12;
	add_indirect(b, 3, BLKIF_OP_WRITE, 0, 40, DATA_GREF, 300);
	add_indirect(b, 4, BLKIF_OP_WRITE, 0, 41, DATA_GREF, 16);
	((struct blkif_request_segment *)page(41))[7].last_sect = 200;
	kick(b);
	await(b, 5, status);
	CHECK(b, status[0] == BLKIF_RSP_EOPNOTSUPP, "op 77: %d", status[0]);
	for (unsigned int i = 1; i < 5; i++)
		CHECK(b, status[i] == BLKIF_RSP_ERROR, "bad request %u: %d",
		      i, status[i]);
	b->shared.limits.readonly = true;
	add_rw(b, 0, BLKIF_OP_WRITE, 0, DATA_GREF, 1);
	CHECK(b, one(b) == BLKIF_RSP_ERROR, "a write to a read-only disk");
	b->shared.limits.readonly = false;
}

/* The same page eleven times, and the ring itself as data. */
static void test_odd_pages(struct bench *b)
{
	struct blkif_request *r = next_request(b, 0);

	r->operation = BLKIF_OP_READ;
	r->nr_segments = 11;
	r->sector_number = 0;
	for (unsigned int i = 0; i < 11; i++)
		r->seg[i] = (struct blkif_request_segment){ DATA_GREF, 0, 7 };
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "one page eleven times");
	r = next_request(b, 0);
	r->operation = BLKIF_OP_WRITE;
	r->nr_segments = 1;
	r->sector_number = 8000;
	r->seg[0] = (struct blkif_request_segment){ RING_GREF, 7, 7 };
	memcpy(b->shadow + 8000 * 512, page(RING_GREF) + 7 * 512, 512);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "a piece of the ring is data too");
}

/* Every page of the guest, more than are ever kept mapped. */
static void test_many_grefs(struct bench *b)
{
	int16_t status[512];

	for (uint32_t gref = DATA_GREF; gref + 16 < GUEST_PAGES; gref += 16) {
		for (unsigned int i = 0; i < 16; i++)
			add_rw(b, i, BLKIF_OP_READ, i * 8, gref + i, 1);
		kick(b);
		if (await(b, 16, status) != 16)
			return;
		for (unsigned int i = 0; i < 16; i++)
			CHECK(b, status[i] == BLKIF_RSP_OKAY &&
			      !memcmp(page(gref + i), b->shadow + i * 4096,
				      4096), "gref %u: %d", gref + i,
			      status[i]);
	}
	CHECK(b, guest.mapped <= 1100, "%d pages are mapped", guest.mapped);
}

/* When nothing can be mapped, copying serves. */
static void test_map_fails(struct bench *b)
{
	guest.maps_fail = true;
	add_rw(b, 0, BLKIF_OP_READ, 0, 3500, 11);
	CHECK(b, one(b) == BLKIF_RSP_OKAY, "a read without mapping");
	CHECK(b, !memcmp(page(3500), b->shadow, 11 * 4096),
	      "a read without mapping: other data");
	guest.maps_fail = false;
}

static void test_plain_maps_nothing(struct bench *b)
{
	CHECK(b, b->v->persistent || guest.mapped == 1,
	      "%d pages are mapped, want the ring's one", guest.mapped);
}

static bool test_variant(const struct variant *v)
{
	struct bench b;

	if (!bench_open(&b, v, 1))
		return false;
	test_write_read(&b);
	test_in_place(&b);
	test_parts(&b);
	test_indirect(&b);
	test_flush_discard(&b);
	test_image(&b);
	test_bad_grefs(&b);
	test_refusals(&b);
	test_odd_pages(&b);
	test_many_grefs(&b);
	test_map_fails(&b);
	test_image(&b);
	test_plain_maps_nothing(&b);
	bench_close(&b);
	CHECK(&b, !b.result, "served to the end: %d", b.result);
	return true;
}

/* A producer index that cannot be ends the queue, and only that. */
static void test_liar(const struct variant *v)
{
	struct bench b;
	uint64_t n = 1;

	if (!bench_open(&b, v, 1))
		return;
	b.ring.sring->req_prod = 1000;
	if (write(guest.evtchn_fd, &n, 8) != 8)
		exit(1);
	/* it ends by itself, and waits to be told */
	while (!__atomic_load_n(&b.result, __ATOMIC_SEQ_CST))
		sched_yield();
	bench_close(&b);
	CHECK(&b, b.result == -EPROTO, "a liar: %d", b.result);
}

/*
 * A guest that waits for each answer is looked for instead of slept for, for a
 * try at least: whether that pays is not the same on every machine, and
 * test-blk-lookout's subject.
 */
static void test_looks(const struct variant *v)
{
	struct variant looking = *v;
	struct bench b;

	looking.poll_ns = 10 * NS_PER_S;
	if (!bench_open(&b, &looking, 1))
		return;
	for (unsigned int i = 0; i < 300; i++) {
		add_rw(&b, 0, BLKIF_OP_READ, i, DATA_GREF, 1);
		CHECK(&b, one(&b) == BLKIF_RSP_OKAY, "looking: read %u", i);
	}
	bench_close(&b);	/* and it sees that, too */
	CHECK(&b, b.stats.count[COUNT_WAITS] <= 300 - 2 * LOOKOUT_TRIES,
	      "it slept %u times in 300 requests",
	      (unsigned int)b.stats.count[COUNT_WAITS]);
	CHECK(&b, b.stats.count[COUNT_EVENTS] <= 300 - 2 * LOOKOUT_TRIES,
	      "the guest sent %u events for 300 requests",
	      (unsigned int)b.stats.count[COUNT_EVENTS]);
}

/* Whoever pauses longer than is looked for is never looked for. */
static void test_rests(const struct variant *v)
{
	struct variant looking = *v;
	struct bench b;

	looking.poll_ns = 1;
	if (!bench_open(&b, &looking, 1))
		return;
	for (unsigned int i = 0; i < 50; i++) {
		while (!__atomic_load_n(&b.stats.count[COUNT_WAITS],
					__ATOMIC_RELAXED) ||
		       b.ring.sring->req_event != b.ring.req_prod_pvt + 1)
			sched_yield();
		add_rw(&b, 0, BLKIF_OP_READ, i, DATA_GREF, 1);
		CHECK(&b, one(&b) == BLKIF_RSP_OKAY, "resting: read %u", i);
	}
	bench_close(&b);
	CHECK(&b, b.stats.count[COUNT_EVENTS] == 50,
	      "the guest sent %u events for 50 requests, one after its sleep",
	      (unsigned int)b.stats.count[COUNT_EVENTS]);
}

/* A failed flush: what was written may be lost, so all is refused. */
static void test_broken(const struct variant *v)
{
	struct bench b;

	if (!bench_open(&b, v, 16))
		return;
	atomic_store(&b.shared.broken, true);
	add_rw(&b, 0, BLKIF_OP_READ, 0, DATA_GREF, 1);
	CHECK(&b, one(&b) == BLKIF_RSP_ERROR, "a read from a broken disk");
	bench_close(&b);
}

/*
 * A read that the image has not done when the device goes: nothing of the guest's
 * stays mapped but the pages that are read into, and these until it is done.
 */
static void test_stuck(void)
{
	static const struct variant v = { "slow", &engine_slow, true, true, 0 };
	const char *why;
	struct bench b;

	if (!bench_prepare(&b, &v, 1))
		return;
	slow.stop = &b.shared.stop;
	for (unsigned int i = 0; i < 2; i++) {
		/* the first one has its pages mapped, the second does not end */
		slow.ends = !i;
		slow.turns = 3;
		atomic_store(&b.shared.stop, false);
		add_rw(&b, 0, BLKIF_OP_READ, 0, DATA_GREF, 3);
		kick(&b);
		CHECK(&b, !queue_serve(b.q, &why), "served");
		CHECK(&b, b.ring.sring->rsp_prod == 1, "%u answers to %u reads",
		      b.ring.sring->rsp_prod, i + 1);
	}
	CHECK(&b, counted(&b, COUNT_IN_PLACE) == 3, "not read in place");
	queue_release(b.q);
	CHECK(&b, guest.mapped == 3, "%d pages are mapped, want the 3 that are "
	      "read into", guest.mapped);
	slow_finish(0x77);
	CHECK(&b, page(DATA_GREF)[0] == 0x77, "read into other pages");
	queue_settle(b.q);
	bench_end(&b);
}

int main(void)
{
	static const struct variant variants[] = {
		{ "sync, plain", &engine_sync, false, true, 0 },
		{ "sync, persistent, copied", &engine_sync, true, false, 0 },
		{ "sync, persistent", &engine_sync, true, true, 0 },
		{ "uring, plain", &engine_uring, false, true, 0 },
		{ "uring, persistent, copied", &engine_uring, true, false, 0 },
		{ "uring, persistent", &engine_uring, true, true, 0 },
	};
	bool all = true;

	if (uring_pool_open(1, &pool) < 0)
		printf("no io_uring here: its half is not tested\n");
	guest.memfd = memfd_create("guest", 0);
	guest.to_guest = eventfd(0, 0);
	if (ftruncate(guest.memfd, GUEST_PAGES * 4096ul))
		return 1;
	guest.memory = mmap(NULL, GUEST_PAGES * 4096ul, PROT_READ | PROT_WRITE,
			    MAP_SHARED, guest.memfd, 0);
	for (size_t i = 0; i < ARRAY_SIZE(variants); i++) {
		all &= test_variant(&variants[i]);
		test_liar(&variants[i]);
		test_broken(&variants[i]);
		test_looks(&variants[i]);
		test_rests(&variants[i]);
	}
	test_stuck();
	if (failed)
		return 1;
	return all ? 0 : 77;
}
