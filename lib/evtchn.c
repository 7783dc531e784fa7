/* SPDX-License-Identifier: MIT */
/* Event channels; see evtchn.h. */
#include "config.h"

#include "lib/evtchn.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xen/sys/evtchn.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/xenlog.h"

/* Taking must say 'none' instead of waiting. */
static int set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == -1)
		return -errno;
	return 0;
}

int evtchn_open(struct evtchn *e)
{
	int r;

	*e = (struct evtchn) { .h = xenevtchn_open(xenlog_silent(), 0) };
	if (!e->h)
		return log_err(-errno, "/dev/xen/evtchn: open (is the module "
			       "xen-evtchn loaded, is this root?)");
	r = set_nonblocking(xenevtchn_fd(e->h));
	if (r) {
		evtchn_close(e);
		log_err(r, "/dev/xen/evtchn: read without waiting");
	}
	return r;
}

/*
 * The kernel narrows a handle to any domain but domain 0, and that has disks of
 * its own now and then (xl block-attach 0). Its worker could then bind what any
 * domain offers to domain 0, as whoever is root there can anyway.
 */
static bool may_narrow(domid_t domid)
{
	return domid != 0;
}

int evtchn_open_fd(domid_t domid)
{
	struct ioctl_evtchn_restrict_domid restriction = { .domid = domid };
	CLEANUP_CLOSE int fd = open("/dev/xen/evtchn",
				    O_RDWR | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		return log_err(-errno, "/dev/xen/evtchn: open");
	if (may_narrow(domid) &&
	    ioctl(fd, IOCTL_EVTCHN_RESTRICT_DOMID, &restriction))
		return log_err(-errno, "/dev/xen/evtchn: restrict to domain "
			       "%u", (unsigned int)domid);
	return STEAL_FD(fd);
}

int evtchn_adopt(struct evtchn *e, int fd, domid_t domid)
{
	int r;

	*e = (struct evtchn) { .h = xenevtchn_fdopen(xenlog_silent(), fd, 0) };
	if (!e->h) {
		r = -errno;
		close(fd);
		return r;
	}
	r = set_nonblocking(fd);
	/* EACCES: it is narrowed already, see evtchn_open_fd() */
	if (r == 0 && may_narrow(domid) &&
	    xenevtchn_restrict(e->h, domid) == -1 && errno != EACCES)
		r = -errno;
	if (r)
		evtchn_close(e);
	return r;
}

void evtchn_close(struct evtchn *e)
{
	if (e->h)
		xenevtchn_close(e->h);
	e->h = NULL;
}

int evtchn_fd(const struct evtchn *e)
{
	return xenevtchn_fd(e->h);
}

int evtchn_bind(struct evtchn *e, domid_t domid, evtchn_port_t remote,
		evtchn_port_t *local)
{
	xenevtchn_port_or_error_t port =
		xenevtchn_bind_interdomain(e->h, domid, remote);

	if (port < 0)
		return -errno;
	*local = port;
	return 0;
}

int evtchn_alloc(struct evtchn *e, domid_t domid, evtchn_port_t *local)
{
	xenevtchn_port_or_error_t port =
		xenevtchn_bind_unbound_port(e->h, domid);

	if (port < 0)
		return -errno;
	*local = port;
	return 0;
}

void evtchn_unbind(struct evtchn *e, evtchn_port_t local)
{
	xenevtchn_unbind(e->h, local);
}

/* An event is lost from now on: whoever sleeps on it would not wake. */
static int broken(struct evtchn *e, int error)
{
	__atomic_store_n(&e->error, error, __ATOMIC_RELAXED);
	return error;
}

int evtchn_notify(struct evtchn *e, evtchn_port_t local)
{
	/* several threads may, and a lost count is a wrong figure */
	__atomic_fetch_add(&e->notifies, 1, __ATOMIC_RELAXED);
	return xenevtchn_notify(e->h, local) == -1 ? broken(e, -errno) : 0;
}

int evtchn_take(struct evtchn *e, evtchn_port_t *local)
{
	xenevtchn_port_or_error_t port;

	do
		port = xenevtchn_pending(e->h);
	while (port < 0 && errno == EINTR);
	if (port < 0)
		return errno == EAGAIN ? 0 : broken(e, -errno);
	*local = port;
	return 1;
}

int evtchn_unmask(struct evtchn *e, evtchn_port_t local)
{
	int r;

	do
		r = xenevtchn_unmask(e->h, local);
	while (r == -1 && errno == EINTR);
	return r == -1 ? broken(e, -errno) : 0;
}
