/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into Debian's xenstored, it lets that run where there is no Xen:
 * just enough of libxenctrl, libxenevtchn and libxengnttab that any domain
 * exists, none ever says anything, and its ring is an empty page.
 *
 * Compiled by the test that uses it, with nothing of ours.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <fcntl.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

/* Handles are only ever passed back to us. */
static char handle;

/* -- dom0's own ring and port ---------------------------------------------- */

/* xenstored asks the kernel where they are, by two files. */
int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;
	int fd;

	if (flags & O_CREAT) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	if (strcmp(path, "/proc/xen/xsd_port") == 0) {
		fd = memfd_create("xsd_port", 0);
		if (fd >= 0 && (write(fd, "1", 1) != 1 ||
				lseek(fd, 0, SEEK_SET) != 0))
			return -1;
		return fd;
	}
	if (strcmp(path, "/proc/xen/xsd_kva") == 0) {
		fd = memfd_create("xsd_kva", 0);
		if (fd >= 0 && ftruncate(fd, 4096) != 0)
			return -1;
		return fd;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* -- domains --------------------------------------------------------------- */

xc_interface *xc_interface_open(struct xentoollog_logger *logger,
				struct xentoollog_logger *build_logger,
				unsigned int flags)
{
	(void)logger, (void)build_logger, (void)flags;
	return (xc_interface *)&handle;
}

int xc_interface_close(xc_interface *xch)
{
	(void)xch;
	return 0;
}

int xc_domain_getinfo(xc_interface *xch, uint32_t domid, unsigned int max,
		      xc_dominfo_t *info)
{
	(void)xch;
	if (max == 0)
		return 0;
	memset(info, 0, sizeof(*info));
	info->domid = domid;
	info->running = 1;
	return 1;
}

/* -- event channels: a pipe that nobody writes to --------------------------- */

static int events[2] = { -1, -1 };

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
				 unsigned int flags)
{
	(void)logger, (void)flags;
	if (events[0] < 0 && pipe(events) != 0)
		return NULL;
	return (xenevtchn_handle *)&handle;
}

xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd,
				   unsigned int flags)
{
	(void)fd;
	return xenevtchn_open(logger, flags);
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	(void)xce;
	return events[0];
}

static xenevtchn_port_or_error_t next_port(void)
{
	static int last = 10;

	return ++last;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce,
						     uint32_t domid,
						     evtchn_port_t port)
{
	(void)xce, (void)domid, (void)port;
	return next_port();
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce,
					      unsigned int virq)
{
	(void)xce, (void)virq;
	return next_port();
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce, (void)port;
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce, (void)port;
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	(void)xce;
	errno = EAGAIN;
	return -1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce, (void)port;
	return 0;
}

/* -- grants: an empty page each -------------------------------------------- */

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
				 unsigned int flags)
{
	(void)logger, (void)flags;
	return (xengnttab_handle *)&handle;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	(void)xgt;
	return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t count)
{
	(void)xgt, (void)count;
	return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid,
			      uint32_t ref, int prot)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)xgt, (void)domid, (void)ref, (void)prot;
	return page == MAP_FAILED ? NULL : page;
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start, uint32_t count)
{
	(void)xgt;
	return munmap(start, count * 4096);
}
