/* SPDX-License-Identifier: MIT */
/*
 * Taking the settings of a configuration one by one: what guest-config.c and
 * its parts share. What reader_check_settings() found wrong with a setting, its
 * kind, reads as not given here, so that one mistake is one message.
 */
#ifndef XL_LITE_READER_H
#define XL_LITE_READER_H

#include "tools/xl-lite/cfg-parse.h"
#include "tools/xl-lite/guest-config.h"

#include <stdbool.h>
#include <stddef.h>

/* What settings of a command line are said to be in, with the word's number. */
#define GUEST_CONFIG_WORDS "command line"

struct reader {
	struct guest_config *config;
	struct cfg_tree tree;
	struct diags *diags;
	bool broken;			/* a key may only seem missing */
	int err;			/* -ENOMEM */
};

/* Where the value of KEY is, or the configuration as a whole. */
struct cfg_pos reader_pos(const struct reader *r, const char *key);

/* KEY's text as it was written, or NULL; reader_text(): "" is NULL as well. */
const char *reader_raw(const struct reader *r, const char *key);
const char *reader_text(const struct reader *r, const char *key);

/* The same of a file's path, which is noted for guest_config_check_files(). */
const char *reader_file(struct reader *r, const char *key);

/* A number as xl reads it, with base 0: 0x is hex, a leading 0 octal. */
bool reader_parse_number(const char *text, long *ret);

/* True when KEY is given and is a number from MIN to MAX. */
bool reader_number(struct reader *r, const char *key, long min, long max,
		   long *ret);

/* CHOICE_DEFAULT when KEY is not given. */
enum choice reader_choice(const struct reader *r, const char *key);

/* The texts in the list KEY, or its one text. */
void reader_list(struct reader *r, const char *key, struct text_list *ret);

/* The same, but one text is its words, which a warning says is the old way. */
void reader_words(struct reader *r, const char *key, struct text_list *ret);

/* Index of TEXT in NAMES, where FIRST is the first; else says what is there. */
int reader_find(struct reader *r, const char *key, const char *text,
		const char *const *names, int first, int count);

/* Say what is wrong with settings, without knowing what they mean. */
void reader_check_settings(struct reader *r);

/* Kernel, bootloader, shim; guest-boot.c. */
void reader_boot(struct reader *r);
/* What finds a kernel on a disk needs a disk. */
void reader_check_boot_disk(struct reader *r);

void reader_disks(struct reader *r);
void reader_vifs(struct reader *r);

/* Those that are for Xen alone, guest-xen.c. */
void reader_xen(struct reader *r);

/* What its processors are said to have, guest-cpuid.c. */
void reader_cpuid(struct reader *r);

/* What of the machine it may use by itself, guest-hardware.c. */
void reader_hardware(struct reader *r);

/* Screens, keyboards, folders, channels, guest-devices.c. */
void reader_devices(struct reader *r);

/* What can be seen of a screen, guest-hvm.c. */
void reader_vnc(struct reader *r, struct vnc_config *vnc);
void reader_sdl(struct reader *r, struct sdl_config *sdl);

/* The keys of an emulated machine, guest-hvm.c. */
void reader_hvm(struct reader *r);

/* An empty one; NULL: no memory. */
struct guest_config *guest_config_new(const char *name);

#endif
