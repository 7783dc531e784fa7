/* SPDX-License-Identifier: MIT */
/*
 * The control ring of a vif that has one: its page and its event channel,
 * served by one thread that owns both and does nothing else, so that no queue
 * waits for it. What its requests are is ctrl.h's; this carries them out.
 */
#ifndef BACKENDS_NET_CONTROL_H
#define BACKENDS_NET_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

/* first: it includes <xenctrl.h> where that has to be */
#include "backends/net/queue.h"
#include "backends/net/ctrl.h"

struct control {
	struct queue_shared *shared;
	int wake_fd;			/* readable: look at shared->stop */
	struct evtchn evtchn;
	evtchn_port_t port;
	bool taken;			/* fired, still masked */
	void PEER *page;
	struct ctrl_ring ring;
	struct ctrl ctrl;
	struct stats_row *stats;
	/* what a request points to */
	uint8_t fetched[HASH_MAPPING_MAX * sizeof(uint32_t)];
};

/* 0 or -errno; control_close() is right after either. */
int control_open(struct control *c, struct queue_shared *shared,
		 struct stats_row *stats);
void control_close(struct control *c);
/* Map the ring and bind the port of the guest; 0 or -errno and a reason. */
int control_connect(struct control *c, uint32_t ref, uint32_t port,
		    const char **why);
/* As queue_run(), queue_wait_stop() and queue_wake(). */
int control_run(struct control *c, const char **why);
void control_wait_stop(struct control *c);
void control_wake(struct control *c);

#endif
