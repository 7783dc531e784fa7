/* SPDX-License-Identifier: MIT */
/*
 * What the supervisor's half of a vif (main.c) tells the worker's (attach.c):
 * the body of WIRE_ATTACH and WIRE_UPDATE. Beside WIRE_ATTACH go two
 * descriptors a queue: its TAP queue, and an event channel handle for its
 * thread alone; and behind them one such handle for the control ring's thread,
 * where there is one.
 */
#ifndef BACKENDS_NET_VIF_H
#define BACKENDS_NET_VIF_H

#include <stdint.h>

#include "backends/net/filter.h"
#include "lib/backend.h"
#include "lib/wire.h"

#define VIF_QUEUES_MAX 8u
#define VIF_FDS_PER_QUEUE 2u

_Static_assert(VIF_QUEUES_MAX * VIF_FDS_PER_QUEUE + 1 <= WIRE_FDS_MAX,
	       "all descriptors of a vif go in one message");

/* bytes 0: no limit */
struct vif_rate {
	uint64_t bytes;
	uint64_t interval_us;
};

/* Rates by who pays: what the guest sends, what it receives. */
struct vif_rates {
	struct vif_rate send;
	struct vif_rate receive;
};

struct vif_queue_config {
	uint32_t tx_ref;
	uint32_t rx_ref;
	uint32_t tx_port;
	uint32_t rx_port;	/* the same as tx_port: one for both */
};

struct vif_config {
	uint32_t queue_count;
	uint32_t features;	/* enum offload_features */
	bool rx_notify;		/* the guest says when it posts slots */
	bool has_ctrl;		/* it has a control ring: */
	uint32_t ctrl_ref;
	uint32_t ctrl_port;
	struct filter filter;
	struct vif_rates rates;
	struct vif_queue_config queues[VIF_QUEUES_MAX];
};

_Static_assert(sizeof(struct vif_config) <= WIRE_BODY_MAX, "one message");
_Static_assert(sizeof(struct vif_rates) <= WIRE_BODY_MAX, "one message");

static inline unsigned int vif_fd_count(const struct vif_config *c)
{
	return VIF_FDS_PER_QUEUE * c->queue_count + c->has_ctrl;
}

int vif_prepare(void **own);
int vif_attach(struct worker *w, uint32_t devid, const struct wire_msg *msg,
	       const int *fds, unsigned int fd_count, struct attachment **ret,
	       char *reason);
void vif_detach(struct attachment *att);
void vif_update(struct attachment *att, const struct wire_msg *msg);

#endif
