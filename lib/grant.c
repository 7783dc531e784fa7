/* SPDX-License-Identifier: MIT */
/* Grants of other domains; see grant.h. */
#include "config.h"

#include "lib/grant.h"

#include <errno.h>
#include <sys/mman.h>

#include "lib/log.h"
#include "lib/xenlog.h"

int grants_open(struct grants *g)
{
	g->h = xengnttab_open(xenlog_silent(), 0);
	if (!g->h)
		return log_err(-errno, "/dev/xen/gntdev: open (is the module "
			       "xen-gntdev loaded, is this root?)");
	return 0;
}

void grants_close(struct grants *g)
{
	if (g->h)
		xengnttab_close(g->h);
	g->h = NULL;
}

int grant_map(struct grants *g, domid_t domid, const uint32_t *grefs,
	      unsigned int count, bool writable, void PEER **area)
{
	/* the library takes what it only reads as if it wrote it */
	void *p = xengnttab_map_domain_grant_refs(g->h, count, domid,
			(uint32_t *)grefs,
			PROT_READ | (writable ? PROT_WRITE : 0));

	if (!p)
		return errno ? -errno : -EIO;
	*area = (PEER_FORCE void PEER *)p;
	return 0;
}

void grant_unmap(struct grants *g, void PEER *area, unsigned int count)
{
	/* only a wrong argument can fail here, and that is our bug */
	if (xengnttab_unmap(g->h, (PEER_FORCE void *)area, count) == -1)
		log_err(-errno, "grants: unmap of %u pages at %p", count,
			(PEER_FORCE void *)area);
}

int grant_copy(struct grants *g, xengnttab_grant_copy_segment_t *segments,
	       unsigned int count)
{
	return xengnttab_grant_copy(g->h, count, segments) ? -errno : 0;
}
