/* SPDX-License-Identifier: MIT */
/*
 * A process that waits for one guest's end and then does what on_poweroff,
 * on_reboot, on_crash and so on of its configuration say: where xl-lited, which
 * does so for all guests, is not running. It lives on what is on disk of the
 * guest (guest-state.h), which is there before it is started.
 */
#ifndef XL_LITE_MONITOR_H
#define XL_LITE_MONITOR_H

#include "tools/xl-lite/hv.h"

/*
 * Asks it to leave its guest to who sent it, xl-lited. It goes when it is not
 * in the middle of something.
 */
#define MONITOR_LET_GO SIGUSR1

/*
 * Start that process in the background. It has no terminal and holds nothing
 * of ours; what it has to say goes to /var/log/xen/xl-lite-NAME.log.
 */
int monitor_start(const char *name, domid_t domid, const uint8_t uuid[16]);

/*
 * Do it here, until the guest is gone for good or kept as it is. MAY_LET_GO:
 * or until somebody else takes over.
 */
int monitor_run(domid_t domid, const uint8_t uuid[16], bool may_let_go);

#endif
