/* SPDX-License-Identifier: MIT */
/* What xl prints as JSON, byte for byte as xl of Xen 4.17 prints it. */
#ifndef XL_LITE_JSON_H
#define XL_LITE_JSON_H

#include "tools/xl-lite/guest-config.h"

#include <stdio.h>

/*
 * CONFIG as 'xl -N create' shows it: what was given, without what was not.
 * Returns 0 or -errno.
 */
int json_print_config(const struct guest_config *config, FILE *to);

/*
 * CONFIG as it is kept for a running guest, for libxl too: with the vcpus and
 * the memory that it got when they were not given, and with a display memory,
 * which libxl takes for -1 KiB when there is none.
 */
int json_print_stored(const struct guest_config *config, FILE *to);

/* One device as it stands in such a list, and as 'xl -N block-attach' says. */
int json_print_disk(const struct disk_config *disk, FILE *to);
int json_print_vif(const struct vif_config *vif, FILE *to);

#endif
