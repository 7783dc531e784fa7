/* SPDX-License-Identifier: MIT */
/*
 * nbdio SOCKET IMAGE SEED COUNT: a client of an NBD server that verifies each
 * byte. First the whole disk must be what IMAGE holds; then COUNT reads, writes
 * and discards of all sizes, several at a time, must behave as a model in
 * memory; and after a flush, where there is one, IMAGE must be what the model
 * is. A disk that may not be written is only read.
 */
#include "config.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DEPTH 16u
#define IO_MAX (1u << 20)
#define SECTOR 512u
#define NBD_READ_ONLY 0x02
#define NBD_SEND_FLUSH 0x04
#define NBD_SEND_TRIM 0x20

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

struct io {
	bool used;
	enum op op;
	uint64_t offset;
	uint32_t size;
};

static struct {
	int sock, image;
	uint64_t size;
	uint16_t flags;
	uint8_t *model;
	struct io ios[DEPTH];
	unsigned int busy, left;
	uint8_t *out;			/* what is to be sent */
	size_t out_used, out_size;
	uint8_t in[sizeof(struct reply) + IO_MAX];
	size_t in_used;
	uint64_t random;
	unsigned int counts[5];
} n;

__attribute__((noreturn, format(printf, 1, 2)))
static void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "nbdio: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}

/* -- the handshake --------------------------------------------------------------- */

static void get(void *buf, size_t size)
{
	if (recv(n.sock, buf, size, MSG_WAITALL) != (ssize_t)size)
		fail("the server hung up during the handshake");
}

static void put(const void *buf, size_t size)
{
	if (send(n.sock, buf, size, MSG_NOSIGNAL) != (ssize_t)size)
		fail("send: %s", strerror(errno));
}

static void handshake(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct {
		uint64_t magic;
		uint32_t option, length;
	} __attribute__((packed)) option = {
		htobe64(0x49484156454F5054), htobe32(1), 0,
	};
	const uint32_t flags = htobe32(3); /* fixed newstyle, no zeroes */
	uint64_t greeting[2], size;
	uint16_t word;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	n.sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (n.sock == -1 ||
	    connect(n.sock, (const struct sockaddr *)&addr, sizeof(addr)))
		fail("%s: %s", path, strerror(errno));
	get(greeting, sizeof(greeting));
	get(&word, sizeof(word));
	if (greeting[1] != option.magic)
		fail("%s: no NBD server of the new style", path);
	put(&flags, sizeof(flags));
	put(&option, sizeof(option));
	get(&size, sizeof(size));
	get(&word, sizeof(word));
	n.size = be64toh(size);
	n.flags = be16toh(word);
}

/* -- requests --------------------------------------------------------------------- */

static uint64_t draw(uint64_t below)
{
	/* xorshift64*: the same for the same seed everywhere */
	n.random ^= n.random >> 12;
	n.random ^= n.random << 25;
	n.random ^= n.random >> 27;
	return (n.random * 2685821657736338717u >> 16) % below;
}

static void queue_bytes(const void *data, size_t size)
{
	if (n.out_used + size > n.out_size) {
		n.out_size = 2 * (n.out_used + size);
		n.out = realloc(n.out, n.out_size);
		if (!n.out)
			fail("no memory");
	}
	memcpy(n.out + n.out_used, data, size);
	n.out_used += size;
}

static void submit(enum op op, uint64_t offset, uint32_t size)
{
	struct request r = {
		.magic = htobe32(0x25609513), .type = htobe16(op),
		.offset = htobe64(offset), .length = htobe32(size),
	};
	unsigned int i = 0;

	while (n.ios[i].used)
		i++;
	n.ios[i] = (struct io){ true, op, offset, size };
	n.busy++;
	r.cookie = i;
	queue_bytes(&r, sizeof(r));
	if (op != WRITE)
		return;
	for (uint32_t at = 0; at < size; at++)
		n.model[offset + at] = draw(256);
	queue_bytes(n.model + offset, size);
}

/* Two at the same place have no order, unless both only read. */
static bool overlaps(enum op op, uint64_t offset, uint32_t size)
{
	for (unsigned int i = 0; i < DEPTH; i++) {
		const struct io *io = &n.ios[i];

		if (io->used && (op != READ || io->op != READ) &&
		    offset < io->offset + io->size &&
		    io->offset < offset + size)
			return true;
	}
	return false;
}

/* Most are small, some as large as there may be. */
static uint32_t draw_size(uint64_t offset)
{
	static const uint32_t most[] = { 1, 8, 8, 88, 256, IO_MAX / SECTOR };
	uint32_t size = SECTOR * (1 + draw(most[draw(6)]));

	return size > n.size - offset ? n.size - offset : size;
}

static enum op draw_op(void)
{
	unsigned int what = draw(16);

	if (n.flags & NBD_READ_ONLY || what < 7)
		return READ;
	if (what == 15 && n.flags & NBD_SEND_FLUSH)
		return FLUSH;
	return what == 14 && n.flags & NBD_SEND_TRIM ? TRIM : WRITE;
}

static void submit_some(void)
{
	while (n.left && n.busy < DEPTH) {
		enum op op = draw_op();
		uint64_t offset = SECTOR * draw(n.size / SECTOR);
		uint32_t size = draw_size(offset);

		if (op == FLUSH)
			offset = size = 0;
		if (overlaps(op, offset, size))
			break;
		n.left--;
		n.counts[op]++;
		submit(op, offset, size);
	}
}

/* -- replies ----------------------------------------------------------------------- */

static void compare(const uint8_t *got, const uint8_t *want, uint64_t offset,
		    size_t size, const char *what)
{
	for (size_t i = 0; i < size; i++)
		if (got[i] != want[i])
			fail("%s: byte %llu is 0x%02x, want 0x%02x", what,
			     (unsigned long long)(offset + i), got[i],
			     want[i]);
}

/* What was discarded is as before, or nothing. */
static void take_discarded(const struct io *io)
{
	uint8_t *model = n.model + io->offset;
	uint8_t *now = malloc(io->size);

	if (!now || pread(n.image, now, io->size, io->offset) !=
		    (ssize_t)io->size)
		fail("image: %s", strerror(errno));
	for (uint32_t i = 0; i < io->size; i++) {
		if (now[i] && now[i] != model[i])
			fail("discarded: byte %llu is 0x%02x",
			     (unsigned long long)(io->offset + i), now[i]);
		model[i] = now[i];
	}
	free(now);
}

/* Bytes of the reply at the head of the input; 0: not all of it is here. */
static size_t take_reply(void)
{
	struct reply r;
	struct io *io;
	size_t size;

	if (n.in_used < sizeof(r))
		return 0;
	memcpy(&r, n.in, sizeof(r));
	if (be32toh(r.magic) != 0x67446698 || r.cookie >= DEPTH ||
	    !n.ios[r.cookie].used)
		fail("no reply to anything that was asked");
	io = &n.ios[r.cookie];
	if (r.error)
		fail("request %u at %llu, %u bytes: %s", io->op,
		     (unsigned long long)io->offset, io->size,
		     strerror(be32toh(r.error)));
	size = sizeof(r) + (io->op == READ ? io->size : 0);
	if (n.in_used < size)
		return 0;
	if (io->op == READ)
		compare(n.in + sizeof(r), n.model + io->offset, io->offset,
			io->size, "read");
	if (io->op == TRIM)
		take_discarded(io);
	io->used = false;
	n.busy--;
	return size;
}

static void take_input(void)
{
	ssize_t got = recv(n.sock, n.in + n.in_used, sizeof(n.in) - n.in_used,
			   MSG_DONTWAIT);
	size_t size;

	if (got == 0)
		fail("the server hung up, %u requests unanswered", n.busy);
	if (got < 0)
		return;
	n.in_used += got;
	while ((size = take_reply())) {
		n.in_used -= size;
		memmove(n.in, n.in + size, n.in_used);
	}
}

static void give_output(void)
{
	ssize_t sent = send(n.sock, n.out, n.out_used,
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && errno != EAGAIN)
		fail("send: %s", strerror(errno));
	if (sent > 0) {
		n.out_used -= sent;
		memmove(n.out, n.out + sent, n.out_used);
	}
}

static void run(void)
{
	while (n.left || n.busy) {
		struct pollfd p = { .fd = n.sock, .events = POLLIN };

		submit_some();
		if (n.out_used)
			p.events |= POLLOUT;
		if (poll(&p, 1, -1) == -1)
			continue;
		if (p.revents & (POLLIN | POLLHUP | POLLERR))
			take_input();
		if (p.revents & POLLOUT)
			give_output();
	}
}

/* ------------------------------------------------------------------------------------ */

static void read_image(uint8_t *buf)
{
	uint64_t at = 0;

	while (at < n.size) {
		ssize_t got = pread(n.image, buf + at, n.size - at, at);

		if (got <= 0)
			fail("image: %s", got ? strerror(errno) :
			     "shorter than the disk");
		at += got;
	}
}

static void read_all(void)
{
	for (uint64_t at = 0; at < n.size; at += IO_MAX) {
		submit(READ, at, n.size - at < IO_MAX ? n.size - at : IO_MAX);
		run();
	}
}

static void flush_and_compare(void)
{
	uint8_t *now = malloc(n.size);

	if (n.flags & NBD_SEND_FLUSH)
		submit(FLUSH, 0, 0);
	run();
	if (!now)
		fail("no memory");
	read_image(now);
	compare(now, n.model, 0, n.size, "image");
	free(now);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		fail("usage: nbdio SOCKET IMAGE SEED COUNT");
	n.image = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (n.image == -1)
		fail("%s: %s", argv[2], strerror(errno));
	n.random = strtoull(argv[3], NULL, 10) * 0x9e3779b97f4a7c15u + 1;
	handshake(argv[1]);
	n.model = malloc(n.size);
	if (!n.model)
		fail("no memory");
	read_image(n.model);
	read_all();
	n.left = strtoul(argv[4], NULL, 10);
	run();
	if (!(n.flags & NBD_READ_ONLY))
		flush_and_compare();
	printf("%llu bytes, %u reads, %u writes, %u discards, %u flushes: "
	       "all as they must be\n", (unsigned long long)n.size,
	       n.counts[READ], n.counts[WRITE], n.counts[TRIM],
	       n.counts[FLUSH]);
	return 0;
}
