/* SPDX-License-Identifier: MIT */
/* A guest's rights to hardware, and its label; see access.h. */
#include "config.h"

#include "tools/xl-lite/access.h"

#include <errno.h>

#include "lib/log.h"

#include "tools/xl-lite/hv-access.h"

/* -- what the host makes of it ---------------------------------------------- */

static int find_label(struct host *host, const struct guest_config *config,
		      const char *label, uint32_t *number)
{
	int err;

	if (!label)
		return 0;
	err = hv_label_number(host->hv, label, number);
	if (err == -ENOSYS) {
		log_warn("guest %s: label '%s' does nothing: Xen's security modules (XSM) are off: start Xen with flask=enforcing, or leave seclabel= and init_seclabel= out",
			 config->name, label);
		return 0;
	}
	return err ? log_fail(err, "guest %s: label '%s': %s: is it one of the policy that Xen has loaded?",
			      config->name, label, hv_why(host->hv, err)) : 0;
}

/* What keeps a guest's devices from the tables of its memory; NULL: nothing. */
static const char *why_no_sharing(const struct guest_config *config,
				  const struct hv_host *info, bool hap)
{
	if (config->type == GUEST_PV)
		return "a PV guest has no such tables";
	if (!info->iommu_shares)
		return "this machine cannot do it";
	return hap ? NULL : "it needs hap=1";
}

static int plan_passthrough(const struct guest_config *config,
			    const struct hv_host *info, bool hap,
			    struct access *access)
{
	const enum passthrough want = config->hardware.passthrough;
	const char *why_not = why_no_sharing(config, info, hap);

	if (want <= PASSTHROUGH_DISABLED)
		return 0;
	if (!info->iommu)
		return log_fail(-EINVAL, "guest %s: passthrough='%s': this machine cannot give devices to guests: is its IOMMU (Intel VT-d, AMD-Vi) on in the firmware's setup, and not off on Xen's command line? Else leave it out",
				config->name, passthrough_name(want));
	if (want == PASSTHROUGH_SHARE_PT && why_not)
		return log_fail(-EINVAL, "guest %s: passthrough='share_pt': %s: write \"enabled\" or \"sync_pt\"",
				config->name, why_not);
	access->iommu = true;
	access->iommu_shares = want != PASSTHROUGH_SYNC_PT && !why_not;
	return 0;
}

int access_plan(struct host *host, const struct guest_config *config,
		const struct hv_host *info, bool hap, struct access *access)
{
	const struct xen_config *xen = &config->xen;
	int err = plan_passthrough(config, info, hap, access);

	if (!err)
		err = find_label(host, config, xen->label, &access->label);
	if (!err)
		err = find_label(host, config, xen->late_label,
				 &access->late_label);
	return err;
}

/* Tables for each page, tables for those, and so on, 4 levels of them. */
uint64_t access_overhead_kib(const struct guest_config *config,
			     const struct access *access)
{
	const unsigned int levels = 4, entries = 512, page_kib = 4;
	uint64_t pages = config->maxmem_kib / page_kib, kib = 0;

	if (!access->iommu || access->iommu_shares)
		return 0;
	for (unsigned int i = 0; i < levels; i++) {
		pages = (pages + entries - 1) / entries;
		kib += pages * page_kib;
	}
	return kib;
}

/* -- doing it --------------------------------------------------------------- */

static int step(struct host *host, const struct guest_config *config,
		const char *what, uint64_t first, uint64_t count, int err)
{
	const char *advice = err == -EPERM || err == -EINVAL ?
		": is it there, and not Xen's own?" : "";

	if (!err)
		return 0;
	return log_fail(err, "guest %s: let it at %s %llx-%llx: %s%s",
			config->name, what, (unsigned long long)first,
			(unsigned long long)(first + count - 1),
			hv_why(host->hv, err), advice);
}

int access_grant(struct host *host, const struct guest_config *config,
		 domid_t domid)
{
	const struct hardware_config *h = &config->hardware;
	const struct hardware_range *range;
	int err = 0;

	for (size_t i = 0; i < h->num_ports && !err; i++) {
		range = &h->ports[i];
		err = step(host, config, "ports", range->first, range->count,
			   hv_domain_allow_ports(host->hv, domid, range->first,
						 range->count));
	}
	for (size_t i = 0; i < h->num_irqs && !err; i++) {
		err = hv_domain_allow_irq(host->hv, domid, h->irqs[i]);
		if (err)
			log_fail(err, "guest %s: let it at interrupt %u: %s: is there such, and does no driver of dom0's have it?",
				 config->name, h->irqs[i],
				 hv_why(host->hv, err));
	}
	for (size_t i = 0; i < h->num_pages && !err; i++) {
		range = &h->pages[i];
		err = step(host, config, "pages", range->first, range->count,
			   hv_domain_allow_pages(host->hv, domid, range->first,
						 range->count, range->at_set ?
						 range->at : range->first));
	}
	return err;
}

int access_relabel(struct host *host, const struct guest_config *config,
		   domid_t domid, const struct access *access)
{
	int err = access->late_label ?
		hv_domain_relabel(host->hv, domid, access->late_label) : 0;

	return err ? log_fail(err, "guest %s: label '%s': %s: does the policy that Xen has loaded let dom0 change the label?",
			      config->name, config->xen.late_label,
			      hv_why(host->hv, err)) : 0;
}
