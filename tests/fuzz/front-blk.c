/* SPDX-License-Identifier: MIT */
/*
 * The block frontend and a backend that lies: in xenstore, in its states, in
 * the ring.
 *
 *	- what it offers is held within bounds,
 *	- a request on the ring is one that was asked for: its segments are pages
 *	  of the pool that no other request has, and say no more than its size,
 *	- what is behind the data in a page is zeros,
 *	- a response is believed exactly when it answers a request in flight, and
 *	  is looked at once,
 *	- each request comes back exactly once, and none from a page that the
 *	  backend still has,
 *	- in the end all slots and pages are free, and nothing is shared.
 */
#include "frontends/blk/core.h"
#include "tests/fuzz/front-peer.h"
#include "tests/fuzz/ring.h"

#include <errno.h>
#include <stdlib.h>

#define ENTRIES 64
#define ENTRY_SIZE 112

#define POOL_MAX 64u
#define NOBODY 0xffffu

/* What a request is to us. */
enum model { FREE, IN_FLIGHT, LATE, ANSWERED };

static struct blk_front front;

static struct bench {
	struct front_peer host;
	uint32_t rsp_prod;		/* where the backend puts the next */
	uint32_t cons;			/* the frontend's, as it must be */
	uint32_t pushed, put;
	uint32_t shown_prod;
	bool lie_shown;			/* something that must end it */
	bool was_running, ring_noted;
	struct {
		enum model state;
		uint8_t op;
		bool indirect, on_ring;
	} io[BLK_FRONT_SLOTS_MAX];
	struct blk_io *due;		/* what reap() has to return */
	int due_status;
	unsigned int out;		/* requests not free */
	uint16_t owner[POOL_MAX];	/* of a page */
} b;

/* -- what the frontend is shown ----------------------------------------------- */

static void give_pages(unsigned int id)
{
	for (unsigned int i = 0; i < POOL_MAX; i++)
		if (b.owner[i] == id)
			b.owner[i] = NOBODY;
}

static void judge_response(const uint8_t *rsp)
{
	uint64_t id = get64(rsp);
	uint8_t op = rsp[8];
	int16_t status;

	memcpy(&status, rsp + 10, sizeof(status));
	MUST(!b.due && !b.lie_shown);	/* it was to stop at the last one */
	if (id >= front.info.slots || !b.io[id].on_ring || status > 0 ||
	    (b.io[id].state != IN_FLIGHT && b.io[id].state != LATE) ||
	    (op != b.io[id].op &&
	     !(b.io[id].indirect && op == BLKIF_OP_INDIRECT))) {
		b.lie_shown = true;
		return;
	}
	if (b.io[id].state == LATE) {
		b.io[id].state = FREE;
		b.out--;
		give_pages((unsigned int)id);
		return;
	}
	b.io[id].state = ANSWERED;
	b.due = &front.io[id];
	b.due_status = status;
}

static void looked(struct peer_area *a, size_t at, size_t size)
{
	if (at == RSP_PROD) {
		b.shown_prod = peer_get32(a, RSP_PROD);
		/* the last look before it sleeps: it has asked for an event */
		if (!peer_is_poison(a, RSP_EVENT))
			peer_expect32(a, RSP_EVENT, b.cons + 1);
	}
	if (at < ENTRIES)
		return;
	/* in order, each once, the response and no more */
	MUST(size == 16);
	MUST(at == ENTRIES + (b.cons & (front.info.slots - 1)) * ENTRY_SIZE);
	b.cons++;
	judge_response(a->truth + at);
}

/* -- requests ------------------------------------------------------------------ */

static unsigned int page_of(uint32_t gref)
{
	unsigned int first = b.host.areas[1].first + FRONT_PEER_GREF;

	MUST(gref >= first && gref - first < front.info.pages);
	return gref - first;
}

static void take_page(uint32_t gref, unsigned int id)
{
	unsigned int page = page_of(gref);

	MUST(b.owner[page] == NOBODY);
	b.owner[page] = (uint16_t)id;
}

static void check_segments(const struct blk_io *io, unsigned int id,
			   const uint8_t *segs, unsigned int count)
{
	uint64_t left = io->size;

	MUST(count == (io->size + 4095) / 4096);
	MUST(count <= front.info.segments);
	for (; count; count--, segs += 8) {
		uint64_t mine = left < 4096 ? left : 4096;
		const uint8_t *page = front_peer_page(&b.host, get32(segs));

		take_page(get32(segs), id);
		MUST(segs[4] == 0 && segs[5] == mine / 512 - 1);
		for (uint64_t i = mine; i < 4096; i++)
			MUST(page[i] == 0);
		left -= mine;
	}
}

static void check_request(const struct blk_io *io)
{
	static const uint8_t ops[] = {
		[BLK_FRONT_READ] = BLKIF_OP_READ,
		[BLK_FRONT_WRITE] = BLKIF_OP_WRITE,
		[BLK_FRONT_DISCARD] = BLKIF_OP_DISCARD,
	};
	unsigned int id = (unsigned int)(io - front.io);
	uint8_t e[ENTRY_SIZE], op;

	peer_take(&b.host.ring, ENTRIES + (b.put++ & (front.info.slots - 1)) *
		  ENTRY_SIZE, e, sizeof(e));
	op = e[0] == BLKIF_OP_INDIRECT ? e[1] : e[0];
	MUST(get64(e + 8) == id);
	MUST(io->op == BLK_FRONT_FLUSH ? op == front.flush_op :
	     op == ops[io->op]);
	b.io[id].op = op;
	b.io[id].on_ring = true;
	b.io[id].indirect = e[0] == BLKIF_OP_INDIRECT;
	if (io->op == BLK_FRONT_FLUSH) {
		MUST(e[1] == 0);
		return;
	}
	MUST(get64(e + 16) == io->start);
	MUST(io->start + io->size / 512 <= front.info.sectors);
	if (e[0] == BLKIF_OP_DISCARD) {
		MUST(get64(e + 24) == io->size / 512);
	} else if (e[0] == BLKIF_OP_INDIRECT) {
		take_page(get32(e + 28), id);
		check_segments(io, id, front_peer_page(&b.host, get32(e + 28)),
			       e[2] | e[3] << 8);
	} else {
		check_segments(io, id, e + 24, e[1]);
	}
}

static void fill(struct blk_io *io)
{
	static uint8_t data[BLK_FRONT_SEGMENTS_MAX * FRONT_PAGE_SIZE];
	struct blk_front_vec vec[4];
	uint64_t total = 0;
	unsigned int n;

	if (io->size <= FRONT_PAGE_SIZE + 512) {
		memset(data, 0xee, io->pages ? io->size : 0);
		blk_front_fill(&front, io, data);
		return;
	}
	while ((n = blk_front_vec(&front, io, total, vec, 4)))
		for (unsigned int i = 0; i < n; i++) {
			memset(vec[i].base, 0xee, vec[i].size);
			total += vec[i].size;
		}
	MUST(total == (io->pages ? io->size : 0));
}

static void some_state(struct input *in);
static void step(void);

static void ask(struct input *in)
{
	static const uint32_t sizes[] = { 512, 4096, 4608, 0, 45056, 45568,
					  65536, 131072 };
	uint8_t kind = in8(in);
	enum blk_front_op op = kind & 3;
	uint64_t size = sizes[kind >> 2 & 7], start = in8(in);
	int why = 1;
	struct blk_io *io;
	bool running;

	if (kind >> 5 == 7)
		start = front.info.sectors - in8(in);
	if (kind >> 5 == 6)
		start = in64(in);
	if (op == BLK_FRONT_DISCARD && kind & 128)
		size = in64(in);
	io = blk_front_reserve(&front, op, start, size, &why);
	if (!io) {
		MUST(why == -EAGAIN || why == -EIO || why == -EINVAL ||
		     why == -ENOSPC || why == -EROFS || why == -EOPNOTSUPP);
		MUST(why != -EAGAIN || b.out);
		return;
	}
	MUST(!why && blk_front_running(&front));
	MUST(op == BLK_FRONT_READ || op == BLK_FRONT_FLUSH ||
	     !front.info.read_only);
	MUST(b.io[io - front.io].state == FREE);
	if (kind >> 5 == 5) {	/* thought better of it */
		blk_front_free(&front, io);
		return;
	}
	fill(io);
	b.io[io - front.io].state = IN_FLIGHT;
	b.io[io - front.io].on_ring = false;
	b.out++;
	if (kind >> 5 == 4) {	/* the connection may end in between */
		some_state(in);
		step();
	}
	running = blk_front_running(&front);
	blk_front_submit(&front, io);
	if (!running)
		return;		/* nothing is on the ring: it comes back */
	check_request(io);
	MUST(b.put - b.cons <= front.info.slots);
}

static void push(void)
{
	uint32_t old = b.pushed, event;
	unsigned int notifies = b.host.notifies;

	if (!front.sring)
		return;
	blk_front_push(&front);
	if (b.put == old) {
		MUST(b.host.notifies == notifies);
		return;
	}
	event = peer_get32(&b.host.ring, REQ_EVENT);
	peer_expect32(&b.host.ring, REQ_PROD, b.put);
	MUST((b.host.notifies != notifies) ==
	     (event - old - 1 < b.put - old));
	b.pushed = b.put;
}

/* -- the backend ----------------------------------------------------------------- */

/* An answer to some request in flight, or nearly one. */
static void respond(struct input *in)
{
	static const int16_t statuses[] = { 0, 0, 0, -1, -2, 1, 32767, -3 };
	uint8_t kind = in8(in);
	unsigned int slots = front.info.slots, id = in8(in) % slots;
	uint8_t *rsp = b.host.ring.truth + ENTRIES +
		       (b.rsp_prod & (slots - 1)) * ENTRY_SIZE;
	uint64_t id64;

	for (unsigned int i = 0; i < slots && kind < 0xe0; i++) {
		if (b.io[id].on_ring && (b.io[id].state == IN_FLIGHT ||
					 b.io[id].state == LATE))
			break;
		id = (id + 1) % slots;
	}
	memset(rsp, 0, 16);
	id64 = kind >= 0xf8 ? in64(in) : id;
	memcpy(rsp, &id64, sizeof(id64));
	rsp[8] = (kind & 0x18) == 0x18 ? in8(in) : b.io[id].op;
	if ((kind & 0x18) == 0x10 && b.io[id].indirect)
		rsp[8] = BLKIF_OP_INDIRECT;
	memcpy(rsp + 10, &statuses[kind & 7], 2);
	b.rsp_prod++;
	peer_put32(&b.host.ring, RSP_PROD, b.rsp_prod);
}

static void meddle(struct input *in)
{
	uint8_t kind = in8(in);
	struct peer_area *ring = &b.host.ring;

	if (kind & 1)
		peer_put32(ring, RSP_PROD, b.rsp_prod + (int8_t)in8(in));
	else if (kind & 2)
		peer_put32(ring, REQ_EVENT, b.pushed + in8(in));
	else if (kind & 4)
		peer_put32(ring, REQ_PROD, in32(in));
	else
		peer_put32(ring, RSP_PROD, in32(in));
}

static const char *some_number(struct input *in)
{
	static const char *const numbers[] = {
		"0", "1", "2", "4", "8", "11", "32", "256", "512", "513",
		"4096", "2048", "8192", "65536", "4294967295", "4294967296",
		"2147483648", "18446744073709551615", "18446744073709551616",
		"18014398509481983", "18014398509481984", "-1", "", "0x8",
		"7 ", "01", NULL, "abc",
	};

	return numbers[in8(in) % (sizeof(numbers) / sizeof(numbers[0]))];
}

static void offer_something(struct input *in)
{
	static const char *const nodes[] = {
		"sectors", "sector-size", "info", "feature-flush-cache",
		"feature-discard", "feature-max-indirect-segments",
		"max-ring-page-order", "physical-sector-size",
		"feature-barrier", "discard-granularity",
		"feature-persistent",
	};
	const char *node = nodes[in8(in) % (sizeof(nodes) / sizeof(nodes[0]))];

	front_peer_offer(&b.host, node, some_number(in));
}

static void some_state(struct input *in)
{
	static const char *const states[] = { "0", "1", "2", "3", "4", "5",
					      "6", "7", "8", NULL, "9", "",
					      FRONT_PEER_LONG };

	front_peer_offer(&b.host, "state", states[in8(in) % 13]);
}

/* -- what must hold --------------------------------------------------------------- */

static void check_info(void)
{
	const struct blk_front_info *i = &front.info;

	MUST(i->sectors && i->sectors <= INT64_MAX / 512);
	MUST(i->sector_size >= 512 && i->sector_size <= 4096);
	MUST(!(i->sector_size & (i->sector_size - 1)));
	MUST(i->physical_sector_size >= i->sector_size);
	MUST(i->slots >= 32 && i->slots <= BLK_FRONT_SLOTS_MAX);
	MUST(i->slots * ENTRY_SIZE + ENTRIES <= b.host.ring.size);
	MUST(i->segments && i->segments < i->pages);
	MUST(!i->discard || (i->discard_granularity &&
			     i->discard_granularity % i->sector_size == 0));
}

/* The frontend's first words on a new ring. */
static void note_ring(void)
{
	if (!b.host.area_count || b.ring_noted)
		return;
	b.ring_noted = true;
	peer_expect32(&b.host.ring, REQ_EVENT, 1);
	peer_expect32(&b.host.ring, RSP_EVENT, 1);
}

static void step(void)
{
	enum front_phase phase = blk_front_step(&front);

	fuzz_states++;
	note_ring();
	MUST(phase == front.bus.phase);
	if (blk_front_running(&front) && !b.was_running) {
		b.was_running = true;
		check_info();
	}
	MUST(!front.bus.failed || front.bus.reason[0]);
}

static void come_back(struct blk_io *io)
{
	static uint8_t data[FRONT_PAGE_SIZE + 1];
	unsigned int id = (unsigned int)(io - front.io);

	if (b.due) {
		MUST(io == b.due);
		MUST(io->result == (b.due_status == 0 ? 0 :
		     b.due_status == -2 && io->op == BLK_FRONT_DISCARD ?
		     -EOPNOTSUPP : -EIO));
	} else {
		/* nobody will answer it any more */
		MUST(front.bus.failed || front.bus.phase == FRONT_CLOSED);
		MUST(b.io[id].state == IN_FLIGHT && io->result == -EIO);
	}
	if (io->op == BLK_FRONT_READ && io->result == 0 &&
	    io->size <= FRONT_PAGE_SIZE) {
		memset(data, 0, sizeof(data));
		blk_front_drain(&front, io, data);
		MUST(data[0] == 0xee && data[io->size - 1] == 0xee);
		MUST(data[io->size] == 0);
	}
	b.io[id].state = FREE;
	b.out--;
	give_pages(id);
	blk_front_free(&front, io);
}

/* One call: false when there was nothing. */
static bool reap(void)
{
	struct blk_io *io;
	bool failed = front.bus.failed;

	b.due = NULL;
	b.lie_shown = false;
	b.shown_prod = b.cons;
	io = blk_front_reap(&front);
	fuzz_states++;
	if (b.shown_prod - b.cons > b.pushed - b.cons)
		b.lie_shown = true;
	MUST(!(b.lie_shown && !b.due) || front.bus.failed);
	if (!failed && front.bus.failed)
		MUST(b.lie_shown);
	if (!io) {
		MUST(!b.due);
		return false;
	}
	come_back(io);
	return true;
}

static void expire(void)
{
	struct blk_io *io = blk_front_expire(&front, b.host.now_ns);

	if (!io)
		return;
	MUST(b.io[io - front.io].state == IN_FLIGHT);
	MUST(io->result == -ETIMEDOUT);
	b.io[io - front.io].state = LATE;
}

/* -- a run ------------------------------------------------------------------------- */

static void set_up(struct input *in)
{
	static const uint8_t chances[] = { 0, 0, 60, 8 };
	uint8_t shape = in8(in), offers = in8(in);
	struct blk_front_options options = {
		.ring_order = (shape & 7) % 5,
		.pages = shape & 8 ? POOL_MAX : 12,
		.segments = shape & 16 ? 32 : 11,
	};
	uint32_t seed = in16(in);

	memset(&b, 0, sizeof(b));
	memset(b.owner, 0xff, sizeof(b.owner));
	front_peer_init(&b.host);
	b.host.ring.looked = looked;
	b.host.refuse_share = offers >= 0xf8 ? 1 + (offers & 1) : 0;
	b.host.still_mapped = (offers & 0xf8) == 0xf0;
	b.host.store_fails = (offers & 0xf8) == 0xe8 ? 1 + (offers & 7) : 0;
	peer_begin(seed, chances[shape >> 5 & 3]);
	front_peer_offer(&b.host, "sectors", "2048");
	front_peer_offer(&b.host, "feature-flush-cache", "1");
	front_peer_offer(&b.host, "feature-discard", "1");
	front_peer_offer(&b.host, "feature-max-indirect-segments", "256");
	front_peer_offer(&b.host, "max-ring-page-order", "4");
	for (unsigned int i = offers & 3; i; i--)
		offer_something(in);
	front_peer_offer(&b.host, "state", "2");
	MUST(!blk_front_open(&front, &front_peer_ops, &b.host, FRONT_PEER_DIR,
			     &options));
	step();
	for (unsigned int i = offers >> 2 & 1; i; i--)
		offer_something(in);
	front_peer_offer(&b.host, "state", "4");
	step();
}

static void act(struct input *in, uint8_t what)
{
	bool ring = front.sring != NULL && b.was_running;

	switch (what & 15) {
	case 0: case 1: case 2:
		if (ring)
			ask(in);
		break;
	case 3: case 4: case 5:
		if (ring)
			respond(in);
		break;
	case 6:
		if (ring)
			meddle(in);
		break;
	case 7:
		b.host.now_ns++;
		blk_front_tick(&front);
		break;
	case 8:
		expire();
		break;
	case 9:
		offer_something(in);
		step();
		break;
	case 10:
		some_state(in);
		step();
		break;
	case 11:
		if (what >> 6 == 3)
			front_peer_set(&b.host, FRONT_PEER_DIR "/state", NULL);
		if (what >> 6 == 2)
			b.host.store_fails = b.host.store_begun + 1;
		if (what >> 6 == 1)
			b.host.store_again = in8(in);
		step();
		break;
	case 12:
		if (what >> 6 == 3)
			blk_front_close(&front);
		step();
		break;
	default:
		break;
	}
}

static void wind_down(void)
{
	static const char *const goodbye[] = { "5", "6", NULL };

	blk_front_close(&front);
	for (unsigned int i = 0; i < 3; i++) {
		front_peer_offer(&b.host, "state", goodbye[i]);
		step();
		while (reap())
			;
	}
	MUST(front.bus.phase == FRONT_CLOSED);
	/* swept, what was late is free as well */
	for (unsigned int i = 0; i < front.info.slots; i++)
		if (b.io[i].state == LATE)
			b.out--;
	MUST(!b.out && !front.busy && !front.in_flight);
	MUST(!front.pool || front.free_pages == front.info.pages);
	if (b.host.area_count)
		peer_untouched(&b.host.ring);
	blk_front_release(&front);
	front_peer_check_over(&b.host);
	MUST(!front.lost_pages == !(b.host.still_mapped && b.host.area_count));
}

void fuzz_one(struct input *in)
{
	set_up(in);
	while (!in_done(in)) {
		uint8_t what = in8(in);

		act(in, what);
		if (what & 16)
			push();
		if (what & 32)
			while (reap())
				;
	}
	wind_down();
}
