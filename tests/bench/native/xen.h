/* SPDX-License-Identifier: MIT */
/*
 * libxengnttab and libxenevtchn as far as a backend calls them, for programs
 * that are linked with this instead: a guest of one memory, whose page N is
 * granted as reference N, and one event channel. lib/grant.c and lib/evtchn.c
 * are the real ones.
 *
 * Each call that would enter the kernel is counted.
 */
#ifndef BENCH_XEN_H
#define BENCH_XEN_H

#include <stdbool.h>
#include <stdint.h>

#define XEN_PAGE 4096u
#define XEN_PAGES 8192u

struct xen_calls {
	uint64_t maps, unmaps;
	uint64_t copies, copied;	/* calls, and segments in them */
	uint64_t notifies, takes, unmasks;
};

struct xen {
	uint8_t *memory;		/* the guest's */
	int memfd;
	bool event;			/* fired towards the backend, not taken */
	int event_fd;			/* beside `event`, for who polls; or -1 */
	struct xen_calls calls;
	void (*notified)(void);		/* the guest's handler, or NULL */
};
extern struct xen xen;

void xen_open(void);
void xen_close(void);

static inline void *xen_page(uint32_t gref)
{
	return xen.memory + (uint64_t)gref * XEN_PAGE;
}

/* The guest sends its event. */
void xen_kick(void);
/* Calls into the kernel so far, all kinds; a `take` only without event_fd. */
uint64_t xen_calls_sum(void);

#endif
