/* SPDX-License-Identifier: MIT */
/*
 * xenstore; see store.h.
 *
 * In the control domain libxenstore falls back from xenstored's socket to the
 * kernel's /dev/xen/xenbus, which can be opened whether or not anybody serves
 * it: the first request then waits for ever. Where xenstored is a process
 * that is simply not running this must be an error with a remedy, and where
 * xenstore is a domain of its own it must work; so a request is sent there by
 * hand first, and is given time to come back.
 */
#include "config.h"

#include "lib/store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/num.h"

/* A transaction lost this often is not bad luck any more. */
#define TRANSACTION_TRIES 64
#define PROBE_MS 3000

/* What xenstore allows, with a NUL. */
#define PATH_SIZE (XENSTORE_ABS_PATH_MAX + 1)

static int make_path(char *path, const char *dir, const char *node)
{
	int n;

	n = node ? snprintf(path, PATH_SIZE, "%s/%s", dir, node)
		 : snprintf(path, PATH_SIZE, "%s", dir);
	if (n < 0 || n >= PATH_SIZE)
		return log_err(-ENAMETOOLONG, "xenstore: %.64s...", dir);
	return 0;
}

static const char *remedy(int err)
{
	switch (-err) {
	case ENOSPC:
	case ENOMEM:
		return "xenstored has no room: 'xl-lite gc' removes what nobody needs";
	case EACCES:
	case EPERM:
		return "is this dom0, and root?";
	}
	return "is xenstored well? 'xl-lite doctor' tells";
}

/*
 * The caller knows whether a missing node or a lost race is trouble. In a
 * driver domain a guest decides whether we may read its nodes.
 */
static int fail(struct store *s, const char *what, const char *path)
{
	int r = errno ? -errno : -EIO;

	if (r == -ENOENT || r == -EAGAIN || (r == -EACCES && !s->doing))
		return r;
	if (s->doing)
		log_fail(r, "%s: xenstore: %s %s: %s: %s", s->doing, what,
			 path, strerror(-r), remedy(r));
	else
		log_err(r, "xenstore: %s %s", what, path);
	s->told = true;
	return r;
}

void store_doing(struct store *s, const char *what)
{
	s->doing = what;
	s->told = false;
}

int store_fail(struct store *s, int err)
{
	if (!s->told)
		log_fail(err, "%s%sxenstore: %s: %s", s->doing ? s->doing : "",
			 s->doing ? ": " : "", strerror(-err), remedy(err));
	s->told = true;
	return err;
}

/* -- opening --------------------------------------------------------------- */

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

int store_open(struct store *s)
{
	int r = -ECONNREFUSED;

	*s = (struct store) { .line_fd = -1 };
	if (somebody_serves(s)) {
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

void store_close(struct store *s)
{
	/* never opened, or not with success */
	if (!s->xs)
		return;
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
	return xs_fileno(s->xs);
}

/* -- reading --------------------------------------------------------------- */

int store_read(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char *buf, size_t size)
{
	CLEANUP_FREE char *value = NULL;
	char path[PATH_SIZE];
	unsigned int len;
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	value = xs_read(s->xs, t, path, &len);
	if (!value)
		return fail(s, "read", path);
	if (len >= size)
		return -E2BIG;
	if (memchr(value, 0, len))
		return -EINVAL;
	memcpy(buf, value, len);
	buf[len] = '\0';
	return 0;
}

int store_read_u64(struct store *s, xs_transaction_t t, const char *dir,
		   const char *node, uint64_t min, uint64_t max,
		   uint64_t *ret)
{
	char value[32]; /* longer is no number of ours */
	int r = store_read(s, t, dir, node, value, sizeof(value));

	if (r == -E2BIG)
		return -EINVAL;
	return r ? r : num_parse(value, min, max, ret);
}

int store_read_uint(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, unsigned int min, unsigned int max,
		    unsigned int *ret)
{
	uint64_t value;
	int r = store_read_u64(s, t, dir, node, min, max, &value);

	if (r == 0)
		*ret = value;
	return r;
}

int store_read_uint_or(struct store *s, xs_transaction_t t, const char *dir,
		       const char *node, unsigned int min, unsigned int max,
		       unsigned int deflt, unsigned int *ret)
{
	int r = store_read_uint(s, t, dir, node, min, max, ret);

	if (r != -ENOENT)
		return r;
	*ret = deflt;
	return 0;
}

int store_list(struct store *s, xs_transaction_t t, const char *dir,
	       const char *node, char ***names, unsigned int *count)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	*names = xs_directory(s->xs, t, path, count);
	return *names ? 0 : fail(s, "list", path);
}

/* -- writing --------------------------------------------------------------- */

int store_write(struct store *s, xs_transaction_t t, const char *dir,
		const char *node, const char *value)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	return xs_write(s->xs, t, path, value, strlen(value)) ?
		0 : fail(s, "write", path);
}

int store_printf(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node, const char *fmt, ...)
{
	char value[STORE_VALUE_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(value, sizeof(value), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(value))
		return log_fail(-E2BIG, "xenstore: write %s/%s: the value is "
				"longer than %d bytes", dir, node ? node : "",
				STORE_VALUE_MAX - 1);
	return store_write(s, t, dir, node, value);
}

int store_mkdir(struct store *s, xs_transaction_t t, const char *dir,
		const char *node)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	return xs_mkdir(s->xs, t, path) ? 0 : fail(s, "mkdir", path);
}

int store_remove(struct store *s, xs_transaction_t t, const char *dir,
		 const char *node)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	if (xs_rm(s->xs, t, path) || errno == ENOENT)
		return 0;
	return fail(s, "remove", path);
}

int store_set_perms(struct store *s, xs_transaction_t t, const char *dir,
		    const char *node, const struct xs_permissions *perms,
		    unsigned int count)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	/* the library takes what it only reads as if it wrote it */
	return xs_set_permissions(s->xs, t, path,
				  (struct xs_permissions *)perms, count) ?
		0 : fail(s, "set permissions of", path);
}

/* -- transactions ---------------------------------------------------------- */

static int transact_once(struct store *s, store_tx_fn *fn, void *arg)
{
	xs_transaction_t t;
	int r;

	s->requests++;
	t = xs_transaction_start(s->xs);
	if (t == XBT_NULL)
		return fail(s, "start", "transaction");

	r = fn(s, t, arg);
	s->requests++;
	if (r < 0) {
		xs_transaction_end(s->xs, t, true);
		return r;
	}
	return xs_transaction_end(s->xs, t, false) ?
		r : fail(s, "commit", "transaction");
}

int store_transact(struct store *s, store_tx_fn *fn, void *arg)
{
	for (unsigned int i = 0; i < TRANSACTION_TRIES; i++) {
		int r = transact_once(s, fn, arg);

		if (r != -EAGAIN)
			return r;
	}
	s->told = true;
	return log_fail(-EAGAIN, "%s%sxenstore: transaction: lost against "
			"other writers %d times: try again",
			s->doing ? s->doing : "", s->doing ? ": " : "",
			TRANSACTION_TRIES);
}

/* -- watches --------------------------------------------------------------- */

int store_watch(struct store *s, const char *dir, const char *node,
		const char *token)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	return xs_watch(s->xs, path, token) ? 0 : fail(s, "watch", path);
}

int store_unwatch(struct store *s, const char *dir, const char *node,
		  const char *token)
{
	char path[PATH_SIZE];
	int r = make_path(path, dir, node);

	if (r)
		return r;
	s->requests++;
	return xs_unwatch(s->xs, path, token) ? 0 : fail(s, "unwatch", path);
}

int store_next_event(struct store *s, char *path, size_t path_size,
		     char *token, size_t token_size)
{
	CLEANUP_FREE char **event = xs_check_watch(s->xs);

	if (!event) {
		if (errno == EAGAIN || errno == 0)
			return 0;
		return log_err(-errno, "xenstore: watch events");
	}
	snprintf(path, path_size, "%s", event[XS_WATCH_PATH]);
	snprintf(token, token_size, "%s", event[XS_WATCH_TOKEN]);
	return 1;
}

/* Take what has come; all of it only says 'look again'. */
static int drain_events(struct store *s)
{
	char path[8], token[8];
	int r;

	do
		r = store_next_event(s, path, sizeof(path), token,
				     sizeof(token));
	while (r == 1);
	return r;
}

static int wait_event(struct store *s, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = store_fd(s), .events = POLLIN };
	uint64_t now = clock_now_ns();
	int n;

	if (now >= deadline_ns)
		return -ETIMEDOUT;
	/* rounded up: a wait cut short would be one more round for nothing */
	now = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
	n = poll(&p, 1, now > INT32_MAX ? INT32_MAX : (int)now);
	if (n == -1 && errno != EINTR)
		return log_err(-errno, "xenstore: wait for an event");
	return drain_events(s);
}

/* The watch is set before the first look: nothing can slip in between. */
int store_wait(struct store *s, const char *dir, const char *node,
	       store_wanted_fn *wanted, void *arg, uint64_t deadline_ns)
{
	char value[STORE_VALUE_MAX];
	int r = store_watch(s, dir, node, "store_wait");

	if (r)
		return r;
	for (;;) {
		r = store_read(s, XBT_NULL, dir, node, value, sizeof(value));
		if (r && r != -ENOENT)
			break;
		if (wanted(r ? NULL : value, arg)) {
			r = 0;
			break;
		}
		r = wait_event(s, deadline_ns);
		if (r)
			break;
	}
	store_unwatch(s, dir, node, "store_wait");
	return r;
}
