/* SPDX-License-Identifier: MIT */
/* What a guest is to be when it starts again. */
#ifndef XL_LITE_NEXT_CONFIG_H
#define XL_LITE_NEXT_CONFIG_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"
#include "tools/xl-lite/json-tree.h"

/*
 * CONFIG is what DOMAIN, which is still there with its nodes, was
 * started with. When config-update, ours or xl's, has stored another, *RET is
 * that, with UUID and MAC addresses of this one where it has none of its own;
 * the caller frees it. Else *RET is NULL, and CONFIG now has the devices that
 * are there: those that were attached, and without those detached. What fails
 * is logged, and then CONFIG stays as it was.
 */
void next_config(struct host *host, const struct hv_domain *domain,
		 struct guest_config *config, struct guest_config **ret);

/* As if nothing had been stored: for a domain that goes on as it is. */
void next_config_here(struct host *host, const struct hv_domain *domain,
		      struct guest_config *config);

/*
 * The second half: disks and vifs of CONFIG as LIVE, which tells of those that
 * are there (live-config.h), has them. Those that CONFIG has already, with the
 * same image, or MAC address and bridge, stay as they are; the others are as
 * LIVE says.
 * 0, -EINVAL or -ENOMEM; nothing is logged.
 */
int next_config_devices(struct guest_config *config,
			const struct json_value *live);

#endif
