/* SPDX-License-Identifier: MIT */
/* Two terminals back to back; see relay.h. */
#include "config.h"

#include "tools/xl-lite/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* Bytes as they are: whoever shows them, and takes keys, is another terminal. */
static int make_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t))
		return -errno;
	cfmakeraw(&t);
	return tcsetattr(fd, TCSANOW, &t) ? -errno : 0;
}

static int open_pair(int *master, int *tty, char *path, size_t size)
{
	int err;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*master == -1 || grantpt(*master) || unlockpt(*master))
		return -errno;
	err = ptsname_r(*master, path, size);
	if (err)
		return -err;
	*tty = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return *tty == -1 ? -errno : make_raw(*tty);
}

int relay_open(struct relay *r)
{
	char path[sizeof(r->console_path)];
	int err;

	*r = (struct relay) {
		.program = -1, .console = -1,
		.program_tty = -1, .console_tty = -1,
	};
	err = open_pair(&r->program, &r->program_tty, path, sizeof(path));
	return err ? err : open_pair(&r->console, &r->console_tty,
				     r->console_path, sizeof(r->console_path));
}

static void close_fd(int *fd)
{
	cleanup_close(fd);
	*fd = -1;
}

void relay_close(struct relay *r)
{
	close_fd(&r->program);
	close_fd(&r->program_tty);
	close_fd(&r->console);
	close_fd(&r->console_tty);
}

static short wanted(const struct relay_flow *in, const struct relay_flow *out,
		    bool always)
{
	return (always || in->size < sizeof(in->data) ? POLLIN : 0) |
	       (out->size ? POLLOUT : 0);
}

void relay_poll(const struct relay *r, struct pollfd p[2])
{
	p[0] = (struct pollfd) {
		.fd = r->program,
		.events = wanted(&r->to_console, &r->to_program, true),
	};
	p[1] = (struct pollfd) {
		.fd = r->console,
		.events = wanted(&r->to_program, &r->to_console, false),
	};
}

/* The newest bytes stay. */
static void flow_add(struct relay_flow *f, const char *bytes, size_t size)
{
	const size_t room = sizeof(f->data) - f->size;

	if (size > room) {
		const size_t drop = size - room;

		memmove(f->data, f->data + drop, f->size - drop);
		f->size -= drop;
	}
	memcpy(f->data + f->size, bytes, size);
	f->size += size;
}

static void flow_drain(struct relay_flow *f, int fd)
{
	ssize_t n = fd >= 0 && f->size ? write(fd, f->data, f->size) : 0;

	if (n <= 0)
		return;
	memmove(f->data, f->data + n, f->size - n);
	f->size -= n;
}

/* True: it has ended, as far as its terminal is concerned. */
static bool hung_up(ssize_t n)
{
	return n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR);
}

static bool read_program(struct relay *r)
{
	char bytes[1024];
	ssize_t n = read(r->program, bytes, sizeof(bytes));

	if (n > 0) {
		last_words_add(&r->said, bytes, n);
		flow_add(&r->to_console, bytes, n);
	} else if (hung_up(n)) {
		close_fd(&r->program);
	}
	return n > 0;
}

static void read_console(struct relay *r)
{
	struct relay_flow *f = &r->to_program;
	ssize_t n;

	if (f->size == sizeof(f->data))
		return;
	n = read(r->console, f->data + f->size, sizeof(f->data) - f->size);
	if (n > 0)
		f->size += n;
}

bool relay_pump(struct relay *r)
{
	const bool said = r->program >= 0 && read_program(r);

	if (r->console >= 0)
		read_console(r);
	flow_drain(&r->to_console, r->console);
	flow_drain(&r->to_program, r->program);
	return said;
}
