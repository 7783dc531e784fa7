/* SPDX-License-Identifier: MIT */
/*
 * Virtual processors of an HVM guest, as its QEMU has them: it shows the guest,
 * by ACPI, those that are plugged in.
 */
#ifndef XL_LITE_DM_VCPUS_H
#define XL_LITE_DM_VCPUS_H

#include <stdint.h>

#include "tools/xl-lite/qmp.h"

/* Sockets, dies, cores and threads: what says where a processor belongs. */
#define DM_VCPU_PROPS_MAX 8

/* How many are plugged in. 0 or -errno; not logged, see qmp_why(). */
int dm_vcpus_count(struct qmp *q, unsigned int *count);

/*
 * Have the QEMU behind Q plug in processors until COUNT are. 0, and *HAD is how
 * many were there before; or -errno. -ENOTSUP: more are, and none can be taken
 * out. -ERANGE: there is no room for so many. Not logged, see qmp_why().
 */
int dm_vcpus_plug(struct qmp *q, unsigned int count, unsigned int *had);

#endif
