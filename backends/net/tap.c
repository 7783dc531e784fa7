/* SPDX-License-Identifier: MIT */
/* See tap.h. */
#include "config.h"

#include "backends/net/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/cleanup.h"

static int queue_open(const char *name)
{
	struct ifreq ifr = {
		.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR |
			     IFF_MULTI_QUEUE,
	};
	CLEANUP_CLOSE int fd = -1;

	if (strlen(name) >= sizeof(ifr.ifr_name))
		return -ENAMETOOLONG;
	memcpy(ifr.ifr_name, name, strlen(name));
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) < 0)
		return -errno;
	return STEAL_FD(fd);
}

int tap_create(const char *name)
{
	CLEANUP_CLOSE int fd = -1;
	int ret;

	/* A name in use may be anything, and a persistent TAP would be taken. */
	if (if_nametoindex(name))
		return -EEXIST;
	fd = queue_open(name);
	if (fd < 0)
		return fd;
	ret = tap_set_carrier(fd, false);
	if (ret < 0)
		return ret;
	return STEAL_FD(fd);
}

int tap_add_queue(const char *name)
{
	if (!if_nametoindex(name))
		return -ENODEV;
	return queue_open(name);
}

int tap_set_offload(int fd, unsigned int features)
{
	return ioctl(fd, TUNSETOFFLOAD, features) < 0 ? -errno : 0;
}

int tap_set_carrier(int fd, bool on)
{
	int value = on;

	return ioctl(fd, TUNSETCARRIER, &value) < 0 ? -errno : 0;
}
