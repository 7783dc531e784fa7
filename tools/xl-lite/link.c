/* SPDX-License-Identifier: MIT */
/*
 * A guest's interface and its bridge; see link.h.
 *
 * xen-netback makes the interface a moment before or after it shows itself
 * ready in xenstore. So we first ask to be told of new interfaces and then
 * look: it cannot slip in between.
 */
#include "config.h"

#include "tools/xl-lite/link.h"

#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#ifdef HAVE_LIBMNL

#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "lib/clock.h"

/* The largest message that libmnl advises to be ready for. */
#define MESSAGE_SIZE 8192

static void cleanup_mnl(struct mnl_socket **nl)
{
	if (*nl)
		mnl_socket_close(*nl);
}

#define CLEANUP_MNL CLEANUP(cleanup_mnl)

static int open_netlink(unsigned int groups, struct mnl_socket **ret)
{
	CLEANUP_MNL struct mnl_socket *nl =
		mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!nl || mnl_socket_bind(nl, groups, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	*ret = STEAL_PTR(nl);
	return 0;
}

/* Wait until NAME is there; *ret is its index. */
static int wait_for_link(const char *name, uint64_t deadline_ns,
			 unsigned int *ret)
{
	CLEANUP_MNL struct mnl_socket *nl = NULL;
	int err = open_netlink(RTMGRP_LINK, &nl);

	if (err)
		return err;
	while (!(*ret = if_nametoindex(name))) {
		struct pollfd p = {
			.fd = mnl_socket_get_fd(nl),
			.events = POLLIN,
		};
		uint64_t now = clock_now_ns();
		char buf[MESSAGE_SIZE];

		if (now >= deadline_ns)
			return -ETIMEDOUT;
		if (poll(&p, 1, (deadline_ns - now) / NS_PER_MS + 1) == -1 &&
		    errno != EINTR)
			return -errno;
		/* what it was does not matter: look again */
		if (p.revents && mnl_socket_recvfrom(nl, buf, sizeof(buf)) < 0
		    && errno != ENOBUFS)
			return -errno;
	}
	return 0;
}

/* Send the request and return the kernel's answer to it. */
static int ask(struct nlmsghdr *nlh)
{
	CLEANUP_MNL struct mnl_socket *nl = NULL;
	char buf[MESSAGE_SIZE];
	int err = open_netlink(0, &nl);
	ssize_t n;

	if (err)
		return err;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = time(NULL);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0 || mnl_cb_run(buf, n, nlh->nlmsg_seq,
				mnl_socket_get_portid(nl), NULL, NULL) < 0)
		return -errno;
	return 0;
}

static struct nlmsghdr *set_link(char *buf, unsigned int index, bool up)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *info;

	nlh->nlmsg_type = RTM_NEWLINK;
	info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	info->ifi_family = AF_UNSPEC;
	info->ifi_index = index;
	info->ifi_change = IFF_UP;
	info->ifi_flags = up ? IFF_UP : 0;
	return nlh;
}

bool link_attach_built(void)
{
	return true;
}

/* RENAME may be NULL: it has its name. MAC may be NULL: it keeps its own. */
static int attach(const char *name, const char *rename, const uint8_t *mac,
		  const struct device *d, uint64_t deadline_ns)
{
	char buf[MESSAGE_SIZE];
	unsigned int index, bridge = if_nametoindex(d->bridge);
	struct nlmsghdr *nlh;
	int err;

	if (!bridge)
		return -errno;
	err = wait_for_link(name, deadline_ns, &index);
	if (err)
		return err;
	/* a name and an MTU can only be given to an interface that is down */
	nlh = set_link(buf, index, false);
	if (rename)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, rename);
	if (mac)
		mnl_attr_put(nlh, IFLA_ADDRESS, ETH_ALEN, mac);
	if (d->vif->mtu)
		mnl_attr_put_u32(nlh, IFLA_MTU, d->vif->mtu);
	err = ask(nlh);
	if (err)
		return err;
	nlh = set_link(buf, index, true);
	mnl_attr_put_u32(nlh, IFLA_MASTER, bridge);
	return ask(nlh);
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

#else /* !HAVE_LIBMNL */

bool link_attach_built(void)
{
	return false;
}

int link_attach(const struct device *d, domid_t domid, uint64_t deadline_ns)
{
	(void)d, (void)domid, (void)deadline_ns;
	return -EOPNOTSUPP;
}

int link_attach_tap(const char *name, const struct device *d,
		    uint64_t deadline_ns)
{
	(void)name, (void)d, (void)deadline_ns;
	return -EOPNOTSUPP;
}

#endif
