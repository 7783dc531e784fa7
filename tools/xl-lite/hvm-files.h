/* SPDX-License-Identifier: MIT */
/*
 * The files of this host that an HVM guest is made of: hvmloader, a BIOS, and
 * the QEMU that emulates its devices.
 */
#ifndef XL_LITE_HVM_FILES_H
#define XL_LITE_HVM_FILES_H

#include "tools/xl-lite/guest-config.h"

#include <limits.h>

struct hvm_files {
	char hvmloader[PATH_MAX];
	char bios[PATH_MAX];
	char qemu[PATH_MAX];
};

/* Find what CONFIG names, else what is installed. Failures are logged. */
int hvm_files_find(const struct guest_config *config, struct hvm_files *files);

#endif
