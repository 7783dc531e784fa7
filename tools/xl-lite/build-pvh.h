/* SPDX-License-Identifier: MIT */
/* What building a PVH guest takes that a PV guest needs not; for build.c. */
#ifndef XL_LITE_BUILD_PVH_H
#define XL_LITE_BUILD_PVH_H

#include "tools/xl-lite/build.h"

/* Of build_overhead_kib(): memory of Xen's for the guest's paging; HVM, too. */
uint64_t build_pvh_pool_kib(const struct guest_config *config, bool hap);

int build_pvh_prepare(struct hv *hv, const struct guest_config *config,
		      const struct build *build);

/* Between taking memory and placing the kernel: ACPI tables, memory map. */
int build_pvh_describe(struct hv *hv, const struct guest_config *config,
		       struct hv_image *image, const struct hv_layout *layout);

#endif
