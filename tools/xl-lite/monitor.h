/* SPDX-License-Identifier: MIT */
/*
 * What happens when a guest stops: on_poweroff, on_reboot, on_crash and so on
 * of its configuration, done by a process that waits for it.
 */
#ifndef XL_LITE_MONITOR_H
#define XL_LITE_MONITOR_H

#include "tools/xl-lite/guest-config.h"

#include "tools/xl-lite/hv.h"

/*
 * Start that process in the background. It has no terminal and holds nothing
 * of ours; what it has to say goes to /var/log/xen/xl-lite-NAME.log.
 */
int monitor_start(struct guest_config *config, domid_t domid);

/* Do it here, until the guest is gone for good or kept as it is. */
int monitor_run(struct guest_config *config, domid_t domid);

#endif
