/* SPDX-License-Identifier: MIT */
/* Giving a running guest one more device. */
#ifndef XL_LITE_ATTACH_H
#define XL_LITE_ATTACH_H

#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"

/*
 * CONFIG is of guest_config_parse_disk() or guest_config_parse_vif(); what is
 * left to chance in it is drawn here. On return its server is ready for the
 * guest, and the stored configuration has it; or nothing is left of it, and
 * why has been logged.
 */
int guest_attach(struct host *host, domid_t domid,
		 struct guest_config *config);

#endif
