/* SPDX-License-Identifier: MIT */
/*
 * A PVH or HVM guest's address space: where it has memory, and what it is told
 * of that. Pure.
 *
 * PVH:
 *	0		memory, up to the hole; of a Linux, one page below
 *			1 MiB is the RSDP's
 *	PVH_HOLE	the RSDP of others, else nothing
 *	  + a page	the other ACPI tables
 *	0xfee00000	the local APIC
 *	0xfeff8000	pages shared with the guest's servers
 *	4 GiB		the memory for which there was no room below the hole
 *
 * HVM: the hole is larger, because PCI devices have their memory in it, and
 * hvmloader tells the guest of its first MiB itself.
 */
#ifndef XL_LITE_PVH_MEMORY_H
#define XL_LITE_PVH_MEMORY_H

#include "tools/xl-lite/hv.h"

#define PVH_PAGE 4096u

#define PVH_HOLE 0xfc000000u
#define PVH_RSDP PVH_HOLE
#define PVH_TABLES (PVH_HOLE + PVH_PAGE)
/*
 * Linux looks for the RSDP up to here, at each multiple of 16, if nobody has told
 * it where it is: before 5.0 always, and later when it was started by another
 * Linux (kexec), which passes on what a PC's firmware has told, and no more.
 */
#define PVH_LOW_RSDP (0x100000u - 64)

#define PVH_MAX_RANGES 8
#define HVM_MAX_RANGES 2

/* The hole of an HVM guest, unless mmio_hole= makes it larger. */
#define HVM_HOLE 0xf0000000u

/* Where KIB of memory are. */
struct hv_layout pvh_memory_layout(uint64_t kib);

/*
 * The map, with SIZE bytes of tables at PVH_TABLES. RSDP is PVH_RSDP or
 * PVH_LOW_RSDP. Returns how many ranges there are, in order.
 */
size_t pvh_memory_map(const struct hv_layout *layout, uint64_t rsdp,
		      size_t size, struct hv_range map[PVH_MAX_RANGES]);

/* The same for an HVM guest whose hole begins at HOLE. */
struct hv_layout hvm_memory_layout(uint64_t kib, uint32_t hole);
size_t hvm_memory_map(const struct hv_layout *layout,
		      struct hv_range map[HVM_MAX_RANGES]);

#endif
