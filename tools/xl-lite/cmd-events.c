/* SPDX-License-Identifier: MIT */
/* xl-lite events: what happens to guests, as it happens. */
#include "config.h"

#include "tools/xl-lite/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#include "tools/xl-lite/event.h"

static int open_events(void)
{
	const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = EVENT_SOCKET,
	};
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
				      0);

	if (fd == -1)
		return log_err(-errno, "events: socket");
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;

		if (err == -ENOENT || err == -ECONNREFUSED)
			return log_fail(err, "events: xl-lited, which tells them, does not run: start it with 'systemctl start xl-lited'");
		return log_err(err, "events: %s", EVENT_SOCKET);
	}
	return STEAL_FD(fd);
}

int cmd_events(const struct cmd *cmd, int argc, char **argv)
{
	CLEANUP_CLOSE int fd = -1;
	char line[EVENT_LINE_MAX];
	int status;
	ssize_t n;

	if (cmd_getopt(cmd, argc, argv, "", NULL, 0, 0, &status) == CMD_EXIT)
		return status;
	fd = open_events();
	if (fd < 0)
		return STATUS_ERROR;
	while ((n = recv(fd, line, sizeof(line), 0)) > 0)
		if (fwrite(line, 1, n, stdout) != (size_t)n ||
		    fflush(stdout) != 0) {
			log_err(-errno, "events: write");
			return STATUS_ERROR;
		}
	log_fail(0, "events: xl-lited ended, or cut us off because we were too slow, which its last line says");
	return STATUS_ERROR;
}
