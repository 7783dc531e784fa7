/* SPDX-License-Identifier: MIT */
/* From a domain without anything in it to one whose kernel can start. */
#ifndef XL_LITE_BUILD_H
#define XL_LITE_BUILD_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/hv.h"
#include "tools/xl-lite/hvm-files.h"

/* What libxl allows beyond the target, for what Xen counts as the guest's. */
#define BUILD_MAXMEM_SLACK_KIB 1024

/* What a PV or PVH guest starts; of an HVM guest it is QEMU's to bring. */
struct boot_files {
	const char *kernel, *ramdisk, *cmdline;	/* the last two may be NULL */
	const char *shim;	/* PVH: that starts first, or NULL */
};

struct build {
	domid_t domid;
	domid_t store_domid, console_domid;	/* who serves them */
	evtchn_port_t store_port, console_port;	/* made by build_prepare() */
	bool hap;				/* not PV: as it was made */
	const struct hvm_files *files;		/* HVM */
	struct boot_files boot;
	struct hv_image_frames frames;		/* found by build_load() */
	struct hv_module_place modules[HV_MODULES];	/* the same; HVM */
};

/*
 * What Xen takes for the guest beside its own memory. HAP is whether the
 * processor does a PVH or HVM guest's paging.
 */
uint64_t build_overhead_kib(const struct guest_config *config, bool hap);

/* Give the domain its limits, vcpus and ports: what needs no memory. */
int build_prepare(struct hv *hv, const struct guest_config *config,
		  struct build *build);
/* Take its memory, load kernel and ramdisk, set up its first vcpu. */
int build_load(struct hv *hv, const struct guest_config *config,
	       struct build *build);

/*
 * Of a PVH or HVM guest whose domain was reset, and has its memory still: what
 * the two above find out for a new one.
 */
int build_again(struct hv *hv, const struct guest_config *config,
		struct build *build);

/* For build-*.c: passes ERR on, and logs which step it was and why. */
int build_step(struct hv *hv, const struct guest_config *config,
	       const char *what, int err);

#endif
