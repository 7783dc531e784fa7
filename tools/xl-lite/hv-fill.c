/* SPDX-License-Identifier: MIT */
/*
 * Memory for frames of a guest that have none; see hv.h. Xen tells nobody which
 * they are but those who try to map them.
 */
#include "config.h"

#define XC_WANT_COMPAT_MAP_FOREIGN_API	/* xc_map_foreign_bulk() */

#include "tools/xl-lite/hv-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "lib/cleanup.h"

/* Frames that are looked at at a time: 4 MiB of them. */
#define BATCH 1024

struct batch {
	xen_pfn_t frames[BATCH];
	int errs[BATCH];
};

/* Leave in B only the first of its COUNT frames that have no memory. */
static int find_holes(struct hv *hv, domid_t domid, struct batch *b,
		      size_t count, size_t *holes)
{
	void *pages = xc_map_foreign_bulk(hv->xch, domid, PROT_READ, b->frames,
					  b->errs, count);

	if (!pages)
		return -1;
	munmap(pages, count * XC_PAGE_SIZE);
	*holes = 0;
	for (size_t i = 0; i < count; i++)
		if (b->errs[i])
			b->frames[(*holes)++] = b->frames[i];
	return 0;
}

static int fill_batch(struct hv *hv, domid_t domid, struct batch *b,
		      size_t count, uint64_t *filled)
{
	size_t holes;
	int ret = find_holes(hv, domid, b, count, &holes);

	if (ret || !holes)
		return ret;
	*filled += holes;
	return xc_domain_populate_physmap_exact(hv->xch, domid, holes, 0, 0,
						b->frames);
}

/*
 * Memory that a guest has never asked for, though it may: Xen gives it when it is
 * touched, also by us.
 */
static int has_promises(struct hv *hv, domid_t domid, bool *ret)
{
	uint64_t entries = 0;
	int err = xc_domain_get_pod_target(hv->xch, domid, NULL, NULL,
					   &entries);

	*ret = entries;
	return err;
}

int hv_domain_fill(struct hv *hv, domid_t domid, uint64_t start, uint64_t end,
		   uint64_t *filled)
{
	CLEANUP_FREE struct batch *b = calloc(1, sizeof(*b));
	const xen_pfn_t last = end / XC_PAGE_SIZE;
	xen_pfn_t frame = start / XC_PAGE_SIZE;
	bool promises = false;
	int ret;

	if (!b)
		return -ENOMEM;
	hv_begin(hv);
	ret = has_promises(hv, domid, &promises);
	while (!ret && !promises && frame < last) {
		size_t count = 0;

		while (count < BATCH && frame < last)
			b->frames[count++] = frame++;
		ret = fill_batch(hv, domid, b, count, filled);
	}
	return hv_result(hv, ret);
}
