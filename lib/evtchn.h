/* SPDX-License-Identifier: MIT */
/*
 * Event channels through libxenevtchn. A port that fired stays masked until
 * it is unmasked again: an event storm costs one wake-up a drain (XSA-332).
 * One handle belongs to one thread; evtchn_notify() may be called from any.
 */
#ifndef LIB_EVTCHN_H
#define LIB_EVTCHN_H

#include <stdint.h>

#include <xenctrl.h>
#include <xenevtchn.h>

struct evtchn {
	xenevtchn_handle *h;
	uint64_t notifies;	/* events sent */
	/*
	 * 0, or what evtchn_notify(), take or unmask() failed with: an event
	 * was lost, and who then sleeps may sleep for ever. To be looked at
	 * before one does.
	 */
	int error;
};

/* For a process that may open /dev/xen/evtchn itself. */
int evtchn_open(struct evtchn *e);
/*
 * For the supervisor, to pass to a worker: a descriptor that can bind to
 * DOMID's ports only, for good, whoever holds it. -errno, logged.
 */
int evtchn_open_fd(domid_t domid);
/*
 * For a worker: adopt a descriptor that the supervisor opened (it is owned by
 * E from now on, also on failure), narrowed to DOMID if it was not yet.
 */
int evtchn_adopt(struct evtchn *e, int fd, domid_t domid);
void evtchn_close(struct evtchn *e);
int evtchn_fd(const struct evtchn *e);

/* -EINVAL and so on: the port is not one of DOMID's that is open to us. */
int evtchn_bind(struct evtchn *e, domid_t domid, evtchn_port_t remote,
		evtchn_port_t *local);
/* For a frontend: a fresh port that DOMID may bind to. */
int evtchn_alloc(struct evtchn *e, domid_t domid, evtchn_port_t *local);
void evtchn_unbind(struct evtchn *e, evtchn_port_t local);
int evtchn_notify(struct evtchn *e, evtchn_port_t local);
/* 1 and the port that fired (now masked), 0 when none did, or -errno. */
int evtchn_take(struct evtchn *e, evtchn_port_t *local);
int evtchn_unmask(struct evtchn *e, evtchn_port_t local);

#endif
