/* SPDX-License-Identifier: MIT */
/*
 * What supervisor and worker say to each other: fixed-size messages over a
 * SOCK_SEQPACKET pair, with descriptors beside them. The body belongs to the
 * device class, which asserts that its struct fits.
 *
 * The supervisor believes nothing in a worker's message beyond its type and
 * devid: a worker may have been taken over by its guest.
 */
#ifndef LIB_WIRE_H
#define LIB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_BODY_MAX 3072
#define WIRE_FDS_MAX 64

enum wire_type {
	WIRE_ATTACH = 1,	/* to the worker: serve this device; body, fds */
	WIRE_DETACH,		/* to the worker: drain it and let go */
	WIRE_UPDATE,		/* to the worker: class's business (rate, ...) */
	WIRE_READY,		/* from the worker: isolated, send work */
	WIRE_ATTACHED,		/* from the worker: serving */
	WIRE_DETACHED,		/* from the worker: nothing held any more */
	WIRE_FAILED,		/* from the worker: stopped serving; reason */
};

struct wire_msg {
	uint32_t type;		/* enum wire_type */
	uint32_t devid;
	int32_t error;		/* WIRE_FAILED: -errno */
	uint32_t body_size;	/* bytes of body in use */
	_Alignas(8) uint8_t body[WIRE_BODY_MAX];
};

_Static_assert(offsetof(struct wire_msg, body) == 16, "no padding to leak");

/* FDS are duplicated by the kernel; the sender still owns its own. */
int wire_send(int sock, const struct wire_msg *msg, const int *fds,
	      unsigned int fd_count);
/*
 * 1: a message; 0: the other side is gone; -EAGAIN; other -errno. *fd_count
 * descriptors (at most WIRE_FDS_MAX) are now the caller's to close.
 */
int wire_recv(int sock, struct wire_msg *msg, int *fds,
	      unsigned int *fd_count);

#endif
