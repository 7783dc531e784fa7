/* SPDX-License-Identifier: MIT */
/*
 * Parameters of Xen that can be changed while it runs; see hv-host.h.
 *
 * They are files of Xen's own file system, for which there is a library that
 * nothing else needs. It is loaded here: a program that is linked with it loads
 * it each time it starts, whatever it is asked to do.
 */
#include "config.h"

#include "tools/xl-lite/hv-host.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>

#include <xenhypfs.h>

#include "lib/cleanup.h"

#include "tools/xl-lite/hv-internal.h"

#define HYPFS_LIBRARY "libxenhypfs.so.1"

struct hypfs {
	void *library;
	__typeof__(xenhypfs_open) *open;
	__typeof__(xenhypfs_write) *write;
	__typeof__(xenhypfs_close) *close;
};

static void hypfs_unload(struct hypfs *h)
{
	if (h->library)
		dlclose(h->library);
}

static int hypfs_load(struct hv *hv, struct hypfs *h)
{
	h->library = dlopen(HYPFS_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (h->library) {
		h->open = dlsym(h->library, "xenhypfs_open");
		h->write = dlsym(h->library, "xenhypfs_write");
		h->close = dlsym(h->library, "xenhypfs_close");
	}
	if (h->open && h->write && h->close)
		return 0;
	snprintf(hv->logger.why, sizeof(hv->logger.why), "%s: Debian has it in the package libxenhypfs1",
		 dlerror());
	return -ELIBACC;
}

int hv_set_parameter(struct hv *hv, const char *name, const char *value)
{
	CLEANUP(hypfs_unload) struct hypfs h = { 0 };
	xenhypfs_handle *fs;
	char path[128];
	int err;

	if (snprintf(path, sizeof(path), "/params/%s", name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	hv_begin(hv);
	err = hypfs_load(hv, &h);
	if (err)
		return err;
	fs = h.open(&hv->logger.vtable, 0);
	if (!fs)
		return hv_result(hv, -1);
	err = hv_result(hv, h.write(fs, path, value));
	h.close(fs);
	return err;
}
