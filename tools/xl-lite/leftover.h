/* SPDX-License-Identifier: MIT */
/* Finishing what a process of ours that was killed left half done. */
#ifndef XL_LITE_LEFTOVER_H
#define XL_LITE_LEFTOVER_H

#include "tools/xl-lite/host.h"
#include "tools/xl-lite/mark.h"

/*
 * LEFT is what its mark says, which we hold now. What was half made or half
 * destroyed is destroyed; what was complete is started. What was done is put
 * into TEXT, or, when DRY_RUN, what would be; it is empty when nothing is
 * left to do. Returns 0 or -errno, logged.
 */
int leftover_finish(struct host *host, const struct mark_record *left,
		    bool dry_run, char *text, size_t size);

#endif
