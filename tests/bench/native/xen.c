/* SPDX-License-Identifier: MIT */
/* See xen.h. */
#include "config.h"

#include "tests/bench/native/xen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

struct xen xen = { .memfd = -1, .event_fd = -1 };

void xen_open(void)
{
	size_t size = (size_t)XEN_PAGES * XEN_PAGE;

	/* a file, so that a page can be mapped twice, as a grant is */
	xen.memfd = memfd_create("guest", MFD_CLOEXEC);
	if (xen.memfd < 0 || ftruncate(xen.memfd, (off_t)size) < 0) {
		perror("guest memory: memfd");
		exit(1);
	}
	xen.memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, xen.memfd, 0);
	if (xen.memory == MAP_FAILED) {
		perror("guest memory: mmap");
		exit(1);
	}
}

void xen_close(void)
{
	munmap(xen.memory, (size_t)XEN_PAGES * XEN_PAGE);
	close(xen.memfd);
	xen.memfd = -1;
}

void xen_kick(void)
{
	xen.event = true;
	if (xen.event_fd >= 0)
		eventfd_write(xen.event_fd, 1);
}

uint64_t xen_calls_sum(void)
{
	const struct xen_calls *c = &xen.calls;

	return c->maps + c->unmaps + c->copies + c->notifies + c->unmasks +
	       (xen.event_fd < 0 ? c->takes : 0);
}

/* -- grants ----------------------------------------------------------------- */

/* the struct behind xengnttab_handle */
static struct xengntdev_handle {
	int unused;
} gnttab;

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger,
				 unsigned int flags)
{
	(void)logger;
	(void)flags;
	return &gnttab;
}

int xengnttab_close(xengnttab_handle *xgt)
{
	(void)xgt;
	return 0;
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count,
				      uint32_t domid, uint32_t *refs, int prot)
{
	uint8_t *area;

	(void)xgt;
	(void)domid;
	xen.calls.maps++;
	for (uint32_t i = 0; i < count; i++)
		if (refs[i] >= XEN_PAGES) {
			errno = EINVAL;
			return NULL;
		}
	area = mmap(NULL, (size_t)count * XEN_PAGE, PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return NULL;
	for (uint32_t i = 0; i < count; i++)
		if (mmap(area + (size_t)i * XEN_PAGE, XEN_PAGE, prot,
			 MAP_SHARED | MAP_FIXED | MAP_POPULATE, xen.memfd,
			 (off_t)refs[i] * XEN_PAGE) == MAP_FAILED)
			abort();
	return area;
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start, uint32_t count)
{
	(void)xgt;
	xen.calls.unmaps++;
	return munmap(start, (size_t)count * XEN_PAGE);
}

/* The C library's: what the compiler makes of short ones is no memcpy(). */
static void *(*volatile const copy)(void *, const void *, size_t) = memcpy;

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count,
			 xengnttab_grant_copy_segment_t *segs)
{
	(void)xgt;
	xen.calls.copies++;
	xen.calls.copied += count;
	for (uint32_t i = 0; i < count; i++) {
		xengnttab_grant_copy_segment_t *s = &segs[i];
		bool out = s->flags & GNTCOPY_dest_gref;
		uint32_t gref = out ? s->dest.foreign.ref :
				      s->source.foreign.ref;
		uint32_t at = out ? s->dest.foreign.offset :
				    s->source.foreign.offset;

		if (gref >= XEN_PAGES || at + s->len > XEN_PAGE) {
			s->status = GNTST_bad_gntref;
			continue;
		}
		if (out)
			copy((uint8_t *)xen_page(gref) + at, s->source.virt,
			     s->len);
		else
			copy(s->dest.virt, (uint8_t *)xen_page(gref) + at,
			     s->len);
		s->status = GNTST_okay;
	}
	return 0;
}

/* -- event channels ----------------------------------------------------------- */

struct xenevtchn_handle {
	int fd;
};

xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd,
				   unsigned int flags)
{
	xenevtchn_handle *h = malloc(sizeof(*h));

	(void)logger;
	(void)flags;
	if (h)
		h->fd = fd;
	return h;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
				 unsigned int flags)
{
	return xenevtchn_fdopen(logger, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
				flags);
}

int xenevtchn_close(xenevtchn_handle *xce)
{
	close(xce->fd);
	free(xce);
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	return xce->fd;
}

int xenevtchn_restrict(xenevtchn_handle *xce, domid_t domid)
{
	(void)xce;
	(void)domid;
	return 0;
}

xenevtchn_port_or_error_t
xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
			   evtchn_port_t remote_port)
{
	(void)xce;
	(void)domid;
	return (xenevtchn_port_or_error_t)remote_port;
}

xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *xce,
						      uint32_t domid)
{
	(void)xce;
	(void)domid;
	return 1;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	xen.calls.notifies++;
	if (xen.notified)
		xen.notified();
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	eventfd_t value;

	xen.calls.takes++;
	if (xen.event_fd >= 0)
		xen.event = !eventfd_read(xce->fd, &value);
	if (!xen.event) {
		errno = EAGAIN;
		return -1;
	}
	xen.event = false;
	return 1;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	(void)xce;
	(void)port;
	xen.calls.unmasks++;
	return 0;
}
