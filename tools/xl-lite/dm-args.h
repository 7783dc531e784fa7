/* SPDX-License-Identifier: MIT */
/*
 * What the QEMU of a guest is started with: the command line that libxl 4.17
 * makes for the same guest, word by word, but for two things. Our disk server
 * has the images open beside QEMU, so QEMU is told to leave their locks alone;
 * and opengl=1 reaches QEMU. Commas in names are escaped. Pure.
 */
#ifndef XL_LITE_DM_ARGS_H
#define XL_LITE_DM_ARGS_H

#include <net/if.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/devices.h"

/* Whom QEMU runs as. */
struct dm_user {
	char runas[64];		/* as its option takes it; "": root */
	uid_t uid;
	bool alone;		/* nobody else is that user */
};

/*
 * What the QEMU before it has left to it, of a machine that goes on: all that
 * the machine's devices knew, and how many processors it had.
 */
struct dm_state {
	int fd;			/* open for reading */
	unsigned int vcpus;
};

struct dm_request {
	const struct guest_config *config;
	const struct device *devices;	/* planned: with whole paths */
	size_t num_devices;
	domid_t domid;
	const char *qemu;
	struct dm_user user;
	const struct dm_state *state;	/* NULL: a machine just switched on */
};

/* Is the guest's QEMU one that Xen and the kernel hold back? */
bool dm_is_restricted(const struct guest_config *config);

/* What can be seen of the guest's screen; NULL: it has none. */
const struct vnc_config *dm_vnc(const struct guest_config *config);
const struct sdl_config *dm_sdl(const struct guest_config *config);

/* The monitor's socket, as a restricted QEMU gets it. */
#define DM_MONITOR_FD 3
/* What was left to it, of which it has read all when it is ready. */
#define DM_STATE_FD 4
/* And its folder. */
#define DM_ROOT_FOLDER "/var/run/xen/qemu-root-%u"

/* Ended by NULL, in ARENA's memory; NULL when that is out. */
char **dm_args_make(struct arena *arena, const struct dm_request *request);

/* /var/run/xen/qmp-libxl-7: where the toolstack talks to QEMU. */
#define DM_QMP_SOCKET "/var/run/xen/qmp-libxl-%u"
/* Another one, for whoever only looks. */
#define DM_STAT_SOCKET "/var/run/xen/qmp-libxenstat-%u"

/* Does QEMU emulate the device, beside what Xen's drivers see? */
bool dm_emulates(const struct guest_config *config, const struct device *d);

/* The TAP of an emulated card, which QEMU makes. */
void dm_tap_name(const struct device *d, domid_t domid, char name[IFNAMSIZ]);

#endif
