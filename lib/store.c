/* SPDX-License-Identifier: MIT */
/*
 * The connection to xenstored; see store.h.
 *
 * In the control domain libxenstore falls back from xenstored's socket to the
 * kernel's /dev/xen/xenbus, which can be opened whether or not anybody serves
 * it: the first request then waits for ever. Where xenstored is a process
 * that is simply not running this must be an error with a remedy, and where
 * xenstore is a domain of its own it must work; so a request is sent there by
 * hand first, and is given time to come back.
 *
 * For who asked for it (store_open_batched()) all goes through store-batch.c,
 * and libxenstore, with its thread that reads for us, is not even opened.
 */
#include "config.h"

#include "lib/store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/store-batch.h"

#define PROBE_MS 3000

/* The connection, or -1. */
static int open_line(void)
{
	static const struct sockaddr_un addr = {
		.sun_family = AF_UNIX,
		.sun_path = "/var/run/xenstored/socket",
	};
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return -1;
	return STEAL_FD(fd);
}

static bool device_answers(const char *device)
{
	struct {
		struct xsd_sockmsg header;
		char path[sizeof("domid")];
	} request = {
		.header.type = XS_READ,
		.header.len = sizeof("domid"),
		.path = "domid",
	};
	const size_t size = sizeof(request.header) + sizeof(request.path);
	CLEANUP_CLOSE int fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && write(fd, &request, size) == (ssize_t)size &&
	       poll(&p, 1, PROBE_MS) == 1;
}

static bool somebody_serves(struct store *s)
{
	/* another place was named: the library's business */
	if (getenv("XENSTORED_PATH") || getenv("XENSTORED_RUNDIR"))
		return true;
	s->line_fd = open_line();
	return s->line_fd >= 0 || device_answers("/dev/xen/xenbus") ||
	       device_answers("/proc/xen/xenbus");
}

static int open_any(struct store *s, bool batched)
{
	int r = -ECONNREFUSED;

	*s = (struct store) { .line_fd = -1 };
	if (somebody_serves(s)) {
		if (batched && s->line_fd >= 0)
			return store_use_batch(s);
		s->xs = xs_open(XS_UNWATCH_FILTER);
		if (s->xs)
			return 0;
		r = errno ? -errno : -EIO;
		cleanup_close(&s->line_fd);
	}
	if (r == -EACCES || r == -EPERM)
		return log_err(r, "xenstore: connect: run this as root");
	return log_fail(r, "xenstore: xenstored is not running? start it "
			"with: systemctl start xenstored");
}

int store_open(struct store *s)
{
	return open_any(s, false);
}

int store_open_batched(struct store *s)
{
	return open_any(s, true);
}

int store_use_batch(struct store *s)
{
	s->batch = malloc(sizeof(*s->batch));
	if (!s->batch) {
		cleanup_close(&s->line_fd);
		return log_err(-ENOMEM, "xenstore");
	}
	store_batch_init(s->batch, s->line_fd);
	return 0;
}

bool store_is_open(const struct store *s)
{
	return s->xs || s->batch;
}

void store_close(struct store *s)
{
	/* never opened, or not with success */
	if (!store_is_open(s))
		return;
	if (s->batch)
		store_batch_free(s->batch);
	free(s->batch);
	s->batch = NULL;
	if (s->xs)
		xs_close(s->xs);
	s->xs = NULL;
	cleanup_close(&s->line_fd);
}

int store_line_fd(const struct store *s)
{
	return s->line_fd;
}

bool store_hung_up(const struct store *s)
{
	struct pollfd p = { .fd = s->line_fd, .events = POLLRDHUP };

	return s->line_fd >= 0 && poll(&p, 1, 0) == 1;
}

int store_fd(const struct store *s)
{
	return s->batch ? store_batch_poll_fd(s->batch) : xs_fileno(s->xs);
}
