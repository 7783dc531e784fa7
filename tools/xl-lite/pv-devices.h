/* SPDX-License-Identifier: MIT */
/*
 * What a guest may have beside disks and network cards: screens, keyboards,
 * folders of the host, channels. Part of struct guest_config; an array's place
 * is the device's number, but for channels, which follow the first console.
 */
#ifndef XL_LITE_PV_DEVICES_H
#define XL_LITE_PV_DEVICES_H

#include "tools/xl-lite/diag.h"
#include "tools/xl-lite/hvm-config.h"

struct vfb_config {
	struct cfg_pos pos;	/* of its text */
	struct vnc_config vnc;
	struct sdl_config sdl;
	const char *keymap;
};

/* Numbered as libxl does. */
enum vkb_backend {
	VKB_BACKEND_DEFAULT,	/* the guest's QEMU */
	VKB_BACKEND_QEMU,
	VKB_BACKEND_LINUX,	/* a program of dom0's, as it comes */
};

struct vkb_config {
	struct cfg_pos pos;
	const char *backend_domain;	/* name or number; NULL is our own */
	enum vkb_backend backend;
	const char *unique_id;
	bool no_keyboard, no_pointer, abs_pointer, raw_pointer, multi_touch;
	unsigned int width, height;	/* 0: not said, like those below */
	unsigned int touch_width, touch_height, touches;
};

/* A folder of the host's, which the guest mounts by its tag: 9pfs. */
struct p9_config {
	struct cfg_pos pos;
	const char *backend_domain;
	const char *tag, *path, *security_model;	/* never NULL */
};

enum channel_connection {
	CHANNEL_UNKNOWN,
	CHANNEL_PTY,
	CHANNEL_SOCKET,
};

struct channel_config {
	struct cfg_pos pos;
	const char *backend_domain;
	const char *name;		/* never NULL */
	enum channel_connection connection;
	const char *path;		/* of a socket */
};

struct pv_devices {
	struct vfb_config *vfbs;
	struct vkb_config *vkbs;
	struct p9_config *p9s;
	struct channel_config *channels;
	size_t num_vfbs, num_vkbs, num_p9s, num_channels;
};

#endif
