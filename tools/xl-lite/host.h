/* SPDX-License-Identifier: MIT */
/*
 * What a command that touches this host holds: the hypervisor and xenstore,
 * both opened, and what the host's own files say.
 */
#ifndef XL_LITE_HOST_H
#define XL_LITE_HOST_H

#include "lib/cleanup.h"
#include "lib/store.h"

#include "tools/xl-lite/host-config.h"
#include "tools/xl-lite/hv.h"

#include <stdbool.h>

/* How long a server (backend, xenconsoled) may take for its part. */
#define HOST_DEADLINE_S 10

struct host {
	struct hv *hv;
	struct store store;
	struct host_config config;
};

/* Zero it first. A failure is logged, with what to do about it. */
int host_open(struct host *host);
void host_close(struct host *host);

#define CLEANUP_HOST CLEANUP(host_close)

/* Only our own daemons can be asked for: the kernel's backends cannot. */
bool host_daemon_running(const char *program);

/* The folder of this Xen version's files: /usr/lib/xen-4.17 */
int host_xen_folder(char *path, size_t size);
/* One of its programs: /usr/lib/xen-4.17/bin/PROGRAM */
int host_xen_program(const char *program, char *path, size_t size);

/* What a PATH on this host is; -errno when it cannot be looked at. */
int host_block_device(const char *path, unsigned int *major,
		      unsigned int *minor);
bool host_bridge_exists(const char *bridge);

#endif
