/* SPDX-License-Identifier: MIT */
/*
 * Packet headers, which say where a checksum belongs that one side left to the
 * other: the backend's parser and the frontend's, and what is made of them.
 *
 *	- what is found lies within the packet, header behind header,
 *	- where the frontend finds a header, the backend finds the same one,
 *	- what goes to the TAP with a packet fits the packet, and of the packet
 *	  nothing changes but a checksum,
 *	- a guest gets nothing that it did not offer to take, and a checksum that
 *	  is finished for it is the sum that RFC 1071 says,
 *	- no frame passes the filter that it is there to stop.
 *
 * Two headers come from the two sides of the project, with the same name for
 * a frame: the frontend's parser is reached through a function of its own file.
 */
#include "backends/net/filter.h"
#include "backends/net/offload.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/packet-front.h"

#include <linux/if_tun.h>
#include <stdlib.h>

#define PACKET_MAX 2048u

static uint8_t packet[PACKET_MAX], before[PACKET_MAX];

/* RFC 1071, two bytes at a time, in network order. */
static uint16_t sum16(const uint8_t *p, size_t size, uint32_t sum)
{
	for (size_t i = 0; i < size; i++)
		sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Only the two bytes AT changed, or none. */
static void check_rest(size_t size, size_t at)
{
	MUST(!memcmp(packet, before, at));
	MUST(!memcmp(packet + at + 2, before + at + 2, size - at - 2));
}

/* A part of a packet has no checksum of its own that anybody could finish. */
static void check_no_fragment(const struct offload_layout *l)
{
	unsigned int at = l->ip + 40u;
	uint8_t type = packet[l->ip + 6];

	if (l->ip_version == 4) {
		MUST(!(be16(packet + l->ip + 6) & 0x3fff));
		return;
	}
	while (at < l->l4) {
		const uint8_t *h = packet + at;

		if (type == 44)
			MUST(!(be16(h + 2) & 0xfff9));
		at += type == 44 ? 8 : type == 51 ? (h[1] + 2u) * 4 :
						    (h[1] + 1u) * 8;
		type = h[0];
	}
	MUST(type == l->protocol);
	MUST(at == l->l4);
}

static void check_layout(const struct offload_layout *l, size_t size)
{
	MUST(l->ip_version == 4 || l->ip_version == 6);
	MUST(l->protocol == 6 || l->protocol == 17);
	MUST(l->ip >= 14 && l->ip + (l->ip_version == 4 ? 20 : 40) <= l->l4);
	MUST(l->tagged == (l->ip > 14));
	MUST(l->csum == (l->protocol == 6 ? 16 : 6));
	MUST(l->l4 + l->csum + 2 <= l->end);
	MUST(l->end <= size && l->end <= OFFLOAD_HEADER_MAX);
	check_no_fragment(l);
}

static void parse(size_t size)
{
	struct offload_layout l, whole;
	struct packet_front f = { .gso = packet[0] & 3, .gso_size = 1000 };
	bool known = offload_parse(packet, size, size, &l);
	size_t head = size < OFFLOAD_HEADER_MAX ? size : OFFLOAD_HEADER_MAX;

	if (known)
		check_layout(&l, size);
	/* the head alone says as much as all of it */
	MUST(offload_parse(packet, head, size, &whole) == known);
	if (!packet_front_parse(packet, head, size, &f))
		return;
	MUST(f.csum_start + f.csum_offset + 2u <= f.header_size);
	MUST(f.header_size <= head);
	MUST(known);
	MUST(f.csum_start == l.l4 && f.csum_offset == l.csum);
	MUST(f.header_size == l.end);
	MUST(!f.gso || f.header_size < size);
}

static void check_header(const struct virtio_net_hdr *hdr, size_t size)
{
	unsigned int type = hdr->gso_type & ~VIRTIO_NET_HDR_GSO_ECN;

	if (hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
		MUST(hdr->csum_start + hdr->csum_offset + 2u <= size);
		MUST(hdr->hdr_len <= size && hdr->hdr_len >= hdr->csum_start +
		     hdr->csum_offset + 2u);
	}
	if (!hdr->gso_type)
		return;
	MUST(type == VIRTIO_NET_HDR_GSO_TCPV4 ||
	     type == VIRTIO_NET_HDR_GSO_TCPV6);
	MUST(hdr->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
	MUST(hdr->gso_size >= OFFLOAD_MSS_MIN);
	MUST(hdr->hdr_len + hdr->gso_size < size);
}

/* The sum of the pseudo header, from the packet as its layout says. */
static uint16_t pseudo(const struct offload_layout *l, size_t size)
{
	uint32_t l4_size = (uint32_t)size - l->l4;
	uint32_t sum = l->protocol + (l4_size >> 16) + (l4_size & 0xffff);

	if (l->ip_version == 4)
		return sum16(packet + l->ip + 12, 8, sum);
	return sum16(packet + l->ip + 8, 32, sum);
}

static void from_guest(struct input *in, size_t size)
{
	uint8_t kind = in8(in);
	struct net_packet p = {
		.size = (uint16_t)size,
		.flags = kind & 3,
		.gso_type = kind >> 2 & 3,
		.gso_mss = in16(in),
	};
	size_t head = size < OFFLOAD_HEADER_MAX ? size : OFFLOAD_HEADER_MAX;
	struct virtio_net_hdr hdr;
	struct offload_layout l;

	if (p.gso_type == 3 || (p.gso_type && !p.gso_mss))
		return;		/* the ring's code lets none of these through */
	if (!offload_from_guest(&p, packet, head, &hdr)) {
		MUST(!memcmp(packet, before, size));
		return;
	}
	check_header(&hdr, size);
	MUST(!(hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) ==
	     (!p.gso_type && !(p.flags & NET_CSUM_BLANK)));
	if (!p.gso_type || p.flags & NET_CSUM_BLANK) {
		MUST(!memcmp(packet, before, size));
		return;
	}
	MUST(offload_parse(packet, head, size, &l));
	check_rest(size, l.l4 + l.csum);
	MUST(be16(packet + l.l4 + l.csum) == pseudo(&l, size));
}

/* The checksum at AT was finished over all from START on. */
static void check_finished(size_t size, size_t start, size_t at, bool udp)
{
	uint16_t want = (uint16_t)~sum16(before + start, size - start, 0);

	check_rest(size, at);
	if (udp && !want)
		want = 0xffff;
	MUST(be16(packet + at) == want);
}

static void check_offer(const struct net_frame *f, unsigned int features,
			size_t size)
{
	struct offload_layout l;

	MUST(f->size == size);
	if (f->gso_type) {
		MUST(features & (f->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ?
				 OFFLOAD_GSO4 : OFFLOAD_GSO6));
		MUST(f->gso_mss && f->flags & NET_CSUM_BLANK);
	}
	if (!(f->flags & NET_CSUM_BLANK))
		return;
	/* the guest finds by itself what it has to fill in */
	MUST(offload_parse(packet, size, size, &l));
	MUST(!l.tagged && features & (l.ip_version == 4 ? OFFLOAD_CSUM4 :
				      OFFLOAD_CSUM6));
}

static void to_guest(struct input *in, size_t size)
{
	static const uint8_t types[] = { 0, VIRTIO_NET_HDR_GSO_TCPV4,
		VIRTIO_NET_HDR_GSO_TCPV6, VIRTIO_NET_HDR_GSO_UDP,
		VIRTIO_NET_HDR_GSO_TCPV4 | VIRTIO_NET_HDR_GSO_ECN };
	unsigned int features = in8(in) & 31;
	uint8_t kind = in8(in);
	struct virtio_net_hdr hdr = {
		.flags = kind & 3, .gso_type = types[(kind >> 2) % 5],
		.gso_size = in16(in),
	};
	struct offload_layout l;
	bool known = offload_parse(packet, size, size, &l);
	struct net_frame f;

	hdr.csum_start = known && kind & 0x80 ? l.l4 : in16(in) & 0x7ff;
	hdr.csum_offset = known && kind & 0x40 ? l.csum : in8(in);
	if (!offload_to_guest(&hdr, packet, size, features, &f))
		return;
	check_offer(&f, features, size);
	MUST(!hdr.gso_type == !f.gso_type);
	if (hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM &&
	    !(f.flags & NET_CSUM_BLANK))
		check_finished(size, hdr.csum_start,
			       hdr.csum_start + hdr.csum_offset,
			       known && l.protocol == 17);
	else
		MUST(!memcmp(packet, before, size));
}

static void filter(void)
{
	static const uint8_t mac[6] = { 0, 0x16, 0x3e, 0, 0, 7 };
	struct filter f = { .own_mac_only = packet[13] & 1 };
	enum filter_verdict v;

	memcpy(f.mac, mac, sizeof(mac));
	v = filter_judge(&f, packet);
	if (v != FILTER_PASS)
		return;
	MUST(!f.own_mac_only || !memcmp(packet + 6, mac, 6));
	/* 01:80:c2:00:00:0x is the bridge's own */
	MUST(!(packet[0] == 1 && packet[1] == 0x80 && packet[2] == 0xc2 &&
	       !packet[3] && !packet[4] && packet[5] < 16));
}

void fuzz_one(struct input *in)
{
	uint8_t what = in8(in);
	struct input rest;
	size_t size;

	/* the options first, then the packet; options are few */
	rest = (struct input){ in->at, in->left < 8 ? in->left : 8 };
	in->at += rest.left;
	in->left -= rest.left;
	size = in->left < PACKET_MAX ? in->left : PACKET_MAX;
	in_bytes(in, packet, size);
	/* a length without its bytes: payload is zeros */
	if (what & 0x80 && size + 512 <= PACKET_MAX) {
		memset(packet + size, 0, 512);
		size += 512;
	}
	if (size < NET_HEADER_MIN)
		return;
	memcpy(before, packet, size);
	parse(size);
	filter();
	MUST(!memcmp(packet, before, size));
	if (what & 1)
		from_guest(&rest, size);
	else
		to_guest(&rest, size);
}
