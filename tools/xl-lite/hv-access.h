/* SPDX-License-Identifier: MIT */
/*
 * What a domain may touch of the machine, and what Xen's security policy, XSM,
 * calls it. As hv.h: 0 or -errno, hv_why() says more.
 */
#ifndef XL_LITE_HV_ACCESS_H
#define XL_LITE_HV_ACCESS_H

#include "tools/xl-lite/hv.h"

/* COUNT I/O ports. */
int hv_domain_allow_ports(struct hv *hv, domid_t domid, uint32_t first,
			  uint32_t count);
/* An interrupt of the machine, which it is told of under a number of its own. */
int hv_domain_allow_irq(struct hv *hv, domid_t domid, uint32_t irq);
/* COUNT pages of a device, which it finds at page AT of its address space. */
int hv_domain_allow_pages(struct hv *hv, domid_t domid, uint64_t first,
			  uint64_t count, uint64_t at);

/* The number of a label, "system_u:system_r:domU_t". -ENOSYS: XSM is off. */
int hv_label_number(struct hv *hv, const char *label, uint32_t *number);
/* Another label for it. */
int hv_domain_relabel(struct hv *hv, domid_t domid, uint32_t number);

#endif
