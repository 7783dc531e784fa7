/* SPDX-License-Identifier: MIT */
/*
 * What the supervisor tells a worker about a disk, and the two halves of the
 * device class.
 */
#ifndef BLK_VBD_H
#define BLK_VBD_H

#include "backends/blk/core.h"
#include "lib/backend.h"

#include <stdbool.h>
#include <stdint.h>

#define VBD_QUEUES_MAX 16u
/* Bounce pages of a device, shared out among its queues... */
#define VBD_POOL_PAGES 2048u
/* ...so that each queue can hold at least one request of the largest size. */
_Static_assert(VBD_POOL_PAGES / VBD_QUEUES_MAX * 2 >= BLK_SEGS_MAX, "a floor");

#define VBD_PERSISTENT 0x01u
#define VBD_READONLY 0x02u
#define VBD_FLUSH 0x04u
#define VBD_DISCARD 0x08u
#define VBD_BLOCK_DEVICE 0x10u
#define VBD_MEDIUM 0x20u	/* there is one: the first descriptor */

/*
 * The body of WIRE_ATTACH. Descriptors: the image (VBD_MEDIUM), then for each
 * queue event channel and wake-up eventfd.
 */
struct vbd_attach {
	uint64_t sectors;
	uint32_t block_sectors;
	uint32_t flags;
	uint32_t abi;			/* enum blk_abi */
	uint32_t ring_pages;
	uint32_t queues;
	uint32_t unused;
	struct {
		uint32_t port;
		uint32_t grefs[BLK_RING_PAGES_MAX];
	} queue[VBD_QUEUES_MAX];
};
_Static_assert(sizeof(struct vbd_attach) <= WIRE_BODY_MAX, "fits a message");

/* The engine to use, for tests and for hosts where io_uring is unwanted. */
#define VBD_ENGINE_ENV "XL_LITE_BLK_ENGINE"
/* Microseconds for which a queue looks for a request before it sleeps. */
#define VBD_POLL_ENV "XL_LITE_BLK_POLL_US"

/* Where reads go: "in-place" or "copied". */
#define VBD_READS_ENV "XL_LITE_BLK_READS"

/* 0, or logged and -EINVAL. */
int vbd_poll_ns(uint64_t *ret);
int vbd_in_place(bool *ret);

/* In the worker: attach.c. */
int vbd_prepare(void **own);
int vbd_attach(struct worker *w, uint32_t devid, const struct wire_msg *msg,
	       const int *fds, unsigned int fd_count, struct attachment **ret,
	       char *reason);
void vbd_detach(struct attachment *att);

/* Which protocol string means which layout; -EINVAL: none of ours. */
int vbd_parse_protocol(const char *protocol, enum blk_abi *ret);

#endif
