/* SPDX-License-Identifier: MIT */
/* A running guest's devices, for the commands that list them. */
#ifndef XL_LITE_DEVICE_LIST_H
#define XL_LITE_DEVICE_LIST_H

#include "tools/xl-lite/host.h"
#include "tools/xl-lite/nodes.h"

struct listed_device {
	domid_t domid;
	unsigned int devid;
	domid_t backend_domid;
	char libxl[STORE_PATH_MAX];
	char frontend[STORE_PATH_MAX];
	char backend[STORE_PATH_MAX];
};

/* KIND is libxl's: KIND_VBD, KIND_VIF. The caller frees *list. */
int device_list(struct store *s, domid_t domid, const char *kind,
		struct listed_device **list, size_t *count);

/*
 * A number the guest wrote, or -1: what it wrote is its business, so anything
 * else than a number is no number.
 */
int device_number(struct store *s, const struct listed_device *d,
		  const char *node);

/* Run PRINT over the devices of each domain named in ARGS. */
typedef void device_print_fn(struct store *s, const struct listed_device *d);
int device_list_command(int argc, char **argv, const char *kind,
			const char *header, device_print_fn *print);

#endif
