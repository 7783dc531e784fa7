/* SPDX-License-Identifier: MIT */
/*
 * A guest's QEMU: the process that emulates an HVM guest's devices, and which
 * stock xl gives some other guests, too.
 */
#ifndef XL_LITE_DEVICE_MODEL_H
#define XL_LITE_DEVICE_MODEL_H

#include <sys/types.h>

#include "tools/xl-lite/dm-args.h"
#include "tools/xl-lite/host.h"

/* How long QEMU may take to be ready, as with libxl, and to answer then. */
#define DM_START_S 60
#define DM_ANSWER_S 10

/* One that was started here; pidfd is -1 while there is none. */
struct device_model {
	pid_t pid;
	int pidfd;
};

/* Start it and note its number in xenstore. */
int device_model_start(struct host *host, const struct dm_request *request,
		       struct device_model *dm);

/*
 * Wait until it is ready. It dies: that is said at once, with its last words.
 * -EINTR when INTERRUPT_FD, unless that is -1, becomes readable.
 */
int device_model_wait(struct host *host, const struct dm_request *request,
		      const struct device_model *dm, int interrupt_fd);

/*
 * What only a running QEMU knows or takes: where its serial ports and its VNC
 * server are, which goes to xenstore; the password; its TAPs, onto the bridge.
 */
int device_model_configure(struct host *host,
			   const struct dm_request *request);

/* It has to go, whatever xenstore says of it, and it does. */
void device_model_kill(struct device_model *dm);

/* Let the emulated devices run. Logged. */
int device_model_resume(domid_t domid);

/*
 * Have the domain's QEMU stop the machine and write down all that it knows of
 * it, for another QEMU. *STATE is for dm_state_end(). Logged.
 */
int device_model_save(domid_t domid, struct dm_state *state);
void dm_state_end(struct dm_state *state);

#define CLEANUP_DM_STATE CLEANUP(dm_state_end)

enum device_model_end {
	DM_END_NONE,	/* there was none */
	DM_END_ITSELF,	/* it was asked to, or had done so before */
	DM_END_KILLED,	/* Xen still waits for what it would have answered */
};

/*
 * End the domain's QEMU, if there is one, and remove what it leaves. Unless
 * *HOW is DM_END_NONE, the devices that it served have nobody now who could
 * answer for them. Or -errno, when xenstore does not tell.
 */
int device_model_stop(struct host *host, domid_t domid,
		      enum device_model_end *how);

#endif
