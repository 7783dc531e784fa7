/* SPDX-License-Identifier: MIT */
/* The ring of the block frontend: requests, responses, the pool; core.h. */
#include "frontends/blk/core.h"
#include "frontends/blk/connect.h"
#include "lib/overflow.h"
#include "lib/ring.h"

#include <errno.h>
#include <string.h>

#define NONE UINT16_MAX

/* blkif.h: sizes of what crosses the boundary on x86_64 */
_Static_assert(sizeof(struct blkif_request) == 112, "blkif_request");
_Static_assert(sizeof(struct blkif_request_discard) <= 112, "discard");
_Static_assert(sizeof(struct blkif_request_indirect) <= 112, "indirect");
_Static_assert(sizeof(struct blkif_response) == 16, "blkif_response");
_Static_assert(sizeof(struct blkif_request_segment) == 8, "segment");
_Static_assert(BLK_FRONT_SEGMENTS_MAX * sizeof(struct blkif_request_segment) <=
	       FRONT_PAGE_SIZE, "segments of a request fit one page");
_Static_assert(BLK_FRONT_PAGES_MAX < NONE, "page numbers are 16 bits");

/* -- the pool ------------------------------------------------------------ */

void blk_front_pool_reset(struct blk_front *f)
{
	unsigned int i;

	for (i = 0; i < f->info.pages; i++)
		f->next_page[i] = i + 1 < f->info.pages ? i + 1 : NONE;
	f->free_page = f->info.pages ? 0 : NONE;
	f->free_pages = f->info.pages;
	memset(f->io, 0, sizeof(f->io));
	for (i = 0; i < f->info.slots; i++)
		f->io[i].next_free = i + 1 < f->info.slots ? i + 1 : NONE;
	f->free_io = 0;
	f->busy = f->in_flight = f->swept = 0;
}

static void PEER *page_at(struct blk_front *f, unsigned int page)
{
	return f->pool + (size_t)page * FRONT_PAGE_SIZE;
}

/* COUNT pages as a chain; last in, first out keeps few pages hot. */
static uint16_t take_pages(struct blk_front *f, unsigned int count)
{
	uint16_t first = f->free_page, last = first;
	unsigned int i;

	if (!count)
		return NONE;
	for (i = 1; i < count; i++)
		last = f->next_page[last];
	f->free_page = f->next_page[last];
	f->next_page[last] = NONE;
	f->free_pages -= count;
	return first;
}

static void give_pages(struct blk_front *f, uint16_t first)
{
	while (first != NONE) {
		uint16_t next = f->next_page[first];

		f->next_page[first] = f->free_page;
		f->free_page = first;
		f->free_pages++;
		first = next;
	}
}

unsigned int blk_front_vec(struct blk_front *f, const struct blk_io *io,
			   size_t offset, struct blk_front_vec *vec,
			   unsigned int count)
{
	uint16_t page = io->first_page;
	size_t left = io->pages ? io->size : 0;
	unsigned int n = 0;

	for (; page != NONE && left; page = f->next_page[page]) {
		size_t size = left < FRONT_PAGE_SIZE ? left : FRONT_PAGE_SIZE;
		/* whoever fills or empties them judges nothing in there */
		uint8_t *base = (PEER_FORCE uint8_t *)page_at(f, page);

		left -= size;
		if (offset >= size) {
			offset -= size;
			continue;
		}
		base += offset;
		size -= offset;
		offset = 0;
		if (n && (uint8_t *)vec[n - 1].base + vec[n - 1].size == base) {
			vec[n - 1].size += size;
			continue;
		}
		if (n == count)
			break;
		vec[n++] = (struct blk_front_vec) { .base = base, .size = size };
	}
	return n;
}

void blk_front_fill(struct blk_front *f, const struct blk_io *io,
		    const void *data)
{
	const uint8_t *from = data;
	struct blk_front_vec vec;
	size_t done = 0;

	while (done < io->size && blk_front_vec(f, io, done, &vec, 1)) {
		memcpy(vec.base, from + done, vec.size);
		done += vec.size;
	}
}

void blk_front_drain(struct blk_front *f, const struct blk_io *io, void *data)
{
	uint8_t *to = data;
	struct blk_front_vec vec;
	size_t done = 0;

	while (done < io->size && blk_front_vec(f, io, done, &vec, 1)) {
		memcpy(to + done, vec.base, vec.size);
		done += vec.size;
	}
}

/* -- requests ------------------------------------------------------------ */

static int check_request(const struct blk_front *f, enum blk_front_op op,
			 uint64_t start, uint64_t size)
{
	const struct blk_front_info *info = &f->info;

	if (!blk_front_running(f))
		return -EIO;
	if (op == BLK_FRONT_FLUSH)
		return info->flush ? 0 : -EOPNOTSUPP;
	if (op != BLK_FRONT_READ && info->read_only)
		return -EROFS;
	if (op == BLK_FRONT_DISCARD && !info->discard)
		return -EOPNOTSUPP;
	if (!size || size % info->sector_size ||
	    start % (info->sector_size / BLK_FRONT_SECTOR_SIZE))
		return -EINVAL;
	if (!range_within(start, size / BLK_FRONT_SECTOR_SIZE, info->sectors))
		return -ENOSPC;
	if (op != BLK_FRONT_DISCARD &&
	    size > (uint64_t)info->segments * FRONT_PAGE_SIZE)
		return -EINVAL;
	return 0;
}

/* What lies behind the data in the last page is not the backend's to see. */
static void clear_tail(struct blk_front *f, const struct blk_io *io)
{
	size_t tail = io->size % FRONT_PAGE_SIZE;
	uint16_t page = io->first_page;

	if (!tail)
		return;
	while (f->next_page[page] != NONE)
		page = f->next_page[page];
	peer_zero((uint8_t PEER *)page_at(f, page) + tail,
		  FRONT_PAGE_SIZE - tail);
}

struct blk_io *blk_front_reserve(struct blk_front *f, enum blk_front_op op,
				 uint64_t start, uint64_t size, int *why)
{
	bool has_data = op == BLK_FRONT_READ || op == BLK_FRONT_WRITE;
	unsigned int pages, indirect;
	struct blk_io *io;

	*why = check_request(f, op, start, size);
	if (*why)
		return NULL;
	pages = has_data ? (size + FRONT_PAGE_SIZE - 1) / FRONT_PAGE_SIZE : 0;
	indirect = pages > BLKIF_MAX_SEGMENTS_PER_REQUEST;
	if (f->free_io == NONE || f->free_pages < pages + indirect) {
		*why = -EAGAIN;
		return NULL;
	}
	io = &f->io[f->free_io];
	f->free_io = io->next_free;
	f->busy++;
	*io = (struct blk_io) {
		.start = start,
		.size = has_data || op == BLK_FRONT_DISCARD ? size : 0,
		.op = op,
		.state = BLK_IO_RESERVED,
		.first_page = take_pages(f, pages),
		.pages = pages,
		.indirect_page = take_pages(f, indirect),
		.next_free = NONE,
	};
	if (has_data)
		clear_tail(f, io);
	return io;
}

void blk_front_free(struct blk_front *f, struct blk_io *io)
{
	give_pages(f, io->first_page);
	give_pages(f, io->indirect_page);
	io->state = BLK_IO_FREE;
	io->next_free = f->free_io;
	f->free_io = io - f->io;
	f->busy--;
}

static void fill_segments(struct blk_front *f, const struct blk_io *io,
			  struct blkif_request_segment *segments)
{
	uint64_t left = io->size / BLK_FRONT_SECTOR_SIZE;
	uint16_t page = io->first_page;
	unsigned int i;

	for (i = 0; i < io->pages; i++, page = f->next_page[page]) {
		unsigned int sectors = FRONT_PAGE_SIZE / BLK_FRONT_SECTOR_SIZE;

		if (left < sectors)
			sectors = left;
		left -= sectors;
		segments[i] = (struct blkif_request_segment) {
			.gref = f->pool_grefs[page],
			.first_sect = 0,
			.last_sect = sectors - 1,
		};
	}
}

static void put_direct(struct blk_front *f, struct blk_io *io,
		       struct blkif_request *req)
{
	req->operation = io->ring_op;
	req->nr_segments = io->pages;
	req->sector_number = io->start;
	fill_segments(f, io, req->seg);
}

static void put_indirect(struct blk_front *f, struct blk_io *io,
			 struct blkif_request *req)
{
	struct blkif_request_indirect indirect = {
		.operation = BLKIF_OP_INDIRECT,
		.indirect_op = io->ring_op,
		.nr_segments = io->pages,
		.id = io - f->io,
		.sector_number = io->start,
		.indirect_grefs = { f->pool_grefs[io->indirect_page] },
	};
	uint8_t PEER *page = page_at(f, io->indirect_page);
	size_t used = io->pages * sizeof(struct blkif_request_segment);

	/* written, and never read back */
	fill_segments(f, io, (PEER_FORCE struct blkif_request_segment *)page);
	peer_zero(page + used, FRONT_PAGE_SIZE - used);
	memcpy(req, &indirect, sizeof(indirect));
}

static void put_discard(struct blk_front *f, struct blk_io *io,
			struct blkif_request *req)
{
	struct blkif_request_discard discard = {
		.operation = BLKIF_OP_DISCARD,
		.id = io - f->io,
		.sector_number = io->start,
		.nr_sectors = io->size / BLK_FRONT_SECTOR_SIZE,
	};

	memcpy(req, &discard, sizeof(discard));
}

/* The next entry of the ring: to be written, and never read back. */
static struct blkif_request *next_request(struct blk_front *f,
					  const struct blk_io *io)
{
	struct blkif_request *req = (PEER_FORCE struct blkif_request *)
		&f->sring->ring[f->req_prod++ & (f->info.slots - 1)].req;

	*req = (struct blkif_request){ .id = io - f->io };
	return req;
}

void blk_front_submit(struct blk_front *f, struct blk_io *io)
{
	struct blkif_request *req;

	io->state = BLK_IO_IN_FLIGHT;
	io->since_ns = f->clock_ns;
	f->in_flight++;
	f->submitted++;
	/* the connection ended between reserve and here: reap() returns it */
	if (!blk_front_running(f)) {
		f->swept = 0;
		return;
	}

	req = next_request(f, io);
	switch ((enum blk_front_op)io->op) {
	case BLK_FRONT_READ:
	case BLK_FRONT_WRITE:
		io->ring_op = io->op == BLK_FRONT_READ ?
			BLKIF_OP_READ : BLKIF_OP_WRITE;
		if (io->indirect_page != NONE)
			put_indirect(f, io, req);
		else
			put_direct(f, io, req);
		break;
	case BLK_FRONT_FLUSH:
		io->ring_op = f->flush_op;
		put_direct(f, io, req);
		break;
	case BLK_FRONT_DISCARD:
		io->ring_op = BLKIF_OP_DISCARD;
		put_discard(f, io, req);
		break;
	}
}

void blk_front_push(struct blk_front *f)
{
	uint32_t old = f->req_pushed;

	if (f->req_prod == old || !f->sring)
		return;
	ring_publish(&f->sring->req_prod, f->req_prod);
	f->req_pushed = f->req_prod;
	if (ring_must_notify(old, f->req_prod, &f->sring->req_event)) {
		f->notifies++;
		f->bus.ops->port_notify(f->bus.host, f->port);
	}
}

/* -- responses ----------------------------------------------------------- */

static int result_of(struct blk_front *f, const struct blk_io *io, int status)
{
	if (status == BLKIF_RSP_OKAY)
		return 0;
	f->errors++;
	if (status == BLKIF_RSP_EOPNOTSUPP && io->op == BLK_FRONT_DISCARD) {
		f->info.discard = false;
		return -EOPNOTSUPP;
	}
	/*
	 * A flush that "is not supported" after it was offered did not reach
	 * the disk. That is an error like another, and never a success.
	 */
	return -EIO;
}

/* What is wrong with this response, or NULL. */
static const char *response_fault(const struct blk_front *f,
				  const struct blkif_response *rsp)
{
	const struct blk_io *io;

	if (rsp->id >= f->info.slots)
		return "is no request's";
	io = &f->io[rsp->id];
	if (io->state != BLK_IO_IN_FLIGHT && io->state != BLK_IO_LATE)
		return "is not in flight";
	/* an indirect request is answered as what it carries, or as itself */
	if (rsp->operation != io->ring_op &&
	    (io->indirect_page == NONE || rsp->operation != BLKIF_OP_INDIRECT))
		return "was answered as another operation";
	if (rsp->status > 0)
		return "was answered with a status above 0";
	return NULL;
}

static void ring_fault(struct blk_front *f, const char *what, uint64_t number,
		       const char *why)
{
	char reason[FRONT_REASON_MAX];

	front_reason(reason, sizeof(reason), what, number, why);
	front_bus_fail(&f->bus, reason);
}

/* Are there responses to look at? Asks for an event when there are not. */
static bool look_for_responses(struct blk_front *f)
{
	struct blkif_sring PEER *sring = f->sring;
	uint32_t prod;

	if (f->rsp_cons != f->rsp_seen)
		return true;
	prod = ring_snapshot(&sring->rsp_prod);
	if (prod == f->rsp_cons) {
		if (!ring_final_check(f->rsp_cons, &sring->rsp_event,
				      &sring->rsp_prod))
			return false;
		prod = ring_snapshot(&sring->rsp_prod);
	}
	if (!ring_prod_sane(prod, f->rsp_cons, f->req_pushed - f->rsp_cons)) {
		ring_fault(f, "backend: rsp_prod", prod,
			   "answers more than was asked");
		return false;
	}
	f->rsp_seen = prod;
	return prod != f->rsp_cons;
}

/* A dead connection: hand back, one by one, what will not be answered. */
static struct blk_io *sweep(struct blk_front *f)
{
	while (f->swept < f->info.slots) {
		struct blk_io *io = &f->io[f->swept++];

		if (io->state != BLK_IO_IN_FLIGHT && io->state != BLK_IO_LATE)
			continue;
		f->in_flight--;
		f->errors++;
		if (io->state == BLK_IO_LATE) {
			blk_front_free(f, io);
			continue;
		}
		io->state = BLK_IO_DONE;
		io->result = -EIO;
		return io;
	}
	return NULL;
}

/* May still read answers: connected, or closing in good order. */
static bool ring_alive(const struct blk_front *f)
{
	return f->sring && !f->bus.failed &&
		(f->bus.phase == FRONT_RUNNING || f->bus.phase == FRONT_CLOSING);
}

struct blk_io *blk_front_reap(struct blk_front *f)
{
	while (ring_alive(f) && look_for_responses(f)) {
		struct blkif_response rsp;
		struct blk_io *io;
		const char *fault;

		ring_copy(&rsp, &f->sring->ring[f->rsp_cons &
						(f->info.slots - 1)].rsp,
			  sizeof(rsp));
		f->rsp_cons++;
		fault = response_fault(f, &rsp);
		if (fault) {
			ring_fault(f, "backend: response id", rsp.id, fault);
			break;
		}
		io = &f->io[rsp.id];
		f->in_flight--;
		f->completed++;
		io->result = result_of(f, io, rsp.status);
		if (io->state == BLK_IO_LATE) {
			blk_front_free(f, io);
			continue;
		}
		io->state = BLK_IO_DONE;
		return io;
	}
	if (f->bus.failed || f->bus.phase == FRONT_CLOSED)
		return sweep(f);
	return NULL;
}

/* -- time ---------------------------------------------------------------- */

void blk_front_tick(struct blk_front *f)
{
	f->clock_ns = f->bus.ops->now_ns(f->bus.host);
}

struct blk_io *blk_front_expire(struct blk_front *f, uint64_t before_ns)
{
	unsigned int i;

	for (i = 0; i < f->info.slots; i++) {
		struct blk_io *io = &f->io[i];

		if (io->state != BLK_IO_IN_FLIGHT || io->since_ns > before_ns)
			continue;
		io->state = BLK_IO_LATE;
		io->result = -ETIMEDOUT;
		f->errors++;
		return io;
	}
	return NULL;
}
