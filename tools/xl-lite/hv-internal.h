/* SPDX-License-Identifier: MIT */
/* What hv.c and hv-image.c share, and nobody else. */
#ifndef XL_LITE_HV_INTERNAL_H
#define XL_LITE_HV_INTERNAL_H

#include "tools/xl-lite/hv.h"

#include <xentoollog.h>

struct hv_logger {
	xentoollog_logger vtable;	/* first: libxc hands us this pointer */
	char why[HV_WHY_MAX];		/* first error of the call, or "" */
};

struct hv {
	xc_interface *xch;
	struct hv_logger logger;
};

/* Around each call of libxc: forget the last complaint; judge the result. */
void hv_begin(struct hv *hv);
int hv_result(struct hv *hv, int ret);

#endif
