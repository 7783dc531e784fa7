/* SPDX-License-Identifier: MIT */
/* One epoll for a thread; see loop.h. */
#include "config.h"

#include "lib/loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/clock.h"

#define LOOP_BATCH_MAX 64

int loop_open(struct loop *l)
{
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return l->epoll_fd == -1 ? -errno : 0;
}

void loop_close(struct loop *l)
{
	if (l->epoll_fd >= 0)
		close(l->epoll_fd);
	l->epoll_fd = -1;
}

static int control(struct loop *l, int op, int fd, uint32_t events,
		   union loop_tag tag)
{
	struct epoll_event event = { .events = events, .data.u64 = tag.u64 };

	return epoll_ctl(l->epoll_fd, op, fd, &event) == -1 ? -errno : 0;
}

int loop_add(struct loop *l, int fd, uint32_t events, union loop_tag tag)
{
	return control(l, EPOLL_CTL_ADD, fd, events, tag);
}

int loop_modify(struct loop *l, int fd, uint32_t events, union loop_tag tag)
{
	return control(l, EPOLL_CTL_MOD, fd, events, tag);
}

void loop_remove(struct loop *l, int fd)
{
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

int loop_wait(struct loop *l, struct loop_event *events, unsigned int count,
	      int timeout_ms)
{
	struct epoll_event raw[LOOP_BATCH_MAX];
	int n;

	if (count > LOOP_BATCH_MAX)
		count = LOOP_BATCH_MAX;
	do
		n = epoll_wait(l->epoll_fd, raw, count, timeout_ms);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -errno;
	for (int i = 0; i < n; i++)
		events[i] = (struct loop_event) {
			.tag.u64 = raw[i].data.u64,
			.events = raw[i].events,
		};
	return n;
}

int loop_signal_fd(const int *signals, unsigned int count)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (unsigned int i = 0; i < count; i++)
		sigaddset(&set, signals[i]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return -errno;
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd == -1 ? -errno : fd;
}

int loop_timer_fd(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	return fd == -1 ? -errno : fd;
}

int loop_timer_set(int timer_fd, uint64_t ns)
{
	struct itimerspec spec = {
		.it_value.tv_sec = ns / NS_PER_S,
		.it_value.tv_nsec = ns % NS_PER_S,
	};

	return timerfd_settime(timer_fd, 0, &spec, NULL) == -1 ? -errno : 0;
}
