/* SPDX-License-Identifier: MIT */
/*
 * A disk under faults: a client of the frontend's NBD server, and a model of
 * what the image holds. A write that failed may be there or not, a discarded
 * piece may be as before or nothing; everything else is known.
 */
#include "config.h"

#include "tests/sim/sweep/sweep.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define IMAGE_SIZE (2u << 20)
#define SECTOR 512u
#define NBD_SEND_TRIM 0x20
#define MAIN 1u				/* cookies */
#define POKE 2u
#define IN_SIZE (sizeof(struct reply) + (256u << 10))

enum op { READ = 0, WRITE = 1, FLUSH = 3, TRIM = 4 };

struct request {
	uint32_t magic;
	uint16_t flags, type;
	uint64_t cookie, offset;
	uint32_t length;
} __attribute__((packed));

struct reply {
	uint32_t magic, error;
	uint64_t cookie;
} __attribute__((packed));

struct disk {
	char image_path[64], socket[64];
	int image, sock;		/* -1: not connected */
	uint16_t flags;			/* of the export */
	uint8_t *model, *buf;
	uint8_t seed;			/* of the next write's bytes */
	uint8_t in[IN_SIZE];
	size_t in_used;
	uint8_t *out;
	size_t out_used, out_at;
};

static void image_path(unsigned int domid, char *buf, size_t size)
{
	snprintf(buf, size, "/tmp/image.%u", domid);
}

static void *disk_make(unsigned int domid)
{
	struct disk *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	image_path(domid, d->image_path, sizeof(d->image_path));
	snprintf(d->socket, sizeof(d->socket), "/tmp/nbd.%u", domid);
	d->sock = -1;
	d->model = malloc(IMAGE_SIZE);
	d->buf = malloc(IMAGE_SIZE);
	d->out = malloc(IMAGE_SIZE);
	d->image = open(d->image_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (!d->model || !d->buf || !d->out || d->image == -1)
		return NULL;
	for (uint32_t i = 0; i < IMAGE_SIZE; i++)
		d->model[i] = i * 7 + i / SECTOR + domid;
	return pwrite(d->image, d->model, IMAGE_SIZE, 0) == IMAGE_SIZE ? d :
		NULL;
}

static void hang_up(struct disk *d)
{
	if (d->sock >= 0)
		close(d->sock);
	d->sock = -1;
	d->in_used = d->out_used = d->out_at = 0;
}

static void disk_free(void *own)
{
	struct disk *d = own;

	hang_up(d);
	close(d->image);
	unlink(d->image_path);
	free(d->model);
	free(d->buf);
	free(d->out);
	free(d);
}

static void disk_arguments(struct device *dev, char **argv)
{
	struct disk *d = dev->own;

	argv[0] = (char *)"--socket";
	argv[1] = d->socket;
	argv[2] = (char *)"--pages";
	argv[3] = (char *)"128";
	argv[4] = NULL;
}

static void disk_leave(struct device *dev)
{
	if (dev->own)
		hang_up(dev->own);
}

/* -- the wire ---------------------------------------------------------------------- */

/* Some bytes each way; false: the server hung up. */
static bool exchange(struct world *w, struct disk *d, int ms)
{
	struct pollfd p = { .fd = d->sock, .events = POLLIN };
	ssize_t n;

	if (d->out_used > d->out_at)
		p.events |= POLLOUT;
	poll(&p, 1, ms);
	world_look(w, 0);
	if (p.revents & POLLOUT) {
		n = send(d->sock, d->out + d->out_at, d->out_used - d->out_at,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return false;
		d->out_at += n > 0 ? n : 0;
	}
	if (p.revents & (POLLIN | POLLHUP | POLLERR)) {
		n = recv(d->sock, d->in + d->in_used, IN_SIZE - d->in_used,
			 MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN))
			return false;
		d->in_used += n > 0 ? n : 0;
	}
	return true;
}

/* SIZE bytes of input; they stay there. */
static enum outcome want_bytes(struct world *w, struct disk *d, size_t size)
{
	uint64_t end = now_ms() + limit_s * UINT64_C(1000);

	while (d->in_used < size) {
		if (!exchange(w, d, 20) || w->daemon.over)
			return ENDED;
		if (now_ms() > end)
			return STALLED;
	}
	return DONE;
}

static void queue(struct disk *d, const void *data, size_t size)
{
	if (d->out_at == d->out_used)
		d->out_at = d->out_used = 0;
	memcpy(d->out + d->out_used, data, size);
	d->out_used += size;
}

static void drop(struct disk *d, size_t size)
{
	d->in_used -= size;
	memmove(d->in, d->in + size, d->in_used);
}

static enum outcome connect_to(struct world *w, struct disk *d)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct {
		uint32_t flags;
		uint64_t magic;
		uint32_t option, length;
	} __attribute__((packed)) hello = {
		htobe32(3), htobe64(0x49484156454F5054), htobe32(1), 0,
	};
	enum outcome outcome;

	if (d->sock >= 0)
		return DONE;
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", d->socket);
	d->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(d->sock, (const struct sockaddr *)&addr, sizeof(addr))) {
		hang_up(d);
		return ENDED;
	}
	queue(d, &hello, sizeof(hello));
	/* greeting 18, export 10 */
	outcome = want_bytes(w, d, 28);
	if (outcome == DONE) {
		memcpy(&d->flags, d->in + 26, sizeof(d->flags));
		d->flags = be16toh(d->flags);
		drop(d, 28);
	}
	return outcome;
}

static void queue_request(struct disk *d, enum op op, uint64_t cookie,
			  uint64_t offset, uint32_t size)
{
	struct request r = {
		.magic = htobe32(0x25609513), .type = htobe16(op),
		.cookie = cookie, .offset = htobe64(offset),
		.length = htobe32(size),
	};

	queue(d, &r, sizeof(r));
}

/* -1: it is not all here; else the error of the one that was meant. */
static int take_reply(struct disk *d, enum op op, uint32_t size)
{
	while (d->in_used >= sizeof(struct reply)) {
		size_t data = 0;
		struct reply r;
		uint32_t error;

		memcpy(&r, d->in, sizeof(r));
		error = be32toh(r.error);
		if (!error && r.cookie == POKE)
			data = SECTOR;
		else if (!error && op == READ)
			data = size;
		if (d->in_used < sizeof(r) + data)
			return -1;
		if (r.cookie == MAIN)
			memcpy(d->buf, d->in + sizeof(r), data);
		drop(d, sizeof(r) + data);
		if (r.cookie == MAIN)
			return (int)error;
	}
	return -1;
}

/* After silence one more is asked: its event may be the one that counts. */
static enum outcome request(struct world *w, struct disk *d, enum op op,
			    uint64_t offset, uint32_t size)
{
	uint64_t start = now_ms();
	unsigned int pokes = 0;

	queue_request(d, op, MAIN, offset, size);
	if (op == WRITE)
		queue(d, d->buf, size);
	for (;;) {
		uint64_t now;
		int error;

		if (!exchange(w, d, 20))
			return ENDED;
		error = take_reply(d, op, size);
		if (error >= 0)
			return error ? FAILED : DONE;
		/* nobody is left to answer, until it is started again */
		if (w->daemon.over)
			return ENDED;
		now = now_ms();
		if (now < start + (pokes + 1) * QUIET_MS)
			continue;
		if (pokes == 2 && w->patience_ms &&
		    now > start + w->patience_ms)
			return STALLED;
		if (now > start + limit_s * UINT64_C(1000))
			return STALLED;
		if (pokes < 2)
			queue_request(d, READ, POKE, IMAGE_SIZE - SECTOR,
				      SECTOR);
		pokes += pokes < 2;
	}
}

/* -- the model ----------------------------------------------------------------------- */

static bool same(struct world *w, const uint8_t *got, const uint8_t *want,
		 uint64_t offset, uint32_t size, const char *what)
{
	for (uint32_t i = 0; i < size; i++)
		if (got[i] != want[i])
			return wrong(w, "%s: byte %llu is 0x%02x, want "
				     "0x%02x", what,
				     (unsigned long long)(offset + i), got[i],
				     want[i]);
	return true;
}

/* Each sector is as before or as after; which one is taken for true. */
static bool either(struct world *w, struct disk *d, const uint8_t *after,
		   uint64_t offset, uint32_t size, const char *what)
{
	uint8_t now[SECTOR];

	for (uint32_t at = 0; at < size; at += SECTOR) {
		uint8_t *model = d->model + offset + at;

		if (pread(d->image, now, SECTOR, offset + at) != SECTOR)
			return wrong(w, "image: %s", strerror(errno));
		if (memcmp(now, after + at, SECTOR) != 0 &&
		    !same(w, now, model, offset + at, SECTOR, what))
			return false;
		memcpy(model, now, SECTOR);
	}
	return true;
}

static enum outcome do_read(struct world *w, struct disk *d, uint64_t offset,
			    uint32_t size)
{
	enum outcome o = request(w, d, READ, offset, size);

	if (o == DONE)
		same(w, d->buf, d->model + offset, offset, size, "read");
	return o;
}

static enum outcome do_write(struct world *w, struct disk *d, uint64_t offset,
			     uint32_t size)
{
	enum outcome o;

	d->seed++;
	for (uint32_t i = 0; i < size; i++)
		d->buf[i] = d->seed + i / 64;
	o = request(w, d, WRITE, offset, size);
	if (o != DONE) {
		either(w, d, d->buf, offset, size, "after a failed write");
		return o;
	}
	memcpy(d->model + offset, d->buf, size);
	if (pread(d->image, d->buf, size, offset) != (ssize_t)size)
		wrong(w, "image: %s", strerror(errno));
	else
		same(w, d->buf, d->model + offset, offset, size,
		     "image after a write that was acknowledged");
	return o;
}

static enum outcome do_trim(struct world *w, struct disk *d, uint64_t offset,
			    uint32_t size)
{
	enum outcome o;

	/* an image that has no holes is served, too */
	if (!(d->flags & NBD_SEND_TRIM))
		return DONE;
	o = request(w, d, TRIM, offset, size);
	memset(d->buf, 0, size);
	either(w, d, d->buf, offset, size, "after a discard");
	return o;
}

static enum outcome do_one(struct world *w, struct disk *d, enum op op,
			   uint64_t offset, uint32_t size)
{
	switch (op) {
	case READ:
		return do_read(w, d, offset, size);
	case WRITE:
		return do_write(w, d, offset, size);
	case FLUSH:
		return request(w, d, FLUSH, 0, 0);
	case TRIM:
		return do_trim(w, d, offset, size);
	}
	return FAILED;
}

static enum outcome disk_use(struct world *w, struct device *dev, bool well)
{
	/* what is more than 11 pages takes an indirect request */
	static const struct {
		enum op op;
		uint32_t offset, size;
	} steps[] = {
		{ READ,	 64 << 10,   4096 },
		{ WRITE, 0,	     4096 },
		{ READ,	 0,	     8192 },
		{ FLUSH, 0,	     0 },
		{ WRITE, 256 << 10,  96 << 10 },
		{ READ,	 252 << 10,  128 << 10 },
		{ TRIM,	 1 << 20,    64 << 10 },
		{ READ,	 1 << 20,    96 << 10 },
	};
	struct disk *d = dev->own;
	enum outcome worst = connect_to(w, d);

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		enum outcome o;

		if (worst >= ENDED || w->why[0])
			break;
		o = do_one(w, d, steps[i].op, steps[i].offset, steps[i].size);
		if (o > worst)
			worst = o;
	}
	if (well && worst != DONE)
		wrong(w, "without a fault a request %s", worst == FAILED ?
		      "fails" : worst == ENDED ? "ends the frontend" :
		      "is not answered");
	if (worst >= ENDED)
		hang_up(d);
	return worst;
}

static bool disk_ping(struct world *w, struct device *dev)
{
	struct disk *d = dev->own;

	return connect_to(w, d) == DONE &&
	       do_write(w, d, 8192, 4096) == DONE &&
	       do_read(w, d, 8192, 4096) == DONE && !w->why[0];
}

/* A dead worker's rings hold its image, and its lock, a moment longer. */
static bool disk_released(struct device *dev)
{
	const struct disk *d = dev->own;
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	return !d || (fcntl(d->image, F_OFD_GETLK, &l) == 0 &&
		      l.l_type == F_UNLCK);
}

static const char *const front_nodes[] = {
	"virtual-device", "51712", "device-type", "disk", NULL,
};
static const char *const back_nodes[] = {
	"mode", "w", "device-type", "disk", NULL,
};

const struct kind kind_blk = {
	.name = "blk",
	.daemon = "xl-lite-blkd",
	.program = "xl-lite-blkfront",
	.xenbus = "uvbd",
	.devid = 51712,
	.front_nodes = front_nodes,
	.back_nodes = back_nodes,
	.own_nodes = (const char *const[]){ "params", NULL },
	.own_value = image_path,
	.make = disk_make,
	.free = disk_free,
	.arguments = disk_arguments,
	.use = disk_use,
	.ping = disk_ping,
	.released = disk_released,
	.leave = disk_leave,
};
