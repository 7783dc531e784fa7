/* SPDX-License-Identifier: MIT */
/* What building an HVM guest takes that a PV guest needs not; for build.c. */
#ifndef XL_LITE_BUILD_HVM_H
#define XL_LITE_BUILD_HVM_H

#include "tools/xl-lite/build.h"

struct hv_layout build_hvm_layout(const struct guest_config *config);

int build_hvm_prepare(struct hv *hv, const struct guest_config *config,
		      const struct build *build);

/* Between taking memory and placing hvmloader: its memory map. */
int build_hvm_describe(struct hv *hv, const struct guest_config *config,
		       struct hv_image *image, const struct hv_layout *layout);

/* When all is in the guest's memory: what hvmloader is told there. */
int build_hvm_finish(struct hv *hv, const struct guest_config *config,
		     struct hv_image *image);

#endif
