/* SPDX-License-Identifier: MIT */
/*
 * What has come of a guest that stopped, on disk until xl-lited has told it:
 * a file for the domain that stopped, of the line to be told. It is written
 * before the last file is removed that says what is to be done, so that at any
 * time one of them is there.
 */
#ifndef XL_LITE_OUTCOME_H
#define XL_LITE_OUTCOME_H

#include "tools/xl-lite/event.h"

/* That E came of domain DOMID. E->time is filled in. Logged. */
int outcome_write(uint16_t domid, const uint8_t uuid[16], struct event *e);
/*
 * What was written, as a line without its end. -ENOENT: nothing. What E points
 * to is ARENA's.
 */
int outcome_read(uint16_t domid, const uint8_t uuid[16], struct arena *arena,
		 struct event *e, char line[EVENT_LINE_MAX]);
void outcome_remove(uint16_t domid, const uint8_t uuid[16]);

#endif
