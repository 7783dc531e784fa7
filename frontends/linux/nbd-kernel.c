/* SPDX-License-Identifier: MIT */
/*
 * The stock kernel as our NBD client: /dev/nbdN, set up by generic netlink.
 * The kernel gets one end of a socket pair; the other is a client like any.
 */
#include "config.h"

#include "frontends/linux/nbd.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_LIBMNL

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>

#include "lib/log.h"
#include "lib/num.h"

#define MESSAGE_SIZE 1024
#define ANSWER_SIZE 8192
#define NBD_INDEX_MAX 65535

struct netlink {
	struct mnl_socket *socket;
	uint16_t family;
	uint32_t seq;
	char buf[MESSAGE_SIZE];
};

static struct nlmsghdr *begin(struct netlink *nl, uint16_t type,
			      uint8_t command, uint8_t version)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(nl->buf);
	struct genlmsghdr *header;

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	message->nlmsg_seq = ++nl->seq;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->cmd = command;
	header->version = version;
	return message;
}

/* Send, and let CALLBACK see each answer until the acknowledgement. */
static int talk(struct netlink *nl, struct nlmsghdr *message, mnl_cb_t callback)
{
	char answer[ANSWER_SIZE];
	int r = MNL_CB_OK;

	if (mnl_socket_sendto(nl->socket, message, message->nlmsg_len) == -1)
		return -errno;
	while (r > MNL_CB_STOP) {
		ssize_t n = mnl_socket_recvfrom(nl->socket, answer,
						sizeof(answer));

		if (n == -1)
			return -errno;
		r = mnl_cb_run(answer, n, nl->seq,
			       mnl_socket_get_portid(nl->socket), callback,
			       nl);
	}
	return r == -1 ? -errno : 0;
}

static int family_attribute(const struct nlattr *attr, void *data)
{
	struct netlink *nl = data;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
	    mnl_attr_validate(attr, MNL_TYPE_U16) == 0)
		nl->family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int family_message(const struct nlmsghdr *message, void *data)
{
	return mnl_attr_parse(message, sizeof(struct genlmsghdr),
			      family_attribute, data);
}

static void netlink_close(struct netlink *nl)
{
	if (nl->socket)
		mnl_socket_close(nl->socket);
}

static int netlink_open(struct netlink *nl)
{
	struct nlmsghdr *message;
	int r;

	*nl = (struct netlink) { .socket = mnl_socket_open(NETLINK_GENERIC) };
	if (!nl->socket ||
	    mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID) == -1)
		return log_err(-errno, "netlink: open");
	message = begin(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME);
	r = talk(nl, message, family_message);
	if (r == -ENOENT || (r == 0 && !nl->family))
		return log_fail(-ENOENT, "nbd: the module is not loaded: "
				"modprobe nbd");
	return r ? log_err(r, "netlink: find the nbd family") : 0;
}

static int device_index(const char *device, unsigned int *index)
{
	const char *number = device;

	if (!strncmp(device, "/dev/nbd", strlen("/dev/nbd")))
		number += strlen("/dev/nbd");
	else if (!strncmp(device, "nbd", strlen("nbd")))
		number += strlen("nbd");
	if (num_parse_uint(number, 0, NBD_INDEX_MAX, index))
		return log_fail(-EINVAL, "%s: is no NBD device: say /dev/nbd0 "
				"or the like", device);
	return 0;
}

static void put_socket(struct nlmsghdr *message, int fd)
{
	struct nlattr *sockets = mnl_attr_nest_start(message,
						     NBD_ATTR_SOCKETS);
	struct nlattr *item = mnl_attr_nest_start(message, NBD_SOCK_ITEM);

	mnl_attr_put_u32(message, NBD_SOCK_FD, fd);
	mnl_attr_nest_end(message, item);
	mnl_attr_nest_end(message, sockets);
}

static int connect_device(struct netlink *nl, const struct nbd *n,
			  const char *device, int fd)
{
	struct nlmsghdr *message;
	unsigned int index;
	int r = device_index(device, &index);

	if (r == 0)
		r = netlink_open(nl);
	if (r)
		return r;
	message = begin(nl, nl->family, NBD_CMD_CONNECT, NBD_GENL_VERSION);
	mnl_attr_put_u32(message, NBD_ATTR_INDEX, index);
	mnl_attr_put_u64(message, NBD_ATTR_SIZE_BYTES, nbd_export_size(n));
	mnl_attr_put_u64(message, NBD_ATTR_BLOCK_SIZE_BYTES,
			 n->disk->info.sector_size);
	mnl_attr_put_u64(message, NBD_ATTR_SERVER_FLAGS, nbd_export_flags(n));
	put_socket(message, fd);
	r = talk(nl, message, NULL);
	if (r == -EBUSY)
		return log_fail(r, "%s: is in use: name another, or let it go "
				"with: nbd-client -d %s", device, device);
	return r ? log_err(r, "%s: connect", device) : 0;
}

int nbd_kernel_connect(const struct nbd *n, const char *device, int fd)
{
	struct netlink nl = { 0 };
	int r = connect_device(&nl, n, device, fd);

	netlink_close(&nl);
	return r;
}

static int disconnect_device(struct netlink *nl, const char *device)
{
	struct nlmsghdr *message;
	unsigned int index;
	int r = device_index(device, &index);

	if (r == 0)
		r = netlink_open(nl);
	if (r)
		return r;
	message = begin(nl, nl->family, NBD_CMD_DISCONNECT, NBD_GENL_VERSION);
	mnl_attr_put_u32(message, NBD_ATTR_INDEX, index);
	r = talk(nl, message, NULL);
	/* -EINVAL: it let go by itself meanwhile */
	return r && r != -EINVAL ? log_err(r, "%s: disconnect", device) : 0;
}

void nbd_kernel_disconnect(const char *device)
{
	struct netlink nl = { 0 };

	disconnect_device(&nl, device);
	netlink_close(&nl);
}

#else /* !HAVE_LIBMNL */

#include "lib/log.h"

int nbd_kernel_connect(const struct nbd *n, const char *device, int fd)
{
	(void)n, (void)fd;
	return log_fail(-EOPNOTSUPP, "%s: the kernel is asked for it by "
			"netlink, and this build is without libmnl: use "
			"--socket and nbd-client", device);
}

void nbd_kernel_disconnect(const char *device)
{
	(void)device;
}

#endif
