/* SPDX-License-Identifier: MIT */
/*
 * What processes that were killed left behind, found and cleaned up.
 *
 * What is being made or unmade right now is never touched. Ours has a mark
 * that its process locks (mark.h). Another toolstack's cannot be told from
 * something forgotten by looking at what it wrote; but whoever makes a guest
 * asks Xen for the domain first and writes nodes and files then, and who ends
 * one does so the other way round. So: a domain is only ever ended when there
 * is a mark of ours without a process; and nodes and files only go when,
 * looked for after they were seen, their domain does not exist.
 */
#ifndef XL_LITE_GC_H
#define XL_LITE_GC_H

#include "tools/xl-lite/host.h"

struct gc {
	struct host *host;
	bool dry_run;
	unsigned int found;
	unsigned int failed;
};

/* Says of each thing, a line on stdout, what it is and what became of it. */
int gc_run(struct gc *gc);

#endif
