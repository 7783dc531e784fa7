/* SPDX-License-Identifier: MIT */
/* The frontend's parser of packet headers; see packet-front.h. */
#include "tests/fuzz/packet-front.h"

#include "frontends/net/core.h"

bool packet_front_parse(const uint8_t *packet, size_t head, size_t size,
			struct packet_front *f)
{
	struct net_frame frame = {
		.size = (uint32_t)size, .csum_blank = true,
		.gso = f->gso % 3, .gso_size = f->gso_size,
	};

	f->gso = frame.gso;
	if (!net_offload_parse(packet, (uint32_t)head, &frame))
		return false;
	f->csum_start = frame.csum_start;
	f->csum_offset = frame.csum_offset;
	f->header_size = frame.header_size;
	return true;
}
