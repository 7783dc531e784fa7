/* SPDX-License-Identifier: MIT */
/* What a domain may touch, and its label; see hv-access.h. */
#include "config.h"

#include "tools/xl-lite/hv-access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/xl-lite/hv-internal.h"

int hv_domain_allow_ports(struct hv *hv, domid_t domid, uint32_t first,
			  uint32_t count)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_ioport_permission(hv->xch, domid, first,
							 count, 1));
}

int hv_domain_allow_irq(struct hv *hv, domid_t domid, uint32_t irq)
{
	int pirq = irq;
	int err;

	if (irq > INT32_MAX)
		return -EOVERFLOW;
	hv_begin(hv);
	err = hv_result(hv, xc_physdev_map_pirq(hv->xch, domid, irq, &pirq));
	if (err)
		return err;
	return hv_result(hv, xc_domain_irq_permission(hv->xch, domid, pirq,
						      true));
}

int hv_domain_allow_pages(struct hv *hv, domid_t domid, uint64_t first,
			  uint64_t count, uint64_t at)
{
	int err;

	hv_begin(hv);
	err = hv_result(hv, xc_domain_iomem_permission(hv->xch, domid, first,
						       count, 1));
	if (err)
		return err;
	/* of a PV guest, Xen makes nothing of it */
	return hv_result(hv, xc_domain_memory_mapping(hv->xch, domid, at,
						      first, count, 1));
}

int hv_label_number(struct hv *hv, const char *label, uint32_t *number)
{
	/* the call is not made for a text that it must not write to */
	CLEANUP_FREE char *copy = strdup(label);

	if (!copy)
		return -ENOMEM;
	hv_begin(hv);
	return hv_result(hv, xc_flask_context_to_sid(hv->xch, copy,
						     strlen(copy), number));
}

int hv_domain_relabel(struct hv *hv, domid_t domid, uint32_t number)
{
	hv_begin(hv);
	return hv_result(hv, xc_flask_relabel_domain(hv->xch, domid, number));
}
