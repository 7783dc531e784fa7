/* SPDX-License-Identifier: MIT */
/*
 * libxenforeignmemory on the simulated hypervisor: a domain's frame numbers
 * are those of the shared memory, as a PV guest's are those of the machine.
 */
#include "config.h"

#include "tests/sim/client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xenctrl.h>
#include <xenforeignmemory.h>

/* Nothing is kept; a handle is only ever passed back to us. */
struct xenforeignmemory_handle {
	char nothing;
};

SIM_PUBLIC
xenforeignmemory_handle *xenforeignmemory_open(struct xentoollog_logger *log,
					       unsigned int flags)
{
	(void)log, (void)flags;
	return calloc(1, sizeof(xenforeignmemory_handle));
}

SIM_PUBLIC
int xenforeignmemory_close(xenforeignmemory_handle *h)
{
	free(h);
	return 0;
}

SIM_PUBLIC
int xenforeignmemory_restrict(xenforeignmemory_handle *h, domid_t domid)
{
	(void)h, (void)domid;
	errno = EOPNOTSUPP;
	return -1;
}

/* One page; returns 0 or -errno. */
static int map_page(char *at, const struct sim_item *item, int prot)
{
	if (item->status)
		return item->status;
	return mmap(at, SIM_PAGE, prot, MAP_SHARED | MAP_FIXED, sim_memory(),
		    (off_t)item->frame * SIM_PAGE) == MAP_FAILED ? -errno : 0;
}

static void *map_pages(const struct sim_msg *msg, void *addr, int prot,
		       int flags, int err[])
{
	size_t size = (size_t)msg->count * SIM_PAGE;
	char *start = mmap(addr, size, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	int first = 0;

	if (start == MAP_FAILED)
		return NULL;
	for (uint32_t i = 0; i < msg->count; i++) {
		int r = map_page(start + (size_t)i * SIM_PAGE, &msg->items[i],
				 prot);

		if (err)
			err[i] = r;
		if (r && !first)
			first = r;
	}
	if (first && !err) {
		munmap(start, size);
		errno = -first;
		return NULL;
	}
	return start;
}

SIM_PUBLIC
void *xenforeignmemory_map2(xenforeignmemory_handle *h, uint32_t domid,
			    void *addr, int prot, int flags, size_t pages,
			    const xen_pfn_t arr[], int err[])
{
	struct sim_msg *msg;
	void *start = NULL;

	(void)h;
	if (sim_fails(SIM_CALL_foreign_map))
		return NULL;
	if (pages == 0 || pages > SIM_ITEMS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	msg = calloc(1, SIM_MSG_SIZE(pages));
	if (!msg)
		return NULL;
	msg->op = SIM_FOREIGN_MAP;
	msg->domid = domid;
	msg->count = pages;
	for (size_t i = 0; i < pages; i++)
		msg->items[i].frame = arr[i] < SIM_FRAMES ? arr[i] : UINT32_MAX;
	if (sim_call(msg, -1, NULL) == 0)
		start = map_pages(msg, addr, prot, flags & MAP_FIXED, err);
	free(msg);
	return start;
}

SIM_PUBLIC
void *xenforeignmemory_map(xenforeignmemory_handle *h, uint32_t domid,
			   int prot, size_t pages, const xen_pfn_t arr[],
			   int err[])
{
	return xenforeignmemory_map2(h, domid, NULL, prot, 0, pages, arr, err);
}

SIM_PUBLIC
int xenforeignmemory_unmap(xenforeignmemory_handle *h, void *addr,
			   size_t pages)
{
	(void)h;
	return munmap(addr, pages * SIM_PAGE);
}
