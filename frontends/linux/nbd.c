/* SPDX-License-Identifier: MIT */
/* The NBD server's connections and commands; see nbd.h. */
#include "config.h"

#include "frontends/linux/nbd.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/overflow.h"

#define IOV_COUNT 64
/* read ahead: a batch of headers, little of a payload that must be copied */
#define READ_AHEAD (16 * sizeof(struct nbd_request))

_Static_assert(sizeof(struct nbd_request) == 28, "nbd_request");
_Static_assert(sizeof(struct nbd_reply) == 16, "nbd_reply");

/* -- the export ---------------------------------------------------------- */

uint16_t nbd_export_flags(const struct nbd *n)
{
	const struct blk_front_info *info = &n->disk->info;

	/* no cache of ours: a flush on one connection serves all */
	return NBD_FLAG_HAS_FLAGS | NBD_FLAG_CAN_MULTI_CONN |
		(info->read_only ? NBD_FLAG_READ_ONLY : 0) |
		(info->flush ? NBD_FLAG_SEND_FLUSH : 0) |
		(info->discard ? NBD_FLAG_SEND_TRIM : 0);
}

uint64_t nbd_export_size(const struct nbd *n)
{
	return n->disk->info.sectors * BLK_FRONT_SECTOR_SIZE;
}

/*
 * What one command may carry: within the parts it can have, and never more
 * than the disk has slots and pages when all are free.
 */
static uint32_t find_payload_max(const struct blk_front_info *info)
{
	uint64_t part = (uint64_t)info->segments * FRONT_PAGE_SIZE;
	uint64_t parts = info->slots < NBD_PARTS_MAX ?
		info->slots : NBD_PARTS_MAX;
	uint64_t most = NBD_PAYLOAD_MAX;

	/* a part may need one more page, for its list of segments */
	while (most > part * parts ||
	       most / FRONT_PAGE_SIZE + (most + part - 1) / part > info->pages)
		most /= 2;
	return most;
}

void nbd_open(struct nbd *n, struct blk_front *disk, struct loop *loop,
	      uint16_t tag_type)
{
	unsigned int i;

	memset(n, 0, sizeof(*n));
	n->disk = disk;
	n->loop = loop;
	n->tag_type = tag_type;
	n->payload_max = find_payload_max(&disk->info);
	n->listen_fd = -1;
	n->first_waiting = n->last_waiting = NBD_NONE;
	for (i = 0; i < NBD_COMMANDS_MAX; i++)
		n->commands[i].next = i + 1 < NBD_COMMANDS_MAX ?
			i + 1 : NBD_NONE;
}

/* -- connections --------------------------------------------------------- */

static unsigned int client_index(const struct nbd *n,
				 const struct nbd_client *c)
{
	return c - n->clients;
}

static void command_free(struct nbd *n, struct nbd_command *cmd)
{
	unsigned int i;

	for (i = 0; i < cmd->parts; i++)
		if (cmd->io[i])
			blk_front_free(n->disk, cmd->io[i]);
	cmd->parts = 0;
	if (cmd->client != NBD_NONE)
		n->clients[cmd->client].commands--;
	cmd->next = n->free_command;
	n->free_command = cmd - n->commands;
	n->busy--;
	n->freed = true;
}

static void waiting_remove(struct nbd *n, unsigned int index)
{
	uint16_t *link = &n->first_waiting, last = NBD_NONE;

	while (*link != NBD_NONE && *link != index) {
		last = *link;
		link = &n->clients[*link].next_waiting;
	}
	if (*link == NBD_NONE)
		return;
	*link = n->clients[index].next_waiting;
	if (n->last_waiting == index)
		n->last_waiting = last;
}

/* The client is gone; what the disk still works on ends on its own. */
static void client_drop(struct nbd *n, struct nbd_client *c)
{
	unsigned int i, index = client_index(n, c);

	loop_remove(n->loop, c->fd);
	close(c->fd);
	waiting_remove(n, index);
	for (i = c->first_reply; i != NBD_NONE; i = c->first_reply) {
		c->first_reply = n->commands[i].next;
		command_free(n, &n->commands[i]);
	}
	if (c->phase == NBD_PAYLOAD || c->phase == NBD_WAITING)
		command_free(n, &n->commands[c->current]);
	for (i = 0; i < NBD_COMMANDS_MAX; i++)
		if (n->commands[i].parts && n->commands[i].client == index)
			n->commands[i].client = NBD_NONE;
	c->phase = NBD_UNUSED;
}

static bool has_output(const struct nbd_client *c)
{
	return c->out_used || c->first_reply != NBD_NONE;
}

static bool wants_input(const struct nbd_client *c)
{
	switch (c->phase) {
	case NBD_FLAGS:
	case NBD_OPTIONS:
		return !c->out_used;
	case NBD_HEADER:
		/* a whole one is there, but no command to put it in */
		return c->in_used < sizeof(struct nbd_request);
	case NBD_PAYLOAD:
	case NBD_SKIP:
		return true;
	default:
		return false;
	}
}

static void update_events(struct nbd *n, struct nbd_client *c)
{
	uint32_t events = (wants_input(c) ? EPOLLIN : 0) |
		(has_output(c) ? EPOLLOUT : 0);

	if (events == c->events)
		return;
	c->events = events;
	loop_modify(n->loop, c->fd, events, (union loop_tag) {
		.type = n->tag_type, .index = client_index(n, c) });
}

int nbd_add_client(struct nbd *n, int fd, bool transmission)
{
	struct nbd_client *c;
	unsigned int i;
	int r;

	for (i = 0; i < NBD_CLIENTS_MAX; i++)
		if (n->clients[i].phase == NBD_UNUSED)
			break;
	if (i == NBD_CLIENTS_MAX) {
		close(fd);
		return -EBUSY;
	}
	c = &n->clients[i];
	memset(c, 0, offsetof(struct nbd_client, in));
	c->fd = fd;
	c->current = c->first_reply = c->last_reply = NBD_NONE;
	c->next_waiting = NBD_NONE;
	c->phase = NBD_HEADER;
	if (!transmission)
		nbd_greet(n, c);
	c->events = EPOLLIN | EPOLLOUT;
	r = loop_add(n->loop, fd, c->events, (union loop_tag) {
		.type = n->tag_type, .index = i });
	if (r) {
		close(fd);
		c->phase = NBD_UNUSED;
		return r;
	}
	return i;
}

/* -- taking commands ----------------------------------------------------- */

static uint32_t nbd_error(int err)
{
	switch (err) {
	case 0:
		return 0;
	case -EROFS:
		return 1;	/* NBD_EPERM */
	case -EINVAL:
		return 22;	/* NBD_EINVAL */
	case -ENOSPC:
		return 28;	/* NBD_ENOSPC */
	case -EOPNOTSUPP:
		return 95;	/* NBD_ENOTSUP */
	case -ESHUTDOWN:
		return 108;	/* NBD_ESHUTDOWN */
	default:
		return 5;	/* NBD_EIO */
	}
}

static void queue_reply(struct nbd *n, struct nbd_command *cmd)
{
	uint16_t index = cmd - n->commands;
	struct nbd_client *c;

	if (cmd->client == NBD_NONE) {
		command_free(n, cmd);
		return;
	}
	c = &n->clients[cmd->client];
	cmd->reply.magic = htobe32(NBD_REPLY_MAGIC);
	cmd->reply.error = htobe32(nbd_error(cmd->error));
	cmd->moved = 0;
	cmd->next = NBD_NONE;
	if (c->first_reply == NBD_NONE)
		c->first_reply = index;
	else
		n->commands[c->last_reply].next = index;
	c->last_reply = index;
}

static void refuse(struct nbd *n, struct nbd_command *cmd, int err)
{
	n->stats.refused++;
	cmd->error = err;
	queue_reply(n, cmd);
}

static void part_free(struct nbd *n, struct nbd_command *cmd)
{
	while (cmd->parts)
		blk_front_free(n->disk, cmd->io[--cmd->parts]);
}

static int reserve_part(struct nbd *n, struct nbd_command *cmd,
			enum blk_front_op op, uint64_t offset, uint64_t size)
{
	int why;
	struct blk_io *io = blk_front_reserve(n->disk, op,
					      offset / BLK_FRONT_SECTOR_SIZE,
					      size, &why);

	if (!io)
		return why;
	io->tag = cmd - n->commands;
	cmd->io[cmd->parts++] = io;
	return 0;
}

static int reserve_data(struct nbd *n, struct nbd_command *cmd)
{
	uint32_t most = n->disk->info.segments * FRONT_PAGE_SIZE;
	uint32_t done = 0;

	while (done < cmd->size) {
		uint32_t size = cmd->size - done < most ?
			cmd->size - done : most;
		int r = reserve_part(n, cmd, cmd->type == NBD_CMD_READ ?
				     BLK_FRONT_READ : BLK_FRONT_WRITE,
				     cmd->offset + done, size);

		if (r)
			return r;
		done += size;
	}
	return 0;
}

/* Only whole granules can be discarded; the rest may stay as it is. */
static int reserve_trim(struct nbd *n, struct nbd_command *cmd)
{
	uint64_t granule = n->disk->info.discard_granularity;
	uint64_t first, end;

	if (!n->disk->info.discard)
		return -EOPNOTSUPP;
	first = (cmd->offset + granule - 1) / granule * granule;
	end = (cmd->offset + cmd->size) / granule * granule;
	if (first >= end)
		return 0;
	return reserve_part(n, cmd, BLK_FRONT_DISCARD, first, end - first);
}

/* All that CMD needs of the disk, or nothing: -EAGAIN to wait, or why not. */
static int reserve(struct nbd *n, struct nbd_command *cmd)
{
	int r;

	switch (cmd->type) {
	case NBD_CMD_READ:
	case NBD_CMD_WRITE:
		r = reserve_data(n, cmd);
		break;
	case NBD_CMD_FLUSH:
		r = reserve_part(n, cmd, BLK_FRONT_FLUSH, 0, 0);
		break;
	default:
		r = reserve_trim(n, cmd);
		break;
	}
	if (r)
		part_free(n, cmd);
	return r;
}

static void submit(struct nbd *n, struct nbd_command *cmd)
{
	unsigned int i;

	cmd->parts_left = cmd->parts;
	for (i = 0; i < cmd->parts; i++)
		blk_front_submit(n->disk, cmd->io[i]);
	if (!cmd->parts)
		queue_reply(n, cmd);
}

static int check_command(struct nbd *n, const struct nbd_command *cmd)
{
	if (cmd->type == NBD_CMD_FLUSH)
		return cmd->offset || cmd->size ? -EINVAL : 0;
	if (cmd->type != NBD_CMD_READ && cmd->type != NBD_CMD_WRITE &&
	    cmd->type != NBD_CMD_TRIM)
		return -EINVAL;
	if (cmd->type != NBD_CMD_TRIM && cmd->size > n->payload_max)
		return -EINVAL;
	if ((cmd->offset | cmd->size) % n->disk->info.sector_size)
		return -EINVAL;
	if (!range_within(cmd->offset, cmd->size, nbd_export_size(n)))
		return cmd->type == NBD_CMD_READ ? -EINVAL : -ENOSPC;
	return 0;
}

static void skip_payload(struct nbd_client *c, uint64_t size)
{
	c->skip = size;
	c->phase = size ? NBD_SKIP : NBD_HEADER;
}

/* CMD has what it needs, or R says why not. */
static void begin(struct nbd *n, struct nbd_client *c, struct nbd_command *cmd,
		  int r)
{
	bool is_write = cmd->type == NBD_CMD_WRITE;

	if (r) {
		refuse(n, cmd, r);
		skip_payload(c, is_write ? cmd->size : 0);
	} else if (is_write && cmd->size) {
		c->current = cmd - n->commands;
		c->phase = NBD_PAYLOAD;
	} else {
		c->phase = NBD_HEADER;
		submit(n, cmd);
	}
}

static void wait_turn(struct nbd *n, struct nbd_client *c,
		      struct nbd_command *cmd)
{
	uint16_t index = client_index(n, c);

	c->current = cmd - n->commands;
	c->phase = NBD_WAITING;
	c->next_waiting = NBD_NONE;
	if (n->first_waiting == NBD_NONE)
		n->first_waiting = index;
	else
		n->clients[n->last_waiting].next_waiting = index;
	n->last_waiting = index;
}

static void count(struct nbd *n, uint32_t type)
{
	n->stats.reads += type == NBD_CMD_READ;
	n->stats.writes += type == NBD_CMD_WRITE;
	n->stats.flushes += type == NBD_CMD_FLUSH;
	n->stats.trims += type == NBD_CMD_TRIM;
}

/* A request header is whole in REQ. */
static int take_request(struct nbd *n, struct nbd_client *c,
			const struct nbd_request *req)
{
	struct nbd_command *cmd;
	uint32_t type = be32toh(req->type);
	int r;

	if (be32toh(req->magic) != NBD_REQUEST_MAGIC)
		return -EPROTO;
	if (type == NBD_CMD_DISC) {
		c->phase = NBD_ENDING;
		return 0;
	}
	cmd = &n->commands[n->free_command];
	n->free_command = cmd->next;
	n->busy++;
	c->commands++;
	*cmd = (struct nbd_command) {
		/* a flag we did not offer, FUA say, makes the type unknown */
		.type = type,
		.size = be32toh(req->len),
		.offset = be64toh(req->from),
		.client = client_index(n, c),
		.next = NBD_NONE,
	};
	memcpy(cmd->reply.handle, req->handle, sizeof(req->handle));
	count(n, cmd->type);
	r = n->closing ? -ESHUTDOWN : check_command(n, cmd);
	if (r == 0 && n->first_waiting != NBD_NONE)
		r = -EAGAIN;	/* behind those who wait already */
	else if (r == 0)
		r = reserve(n, cmd);
	/* how much of a payload follows is the low half's to say */
	if (r && r != -EAGAIN && (type & 0xffff) == NBD_CMD_WRITE)
		cmd->type = NBD_CMD_WRITE;
	if (r == -EAGAIN)
		wait_turn(n, c, cmd);
	else
		begin(n, c, cmd, r);
	return 0;
}

/* Slots and pages may have come free: serve those who wait, in order. */
static void serve_waiting(struct nbd *n)
{
	while (n->first_waiting != NBD_NONE) {
		struct nbd_client *c = &n->clients[n->first_waiting];
		struct nbd_command *cmd = &n->commands[c->current];
		int r = reserve(n, cmd);

		if (r == -EAGAIN)
			return;
		n->first_waiting = c->next_waiting;
		begin(n, c, cmd, r);
		nbd_client_event(n, client_index(n, c), EPOLLOUT);
	}
}

/* The same for commands: NBD_COMMANDS_MAX of them serve all clients. */
static void serve_starved(struct nbd *n)
{
	unsigned int i;

	if (!n->starved || n->free_command == NBD_NONE)
		return;
	n->starved = false;
	for (i = 0; i < NBD_CLIENTS_MAX; i++)
		if (n->clients[i].phase == NBD_HEADER && n->clients[i].in_used)
			nbd_client_event(n, i, EPOLLOUT);
}

void nbd_round(struct nbd *n)
{
	/* what one's answers free may be what another waits for */
	do {
		n->freed = false;
		serve_waiting(n);
		serve_starved(n);
	} while (n->freed);
	blk_front_push(n->disk);
}

/* -- receiving ----------------------------------------------------------- */

static void consume(struct nbd_client *c, unsigned int size)
{
	c->in_used -= size;
	memmove(c->in, c->in + size, c->in_used);
}

/* The payload of CMD from byte OFFSET on, over all its parts. */
static unsigned int payload_iov(struct nbd *n, const struct nbd_command *cmd,
				uint32_t offset, struct iovec *iov,
				unsigned int room)
{
	unsigned int i, used = 0;

	for (i = 0; i < cmd->parts && used < room; i++) {
		struct blk_front_vec vec[IOV_COUNT];
		unsigned int j, pieces;

		if (offset >= cmd->io[i]->size) {
			offset -= cmd->io[i]->size;
			continue;
		}
		pieces = blk_front_vec(n->disk, cmd->io[i], offset, vec,
				       room - used);
		offset = 0;
		for (j = 0; j < pieces; j++)
			iov[used++] = (struct iovec) {
				.iov_base = vec[j].base,
				.iov_len = vec[j].size,
			};
	}
	return used;
}

static void payload_arrived(struct nbd *n, struct nbd_client *c,
			    uint32_t size)
{
	struct nbd_command *cmd = &n->commands[c->current];

	cmd->moved += size;
	if (cmd->moved < cmd->size)
		return;
	c->phase = NBD_HEADER;
	submit(n, cmd);
}

/* What the read-ahead already holds of a payload. */
static void payload_from_input(struct nbd *n, struct nbd_client *c)
{
	struct nbd_command *cmd = &n->commands[c->current];
	uint32_t left = cmd->size - cmd->moved;
	uint32_t size = c->in_used < left ? c->in_used : left;
	struct iovec iov[1];
	uint32_t done = 0;

	while (done < size) {
		uint32_t piece;

		payload_iov(n, cmd, cmd->moved + done, iov, 1);
		piece = size - done < iov->iov_len ?
			size - done : iov->iov_len;
		memcpy(iov->iov_base, c->in + done, piece);
		done += piece;
	}
	consume(c, size);
	payload_arrived(n, c, size);
}

/* Work on what is in c->in until more is needed. */
static int process(struct nbd *n, struct nbd_client *c)
{
	for (;;) {
		struct nbd_request req;
		unsigned int size;
		int r;

		switch (c->phase) {
		case NBD_FLAGS:
		case NBD_OPTIONS:
			r = nbd_handshake(n, c);
			if (r || c->phase != NBD_HEADER)
				return r;
			break;
		case NBD_HEADER:
			if (c->in_used < sizeof(req))
				return 0;
			if (n->free_command == NBD_NONE) {
				n->starved = true;
				return 0;
			}
			memcpy(&req, c->in, sizeof(req));
			consume(c, sizeof(req));
			r = take_request(n, c, &req);
			if (r)
				return r;
			break;
		case NBD_PAYLOAD:
			if (!c->in_used)
				return 0;
			payload_from_input(n, c);
			break;
		case NBD_SKIP:
			size = c->in_used < c->skip ? c->in_used : c->skip;
			if (!size)
				return 0;
			consume(c, size);
			skip_payload(c, c->skip - size);
			break;
		default:
			return 0;
		}
	}
}

/*
 * One receive: the rest of a payload, straight into its pages, and behind it
 * as much of the next requests as there is. 0: nothing there.
 */
static ssize_t receive(struct nbd *n, struct nbd_client *c)
{
	struct iovec iov[IOV_COUNT + 1];
	struct msghdr msg = { .msg_iov = iov };
	bool ahead = c->phase == NBD_HEADER || c->phase == NBD_PAYLOAD;
	size_t room = (ahead ? READ_AHEAD : sizeof(c->in)) - c->in_used;
	size_t direct = 0;
	unsigned int i;
	ssize_t got;

	if (c->phase == NBD_PAYLOAD) {
		const struct nbd_command *cmd = &n->commands[c->current];

		msg.msg_iovlen = payload_iov(n, cmd, cmd->moved, iov,
					     IOV_COUNT);
		for (i = 0; i < msg.msg_iovlen; i++)
			direct += iov[i].iov_len;
		/* more pieces than that: no room behind them yet */
		if (direct < cmd->size - cmd->moved)
			room = 0;
	}
	iov[msg.msg_iovlen++] = (struct iovec) {
		.iov_base = c->in + c->in_used, .iov_len = room,
	};
	got = recvmsg(c->fd, &msg, MSG_DONTWAIT);
	if (got == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return -EPIPE;
	if ((size_t)got > direct)
		c->in_used += got - direct;
	if (direct)
		payload_arrived(n, c, (size_t)got < direct ? (size_t)got :
				direct);
	return got;
}

/* -- sending ------------------------------------------------------------- */

static uint32_t reply_size(const struct nbd_command *cmd)
{
	return sizeof(cmd->reply) +
		(cmd->type == NBD_CMD_READ && !cmd->error ? cmd->size : 0);
}

/* The rest of the reply to CMD, as far as ROOM goes. */
static unsigned int reply_iov(struct nbd *n, struct nbd_command *cmd,
			      struct iovec *iov, unsigned int room)
{
	uint32_t head = sizeof(cmd->reply), moved = cmd->moved;
	unsigned int used = 0;

	if (moved < head) {
		iov[used++] = (struct iovec) {
			.iov_base = (uint8_t *)&cmd->reply + moved,
			.iov_len = head - moved,
		};
		moved = head;
	}
	if (reply_size(cmd) > moved)
		used += payload_iov(n, cmd, moved - head, iov + used,
				    room - used);
	return used;
}

/* SIZE bytes have left: whose replies are whole now? */
static void replies_sent(struct nbd *n, struct nbd_client *c, size_t size)
{
	while (size) {
		struct nbd_command *cmd = &n->commands[c->first_reply];
		uint32_t left = reply_size(cmd) - cmd->moved;

		if (size < left) {
			cmd->moved += size;
			return;
		}
		size -= left;
		c->first_reply = cmd->next;
		command_free(n, cmd);
	}
}

/* As many replies as go into one call. 0: none, or the socket is full. */
static ssize_t send_replies(struct nbd *n, struct nbd_client *c)
{
	struct iovec iov[IOV_COUNT];
	struct msghdr msg = { .msg_iov = iov };
	uint16_t index = c->first_reply;
	ssize_t sent;

	while (index != NBD_NONE && msg.msg_iovlen + 1 < IOV_COUNT) {
		struct nbd_command *cmd = &n->commands[index];
		size_t whole = 0;
		unsigned int i, used;

		used = reply_iov(n, cmd, iov + msg.msg_iovlen,
				 IOV_COUNT - msg.msg_iovlen);
		for (i = 0; i < used; i++)
			whole += iov[msg.msg_iovlen + i].iov_len;
		msg.msg_iovlen += used;
		if (whole < reply_size(cmd) - cmd->moved)
			break;
		index = cmd->next;
	}
	if (!msg.msg_iovlen)
		return 0;
	sent = sendmsg(c->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	replies_sent(n, c, sent);
	return sent;
}

static ssize_t send_handshake(struct nbd_client *c)
{
	ssize_t sent = send(c->fd, c->out + c->out_sent,
			    c->out_used - c->out_sent,
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	c->out_sent += sent;
	if (c->out_sent == c->out_used)
		c->out_sent = c->out_used = 0;
	return sent;
}

static ssize_t transmit(struct nbd *n, struct nbd_client *c)
{
	return c->out_used ? send_handshake(c) : send_replies(n, c);
}

/* -- events -------------------------------------------------------------- */

/* Over, and nothing more to say or to wait for? */
static bool is_finished(const struct nbd_client *c)
{
	return c->phase == NBD_ENDING && !c->commands && !c->out_used;
}

/*
 * Work on what was read before, read once, work on that, and send what there
 * is to send. A client's round is bounded by what it has sent us; epoll is
 * level-triggered and comes back.
 */
static ssize_t serve(struct nbd *n, struct nbd_client *c, uint32_t events)
{
	ssize_t r = process(n, c);

	if (r >= 0 && wants_input(c)) {
		if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
			r = receive(n, c);
		if (r > 0)
			r = process(n, c);
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		/* gone: nobody is left to wait for the answers */
		return -EPIPE;
	}
	while (r >= 0 && has_output(c)) {
		r = transmit(n, c);
		if (r <= 0)
			break;
		/* the handshake goes on once its answer has left */
		r = process(n, c);
	}
	return r;
}

void nbd_client_event(struct nbd *n, unsigned int index, uint32_t events)
{
	struct nbd_client *c = &n->clients[index];
	ssize_t r;

	if (c->phase == NBD_UNUSED)
		return;
	r = serve(n, c, events);
	if (r == -EPROTO)
		log_warn("nbd: a client spoke no NBD: disconnected");
	if (r < 0 || is_finished(c))
		client_drop(n, c);
	else
		update_events(n, c);
}

void nbd_part_done(struct nbd *n, struct blk_io *io)
{
	struct nbd_command *cmd = &n->commands[io->tag];

	if (io->result && !cmd->error)
		cmd->error = io->result;
	/* given up: the disk keeps its pages, so it is not ours to free */
	if (io->state == BLK_IO_LATE) {
		unsigned int i;

		for (i = 0; i < cmd->parts; i++)
			if (cmd->io[i] == io)
				cmd->io[i] = NULL;
	}
	if (--cmd->parts_left == 0)
		queue_reply(n, cmd);
}

void nbd_disk_event(struct nbd *n)
{
	struct blk_io *io;
	unsigned int i;

	while ((io = blk_front_reap(n->disk)))
		nbd_part_done(n, io);
	for (i = 0; i < NBD_CLIENTS_MAX; i++)
		if (n->clients[i].phase != NBD_UNUSED &&
		    n->clients[i].first_reply != NBD_NONE)
			nbd_client_event(n, i, EPOLLOUT);
}

/* -- life ---------------------------------------------------------------- */

void nbd_stop(struct nbd *n)
{
	nbd_listen_end(n);
	n->closing = true;
}

void nbd_close(struct nbd *n)
{
	unsigned int i;

	nbd_listen_end(n);
	for (i = 0; i < NBD_CLIENTS_MAX; i++)
		if (n->clients[i].phase != NBD_UNUSED)
			client_drop(n, &n->clients[i]);
}
