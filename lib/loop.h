/* SPDX-License-Identifier: MIT */
/*
 * One epoll for a thread. An event carries a tag instead of a callback, so
 * that each loop has one switch in view over all that can happen.
 *
 *	union loop_tag tag = { .type = TAG_STORE };
 *	loop_add(&loop, store_fd(&store), EPOLLIN, tag);
 *	n = loop_wait(&loop, tags, ARRAY_SIZE(tags), -1);
 *	for (...) switch (tags[i].type) ...
 */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

union loop_tag {
	uint64_t u64;
	struct {
		uint16_t type;		/* the caller's enum */
		uint16_t index;
		uint32_t id;
	};
};

struct loop {
	int epoll_fd;
};

struct loop_event {
	union loop_tag tag;
	uint32_t events;		/* EPOLLIN, EPOLLHUP, ... */
};

int loop_open(struct loop *l);
void loop_close(struct loop *l);
int loop_add(struct loop *l, int fd, uint32_t events, union loop_tag tag);
int loop_modify(struct loop *l, int fd, uint32_t events, union loop_tag tag);
void loop_remove(struct loop *l, int fd);
/* Number of events (0 at the timeout; -1 waits for ever), or -errno. */
int loop_wait(struct loop *l, struct loop_event *events, unsigned int count,
	      int timeout_ms);

/* Descriptors for loops; -errno or the descriptor, which the caller closes. */
int loop_signal_fd(const int *signals, unsigned int count);	/* and blocks them */
int loop_timer_fd(void);
/* One shot at NS from now; 0 disarms. */
int loop_timer_set(int timer_fd, uint64_t ns);

#endif
