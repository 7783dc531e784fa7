/* SPDX-License-Identifier: MIT */
/*
 * The files that libxl keeps a guest's configuration in, so that stock xl
 * knows our guests as its own.
 */
#ifndef XL_LITE_USERDATA_H
#define XL_LITE_USERDATA_H

#include "tools/xl-lite/guest-config.h"

#include "tools/xl-lite/hv.h"

/* Logged on failure. */
int userdata_write(const struct guest_config *config, domid_t domid);
/*
 * The configuration of a running domain as it was stored, by libxl or by us:
 * JSON, with lines ended by newlines, which the caller frees. -ENOENT when
 * there is none.
 */
int userdata_read(domid_t domid, const uint8_t uuid[16], char **json);
/* The domain has another UUID now. */
void userdata_rename(domid_t domid, const uint8_t from[16],
		     const uint8_t to[16]);
/* All that libxl or we keep about the domain; no failure is worth a word. */
void userdata_remove(domid_t domid, const uint8_t uuid[16]);

#endif
