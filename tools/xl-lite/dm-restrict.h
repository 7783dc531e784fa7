/* SPDX-License-Identifier: MIT */
/*
 * A QEMU that cannot do much harm once a guest has got hold of it: it runs as
 * somebody else (device_model_user=), and, with dm_restrict=1, in an empty
 * folder, and Xen lets it at its guest alone.
 */
#ifndef XL_LITE_DM_RESTRICT_H
#define XL_LITE_DM_RESTRICT_H

#include <stdbool.h>
#include <sys/types.h>

#include "tools/xl-lite/dm-args.h"

/*
 * Find whom it is to run as, for a guest that has a number, or, with DOMID_NONE,
 * only whether there is somebody: before anything is made. Logged.
 */
#define DOMID_NONE DOMID_INVALID
int dm_user_find(const struct guest_config *config, domid_t domid,
		 struct dm_user *user);

/* The folder that it is locked up in; made anew, empty. Logged. */
int dm_root_make(const struct guest_config *config, domid_t domid);
void dm_root_remove(domid_t domid);

/* That folder and the socket below, of one that was not started. */
void dm_restriction_undo(domid_t domid);

/*
 * Its monitor's socket, listening: it cannot make one where it is, and says
 * there that it is ready. The descriptor, or -errno, logged.
 */
int dm_monitor_listen(const struct guest_config *config, domid_t domid);

/* In the child, before it becomes QEMU. 0 or -errno. */
int dm_restrict_self(void);

#endif
