/* SPDX-License-Identifier: MIT */
/*
 * Xen's schedulers, of which each pool of processors has one. As in hv.h, a
 * call returns 0 or -errno, and hv_why() says why.
 */
#ifndef XL_LITE_HV_SCHED_H
#define XL_LITE_HV_SCHED_H

#include "tools/xl-lite/hv.h"

/* Numbers are Xen's, XEN_SCHEDULER_*. */
enum hv_scheduler {
	HV_SCHED_CREDIT = 5,
	HV_SCHED_CREDIT2 = 6,
	HV_SCHED_ARINC653 = 7,
	HV_SCHED_RTDS = 8,
	HV_SCHED_NULL = 9,
};

/* "credit2", as xl says it; NULL for one that has no name yet. */
const char *hv_scheduler_name(unsigned int scheduler);

/* The one of pools that do not say otherwise. */
int hv_scheduler_default(struct hv *hv, unsigned int *ret);

/* A domain's share: weight against others, cap in percent of a cpu, 0: none. */
struct hv_share {
	unsigned int weight, cap;
};

/* SCHEDULER is HV_SCHED_CREDIT or HV_SCHED_CREDIT2. */
int hv_share_get(struct hv *hv, enum hv_scheduler scheduler, domid_t domid,
		 struct hv_share *ret);
int hv_share_set(struct hv *hv, enum hv_scheduler scheduler, domid_t domid,
		 const struct hv_share *share);

/* rtds: so many of each period's microseconds, and more if there is more. */
struct hv_reservation {
	unsigned int period_us, budget_us;
	bool extra;
};

int hv_reservation_get(struct hv *hv, domid_t domid,
		       struct hv_reservation *ret);

/* Bounds of what follows, both within. A rate limit of 0 is none. */
#define HV_TIMESLICE_MIN_MS XEN_SYSCTL_CSCHED_TSLICE_MIN
#define HV_TIMESLICE_MAX_MS XEN_SYSCTL_CSCHED_TSLICE_MAX
#define HV_RATELIMIT_MIN_US XEN_SYSCTL_SCHED_RATELIMIT_MIN
#define HV_RATELIMIT_MAX_US XEN_SYSCTL_SCHED_RATELIMIT_MAX
#define HV_MIGRATION_MAX_US XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US

/* A pool's scheduler itself; credit2 has the rate limit alone. */
struct hv_sched_params {
	unsigned int timeslice_ms;
	unsigned int ratelimit_us;
	unsigned int migration_delay_us;
};

int hv_sched_params_get(struct hv *hv, enum hv_scheduler scheduler,
			unsigned int pool, struct hv_sched_params *ret);
int hv_sched_params_set(struct hv *hv, enum hv_scheduler scheduler,
			unsigned int pool, const struct hv_sched_params *p);

#endif
