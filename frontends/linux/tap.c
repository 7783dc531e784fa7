/* SPDX-License-Identifier: MIT */
/* A TAP device with vnet headers; see tap.h. */
#include "config.h"

#include "frontends/linux/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/if_arp.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>

#include "lib/cleanup.h"
#include "lib/log.h"

/* The TAP's header is struct virtio_net_hdr: ten bytes, host's byte order. */
_Static_assert(sizeof(struct virtio_net_hdr) == 10, "virtio_net_hdr");

static int set_interface(struct tap *t, const struct net_front_info *info)
{
	CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq req = { 0 };

	if (fd == -1)
		return log_err(-errno, "%s: socket", t->name);
	memcpy(req.ifr_name, t->name, sizeof(t->name));
	req.ifr_hwaddr.sa_family = ARPHRD_ETHER;
	memcpy(req.ifr_hwaddr.sa_data, info->mac, sizeof(info->mac));
	if (ioctl(fd, SIOCSIFHWADDR, &req) == -1)
		return log_err(-errno, "%s: set its MAC address", t->name);
	req.ifr_mtu = info->mtu;
	if (ioctl(fd, SIOCSIFMTU, &req) == -1)
		return log_err(-errno, "%s: set its MTU to %u", t->name,
			       info->mtu);
	return 0;
}

/*
 * What the backend takes, the TAP may give us; the kernel does the rest
 * before it gets here. TUN_F_CSUM is for IPv4 and IPv6 alike.
 */
static int set_offloads(struct tap *t, const struct net_front_info *info)
{
	unsigned long offloads = 0;

	if (info->csum_ipv4 && info->csum_ipv6)
		offloads |= TUN_F_CSUM;
	if (offloads && info->gso_tcpv4)
		offloads |= TUN_F_TSO4;
	if (offloads && info->gso_tcpv6)
		offloads |= TUN_F_TSO6;
	if (offloads & (TUN_F_TSO4 | TUN_F_TSO6))
		offloads |= TUN_F_TSO_ECN;
	if (ioctl(t->fd, TUNSETOFFLOAD, offloads) == -1)
		return log_err(-errno, "%s: set its offloads", t->name);
	return 0;
}

int tap_open(struct tap *t, const char *name,
	     const struct net_front_info *info)
{
	CLEANUP_CLOSE int fd = -1;
	struct ifreq req = {
		.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR,
	};
	int r;

	*t = (struct tap) { .fd = -1 };
	if (strlen(name) >= sizeof(req.ifr_name))
		return log_fail(-ENAMETOOLONG, "%s: an interface's name has "
				"less than %zu characters", name,
				sizeof(req.ifr_name));
	memcpy(req.ifr_name, name, strlen(name));
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd == -1 && (errno == ENOENT || errno == ENODEV))
		return log_fail(-errno, "/dev/net/tun: the module is not "
				"loaded: modprobe tun");
	if (fd == -1)
		return log_err(-errno, "/dev/net/tun: open (is this root?)");
	if (ioctl(fd, TUNSETIFF, &req) == -1)
		return log_err(-errno, "%s: make a TAP (does an interface of "
			       "this name exist?)", name);
	memcpy(t->name, req.ifr_name, sizeof(t->name));
	t->fd = fd;
	r = set_offloads(t, info);
	if (r == 0)
		r = set_interface(t, info);
	if (r)
		t->fd = -1;
	else
		(void)STEAL_FD(fd);
	return r;
}

void tap_close(struct tap *t)
{
	if (t->fd != -1)
		close(t->fd);
	t->fd = -1;
}

/* -- frames -------------------------------------------------------------- */

static int take_header(const struct virtio_net_hdr *header,
		       struct net_frame *frame)
{
	frame->csum_blank = header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM;
	frame->csum_valid = header->flags & VIRTIO_NET_HDR_F_DATA_VALID;
	frame->gso_size = header->gso_size;
	switch (header->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
	case VIRTIO_NET_HDR_GSO_NONE:
		frame->gso = NET_GSO_NONE;
		return 0;
	case VIRTIO_NET_HDR_GSO_TCPV4:
		frame->gso = NET_GSO_TCPV4;
		return 0;
	case VIRTIO_NET_HDR_GSO_TCPV6:
		frame->gso = NET_GSO_TCPV6;
		return 0;
	default:
		return -EPROTO;
	}
}

int tap_read(struct tap *t, const struct net_vec *vec, unsigned int count,
	     struct net_frame *frame)
{
	struct virtio_net_hdr header;
	struct iovec iov[NET_FRONT_FRAME_SLOTS + 1];
	unsigned int i;
	ssize_t n;

	iov[0] = (struct iovec) { &header, sizeof(header) };
	for (i = 0; i < count; i++)
		iov[i + 1] = (struct iovec) { vec[i].base, vec[i].size };
	n = readv(t->fd, iov, count + 1);
	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if ((size_t)n < sizeof(header))
		return -EPROTO;
	frame->size = n - sizeof(header);
	return take_header(&header, frame) ? -EPROTO : 1;
}

static uint8_t gso_type(enum net_gso gso)
{
	switch (gso) {
	case NET_GSO_TCPV4:
		return VIRTIO_NET_HDR_GSO_TCPV4;
	case NET_GSO_TCPV6:
		return VIRTIO_NET_HDR_GSO_TCPV6;
	case NET_GSO_NONE:
		break;
	}
	return VIRTIO_NET_HDR_GSO_NONE;
}

int tap_write(struct tap *t, const struct net_frame *frame)
{
	struct virtio_net_hdr header = {
		.flags = frame->csum_valid ? VIRTIO_NET_HDR_F_DATA_VALID : 0,
		.gso_type = gso_type(frame->gso),
		.gso_size = frame->gso_size,
	};
	struct iovec iov[NET_FRONT_FRAME_SLOTS + 2];
	unsigned int i;

	if (frame->csum_blank) {
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.csum_start = frame->csum_start;
		header.csum_offset = frame->csum_offset;
		header.hdr_len = frame->header_size;
	}
	iov[0] = (struct iovec) { &header, sizeof(header) };
	for (i = 0; i < frame->vecs; i++)
		iov[i + 1] = (struct iovec) {
			frame->vec[i].base, frame->vec[i].size,
		};
	return writev(t->fd, iov, frame->vecs + 1) == -1 ? -errno : 0;
}
