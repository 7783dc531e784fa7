/* SPDX-License-Identifier: MIT */
/* Making a guest from its configuration. */
#ifndef XL_LITE_CREATE_H
#define XL_LITE_CREATE_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"

/*
 * Make the guest, paused, ready to run: its servers are ready and its console
 * has a tty. CONFIG is complete (guest_config_complete()). On failure, which
 * is logged with step, object and reason, nothing is left of it; -ENOMEM,
 * -EINVAL and -ETIMEDOUT mean what xl's error codes of those names mean.
 */
int guest_create(struct host *host, const struct guest_config *config,
		 domid_t *domid);

#endif
