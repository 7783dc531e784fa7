/* SPDX-License-Identifier: MIT */
/* The loop tells by tag what happened, signals and timers included. */
#include "config.h"

#include "lib/cleanup.h"
#include "lib/loop.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int failed;

static void check(bool ok, const char *what)
{
	printf("%s - %s\n", ok ? "ok" : "not ok", what);
	failed += !ok;
}

enum { TAG_EVENT = 7, TAG_TIMER, TAG_SIGNAL };

int main(void)
{
	static const int signals[] = { SIGUSR1 };
	const union loop_tag event_tag = { .type = TAG_EVENT, .index = 2,
					   .id = 70000 };
	const union loop_tag timer_tag = { .type = TAG_TIMER };
	const union loop_tag signal_tag = { .type = TAG_SIGNAL };
	CLEANUP_CLOSE int event_fd =
		eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	CLEANUP_CLOSE int timer_fd = loop_timer_fd();
	CLEANUP_CLOSE int signal_fd = loop_signal_fd(signals, 1);
	struct signalfd_siginfo info;
	struct loop_event events[4];
	struct loop l;
	uint64_t one = 1;

	check(loop_open(&l) == 0, "a loop opens");
	check(loop_add(&l, event_fd, EPOLLIN, event_tag) == 0 &&
	      loop_add(&l, timer_fd, EPOLLIN, timer_tag) == 0 &&
	      loop_add(&l, signal_fd, EPOLLIN, signal_tag) == 0,
	      "descriptors are added");
	check(loop_add(&l, event_fd, EPOLLIN, event_tag) < 0,
	      "one twice is an error");
	check(loop_wait(&l, events, ARRAY_SIZE(events), 0) == 0,
	      "nothing happened yet");

	check(write(event_fd, &one, sizeof(one)) == sizeof(one) &&
	      loop_wait(&l, events, ARRAY_SIZE(events), -1) == 1 &&
	      events[0].tag.type == TAG_EVENT && events[0].tag.index == 2 &&
	      events[0].tag.id == 70000 && events[0].events == EPOLLIN,
	      "an event comes with its whole tag");
	loop_remove(&l, event_fd);
	check(loop_wait(&l, events, ARRAY_SIZE(events), 0) == 0,
	      "no more once removed");

	check(loop_timer_set(timer_fd, 1000) == 0 &&
	      loop_wait(&l, events, ARRAY_SIZE(events), -1) == 1 &&
	      events[0].tag.type == TAG_TIMER, "the timer fires");
	check(loop_timer_set(timer_fd, 0) == 0 &&
	      loop_wait(&l, events, ARRAY_SIZE(events), 0) == 0,
	      "and not when disarmed");

	raise(SIGUSR1);
	check(loop_wait(&l, events, ARRAY_SIZE(events), -1) == 1 &&
	      events[0].tag.type == TAG_SIGNAL &&
	      read(signal_fd, &info, sizeof(info)) == sizeof(info) &&
	      info.ssi_signo == SIGUSR1, "a signal is an event");
	loop_close(&l);
	return failed != 0;
}
