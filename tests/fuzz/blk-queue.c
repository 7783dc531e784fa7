/* SPDX-License-Identifier: MIT */
/*
 * A block queue as the daemon runs it, all of its thread's code, between a
 * guest that writes what it likes, grants that fail, and an image that answers
 * late, in any order, and with errors. An engine that is played here takes the
 * thread's place in the kernel: each wait is a turn of everybody else.
 *
 *	- what goes to the image is within the disk, to and from memory that is
 *	  neither the guest's nor another request's, and sums up to its size;
 *	  a guest's own pages are only read into, whole, and only while they
 *	  are mapped,
 *	- what is written is what the guest's pages held, what a guest reads is
 *	  what the disk holds, and nothing of other pages is touched,
 *	- each request that was taken is answered once, whatever happens; a good
 *	  one with success,
 *	- the thread does not sleep while it has something to do,
 *	- in the end nothing is mapped and nothing is in flight.
 */
#include "config.h"

#include "backends/blk/queue.h"
#include "tests/fuzz/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <sanitizer/asan_interface.h>
#include <xen/grant_table.h>

#define ENTRIES 64
#define ENTRY_SIZE 112
#define SIZE 32u			/* entries of a page */

#define DISK_SECTORS 512u
#define POOL_PAGES 48u

/* The guest's pages, by gref. Each says in each byte which it is. */
#define RING_GREF 1u
#define PAGES 96u
#define INDIRECT 2u			/* descriptors, from here on */
#define INDIRECTS 4u
#define SOURCES 16u			/* written to the disk */
#define TARGETS 48u			/* read into */
#define BAD_GREF 200u
#define FROM_DISK 0x80			/* bytes of the disk have this bit */

#define IOS_MAX SIZE

static _Alignas(4096) uint8_t ring_memory[4096];
static uint8_t ring_truth[4096];
static _Alignas(4096) uint8_t memory[PAGES][4096];
static _Alignas(4096) uint8_t pool[POOL_PAGES][4096];

/* What the guest asked and nobody answered yet, by id. */
struct asked {
	bool owed, good;
	uint8_t op;			/* the answer has to echo */
	uint8_t count;
	uint16_t sector;
	uint32_t first_target;		/* of a good read */
};

static struct bench {
	struct input *in;
	struct queue_shared shared;
	struct stats_row stats;
	struct peer_area ring;
	struct engine engine;
	struct engine_io *ios[IOS_MAX];		/* in the image */
	unsigned int io_count;
	struct engine_list done;
	uint32_t prod, pushed;		/* the guest's */
	uint32_t looked;		/* entries that the queue has seen */
	unsigned __int128 seen;		/* bytes of the last one, a bit each */
	uint32_t answers;
	uint32_t seen_prod;
	struct asked asked[SIZE];
	unsigned int mapped;		/* pages, the ring's one included */
	uint8_t page_mapped[PAGES];	/* of these, how often each */
	bool pool_mapped;
	bool event, draining, image_fails, copies_fail, maps_fail;
	enum { NOTHING, MAP, BIND, ADOPT, ENGINE, WAIT } host_fails;
	bool racing;			/* the guest is on another processor */
	bool changing;			/* the peer does: no request is good */
} b;

/* -- the hypervisor ------------------------------------------------------------- */

static void put_request(struct input *in);
static void push(void);
static void check_pages(const struct engine_io *io);

static size_t page_of(const void *p)
{
	return (size_t)((const uint8_t *)p - memory[0]) / 4096;
}

static void looked(struct peer_area *a, size_t at, size_t size)
{
	unsigned __int128 bytes;

	if (at == REQ_PROD) {
		b.seen_prod = peer_get32(a, REQ_PROD);
		/* a request that comes right behind the look */
		if (b.racing && !in_done(b.in) && in8(b.in) < 0x30) {
			put_request(b.in);
			push();
		}
	}
	if (at < ENTRIES)
		return;
	/* requests in turn, from the operation on, no byte twice */
	at -= ENTRIES;
	if (at % ENTRY_SIZE == 0) {
		b.looked++;
		b.seen = 0;
	}
	MUST(at / ENTRY_SIZE == (b.looked - 1) % SIZE);
	MUST(at % ENTRY_SIZE + size <= ENTRY_SIZE);
	bytes = ((((unsigned __int128)1) << size) - 1) << at % ENTRY_SIZE;
	MUST(!(b.seen & bytes));
	b.seen |= bytes;
}

int grant_map(struct grants *g, domid_t domid, const uint32_t *grefs,
	      unsigned int count, bool writable, void **area)
{
	(void)g;
	(void)domid;
	MUST(count && writable);
	if (b.host_fails == MAP)
		return -EINVAL;
	if (grefs[0] == RING_GREF && !b.mapped) {
		*area = ring_memory;
		b.mapped += count;
		return 0;
	}
	/* side by side in the guest is side by side here, else it is refused */
	for (unsigned int i = 0; i < count; i++)
		if (grefs[i] >= PAGES || grefs[i] != grefs[0] + i ||
		    b.maps_fail)
			return -EINVAL;
	*area = memory[grefs[0]];
	b.mapped += count;
	for (unsigned int i = 0; i < count; i++)
		b.page_mapped[grefs[i]]++;
	return 0;
}

void grant_unmap(struct grants *g, void *area, unsigned int count)
{
	(void)g;
	MUST(area && b.mapped >= count);
	b.mapped -= count;
	if (area == ring_memory)
		return;
	for (unsigned int i = 0; i < count; i++)
		MUST(b.page_mapped[page_of(area) + i]--);
	for (unsigned int i = 0; i < b.io_count; i++)
		check_pages(b.ios[i]);
}

int grant_copy(struct grants *g, xengnttab_grant_copy_segment_t *s,
	       unsigned int count)
{
	(void)g;
	MUST(count);
	if (b.copies_fail)
		return -EIO;
	for (unsigned int i = 0; i < count; i++) {
		bool out = s[i].flags & GNTCOPY_dest_gref;
		uint32_t gref = out ? s[i].dest.foreign.ref :
				      s[i].source.foreign.ref;
		uint32_t offset = out ? s[i].dest.foreign.offset :
					s[i].source.foreign.offset;

		MUST(s[i].len && offset + s[i].len <= 4096);
		s[i].status = gref < PAGES ? GNTST_okay : GNTST_bad_gntref;
		if (gref >= PAGES)
			continue;
		if (out)
			memcpy(memory[gref] + offset, s[i].source.virt,
			       s[i].len);
		else
			memcpy(s[i].dest.virt, memory[gref] + offset,
			       s[i].len);
	}
	return 0;
}

int evtchn_adopt(struct evtchn *e, int fd, domid_t domid)
{
	(void)fd;
	(void)domid;
	e->h = (void *)&b;
	return b.host_fails == ADOPT ? -EPERM : 0;
}

int evtchn_fd(const struct evtchn *e)
{
	(void)e;
	return -1;
}

void evtchn_close(struct evtchn *e)
{
	e->h = NULL;
}

int evtchn_bind(struct evtchn *e, domid_t domid, evtchn_port_t remote,
		evtchn_port_t *local)
{
	(void)e;
	(void)domid;
	*local = remote;
	return b.host_fails == BIND ? -EINVAL : 0;
}

void evtchn_unbind(struct evtchn *e, evtchn_port_t local)
{
	(void)e;
	MUST(local);
}

int evtchn_notify(struct evtchn *e, evtchn_port_t local)
{
	(void)e;
	MUST(local);
	return 0;
}

int evtchn_take(struct evtchn *e, evtchn_port_t *local)
{
	bool had = b.event;

	(void)e;
	*local = 1;
	b.event = false;
	return had;
}

int evtchn_unmask(struct evtchn *e, evtchn_port_t local)
{
	(void)e;
	MUST(local);
	return 0;
}

/* -- the kernel ------------------------------------------------------------------- */

/*
 * The queue's own pages are always the same ones: pages that come and go cost
 * more than all else that a run does. Fresh ones hold zeroes, and nobody touches
 * them before and after.
 */
void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd,
		  off_t offset);
int __wrap_munmap(void *at, size_t size);

void *__wrap_mmap(void *at, size_t size, int prot, int flags, int fd,
		  off_t offset)
{
	MUST(!at && size == sizeof(pool) && fd == -1 && !offset);
	MUST(prot == (PROT_READ | PROT_WRITE) && !b.pool_mapped);
	MUST(flags == (MAP_PRIVATE | MAP_ANONYMOUS));
	b.pool_mapped = true;
	ASAN_UNPOISON_MEMORY_REGION(pool, sizeof(pool));
	memset(pool, 0, sizeof(pool));
	return pool;
}

int __wrap_munmap(void *at, size_t size)
{
	MUST(at == pool && size == sizeof(pool) && b.pool_mapped);
	b.pool_mapped = false;
	ASAN_POISON_MEMORY_REGION(pool, sizeof(pool));
	return 0;
}

/* -- the guest -------------------------------------------------------------------- */

static void put_segments(struct input *in, struct blkif_request_segment *segs,
			 unsigned int count, uint32_t first, bool *good)
{
	uint8_t kind = in8(in);

	for (unsigned int i = 0; i < count; i++) {
		segs[i] = (struct blkif_request_segment){
			.gref = first + i, .first_sect = 0, .last_sect = 7,
		};
		if ((kind & 7) == 1 && i == count - 1) {
			segs[i].gref = BAD_GREF;
			*good = false;
		}
		if ((kind & 7) == 2 && i == 0) {
			segs[i].last_sect = in8(in);
			segs[i].first_sect = in8(in) & 7;
			*good = false;
		}
		if ((kind & 7) == 3)
			segs[i].gref = first;	/* the same one each time */
	}
	if ((kind & 7) == 3)
		*good = false;
}

/* Pages side by side, for READ to be read into, else to be written. */
static uint32_t some_pages(uint8_t op, unsigned int slot, unsigned int count)
{
	uint32_t base = op == BLKIF_OP_READ ? TARGETS : SOURCES;
	uint32_t room = op == BLKIF_OP_READ ? PAGES - TARGETS :
					      TARGETS - SOURCES;

	return count > room ? base : base + slot * 11 % (room - count + 1);
}

static void put_request(struct input *in)
{
	static const uint8_t ops[] = {
		BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE,
		BLKIF_OP_DISCARD, BLKIF_OP_INDIRECT, BLKIF_OP_READ,
		BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER,
	};
	unsigned int slot = b.prod % SIZE;
	uint8_t kind = in8(in), op = ops[kind & 7];
	uint8_t *e = ring_truth + ENTRIES + slot * ENTRY_SIZE;
	struct asked *a = &b.asked[slot];
	bool good = !b.changing && !b.shared.limits.readonly;
	uint8_t count = 1 + (kind >> 3 & 3) * 3;
	uint16_t sector = in8(in) * 2;
	uint32_t first;

	if (a->owed)
		return;		/* an id is used once at a time */
	memset(e, 0, ENTRY_SIZE);
	*a = (struct asked){ .owed = true, .op = op };
	if (op == BLKIF_OP_INDIRECT) {
		struct blkif_request_indirect req = {
			.operation = op, .id = slot, .sector_number = sector,
			.indirect_op = kind & 0x80 ? BLKIF_OP_READ :
						     BLKIF_OP_WRITE,
			.indirect_grefs = { INDIRECT + slot % INDIRECTS },
		};

		count = (uint8_t)(count + (in8(in) & 31));
		/* a page that another request's descriptors are in as well */
		good = false;
		a->op = req.indirect_op;
		req.nr_segments = count;
		put_segments(in, (void *)memory[INDIRECT + slot % INDIRECTS],
			     count, some_pages(a->op, slot, count), &good);
		memcpy(e, &req, sizeof(req));
	} else if (op == BLKIF_OP_DISCARD) {
		struct blkif_request_discard req = {
			.operation = op, .id = slot, .sector_number = sector,
			.nr_sectors = count,
		};

		good &= sector + count <= DISK_SECTORS;
		memcpy(e, &req, sizeof(req));
	} else {
		struct blkif_request req = {
			.operation = op, .id = slot, .sector_number = sector,
		};

		if (op == BLKIF_OP_FLUSH_DISKCACHE && kind & 0x80)
			count = 0;
		first = some_pages(op, slot, count);
		req.nr_segments = count;
		put_segments(in, req.seg, count, first, &good);
		good &= sector + count * 8 <= DISK_SECTORS &&
			op != BLKIF_OP_WRITE_BARRIER;
		a->first_target = first;
		memcpy(e, &req, sizeof(req));
	}
	a->count = count;
	a->sector = sector;
	a->good = good;
	b.prod++;
}

static void push(void)
{
	uint32_t old = b.pushed, event = peer_get32(&b.ring, REQ_EVENT);

	/* what the queue wrote is in the ring before it is in our books */
	if (!peer_is_poison(&b.ring, REQ_EVENT))
		memcpy(&event, b.ring.base + REQ_EVENT, sizeof(event));
	peer_put32(&b.ring, REQ_PROD, b.prod);
	if (event - old - 1 < b.prod - old)
		b.event = true;
	b.pushed = b.prod;
}

static uint8_t disk_byte(uint64_t sector)
{
	return (uint8_t)(FROM_DISK | (sector & 0x7f));
}

/* A good read was answered: its pages hold the disk, nobody else's do. */
static void check_read(const struct asked *a)
{
	for (unsigned int i = 0; i < a->count; i++)
		for (unsigned int s = 0; s < 8; s++) {
			uint8_t got = memory[a->first_target + i][s * 512];

			/* two reads at a time may share a page: either is right */
			MUST(got & FROM_DISK);
		}
}

static void take_response(void)
{
	uint8_t r[16], zero[4] = { 0 };
	uint64_t id;
	int16_t status;
	struct asked *a;

	peer_take(&b.ring, ENTRIES + b.answers++ % SIZE * ENTRY_SIZE, r,
		  sizeof(r));
	memcpy(&id, r, sizeof(id));
	memcpy(&status, r + 10, sizeof(status));
	MUST(!r[9] && !memcmp(r + 12, zero, 4));
	MUST(status == 0 || status == -1 || status == -2);
	if (b.changing)
		return;
	MUST(id < SIZE);
	a = &b.asked[id];
	MUST(a->owed && r[8] == a->op);
	a->owed = false;
	if (a->good && !b.image_fails && !b.copies_fail &&
	    !atomic_load(&b.shared.broken))
		MUST(status == 0);
	if (a->good && status == 0 && a->op == BLKIF_OP_READ)
		check_read(a);
}

/* What the queue wrote into the ring since we looked. */
static void guest_looks(void)
{
	uint32_t prod, event;

	if (!peer_is_poison(&b.ring, REQ_EVENT)) {
		peer_take(&b.ring, REQ_EVENT, &event, sizeof(event));
		MUST(event == b.looked + 1);
	}
	if (peer_is_poison(&b.ring, RSP_PROD))
		return;
	peer_take(&b.ring, RSP_PROD, &prod, sizeof(prod));
	MUST(prod - b.answers <= SIZE);
	while (b.answers != prod)
		take_response();
	/* each that was answered was taken before */
	MUST(b.looked - b.answers <= SIZE);
}

static void guest_acts(struct input *in)
{
	uint8_t what = in8(in);

	for (unsigned int i = what & 3; i; i--)
		put_request(in);
	if (what & 4)
		push();
	switch (what >> 3 & 7) {
	case 1:
		b.event = true;		/* for nothing */
		break;
	case 2:
		if (in8(in) > 250) {
			peer_put32(&b.ring, REQ_PROD, in32(in));
			b.changing = true;
		}
		break;
	case 3:
		peer_put32(&b.ring, RSP_EVENT, b.answers + in8(in));
		break;
	case 4:
		b.maps_fail = what & 0x40;
		break;
	case 5:
		b.copies_fail |= what > 0xf0;
		break;
	default:
		break;
	}
}

/* -- the image ----------------------------------------------------------------------- */

static bool within(const void *p, const void *base, size_t size)
{
	return (const uint8_t *)p >= (const uint8_t *)base &&
	       (const uint8_t *)p < (const uint8_t *)base + size;
}

static bool overlap(const struct iovec *x, const struct iovec *y)
{
	const uint8_t *a = x->iov_base, *c = y->iov_base;

	return a < c + y->iov_len && c < a + x->iov_len;
}

static bool moves_data(const struct engine_io *io)
{
	return io->op == ENGINE_READ || io->op == ENGINE_WRITE;
}

/* What of the guest's memory the image reads into is mapped, whole pages. */
static void check_pages(const struct engine_io *io)
{
	for (unsigned int i = 0; moves_data(io) && i < io->iov_count; i++) {
		const struct iovec *v = &io->iov[i];

		MUST(!within(v->iov_base, ring_memory, sizeof(ring_memory)));
		if (!within(v->iov_base, memory, sizeof(memory)))
			continue;
		MUST(io->op == ENGINE_READ && b.shared.persistent &&
		     b.shared.in_place);
		MUST((uintptr_t)v->iov_base % 4096 == 0 &&
		     v->iov_len % 4096 == 0);
		for (size_t at = 0; at < v->iov_len; at += 4096)
			MUST(b.page_mapped[page_of(v->iov_base) + at / 4096]);
	}
}

static void check_io(const struct engine_io *io)
{
	uint64_t sum = 0;

	if (io->op == ENGINE_FLUSH)
		return;
	MUST(io->size && io->offset + io->size <= DISK_SECTORS * 512);
	MUST(io->offset % 512 == 0 && io->size % 512 == 0);
	if (!moves_data(io))
		return;
	check_pages(io);
	for (unsigned int i = 0; i < io->iov_count; i++) {
		const struct iovec *v = &io->iov[i];

		sum += v->iov_len;
		MUST(v->iov_len);
		/* a guest may name one of its pages twice, and has it so */
		if (within(v->iov_base, memory, sizeof(memory)))
			continue;
		MUST(within(v->iov_base, pool, sizeof(pool)));
		for (unsigned int j = 0; j < b.io_count; j++) {
			const struct engine_io *o = b.ios[j];

			if (!moves_data(o))
				continue;
			for (unsigned int k = 0; k < o->iov_count; k++)
				MUST(!overlap(v, &o->iov[k]));
		}
	}
	MUST(sum == io->size);
}

/* A sector of what is written is of one page that the guest has. */
static void check_written(const uint8_t *sector)
{
	MUST(sector[0] >= INDIRECT && sector[0] < PAGES);
	MUST(sector[511] == sector[0] && sector[255] == sector[0]);
}

static void move(const struct engine_io *io)
{
	uint64_t sector = io->offset / 512;

	for (unsigned int i = 0; i < io->iov_count; i++) {
		uint8_t *p = io->iov[i].iov_base;

		for (size_t at = 0; at < io->iov[i].iov_len; at += 512) {
			if (io->op == ENGINE_READ)
				memset(p + at, disk_byte(sector), 512);
			else if (!b.changing && p[at] < FROM_DISK)
				check_written(p + at);
			sector++;
		}
	}
}

static int engine_play_open(const struct engine_setup *setup,
			    struct engine **ret)
{
	(void)setup;
	*ret = &b.engine;
	return b.host_fails == ENGINE ? -ENOMEM : 0;
}

static void engine_play_close(struct engine *e)
{
	(void)e;
	MUST(!b.io_count);
}

static void engine_play_submit(struct engine *e, struct engine_io *io)
{
	(void)e;
	MUST(b.io_count < IOS_MAX);
	check_io(io);
	b.ios[b.io_count++] = io;
}

static struct engine_io *engine_play_reap(struct engine *e)
{
	(void)e;
	return engine_list_take(&b.done);
}

static void finish(unsigned int i, int result)
{
	struct engine_io *io = b.ios[i];

	b.ios[i] = b.ios[--b.io_count];
	io->result = result;
	if (!result && moves_data(io))
		move(io);
	engine_list_add(&b.done, io);
}

/* Some I/Os come back, in any order. */
static void image_acts(struct input *in)
{
	static const int results[] = { 0, 0, 0, -EIO, 0, 0, -ENOSPC, 0 };

	for (unsigned int n = in8(in) & 7; n && b.io_count; n--) {
		uint8_t which = in8(in);
		int r = which >= 0xe0 ? results[which & 7] : 0;

		if (b.ios[which % b.io_count]->op == ENGINE_DISCARD &&
		    which >= 0xf0)
			r = -EOPNOTSUPP;
		b.image_fails |= r != 0;
		finish(which % b.io_count, r);
	}
}

static int engine_play_wait(struct engine *e, int timeout_ms,
			    unsigned int *ready)
{
	(void)e;
	fuzz_states++;
	guest_looks();
	/* all that the guest has shown was taken, or there will be an event */
	if (timeout_ms == -1 && !b.changing)
		MUST(b.looked == b.pushed || b.io_count || b.event);
	if (b.draining || in_done(b.in)) {
		while (b.io_count)
			finish(0, 0);
		atomic_store(&b.shared.stop, true);
		return 0;
	}
	guest_acts(b.in);
	image_acts(b.in);
	if (b.host_fails == WAIT && in8(b.in) > 200)
		return -EIO;
	if (b.event)
		*ready |= ENGINE_EVTCHN;
	return 0;
}

static void engine_play_cancel(struct engine *e)
{
	(void)e;
	fuzz_fail(__FILE__, __LINE__, "nothing takes so long");
}

static const struct engine_class engine_play = {
	.name = "play",
	.open = engine_play_open,
	.close = engine_play_close,
	.submit = engine_play_submit,
	.reap = engine_play_reap,
	.wait = engine_play_wait,
	.cancel = engine_play_cancel,
};

/* -- a run ------------------------------------------------------------------------------ */

static void set_up(struct input *in)
{
	static const uint8_t chances[] = { 0, 0, 0, 12 };
	uint8_t shape = in8(in);
	uint32_t seed = in16(in);

	memset(&b, 0, sizeof(b));
	b.in = in;
	engine_list_init(&b.done);
	for (unsigned int i = 0; i < PAGES; i++)
		memset(memory[i], (int)i, 4096);
	memset(ring_truth, 0, sizeof(ring_truth));
	b.ring = (struct peer_area){
		.base = ring_memory, .truth = ring_truth, .looked = looked,
		.size = sizeof(ring_memory),
	};
	peer_begin(seed, chances[shape & 3]);
	peer_share(&b.ring);
	b.changing = chances[shape & 3];
	peer_put32(&b.ring, REQ_EVENT, 1);
	peer_put32(&b.ring, RSP_EVENT, 1);
	b.host_fails = seed >= 0xfff0 && (seed & 7) <= WAIT ? seed & 7 :
							       NOTHING;
	b.racing = shape & 8;
	b.shared.persistent = shape & 4;
	b.shared.in_place = !(shape & 32);
	b.shared.domid = 7;
	b.shared.limits = (struct blk_limits){
		.sectors = DISK_SECTORS, .block_sectors = 1,
		.indirect_max = 40, .flush = true, .discard = true,
		.readonly = shape & 16,
	};
}

void fuzz_one(struct input *in)
{
	static const uint32_t gref = RING_GREF;
	struct queue_setup setup = {
		.shared = &b.shared, .port = 1, .ring_grefs = &gref,
		.ring_pages = 1, .abi = BLK_ABI_X86_64,
		.pool_pages = POOL_PAGES, .engine = &engine_play,
		.evtchn_fd = -1, .wake_fd = -1, .image_fd = -1,
		.stats = &b.stats,
	};
	struct queue *q;
	const char *why = NULL;
	char reason[200];
	int r;

	set_up(in);
	r = queue_open(&setup, &q, reason, sizeof(reason));
	MUST(!r == (b.host_fails == NOTHING || b.host_fails == WAIT));
	if (r) {
		/* it says why, and leaves nothing behind */
		MUST(reason[0] && fuzz_printable(reason) && !b.mapped);
		MUST(!b.pool_mapped);
		return;
	}
	r = queue_serve(q, &why);
	MUST(r == 0 || (r == -EPROTO && why && b.changing) ||
	     (r == -EIO && why && b.host_fails == WAIT));
	b.draining = true;
	MUST(queue_drain(q) == 0);
	guest_looks();
	MUST(b.answers == b.looked);
	queue_release(q);
	MUST(!b.mapped);
	queue_settle(q);
	queue_close(q);
	MUST(!b.pool_mapped);
	peer_untouched(&b.ring);
}
