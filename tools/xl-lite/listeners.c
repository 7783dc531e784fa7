/* SPDX-License-Identifier: MIT */
/* Who listens to xl-lited's events; see listeners.h. */
#include "config.h"

#include "tools/xl-lite/listeners.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/log.h"

#define BACKLOG 16

int listeners_open(struct listeners *l, const char *path, struct loop *loop,
		   uint16_t tag_type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP_CLOSE int fd = -1;
	mode_t mask;
	int err;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s.new", path);
	TAILQ_INIT(&l->list);
	l->path = path;
	l->loop = loop;
	l->tag_type = tag_type;
	l->socket_fd = -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return log_err(-errno, "%s: socket", path);
	/* of one that was killed; we have its lock */
	unlink(address.sun_path);
	mask = umask(0177);
	err = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	/* who waits for it to be there can connect then */
	if (err || listen(fd, BACKLOG) || rename(address.sun_path, path))
		return log_err(-errno, "%s: listen", path);
	l->socket_fd = STEAL_FD(fd);
	return 0;
}

static void drop(struct listeners *l, struct listener *one)
{
	TAILQ_REMOVE(&l->list, one, link);
	l->count--;
	loop_remove(l->loop, one->fd);
	close(one->fd);
	free(one);
}

void listeners_close(struct listeners *l)
{
	struct listener *next;

	if (l->socket_fd == -1)
		return;
	for (struct listener *one = TAILQ_FIRST(&l->list); one; one = next) {
		next = TAILQ_NEXT(one, link);
		drop(l, one);
	}
	unlink(l->path);
	close(l->socket_fd);
	l->socket_fd = -1;
}

/* One line, to one of them. -EAGAIN: its queue is full. */
static int tell(const struct listener *one, struct event *e)
{
	char line[EVENT_LINE_MAX];
	size_t len;

	if (!e->time.tv_sec)
		clock_gettime(CLOCK_REALTIME, &e->time);
	len = event_format(e, line);
	return send(one->fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL) == -1 ?
	       -errno : 0;
}

static bool is_of_our_user(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.uid == geteuid();
}

void listeners_accept(struct listeners *l)
{
	CLEANUP_CLOSE int fd = accept4(l->socket_fd, NULL, NULL,
				       SOCK_CLOEXEC | SOCK_NONBLOCK);
	union loop_tag tag = { .type = l->tag_type, .id = l->next_id };
	struct event hello = { .type = EVENT_LISTENING, .seq = l->seq };
	struct listener *one;

	if (fd == -1)
		return;
	if (!is_of_our_user(fd) || l->count == LISTENERS_MAX) {
		log_warn("%s: a listener refused: %s", l->path,
			 l->count == LISTENERS_MAX ? "there are too many"
						   : "it is another user's");
		return;
	}
	one = calloc(1, sizeof(*one));
	if (!one || loop_add(l->loop, fd, EPOLLRDHUP, tag)) {
		free(one);
		return;
	}
	one->fd = STEAL_FD(fd);
	one->id = l->next_id++;
	TAILQ_INSERT_TAIL(&l->list, one, link);
	l->count++;
	if (tell(one, &hello))
		drop(l, one);
}

static void cut_off(struct listeners *l, struct listener *one)
{
	struct event e = { .type = EVENT_CUT_OFF, .lost = one->lost };

	if (tell(one, &e) != -EAGAIN)
		drop(l, one);
}

void listeners_event(struct listeners *l, uint32_t id, uint32_t events)
{
	struct listener *one;

	TAILQ_FOREACH(one, &l->list, link)
		if (one->id == id)
			break;
	if (!one)
		return;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		drop(l, one);
	else if (one->lost)
		cut_off(l, one);
}

void listeners_tell(struct listeners *l, struct event *e)
{
	struct listener *next;

	for (struct listener *one = TAILQ_FIRST(&l->list); one; one = next) {
		union loop_tag tag = { .type = l->tag_type, .id = one->id };
		int err = one->lost ? -EAGAIN : tell(one, e);

		next = TAILQ_NEXT(one, link);
		if (err == -EAGAIN) {
			if (one->lost++ == 0)
				loop_modify(l->loop, one->fd,
					    EPOLLOUT | EPOLLRDHUP, tag);
		} else if (err) {
			drop(l, one);
		}
	}
}
