/* SPDX-License-Identifier: MIT */
/*
 * leftlock IMAGE: lock IMAGE as a writable disk does, with a descriptor that no
 * process has any more: it is on its way through a socket. That is how the
 * kernel leaves the image of a daemon that was killed, for a moment. Says
 * 'locked', and ends at the end of its input; the lock is gone then.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int send_fd(int sock, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .space = { 0 } };
	char byte = 0;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct flock has_write = {
		.l_type = F_RDLCK, .l_whence = SEEK_SET,
		.l_start = 101, .l_len = 1,
	};
	int sock[2], fd;

	if (argc != 2)
		return 2;
	fd = open(argv[1], O_RDWR);
	if (fd < 0 || fcntl(fd, F_OFD_SETLK, &has_write) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, sock) < 0 ||
	    send_fd(sock[0], fd) < 0) {
		perror(argv[1]);
		return 1;
	}
	close(fd);
	puts("locked");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
