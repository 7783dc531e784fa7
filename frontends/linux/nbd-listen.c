/* SPDX-License-Identifier: MIT */
/* The unix socket that the NBD server's clients come to; see nbd.h. */
#include "config.h"

#include "frontends/linux/nbd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

/* A socket that nobody serves any more may be replaced; another's may not. */
static int clear_stale(const struct sockaddr_un *address)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (lstat(address->sun_path, &st) == -1)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return log_fail(-EEXIST, "%s: is there and is no socket: name "
				"another path", address->sun_path);
	if (fd == -1)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address,
		    sizeof(*address)) == 0)
		return log_fail(-EADDRINUSE, "%s: another program serves this "
				"socket", address->sun_path);
	return unlink(address->sun_path) == -1 ? -errno : 0;
}

int nbd_listen(struct nbd *n, const char *path, union loop_tag tag)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP_CLOSE int fd = -1;
	mode_t mask;
	int r;

	if (strlen(path) >= sizeof(address.sun_path))
		return log_fail(-ENAMETOOLONG, "%s: a socket's path has less "
				"than %zu characters", path,
				sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	r = clear_stale(&address);
	if (r)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return log_err(-errno, "%s: socket", path);
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address)) ?
		-errno : 0;
	umask(mask);
	if (r)
		return log_err(r, "%s: bind", path);
	if (listen(fd, NBD_CLIENTS_MAX) == -1)
		return log_err(-errno, "%s: listen", path);
	r = loop_add(n->loop, fd, EPOLLIN, tag);
	if (r)
		return log_err(r, "%s: epoll", path);
	memcpy(n->path, path, strlen(path) + 1);
	n->listen_fd = STEAL_FD(fd);
	return 0;
}

void nbd_accept(struct nbd *n)
{
	int fd = accept4(n->listen_fd, NULL, NULL,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd != -1 && nbd_add_client(n, fd, false) == -EBUSY)
		log_warn("%s: %d clients already: another was sent away",
			 n->path, NBD_CLIENTS_MAX);
}

void nbd_listen_end(struct nbd *n)
{
	if (n->listen_fd == -1)
		return;
	loop_remove(n->loop, n->listen_fd);
	close(n->listen_fd);
	n->listen_fd = -1;
	unlink(n->path);
}
