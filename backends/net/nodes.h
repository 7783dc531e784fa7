/* SPDX-License-Identifier: MIT */
/*
 * What a vif's nodes in xenstore say, checked. Each complaint is made with
 * backend_fail(), so that it reaches the log and the device's error node.
 */
#ifndef BACKENDS_NET_NODES_H
#define BACKENDS_NET_NODES_H

#include <net/if.h>
#include <stdint.h>

#include "backends/net/vif.h"
#include "lib/backend.h"

/* What the toolstack wrote for us. Empty strings: not said. */
struct nodes_toolstack {
	struct filter filter;
	struct vif_rates rates;
	unsigned int mtu;		/* 0: the bridge's */
	char bridge[IFNAMSIZ];
	char vifname[IFNAMSIZ];
	char script[BACKEND_PATH_MAX];	/* only one that is not vif-bridge */
};

int nodes_read_toolstack(struct backend_device *dev,
			 struct nodes_toolstack *want);
int nodes_read_rates(struct backend_device *dev, struct vif_rates *rates);

/* CONNECTED: the network side stands, also say hotplug-status. */
int nodes_write_features(struct backend_device *dev, xs_transaction_t t,
			 unsigned int queues_max, bool connected);

/* Queues and features of the frontend; -EPROTO when they cannot be served. */
int nodes_read_frontend(struct backend_device *dev, xs_transaction_t t,
			unsigned int queues_max, struct vif_config *c);

/* "BYTES,MICROSECONDS": bytes in each interval. -EINVAL. */
int nodes_parse_rate(const char *text, struct vif_rate *rate);
/* "00:16:3e:01:02:03", no group address. -EINVAL. */
int nodes_parse_mac(const char *text, uint8_t *mac);

#endif
