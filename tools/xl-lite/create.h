/* SPDX-License-Identifier: MIT */
/* Making a guest from its configuration. */
#ifndef XL_LITE_CREATE_H
#define XL_LITE_CREATE_H

#include "tools/xl-lite/dm-args.h"
#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"
#include "tools/xl-lite/mark.h"

/* What whoever has a guest made may want to be told of on the way. */
struct create_hooks {
	/*
	 * Its bootloader has its console, and may wait for somebody to choose
	 * what to start. Anything but 0 ends the creation.
	 */
	int (*console_available)(void *arg, domid_t domid);
	void *arg;
};

/*
 * Make the guest, paused, ready to run: its servers are ready and its console
 * has a tty. CONFIG is complete (guest_config_complete()). On failure, which
 * is logged with step, object and reason, nothing is left of it; -ENOMEM,
 * -EINVAL and -ETIMEDOUT mean what xl's error codes of those names mean.
 *
 * On success the caller holds MARK, which says that the guest is half made:
 * should we be killed, it is destroyed by whoever finds that. The caller
 * removes it when all is done (guest_start() does, mark_remove() for a guest
 * that stays paused), or calls guest_undo().
 *
 * HOOKS may be NULL.
 */
int guest_create(struct host *host, const struct guest_config *config,
		 const struct create_hooks *hooks, domid_t *domid,
		 struct mark *mark);

/*
 * The same for a PVH or HVM guest whose domain, DOMID, was reset (guest_reset())
 * and goes on with the memory it has, paused as before. TTY is its console's,
 * which stays, and STATE what its QEMU goes on with, or NULL.
 */
int guest_create_again(struct host *host, const struct guest_config *config,
		       domid_t domid, const char *tty,
		       const struct dm_state *state, struct mark *mark);

/*
 * Destroy it again, which is said, and let go of MARK. Of what cannot be
 * removed it tells 'xl-lite gc', and who makes a guest of this name next.
 */
void guest_undo(struct host *host, const struct guest_config *config,
		domid_t domid, struct mark *mark);

/* Let it run. Logged. */
int guest_start(struct host *host, const struct guest_config *config,
		domid_t domid, struct mark *mark);

#endif
