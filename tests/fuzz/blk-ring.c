/* SPDX-License-Identifier: MIT */
/*
 * The block backend's ring: a guest that writes whatever it likes, at any
 * time. What comes out is held against blkif.h as this file reads it:
 *
 *	- a producer index is believed exactly when it is possible,
 *	- a request is what the entry held in the one moment it was looked at,
 *	- it is accepted exactly when it is within what was offered, and then
 *	  lies within the disk and each segment within its page,
 *	- each request gets one answer, with its id and operation, in a response
 *	  whose other bytes are zero; nothing else of the ring is written.
 */
#include "backends/blk/core.h"
#include "tests/fuzz/ring.h"

#include <errno.h>


/* blkif.h, as a compiler for x86_64 and one for i386 lay it out. */
struct layout {
	size_t entry, id, sector, segs, discard_sectors, grefs;
	size_t response, op, status;
};

static const struct layout layouts[] = {
	[BLK_ABI_X86_64] = { 112, 8, 16, 24, 24, 28, 16, 8, 10 },
	[BLK_ABI_X86_32] = { 108, 4, 12, 20, 20, 24, 12, 8, 10 },
};

enum { READ, WRITE, BARRIER, FLUSH, RESERVED, DISCARD, INDIRECT };

static _Alignas(4096) uint8_t memory[BLK_RING_PAGES_MAX * BLK_PAGE_SIZE];
static uint8_t truth[sizeof(memory)];

/* One input's world. */
static struct bench {
	struct blk_ring ring;
	struct blk_limits limits;
	const struct layout *l;
	struct peer_area area;
	uint32_t size;			/* entries, as we count them */
	uint32_t prod;			/* where the guest puts the next one */
	uint32_t cons, answered, pushed;	/* the backend's, as they must be */
	uint32_t shown_prod;
	uint8_t shown[112];		/* the entry that was looked at, */
	uint8_t seen[112];		/* as far as it was */
	uint32_t shown_at;
	unsigned int looks;		/* at an entry, since it was asked for */
	/* what was taken and is owed an answer, first in first out */
	struct owed {
		uint64_t id;
		uint8_t op;
		int16_t status;
	} owed[BLK_RING_SIZE_MAX];
	uint32_t owed_first, owed_end;
} b;

static void put64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static void looked(struct peer_area *a, size_t at, size_t size)
{
	uint32_t slot;
	size_t at_entry;

	if (at == REQ_PROD) {
		b.shown_prod = get32(a->truth);
		return;
	}
	if (at < SLOTS)
		return;		/* rsp_event: asked for in push() */
	slot = (uint32_t)((at - SLOTS) / b.l->entry);
	at_entry = (at - SLOTS) % b.l->entry;
	MUST(at_entry + size <= b.l->entry);
	if (!b.looks++) {
		b.shown_at = slot;
		memset(b.seen, 0, sizeof(b.seen));
	}
	/* one request a call, and no byte of it twice */
	MUST(slot == b.shown_at);
	for (size_t i = at_entry; i < at_entry + size; i++)
		MUST(!b.seen[i]++);
	memcpy(b.shown + at_entry, a->truth + at, size);
}

/* -- the guest -------------------------------------------------------------- */

static uint64_t some_sector(struct input *in, uint64_t count)
{
	uint64_t end = b.limits.sectors;

	switch (in8(in) % 10) {
	case 0: return 0;
	case 1: return end;
	case 2: return end - count;
	case 3: return end - count + 1;
	case 4: return UINT64_MAX;
	case 5: return UINT64_MAX - count + 1;
	case 6: return UINT64_C(1) << 63;
	case 7: return (uint64_t)in8(in) * 8;
	case 8: return in64(in);
	default: return in16(in);
	}
}

/* COUNT segments, most of them good. */
static void some_segments(struct input *in, uint8_t *segs, unsigned int count)
{
	unsigned int kind = in8(in);

	for (unsigned int i = 0; i < count; i++, segs += 8) {
		uint8_t first = 0, last = 7;

		if (kind & 1) {
			uint8_t v = in8(in);

			first = v & 7;
			last = v >> 4;
		}
		memset(segs, 0, 8);
		segs[0] = (uint8_t)i;
		segs[4] = first;
		segs[5] = kind & 2 && i + 1 == count ? in8(in) : last;
	}
}

static void put_request(struct input *in)
{
	static const uint8_t ops[] = { READ, WRITE, FLUSH, DISCARD, INDIRECT,
				       BARRIER, RESERVED, 7, 255, READ };
	static const uint8_t counts[] = { 1, 11, 12, 0, 32, 255, 3, 1 };
	uint8_t kind = in8(in);
	uint8_t op = ops[kind % sizeof(ops)];
	uint8_t count = counts[kind / 32];
	uint8_t *e = b.area.truth + SLOTS +
		     (b.prod & (b.size - 1)) * b.l->entry;

	b.prod++;
	if (kind >= 0xfc) {	/* anything at all */
		in_bytes(in, e, b.l->entry);
		return;
	}
	memset(e, 0, b.l->entry);
	e[0] = op;
	e[1] = count;
	e[2] = in8(in);
	put64(e + b.l->id, in8(in) < 250 ? b.prod : UINT64_MAX);
	switch (op) {
	case DISCARD:
		count = in8(in);
		put64(e + b.l->sector, some_sector(in, count));
		put64(e + b.l->discard_sectors,
		      count < 250 ? count : some_sector(in, 0));
		break;
	case INDIRECT:
		e[1] = in8(in) % 8;
		if (e[1] > 1 && e[1] < 6)
			e[1] &= 1;
		e[2] = in8(in);
		e[3] = in8(in) & 1;
		put64(e + b.l->sector,
		      some_sector(in, 8 * (e[2] | (uint64_t)e[3] << 8)));
		break;
	default:
		put64(e + b.l->sector, some_sector(in, count * 8u));
		some_segments(in, e + b.l->segs,
			      count < 11 ? count : 11);
	}
}

/* -- what must come of it ---------------------------------------------------- */

/* Is the range within the disk? In numbers that cannot wrap. */
static bool on_disk(uint64_t sector, uint64_t count)
{
	return (unsigned __int128)sector + count <= b.limits.sectors;
}

/* The entry alone: 0, or the status it must be refused with. */
static int judge_entry(const uint8_t *e)
{
	const struct blk_limits *lim = &b.limits;
	uint16_t count = e[1];

	switch (e[0]) {
	case READ:
		return count >= 1 && count <= 11 ? 0 : -1;
	case WRITE:
		return count >= 1 && count <= 11 && !lim->readonly ? 0 : -1;
	case FLUSH:
		if (!lim->flush)
			return -2;
		return count <= 11 && !(count && lim->readonly) ? 0 : -1;
	case INDIRECT:
		if (!lim->indirect_max)
			return -2;
		count = get16(e + 2);
		if (e[1] != READ && e[1] != WRITE)
			return -1;
		return count >= 1 && count <= lim->indirect_max &&
		       !(e[1] == WRITE && lim->readonly) ? 0 : -1;
	case DISCARD:
		if (!lim->discard)
			return -2;
		return !lim->readonly && get64(e + b.l->discard_sectors) &&
		       on_disk(get64(e + b.l->sector),
			       get64(e + b.l->discard_sectors)) &&
		       get64(e + b.l->sector) % lim->block_sectors == 0 &&
		       get64(e + b.l->discard_sectors) %
		       lim->block_sectors == 0 ? 0 : -1;
	default:
		return -2;
	}
}

/* The private copy is what the entry held when it was looked at. */
static void check_copy(const struct blk_raw *raw)
{
	const uint8_t *e = b.shown;

	MUST(b.looks);
	MUST(b.shown_at == (b.cons & (b.size - 1)));
	MUST(raw->op == e[0]);
	MUST(raw->id == get64(e + b.l->id));
	MUST(raw->sector == get64(e + b.l->sector));
	switch (raw->op) {
	case INDIRECT:
		MUST(raw->indirect_op == e[1]);
		MUST(raw->count == get16(e + 2));
		MUST(!memcmp(raw->grefs, e + b.l->grefs, 8 * 4));
		break;
	case DISCARD:
		MUST(raw->discard_sectors == get64(e + b.l->discard_sectors));
		break;
	default:
		MUST(raw->count == e[1]);
		MUST(!memcmp(raw->segs, e + b.l->segs, 11 * 8));
		break;
	}
}

/* All of SEGS are good, and so is what they sum up to. */
static bool segments_good(const struct blk_seg *segs, unsigned int count,
			  uint64_t sector)
{
	unsigned int block = b.limits.block_sectors;
	uint64_t sum = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (segs[i].last > 7 || segs[i].first > segs[i].last ||
		    segs[i].first % block || (segs[i].last + 1u) % block)
			return false;
		sum += 1u + segs[i].last - segs[i].first;
	}
	return !sum || (sector % block == 0 && on_disk(sector, sum));
}

static int16_t check_segments(struct input *in, const struct blk_raw *raw,
			      struct blk_req *req)
{
	struct blk_seg indirect[BLK_SEGS_MAX];
	const struct blk_seg *segs = raw->segs;
	enum blk_refusal why;
	uint64_t bytes = 0;

	if (req->indirect) {
		some_segments(in, (uint8_t *)indirect, req->count);
		segs = indirect;
	}
	why = blk_check_segs(&b.limits, segs, req);
	MUST((why == BLK_ACCEPTED) ==
	     segments_good(segs, req->count, raw->sector));
	if (why) {
		MUST(blk_refusal_status(why) == -1);
		return -1;
	}
	for (unsigned int i = 0; i < req->count; i++) {
		MUST(blk_seg_offset(&segs[i]) + blk_seg_size(&segs[i]) <=
		     BLK_PAGE_SIZE);
		bytes += blk_seg_size(&segs[i]);
	}
	MUST(bytes == req->sectors * BLK_SECTOR_SIZE);
	MUST(!req->count || on_disk(req->sector, req->sectors));
	return 0;
}

static int16_t check_request(struct input *in, const struct blk_raw *raw,
			     struct owed *owed)
{
	static const uint8_t ops[] = {
		[READ] = BLK_READ, [WRITE] = BLK_WRITE, [FLUSH] = BLK_FLUSH,
		[DISCARD] = BLK_DISCARD,
	};
	struct blk_req req;
	enum blk_refusal why = blk_check(&b.limits, raw, &req);
	int want = judge_entry(b.shown);

	MUST(why < BLK_REFUSALS && blk_refusal_text(why)[0]);
	MUST(blk_refusal_status(why) == want);
	MUST(req.id == raw->id);
	*owed = (struct owed){
		.id = req.id,
		.op = b.shown[0] == INDIRECT ? b.shown[1] : b.shown[0],
	};
	MUST(req.wire_op == owed->op);
	if (why)
		return (int16_t)want;
	MUST(req.op == ops[owed->op]);
	MUST(req.sector == raw->sector);
	MUST(req.indirect == (b.shown[0] == INDIRECT));
	MUST(!b.limits.readonly || req.op == BLK_READ ||
	     (req.op == BLK_FLUSH && !req.count));
	if (req.op == BLK_DISCARD) {
		MUST(req.sectors && on_disk(req.sector, req.sectors));
		MUST(!req.count);
		return 0;
	}
	return check_segments(in, raw, &req);
}

/* -- the backend's turn ------------------------------------------------------- */

/* False: the ring is dead, and must be so. */
static bool take_all(struct input *in)
{
	int pending = blk_ring_pending(&b.ring);
	uint32_t prod = b.shown_prod;
	bool possible = ring_possible(prod, b.answered, b.cons, b.size);

	fuzz_states++;
	MUST(pending == (possible ? (int)(prod - b.cons) : -EPROTO));
	if (!possible)
		return false;
	for (int i = 0; i < pending; i++) {
		struct owed *owed = &b.owed[b.owed_end++ & (b.size - 1)];
		struct blk_raw raw;

		memset(&raw, 0xa5, sizeof(raw));
		b.looks = 0;
		blk_ring_take(&b.ring, &raw);
		check_copy(&raw);
		b.cons++;
		owed->status = check_request(in, &raw, owed);
	}
	MUST(b.owed_end - b.owed_first <= b.size);
	return true;
}

static void answer(unsigned int count)
{
	while (count-- && b.owed_first != b.owed_end) {
		struct owed *o = &b.owed[b.owed_first++ & (b.size - 1)];
		uint8_t want[16] = { 0 };

		blk_ring_answer(&b.ring, o->id, o->op, o->status);
		memcpy(want, &o->id, 8);
		want[b.l->op] = o->op;
		memcpy(want + b.l->status, &o->status, 2);
		peer_expect(&b.area, SLOTS + (b.answered & (b.size - 1)) *
			    b.l->entry, want, b.l->response);
		b.answered++;
	}
}

static void push(void)
{
	ring_published(&b.area, b.pushed, b.answered, blk_ring_push(&b.ring));
	b.pushed = b.answered;
}

static void sleep_and_look(void)
{
	bool more = blk_ring_final_check(&b.ring);

	ring_slept(&b.area, b.shown_prod, b.cons, more);
}

/* -- a run -------------------------------------------------------------------- */

static void set_up(struct input *in)
{
	static const uint16_t indirect[] = { 0, 32, 256, 1 };
	static const uint64_t disks[] = { 8192, 8, 0, UINT64_MAX / 512 };
	uint8_t shape = in8(in), offer = in8(in);
	enum blk_abi abi = shape & 1 ? BLK_ABI_X86_32 : BLK_ABI_X86_64;
	unsigned int pages = 1u << (shape >> 1 & 7) % 5;
	uint32_t seed = in16(in);

	memset(&b, 0, offsetof(struct bench, owed));
	b.owed_first = b.owed_end = 0;
	b.l = &layouts[abi];
	b.limits = (struct blk_limits){
		.readonly = offer & 1,
		.flush = offer & 2,
		.discard = offer & 4,
		.block_sectors = offer & 8 ? 8 : 1,
		.indirect_max = indirect[offer >> 4 & 3],
		.sectors = disks[offer >> 6],
	};
	for (b.size = 1; SLOTS + 2 * b.size * b.l->entry <=
	     (size_t)pages * BLK_PAGE_SIZE;)
		b.size *= 2;
	b.area = (struct peer_area){
		.base = memory, .truth = truth, .looked = looked,
		.size = (size_t)pages * BLK_PAGE_SIZE,
	};
	memset(truth, 0, b.area.size);
	peer_begin(seed, ring_chance(shape >> 5));
	peer_share(&b.area);
	blk_ring_init(&b.ring, memory, pages, abi);
	MUST(b.ring.size == b.size);
	if (shape & 0x80) {	/* as after four billion requests */
		b.prod = b.cons = b.answered = b.pushed = UINT32_MAX - 2;
		b.ring.req_cons = b.ring.rsp_prod = b.ring.rsp_pushed = b.cons;
	}
	peer_put32(&b.area, REQ_PROD, b.prod);
	peer_put32(&b.area, RSP_EVENT, b.pushed + 1);
}

/* Some things that the guest does between two turns. */
static void guest_acts(struct input *in, uint8_t what)
{
	for (unsigned int i = what & 3; i; i--)
		put_request(in);
	ring_guest(&b.area, in, what >> 2 & 7, b.prod, b.pushed);
}

void fuzz_one(struct input *in)
{
	set_up(in);
	while (!in_done(in)) {
		uint8_t what = in8(in);

		guest_acts(in, what);
		if (!take_all(in))
			break;
		answer(what & 0x20 ? b.size : what & 1);
		if (what & 0x40)
			push();
		if (what & 0x80)
			sleep_and_look();
	}
	/* a dead ring's requests are answered all the same */
	answer(b.size);
	push();
	MUST(b.owed_first == b.owed_end && b.answered == b.cons);
	peer_untouched(&b.area);
}
