/* SPDX-License-Identifier: MIT */
/*
 * The files of this host that an HVM guest is made of: hvmloader, a BIOS, and
 * the QEMU that emulates its devices; and the firmware of a PV or PVH guest,
 * GRUB.
 */
#ifndef XL_LITE_HVM_FILES_H
#define XL_LITE_HVM_FILES_H

#include "tools/xl-lite/guest-config.h"

#include <limits.h>
#include <stddef.h>

struct hvm_files {
	char hvmloader[PATH_MAX];
	char bios[PATH_MAX];
	char qemu[PATH_MAX];
};

/* Find what CONFIG names, else what is installed. Failures are logged. */
int hvm_files_find(const struct guest_config *config, struct hvm_files *files);

/* Its QEMU alone, for a guest of another type. Logged. */
int qemu_find(const struct guest_config *config, char *path, size_t size);

/* The Xen that a PVH guest with pvshim=1 starts. Logged. */
int shim_find(const struct guest_config *config, char *path, size_t size);

/* The GRUB that firmware= means. Logged. */
int grub_find(const struct guest_config *config, char *path, size_t size);

#endif
