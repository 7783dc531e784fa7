/* SPDX-License-Identifier: MIT */
/*
 * Who listens to xl-lited's events. Each has the queue of its socket and no
 * more: who does not read is told so, as soon as it does, and cut off.
 */
#ifndef XL_LITE_LISTENERS_H
#define XL_LITE_LISTENERS_H

#include "lib/loop.h"

#include "tools/xl-lite/event.h"

#include <sys/queue.h>

#define LISTENERS_MAX 64

struct listener {
	TAILQ_ENTRY(listener) link;
	int fd;
	uint32_t id;
	unsigned long lost;	/* not 0: to be cut off */
};

TAILQ_HEAD(listener_list, listener);

struct listeners {
	struct loop *loop;
	uint16_t tag_type;	/* of events of listeners' sockets */
	const char *path;
	int socket_fd;		/* to be accepted from; -1: closed */
	struct listener_list list;
	unsigned int count;
	uint32_t next_id;
	uint64_t seq;		/* of the last event that was told */
};

/*
 * At PATH, which is kept. Logged. The caller watches socket_fd and calls
 * listeners_accept(). Who is not the user that we are is refused.
 */
int listeners_open(struct listeners *l, const char *path, struct loop *loop,
		   uint16_t tag_type);
void listeners_close(struct listeners *l);

void listeners_accept(struct listeners *l);
/* An event of the listener's socket. */
void listeners_event(struct listeners *l, uint32_t id, uint32_t events);
/* Tell all. E->time is filled in if it is not set. */
void listeners_tell(struct listeners *l, struct event *e);

#endif
