/* SPDX-License-Identifier: MIT */
/*
 * A small NBD server over the block frontend: one export, simple replies.
 *
 * Theory of operation
 * -------------------
 * One thread, nothing blocks, nothing is allocated after nbd_open(). A
 * command takes all the ring slots and granted pages it needs at once, or
 * waits its turn: first come, first served, so that a large one is not
 * starved by small ones; meanwhile its connection is not read from. The
 * payload of a write is received straight into the granted pages, that of a
 * read is sent straight out of them.
 *
 *	client --recv--> command --submit--> ring    (nbd_client_event)
 *	client <--send-- command <--reap---- ring    (nbd_disk_event)
 *
 * The ring is pushed once, after a round of events was handled (nbd_round).
 * Clients are local and were let in by the socket's permissions; still, a
 * request is checked whole before it is used, and one that is no NBD at all
 * costs the client its connection.
 *
 * nbd-handshake.c: from the greeting to the transmission phase.
 * nbd-listen.c: the unix socket.
 * nbd.c: commands.   nbd-kernel.c: the stock kernel's client, /dev/nbdN.
 */
#ifndef FRONTENDS_LINUX_NBD_H
#define FRONTENDS_LINUX_NBD_H

#include "frontends/blk/core.h"
#include "lib/loop.h"

#include <stdbool.h>
#include <stdint.h>

#include <linux/nbd.h>

#define NBD_CLIENTS_MAX 16
#define NBD_COMMANDS_MAX 256
#define NBD_PARTS_MAX 32		/* ring requests of one command */
#define NBD_PAYLOAD_MAX (1u << 20)
#define NBD_OPTION_MAX 4096		/* data of a handshake option */
#define NBD_NONE UINT16_MAX

enum nbd_phase {
	NBD_UNUSED,
	NBD_FLAGS,		/* greeting sent, its flags are due */
	NBD_OPTIONS,
	NBD_HEADER,		/* transmission: a request is due */
	NBD_PAYLOAD,		/* a write's data is due */
	NBD_SKIP,		/* data of a refused write is due */
	NBD_WAITING,		/* a command waits for slots and pages */
	NBD_ENDING,		/* no more requests: answer what there is */
};

struct nbd_command {
	struct nbd_reply reply;
	uint32_t type;
	uint32_t size;
	uint64_t offset;
	uint32_t moved;			/* payload received, or reply sent */
	uint16_t client;		/* NBD_NONE: it has gone */
	uint16_t next;			/* in the free list or a reply queue */
	uint8_t parts;
	uint8_t parts_left;		/* not answered yet */
	int error;			/* the first -errno of a part */
	struct blk_io *io[NBD_PARTS_MAX];
};

struct nbd_client {
	enum nbd_phase phase;
	int fd;
	uint32_t events;		/* what epoll was told */
	bool no_zeroes;
	unsigned int commands;		/* taken and not yet answered in full */
	uint16_t current;		/* NBD_PAYLOAD, NBD_WAITING */
	uint16_t first_reply, last_reply;
	uint16_t next_waiting;
	uint64_t skip;
	unsigned int in_used, out_used, out_sent;
	uint8_t in[NBD_OPTION_MAX + 64];
	uint8_t out[1024];		/* handshake replies */
};

struct nbd_stats {
	uint64_t reads, writes, flushes, trims, refused;
};

struct nbd {
	struct blk_front *disk;
	struct loop *loop;
	uint16_t tag_type;		/* of our clients' loop tags */
	uint32_t payload_max;
	bool closing;			/* takes no more requests */
	bool starved;			/* a client waits for a command */
	bool freed;			/* something came free this round */
	int listen_fd;
	char path[108];			/* of the socket; "" when none */
	uint16_t free_command;
	uint16_t first_waiting, last_waiting;
	unsigned int busy;		/* commands not free */
	struct nbd_stats stats;
	struct nbd_client clients[NBD_CLIENTS_MAX];
	struct nbd_command commands[NBD_COMMANDS_MAX];
};

/* TAG_TYPE marks our events in LOOP; their index is the client's. The disk
 * must run. */
void nbd_open(struct nbd *n, struct blk_front *disk, struct loop *loop,
	      uint16_t tag_type);
void nbd_close(struct nbd *n);
/* Listen at PATH, for root only; TAG comes with each new connection. */
int nbd_listen(struct nbd *n, const char *path, union loop_tag tag);
void nbd_accept(struct nbd *n);
/* No new ones: the socket goes away. */
void nbd_listen_end(struct nbd *n);
/*
 * Serve the connected FD (ours from now on), from the greeting on or, for the
 * kernel, from the transmission phase on. The client's index; -EBUSY: too many.
 */
int nbd_add_client(struct nbd *n, int fd, bool transmission);
/* EVENTS as epoll gave them. */
void nbd_client_event(struct nbd *n, unsigned int index, uint32_t events);
/* Take what the disk has answered. */
void nbd_disk_event(struct nbd *n);
/* After each round of events: serve those who waited, push the ring. */
void nbd_round(struct nbd *n);
/* A command's disk request is over; for those given up by a timeout. */
void nbd_part_done(struct nbd *n, struct blk_io *io);
/* Take no more requests; `busy` falls to 0 as the last are answered. */
void nbd_stop(struct nbd *n);

/* Has the client of this index gone? */
static inline bool nbd_client_gone(const struct nbd *n, unsigned int index)
{
	return n->clients[index].phase == NBD_UNUSED;
}

/* What the export can do: NBD_FLAG_*. */
uint16_t nbd_export_flags(const struct nbd *n);
uint64_t nbd_export_size(const struct nbd *n);

/* -- nbd-handshake.c ----------------------------------------------------- */

void nbd_greet(struct nbd *n, struct nbd_client *c);
/* Work on what is in c->in; -errno ends the connection. */
int nbd_handshake(struct nbd *n, struct nbd_client *c);

/* -- nbd-kernel.c -------------------------------------------------------- */

/*
 * Hand FD, the client's end of a connection in the transmission phase, to
 * the kernel's device DEVICE ("/dev/nbd0").
 */
int nbd_kernel_connect(const struct nbd *n, const char *device, int fd);
void nbd_kernel_disconnect(const char *device);

#endif
