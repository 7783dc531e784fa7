/* SPDX-License-Identifier: MIT */
/* What xl prints as JSON, byte for byte as xl of Xen 4.17 prints it. */
#ifndef XL_LITE_JSON_H
#define XL_LITE_JSON_H

#include "tools/xl-lite/cpu-set.h"
#include "tools/xl-lite/guest-config.h"

#include <stdio.h>

/*
 * CONFIG as 'xl -N create' shows it: what was given, without what was not.
 * Returns 0 or -errno.
 */
int json_print_config(const struct guest_config *config, FILE *to);

/*
 * What cpus= and cpus_soft= come to on a host whose map of processors is WIDTH
 * bits: a set for each vcpu from the first on, or one for all of them.
 */
struct json_places {
	const struct cpu_set *sets;
	size_t count;		/* 0: not given */
	bool same;
	unsigned int width;
};

/*
 * CONFIG as it is kept for a running guest, for libxl too: with the vcpus and
 * the memory that it got when they were not given, with a display memory,
 * which libxl takes for -1 KiB when there is none, and with its places.
 */
int json_print_stored(const struct guest_config *config,
		      const struct json_places *hard,
		      const struct json_places *soft, FILE *to);

/* One device as it stands in such a list, and as 'xl -N block-attach' says. */
int json_print_disk(const struct disk_config *disk, FILE *to);
int json_print_vif(const struct vif_config *vif, FILE *to);

#endif
