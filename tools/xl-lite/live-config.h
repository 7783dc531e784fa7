/* SPDX-License-Identifier: MIT */
/*
 * What a domain is like now, as a configuration: what it was created with, as
 * libxl or we stored it, and over it what may have changed since.
 */
#ifndef XL_LITE_LIVE_CONFIG_H
#define XL_LITE_LIVE_CONFIG_H

#include "tools/xl-lite/host.h"
#include "tools/xl-lite/json-tree.h"

/*
 * As JSON in the order of libxl's types. Logged; -ENOENT: nothing is stored
 * about this domain, which is how it is for one that is being made or unmade.
 */
int live_config(struct host *host, const struct hv_domain *domain,
		struct arena *arena, struct json_value **ret);

/*
 * What domain 0's memory is and may become, in KiB, where nobody has written
 * it down yet; as libxl, write it down.
 */
int live_memory(struct host *host, const struct hv_domain *domain,
		uint64_t *target_kib, uint64_t *max_kib);

#endif
