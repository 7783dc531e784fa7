/* SPDX-License-Identifier: MIT */
/*
 * netio: bytes over a network, each of them verified, both ways at once.
 *
 *	netio serve ADDRESS PORT
 *		says 'ready', then serves one 'connect', and ends
 *	netio connect ADDRESS PORT SEED BYTES LARGEST
 *		a TCP stream of BYTES there and as many back, both of a pattern
 *		made from SEED; then UDP datagrams of sizes up to LARGEST, each of
 *		which must come back as it was
 *
 * A stream is whole or broken; a datagram may be lost, and is sent again.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ends what hangs. */
#define LIMIT_S 120
#define RETRY_MS 200
#define RETRIES 100
#define DATAGRAM_MAX 65507

struct hello {
	uint64_t seed, bytes;
};

static uint8_t buf[1 << 16], other[1 << 16];

__attribute__((noreturn, format(printf, 1, 2)))
static void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "netio: ");
	vfprintf(stderr, fmt, ap);
	fprintf(stderr, "\n");
	va_end(ap);
	exit(1);
}

/* Byte AT of the stream: a mix in which no two places are alike. */
static uint8_t pattern(uint64_t seed, uint64_t at)
{
	uint64_t x = (at >> 3) + seed * 0x9e3779b97f4a7c15u;

	x ^= x >> 31;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 29;
	return x >> (at & 7) * 8;
}

static void fill(uint64_t seed, uint64_t at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		buf[i] = pattern(seed, at + i);
}

static void check(const uint8_t *data, uint64_t seed, uint64_t at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] != pattern(seed, at + i))
			fail("byte %llu is 0x%02x, want 0x%02x",
			     (unsigned long long)(at + i), data[i],
			     pattern(seed, at + i));
}

static int open_socket(const char *address, const char *port, int type,
		       bool listening)
{
	struct addrinfo hints = {
		.ai_socktype = type, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *ai;
	const int one = 1;
	int s, r;

	if (getaddrinfo(address, port, &hints, &ai))
		fail("%s: no address", address);
	s = socket(ai->ai_family, type | SOCK_CLOEXEC, 0);
	if (s == -1)
		fail("socket: %s", strerror(errno));
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	r = listening ? bind(s, ai->ai_addr, ai->ai_addrlen) :
			connect(s, ai->ai_addr, ai->ai_addrlen);
	if (r)
		fail("%s port %s: %s", address, port, strerror(errno));
	freeaddrinfo(ai);
	return s;
}

/* -- the stream ------------------------------------------------------------------- */

static void send_some(int s, uint64_t seed, uint64_t *sent, uint64_t bytes)
{
	size_t size = bytes - *sent < sizeof(buf) ? bytes - *sent :
		      sizeof(buf);
	ssize_t n;

	fill(seed, *sent, size);
	n = send(s, buf, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		fail("send: %s", strerror(errno));
	*sent += n > 0 ? n : 0;
}

static void take_some(int s, uint64_t seed, uint64_t *taken)
{
	ssize_t n = recv(s, other, sizeof(other), MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		fail("receive, after %llu bytes: %s",
		     (unsigned long long)*taken,
		     n ? strerror(errno) : "end of the stream");
	if (n > 0) {
		check(other, seed, *taken, n);
		*taken += n;
	}
}

static void stream(int s, uint64_t send_seed, uint64_t take_seed,
		   uint64_t bytes)
{
	uint64_t sent = 0, taken = 0;

	while (sent < bytes || taken < bytes) {
		struct pollfd p = {
			.fd = s,
			.events = (sent < bytes ? POLLOUT : 0) |
				  (taken < bytes ? POLLIN : 0),
		};

		if (poll(&p, 1, -1) != 1)
			continue;
		if (p.revents & POLLOUT)
			send_some(s, send_seed, &sent, bytes);
		if (p.revents & (POLLIN | POLLHUP | POLLERR))
			take_some(s, take_seed, &taken);
	}
}

/* -- datagrams ---------------------------------------------------------------------- */

/* True: it came back, whole. */
static bool datagram_back(int s, uint64_t number, size_t size)
{
	struct pollfd p = { .fd = s, .events = POLLIN };

	while (poll(&p, 1, RETRY_MS) == 1) {
		ssize_t n = recv(s, other, sizeof(other), 0);

		/* a late answer to the one before is of another size */
		if (n != (ssize_t)size)
			continue;
		check(other, number, 0, size);
		return true;
	}
	return false;
}

static void datagram(int s, uint64_t number, size_t size)
{
	for (int i = 0; i < RETRIES; i++) {
		fill(number, 0, size);
		if (send(s, buf, size, 0) < 0 && errno != ENOBUFS &&
		    errno != ECONNREFUSED)
			fail("a datagram of %zu bytes: %s", size,
			     strerror(errno));
		if (datagram_back(s, number, size))
			return;
	}
	fail("a datagram of %zu bytes does not come back", size);
}

static unsigned int datagrams(int s, size_t largest)
{
	unsigned int count = 0;

	for (size_t size = 1; size <= largest; size += size / 7 + 1)
		datagram(s, ++count, size);
	datagram(s, ++count, largest);
	return count;
}

static void echo_until_closed(int tcp, int udp)
{
	struct pollfd p[2] = {
		{ .fd = udp, .events = POLLIN }, { .fd = tcp, .events = POLLIN },
	};

	while (poll(p, 2, -1) > 0) {
		struct sockaddr_storage from;
		socklen_t len = sizeof(from);
		ssize_t n;

		if (p[1].revents)
			return;
		n = recvfrom(udp, buf, sizeof(buf), 0,
			     (struct sockaddr *)&from, &len);
		if (n > 0)
			sendto(udp, buf, n, 0, (struct sockaddr *)&from, len);
	}
}

/* ------------------------------------------------------------------------------------ */

static int serve(const char *address, const char *port)
{
	int listener = open_socket(address, port, SOCK_STREAM, true);
	int udp = open_socket(address, port, SOCK_DGRAM, true);
	struct hello hello;
	int tcp;

	if (listen(listener, 1))
		fail("listen: %s", strerror(errno));
	printf("ready\n");
	fflush(stdout);
	tcp = accept(listener, NULL, NULL);
	if (tcp == -1 || recv(tcp, &hello, sizeof(hello), MSG_WAITALL) !=
			 sizeof(hello))
		fail("no client: %s", strerror(errno));
	stream(tcp, hello.seed + 1, hello.seed, hello.bytes);
	echo_until_closed(tcp, udp);
	return 0;
}

static int run(const char *address, const char *port, char **argv)
{
	const struct hello hello = {
		.seed = strtoull(argv[0], NULL, 10),
		.bytes = strtoull(argv[1], NULL, 10),
	};
	size_t largest = strtoul(argv[2], NULL, 10);
	int tcp = open_socket(address, port, SOCK_STREAM, false);
	int udp = open_socket(address, port, SOCK_DGRAM, false);
	unsigned int count;

	if (largest > DATAGRAM_MAX)
		fail("a datagram has at most %d bytes", DATAGRAM_MAX);
	if (send(tcp, &hello, sizeof(hello), 0) != sizeof(hello))
		fail("send: %s", strerror(errno));
	stream(tcp, hello.seed, hello.seed + 1, hello.bytes);
	count = datagrams(udp, largest);
	printf("%llu bytes there and back, %u datagrams: all as they must be\n",
	       (unsigned long long)hello.bytes, count);
	return 0;
}

int main(int argc, char **argv)
{
	alarm(LIMIT_S);
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3]);
	if (argc == 7 && strcmp(argv[1], "connect") == 0)
		return run(argv[2], argv[3], argv + 4);
	fprintf(stderr, "usage: netio serve ADDRESS PORT |\n"
		"       connect ADDRESS PORT SEED BYTES LARGEST\n");
	return 2;
}
