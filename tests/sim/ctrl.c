/* SPDX-License-Identifier: MIT */
/*
 * Of libxenctrl what xenstored calls, and what asks about a domain, or makes
 * and ends one that is nothing but its number: to build one is for the box.
 */
#include "config.h"

#include "tests/sim/client.h"

#include <errno.h>
#include <stdlib.h>

#include <xenctrl.h>

/* Handles are only ever passed back to us. */
static char handle;

SIM_PUBLIC
xc_interface *xc_interface_open(struct xentoollog_logger *logger,
				struct xentoollog_logger *build_logger,
				unsigned int flags)
{
	(void)logger, (void)build_logger, (void)flags;
	return (xc_interface *)&handle;
}

SIM_PUBLIC
int xc_interface_close(xc_interface *xch)
{
	(void)xch;
	return 0;
}

static struct sim_msg *list_domains(uint32_t first, unsigned int max)
{
	struct sim_msg *msg;

	if (sim_fails(SIM_CALL_domain_getinfo))
		return NULL;
	if (max > SIM_ITEMS_MAX)
		max = SIM_ITEMS_MAX;
	msg = calloc(1, SIM_MSG_SIZE(max));
	if (!msg)
		return NULL;
	msg->op = SIM_DOMAIN_INFO;
	msg->domid = first;
	msg->count = max;
	if (sim_call(msg, -1, NULL)) {
		free(msg);
		return NULL;
	}
	return msg;
}

SIM_PUBLIC
int xc_domain_getinfo(xc_interface *xch, uint32_t first, unsigned int max,
		      xc_dominfo_t *info)
{
	struct sim_msg *msg = list_domains(first, max);
	int count;

	(void)xch;
	if (!msg)
		return -1;
	count = msg->count;
	for (int i = 0; i < count; i++) {
		const struct sim_item *d = &msg->items[i];

		info[i] = (xc_dominfo_t){
			.domid = d->domid,
			.dying = !!(d->flags & SIM_DYING),
			.shutdown = !!(d->flags & SIM_SHUTDOWN),
			.shutdown_reason = d->ref,
			.crashed = d->flags & SIM_SHUTDOWN &&
				   d->ref == SHUTDOWN_crash,
			.paused = !!(d->flags & SIM_PAUSED),
			.running = !(d->flags & (SIM_DYING | SIM_SHUTDOWN |
						 SIM_PAUSED)),
			.nr_online_vcpus = 1,
		};
	}
	free(msg);
	return count;
}

static uint32_t list_flags(const struct sim_item *d)
{
	uint32_t flags = 0;

	if (d->flags & SIM_DYING)
		flags |= XEN_DOMINF_dying;
	if (d->flags & SIM_SHUTDOWN)
		flags |= XEN_DOMINF_shutdown | d->ref << XEN_DOMINF_shutdownshift;
	if (d->flags & SIM_PAUSED)
		flags |= XEN_DOMINF_paused;
	return flags ? flags : XEN_DOMINF_running;
}

SIM_PUBLIC
int xc_domain_getinfolist(xc_interface *xch, uint32_t first, unsigned int max,
			  xc_domaininfo_t *info)
{
	struct sim_msg *msg = list_domains(first, max);
	int count;

	(void)xch;
	if (!msg)
		return -1;
	count = msg->count;
	for (int i = 0; i < count; i++)
		info[i] = (xc_domaininfo_t){
			.domain = msg->items[i].domid,
			.flags = list_flags(&msg->items[i]),
			.nr_online_vcpus = 1,
		};
	free(msg);
	return count;
}

/* ID and FLAGS are what OP says they are. */
static int change(enum sim_op op, uint32_t domid, uint32_t id, uint32_t flags)
{
	struct sim_msg msg = {
		.op = op, .domid = domid, .id = id, .flags = flags,
	};

	return sim_call(&msg, -1, NULL);
}

SIM_PUBLIC
int xc_domain_pause(xc_interface *xch, uint32_t domid)
{
	(void)xch;
	return change(SIM_DOMAIN_PAUSE, domid, 0, SIM_PAUSED);
}

SIM_PUBLIC
int xc_domain_unpause(xc_interface *xch, uint32_t domid)
{
	(void)xch;
	return change(SIM_DOMAIN_PAUSE, domid, 0, 0);
}

SIM_PUBLIC
int xc_domain_destroy(xc_interface *xch, uint32_t domid)
{
	(void)xch;
	return change(SIM_DOMAIN_DESTROY, domid, 0, 0);
}

SIM_PUBLIC
int xc_domain_shutdown(xc_interface *xch, uint32_t domid, int reason)
{
	(void)xch;
	return change(SIM_DOMAIN_SHUTDOWN, domid, reason, 0);
}

/* Nothing but a number: the first that is free. */
SIM_PUBLIC
int xc_domain_create(xc_interface *xch, uint32_t *domid,
		     struct xen_domctl_createdomain *config)
{
	uint32_t first = *domid ? *domid : 1;
	uint32_t last = *domid ? *domid : DOMID_FIRST_RESERVED - 1;

	(void)xch;
	for (uint32_t id = first; id <= last; id++)
		if (change(SIM_DOMAIN_CREATE, id,
			   config->max_evtchn_port, 0) == 0) {
			*domid = id;
			return 0;
		} else if (errno != EEXIST) {
			return -1;
		}
	return -1;
}

SIM_PUBLIC
xc_evtchn_port_or_error_t xc_evtchn_alloc_unbound(xc_interface *xch,
						  uint32_t domid,
						  uint32_t remote)
{
	struct sim_msg msg = {
		.op = SIM_DOMAIN_PORT, .domid = domid, .id = remote,
	};

	(void)xch;
	return sim_call(&msg, -1, NULL) ? -1 : (int)msg.port;
}
