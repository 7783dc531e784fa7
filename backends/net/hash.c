/* SPDX-License-Identifier: MIT */
/* See hash.h. */

#include "backends/net/hash.h"

#include <string.h>

#include <netinet/in.h>

#include "backends/net/offload.h"

#define IP4_ADDRESSES	12u	/* offset of source and destination */
#define IP4_SIZE	8u	/* of both */
#define IP6_ADDRESSES	8u
#define IP6_SIZE	32u
#define PORTS_SIZE	4u	/* both, at the start of the TCP header */

uint32_t hash_toeplitz(const uint8_t *key, const uint8_t *data, size_t size)
{
	uint64_t window = 0;	/* of the key, the next 64 bits */
	uint32_t value = 0;
	size_t i;
	int bit;

	for (i = 0; i < 8; i++)
		window = window << 8 | key[i];
	for (i = 0; i < size; i++) {
		for (bit = 7; bit >= 0; bit--) {
			/* all ones or all zeros: no branch on the guest's bits */
			value ^= (uint32_t)(window >> 32) &
				 -((uint32_t)data[i] >> bit & 1u);
			window <<= 1;
		}
		if (i + 8 < HASH_KEY_MAX)
			window |= key[i + 8];
	}
	return value;
}

/* The bytes that are hashed, in order; 0: the guest wants none of this frame. */
static size_t gather(const struct hash *h, const uint8_t *data, uint32_t size,
		     uint8_t *input, uint8_t *type)
{
	struct offload_layout l;
	size_t addresses;
	bool v4;

	if (!offload_find_ip(data, size, size, &l))
		return 0;
	v4 = l.ip_version == 4;
	addresses = v4 ? IP4_SIZE : IP6_SIZE;
	memcpy(input, data + l.ip + (v4 ? IP4_ADDRESSES : IP6_ADDRESSES),
	       addresses);

	*type = v4 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP :
		_XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;
	if (h->types & 1u << *type && offload_parse(data, size, size, &l) &&
	    l.protocol == IPPROTO_TCP) {
		memcpy(input + addresses, data + l.l4, PORTS_SIZE);
		return addresses + PORTS_SIZE;
	}
	*type = v4 ? _XEN_NETIF_CTRL_HASH_TYPE_IPV4 :
		_XEN_NETIF_CTRL_HASH_TYPE_IPV6;
	return h->types & 1u << *type ? addresses : 0;
}

void hash_frame(const struct hash *h, const uint8_t *data,
		struct net_frame *frame)
{
	uint8_t input[IP6_SIZE + PORTS_SIZE], type;
	size_t size = gather(h, data, frame->size, input, &type);

	if (!size)
		return;
	frame->flags |= NET_HASHED;
	frame->hash_type = type;
	frame->hash = hash_toeplitz(h->key, input, size);
}

unsigned int hash_queue(const struct hash *h, const struct net_frame *frame,
			unsigned int queue_count)
{
	uint32_t value = frame->flags & NET_HASHED ? frame->hash : 0;

	if (!h->mapping_size)
		return value % queue_count;
	return h->mapping[value % h->mapping_size];
}
