/* SPDX-License-Identifier: MIT */
/*
 * Building a guest; see build.h. Failures are logged here. What only a PVH or
 * HVM guest needs is in build-pvh.c and build-hvm.c.
 */
#include "config.h"

#include "tools/xl-lite/build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"

#include "tools/xl-lite/build-hvm.h"
#include "tools/xl-lite/build-pvh.h"
#include "tools/xl-lite/pvh-memory.h"
#include "tools/xl-lite/remedy.h"

/* What Xen needs beside a guest's memory, as libxl counts it. */
#define PV_OVERHEAD_KIB 1024
#define HVM_OVERHEAD_KIB 2048	/* and PVH */

uint64_t build_overhead_kib(const struct guest_config *config, bool hap)
{
	if (config->type == GUEST_PV)
		return PV_OVERHEAD_KIB;
	return HVM_OVERHEAD_KIB + build_pvh_pool_kib(config, hap);
}

int build_step(struct hv *hv, const struct guest_config *config,
	       const char *what, int err)
{
	if (!err)
		return 0;
	return log_fail(err, "guest %s: %s: %s: %s", config->name, what,
			hv_why(hv, err), hv_remedy(err));
}

/* What depends on how the guest has its memory and interrupts. */
static int prepare_type(struct hv *hv, const struct guest_config *config,
			const struct build *build)
{
	switch (config->type) {
	case GUEST_HVM:
		return build_hvm_prepare(hv, config, build);
	case GUEST_PVH:
		return build_pvh_prepare(hv, config, build);
	case GUEST_PV:
		break;
	}
	return build_step(hv, config, "limit its memory map",
			  hv_domain_memmap_limit(hv, build->domid,
						 config->maxmem_kib));
}

/* Of a guest that is not told the time in UTC. */
static int set_clock(struct hv *hv, const struct guest_config *config,
		     domid_t domid)
{
	int32_t offset = config->rtc_timeoffset;
	time_t now = time(NULL);
	struct tm tm;

	if (config->localtime == CHOICE_YES && localtime_r(&now, &tm))
		offset += tm.tm_gmtoff;
	if (!offset)
		return 0;
	return build_step(hv, config, "set its clock",
			  hv_domain_time_offset(hv, domid, offset));
}

/* One that is never moved to a machine with another one, or is emulated. */
static bool has_constant_tsc(const struct guest_config *config)
{
	return choose(config->xen.nomigrate, false) ||
	       config->xen.tsc_mode == TSC_ALWAYS_EMULATE;
}

int build_prepare(struct hv *hv, const struct guest_config *config,
		  struct build *build)
{
	const domid_t domid = build->domid;
	int err;

	err = build_step(hv, config, "make its vcpus",
			 hv_domain_max_vcpus(hv, domid, config->maxvcpus));
	if (!err)
		err = build_step(hv, config, "limit its memory",
				 hv_domain_max_memory(hv, domid,
						      config->memory_kib +
						      BUILD_MAXMEM_SLACK_KIB));
	if (!err)
		err = build_step(hv, config, "make the xenstore event channel",
				 hv_evtchn_alloc(hv, domid, build->store_domid,
						 &build->store_port));
	if (!err)
		err = build_step(hv, config, "make the console event channel",
				 hv_evtchn_alloc(hv, domid,
						 build->console_domid,
						 &build->console_port));
	if (!err)
		err = prepare_type(hv, config, build);
	if (!err)
		err = set_clock(hv, config, domid);
	if (!err)
		err = build_step(hv, config, "set the time stamp counter",
				 hv_domain_tsc(hv, domid,
					       config->xen.tsc_mode));
	if (!err)
		err = build_step(hv, config, "set the CPUID policy",
				 hv_domain_cpuid(hv, domid,
						 choose(config->hvm.pae, true),
						 has_constant_tsc(config),
						 choose(config->hvm.nested,
							false),
						 &config->cpuid));
	return err;
}

static int file_step(struct hv *hv, const struct guest_config *config,
		     const char *what, const char *path, int err)
{
	if (!err)
		return 0;
	return log_fail(err, "guest %s: %s %s: %s: is the file whole, and is there memory for it?",
			config->name, what, path, hv_why(hv, err));
}

/* The kernel was read, but Xen or libxenguest cannot start it. */
static int parse_step(struct hv *hv, const struct guest_config *config,
		      const struct boot_files *boot, int err)
{
	if (!err)
		return 0;
	if (err == -ENOMEM)
		return remedy_no_memory(config->name, "read its kernel");
	if (config->type == GUEST_HVM)
		return log_fail(-EINVAL, "guest %s: hvmloader: %s: is firmware_override= right?",
				config->name, hv_why(hv, err));
	if (boot->shim)
		return log_fail(-EINVAL, "guest %s: pvshim %s: %s: is it a Xen that was built to be a shim?",
				config->name, boot->shim, hv_why(hv, err));
	return log_fail(-EINVAL, "guest %s: kernel %s: %s: is it a kernel for %s guests (for Linux: built with %s), in a compression that Xen knows?",
			config->name, boot->kernel, hv_why(hv, err),
			config->type == GUEST_PVH ? "PVH" : "PV",
			config->type == GUEST_PVH ? "CONFIG_PVH"
						  : "CONFIG_XEN_PV");
}

static int memory_step(struct hv *hv, const struct guest_config *config,
		       int err)
{
	char why[HV_WHY_MAX], free[48] = "";
	struct hv_host info;

	if (!err)
		return 0;
	snprintf(why, sizeof(why), "%s", hv_why(hv, err));
	if (!hv_host_info(hv, &info))
		snprintf(free, sizeof(free), ", %llu MiB are free now",
			 (unsigned long long)info.free_kib / 1024);
	log_fail(err, "guest %s: memory: %s: wanted %llu MiB%s: lower memory=, or end a guest",
		 config->name, why,
		 (unsigned long long)config->memory_kib / 1024, free);
	/* libxenguest often forgets to say which error it was */
	return err == -EIO ? -ENOMEM : err;
}

/* Kernel and ramdisk are in the guest's memory, unpacked and side by side. */
static int place_step(struct hv *hv, const struct guest_config *config,
		      const struct boot_files *boot, int err)
{
	const unsigned long long mib = config->memory_kib / 1024;

	if (!err)
		return 0;
	if (config->type == GUEST_HVM)
		return log_fail(err, "guest %s: place hvmloader and BIOS: %s: are %llu MiB too little for them? Try more memory=",
				config->name, hv_why(hv, err), mib);
	return log_fail(err, "guest %s: place kernel %s%s%s: %s: are %llu MiB too little for them? Try more memory=",
			config->name, boot->kernel,
			boot->ramdisk ? " and ramdisk " : "",
			boot->ramdisk ? boot->ramdisk : "",
			hv_why(hv, err), mib);
}

/* Tables that are empty are none, as with xl. */
static int load_tables(struct hv *hv, const struct guest_config *config,
		       struct hv_image *image, enum hv_module module,
		       const char *what, const char *path)
{
	int err = path ? hv_image_module(image, module, path) : 0;

	return err == -ENODATA ? 0 : file_step(hv, config, what, path, err);
}

static int load_modules(struct hv *hv, const struct guest_config *config,
			const struct hvm_files *files, struct hv_image *image)
{
	const struct hvm_config *hvm = &config->hvm;
	int err = file_step(hv, config, "BIOS", files->bios,
			    hv_image_module(image, HV_MODULE_BIOS,
					    files->bios));

	if (!err)
		err = load_tables(hv, config, image, HV_MODULE_SMBIOS,
				  "SMBIOS tables", hvm->smbios_path);
	if (!err)
		err = load_tables(hv, config, image, HV_MODULE_ACPI,
				  "ACPI tables", hvm->acpi_path);
	return err;
}

/* What starts in the guest. Of an HVM guest kernel= is QEMU's to bring. */
static int load_files(struct hv *hv, const struct guest_config *config,
		      const struct build *build, struct hv_image *image)
{
	const struct hvm_files *files = build->files;
	const struct boot_files *boot = &build->boot;
	int err;

	if (config->type == GUEST_HVM) {
		err = file_step(hv, config, "hvmloader", files->hvmloader,
				hv_image_kernel(image, files->hvmloader));
		if (err)
			return err;
		return load_modules(hv, config, files, image);
	}
	if (boot->shim) {
		err = file_step(hv, config, "pvshim", boot->shim,
				hv_image_kernel(image, boot->shim));
		if (!err)	/* which starts the first file beside it */
			err = file_step(hv, config, "kernel", boot->kernel,
					hv_image_file(image, boot->kernel,
						      boot->cmdline));
	} else {
		err = file_step(hv, config, "kernel", boot->kernel,
				hv_image_kernel(image, boot->kernel));
	}
	if (!err && boot->ramdisk)
		err = file_step(hv, config, "ramdisk", boot->ramdisk,
				hv_image_file(image, boot->ramdisk, NULL));
	return err;
}

static int describe(struct hv *hv, const struct guest_config *config,
		    struct hv_image *image, const struct hv_layout *layout)
{
	switch (config->type) {
	case GUEST_HVM:
		return build_hvm_describe(hv, config, image, layout);
	case GUEST_PVH:
		return build_pvh_describe(hv, config, image, layout);
	case GUEST_PV:
		break;
	}
	return 0;
}

int build_load(struct hv *hv, const struct guest_config *config,
	       struct build *build)
{
	const bool hvm = config->type == GUEST_HVM;
	const struct hv_layout layout = hvm ? build_hvm_layout(config) :
		pvh_memory_layout(config->maxmem_kib);
	const struct hv_image_args args = {
		.domid = build->domid,
		.cmdline = build->boot.shim ? config->shim.cmdline :
			   build->boot.cmdline,
		.memory_kib = config->memory_kib - hvm_video_kib(config),
		.layout = config->type == GUEST_PV ? NULL : &layout,
		.device_model = hvm,
		.max_vcpus = config->maxvcpus,
		.store_port = build->store_port,
		.console_port = build->console_port,
		.store_domid = build->store_domid,
		.console_domid = build->console_domid,
	};
	CLEANUP_HV_IMAGE struct hv_image *image = NULL;
	int err;

	err = build_step(hv, config, "begin to load",
			 hv_image_open(hv, &args, &image));
	if (err)
		return err;
	err = load_files(hv, config, build, image);
	if (!err)
		err = parse_step(hv, config, &build->boot,
				 hv_image_parse(image));
	if (!err)
		err = memory_step(hv, config, hv_image_memory(image));
	if (!err)
		err = describe(hv, config, image, &layout);
	if (!err)
		err = place_step(hv, config, &build->boot,
				 hv_image_place(image));
	if (!err)
		err = build_step(hv, config, "set up the first vcpu",
				 hv_image_boot(image));
	if (!err)
		err = build_step(hv, config,
				 "grant the xenstore and console pages",
				 hv_image_grants(image));
	if (!err && hvm)
		err = build_hvm_finish(hv, config, image);
	for (int i = 0; !err && hvm && i < HV_MODULES; i++)
		build->modules[i] = hv_image_module_place(image, i);
	if (!err)
		hv_image_frames(image, &build->frames);
	return err;
}
