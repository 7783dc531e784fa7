/* SPDX-License-Identifier: MIT */
/* From a domain without anything in it to one whose kernel can start. */
#ifndef XL_LITE_BUILD_PV_H
#define XL_LITE_BUILD_PV_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/hv.h"

struct build {
	domid_t domid;
	domid_t store_domid, console_domid;	/* who serves them */
	evtchn_port_t store_port, console_port;	/* made by build_pv_prepare() */
	struct hv_image_frames frames;		/* found by build_pv_load() */
};

/* Give the domain its limits, vcpus and ports: what needs no memory. */
int build_pv_prepare(struct hv *hv, const struct guest_config *config,
		     struct build *build);
/* Take its memory, load kernel and ramdisk, set up its first vcpu. */
int build_pv_load(struct hv *hv, const struct guest_config *config,
		  struct build *build);

#endif
