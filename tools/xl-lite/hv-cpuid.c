/* SPDX-License-Identifier: MIT */
/* What a guest's CPUID shows; see hv.h. */
#include "config.h"

#include "tools/xl-lite/hv-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/xl-lite/cpuid-policy.h"

_Static_assert((int)CPUID_EDX == 3 && CPUID_REGISTERS == 4,
	       "libxenctrl has registers in the order of their letters");

/* Ended by a leaf that is none. The texts stay those of POLICY. */
static struct xc_xend_cpuid *leaves_of(const struct cpuid_policy *policy)
{
	struct xc_xend_cpuid *list = calloc(policy->num_leaves + 1,
					    sizeof(*list));

	if (!list)
		return NULL;
	for (size_t i = 0; i < policy->num_leaves; i++) {
		struct cpuid_leaf *leaf = &policy->leaves[i];

		list[i].leaf = leaf->leaf;
		list[i].subleaf = leaf->subleaf_set ? leaf->subleaf :
				  XEN_CPUID_INPUT_UNUSED;
		for (int reg = 0; reg < CPUID_REGISTERS; reg++)
			if (leaf->policy[reg][0])
				list[i].policy[reg] = leaf->policy[reg];
	}
	list[policy->num_leaves].leaf = XEN_CPUID_INPUT_UNUSED;
	return list;
}

static struct xc_msr *msrs_of(const struct cpuid_policy *policy)
{
	struct xc_msr *list = calloc(policy->num_msrs + 1, sizeof(*list));

	if (!list)
		return NULL;
	for (size_t i = 0; i < policy->num_msrs; i++) {
		_Static_assert(sizeof(list[i].policy) ==
			       sizeof(policy->msrs[i].policy), "64 letters");
		list[i].index = policy->msrs[i].index;
		memcpy(list[i].policy, policy->msrs[i].policy,
		       sizeof(list[i].policy));
	}
	list[policy->num_msrs].index = XC_MSR_INPUT_UNUSED;
	return list;
}

int hv_domain_cpuid(struct hv *hv, domid_t domid, bool pae, bool itsc,
		    bool nested, const struct cpuid_policy *policy)
{
	CLEANUP_FREE struct xc_xend_cpuid *leaves = leaves_of(policy);
	CLEANUP_FREE struct xc_msr *msrs = msrs_of(policy);
	int ret;

	if (!leaves || !msrs)
		return -ENOMEM;
	hv_begin(hv);
	ret = xc_cpuid_apply_policy(hv->xch, domid, false, NULL, 0, pae, itsc,
				    nested, policy->num_leaves ? leaves : NULL,
				    policy->num_msrs ? msrs : NULL);
	/* this one says the error, and not -1 */
	return ret < -1 ? ret : hv_result(hv, ret);
}
