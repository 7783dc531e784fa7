/* SPDX-License-Identifier: MIT */
/* Cases of libxenctrl, and of a domain's death: one without memory or vcpus. */
#include "config.h"

#include "tests/conformance/conformance.h"

#include <string.h>

static xc_interface *xch;

static uint32_t create(unsigned int max_port)
{
	struct xen_domctl_createdomain config = {
		.ssidref = 0,
		.max_vcpus = 1, .max_evtchn_port = max_port,
		.max_grant_frames = 4, .max_maptrack_frames = 4,
		.grant_opts = XEN_DOMCTL_GRANT_version(1),
		.iommu_opts = 0,
	};
	uint32_t domid = 0;

	config.arch.emulation_flags = 0;
	NEED(xc_domain_create(xch, &domid, &config) == 0,
	     "xc_domain_create: %s", strerror(errno));
	return domid;
}

static void open_control(void)
{
	xch = xc_interface_open(NULL, NULL, 0);
	NEED(xch, "xc_interface_open: %s", strerror(errno));
}

static bool listed(uint32_t domid)
{
	xc_dominfo_t info;

	return xc_domain_getinfo(xch, domid, 1, &info) == 1 &&
	       info.domid == domid && !info.dying;
}

static void who_is_there(void)
{
	xc_dominfo_t info[2];
	xc_domaininfo_t list[2];

	open_control();
	memset(info, 0xff, sizeof(info));
	EXPECT_IS(xc_domain_getinfo(xch, 0, 1, info), 1);
	EXPECT(info[0].domid == 0 && !info[0].dying && !info[0].shutdown,
	       "domain %u", info[0].domid);
	EXPECT(xc_domain_getinfo(xch, NO_DOMAIN, 1, info) <= 0,
	       "domain %u from %u on", info[0].domid, NO_DOMAIN);
	EXPECT_IS(xc_domain_getinfolist(xch, 0, 1, list), 1);
	EXPECT(list[0].domain == 0, "domain %u", list[0].domain);
	EXPECT_IS(xc_domain_getinfolist(xch, NO_DOMAIN, 2, list), 0);
}

static void nobody(void)
{
	open_control();
	EXPECT_FAILS(xc_domain_pause(xch, NO_DOMAIN), ESRCH);
	EXPECT_FAILS(xc_domain_unpause(xch, NO_DOMAIN), ESRCH);
	EXPECT_FAILS(xc_domain_destroy(xch, NO_DOMAIN), ESRCH);
	EXPECT_FAILS(xc_evtchn_alloc_unbound(xch, NO_DOMAIN, 0), ESRCH);
}

static void comes_and_goes(void)
{
	uint32_t domid;

	open_control();
	domid = create(1023);
	EXPECT(listed(domid), "domain %u is not listed", domid);
	EXPECT_IS(xc_domain_destroy(xch, domid), 0);
	EXPECT(!listed(domid), "domain %u is listed still", domid);
	EXPECT_FAILS(xc_domain_destroy(xch, domid), ESRCH);
}

static void death_unbinds(void)
{
	xenevtchn_handle *h = events();
	xenevtchn_port_or_error_t port;
	uint32_t domid;
	int remote;

	open_control();
	domid = create(1023);
	remote = xc_evtchn_alloc_unbound(xch, domid, 0);
	NEED(remote > 0, "a port in domain %u: %s", domid, strerror(errno));
	port = xenevtchn_bind_interdomain(h, domid, remote);
	NEED(port > 0, "bind to it: %s", strerror(errno));
	EXPECT_IS(next(h), port);
	xenevtchn_unmask(h, port);
	EXPECT_FAILS(xenevtchn_bind_interdomain(h, domid, remote), EINVAL);
	EXPECT_IS(xc_domain_destroy(xch, domid), 0);
	EXPECT(quiet(h), "the death of a domain is an event of its channel");
	EXPECT_IS(xenevtchn_notify(h, port), 0);
	EXPECT_FAILS(xenevtchn_bind_interdomain(h, domid, remote), ESRCH);
	EXPECT_IS(xenevtchn_unbind(h, port), 0);
}

static void run_out(void)
{
	uint32_t domid;
	int port = 0, count = 0;

	open_control();
	domid = create(63);
	while (count < 1000) {
		port = xc_evtchn_alloc_unbound(xch, domid, 0);
		if (port <= 0)
			break;
		count++;
		EXPECT(port == count, "port %d is the number %d", port, count);
	}
	EXPECT(port == -1 && errno == ENOSPC, "after %d ports: %d, %s", count,
	       port, strerror(errno));
	EXPECT(count == 63, "%d ports of 1 to 63", count);
	EXPECT_IS(xc_domain_destroy(xch, domid), 0);
}

const struct test_case domain_cases[] = {
	{ "domains: who is there", who_is_there },
	{ "domains: nobody is ESRCH", nobody },
	{ "domains: one comes and goes", comes_and_goes },
	{ "domains: death unbinds channels, without an event",
	  death_unbinds },
	{ "domains: running out of ports", run_out },
	{ NULL, NULL },
};
