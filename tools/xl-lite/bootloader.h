/* SPDX-License-Identifier: MIT */
/*
 * What a PV or PVH guest starts, when a bootloader (pygrub, mostly) has to look
 * for it on the guest's disk: bootloader=. libxl's way of it: the program's
 * terminal is the guest's console meanwhile, so 'xl-lite console', and create
 * -c, show its menu.
 */
#ifndef XL_LITE_BOOTLOADER_H
#define XL_LITE_BOOTLOADER_H

#include "tools/xl-lite/devices.h"
#include "tools/xl-lite/guest-config.h"
#include "tools/xl-lite/host.h"
#include "tools/xl-lite/interrupt.h"
#include "tools/xl-lite/loader.h"

struct bootloader_request {
	struct host *host;
	const struct guest_config *config;
	const struct device *disk;	/* the guest's first */
	const char *program;		/* found by bootloader_find() */
	domid_t domid;
	const struct interrupt *interrupt;
	/* told once the guest's console shows it; NULL: nobody wants to know */
	int (*console_available)(void *arg, domid_t domid);
	void *arg;
};

/* What there is from its start until the guest is built. Zero it to begin. */
struct bootloader {
	char folder[96];		/* "": none was made */
	bool relayed;
	struct relay relay;
	struct loader_found found;
};

/* The program that bootloader= means, absolute. Logged. */
int bootloader_find(const struct guest_config *config, char *path,
		    size_t size);
/* Can it read this disk? Logged. */
int bootloader_check_disk(const struct guest_config *config,
			  const struct device *disk);

/* Logged, but for -EINTR. */
int bootloader_run(const struct bootloader_request *r, struct bootloader *b);
/* Files and terminals go. */
void bootloader_end(struct bootloader *b);

/* A file's name as that of a bootloader's folder. */
int bootloader_parse_folder(const char *file, domid_t *domid,
			    uint8_t uuid[16]);
/* Of a domain whose making was cut off. Logged. */
int bootloader_remove_left(domid_t domid, const uint8_t uuid[16]);

#endif
