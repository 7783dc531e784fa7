/* SPDX-License-Identifier: MIT */
/*
 * A NIC under faults: frames by packet sockets on both of its ends, the
 * guest's TAP and the host's. A frame may be lost, and is then sent again; one
 * that comes is whole, and what was segmented comes once all of it has.
 */
#include "config.h"

#include "tests/sim/sweep/sweep.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define PLAIN_TYPE 0x88b5	/* for local experiments */
#define PLAIN_SIZE 900u
#define GSO_SIZE 12000u
#define MSS 1400u
#define HEADERS (sizeof(struct ether_header) + sizeof(struct iphdr) + \
		 sizeof(struct tcphdr))
#define RESEND_MS 50

struct nic {
	unsigned int domid;
	int host, guest;		/* packet sockets; -1: none */
	uint32_t number;		/* of the last frame */
	uint8_t out[GSO_SIZE + HEADERS], in[70000];
};

static void mac_text(unsigned int domid, char *buf, size_t size)
{
	snprintf(buf, size, "00:16:3e:00:%02x:%02x", domid >> 8 & 0xff,
		 domid & 0xff);
}

static void *nic_make(unsigned int domid)
{
	struct nic *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->domid = domid;
	n->host = n->guest = -1;
	return n;
}

static void unplug_sockets(struct nic *n)
{
	if (n->host >= 0)
		close(n->host);
	if (n->guest >= 0)
		close(n->guest);
	n->host = n->guest = -1;
}

static void nic_free(void *own)
{
	unplug_sockets(own);
	free(own);
}

static void nic_arguments(struct device *d, char **argv)
{
	(void)d;
	argv[0] = NULL;
}

static void nic_leave(struct device *d)
{
	if (d->own)
		unplug_sockets(d->own);
}

static bool nic_released(struct device *d)
{
	const struct nic *n = d->own;
	char name[IFNAMSIZ];

	if (!n)
		return true;
	snprintf(name, sizeof(name), "vif%u.0", n->domid);
	return if_nametoindex(name) == 0;
}

/* -- the ends -------------------------------------------------------------------- */

/* In the network we are in; -1: there is no such interface, or it is down. */
static int open_socket(const char *name)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
	};
	struct ifreq ifr = { 0 };
	const int one = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	addr.sll_ifindex = if_nametoindex(name);
	if (fd >= 0 && addr.sll_ifindex &&
	    ioctl(fd, SIOCGIFFLAGS, &ifr) == 0) {
		ifr.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &ifr) == 0 &&
		    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one,
			       sizeof(one)) == 0 &&
		    bind(fd, (const struct sockaddr *)&addr,
			 sizeof(addr)) == 0)
			return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool open_ends(struct device *d)
{
	struct nic *n = d->own;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	char name[IFNAMSIZ];

	if (n->host < 0) {
		snprintf(name, sizeof(name), "vif%u.0", n->domid);
		n->host = open_socket(name);
	}
	if (n->guest < 0 && setns(d->guest->ns[0], CLONE_NEWNET) == 0) {
		n->guest = open_socket("uvif0");
		if (setns(home, CLONE_NEWNET))
			abort();
	}
	close(home);
	return n->host >= 0 && n->guest >= 0;
}

/* -- frames ----------------------------------------------------------------------- */

static uint8_t byte_at(uint32_t number, uint32_t at)
{
	return number * 31 + at * 7 + at / 256;
}

static uint32_t sum_words(const void *data, size_t size)
{
	const uint8_t *p = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void ether(struct nic *n, bool to_guest, uint16_t type)
{
	struct ether_header *eth = (struct ether_header *)n->out;
	const uint8_t guest[] = {
		0x00, 0x16, 0x3e, 0x00, n->domid >> 8 & 0xff, n->domid & 0xff,
	};
	const uint8_t host[] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

	memcpy(eth->ether_dhost, to_guest ? guest : host, 6);
	memcpy(eth->ether_shost, to_guest ? host : guest, 6);
	eth->ether_type = htons(type);
}

/* A frame that says its number, and in each byte where that belongs. */
static size_t plain_frame(struct nic *n, bool to_guest)
{
	uint8_t *data = n->out + sizeof(struct ether_header);

	ether(n, to_guest, PLAIN_TYPE);
	memcpy(data, &n->number, sizeof(n->number));
	for (uint32_t i = 0; i < PLAIN_SIZE; i++)
		data[sizeof(n->number) + i] = byte_at(n->number, i);
	return sizeof(struct ether_header) + sizeof(n->number) + PLAIN_SIZE;
}

/* One TCP segment of many; its acknowledgement field is its number. */
static size_t gso_frame(struct nic *n, bool to_guest)
{
	struct iphdr *ip = (struct iphdr *)(n->out +
					    sizeof(struct ether_header));
	struct tcphdr *tcp = (struct tcphdr *)(ip + 1);
	uint8_t *data = (uint8_t *)(tcp + 1);

	ether(n, to_guest, ETHERTYPE_IP);
	*ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
		.tot_len = htons(HEADERS - sizeof(struct ether_header) +
				 GSO_SIZE),
		.saddr = htonl(0xc0000201), .daddr = htonl(0xc0000202),
	};
	ip->check = htons(~fold(sum_words(ip, sizeof(*ip))));
	*tcp = (struct tcphdr){
		.source = htons(4711), .dest = htons(4712), .doff = 5,
		.ack = 1, .ack_seq = htonl(n->number),
		.window = htons(1000),
	};
	tcp->check = htons(fold(sum_words(&ip->saddr, 8) + IPPROTO_TCP +
				sizeof(*tcp) + GSO_SIZE));
	for (uint32_t i = 0; i < GSO_SIZE; i++)
		data[i] = byte_at(n->number, i);
	return HEADERS + GSO_SIZE;
}

static void send_frame(struct nic *n, bool to_guest, bool gso)
{
	struct virtio_net_hdr header = { 0 };
	size_t size = gso ? gso_frame(n, to_guest) : plain_frame(n, to_guest);
	struct iovec iov[] = {
		{ &header, sizeof(header) }, { n->out, size },
	};

	if (gso) {
		header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
		header.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
		header.gso_size = MSS;
		header.hdr_len = HEADERS;
		header.csum_start = sizeof(struct ether_header) +
				    sizeof(struct iphdr);
		header.csum_offset = 16;
	}
	/* one that is not taken is one that is lost */
	(void)!writev(to_guest ? n->host : n->guest, iov, 2);
}

static bool data_right(struct world *w, uint32_t number, uint32_t at,
		       const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (data[i] != byte_at(number, at + i))
			return wrong(w, "frame %u: byte %zu is 0x%02x, want "
				     "0x%02x", number, at + i, data[i],
				     byte_at(number, at + i));
	return true;
}

/* How many of its bytes this frame brought; other people's bring none. */
static size_t take_plain(struct world *w, const struct nic *n,
			 const uint8_t *data, size_t size)
{
	uint32_t number;

	if (size < sizeof(number) + PLAIN_SIZE)
		return 0;
	memcpy(&number, data, sizeof(number));
	if (number > n->number)
		return wrong(w, "frame %u was never sent", number);
	if (!data_right(w, number, 0, data + sizeof(number), PLAIN_SIZE))
		return 0;
	return number == n->number ? PLAIN_SIZE : 0;
}

static size_t take_gso(struct world *w, const struct nic *n,
		       const uint8_t *data, size_t size)
{
	const struct iphdr *ip = (const struct iphdr *)data;
	const struct tcphdr *tcp = (const struct tcphdr *)(ip + 1);
	size_t total, headers = sizeof(*ip) + sizeof(*tcp);
	uint32_t number;

	if (size < headers || ip->protocol != IPPROTO_TCP ||
	    tcp->source != htons(4711))
		return 0;
	total = ntohs(ip->tot_len);
	number = ntohl(tcp->ack_seq);
	if (total < headers || total > size || number > n->number)
		return wrong(w, "a segment of %zu bytes says %zu", size,
			     total);
	if (!data_right(w, number, ntohl(tcp->seq),
			(const uint8_t *)(tcp + 1), total - headers))
		return 0;
	return number == n->number ? total - headers : 0;
}

/* All that has come on one end. */
static size_t receive(struct world *w, struct nic *n, bool to_guest)
{
	const size_t before = sizeof(struct virtio_net_hdr) +
			      sizeof(struct ether_header);
	int fd = to_guest ? n->guest : n->host;
	size_t bytes = 0;
	ssize_t size;

	while ((size = recv(fd, n->in, sizeof(n->in), MSG_DONTWAIT)) > 0) {
		const struct ether_header *eth = (const struct ether_header *)
			(n->in + sizeof(struct virtio_net_hdr));

		if ((size_t)size < before)
			continue;
		if (eth->ether_type == htons(PLAIN_TYPE))
			bytes += take_plain(w, n, n->in + before,
					    size - before);
		if (eth->ether_type == htons(ETHERTYPE_IP))
			bytes += take_gso(w, n, n->in + before, size - before);
	}
	return bytes;
}

/* -- use --------------------------------------------------------------------------- */

static bool is_over(const struct world *w, const struct device *d)
{
	return d->proc.over || w->daemon.over;
}

static bool has_ended(struct world *w, void *arg)
{
	return is_over(w, arg) ||
	       state_of(w, ((struct device *)arg)->back) != 4;
}

static bool has_ends_or_ended(struct world *w, void *arg)
{
	return open_ends(arg) || has_ended(w, arg);
}

/* Until one came whole; what is lost is sent again, with a new number. */
static enum outcome pass(struct world *w, struct device *d, bool to_guest,
			 bool gso)
{
	uint64_t end = now_ms() + limit_s * UINT64_C(1000), next = 0;
	const size_t whole = gso ? GSO_SIZE : PLAIN_SIZE;
	struct nic *n = d->own;
	size_t bytes = 0;

	while (bytes < whole) {
		struct pollfd p = {
			.fd = to_guest ? n->guest : n->host, .events = POLLIN,
		};

		if (now_ms() >= next) {
			n->number++;
			bytes = 0;
			send_frame(n, to_guest, gso);
			next = now_ms() + RESEND_MS;
		}
		poll(&p, 1, 10);
		bytes += receive(w, n, to_guest);
		world_look(w, 0);
		if (w->why[0])
			return FAILED;
		if (has_ended(w, d))
			return ENDED;
		if (now_ms() > end)
			return STALLED;
	}
	return DONE;
}

static enum outcome nic_use(struct world *w, struct device *d, bool well)
{
	static const struct {
		bool to_guest, gso;
	} steps[] = {
		{ false, false }, { true, false }, { false, true },
		{ true, true },
	};
	enum outcome o = DONE;

	/* they go before the states change */
	if (!wait_for(w, has_ends_or_ended, d, limit_s))
		wrong(w, "the NIC has not both its ends: %s is missing",
		      ((struct nic *)d->own)->host < 0 ? "the host's" :
		      "the guest's");
	if (!open_ends(d))
		return ENDED;
	for (size_t i = 0; o == DONE && i < sizeof(steps) / sizeof(*steps);
	     i++)
		o = pass(w, d, steps[i].to_guest, steps[i].gso);
	if (well && o != DONE)
		wrong(w, "without a fault frames %s", o == STALLED ?
		      "do not get through" : "end the frontend");
	return o;
}

static bool nic_ping(struct world *w, struct device *d)
{
	return open_ends(d) && pass(w, d, false, false) == DONE &&
	       pass(w, d, true, false) == DONE && !w->why[0];
}

static const char *const front_nodes[] = { "handle", "0", NULL };
static const char *const back_nodes[] = { "handle", "0", NULL };

const struct kind kind_net = {
	.name = "net",
	.daemon = "xl-lite-netd",
	.program = "xl-lite-netfront",
	.xenbus = "uvif",
	.devid = 0,
	.front_nodes = front_nodes,
	.back_nodes = back_nodes,
	.own_nodes = (const char *const[]){ "mac", NULL },
	.own_value = mac_text,
	.make = nic_make,
	.free = nic_free,
	.arguments = nic_arguments,
	.use = nic_use,
	.ping = nic_ping,
	.released = nic_released,
	.leave = nic_leave,
};
