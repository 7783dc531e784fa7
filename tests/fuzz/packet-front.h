/* SPDX-License-Identifier: MIT */
/* The frontend's parser of packet headers, for packet-headers.c. */
#ifndef TESTS_FUZZ_PACKET_FRONT_H
#define TESTS_FUZZ_PACKET_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet_front {
	unsigned int gso;		/* enum net_gso */
	uint16_t gso_size;
	/* found */
	uint16_t csum_start, csum_offset, header_size;
};

/* The first HEAD bytes of a packet of SIZE, whose checksum is blank. */
bool packet_front_parse(const uint8_t *packet, size_t head, size_t size,
			struct packet_front *f);

#endif
