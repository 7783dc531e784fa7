/* SPDX-License-Identifier: MIT */
/*
 * The control ring of a network device, pure: no system call, no allocation, no
 * Xen library. By it a guest sets up how its frames are hashed and spread over
 * its queues.
 *
 *	ctrl_look()	one look at the guest's producer index
 *	ctrl_take()	one request out of the ring, copied once
 *	ctrl_serve()	what becomes of it: its response
 *	ctrl_answer()	the response into the ring, not shown yet
 *	ctrl_publish()	all responses so far, shown to the guest at once
 *
 * A request is carried out whole or not at all: what the guest points to is
 * copied once, judged whole, and only then put where the data path finds it
 * (XSA-270). What is wrong with it costs the guest that request; only an index
 * that no driver writes breaks the ring.
 *
 * Static grants (GREF mappings) are not offered: NOT_SUPPORTED.
 */
#ifndef BACKENDS_NET_CTRL_H
#define BACKENDS_NET_CTRL_H

#include <stdbool.h>
#include <stdint.h>

#include "backends/net/core.h"
#include "backends/net/hash.h"

#define CTRL_RING_SIZE 128u		/* slots in the ring's one page */

_Static_assert(sizeof(struct xen_netif_ctrl_request) == 16, "netif.h");
_Static_assert(sizeof(struct xen_netif_ctrl_response) == 12, "no padding");

struct ctrl_ring {
	struct xen_netif_ctrl_sring PEER *sring;
	uint32_t cons;			/* next request to take */
	uint32_t prod;			/* the guest's index as last looked at */
	uint32_t answered;		/* our next response */
	uint32_t published;		/* our rsp_prod, never read back */
	const char *broken;		/* why nothing is taken any more */
};

/* What requests work on. */
struct ctrl {
	struct hash hash;
	unsigned int queue_count;
	/* The first SIZE bytes of the guest's page GREF; 0, or it is none. */
	int (*fetch)(void *arg, uint32_t gref, void *to, uint32_t size);
	void *arg;
};

/* Go on where the answers end: a new ring, or one another process served. */
void ctrl_attach(struct ctrl_ring *r, void PEER *page);
/* Requests there are to take, or -EPROTO: r->broken says why. */
int ctrl_look(struct ctrl_ring *r);
/* False: there is none. */
bool ctrl_take(struct ctrl_ring *r, struct xen_netif_ctrl_request *req);
/* True: c->hash has changed. */
bool ctrl_serve(struct ctrl *c, const struct xen_netif_ctrl_request *req,
		struct xen_netif_ctrl_response *rsp);
void ctrl_answer(struct ctrl_ring *r,
		 const struct xen_netif_ctrl_response *rsp);
/* True when the guest wants an event for what it can now see. */
bool ctrl_publish(struct ctrl_ring *r);
/* Ask for an event at the next request; true when there already is one. */
bool ctrl_sleep(struct ctrl_ring *r);

#endif
