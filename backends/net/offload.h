/* SPDX-License-Identifier: MIT */
/*
 * Checksum and segmentation work that one side leaves to the other: between
 * netif's flags and the virtio_net_hdr that a TAP speaks. Pure.
 *
 * netif says only 'the checksum is blank'; where it is, the packet's own
 * headers have to say. So they are parsed here, in private memory, with every
 * step bounded: two VLAN tags, eight IPv6 extension headers, and nothing
 * beyond the first OFFLOAD_HEADER_MAX bytes.
 */
#ifndef BACKENDS_NET_OFFLOAD_H
#define BACKENDS_NET_OFFLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_net.h>

#include "backends/net/core.h"

#define OFFLOAD_HEADER_MAX	256u

/* Linux itself never segments finer; 1 would make 64 K frames of one. */
#define OFFLOAD_MSS_MIN		8u

/* What a frontend can take over from us. */
enum offload_features {
	OFFLOAD_CSUM4	= 1,
	OFFLOAD_CSUM6	= 2,
	OFFLOAD_SG	= 4,	/* frames of more than one page */
	OFFLOAD_GSO4	= 8,
	OFFLOAD_GSO6	= 16,
};

/* Where the headers of a TCP or UDP packet are. */
struct offload_layout {
	uint8_t ip_version;	/* 4 or 6 */
	uint8_t protocol;	/* IPPROTO_TCP or IPPROTO_UDP */
	bool tagged;		/* VLAN tags in front of the IP header */
	uint16_t ip;		/* offset of the IP header */
	uint16_t l4;
	uint16_t csum;		/* of the checksum field, from l4 */
	uint16_t end;		/* of the last header */
};

/*
 * HEAD is the first HEAD_SIZE bytes of a packet of SIZE bytes. Where is its IP
 * header, the part that all have? Fills ip_version, ip and tagged; false: there
 * is none within HEAD.
 */
bool offload_find_ip(const uint8_t *head, size_t head_size, size_t size,
		     struct offload_layout *l);

/* The rest, too. False: it is not a whole TCP or UDP packet within HEAD. */
bool offload_parse(const uint8_t *head, size_t head_size, size_t size,
		   struct offload_layout *l);

/*
 * A packet from the guest: fill the header that goes with it to the TAP. HEAD
 * (its first HEAD_SIZE bytes: all, or at least OFFLOAD_HEADER_MAX) may be
 * changed. False: what it asks for does not fit what it is; drop it.
 */
bool offload_from_guest(const struct net_packet *packet, uint8_t *head,
			size_t head_size, struct virtio_net_hdr *hdr);

/*
 * A frame from the TAP: fill FRAME for a guest with FEATURES (enum
 * offload_features), and do here what the guest cannot, in DATA. False: it
 * cannot be brought into a form that the guest understands; drop it.
 */
bool offload_to_guest(const struct virtio_net_hdr *hdr, uint8_t *data,
		      size_t size, unsigned int features,
		      struct net_frame *frame);

/* The features to ask of a TAP (TUN_F_...) for such a guest. */
unsigned int offload_tap_features(unsigned int features);

#endif
