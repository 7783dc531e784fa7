/* SPDX-License-Identifier: MIT */
/*
 * Which frames a guest may send at all, judged on our private copy of their
 * first bytes. Pure.
 *
 * - Frames to 01:80:c2:00:00:0x are between a bridge and its neighbour
 *   (spanning tree, pause, 802.1X, LLDP): a guest is not the host's network.
 * - Frames from another Ethernet address than the vif's own would let a guest
 *   take its neighbours' traffic away. Guests that bridge or route for others
 *   need `mac-filter` = "off", which lifts only this rule.
 */
#ifndef BACKENDS_NET_FILTER_H
#define BACKENDS_NET_FILTER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct filter {
	bool own_mac_only;
	uint8_t mac[6];
};

enum filter_verdict {
	FILTER_PASS,
	FILTER_RESERVED,
	FILTER_FOREIGN_MAC,
};

/* HEAD holds an Ethernet header at least. */
static inline enum filter_verdict filter_judge(const struct filter *f,
					       const uint8_t *head)
{
	static const uint8_t reserved[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };

	if (!memcmp(head, reserved, sizeof(reserved)) && head[5] < 0x10)
		return FILTER_RESERVED;
	if (f->own_mac_only && memcmp(head + 6, f->mac, sizeof(f->mac)))
		return FILTER_FOREIGN_MAC;
	return FILTER_PASS;
}

#endif
