/* SPDX-License-Identifier: MIT */
/* Taking a device from a guest that runs on. */
#ifndef XL_LITE_DETACH_H
#define XL_LITE_DETACH_H

#include "tools/xl-lite/host.h"

enum detach_how {
	DETACH_ASK,	/* give up after 10 s when the guest keeps it */
	DETACH_ASK_FIRST, /* take it by force then, as xl does with vifs */
	DETACH_FORCE,	/* do not ask */
};

/*
 * Take device DEVID of libxl's KIND (KIND_VBD, KIND_VIF), which messages call
 * NAME ("xvdb"), from DOMID, and remove it from the stored configuration. On
 * -EBUSY, when the guest keeps it, it goes on leaving: as soon as the guest
 * lets go, doing the same again removes it. -ENOENT when there is no such
 * device, which is not logged; all else is.
 */
int guest_detach(struct host *host, domid_t domid, const char *kind,
		 unsigned int devid, const char *name, enum detach_how how);

#endif
