/* SPDX-License-Identifier: MIT */
/* Cases of libxenevtchn. */
#include "config.h"

#include "tests/conformance/conformance.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static void both_ways(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	EXPECT_IS(xenevtchn_notify(a, pa), 0);
	EXPECT_IS(next(b), pb);
	EXPECT_IS(xenevtchn_notify(b, pb), 0);
	EXPECT_IS(next(a), pa);
}

static void binding_sends_one(void)
{
	xenevtchn_handle *a = events(), *b = events();
	xenevtchn_port_or_error_t pa, pb;

	pa = xenevtchn_bind_unbound_port(a, 0);
	pb = xenevtchn_bind_interdomain(b, 0, pa);
	EXPECT_IS(next(b), pb);
	xenevtchn_unmask(b, pb);
	EXPECT(quiet(b), "the binder has a second event");
	EXPECT(quiet(a), "the other end has an event");
}

static void nothing_pending(void)
{
	xenevtchn_handle *h = events();
	struct pollfd p = { .fd = xenevtchn_fd(h), .events = POLLIN };

	EXPECT_IS(poll(&p, 1, 0), 0);
	EXPECT_FAILS(xenevtchn_pending(h), EAGAIN);
}

static void masked_until_unmasked(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	xenevtchn_notify(a, pa);
	EXPECT_IS(next(b), pb);
	EXPECT_IS(xenevtchn_notify(a, pa), 0);
	EXPECT_IS(xenevtchn_notify(a, pa), 0);
	EXPECT(quiet(b), "a masked port fires");
	EXPECT_IS(xenevtchn_unmask(b, pb), 0);
	EXPECT_IS(next(b), pb);
	xenevtchn_unmask(b, pb);
	EXPECT(quiet(b), "what came while masked fires twice");
}

static void masked_before_it_is_read(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	for (int i = 0; i < 5; i++)
		xenevtchn_notify(a, pa);
	EXPECT_IS(next(b), pb);
	/* the first masked it, of the others one is remembered */
	EXPECT(quiet(b), "it fires again before it is unmasked");
}

static void unmask_of_nothing(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	EXPECT_IS(xenevtchn_unmask(b, pb), 0);
	EXPECT_IS(xenevtchn_unmask(b, pb), 0);
	EXPECT(quiet(b), "unmasking makes an event");
	xenevtchn_notify(a, pa);
	EXPECT_IS(next(b), pb);
}

static void unmask_of_others(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	EXPECT_IS(xenevtchn_unmask(a, pb), 0);
	EXPECT_IS(xenevtchn_unmask(a, 3000), 0);
}

static void order(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa[3], pb[3], came;
	unsigned int seen = 0;

	for (int i = 0; i < 3; i++)
		bind_pair(a, b, &pa[i], &pb[i]);
	for (int i = 0; i < 3; i++)
		xenevtchn_notify(a, pa[i]);
	for (int i = 0; i < 3; i++) {
		came = next(b);
		for (int j = 0; j < 3; j++)
			if (came == pb[j])
				seen |= 1 << j;
	}
	EXPECT(seen == 7, "of three ports that fired these came: 0x%x", seen);
}

static void several_in_one_read(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa[2], pb[2], came[4];
	ssize_t size = 0;

	for (int i = 0; i < 2; i++)
		bind_pair(a, b, &pa[i], &pb[i]);
	for (int i = 0; i < 2; i++)
		xenevtchn_notify(a, pa[i]);
	while (size < 8) {
		struct pollfd p = { .fd = xenevtchn_fd(b), .events = POLLIN };
		ssize_t n;

		NEED(poll(&p, 1, 10000) == 1, "only %zd bytes came", size);
		n = read(p.fd, (char *)came + size, sizeof(came) - size);
		NEED(n > 0, "read: %s", strerror(errno));
		size += n;
	}
	EXPECT(size == 8, "%zd bytes of two ports", size);
	EXPECT((came[0] == pb[0] && came[1] == pb[1]) ||
	       (came[0] == pb[1] && came[1] == pb[0]), "ports %u and %u",
	       came[0], came[1]);
}

/* -- errors ---------------------------------------------------------------------------- */

static void not_ours(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	EXPECT_FAILS(xenevtchn_notify(a, pb), ENOTCONN);
	EXPECT_FAILS(xenevtchn_unbind(a, pb), ENOTCONN);
	EXPECT_FAILS(xenevtchn_notify(a, 900), ENOTCONN);
	EXPECT_FAILS(xenevtchn_unbind(a, 900), ENOTCONN);
	/* not one of the thousand that a domain has before it needs more */
	EXPECT_FAILS(xenevtchn_notify(a, 3000), ENOTCONN);
	EXPECT_FAILS(xenevtchn_unbind(a, 3000), EINVAL);
	EXPECT_FAILS(xenevtchn_unbind(a, 1 << 30), EINVAL);
	EXPECT_FAILS(xenevtchn_notify(a, 1 << 30), ENOTCONN);
}

static void not_bound_yet(void)
{
	xenevtchn_handle *h = events();
	xenevtchn_port_or_error_t port = xenevtchn_bind_unbound_port(h, 0);

	EXPECT_IS(xenevtchn_notify(h, port), 0);
	EXPECT(quiet(h), "notifying nobody comes back");
}

static void bind_refused(void)
{
	xenevtchn_handle *a = events(), *b = events();
	xenevtchn_port_or_error_t port;

	EXPECT_FAILS(xenevtchn_bind_interdomain(b, 0, 3000), EINVAL);
	EXPECT_FAILS(xenevtchn_bind_interdomain(b, 0, 0), EINVAL);
	EXPECT_FAILS(xenevtchn_bind_interdomain(b, 0, 1 << 30), EINVAL);
	EXPECT_FAILS(xenevtchn_bind_interdomain(b, NO_DOMAIN, 1), ESRCH);
	/* for another domain */
	port = xenevtchn_bind_unbound_port(a, NO_DOMAIN);
	EXPECT(port > 0, "a port for a domain that is not there: %s",
	       strerror(errno));
	EXPECT_FAILS(xenevtchn_bind_interdomain(b, 0, port), EINVAL);
}

static void bind_twice(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	EXPECT_FAILS(xenevtchn_bind_interdomain(b, 0, pa), EINVAL);
	EXPECT_FAILS(xenevtchn_bind_interdomain(a, 0, pb), EINVAL);
}

static void virq_twice(void)
{
	xenevtchn_handle *h = events();

	/* xenstored has it */
	EXPECT_FAILS(xenevtchn_bind_virq(h, VIRQ_DOM_EXC), EEXIST);
	EXPECT_FAILS(xenevtchn_bind_virq(h, 1000), EINVAL);
}

/* -- ends -------------------------------------------------------------------------------- */

/* P at H lost its other end: it is there to be bound again, from the same domain. */
static void left_unbound(xenevtchn_handle *h, evtchn_port_t p)
{
	xenevtchn_handle *b = events();
	xenevtchn_port_or_error_t again;

	EXPECT_IS(xenevtchn_notify(h, p), 0);
	EXPECT(quiet(h), "the end of the other end is an event");
	again = xenevtchn_bind_interdomain(b, 0, p);
	NEED(again > 0, "bound anew: %s", strerror(errno));
	EXPECT_IS(next(b), again);
	xenevtchn_unmask(b, again);
	EXPECT_IS(xenevtchn_notify(h, p), 0);
	EXPECT_IS(next(b), again);
	EXPECT_IS(xenevtchn_notify(b, again), 0);
	EXPECT_IS(next(h), p);
}

static void unbind_and_rebind(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	EXPECT_IS(xenevtchn_unbind(b, pb), 0);
	EXPECT_FAILS(xenevtchn_notify(b, pb), ENOTCONN);
	left_unbound(a, pa);
}

static void close_and_rebind(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	EXPECT_IS(xenevtchn_close(b), 0);
	left_unbound(a, pa);
}

static void child_binds(int out, void *arg)
{
	xenevtchn_handle *h = events();
	uint32_t port = xenevtchn_bind_interdomain(h, 0, *(evtchn_port_t *)arg);

	if (write(out, &port, sizeof(port)) < 0)
		_exit(1);
}

static void death_and_rebind(void)
{
	xenevtchn_handle *h = events();
	evtchn_port_t port = xenevtchn_bind_unbound_port(h, 0);
	int from;
	pid_t pid = child(child_binds, &port, &from);

	EXPECT((int)child_says(from) > 0, "the child cannot bind");
	EXPECT_IS(xenevtchn_notify(h, port), 0);
	child_kill(pid, from);
	left_unbound(h, port);
}

static void death_of_the_first(void)
{
	/* the one that offered it dies: the number is free again */
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	xenevtchn_close(a);
	EXPECT_IS(xenevtchn_notify(b, pb), 0);
	a = events();
	EXPECT_FAILS(xenevtchn_notify(a, pa), ENOTCONN);
	EXPECT_FAILS(xenevtchn_bind_interdomain(a, 0, pa), EINVAL);
}

static void masked_when_closed(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;
	xenevtchn_port_or_error_t again;

	bind_pair(a, b, &pa, &pb);
	xenevtchn_notify(b, pb);
	EXPECT_IS(next(a), pa);		/* masked from here on */
	xenevtchn_notify(b, pb);
	xenevtchn_unbind(b, pb);
	again = xenevtchn_bind_interdomain(b, 0, pa);
	NEED(again > 0, "bound anew: %s", strerror(errno));
	EXPECT(quiet(a), "binding the other end anew unmasks");
	EXPECT_IS(xenevtchn_unmask(a, pa), 0);
	EXPECT_IS(next(a), pa);		/* what came before is not lost */
}

static void unread_when_unbound(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;
	struct pollfd p = { .fd = xenevtchn_fd(b), .events = POLLIN };

	bind_pair(a, b, &pa, &pb);
	xenevtchn_notify(a, pa);
	NEED(poll(&p, 1, 10000) == 1, "no event");
	EXPECT_IS(xenevtchn_unbind(b, pb), 0);
	/* the number has been delivered and stays so */
	EXPECT_IS(xenevtchn_pending(b), pb);
	EXPECT_IS(xenevtchn_unmask(b, pb), 0);
}

/* -- handles ------------------------------------------------------------------------------- */

static void handle_is_its_descriptor(void)
{
	xenevtchn_handle *a = events(), *b = events(), *copy;
	evtchn_port_t pa, pb;

	bind_pair(a, b, &pa, &pb);
	copy = xenevtchn_fdopen(NULL, dup(xenevtchn_fd(b)), 0);
	NEED(copy, "xenevtchn_fdopen: %s", strerror(errno));
	EXPECT_IS(xenevtchn_close(b), 0);
	xenevtchn_notify(a, pa);
	EXPECT_IS(next(copy), pb);
	EXPECT_IS(xenevtchn_unmask(copy, pb), 0);
	EXPECT_IS(xenevtchn_notify(copy, pb), 0);
	EXPECT_IS(next(a), pa);
	xenevtchn_close(copy);
	xenevtchn_unmask(a, pa);
	left_unbound(a, pa);
}

static void child_uses(int out, void *arg)
{
	xenevtchn_handle *h = xenevtchn_fdopen(NULL, *(int *)arg, 0);
	uint32_t port = h ? next(h) : 0;

	if (port)
		xenevtchn_notify(h, port);
	if (write(out, &port, sizeof(port)) < 0)
		_exit(1);
}

static void handle_in_another_process(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;
	int from, fd = xenevtchn_fd(b);
	pid_t pid;

	bind_pair(a, b, &pa, &pb);
	pid = child(child_uses, &fd, &from);
	xenevtchn_close(b);
	xenevtchn_notify(a, pa);
	EXPECT_IS(child_says(from), pb);
	EXPECT_IS(next(a), pa);
	xenevtchn_unmask(a, pa);
	child_kill(pid, from);
	left_unbound(a, pa);
}

static void fdopen_flags(void)
{
	xenevtchn_handle *h = events();

	EXPECT_NULL(xenevtchn_fdopen(NULL, xenevtchn_fd(h),
				     XENEVTCHN_NO_CLOEXEC), EINVAL);
	EXPECT(fcntl(xenevtchn_fd(h), F_GETFD) == FD_CLOEXEC,
	       "without XENEVTCHN_NO_CLOEXEC it is inherited");
	h = xenevtchn_open(NULL, XENEVTCHN_NO_CLOEXEC);
	NEED(h, "xenevtchn_open: %s", strerror(errno));
	EXPECT(fcntl(xenevtchn_fd(h), F_GETFD) == 0,
	       "with XENEVTCHN_NO_CLOEXEC it is not");
}

static void restricted(void)
{
	xenevtchn_handle *a = events(), *b = events();
	evtchn_port_t pa, pb;
	xenevtchn_port_or_error_t free_one;

	bind_pair(a, b, &pa, &pb);
	free_one = xenevtchn_bind_unbound_port(a, 0);
	EXPECT_FAILS(xenevtchn_restrict(b, 0), EINVAL);
	EXPECT_FAILS(xenevtchn_restrict(b, 0x7ff0), EINVAL);
	EXPECT_IS(xenevtchn_restrict(b, 5), 0);
	EXPECT_FAILS(xenevtchn_restrict(b, 5), EACCES);
	EXPECT_FAILS(xenevtchn_restrict(b, 6), EACCES);
	EXPECT_FAILS(xenevtchn_bind_interdomain(b, 0, free_one), EACCES);
	EXPECT_FAILS(xenevtchn_bind_unbound_port(b, 5), EACCES);
	EXPECT_FAILS(xenevtchn_bind_virq(b, VIRQ_DEBUG), EACCES);
	/* to the domain it may, but that is not there */
	EXPECT_FAILS(xenevtchn_bind_interdomain(b, 5, 1), ESRCH);
	EXPECT_IS(xenevtchn_notify(b, pb), 0);
	EXPECT_IS(next(a), pa);
	EXPECT_IS(xenevtchn_unbind(b, pb), 0);
}

static void narrowed_where_it_goes(void)
{
	/* with another descriptor of the same handle */
	xenevtchn_handle *a = events(), *copy;

	copy = xenevtchn_fdopen(NULL, dup(xenevtchn_fd(a)), 0);
	NEED(copy, "xenevtchn_fdopen: %s", strerror(errno));
	EXPECT_IS(xenevtchn_restrict(copy, 5), 0);
	EXPECT_FAILS(xenevtchn_bind_unbound_port(a, 0), EACCES);
}

const struct test_case evtchn_cases[] = {
	{ "events: a channel goes both ways", both_ways },
	{ "events: binding sends the binder one, and the other none",
	  binding_sends_one },
	{ "events: none pending is EAGAIN, and not readable",
	  nothing_pending },
	{ "events: notify while masked comes once, after unmasking",
	  masked_until_unmasked },
	{ "events: a port is masked as soon as it fired, read or not",
	  masked_before_it_is_read },
	{ "events: unmask of what is not masked does nothing",
	  unmask_of_nothing },
	{ "events: unmask of a port that is not ours does nothing",
	  unmask_of_others },
	{ "events: of several ports all come", order },
	{ "events: one read takes several", several_in_one_read },
	{ "events: ports of another handle are not connected", not_ours },
	{ "events: notify of an unbound port is no error", not_bound_yet },
	{ "events: binding what is not there, or not for us", bind_refused },
	{ "events: binding twice", bind_twice },
	{ "events: a virtual interrupt belongs to one", virq_twice },
	{ "events: unbinding leaves the other end to be bound anew",
	  unbind_and_rebind },
	{ "events: so does closing the handle", close_and_rebind },
	{ "events: so does death", death_and_rebind },
	{ "events: a port whose handle closed is free", death_of_the_first },
	{ "events: a port masked before its peer went stays so",
	  masked_when_closed },
	{ "events: an event not read is read after unbinding",
	  unread_when_unbound },
	{ "events: a handle lives as long as its last descriptor",
	  handle_is_its_descriptor },
	{ "events: a handle works in another process",
	  handle_in_another_process },
	{ "events: flags of opening", fdopen_flags },
	{ "events: a handle narrowed to a domain", restricted },
	{ "events: narrowing holds for all its descriptors",
	  narrowed_where_it_goes },
	{ NULL, NULL },
};
