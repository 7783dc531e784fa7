/* SPDX-License-Identifier: MIT */
/*
 * A domain's virtual processors: what they do, and on which of the machine's
 * they may. As in hv.h, a call returns 0 or -errno, and hv_why() says why.
 */
#ifndef XL_LITE_HV_VCPU_H
#define XL_LITE_HV_VCPU_H

#include "tools/xl-lite/cpu-set.h"
#include "tools/xl-lite/hv.h"

struct hv_vcpu {
	bool online, blocked, running;
	unsigned int cpu;		/* where it is, or was last */
	uint64_t cpu_time_ns;
	struct cpu_set hard, soft;	/* where it may, and had better, run */
};

int hv_vcpu_info(struct hv *hv, domid_t domid, unsigned int vcpu,
		 struct hv_vcpu *ret);

/*
 * HARD or SOFT may be NULL: leave it as it is. FORCE takes away a pin of the
 * guest's own. Xen leaves out what is not there, and says in *HARD and *SOFT
 * what has become of them.
 */
int hv_vcpu_pin(struct hv *hv, domid_t domid, unsigned int vcpu,
		struct cpu_set *hard, struct cpu_set *soft, bool force);

/* What can be made to happen to a guest: Xen's own numbers. */
enum hv_trigger {
	HV_TRIGGER_NMI,
	HV_TRIGGER_RESET,
	HV_TRIGGER_INIT,
	HV_TRIGGER_POWER,
	HV_TRIGGER_SLEEP,
};

int hv_trigger(struct hv *hv, domid_t domid, enum hv_trigger trigger,
	       unsigned int vcpu);

/* Has the guest, which is HVM, told Xen how to send it events? */
int hv_domain_has_drivers(struct hv *hv, domid_t domid, bool *ret);

/* How much of its memory a guest of Xen's paging (PVH, HVM) shall populate. */
int hv_domain_pod_target(struct hv *hv, domid_t domid, uint64_t kib);

#endif
