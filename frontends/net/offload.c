/* SPDX-License-Identifier: MIT */
/*
 * Where the TCP or UDP header of a frame is. netif.h says only that the
 * checksum is blank; who has to fill it in later needs to know where it is.
 * Works on private memory only: what it checked cannot change.
 */
#include "frontends/net/core.h"

#define ETH_SIZE 14u
#define VLAN_SIZE 4u
#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define VLANS_MAX 2

#define IPV4_SIZE 20u
#define IPV4_FRAGMENT 0x3fff		/* more fragments, or an offset */
#define IPV6_SIZE 40u
#define IPV6_EXTENSIONS_MAX 8
#define IPV6_HOP_BY_HOP 0
#define IPV6_ROUTING 43
#define IPV6_DESTINATION 60

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define TCP_SIZE 20u
#define TCP_CSUM 16
#define UDP_SIZE 8u
#define UDP_CSUM 6

static unsigned int get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

/* What is known so far: the next header is at AT and is a PROTOCOL's. */
struct cursor {
	const uint8_t *header;
	uint32_t size;
	uint32_t at;
	unsigned int protocol;
};

static bool has(const struct cursor *c, uint32_t bytes)
{
	return c->at <= c->size && bytes <= c->size - c->at;
}

static bool skip_ethernet(struct cursor *c)
{
	unsigned int i;

	if (!has(c, ETH_SIZE))
		return false;
	c->protocol = get16(c->header + ETH_SIZE - 2);
	c->at = ETH_SIZE;
	for (i = 0; i < VLANS_MAX && (c->protocol == ETHERTYPE_VLAN ||
				      c->protocol == ETHERTYPE_QINQ); i++) {
		if (!has(c, VLAN_SIZE))
			return false;
		c->protocol = get16(c->header + c->at + 2);
		c->at += VLAN_SIZE;
	}
	return true;
}

static bool skip_ipv4(struct cursor *c)
{
	const uint8_t *ip = c->header + c->at;
	unsigned int size;

	if (!has(c, IPV4_SIZE) || ip[0] >> 4 != 4)
		return false;
	size = (ip[0] & 15) * 4u;
	if (size < IPV4_SIZE || (get16(ip + 6) & IPV4_FRAGMENT))
		return false;
	c->protocol = ip[9];
	c->at += size;
	return true;
}

static bool skip_ipv6(struct cursor *c)
{
	unsigned int i;

	if (!has(c, IPV6_SIZE) || c->header[c->at] >> 4 != 6)
		return false;
	c->protocol = c->header[c->at + 6];
	c->at += IPV6_SIZE;
	for (i = 0; i < IPV6_EXTENSIONS_MAX; i++) {
		if (c->protocol != IPV6_HOP_BY_HOP &&
		    c->protocol != IPV6_ROUTING &&
		    c->protocol != IPV6_DESTINATION)
			return true;
		if (!has(c, 8))
			return false;
		c->protocol = c->header[c->at];
		c->at += 8 + c->header[c->at + 1] * 8u;
	}
	return false;
}

bool net_offload_parse(const uint8_t *header, uint32_t size,
		       struct net_frame *frame)
{
	struct cursor c = { .header = header, .size = size };
	enum net_gso family;
	uint32_t l4_size;

	if (!skip_ethernet(&c))
		return false;
	if (c.protocol == ETHERTYPE_IPV4) {
		family = NET_GSO_TCPV4;
		if (!skip_ipv4(&c))
			return false;
	} else if (c.protocol == ETHERTYPE_IPV6) {
		family = NET_GSO_TCPV6;
		if (!skip_ipv6(&c))
			return false;
	} else {
		return false;
	}

	if (c.protocol == PROTOCOL_TCP) {
		if (!has(&c, TCP_SIZE))
			return false;
		l4_size = (header[c.at + 12] >> 4) * 4u;
		if (l4_size < TCP_SIZE || !has(&c, l4_size))
			return false;
		frame->csum_offset = TCP_CSUM;
	} else if (c.protocol == PROTOCOL_UDP && frame->gso == NET_GSO_NONE) {
		if (!has(&c, UDP_SIZE))
			return false;
		l4_size = UDP_SIZE;
		frame->csum_offset = UDP_CSUM;
	} else {
		return false;
	}
	frame->csum_start = c.at;
	frame->header_size = c.at + l4_size;
	if (frame->gso == NET_GSO_NONE)
		return true;
	/* segments of what must be there, and of this family */
	return frame->gso == family && frame->gso_size &&
		frame->size > frame->header_size;
}
