/* SPDX-License-Identifier: MIT */
/* See ctrl.h. */

#include "backends/net/ctrl.h"

#include <errno.h>
#include <string.h>

#include "lib/overflow.h"
#include "lib/ring.h"

#define SUCCESS		XEN_NETIF_CTRL_STATUS_SUCCESS
#define NOT_SUPPORTED	XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED
#define INVALID		XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define OVERFLOW	XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW

/* -- the ring ------------------------------------------------------------- */

void ctrl_attach(struct ctrl_ring *r, void PEER *page)
{
	*r = (struct ctrl_ring) { .sring = page };
	r->published = ring_load(&r->sring->rsp_prod);
	r->answered = r->published;
	r->cons = r->published;
	r->prod = r->published;
}

int ctrl_look(struct ctrl_ring *r)
{
	uint32_t prod;

	if (r->broken)
		return -EPROTO;
	prod = ring_snapshot(&r->sring->req_prod);
	/* Backwards over what was taken: also more than a ring ahead. */
	if (!ring_prod_sane(prod, r->published, CTRL_RING_SIZE) ||
	    !ring_prod_sane(prod, r->cons, CTRL_RING_SIZE)) {
		r->broken = "req_prod is more than a ring ahead";
		r->prod = r->cons;
		return -EPROTO;
	}
	r->prod = prod;
	return prod - r->cons;
}

bool ctrl_take(struct ctrl_ring *r, struct xen_netif_ctrl_request *req)
{
	if (r->cons == r->prod)
		return false;
	ring_copy(req, &r->sring->ring[r->cons % CTRL_RING_SIZE],
		  sizeof(*req));
	r->cons++;
	return true;
}

void ctrl_answer(struct ctrl_ring *r,
		 const struct xen_netif_ctrl_response *rsp)
{
	peer_write(&r->sring->ring[r->answered % CTRL_RING_SIZE], rsp,
		   sizeof(*rsp));
	r->answered++;
}

bool ctrl_publish(struct ctrl_ring *r)
{
	uint32_t old = r->published;

	if (r->answered == old)
		return false;
	r->published = r->answered;
	ring_publish(&r->sring->rsp_prod, r->published);
	return ring_must_notify(old, r->published, &r->sring->rsp_event);
}

bool ctrl_sleep(struct ctrl_ring *r)
{
	return !r->broken && ring_final_check(r->cons, &r->sring->req_event,
					      &r->sring->req_prod);
}

/* -- requests ------------------------------------------------------------- */

static uint32_t set_algorithm(struct ctrl *c, const uint32_t *data,
			      uint32_t *ret)
{
	(void)ret;
	if (data[0] != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE &&
	    data[0] != XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		return INVALID;
	c->hash.algorithm = (uint8_t)data[0];
	return SUCCESS;
}

static bool has_algorithm(const struct ctrl *c)
{
	return c->hash.algorithm != XEN_NETIF_CTRL_HASH_ALGORITHM_NONE;
}

static uint32_t get_types(struct ctrl *c, const uint32_t *data, uint32_t *ret)
{
	(void)data;
	if (!has_algorithm(c))
		return NOT_SUPPORTED;
	*ret = HASH_TYPES;
	return SUCCESS;
}

static uint32_t set_types(struct ctrl *c, const uint32_t *data, uint32_t *ret)
{
	(void)ret;
	if (!has_algorithm(c) || data[0] & ~(uint32_t)HASH_TYPES)
		return INVALID;
	c->hash.types = (uint8_t)data[0];
	return SUCCESS;
}

static uint32_t set_key(struct ctrl *c, const uint32_t *data, uint32_t *ret)
{
	uint8_t key[HASH_KEY_MAX] = { 0 };
	uint32_t size = data[1];

	(void)ret;
	if (size > sizeof(key))
		return OVERFLOW;
	/* none at all is a key, too: it names no page */
	if (size && c->fetch(c->arg, data[0], key, size))
		return INVALID;
	memcpy(c->hash.key, key, sizeof(key));
	return SUCCESS;
}

static uint32_t get_mapping_size(struct ctrl *c, const uint32_t *data,
				 uint32_t *ret)
{
	(void)c;
	(void)data;
	*ret = HASH_MAPPING_MAX;
	return SUCCESS;
}

static uint32_t set_mapping_size(struct ctrl *c, const uint32_t *data,
				 uint32_t *ret)
{
	(void)ret;
	if (data[0] > HASH_MAPPING_MAX)
		return INVALID;
	c->hash.mapping_size = (uint8_t)data[0];
	memset(c->hash.mapping, 0, sizeof(c->hash.mapping));
	return SUCCESS;
}

static uint32_t set_mapping(struct ctrl *c, const uint32_t *data,
			    uint32_t *ret)
{
	uint32_t queues[HASH_MAPPING_MAX], count = data[1], from = data[2], i;

	(void)ret;
	if (!range_within(from, count, HASH_MAPPING_MAX))
		return OVERFLOW;
	if (!range_within(from, count, c->hash.mapping_size))
		return INVALID;
	if (!count)
		return SUCCESS;
	if (c->fetch(c->arg, data[0], queues, count * sizeof(queues[0])))
		return INVALID;
	for (i = 0; i < count; i++)
		if (queues[i] >= c->queue_count)
			return INVALID;
	for (i = 0; i < count; i++)
		c->hash.mapping[from + i] = (uint8_t)queues[i];
	return SUCCESS;
}

static const struct {
	uint32_t (*serve)(struct ctrl *c, const uint32_t *data, uint32_t *ret);
	bool sets;
} requests[] = {
	[XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS]	    = { get_types, false },
	[XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS]	    = { set_types, true },
	[XEN_NETIF_CTRL_TYPE_SET_HASH_KEY]	    = { set_key, true },
	[XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE] = { get_mapping_size,
							false },
	[XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE] = { set_mapping_size,
							true },
	[XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING]	    = { set_mapping, true },
	[XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM]    = { set_algorithm, true },
};

bool ctrl_serve(struct ctrl *c, const struct xen_netif_ctrl_request *req,
		struct xen_netif_ctrl_response *rsp)
{
	*rsp = (struct xen_netif_ctrl_response) {
		.id = req->id, .type = req->type, .status = NOT_SUPPORTED,
	};
	if (req->type >= sizeof(requests) / sizeof(requests[0]) ||
	    !requests[req->type].serve)
		return false;
	rsp->status = requests[req->type].serve(c, req->data, &rsp->data);
	return rsp->status == SUCCESS && requests[req->type].sets;
}
