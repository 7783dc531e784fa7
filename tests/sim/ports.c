/* SPDX-License-Identifier: MIT */
/*
 * Event channels of the simulated hypervisor, as Xen routes them and Linux
 * hands them to programs.
 *
 * A port that fires is masked and its number goes to its handle; while it is
 * masked all that comes is remembered as one bit. Closing one end leaves the
 * other unbound, for whoever was at this end to bind it again; sending there
 * is no error and nothing happens.
 */
#include "config.h"

#include "tests/sim/broker.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000u

static void deliver(struct port *p, uint32_t number)
{
	if (p->masked || !p->handle) {
		p->pending = true;
		return;
	}
	p->masked = true;
	/* one a port at most: there is always room, or nobody to read */
	if (write(p->handle->fd, &number, sizeof(number)) < 0)
		return;
}

static struct port *port_of(struct broker *b, uint32_t domid, uint32_t port)
{
	struct domain *d = domain_find(b, domid);

	return d && port >= PORT_FIRST && port < SIM_PORTS ?
		&d->ports[port] : NULL;
}

/* One that is bound on this handle. */
static struct port *own_port(struct broker *b, struct handle *h, uint32_t port)
{
	struct port *p = port_of(b, h->domid, port);

	return p && p->state != PORT_FREE && p->handle == h ? p : NULL;
}

/* The lowest, as Xen does: numbers come back soon. 0: none is left. */
static uint32_t find_free(const struct domain *d)
{
	for (uint32_t i = PORT_FIRST; i <= d->max_port; i++)
		if (d->ports[i].state == PORT_FREE)
			return i;
	return 0;
}

static int port_new(struct domain *d, struct handle *h, enum port_state state,
		    uint32_t *number)
{
	*number = find_free(d);
	if (!*number)
		return -ENOSPC;
	while (*number >= d->channels)
		d->channels += SIM_PORTS_PAGE;
	d->ports[*number] = (struct port){ .state = state, .handle = h };
	return 0;
}

static void close_port(struct broker *b, struct domain *d, struct port *p)
{
	struct port *other;

	if (p->state == PORT_INTERDOMAIN) {
		other = port_of(b, p->remote_domid, p->remote_port);
		if (other) {
			other->state = PORT_UNBOUND;
			other->remote_domid = d->id;
		}
	}
	*p = (struct port){ .state = PORT_FREE };
}

int port_unbound(struct broker *b, struct domain *d, struct handle *h,
		 uint32_t remote_domid, uint32_t *port)
{
	int r;

	(void)b;
	if (h && h->restricted >= 0)
		return -EACCES;
	r = port_new(d, h, PORT_UNBOUND, port);
	if (r == 0)
		d->ports[*port].remote_domid = remote_domid;
	return r;
}

int port_interdomain(struct broker *b, struct handle *h, uint32_t remote_domid,
		     uint32_t remote_port, uint32_t *port)
{
	struct domain *d = domain_find(b, h->domid);
	struct domain *other = domain_find(b, remote_domid);
	struct port *p, *remote;
	int r;

	if (h->restricted >= 0 && (uint32_t)h->restricted != remote_domid)
		return -EACCES;
	if (!d || !other)
		return -ESRCH;
	remote = port_of(b, remote_domid, remote_port);
	if (!remote || remote->state != PORT_UNBOUND ||
	    remote->remote_domid != d->id)
		return -EINVAL;
	r = port_new(d, h, PORT_INTERDOMAIN, port);
	if (r)
		return r;
	p = &d->ports[*port];
	p->remote_domid = remote_domid;
	p->remote_port = remote_port;
	remote->state = PORT_INTERDOMAIN;
	remote->remote_port = *port;
	/* what was sent before it was bound may be lost: Xen sends one */
	deliver(p, *port);
	return 0;
}

int port_virq(struct broker *b, struct handle *h, uint32_t virq,
	      uint32_t *port)
{
	struct domain *d = domain_find(b, h->domid);
	int r;

	if (h->restricted >= 0)
		return -EACCES;
	if (!d)
		return -ESRCH;
	if (virq >= SIM_VIRQS)
		return -EINVAL;
	for (uint32_t i = PORT_FIRST; i < SIM_PORTS; i++)
		if (d->ports[i].state == PORT_VIRQ &&
		    d->ports[i].remote_port == virq)
			return -EEXIST;
	r = port_new(d, h, PORT_VIRQ, port);
	if (r == 0)
		d->ports[*port].remote_port = virq;
	return r;
}

int port_take(struct broker *b, struct handle *h, uint32_t port)
{
	struct port *p = port_of(b, h->domid, port);

	if (!p || p->state == PORT_FREE || p->handle)
		return -EINVAL;
	p->handle = h;
	if (p->pending) {
		p->pending = false;
		deliver(p, port);
	}
	return 0;
}

int port_unbind(struct broker *b, struct handle *h, uint32_t port)
{
	struct domain *d = domain_find(b, h->domid);
	struct port *p = own_port(b, h, port);

	if (!p)
		return d && port < d->channels ? -ENOTCONN : -EINVAL;
	close_port(b, d, p);
	return 0;
}

void ports_send(struct broker *b, uint32_t domid, uint32_t port)
{
	struct port *p = port_of(b, domid, port), *remote;

	if (!p || p->state != PORT_INTERDOMAIN)
		return;
	remote = port_of(b, p->remote_domid, p->remote_port);
	if (remote)
		deliver(remote, p->remote_port);
}

/* -- notifications that were held up -------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + t.tv_nsec;
}

static void set_timer(struct broker *b)
{
	const struct late *first = TAILQ_FIRST(&b->late);
	struct itimerspec t = { 0 };

	if (first) {
		t.it_value.tv_sec = first->due_ns / 1000000000u;
		t.it_value.tv_nsec = first->due_ns % 1000000000u;
	}
	timerfd_settime(b->timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
}

static int send_late(struct broker *b, uint32_t domid, uint32_t port,
		     unsigned int delay_ms)
{
	struct late *l = malloc(sizeof(*l)), *other;

	if (!l)
		return -ENOMEM;
	*l = (struct late){
		.due_ns = now_ns() + (uint64_t)delay_ms * NS_PER_MS,
		.domid = domid, .port = port,
	};
	TAILQ_FOREACH(other, &b->late, link)
		if (other->due_ns > l->due_ns)
			break;
	if (other)
		TAILQ_INSERT_BEFORE(other, l, link);
	else
		TAILQ_INSERT_TAIL(&b->late, l, link);
	set_timer(b);
	return 0;
}

void ports_run_late(struct broker *b)
{
	uint64_t now = now_ns();
	struct late *l;

	while ((l = TAILQ_FIRST(&b->late)) && l->due_ns <= now) {
		TAILQ_REMOVE(&b->late, l, link);
		ports_send(b, l->domid, l->port);
		free(l);
	}
	set_timer(b);
}

int port_notify(struct broker *b, struct handle *h, uint32_t port,
		unsigned int delay_ms)
{
	if (!own_port(b, h, port))
		return -ENOTCONN;
	if (delay_ms)
		return send_late(b, h->domid, port, delay_ms);
	ports_send(b, h->domid, port);
	return 0;
}

/* Ports that are not this handle's are passed over in silence. */
void port_unmask(struct broker *b, struct handle *h, uint32_t port)
{
	struct port *p = own_port(b, h, port);

	if (!p || !p->masked)
		return;
	p->masked = false;
	if (p->pending) {
		p->pending = false;
		deliver(p, port);
	}
}

/* -- ends -------------------------------------------------------------------- */

void ports_close_handle(struct broker *b, struct handle *h)
{
	struct domain *d = domain_find(b, h->domid);

	for (uint32_t i = PORT_FIRST; d && i < SIM_PORTS; i++)
		if (d->ports[i].state != PORT_FREE && d->ports[i].handle == h)
			close_port(b, d, &d->ports[i]);
}

void ports_close_domain(struct broker *b, struct domain *d)
{
	for (uint32_t i = PORT_FIRST; i < SIM_PORTS; i++)
		if (d->ports[i].state != PORT_FREE)
			close_port(b, d, &d->ports[i]);
}

void ports_raise_virq(struct broker *b, uint32_t virq)
{
	struct domain *d;

	TAILQ_FOREACH(d, &b->domains, link)
		for (uint32_t i = PORT_FIRST; i < SIM_PORTS; i++)
			if (d->ports[i].state == PORT_VIRQ &&
			    d->ports[i].remote_port == virq)
				deliver(&d->ports[i], i);
}
