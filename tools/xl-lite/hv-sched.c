/* SPDX-License-Identifier: MIT */
/* Xen's schedulers; see hv-sched.h. */
#include "config.h"

#include "tools/xl-lite/hv-sched.h"

#include "tools/xl-lite/hv-internal.h"

_Static_assert(HV_SCHED_CREDIT == XEN_SCHEDULER_CREDIT &&
	       HV_SCHED_CREDIT2 == XEN_SCHEDULER_CREDIT2 &&
	       HV_SCHED_ARINC653 == XEN_SCHEDULER_ARINC653 &&
	       HV_SCHED_RTDS == XEN_SCHEDULER_RTDS &&
	       HV_SCHED_NULL == XEN_SCHEDULER_NULL,
	       "schedulers have Xen's numbers");

const char *hv_scheduler_name(unsigned int scheduler)
{
	static const char *const names[] = {
		[HV_SCHED_CREDIT] = "credit",
		[HV_SCHED_CREDIT2] = "credit2",
		[HV_SCHED_ARINC653] = "arinc653",
		[HV_SCHED_RTDS] = "rtds",
		[HV_SCHED_NULL] = "null",
	};

	return scheduler < ARRAY_SIZE(names) ? names[scheduler] : NULL;
}

int hv_scheduler_default(struct hv *hv, unsigned int *ret)
{
	int id = 0, err;

	hv_begin(hv);
	err = hv_result(hv, xc_sched_id(hv->xch, &id));
	if (!err)
		*ret = id;
	return err;
}

int hv_share_get(struct hv *hv, enum hv_scheduler scheduler, domid_t domid,
		 struct hv_share *ret)
{
	struct xen_domctl_sched_credit2 second = { 0 };
	struct xen_domctl_sched_credit first = { 0 };
	int err;

	hv_begin(hv);
	if (scheduler == HV_SCHED_CREDIT) {
		err = hv_result(hv, xc_sched_credit_domain_get(hv->xch, domid,
							       &first));
		*ret = (struct hv_share) { first.weight, first.cap };
	} else {
		err = hv_result(hv, xc_sched_credit2_domain_get(hv->xch, domid,
								&second));
		*ret = (struct hv_share) { second.weight, second.cap };
	}
	return err;
}

int hv_share_set(struct hv *hv, enum hv_scheduler scheduler, domid_t domid,
		 const struct hv_share *share)
{
	struct xen_domctl_sched_credit first = {
		.weight = share->weight, .cap = share->cap,
	};
	struct xen_domctl_sched_credit2 second = {
		.weight = share->weight, .cap = share->cap,
	};

	hv_begin(hv);
	if (scheduler == HV_SCHED_CREDIT)
		return hv_result(hv, xc_sched_credit_domain_set(hv->xch,
								domid,
								&first));
	return hv_result(hv, xc_sched_credit2_domain_set(hv->xch, domid,
							 &second));
}

int hv_reservation_get(struct hv *hv, domid_t domid,
		       struct hv_reservation *ret)
{
	struct xen_domctl_sched_rtds info = { 0 };
	int err;

	hv_begin(hv);
	err = hv_result(hv, xc_sched_rtds_domain_get(hv->xch, domid, &info));
	*ret = (struct hv_reservation) {
		.period_us = info.period,
		.budget_us = info.budget,
		.extra = info.flags & XEN_DOMCTL_SCHEDRT_extra,
	};
	return err;
}

int hv_sched_params_get(struct hv *hv, enum hv_scheduler scheduler,
			unsigned int pool, struct hv_sched_params *ret)
{
	struct xen_sysctl_credit2_schedule second = { 0 };
	struct xen_sysctl_credit_schedule first = { 0 };
	int err;

	hv_begin(hv);
	if (scheduler == HV_SCHED_CREDIT) {
		err = hv_result(hv, xc_sched_credit_params_get(hv->xch, pool,
							       &first));
		*ret = (struct hv_sched_params) {
			first.tslice_ms, first.ratelimit_us,
			first.vcpu_migr_delay_us,
		};
	} else {
		err = hv_result(hv, xc_sched_credit2_params_get(hv->xch, pool,
								&second));
		*ret = (struct hv_sched_params) {
			.ratelimit_us = second.ratelimit_us,
		};
	}
	return err;
}

int hv_sched_params_set(struct hv *hv, enum hv_scheduler scheduler,
			unsigned int pool, const struct hv_sched_params *p)
{
	struct xen_sysctl_credit_schedule first = {
		.tslice_ms = p->timeslice_ms,
		.ratelimit_us = p->ratelimit_us,
		.vcpu_migr_delay_us = p->migration_delay_us,
	};
	struct xen_sysctl_credit2_schedule second = {
		.ratelimit_us = p->ratelimit_us,
	};

	hv_begin(hv);
	if (scheduler == HV_SCHED_CREDIT)
		return hv_result(hv, xc_sched_credit_params_set(hv->xch, pool,
								&first));
	return hv_result(hv, xc_sched_credit2_params_set(hv->xch, pool,
							 &second));
}
