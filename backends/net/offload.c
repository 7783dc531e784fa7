/* SPDX-License-Identifier: MIT */
/* See offload.h. */

#include "backends/net/offload.h"

#include <string.h>

#include <linux/if_tun.h>
#include <netinet/in.h>

#define ETH_TYPE_OFFSET	12u
#define ETH_HEADER	14u
#define VLAN_TAG	4u
#define VLAN_TAGS_MAX	2u
#define TYPE_IP4	0x0800u
#define TYPE_IP6	0x86ddu
#define TYPE_VLAN	0x8100u
#define TYPE_QINQ	0x88a8u
#define IP4_HEADER	20u
#define IP4_FRAGMENT	0x3fffu	/* more-fragments bit and offset */
#define IP6_HEADER	40u
#define IP6_EXTENSIONS_MAX 8u
#define IP6_FRAGMENT	0xfff9u	/* offset and more-fragments bit */
#define TCP_HEADER	20u
#define TCP_CSUM	16u
#define TCP_CWR		0x80u
#define UDP_HEADER	8u
#define UDP_CSUM	6u

/*
 * Most packets ask for nothing: the way past them saves no registers for what
 * the others need.
 */
#define NOT_INLINE __attribute__((noinline))

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* -- headers -------------------------------------------------------------- */

static bool parse_ip4(const uint8_t *head, size_t end, struct offload_layout *l)
{
	const uint8_t *ip = head + l->ip;
	unsigned int length;

	length = (ip[0] & 15u) * 4;
	if (length < IP4_HEADER || l->ip + length > end ||
	    get16(ip + 6) & IP4_FRAGMENT)
		return false;
	l->protocol = ip[9];
	l->l4 = (uint16_t)(l->ip + length);
	return true;
}

/* Step over one extension header; false at one that ends the walk in vain. */
static bool skip_extension(const uint8_t *head, size_t end, unsigned int *at,
			   uint8_t *next)
{
	const uint8_t *h = head + *at;
	unsigned int length;

	if (*at + 8 > end)
		return false;
	switch (*next) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		length = (h[1] + 1u) * 8;
		break;
	case IPPROTO_AH:
		length = (h[1] + 2u) * 4;
		break;
	case IPPROTO_FRAGMENT:
		if (get16(h + 2) & IP6_FRAGMENT)
			return false;
		length = 8;
		break;
	default:
		return false;
	}
	*next = h[0];
	*at += length;
	return *at <= end;
}

static bool parse_ip6(const uint8_t *head, size_t end, struct offload_layout *l)
{
	const uint8_t *ip = head + l->ip;
	unsigned int at = l->ip + IP6_HEADER, i;
	uint8_t next;

	next = ip[6];
	for (i = 0; next != IPPROTO_TCP && next != IPPROTO_UDP; i++) {
		if (i == IP6_EXTENSIONS_MAX ||
		    !skip_extension(head, end, &at, &next))
			return false;
	}
	l->protocol = next;
	l->l4 = (uint16_t)at;
	return true;
}

static bool parse_l4(const uint8_t *head, size_t end, struct offload_layout *l)
{
	unsigned int length;

	switch (l->protocol) {
	case IPPROTO_TCP:
		if (l->l4 + TCP_HEADER > end)
			return false;
		length = (head[l->l4 + 12] >> 4) * 4u;
		if (length < TCP_HEADER)
			return false;
		l->csum = TCP_CSUM;
		break;
	case IPPROTO_UDP:
		length = UDP_HEADER;
		l->csum = UDP_CSUM;
		break;
	default:
		return false;
	}
	if (l->l4 + length > end)
		return false;
	l->end = (uint16_t)(l->l4 + length);
	return true;
}

/* As far as headers are looked at. */
static size_t head_end(size_t head_size, size_t size)
{
	size_t end = head_size < size ? head_size : size;

	return end < OFFLOAD_HEADER_MAX ? end : OFFLOAD_HEADER_MAX;
}

bool offload_find_ip(const uint8_t *head, size_t head_size, size_t size,
		     struct offload_layout *l)
{
	size_t end = head_end(head_size, size);
	unsigned int type, tags = 0;

	*l = (struct offload_layout) { .ip = ETH_HEADER };
	if (end < ETH_HEADER)
		return false;
	type = get16(head + ETH_TYPE_OFFSET);
	while (type == TYPE_VLAN || type == TYPE_QINQ) {
		if (++tags > VLAN_TAGS_MAX || l->ip + VLAN_TAG > end)
			return false;
		type = get16(head + l->ip + 2);
		l->ip += VLAN_TAG;
		l->tagged = true;
	}
	if (type == TYPE_IP4 && l->ip + IP4_HEADER <= end)
		l->ip_version = 4;
	else if (type == TYPE_IP6 && l->ip + IP6_HEADER <= end)
		l->ip_version = 6;
	return l->ip_version && head[l->ip] >> 4 == l->ip_version;
}

bool offload_parse(const uint8_t *head, size_t head_size, size_t size,
		   struct offload_layout *l)
{
	size_t end = head_end(head_size, size);

	if (!offload_find_ip(head, head_size, size, l))
		return false;
	if (!(l->ip_version == 4 ? parse_ip4(head, end, l) :
	      parse_ip6(head, end, l)))
		return false;
	return parse_l4(head, end, l);
}

/* -- sums ----------------------------------------------------------------- */

/* The Internet checksum's sum, unfolded; SUM carries over an even size. */
static uint64_t sum_bytes(const uint8_t *p, size_t size, uint64_t sum)
{
	uint32_t word;

	for (; size >= sizeof(word); p += sizeof(word), size -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	if (size) {
		word = 0;
		memcpy(&word, p, size);
		sum += word;
	}
	return sum;
}

/* In memory order, ready to be stored with memcpy. */
static uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The sum over the pseudo header, not complemented, as CSUM_BLANK wants it. */
static uint16_t pseudo_sum(const uint8_t *head, const struct offload_layout *l,
			   size_t l4_size)
{
	uint8_t tail[8] = { 0 };
	uint64_t sum;

	tail[0] = (uint8_t)(l4_size >> 24);
	tail[1] = (uint8_t)(l4_size >> 16);
	tail[2] = (uint8_t)(l4_size >> 8);
	tail[3] = (uint8_t)l4_size;
	tail[7] = l->protocol;
	sum = sum_bytes(tail, sizeof(tail), 0);
	if (l->ip_version == 4)
		return sum_fold(sum_bytes(head + l->ip + 12, 8, sum));
	return sum_fold(sum_bytes(head + l->ip + 8, 32, sum));
}

/* Finish a checksum that START and OFFSET describe as virtio does. */
static bool complete(uint8_t *data, size_t size, unsigned int start,
		     unsigned int offset, bool udp)
{
	uint16_t sum;

	if (start > size || offset + 2u > size - start)
		return false;
	sum = (uint16_t)~sum_fold(sum_bytes(data + start, size - start, 0));
	/* An all-zero UDP checksum says 'none'; its other form says zero. */
	if (udp && sum == 0)
		sum = 0xffff;
	memcpy(data + start + offset, &sum, sizeof(sum));
	return true;
}

/* -- from the guest ------------------------------------------------------- */

static bool segments_match(const struct net_packet *packet,
			   const struct offload_layout *l)
{
	return l->protocol == IPPROTO_TCP && packet->gso_mss >= OFFLOAD_MSS_MIN &&
	       l->ip_version ==
	       (packet->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ? 4 : 6);
}

/* A packet that wants a checksum, or to be cut, or both. */
NOT_INLINE static bool describe(const struct net_packet *packet, uint8_t *head,
				size_t head_size, struct virtio_net_hdr *hdr)
{
	bool gso = packet->gso_type != XEN_NETIF_GSO_TYPE_NONE;
	struct offload_layout l;

	if (!offload_parse(head, head_size, packet->size, &l))
		return false;

	hdr->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	hdr->csum_start = l.l4;
	hdr->csum_offset = l.csum;
	/* Keeps the headers together on their way to a device (XSA-423). */
	hdr->hdr_len = l.end;
	if (!gso)
		return true;
	if (!segments_match(packet, &l))
		return false;

	/* What is one segment already needs no cutting. */
	if (packet->size - l.end > packet->gso_mss) {
		hdr->gso_type = l.ip_version == 4 ? VIRTIO_NET_HDR_GSO_TCPV4 :
			VIRTIO_NET_HDR_GSO_TCPV6;
		if (head[l.l4 + 13] & TCP_CWR)
			hdr->gso_type |= VIRTIO_NET_HDR_GSO_ECN;
		hdr->gso_size = packet->gso_mss;
	}
	if (!(packet->flags & NET_CSUM_BLANK)) {
		/* Segments need a blank checksum; some senders forget. */
		uint16_t sum = pseudo_sum(head, &l, packet->size - l.l4);

		memcpy(head + l.l4 + l.csum, &sum, sizeof(sum));
	}
	return true;
}

bool offload_from_guest(const struct net_packet *packet, uint8_t *head,
			size_t head_size, struct virtio_net_hdr *hdr)
{
	*hdr = (struct virtio_net_hdr) { 0 };
	if (packet->gso_type == XEN_NETIF_GSO_TYPE_NONE &&
	    !(packet->flags & NET_CSUM_BLANK))
		return true;
	return describe(packet, head, head_size, hdr);
}

/* -- to the guest --------------------------------------------------------- */

static bool gso_to_guest(const struct virtio_net_hdr *hdr,
			 const struct offload_layout *l, unsigned int features,
			 struct net_frame *frame)
{
	unsigned int type = hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;

	/* Frontends look for the IP header right behind the Ethernet one. */
	if (l->tagged || l->protocol != IPPROTO_TCP || hdr->gso_size == 0)
		return false;
	if (type == VIRTIO_NET_HDR_GSO_TCPV4 && features & OFFLOAD_GSO4)
		frame->gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
	else if (type == VIRTIO_NET_HDR_GSO_TCPV6 && features & OFFLOAD_GSO6)
		frame->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
	else
		return false;
	frame->gso_mss = hdr->gso_size;
	return true;
}

/* Will the guest find the checksum that HDR describes by itself? */
static bool guest_finds_csum(const struct virtio_net_hdr *hdr,
			     const struct offload_layout *l,
			     unsigned int features)
{
	unsigned int need = l->ip_version == 4 ? OFFLOAD_CSUM4 : OFFLOAD_CSUM6;

	return features & need && !l->tagged && hdr->csum_start == l->l4 &&
	       hdr->csum_offset == l->csum;
}

/* A frame that lacks a checksum, or is to be cut, or both. */
NOT_INLINE static bool prepare(const struct virtio_net_hdr *hdr, uint8_t *data,
			       size_t size, unsigned int features,
			       struct net_frame *frame)
{
	bool gso = hdr->gso_type != VIRTIO_NET_HDR_GSO_NONE;
	struct offload_layout l;
	bool known = offload_parse(data, size, size, &l);

	if (gso && !(known && gso_to_guest(hdr, &l, features, frame)))
		return false;
	if (known && guest_finds_csum(hdr, &l, features)) {
		frame->flags = NET_CSUM_BLANK;
		return true;
	}
	/* The sum over all of a frame is no segment's: only for single ones. */
	if (gso || !complete(data, size, hdr->csum_start, hdr->csum_offset,
			     known && l.protocol == IPPROTO_UDP))
		return false;
	frame->flags = NET_CSUM_VALID;
	return true;
}

bool offload_to_guest(const struct virtio_net_hdr *hdr, uint8_t *data,
		      size_t size, unsigned int features,
		      struct net_frame *frame)
{
	*frame = (struct net_frame) { .size = (uint32_t)size };
	if (size < NET_HEADER_MIN || size > NET_RX_FRAME_MAX)
		return false;
	if (size > NET_PAGE_SIZE && !(features & OFFLOAD_SG))
		return false;
	if (hdr->flags & VIRTIO_NET_HDR_F_DATA_VALID)
		frame->flags = NET_CSUM_VALID;
	if (hdr->gso_type == VIRTIO_NET_HDR_GSO_NONE &&
	    !(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM))
		return true;
	return prepare(hdr, data, size, features, frame);
}

unsigned int offload_tap_features(unsigned int features)
{
	unsigned int tap = 0;

	/* TAPs know no 'only IPv4': for IPv6 we then finish the sums here. */
	if (features & (OFFLOAD_CSUM4 | OFFLOAD_CSUM6))
		tap |= TUN_F_CSUM;
	if (!(features & OFFLOAD_SG))
		return tap;
	if (features & OFFLOAD_GSO4 && features & OFFLOAD_CSUM4)
		tap |= TUN_F_TSO4 | TUN_F_TSO_ECN;
	if (features & OFFLOAD_GSO6 && features & OFFLOAD_CSUM6)
		tap |= TUN_F_TSO6 | TUN_F_TSO_ECN;
	return tap;
}
