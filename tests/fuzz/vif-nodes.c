/* SPDX-License-Identifier: MIT */
/*
 * What the network backend reads out of a vif's nodes; see vif-nodes.h. It is
 * in a file of its own, since backend and toolstack name things alike.
 */
#include "config.h"

#include "tests/fuzz/vif-nodes.h"

#include "backends/net/nodes.h"

bool vif_nodes_rate(const char *node, uint64_t bytes, uint64_t interval_us)
{
	struct vif_rate rate;

	return !nodes_parse_rate(node, &rate) && rate.bytes == bytes &&
	       rate.interval_us == interval_us;
}

bool vif_nodes_mac(const char *node, const uint8_t *mac)
{
	uint8_t read[6];

	return !nodes_parse_mac(node, read) && !memcmp(read, mac, 6);
}
