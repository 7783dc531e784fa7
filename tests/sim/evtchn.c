/* SPDX-License-Identifier: MIT */
/*
 * libxenevtchn on the simulated hypervisor. A handle's descriptor is a pipe
 * out of which come the ports that fired, as from /dev/xen/evtchn; a port is
 * masked from then on until it is written back, which is a message here.
 */
#include "config.h"

#include "tests/sim/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <xenctrl.h>
#include <xenevtchn.h>

struct xenevtchn_handle {
	int fd;
	uint32_t id;
};

static xenevtchn_handle *handle_new(int fd, uint32_t id)
{
	xenevtchn_handle *h = malloc(sizeof(*h));

	if (h)
		*h = (xenevtchn_handle){ .fd = fd, .id = id };
	return h;
}

SIM_PUBLIC
xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger,
				 unsigned int flags)
{
	xenevtchn_handle *h;
	uint32_t id;
	int fd;

	(void)logger;
	if (sim_fails(SIM_CALL_evtchn_open))
		return NULL;
	fd = sim_evtchn_open(&id);
	if (fd == -1)
		return NULL;
	if (flags & XENEVTCHN_NO_CLOEXEC)
		fcntl(fd, F_SETFD, 0);
	h = handle_new(fd, id);
	if (!h)
		close(fd);
	return h;
}

SIM_PUBLIC
xenevtchn_handle *xenevtchn_fdopen(struct xentoollog_logger *logger, int fd,
				   unsigned int flags)
{
	uint32_t id;

	(void)logger;
	if (flags) {
		errno = EINVAL;
		return NULL;
	}
	if (sim_fails(SIM_CALL_evtchn_fdopen) || sim_evtchn_find(fd, &id))
		return NULL;
	return handle_new(fd, id);
}

SIM_PUBLIC
int xenevtchn_close(xenevtchn_handle *h)
{
	struct sim_msg msg = { .op = SIM_SYNC };
	int r;

	if (!h)
		return 0;
	r = close(h->fd);
	free(h);
	sim_call(&msg, -1, NULL);
	return r;
}

SIM_PUBLIC
int xenevtchn_fd(xenevtchn_handle *h)
{
	return h->fd;
}

SIM_PUBLIC
int xenevtchn_restrict(xenevtchn_handle *h, domid_t domid)
{
	struct sim_msg msg = {
		.op = SIM_EVTCHN_RESTRICT, .handle = h->id, .domid = domid,
	};

	if (sim_fails(SIM_CALL_evtchn_restrict))
		return -1;
	return sim_call(&msg, -1, NULL);
}

static xenevtchn_port_or_error_t bind_port(struct sim_msg *msg)
{
	return sim_call(msg, -1, NULL) ? -1 : (int)msg->port;
}

SIM_PUBLIC
xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *h,
						      uint32_t domid)
{
	struct sim_msg msg = {
		.op = SIM_EVTCHN_UNBOUND, .handle = h->id, .domid = domid,
	};

	if (sim_fails(SIM_CALL_evtchn_bind_unbound))
		return -1;
	return bind_port(&msg);
}

SIM_PUBLIC
xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *h,
						     uint32_t domid,
						     evtchn_port_t remote)
{
	struct sim_msg msg = {
		.op = SIM_EVTCHN_INTERDOMAIN, .handle = h->id,
		.domid = domid, .port = remote,
	};

	if (sim_fails(SIM_CALL_evtchn_bind_interdomain))
		return -1;
	return bind_port(&msg);
}

SIM_PUBLIC
xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *h,
					      unsigned int virq)
{
	struct sim_msg msg = {
		.op = SIM_EVTCHN_VIRQ, .handle = h->id, .id = virq,
	};

	if (sim_fails(SIM_CALL_evtchn_bind_virq))
		return -1;
	return bind_port(&msg);
}

SIM_PUBLIC
int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t port)
{
	struct sim_msg msg = {
		.op = SIM_EVTCHN_UNBIND, .handle = h->id, .port = port,
	};

	if (sim_fails(SIM_CALL_evtchn_unbind))
		return -1;
	return sim_call(&msg, -1, NULL);
}

SIM_PUBLIC
int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
	struct sim_msg msg = {
		.op = SIM_EVTCHN_NOTIFY, .handle = h->id, .port = port,
	};
	int value;

	switch (sim_fault(SIM_CALL_evtchn_notify, &value)) {
	case SIM_FAIL:
		return -1;
	case SIM_DROP:
		return 0;
	case SIM_DELAY:
		msg.id = value;
		break;
	case SIM_DOUBLE:
		if (sim_call(&msg, -1, NULL))
			return -1;
		msg.op = SIM_EVTCHN_NOTIFY;
		break;
	default:
		break;
	}
	return sim_call(&msg, -1, NULL);
}

SIM_PUBLIC
xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
	evtchn_port_t port;

	if (sim_fails(SIM_CALL_evtchn_pending))
		return -1;
	if (read(h->fd, &port, sizeof(port)) != sizeof(port))
		return -1;
	return port;
}

SIM_PUBLIC
int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	struct sim_msg msg = {
		.op = SIM_EVTCHN_UNMASK, .handle = h->id, .port = port,
	};
	int value;

	switch (sim_fault(SIM_CALL_evtchn_unmask, &value)) {
	case SIM_FAIL:
		return -1;
	case SIM_DROP:
		return 0;
	default:
		return sim_call(&msg, -1, NULL);
	}
}
