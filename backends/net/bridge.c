/* SPDX-License-Identifier: MIT */
/* See bridge.h. */
#include "config.h"

#include "backends/net/bridge.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/cleanup.h"

/* A link's answer can be long: statistics, a virtual function each, ... */
#define ANSWER_MAX 32768

static void cleanup_socket(struct mnl_socket **sock)
{
	if (*sock)
		mnl_socket_close(*sock);
}
#define CLEANUP_SOCKET CLEANUP(cleanup_socket)

/*
 * Send one request and take its answers up to the acknowledgement; each is
 * given to FN.
 */
static int transact(struct nlmsghdr *msg, mnl_cb_t fn, void *arg)
{
	CLEANUP_SOCKET struct mnl_socket *sock =
		mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	CLEANUP_FREE char *buf = malloc(ANSWER_MAX);
	unsigned int port;
	ssize_t n;
	int ret;

	if (!sock || !buf)
		return -errno;
	if (mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		return -errno;
	port = mnl_socket_get_portid(sock);
	msg->nlmsg_flags |= NLM_F_REQUEST | NLM_F_ACK;
	msg->nlmsg_seq = 1;
	if (mnl_socket_sendto(sock, msg, msg->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(sock, buf, ANSWER_MAX);
		if (n < 0)
			return -errno;
		ret = mnl_cb_run(buf, (size_t)n, 1, port, fn, arg);
	} while (ret > MNL_CB_STOP);
	return ret < 0 ? -errno : 0;
}

static int take_kind(const struct nlattr *attr, void *arg)
{
	struct bridge_link *link = arg;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND &&
	    mnl_attr_validate(attr, MNL_TYPE_STRING) >= 0)
		snprintf(link->kind, sizeof(link->kind), "%s",
			 mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

static int take_attr(const struct nlattr *attr, void *arg)
{
	struct bridge_link *link = arg;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_MTU:
		if (mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			link->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINKINFO:
		if (mnl_attr_validate(attr, MNL_TYPE_NESTED) >= 0)
			mnl_attr_parse_nested(attr, take_kind, link);
		break;
	}
	return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	struct bridge_link *link = arg;

	link->index = (unsigned int)ifi->ifi_index;
	mnl_attr_parse(msg, sizeof(*ifi), take_attr, link);
	return MNL_CB_OK;
}

int bridge_find(const char *name, struct bridge_link *link)
{
	_Alignas(NLMSG_ALIGNTO) char buf[256];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;
	int ret;

	*link = (struct bridge_link) { 0 };
	if (strlen(name) >= IFNAMSIZ || !*name)
		return -ENODEV;
	msg->nlmsg_type = RTM_GETLINK;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	mnl_attr_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	mnl_attr_put_strz(msg, IFLA_IFNAME, name);
	ret = transact(msg, take_link, link);
	link->is_bridge = !strcmp(link->kind, "bridge");
	return ret;
}

/*
 * The host's stack has no business on a guest's port: no link-local address.
 * A host without IPv6 refuses, which is as good.
 */
static void no_link_local(unsigned int index)
{
	_Alignas(NLMSG_ALIGNTO) char buf[256];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct nlattr *spec, *inet6;
	struct ifinfomsg *ifi;

	msg->nlmsg_type = RTM_SETLINK;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)index;
	spec = mnl_attr_nest_start(msg, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(msg, AF_INET6);
	mnl_attr_put_u8(msg, IFLA_INET6_ADDR_GEN_MODE,
			IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(msg, inet6);
	mnl_attr_nest_end(msg, spec);
	(void)transact(msg, NULL, NULL);
}

int bridge_add_port(const struct bridge_port *port)
{
	_Alignas(NLMSG_ALIGNTO) char buf[256];
	struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);
	struct ifinfomsg *ifi;

	no_link_local(port->index);
	msg->nlmsg_type = RTM_SETLINK;
	ifi = mnl_nlmsg_put_extra_header(msg, sizeof(*ifi));
	ifi->ifi_family = AF_UNSPEC;
	ifi->ifi_index = (int)port->index;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	mnl_attr_put(msg, IFLA_ADDRESS, sizeof(port->mac), port->mac);
	mnl_attr_put_u32(msg, IFLA_MTU, port->mtu);
	mnl_attr_put_u32(msg, IFLA_TXQLEN, port->queue_frames);
	if (port->master)
		mnl_attr_put_u32(msg, IFLA_MASTER, port->master);
	return transact(msg, NULL, NULL);
}
