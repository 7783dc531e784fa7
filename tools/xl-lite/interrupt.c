/* SPDX-License-Identifier: MIT */
/* Signals that wait; see interrupt.h. */
#include "config.h"

#include "tools/xl-lite/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "lib/loop.h"

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP };

int interrupt_hold(struct interrupt *i)
{
	i->fd = loop_signal_fd(stop_signals, ARRAY_SIZE(stop_signals));
	return i->fd < 0 ? i->fd : 0;
}

void interrupt_release(struct interrupt *i)
{
	sigset_t set;

	if (i->fd < 0)
		return;
	close(i->fd);
	i->fd = -1;
	sigemptyset(&set);
	for (size_t k = 0; k < ARRAY_SIZE(stop_signals); k++)
		sigaddset(&set, stop_signals[k]);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int interrupted(const struct interrupt *i)
{
	struct pollfd p = { .fd = i->fd, .events = POLLIN };

	return i->fd >= 0 && poll(&p, 1, 0) == 1 ? -EINTR : 0;
}
