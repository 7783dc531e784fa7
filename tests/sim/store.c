/* SPDX-License-Identifier: MIT */
/*
 * Faults of libxenstore's calls. The library and xenstored are the real ones:
 * what is made up here is that a request fails, is slow, or that xenstored
 * hangs up before it.
 */
#include "config.h"

#include "tests/sim/client.h"
#include "tests/sim/preload.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <xenstore.h>

/* Connections to it, the last ones of a few. */
static int store_sockets[4] = { -1, -1, -1, -1 };
static unsigned int store_next;

static struct {
	struct xs_handle *(*xs_open)(unsigned long);
	void *(*xs_read)(struct xs_handle *, xs_transaction_t, const char *,
			 unsigned int *);
	char **(*xs_directory)(struct xs_handle *, xs_transaction_t,
			       const char *, unsigned int *);
	bool (*xs_write)(struct xs_handle *, xs_transaction_t, const char *,
			 const void *, unsigned int);
	bool (*xs_mkdir)(struct xs_handle *, xs_transaction_t, const char *);
	bool (*xs_rm)(struct xs_handle *, xs_transaction_t, const char *);
	bool (*xs_set_permissions)(struct xs_handle *, xs_transaction_t,
				   const char *, struct xs_permissions *,
				   unsigned int);
	xs_transaction_t (*xs_transaction_start)(struct xs_handle *);
	bool (*xs_transaction_end)(struct xs_handle *, xs_transaction_t, bool);
	bool (*xs_watch)(struct xs_handle *, const char *, const char *);
	bool (*xs_unwatch)(struct xs_handle *, const char *, const char *);
	char **(*xs_check_watch)(struct xs_handle *);
	int (*connect)(int, const struct sockaddr *, socklen_t);
} real;

void store_begin(void)
{
	LOOK_UP(xs_open);
	LOOK_UP(xs_read);
	LOOK_UP(xs_directory);
	LOOK_UP(xs_write);
	LOOK_UP(xs_mkdir);
	LOOK_UP(xs_rm);
	LOOK_UP(xs_set_permissions);
	LOOK_UP(xs_transaction_start);
	LOOK_UP(xs_transaction_end);
	LOOK_UP(xs_watch);
	LOOK_UP(xs_unwatch);
	LOOK_UP(xs_check_watch);
	LOOK_UP(connect);
}

void store_socket_is(int fd)
{
	store_sockets[store_next++ % 4] = fd;
}

SIM_PUBLIC
int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)addr;

	if (!real.connect)
		LOOK_UP(connect);
	if (un->sun_family == AF_UNIX && strstr(un->sun_path, "xenstored/"))
		store_socket_is(fd);
	return real.connect(fd, addr, len);
}

/* True: the request is to fail, with errno. */
static bool store_fails(const void *caller, enum sim_call call)
{
	int value;

	switch (sim_fault_at(caller, call, &value)) {
	case SIM_FAIL:
		return true;
	case SIM_HANGUP:
		for (unsigned int i = 0; i < 4; i++)
			shutdown(store_sockets[i], SHUT_RDWR);
		return false;
	case SIM_DELAY:
		poll(NULL, 0, value);
		return false;
	default:
		return false;
	}
}

#define FAILS(call) \
	store_fails(__builtin_return_address(0), SIM_CALL_##call)

SIM_PUBLIC
struct xs_handle *xs_open(unsigned long flags)
{
	return FAILS(store_open) ? NULL : real.xs_open(flags);
}

SIM_PUBLIC
void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
	      unsigned int *len)
{
	return FAILS(store_read) ? NULL : real.xs_read(h, t, path, len);
}

SIM_PUBLIC
char **xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
		    unsigned int *num)
{
	return FAILS(store_list) ? NULL : real.xs_directory(h, t, path, num);
}

SIM_PUBLIC
bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
	      const void *data, unsigned int len)
{
	return !FAILS(store_write) && real.xs_write(h, t, path, data, len);
}

SIM_PUBLIC
bool xs_mkdir(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	return !FAILS(store_mkdir) && real.xs_mkdir(h, t, path);
}

SIM_PUBLIC
bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
	return !FAILS(store_remove) && real.xs_rm(h, t, path);
}

SIM_PUBLIC
bool xs_set_permissions(struct xs_handle *h, xs_transaction_t t,
			const char *path, struct xs_permissions *perms,
			unsigned int count)
{
	return !FAILS(store_perms) &&
	       real.xs_set_permissions(h, t, path, perms, count);
}

SIM_PUBLIC
xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
	return FAILS(store_start) ? XBT_NULL : real.xs_transaction_start(h);
}

/* What fails is over all the same, as with xenstored. */
SIM_PUBLIC
bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
	bool fails = abort ? FAILS(store_abort) : FAILS(store_commit);
	int saved = errno;

	if (!fails)
		return real.xs_transaction_end(h, t, abort);
	real.xs_transaction_end(h, t, true);
	errno = saved;
	return false;
}

SIM_PUBLIC
bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	return !FAILS(store_watch) && real.xs_watch(h, path, token);
}

SIM_PUBLIC
bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	return !FAILS(store_unwatch) && real.xs_unwatch(h, path, token);
}

SIM_PUBLIC
char **xs_check_watch(struct xs_handle *h)
{
	return FAILS(store_event) ? NULL : real.xs_check_watch(h);
}
