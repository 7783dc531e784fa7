/* SPDX-License-Identifier: MIT */
/* Messages and descriptors arrive whole and checked, or not at all. */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed;

static void check(bool ok, const char *what)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", what);
	failed += !ok;
}

static bool same_file(int a, int b)
{
	struct stat sa, sb;

	return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 &&
	       sa.st_ino == sb.st_ino && sa.st_dev == sb.st_dev;
}

static unsigned int open_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void test_message(const int *s)
{
	struct wire_msg in = {
		.type = WIRE_ATTACH, .devid = 51712, .error = -5,
		.body_size = 5, .body = "abcde",
	}, out;
	int fds[WIRE_FDS_MAX];
	unsigned int count = 9;

	memset(&out, 0xff, sizeof(out));
	check(wire_recv(s[1], &out, fds, &count) == -EAGAIN && count == 0,
	      "nothing there: would wait");
	check(wire_send(s[0], &in, NULL, 0) == 0, "a message is sent");
	check(wire_recv(s[1], &out, fds, &count) == 1 && count == 0 &&
	      memcmp(&in, &out, sizeof(in)) == 0,
	      "it arrives, zeros behind its body");
	in.body_size = WIRE_BODY_MAX;
	check(wire_send(s[0], &in, NULL, 0) == 0 &&
	      wire_recv(s[1], &out, fds, &count) == 1 &&
	      out.body_size == WIRE_BODY_MAX, "the longest body passes");
	in.body_size++;
	check(wire_send(s[0], &in, NULL, 0) == -EMSGSIZE,
	      "a longer one is refused by the sender");
}

static void test_descriptors(const int *s)
{
	struct wire_msg msg = { .type = WIRE_ATTACH };
	int in[WIRE_FDS_MAX + 1], out[WIRE_FDS_MAX];
	unsigned int count = 0, before;

	for (unsigned int i = 0; i <= WIRE_FDS_MAX; i++)
		in[i] = i % 2 ? 0 : s[0];
	before = open_fds();
	check(wire_send(s[0], &msg, in, WIRE_FDS_MAX) == 0 &&
	      wire_recv(s[1], &msg, out, &count) == 1 &&
	      count == WIRE_FDS_MAX, "a full set of descriptors arrives");
	check(same_file(in[1], out[1]) && same_file(in[2], out[2]),
	      "in their order");
	check(fcntl(out[0], F_GETFD) & FD_CLOEXEC,
	      "and none would survive an exec");
	while (count)
		close(out[--count]);
	check(open_fds() == before, "the sender still owns its own");
	check(wire_send(s[0], &msg, in, WIRE_FDS_MAX + 1) == -EMSGSIZE,
	      "more are refused by the sender");
}

/* What a worker that its guest took over might send. */
static void test_lies(const int *s)
{
	struct wire_msg msg = { .type = WIRE_FAILED, .body_size = 100 }, out;
	struct {
		struct wire_msg msg;
		char more[8];
	} longer = { .msg.body_size = WIRE_BODY_MAX };
	int fds[WIRE_FDS_MAX];
	unsigned int count = 0;

	check(send(s[0], &msg, 24, 0) == 24 &&
	      wire_recv(s[1], &out, fds, &count) == -EPROTO,
	      "a body shorter than it says is refused");
	check(send(s[0], &msg, 7, 0) == 7 &&
	      wire_recv(s[1], &out, fds, &count) == -EPROTO,
	      "half a header is refused");
	msg.body_size = UINT32_MAX - 8;
	check(send(s[0], &msg, 8, 0) == 8 &&
	      wire_recv(s[1], &out, fds, &count) == -EPROTO,
	      "a size that would wrap is refused");
	check(send(s[0], &longer, sizeof(longer), 0) == sizeof(longer) &&
	      wire_recv(s[1], &out, fds, &count) == -EPROTO,
	      "a message cut by its length is refused");
}

/* A descriptor beside a bad message must not stay open. */
static void test_lie_with_descriptors(const int *s)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)),
	} };
	struct iovec iov = { .iov_base = (char *)"junk", .iov_len = 4 };
	struct msghdr hdr = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct wire_msg out;
	int fds[WIRE_FDS_MAX];
	unsigned int count = 0, before = open_fds();

	memcpy(CMSG_DATA(&control.header), &s[0], sizeof(int));
	check(sendmsg(s[0], &hdr, 0) == 4 &&
	      wire_recv(s[1], &out, fds, &count) == -EPROTO && count == 0 &&
	      open_fds() == before,
	      "descriptors beside a refused message are closed");
}

int main(void)
{
	struct wire_msg msg;
	int fds[WIRE_FDS_MAX];
	unsigned int count = 0;
	int s[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s))
		return 1;
	test_message(s);
	test_descriptors(s);
	test_lies(s);
	test_lie_with_descriptors(s);
	close(s[0]);
	check(wire_recv(s[1], &msg, fds, &count) == 0,
	      "the other side's end is told");
	check(wire_send(s[1], &msg, NULL, 0) < 0,
	      "and sending to it is an error, not a signal");
	return failed != 0;
}
