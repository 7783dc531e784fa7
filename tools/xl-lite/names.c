/* SPDX-License-Identifier: MIT */
/* Asking xl-lited for a name; see names.h. */
#include "config.h"

#include "tools/xl-lite/names.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* It may be busy; but whoever is stuck is not waited for. */
#define ANSWER_MS 1000

/* With an address of our own, which the kernel finds, for the answer. */
static int open_socket(const char *path)
{
	struct sockaddr_un server = { .sun_family = AF_UNIX };
	const struct sockaddr own = { .sa_family = AF_UNIX };
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(server.sun_path, sizeof(server.sun_path), "%s", path);
	if (fd == -1 || bind(fd, &own, sizeof(own.sa_family)) ||
	    connect(fd, (const struct sockaddr *)&server, sizeof(server)))
		return -ENOTCONN;
	return STEAL_FD(fd);
}

int names_ask(const char *path, const char *name, domid_t *domid,
	      bool *initialised)
{
	CLEANUP_CLOSE int fd = -1;
	struct names_request request = { 0 };
	struct names_answer answer;
	struct pollfd p;

	/* no domain's */
	if (strlen(name) >= sizeof(request.name))
		return -ENOTCONN;
	fd = open_socket(path);
	if (fd < 0)
		return fd;
	snprintf(request.name, sizeof(request.name), "%s", name);
	p = (struct pollfd) { .fd = fd, .events = POLLIN };
	if (send(fd, &request, sizeof(request), MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    sizeof(request) || poll(&p, 1, ANSWER_MS) != 1 ||
	    recv(fd, &answer, sizeof(answer), MSG_DONTWAIT) !=
	    sizeof(answer) || (answer.err && answer.err != -ESRCH))
		return -ENOTCONN;
	if (initialised)
		*initialised = answer.initialised;
	if (!answer.err)
		*domid = answer.domid;
	return answer.err;
}
