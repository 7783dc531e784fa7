/* SPDX-License-Identifier: MIT */
/*
 * What a guest's configuration says of its rights: what of the machine's
 * hardware it may use by itself, and what Xen's security policy calls it.
 */
#ifndef XL_LITE_ACCESS_H
#define XL_LITE_ACCESS_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"

struct access {
	uint32_t label, late_label;	/* to XSM; 0: not asked for */
	bool iommu, iommu_shares;	/* as struct hv_create has them */
};

/*
 * What it comes to on this host, before anything is made. HAP: the processor
 * does the guest's paging. Logged. With XSM off, labels do nothing, with a
 * warning.
 */
int access_plan(struct host *host, const struct guest_config *config,
		const struct hv_host *info, bool hap, struct access *access);

/* What Xen takes of its own for the devices of a guest. */
uint64_t access_overhead_kib(const struct guest_config *config,
			     const struct access *access);

/* Let a domain that has been built at what it may use. Logged. */
int access_grant(struct host *host, const struct guest_config *config,
		 domid_t domid);

/* The label that it keeps, when all else is done. Logged. */
int access_relabel(struct host *host, const struct guest_config *config,
		   domid_t domid, const struct access *access);

#endif
