/* SPDX-License-Identifier: MIT */
/*
 * Opening an image: a regular file or a block device, nothing else, and
 * without hanging on what turns out to be a pipe. Learns its size, its block
 * sizes and what it can do, and locks it.
 *
 * The lock is QEMU's own scheme (open file description locks on the bytes
 * 100 + permission and 200 + permission), so that qemu-img, qemu-nbd and QEMU
 * refuse an image that a guest of ours writes to, and we refuse theirs. It
 * belongs to the open file: it lives as long as any copy of the descriptor,
 * also in a worker, and dies with the last.
 */
#ifndef BLK_IMAGE_H
#define BLK_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image {
	int fd;
	bool block_device;
	bool readonly;
	bool direct;			/* O_DIRECT: past the page cache */
	bool discard;
	uint64_t size;			/* bytes, whole blocks */
	uint32_t block_size;		/* logical: what an I/O is aligned to */
	uint32_t physical_size;
	uint32_t discard_granularity, discard_alignment;
};

#define IMAGE_WHY_MAX 160

/*
 * 0 and *img filled, or -errno and in WHY (IMAGE_WHY_MAX bytes) what is wrong
 * with it and what to do; the caller names path and guest. -EBUSY: another
 * process has it. -EAGAIN: it is in use, but by no other process that can be
 * seen: by this one, by a mount, or it is being let go of. The kernel closes
 * what an io_uring held a little after the process that held it is gone.
 */
int image_open(const char *path, bool readonly, struct image *img, char *why);
void image_close(struct image *img);

#endif
