/* SPDX-License-Identifier: MIT */
/*
 * Connecting the block frontend: what the backend offers, what we share, what
 * it then says about the disk. Every number is held within bounds that this
 * file names; see the table of nodes in blkif.h.
 */
#include "frontends/blk/connect.h"

#include "lib/ring.h"

#include <errno.h>
#include <string.h>

#include <xen/io/protocols.h>

#define SECTOR_SIZE_MAX FRONT_PAGE_SIZE		/* a sector fits a segment */
#define PHYSICAL_SECTOR_SIZE_MAX (1u << 20)
#define DISCARD_GRANULARITY_MAX (1u << 30)

static bool is_power_of_2(uint64_t x)
{
	return x && !(x & (x - 1));
}

static unsigned int ring_slots(unsigned int order)
{
	size_t size = (size_t)FRONT_PAGE_SIZE << order;
	size_t entries = (size - offsetof(struct blkif_sring, ring)) /
		sizeof(union blkif_sring_entry);
	unsigned int slots = 1;

	while (slots * 2 <= entries)
		slots *= 2;
	return slots;
}

/* -- the offer ----------------------------------------------------------- */

static void read_offer(struct blk_front *f)
{
	struct blk_front_info *info = &f->info;
	unsigned int segments, most;

	memset(info, 0, sizeof(*info));
	f->ring_order = front_offer(&f->bus, "max-ring-page-order",
				    f->options.ring_order, 0);
	info->slots = ring_slots(f->ring_order);
	info->pages = f->options.pages;

	/* absent means that BLKIF_OP_INDIRECT is unknown */
	segments = front_offer(&f->bus, "feature-max-indirect-segments",
			       f->options.segments, 0);
	if (segments < BLKIF_MAX_SEGMENTS_PER_REQUEST)
		segments = BLKIF_MAX_SEGMENTS_PER_REQUEST;
	if (segments > f->options.segments)
		segments = f->options.segments;
	/* one request must never need more than the pool has */
	most = info->pages - 1;
	info->segments = segments < most ? segments : most;
}

/* -- what we share ------------------------------------------------------- */

static int share_pages(struct blk_front *f)
{
	const struct front_ops *ops = f->bus.ops;
	void PEER *area;
	int r;

	r = ops->pages_share(f->bus.host, f->bus.backend_id,
			     1u << f->ring_order, true, &area, f->ring_grefs);
	if (r)
		return r;
	f->sring = area;
	ring_store(&f->sring->req_event, 1);
	ring_store(&f->sring->rsp_event, 1);
	f->req_prod = f->req_pushed = f->rsp_cons = f->rsp_seen = 0;
	r = ops->pages_share(f->bus.host, f->bus.backend_id, f->info.pages,
			     true, &area, f->pool_grefs);
	if (r)
		return r;
	f->pool = area;
	r = ops->port_open(f->bus.host, f->bus.backend_id, &f->port);
	if (r)
		f->port = 0;
	return r;
}

static void unshare_pages(struct blk_front *f)
{
	const struct front_ops *ops = f->bus.ops;
	void *host = f->bus.host;

	if (f->port)
		ops->port_close(host, f->port);
	f->port = 0;
	if (f->sring && ops->pages_end(host, f->sring, f->ring_grefs,
				       1u << f->ring_order))
		f->lost_pages += 1u << f->ring_order;
	f->sring = NULL;
	if (f->pool && ops->pages_end(host, f->pool, f->pool_grefs,
				      f->info.pages))
		f->lost_pages += f->info.pages;
	f->pool = NULL;
}

static int write_ring_refs(struct blk_front *f, uint32_t tx)
{
	unsigned int i;
	int r = 0;

	if (!f->ring_order) {
		r = front_remove(&f->bus, tx, "ring-page-order");
		return r ? r : front_write_uint(&f->bus, tx, "ring-ref",
						f->ring_grefs[0]);
	}
	r = front_remove(&f->bus, tx, "ring-ref");
	if (r == 0)
		r = front_write_uint(&f->bus, tx, "ring-page-order",
				     f->ring_order);
	for (i = 0; r == 0 && i < 1u << f->ring_order; i++) {
		char node[24];
		struct front_text text = { .buf = node, .size = sizeof(node) };

		front_put(&text, "ring-ref");
		front_put_uint(&text, i);
		r = front_write_uint(&f->bus, tx, node, f->ring_grefs[i]);
	}
	return r;
}

static int write_nodes(void *arg, uint32_t tx)
{
	struct blk_front *f = arg;
	int r = write_ring_refs(f, tx);

	/* another frontend may have had the device before */
	if (r == 0)
		r = front_remove(&f->bus, tx, "multi-queue-num-queues");
	if (r == 0)
		r = front_write_uint(&f->bus, tx, "event-channel", f->port);
	if (r == 0)
		r = front_write(&f->bus, tx, "protocol",
				XEN_IO_PROTO_ABI_NATIVE);
	if (r == 0)
		r = front_write(&f->bus, tx, "feature-persistent", "1");
	return r ? r : front_bus_set(&f->bus, tx, BUS_INITIALISED);
}

static void publish(struct blk_front *f)
{
	int r;

	read_offer(f);
	r = share_pages(f);
	if (r) {
		front_bus_fail(&f->bus, r == -ENOSPC || r == -ENOMEM ?
			       "cannot grant the pages asked for" :
			       "cannot set up ring and event channel");
		return;
	}
	blk_front_pool_reset(f);
	r = front_transact(&f->bus, write_nodes, f);
	if (r) {
		front_bus_fail(&f->bus, "xenstore: cannot write our nodes");
		return;
	}
	front_bus_published(&f->bus);
}

/* -- what the backend says about the disk -------------------------------- */

/* The geometry into *INFO, or why it cannot be. */
static const char *read_geometry(struct blk_front *f,
				 struct blk_front_info *info)
{
	const char *dir = f->bus.backend;
	uint64_t value;
	int r;

	/* so that the size in bytes fits a signed 64-bit number */
	if (front_read_u64(&f->bus, dir, "sectors", 0,
			   INT64_MAX / BLK_FRONT_SECTOR_SIZE, &info->sectors))
		return "backend: sectors is absent or no possible size";
	r = front_read_u64(&f->bus, dir, "sector-size", BLK_FRONT_SECTOR_SIZE,
			   SECTOR_SIZE_MAX, &value);
	if (r == -ENOENT)
		value = BLK_FRONT_SECTOR_SIZE;
	else if (r || !is_power_of_2(value))
		return "backend: sector-size is not 512, 1024, 2048 or 4096";
	info->sector_size = value;
	r = front_read_u64(&f->bus, dir, "physical-sector-size",
			   info->sector_size, PHYSICAL_SECTOR_SIZE_MAX,
			   &value);
	/* only a hint: junk is as good as none */
	info->physical_sector_size = r == 0 && is_power_of_2(value) ?
		value : info->sector_size;
	return NULL;
}

static void read_flush(struct blk_front *f)
{
	f->info.flush = true;
	if (front_offer(&f->bus, "feature-flush-cache", 1, 0))
		f->flush_op = BLKIF_OP_FLUSH_DISKCACHE;
	else if (front_offer(&f->bus, "feature-barrier", 1, 0))
		f->flush_op = BLKIF_OP_WRITE_BARRIER;
	else
		f->info.flush = false;
}

static void read_discard(struct blk_front *f)
{
	uint64_t granularity;

	if (!front_offer(&f->bus, "feature-discard", 1, 0))
		return;
	if (front_read_u64(&f->bus, f->bus.backend, "discard-granularity",
			   f->info.sector_size, DISCARD_GRANULARITY_MAX,
			   &granularity) ||
	    granularity % f->info.sector_size)
		granularity = f->info.sector_size;
	f->info.discard = true;
	f->info.discard_granularity = granularity;
}

static void connect(struct blk_front *f)
{
	const char *fault = read_geometry(f, &f->info);
	unsigned int flags = front_offer(&f->bus, "info", UINT32_MAX, 0);

	if (!fault && !f->info.sectors)
		fault = "backend: sectors is 0: no medium";
	if (fault) {
		front_bus_fail(&f->bus, fault);
		return;
	}
	f->info.cdrom = flags & VDISK_CDROM;
	f->info.removable = flags & VDISK_REMOVABLE;
	f->info.read_only = flags & VDISK_READONLY;
	f->info.persistent = front_offer(&f->bus, "feature-persistent", 1, 0);
	read_flush(f);
	read_discard(f);
	if (front_bus_set(&f->bus, 0, BUS_CONNECTED)) {
		front_bus_fail(&f->bus, "xenstore: cannot write our state");
		return;
	}
	front_bus_connected(&f->bus);
}

/*
 * The size may change while we run. Requests in flight past a new end are the
 * backend's to refuse; the next ones we refuse ourselves. The sector size may
 * not: requests were accepted by it.
 */
static void refresh(struct blk_front *f)
{
	struct blk_front_info info = f->info;
	const char *fault = read_geometry(f, &info);

	if (!fault && info.sector_size != f->info.sector_size)
		fault = "backend: sector-size changed while connected";
	if (fault)
		front_bus_fail(&f->bus, fault);
	else
		f->info.sectors = info.sectors;
}

/* -- life ---------------------------------------------------------------- */

int blk_front_open(struct blk_front *f, const struct front_ops *ops,
		   void *host, const char *dir,
		   const struct blk_front_options *options)
{
	if (options->ring_order > BLK_FRONT_ORDER_MAX ||
	    options->pages < BLKIF_MAX_SEGMENTS_PER_REQUEST + 1 ||
	    options->pages > BLK_FRONT_PAGES_MAX ||
	    options->segments < BLKIF_MAX_SEGMENTS_PER_REQUEST ||
	    options->segments > BLK_FRONT_SEGMENTS_MAX)
		return -EINVAL;
	memset(f, 0, sizeof(*f));
	f->options = *options;
	return front_bus_open(&f->bus, ops, host, dir, false);
}

enum front_phase blk_front_step(struct blk_front *f)
{
	for (;;) {
		switch (front_bus_step(&f->bus, f->in_flight)) {
		case FRONT_AGAIN:
			break;
		case FRONT_PUBLISH:
			publish(f);
			break;
		case FRONT_CONNECT:
			connect(f);
			break;
		case FRONT_REFRESH:
			refresh(f);
			if (f->bus.failed)
				break;
			return f->bus.phase;
		case FRONT_NOTHING:
			return f->bus.phase;
		}
	}
}

void blk_front_close(struct blk_front *f)
{
	front_bus_close(&f->bus);
}

void blk_front_release(struct blk_front *f)
{
	front_bus_release(&f->bus);
	unshare_pages(f);
}
