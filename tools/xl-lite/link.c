/* SPDX-License-Identifier: MIT */
/*
 * A guest's interface and its bridge; see link.h.
 *
 * xen-netback makes the interface a moment before or after it shows itself
 * ready in xenstore. So we first ask to be told of new interfaces and then
 * look: it cannot slip in between. What comes then is not read: that something
 * comes is enough, and everything else is done by netdevice(7)'s calls. A
 * library for more would be loaded by every command.
 */
#include "config.h"

#include "tools/xl-lite/link.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

#include "lib/cleanup.h"
#include "lib/clock.h"

/* Of what the kernel tells, cut to fit. */
#define EVENT_SIZE 256

/* -- waiting for it ----------------------------------------------------------- */

/* Readable when an interface comes, or goes, or changes; or -errno. */
static int open_link_events(void)
{
	const struct sockaddr_nl all = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK,
	};
	CLEANUP_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
				      NETLINK_ROUTE);

	if (fd == -1 ||
	    bind(fd, (const struct sockaddr *)&all, sizeof(all)) == -1)
		return -errno;
	return STEAL_FD(fd);
}

/* One event is taken; lost ones (ENOBUFS) are as good. */
static int wait_link_event(int fd, uint64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now = clock_now_ns();
	char event[EVENT_SIZE];

	if (now >= deadline_ns)
		return -ETIMEDOUT;
	if (poll(&p, 1, (deadline_ns - now) / NS_PER_MS + 1) == -1 &&
	    errno != EINTR)
		return -errno;
	if (p.revents && recv(fd, event, sizeof(event), MSG_DONTWAIT) == -1 &&
	    errno != ENOBUFS && errno != EAGAIN)
		return -errno;
	return 0;
}

static int wait_for_link(const char *name, uint64_t deadline_ns)
{
	CLEANUP_CLOSE int fd = open_link_events();
	int err = fd < 0 ? fd : 0;

	while (!err && !if_nametoindex(name))
		err = wait_link_event(fd, deadline_ns);
	return err;
}

/* -- changing it -------------------------------------------------------------- */

/* REQUEST tells all but the NAME of who is changed. */
static int change(int fd, unsigned long what, const char *name,
		  struct ifreq *request)
{
	snprintf(request->ifr_name, sizeof(request->ifr_name), "%s", name);
	return ioctl(fd, what, request) == -1 ? -errno : 0;
}

static int set_up(int fd, const char *name, bool up)
{
	struct ifreq r = { 0 };
	int err = change(fd, SIOCGIFFLAGS, name, &r);

	if (err)
		return err;
	r.ifr_flags = up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP;
	return change(fd, SIOCSIFFLAGS, name, &r);
}

static int set_name(int fd, const char *name, const char *new_name)
{
	struct ifreq r = { 0 };

	snprintf(r.ifr_newname, sizeof(r.ifr_newname), "%s", new_name);
	return change(fd, SIOCSIFNAME, name, &r);
}

static int set_mac(int fd, const char *name, const uint8_t mac[ETH_ALEN])
{
	struct ifreq r = { .ifr_hwaddr.sa_family = ARPHRD_ETHER };

	memcpy(r.ifr_hwaddr.sa_data, mac, ETH_ALEN);
	return change(fd, SIOCSIFHWADDR, name, &r);
}

static int set_mtu(int fd, const char *name, unsigned int mtu)
{
	struct ifreq r = { .ifr_mtu = mtu };

	return change(fd, SIOCSIFMTU, name, &r);
}

static int set_bridge(int fd, const char *name, const char *bridge)
{
	struct ifreq r = { .ifr_ifindex = if_nametoindex(name) };

	return r.ifr_ifindex ? change(fd, SIOCBRADDIF, bridge, &r) : -errno;
}

/* RENAME may be NULL: it has its name. MAC may be NULL: it keeps its own. */
static int attach(const char *name, const char *rename, const uint8_t *mac,
		  const struct device *d, uint64_t deadline_ns)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err;

	if (fd == -1 || !if_nametoindex(d->bridge))
		return -errno;
	err = wait_for_link(name, deadline_ns);
	/* a name and an MTU can only be given to an interface that is down */
	if (!err)
		err = set_up(fd, name, false);
	if (!err && rename) {
		err = set_name(fd, name, rename);
		name = rename;
	}
	if (!err && mac)
		err = set_mac(fd, name, mac);
	if (!err && d->vif->mtu)
		err = set_mtu(fd, name, d->vif->mtu);
	if (!err)
		err = set_bridge(fd, name, d->bridge);
	return err ? err : set_up(fd, name, true);
}

int link_attach(const struct device *d, domid_t domid, uint64_t deadline_ns)
{
	char name[IF_NAMESIZE];

	snprintf(name, sizeof(name), "vif%u.%u", domid, d->devid);
	return attach(name, d->vif->vifname, NULL, d, deadline_ns);
}

int link_attach_tap(const char *name, const struct device *d,
		    uint64_t deadline_ns)
{
	/* the highest there is: a bridge takes the lowest of its ports' */
	static const uint8_t mac[ETH_ALEN] = {
		0xfe, 0xff, 0xff, 0xff, 0xff, 0xff,
	};

	return attach(name, NULL, mac, d, deadline_ns);
}
