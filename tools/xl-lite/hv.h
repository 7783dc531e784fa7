/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor, as xl-lite needs it: libxenctrl and libxenguest behind
 * typed calls. Nothing else in this folder may call those libraries.
 *
 * Every call returns 0 or -errno and logs nothing: the caller knows for which
 * guest and in which step it asked. What the library itself had to say about
 * the last call is in hv_why().
 */
#ifndef XL_LITE_HV_H
#define XL_LITE_HV_H

#include "lib/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For Xen's types (domid_t, evtchn_port_t) alone: hv*.c make the calls. */
#include <xenctrl.h>

/* Longest text of libxc that we keep. */
#define HV_WHY_MAX 256

struct hv;

/*
 * -EPERM: not root; -ENOENT: no Xen, or this is not its control domain;
 * logged with what to do, since every command begins with it.
 */
int hv_open(struct hv **ret);
void hv_close(struct hv *hv);

static inline void cleanup_hv(struct hv **hv)
{
	hv_close(*hv);
}

#define CLEANUP_HV CLEANUP(cleanup_hv)

/*
 * Why the last call failed: libxc's own first complaint, or the text of ERR,
 * a negative errno, when it had none. Good until the next call.
 */
const char *hv_why(const struct hv *hv, int err);
/* And what to do about it. */
const char *hv_remedy(int err);

/* -- the host ------------------------------------------------------------- */

struct hv_host {
	uint64_t total_kib;
	uint64_t free_kib;	/* neither used nor promised to anybody */
	bool gnttab_v2;
	bool pv;		/* can run PV guests */
	bool hvm;		/* can run PVH and HVM guests, with one of: */
	bool hap;		/* paging by the processor */
	bool shadow;		/* paging by Xen */
	bool iommu;		/* devices can be given to guests */
	bool iommu_shares;	/* and use the processor's tables */
};

int hv_host_info(struct hv *hv, struct hv_host *ret);

/* -- domains -------------------------------------------------------------- */

/* Codes as in xen/sched.h: SHUTDOWN_poweroff, SHUTDOWN_reboot, ... */
struct hv_domain {
	domid_t domid;
	uint8_t uuid[16];
	bool hvm;
	bool running, blocked, paused, shutdown, dying;
	bool serves_store;		/* xenstored runs in it */
	unsigned int shutdown_reason;
	uint64_t current_kib;
	uint64_t outstanding_kib;	/* claimed, not yet allocated */
	uint64_t shared_kib;
	uint64_t max_kib;
	uint64_t cpu_time_ns;
	unsigned int vcpus_online;
	unsigned int vcpus;		/* online or not */
	unsigned int cpupool;
};

/* -ESRCH when there is no such domain. */
int hv_domain_info(struct hv *hv, domid_t domid, struct hv_domain *ret);
/* All domains, dom0 first; the caller frees *ret. */
int hv_domain_list(struct hv *hv, struct hv_domain **ret, size_t *count);

struct hv_create {
	const uint8_t *uuid;
	unsigned int max_vcpus;
	unsigned int grant_version;	/* at most; 0: no grants at all */
	int64_t grant_frames, maptrack_frames;	/* -1: Xen's default */
	unsigned int event_channels;	/* the last port; 0: libxl's default */
	unsigned int cpupool;
	bool pvh, hvm;			/* else PV */
	bool hap;			/* not PV: the processor does the paging */
	bool nested;			/* not PV: it can be a hypervisor itself */
	bool no_oos;			/* not PV: no page table out of step */
	bool iommu, iommu_shares;	/* prepared for devices; see hv_host */
	uint32_t label;			/* to XSM; 0: a guest's */
};

/* A domain without memory or vcpus, paused. */
int hv_domain_create(struct hv *hv, const struct hv_create *args,
		     domid_t *domid);
int hv_domain_max_vcpus(struct hv *hv, domid_t domid, unsigned int count);
int hv_domain_max_memory(struct hv *hv, domid_t domid, uint64_t kib);
/* Highest address the guest's memory map may name (PV). */
int hv_domain_memmap_limit(struct hv *hv, domid_t domid, uint64_t kib);
/* 0: native where that is right, else emulated; 1: emulated; 2: native. */
int hv_domain_tsc(struct hv *hv, domid_t domid, unsigned int mode);
/*
 * What the guest's CPUID shows: Xen's default policy, as libxl applies it, and
 * on top of it what POLICY asks for. ITSC: that its time stamp counter is the
 * same for ever.
 */
struct cpuid_policy;
int hv_domain_cpuid(struct hv *hv, domid_t domid, bool pae, bool itsc,
		    bool nested, const struct cpuid_policy *policy);
/* What the guest's clock starts with, counted from the host's. */
int hv_domain_time_offset(struct hv *hv, domid_t domid, int32_t seconds);
/* Memory of Xen's own for what the guest's paging takes (PVH, HVM). */
int hv_domain_paging_pool(struct hv *hv, domid_t domid, uint64_t kib);
/* What becomes of missed timer ticks; -1: they do not hold its time back. */
int hv_domain_timer(struct hv *hv, domid_t domid, int mode);
/* HVM_PARAM_*, of PVH and HVM guests: xen/hvm/params.h */
int hv_domain_param_set(struct hv *hv, domid_t domid, unsigned int param,
			uint64_t value);
int hv_domain_param_get(struct hv *hv, domid_t domid, unsigned int param,
			uint64_t *value);
/* A port of DOMID that OTHER may bind to. */
int hv_evtchn_alloc(struct hv *hv, domid_t domid, domid_t other,
		    evtchn_port_t *port);

int hv_domain_pause(struct hv *hv, domid_t domid);
int hv_domain_unpause(struct hv *hv, domid_t domid);
/* Another UUID for it: what Xen itself knows the domain by. */
int hv_domain_set_uuid(struct hv *hv, domid_t domid, const uint8_t uuid[16]);
/* The guest's memory and vcpus, as a core file for crash and gdb. */
int hv_domain_dump_core(struct hv *hv, domid_t domid, const char *path);
/*
 * Take from a domain that has shut down, of PVH or HVM type, its event channels
 * and the pages it shares with Xen; its memory and vcpus go on. Pause it before.
 */
int hv_domain_soft_reset(struct hv *hv, domid_t domid);
/* Returns when the memory is given back, which takes its time. */
int hv_domain_destroy(struct hv *hv, domid_t domid);

/* Of a domain that was reset, as if it were new. */
struct hv_rings {
	domid_t store_domid, console_domid;	/* who serves them */
	uint64_t store_frame, console_frame;	/* the guest's */
};

/* Empty its xenstore and console pages, and grant them to their servers. */
int hv_domain_rings(struct hv *hv, domid_t domid, const struct hv_rings *rings);

/*
 * Give memory to those frames of a PVH or HVM guest from START to END that have
 * none, because the guest has given it away; *FILLED grows by how many had none.
 * Not where memory is the guest's on demand: then there is nothing to be done.
 */
int hv_domain_fill(struct hv *hv, domid_t domid, uint64_t start, uint64_t end,
		   uint64_t *filled);

/* -- loading a kernel ------------------------------------------------------ */

struct hv_image;

/*
 * Where a PVH or HVM guest has memory: from 0 to low_end, and from 4 GiB to high_end,
 * which is 0 when there is none there. From hole to 4 GiB there is none.
 */
struct hv_layout {
	uint64_t low_end;
	uint64_t hole;
	uint64_t high_end;
};

/* libxenguest puts the pages a PVH guest shares with its servers there. */
#define HV_SPECIAL_START 0xfeff8000u
#define HV_SPECIAL_SIZE 0x8000u

/* What such a guest is told of its address space; numbers are e820's. */
enum hv_range_type {
	HV_RANGE_RAM = 1,
	HV_RANGE_RESERVED = 2,
	HV_RANGE_ACPI = 3,
};

struct hv_range {
	uint64_t start, size;
	enum hv_range_type type;
};

/* Bytes for the guest to find at an address where it has no other memory. */
struct hv_blob {
	uint64_t address;
	const void *data;
	size_t size;
};

struct hv_image_args {
	domid_t domid;
	const char *cmdline;		/* NULL is none */
	uint64_t memory_kib;
	/* PVH, HVM; NULL makes it PV. memory_kib of all this is there at first */
	const struct hv_layout *layout;
	bool device_model;		/* HVM: room for a graphics card's memory */
	unsigned int max_vcpus;
	evtchn_port_t store_port, console_port;	/* in the guest */
	domid_t store_domid, console_domid;	/* who is at the other end */
};

/* Frames of the pages the guest shares with its servers. */
struct hv_image_frames {
	unsigned long store;
	unsigned long console;
};

int hv_image_open(struct hv *hv, const struct hv_image_args *args,
		  struct hv_image **ret);
void hv_image_close(struct hv_image *image);

/* The steps, in this order; there need be no file beside the kernel. */
int hv_image_kernel(struct hv_image *image, const char *path);
/* CMDLINE is for who reads it, a shim; NULL is none. */
int hv_image_file(struct hv_image *image, const char *path,
		  const char *cmdline);
/* HVM: what hvmloader, its kernel, finds beside itself in the guest. */
enum hv_module {
	HV_MODULE_BIOS,		/* starts it */
	HV_MODULE_SMBIOS,	/* adds it to its own tables */
	HV_MODULE_ACPI,		/* the same */
	HV_MODULES,
};
/* -ENODATA: it is empty. */
int hv_image_module(struct hv_image *image, enum hv_module module,
		    const char *path);
int hv_image_parse(struct hv_image *image);
/* PVH, from here on: is it a Linux, which may look for the RSDP below 1 MiB? */
bool hv_image_wants_low_rsdp(struct hv_image *image);
int hv_image_memory(struct hv_image *image);	/* takes the guest's memory */
/* PVH: its ACPI tables, which are copied. PVH and HVM: its memory map. */
int hv_image_acpi(struct hv_image *image, const struct hv_blob *rsdp,
		  const struct hv_blob *tables);
int hv_image_memory_map(struct hv_image *image, const struct hv_range *ranges,
			size_t count);
int hv_image_place(struct hv_image *image);	/* copies kernel and ramdisk */
int hv_image_boot(struct hv_image *image);	/* start info, first vcpu */
int hv_image_grants(struct hv_image *image);	/* of store and console page */
/* HVM: what hvmloader is told of the processors; the first ONLINE of them run. */
int hv_image_hvm_info(struct hv_image *image, bool apic, unsigned int online,
		      unsigned int max_vcpus);
/* HVM: where a module is, of how many bytes; 0: there is none. */
struct hv_module_place {
	uint64_t address;
	uint32_t size;
};
struct hv_module_place hv_image_module_place(const struct hv_image *image,
					     enum hv_module module);
void hv_image_frames(const struct hv_image *image,
		     struct hv_image_frames *ret);

static inline void cleanup_hv_image(struct hv_image **image)
{
	hv_image_close(*image);
}

#define CLEANUP_HV_IMAGE CLEANUP(cleanup_hv_image)

#endif
