/* SPDX-License-Identifier: MIT */
/*
 * xl-lite-blkd: disks for guests. What the supervisor does for a disk: read
 * what the toolstack wrote, open the image, offer features, read what the
 * frontend wrote, and hand it all to the worker (attach.c).
 */
#include "config.h"

#include "backends/blk/counters.h"
#include "backends/blk/image.h"
#include "backends/blk/ringconf.h"
#include "backends/blk/vbd.h"
#include "lib/backend.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define IMAGE_PATH_MAX STORE_VALUE_MAX

struct vbd {
	struct backend_device dev;
	struct image image;
	bool medium;			/* false: an empty CD-ROM drive */
	bool cdrom, removable, discard;
	char path[IMAGE_PATH_MAX];
};

/* -- what the toolstack wrote --------------------------------------------------- */

static int read_mode(struct vbd *vbd, bool *readonly)
{
	struct backend_device *dev = &vbd->dev;
	char mode[8];
	int r = store_read(dev->store, XBT_NULL, dev->path, "mode", mode,
			   sizeof(mode));

	if (r < 0)
		return backend_fail(dev, r, "mode cannot be read");
	if (strcmp(mode, "r") && strcmp(mode, "w"))
		return backend_fail(dev, -EPROTO, "mode is '%s': want r or w",
				    mode);
	*readonly = mode[0] == 'r';
	return 0;
}

static int read_device_type(struct vbd *vbd)
{
	struct backend_device *dev = &vbd->dev;
	char type[16];
	int r = store_read(dev->store, XBT_NULL, dev->path, "device-type",
			   type, sizeof(type));

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return backend_fail(dev, r, "device-type cannot be read");
	if (strcmp(type, "disk") && strcmp(type, "cdrom"))
		return backend_fail(dev, -EPROTO, "device-type is '%s': want "
				    "disk or cdrom", type);
	vbd->cdrom = type[0] == 'c';
	return 0;
}

static int read_flag(struct vbd *vbd, const char *node, bool deflt, bool *ret)
{
	struct backend_device *dev = &vbd->dev;
	unsigned int n;
	int r = store_read_uint_or(dev->store, XBT_NULL, dev->path, node, 0, 1,
				   deflt, &n);

	if (r < 0)
		return backend_fail(dev, r, "%s: want 0 or 1", node);
	*ret = n;
	return 0;
}

static int read_params(struct vbd *vbd)
{
	struct backend_device *dev = &vbd->dev;
	int r = store_read(dev->store, XBT_NULL, dev->path, "params",
			   vbd->path, sizeof(vbd->path));

	if (r == -ENOENT && vbd->cdrom)
		vbd->path[0] = '\0';
	else if (r < 0)
		return backend_fail(dev, r, "params, the image's path, cannot "
				    "be read");
	vbd->medium = vbd->path[0];
	if (!vbd->medium && !vbd->cdrom)
		return backend_fail(dev, -EPROTO,
				    "params is empty: a disk needs an image");
	if (vbd->medium && vbd->path[0] != '/')
		return backend_fail(dev, -EPROTO, "params is '%s': want the "
				    "absolute path of a raw image",
				    vbd->path);
	return 0;
}

/* -- who has our image? ------------------------------------------------------------ */

static bool same_image(struct vbd *vbd, const char *dir, const char *devid)
{
	char path[BACKEND_PATH_MAX + 32], params[IMAGE_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, devid);
	return strcmp(path, vbd->dev.path) &&
	       !store_read(vbd->dev.store, XBT_NULL, path, "params", params,
			   sizeof(params)) &&
	       !strcmp(params, vbd->path);
}

static bool guest_has(struct vbd *vbd, const char *kind_dir,
		      const char *domid, char *buf, size_t size)
{
	CLEANUP_FREE char **devids = NULL;
	char dir[BACKEND_PATH_MAX + 16];
	unsigned int n;

	snprintf(dir, sizeof(dir), "%s/%s", kind_dir, domid);
	if (store_list(vbd->dev.store, XBT_NULL, dir, NULL, &devids, &n) < 0)
		return false;
	for (unsigned int i = 0; i < n; i++)
		if (same_image(vbd, dir, devids[i])) {
			snprintf(buf, size, " (domain %s has it as vbd %s)",
				 domid, devids[i]);
			return true;
		}
	return false;
}

/* Only after a refusal: looks through all our disks. */
static void find_guest(struct vbd *vbd, char *buf, size_t size)
{
	CLEANUP_FREE char **domids = NULL;
	char kind_dir[BACKEND_PATH_MAX];
	unsigned int n;

	*buf = '\0';
	snprintf(kind_dir, sizeof(kind_dir), "%s", vbd->dev.path);
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(kind_dir, '/');

		if (slash)
			*slash = '\0';
	}
	if (store_list(vbd->dev.store, XBT_NULL, kind_dir, NULL, &domids,
		       &n) < 0)
		return;
	for (unsigned int i = 0; i < n; i++)
		if (guest_has(vbd, kind_dir, domids[i], buf, size))
			return;
}

/* -- hooks: open, offer, publish, close -------------------------------------------- */

static int open_medium(struct vbd *vbd, bool readonly)
{
	char why[IMAGE_WHY_MAX], guest[80] = "";
	int r = image_open(vbd->path, readonly, &vbd->image, why);

	if (!r)
		return 0;
	if (r == -EBUSY || r == -EAGAIN)
		find_guest(vbd, guest, sizeof(guest));
	/* our predecessor's, perhaps */
	if (r == -EAGAIN && !*guest && backend_starting(&vbd->dev))
		return r;
	if (r == -EAGAIN)
		r = -EBUSY;
	return backend_fail(&vbd->dev, r, "image %s: %s%s", vbd->path, why,
			    guest);
}

static int vbd_open(struct backend_device *dev)
{
	struct vbd *vbd = (struct vbd *)dev;
	bool readonly = false;
	int r;

	vbd->image = (struct image){ .fd = -1, .block_size = BLK_SECTOR_SIZE,
				     .physical_size = BLK_SECTOR_SIZE };
	vbd->cdrom = false;
	r = read_mode(vbd, &readonly);
	if (!r)
		r = read_device_type(vbd);
	if (!r)
		r = read_flag(vbd, "removable", false, &vbd->removable);
	if (!r)
		r = read_flag(vbd, "discard-enable", true, &vbd->discard);
	if (!r)
		r = read_params(vbd);
	if (r < 0)
		return r;
	if (vbd->cdrom)
		readonly = true;
	vbd->image.readonly = readonly;
	if (!vbd->medium)
		return 0;
	r = open_medium(vbd, readonly);
	if (r < 0)
		return r;
	vbd->discard = vbd->discard && vbd->image.discard;
	log_info("%s: %s%s, %" PRIu64 " bytes, blocks of %u%s", dev->name,
		 vbd->path, readonly ? " (read-only)" : "", vbd->image.size,
		 vbd->image.block_size,
		 vbd->image.direct ? "" : ", through the page cache");
	return 0;
}

static unsigned int queues_max(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus < 1)
		return 1;
	return cpus > (long)VBD_QUEUES_MAX ? VBD_QUEUES_MAX : cpus;
}

static int write_number(struct backend_device *dev, xs_transaction_t t,
			const char *node, uint64_t n)
{
	return store_printf(dev->store, t, dev->path, node, "%" PRIu64, n);
}

static int write_numbers(struct backend_device *dev, xs_transaction_t t,
			 const char *const *nodes, const uint64_t *values,
			 unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		int r = write_number(dev, t, nodes[i], values[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int vbd_features(struct backend_device *dev, xs_transaction_t t)
{
	static const char *const nodes[] = {
		"feature-persistent", "feature-flush-cache",
		"feature-max-indirect-segments", "max-ring-page-order",
		"multi-queue-max-queues", "feature-discard",
		"discard-granularity", "discard-alignment", "discard-secure",
	};
	const struct vbd *vbd = (struct vbd *)dev;
	const uint64_t values[ARRAY_SIZE(nodes)] = {
		1, vbd->medium, BLK_SEGS_MAX, BLK_RING_ORDER_MAX,
		queues_max(), vbd->discard, vbd->image.discard_granularity,
		vbd->image.discard_alignment, 0,
	};

	/* a disk without discard has nothing to say about it */
	return write_numbers(dev, t, nodes, values,
			     vbd->discard ? 9 : 6);
}

static int vbd_publish(struct backend_device *dev, xs_transaction_t t)
{
	static const char *const nodes[] = {
		"sectors", "info", "sector-size", "physical-sector-size",
	};
	const struct vbd *vbd = (struct vbd *)dev;
	const uint64_t values[ARRAY_SIZE(nodes)] = {
		vbd->image.size / BLK_SECTOR_SIZE,
		(vbd->cdrom ? VDISK_CDROM : 0) |
		(vbd->removable ? VDISK_REMOVABLE : 0) |
		(vbd->image.readonly ? VDISK_READONLY : 0),
		vbd->image.block_size, vbd->image.physical_size,
	};

	return write_numbers(dev, t, nodes, values, ARRAY_SIZE(nodes));
}

static void vbd_close(struct backend_device *dev)
{
	image_close(&((struct vbd *)dev)->image);
}

/* -- hook: connect ------------------------------------------------------------------ */

/* Descriptors on their way to the worker. */
struct fd_list {
	int *fds;
	unsigned int count;
	uint64_t ours;			/* to be closed here afterwards */
};

static void list_add(struct fd_list *l, int fd, bool ours)
{
	if (ours)
		l->ours |= UINT64_C(1) << l->count;
	l->fds[l->count++] = fd;
}

static void list_close(struct fd_list *l)
{
	for (unsigned int i = 0; i < l->count; i++)
		if (l->ours & UINT64_C(1) << i)
			close(l->fds[i]);
	l->count = 0;
}
_Static_assert(1 + 2 * VBD_QUEUES_MAX < WIRE_FDS_MAX, "fit a message");
_Static_assert(WIRE_FDS_MAX <= 64, "a bit each");

static int add_queue(struct vbd *vbd, unsigned int index, struct fd_list *list)
{
	int evtchn, wake;

	evtchn = evtchn_open_fd(vbd->dev.domid);
	if (evtchn < 0)
		return backend_fail(&vbd->dev, evtchn, "event channel of "
				    "queue %u", index);
	list_add(list, evtchn, true);
	wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake < 0)
		return backend_fail(&vbd->dev, -errno, "eventfd of queue %u",
				    index);
	list_add(list, wake, true);
	return 0;
}

static void fill_body(const struct vbd *vbd, struct vbd_attach *body)
{
	*body = (struct vbd_attach){
		.sectors = vbd->image.size / BLK_SECTOR_SIZE,
		.block_sectors = vbd->image.block_size / BLK_SECTOR_SIZE,
	};
	if (vbd->medium)
		body->flags |= VBD_MEDIUM | VBD_FLUSH;
	if (vbd->image.readonly)
		body->flags |= VBD_READONLY;
	if (vbd->medium && vbd->discard)
		body->flags |= VBD_DISCARD;
	if (vbd->image.block_device)
		body->flags |= VBD_BLOCK_DEVICE;
}

static int vbd_connect(struct backend_device *dev, xs_transaction_t t,
		       struct wire_msg *msg, int *fds, unsigned int *fd_count,
		       uint64_t *close_mask)
{
	struct vbd *vbd = (struct vbd *)dev;
	struct fd_list list = { .fds = fds };
	struct vbd_attach body;
	int r;

	fill_body(vbd, &body);
	r = ringconf_read(dev, t, queues_max(), &body);
	if (r < 0)
		return r;
	if (vbd->medium)
		list_add(&list, vbd->image.fd, false);
	for (unsigned int i = 0; !r && i < body.queues; i++)
		r = add_queue(vbd, i, &list);
	if (r < 0) {
		list_close(&list);
		return r;
	}
	memcpy(msg->body, &body, sizeof(body));
	msg->body_size = sizeof(body);
	*fd_count = list.count;
	*close_mask = list.ours;
	backend_say(dev, "%u queue(s) of %u, %s grants", body.queues,
		    blk_ring_entries(body.abi, body.ring_pages),
		    body.flags & VBD_PERSISTENT ? "persistent" : "plain");
	return 0;
}

static const unsigned long ioctls[] = { BLKDISCARD, 0 };

static const struct backend_class vbd_class = {
	.program = "xl-lite-blkd",
	.kind = "uvbd",
	.noun = "vbd",
	.device_size = sizeof(struct vbd),
	.open = vbd_open,
	.features = vbd_features,
	.connect = vbd_connect,
	.publish = vbd_publish,
	.close = vbd_close,
	.ioctls = ioctls,
	.counters = blk_counters,
	.prepare = vbd_prepare,
	.attach = vbd_attach,
	.detach = vbd_detach,
};

int main(int argc, char **argv)
{
	uint64_t poll_ns;
	bool in_place;

	log_init(vbd_class.program, LOG_INFO_LEVEL);
	/* a wrong word is told now, and not when the first guest comes */
	if (vbd_poll_ns(&poll_ns) < 0 || vbd_in_place(&in_place) < 0)
		return EXIT_FAILURE;
	return backend_main(&vbd_class, argc, argv);
}
