/* SPDX-License-Identifier: MIT */
/*
 * The host's side of a vif, for frontends that are to show that they are still
 * served (net.h): frames of ours are returned, or as many sent as they ask for,
 * and each answer says how many came from an address that is not the vif's.
 */
#include "config.h"

#include "tests/hostile/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct host {
	int sock;
	uint8_t mac[6];		/* the vif's guest */
	uint32_t foreign;
	uint8_t frame[FRAME_MAX + 1];
};

uint32_t echo_sum(const uint8_t *data, size_t size)
{
	uint32_t sum = size;

	while (size--)
		sum = sum * 31 + *data++;
	return sum;
}

static int open_socket(const char *interface)
{
	struct sockaddr_ll addr = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(interface),
	};
	int sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));

	if (sock == -1 || !addr.sll_ifindex ||
	    bind(sock, (const struct sockaddr *)&addr, sizeof(addr))) {
		fprintf(stderr, "hostile-net: %s: %s\n", interface,
			strerror(errno));
		exit(EXIT_FAILURE);
	}
	return sock;
}

static void turn_around(struct host *h)
{
	memcpy(h->frame, h->frame + 6, 6);
	memset(h->frame + 6, 2, 6);
}

/* What the vif cannot take now is dropped, as by any host. */
static void send_frame(struct host *h, size_t size)
{
	if (send(h->sock, h->frame, size, 0) < 0 && errno != ENOBUFS)
		fprintf(stderr, "hostile-net: send %zu: %s\n", size,
			strerror(errno));
}

static void answer(struct host *h, size_t size)
{
	struct echo e;

	memcpy(&e, h->frame + ETH_SIZE, sizeof(e));
	if (e.magic != ECHO_MAGIC)
		return;
	e.foreign = h->foreign;
	turn_around(h);
	if (!e.size) {
		memcpy(h->frame + ETH_SIZE, &e, sizeof(e));
		send_frame(h, size);
		return;
	}
	if (e.size > FRAME_MAX || e.size < ECHO_SIZE)
		return;
	memset(h->frame + ECHO_SIZE, 0x77, e.size - ECHO_SIZE);
	e.sum = echo_sum(h->frame + ECHO_SIZE, e.size - ECHO_SIZE);
	for (uint32_t wanted = e.count; wanted; wanted--) {
		e.count = wanted;
		memcpy(h->frame + ETH_SIZE, &e, sizeof(e));
		send_frame(h, e.size);
	}
}

/* Wrapped into IPv4: returned, as it is but for the addresses of Ethernet. */
static void answer_ip(struct host *h, size_t size)
{
	struct echo e;

	if (size < ECHO_SIZE + ECHO_IP_SIZE)
		return;
	memcpy(&e, h->frame + ETH_SIZE + ECHO_IP_SIZE, sizeof(e));
	if (e.magic != ECHO_MAGIC)
		return;
	turn_around(h);
	send_frame(h, size);
}

int echo_main(int argc, char **argv)
{
	struct host *h = calloc(1, sizeof(*h));
	unsigned int m[6];

	if (!h || argc != 4 ||
	    sscanf(argv[3], "%x:%x:%x:%x:%x:%x", &m[0], &m[1], &m[2], &m[3],
		   &m[4], &m[5]) != 6) {
		fprintf(stderr, "usage: hostile-net echo INTERFACE MAC\n");
		return 2;
	}
	for (unsigned int i = 0; i < 6; i++)
		h->mac[i] = m[i];
	h->sock = open_socket(argv[2]);
	for (;;) {
		struct sockaddr_ll from;
		socklen_t from_size = sizeof(from);
		ssize_t n = recvfrom(h->sock, h->frame, sizeof(h->frame), 0,
				     (struct sockaddr *)&from, &from_size);

		if (n < 0 && errno != EINTR && errno != ENETDOWN)
			break;
		if (n < (ssize_t)ECHO_SIZE ||
		    from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if (memcmp(h->frame + 6, h->mac, 6))
			h->foreign++;
		if (h->frame[12] == ETHERTYPE_ECHO >> 8 &&
		    h->frame[13] == (ETHERTYPE_ECHO & 255))
			answer(h, n);
		else if (h->frame[12] == ETH_P_IP >> 8 &&
			 h->frame[13] == (ETH_P_IP & 255))
			answer_ip(h, n);
	}
	free(h);
	return EXIT_SUCCESS;
}
