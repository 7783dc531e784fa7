/* SPDX-License-Identifier: MIT */
/*
 * Links and bridges by rtnetlink: what a hotplug script would fork `ip` for,
 * as two messages.
 */
#ifndef BACKENDS_NET_BRIDGE_H
#define BACKENDS_NET_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

struct bridge_link {
	unsigned int index;
	unsigned int mtu;
	bool is_bridge;
	char kind[16];		/* "bridge", "openvswitch", "" for hardware */
};

/* -ENODEV: no link of that name. */
int bridge_find(const char *name, struct bridge_link *link);

struct bridge_port {
	unsigned int index;
	unsigned int master;	/* index of the bridge; 0: none */
	unsigned int mtu;
	unsigned int queue_frames;
	uint8_t mac[6];
};

/* Give the link all of this and bring it up. */
int bridge_add_port(const struct bridge_port *port);

#endif
