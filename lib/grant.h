/* SPDX-License-Identifier: MIT */
/*
 * Grants of other domains through libxengnttab: mapping and batched copies.
 * A handle may be shared by the threads of a process.
 *
 * A guest chooses the references, so a bad one is ordinary: -errno, not a
 * log line (the library's own messages are switched off too).
 */
#ifndef LIB_GRANT_H
#define LIB_GRANT_H

#include <stdbool.h>
#include <stdint.h>

#include <xenctrl.h>
#include <xengnttab.h>

#include "lib/peer.h"

struct grants {
	xengnttab_handle *h;
};

int grants_open(struct grants *g);
void grants_close(struct grants *g);

/*
 * Map COUNT pages of DOMID side by side. All or nothing. *area is unmapped
 * with the same COUNT by grant_unmap().
 */
int grant_map(struct grants *g, domid_t domid, const uint32_t *grefs,
	      unsigned int count, bool writable, void PEER **area);
void grant_unmap(struct grants *g, void PEER *area, unsigned int count);

/*
 * Copy COUNT segments in one call; each segment's `status` must be looked at
 * (GNTST_okay is 0). -errno: none may be taken as done.
 */
int grant_copy(struct grants *g, xengnttab_grant_copy_segment_t *segments,
	       unsigned int count);

#endif
