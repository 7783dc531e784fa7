/* SPDX-License-Identifier: MIT */
/*
 * TAPs and bridges of a real kernel, in a network namespace of this test's
 * own: what xl-lite-netd makes of a vif on the host, that the kernel takes the
 * headers that offload.c makes, and that nothing stays. Needs root and
 * /dev/net/tun.
 */
#include "config.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>

#include "backends/net/bridge.h"
#include "backends/net/offload.h"
#include "backends/net/tap.h"
#include "lib/cleanup.h"

#define SKIP 77

static unsigned int failures;

static void check(const char *what, long got, long want)
{
	printf("%sok %s\n", got == want ? "" : "not ", what);
	if (got == want)
		return;
	printf("# got %ld, want %ld\n", got, want);
	failures++;
}

static int skip(const char *why)
{
	printf("skipped: %s: %s\n", why, strerror(errno));
	return SKIP;
}

static struct ifreq ask(int sock, unsigned long request, const char *name)
{
	struct ifreq ifr = { 0 };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(sock, request, &ifr) < 0)
		printf("# %s: %s\n", name, strerror(errno));
	return ifr;
}

/* Not IFF_RUNNING, which the kernel brings in line when it has time. */
static bool carrier(int sock, const char *name)
{
	struct ethtool_value value = { .cmd = ETHTOOL_GLINK };
	struct ifreq ifr = { .ifr_data = (void *)&value };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	return ioctl(sock, SIOCETHTOOL, &ifr) == 0 && value.data;
}

/* Does the device have an IPv6 address? */
static bool has_ip6(const char *name)
{
	CLEANUP_FCLOSE FILE *f = fopen("/proc/self/net/if_inet6", "r");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, name))
			return true;
	return false;
}

static void test_port(int sock)
{
	static const uint8_t mac[6] = { 0xfe, 255, 255, 255, 255, 255 };
	struct bridge_port port = { .mtu = 1400, .queue_frames = 500 };
	struct bridge_link bridge, none;
	struct ifreq ifr = { 0 };
	int tap, second;

	check("a bridge is found", bridge_find("testbr", &bridge), 0);
	check("it is one", bridge.is_bridge, 1);
	check("its mtu is known", bridge.mtu, 1500);
	check("lo is found", bridge_find("lo", &none), 0);
	check("lo is no bridge", none.is_bridge, 0);
	check("what is not there is said so", bridge_find("nobr", &none),
	      -ENODEV);
	check("nor is a name too long", bridge_find("a-name-too-long-", &none),
	      -ENODEV);

	tap = tap_create("vif1.0");
	if (tap < 0) {
		check("a TAP is made", tap, 0);
		return;
	}
	check("a name in use is refused", tap_create("vif1.0"), -EEXIST);
	check("the name of another device too", tap_create("lo"), -EEXIST);

	port.index = if_nametoindex("vif1.0");
	port.master = bridge.index;
	memcpy(port.mac, mac, sizeof(mac));
	check("it joins the bridge", bridge_add_port(&port), 0);
	check("with its mtu", ask(sock, SIOCGIFMTU, "vif1.0").ifr_mtu, 1400);
	check("with its queue", ask(sock, SIOCGIFTXQLEN, "vif1.0").ifr_qlen,
	      500);
	ifr = ask(sock, SIOCGIFHWADDR, "vif1.0");
	check("with its address",
	      memcmp(ifr.ifr_hwaddr.sa_data, mac, sizeof(mac)), 0);
	ifr = ask(sock, SIOCGIFFLAGS, "vif1.0");
	check("it is up", ifr.ifr_flags & IFF_UP, IFF_UP);
	check("it has no carrier", carrier(sock, "vif1.0"), 0);
	check("a carrier can be given", tap_set_carrier(tap, true), 0);
	check("then it has one", carrier(sock, "vif1.0"), 1);
	check("it has no IPv6 address", has_ip6("vif1.0"), 0);
	check("offloads can be set", tap_set_offload(tap, TUN_F_CSUM |
						     TUN_F_TSO4 | TUN_F_TSO6 |
						     TUN_F_TSO_ECN), 0);
	second = tap_add_queue("vif1.0");
	check("a second queue can be had", second >= 0, 1);
	close(second);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "testbr");
	ifr.ifr_ifindex = (int)port.index;
	check("it is on the bridge", ioctl(sock, SIOCBRDELIF, &ifr), 0);
	close(tap);
	check("it goes with its last descriptor", if_nametoindex("vif1.0"), 0);
	check("no queue of what is not there", tap_add_queue("vif1.0"),
	      -ENODEV);
}

/* -- headers -------------------------------------------------------------- */

static uint8_t frame[65535];

static size_t make_tcp(int version, size_t size)
{
	size_t l4 = version == 4 ? 34 : 54;
	uint8_t *ip = frame + 14;

	memset(frame, 0, sizeof(frame));
	memset(frame, 0xff, 6);
	frame[6] = 2;
	frame[12] = version == 4 ? 0x08 : 0x86;
	frame[13] = version == 4 ? 0x00 : 0xdd;
	if (version == 4) {
		ip[0] = 0x45;
		ip[2] = (uint8_t)((size - 14) >> 8);
		ip[3] = (uint8_t)(size - 14);
		ip[8] = 64;
		ip[9] = IPPROTO_TCP;
	} else {
		ip[0] = 0x60;
		ip[4] = (uint8_t)((size - 54) >> 8);
		ip[5] = (uint8_t)(size - 54);
		ip[6] = IPPROTO_TCP;
		ip[7] = 64;
	}
	frame[l4 + 12] = 0x50;
	return size;
}

/* Every header that offload.c makes is one that the kernel takes. */
static void test_headers(void)
{
	static const struct {
		const char *what;
		int version;
		size_t size;
		uint8_t flags, gso;
		uint16_t mss;
	} cases[] = {
		{ "a small frame", 4, 60, 0, 0, 0 },
		{ "a frame of 14 bytes", 4, 14, 0, 0, 0 },
		{ "a blank TCPv4 checksum", 4, 60, NET_CSUM_BLANK, 0, 0 },
		{ "a blank TCPv6 checksum", 6, 80, NET_CSUM_BLANK, 0, 0 },
		{ "TCPv4 segments", 4, 3000, NET_CSUM_BLANK, 1, 1448 },
		{ "TCPv6 segments", 6, 3000, NET_CSUM_BLANK, 2, 1428 },
		{ "64 KiB of TCPv4 segments", 4, 65535, NET_CSUM_BLANK, 1, 1448 },
		{ "64 KiB of TCPv6 segments", 6, 65535, NET_CSUM_BLANK, 2, 1428 },
		{ "segments without the flag", 4, 3000, 0, 1, 1448 },
		{ "segments of 8 bytes", 4, 3000, NET_CSUM_BLANK, 1, 8 },
		{ "segments larger than the frame", 4, 60, NET_CSUM_BLANK, 1,
		  1448 },
		{ "segments of 65535 bytes", 4, 3000, NET_CSUM_BLANK, 1, 65535 },
	};
	struct bridge_port port = { .mtu = 1500, .queue_frames = 500,
				    .mac = { 2, 0, 0, 0, 0, 1 } };
	int tap = tap_create("vif2.0");
	unsigned int i;

	port.index = if_nametoindex("vif2.0");
	if (tap < 0 || bridge_add_port(&port) < 0) {
		check("a TAP on no bridge", tap, 0);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct net_packet p = {
			.flags = cases[i].flags,
			.gso_type = cases[i].gso,
			.gso_mss = cases[i].mss,
		};
		struct virtio_net_hdr hdr;
		struct iovec iov[] = { { &hdr, sizeof(hdr) }, { frame, 0 } };

		p.size = (uint16_t)make_tcp(cases[i].version, cases[i].size);
		iov[1].iov_len = p.size;
		if (!offload_from_guest(&p, frame, p.size, &hdr)) {
			check(cases[i].what, 0, 1);
			continue;
		}
		check(cases[i].what, writev(tap, iov, 2) < 0 ? -errno : 0, 0);
	}
	close(tap);
}

int main(void)
{
	int sock;

	if (unshare(CLONE_NEWNET))
		return skip("a network namespace of its own (run as root)");
	if (access("/dev/net/tun", R_OK | W_OK))
		return skip("/dev/net/tun");
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ioctl(sock, SIOCBRADDBR, "testbr"))
		return skip("a bridge (is the module bridge there?)");
	test_port(sock);
	test_headers();
	close(sock);
	printf("%u failures\n", failures);
	return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
