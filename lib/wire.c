/* SPDX-License-Identifier: MIT */
/* Messages between supervisor and worker; see wire.h. */
#include "config.h"

#include "lib/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER_SIZE offsetof(struct wire_msg, body)

/* Room for a full set of descriptors, aligned as a header must be. */
union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
};

int wire_send(int sock, const struct wire_msg *msg, const int *fds,
	      unsigned int fd_count)
{
	union control control;
	struct iovec iov;
	struct msghdr hdr = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (msg->body_size > WIRE_BODY_MAX || fd_count > WIRE_FDS_MAX)
		return -EMSGSIZE;
	iov = (struct iovec) {
		.iov_base = (void *)msg,
		.iov_len = HEADER_SIZE + msg->body_size,
	};
	if (fd_count) {
		struct cmsghdr *c = &control.header;

		memset(&control, 0, sizeof(control));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
		hdr.msg_control = &control;
		hdr.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
	}
	do
		n = sendmsg(sock, &hdr, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n == -1 ? -errno : 0;
}

static unsigned int take_fds(struct msghdr *hdr, int *fds)
{
	unsigned int count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c;
	     c = CMSG_NXTHDR(hdr, c)) {
		size_t size;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size = c->cmsg_len - CMSG_LEN(0);
		memcpy(fds + count, CMSG_DATA(c), size);
		count += size / sizeof(int);
	}
	return count;
}

static bool size_is_right(const struct wire_msg *msg, size_t size)
{
	return size >= HEADER_SIZE && msg->body_size <= WIRE_BODY_MAX &&
	       size == HEADER_SIZE + msg->body_size;
}

int wire_recv(int sock, struct wire_msg *msg, int *fds,
	      unsigned int *fd_count)
{
	union control control;
	struct iovec iov = { .iov_base = msg, .iov_len = sizeof(*msg) };
	struct msghdr hdr = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;

	*fd_count = 0;
	do
		n = recvmsg(sock, &hdr, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == ECONNRESET ? 0 : -errno;
	if (n == 0)
		return 0;

	*fd_count = take_fds(&hdr, fds);
	if (hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ||
	    !size_is_right(msg, n)) {
		while (*fd_count)
			close(fds[--*fd_count]);
		return -EPROTO;
	}
	/* what an earlier message left must not pass for part of this one */
	memset(msg->body + msg->body_size, 0, WIRE_BODY_MAX - msg->body_size);
	return 1;
}
