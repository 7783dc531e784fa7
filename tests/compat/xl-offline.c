/* SPDX-License-Identifier: MIT */
/*
 * Lets stock xl read configurations where there is no Xen: preloaded into it,
 * this answers what it asks of the hypervisor and of xenstore before it looks
 * at the configuration. For tests only.
 */
#include <stdlib.h>
#include <string.h>
#include <xenctrl.h>
#include <xenstore.h>

#define HANDLE_SIZE 4096	/* more than either handle has */
#define NUM_CPUS 4

xc_interface *xc_interface_open(xentoollog_logger *logger,
				xentoollog_logger *dombuild, unsigned flags)
{
	(void)logger;
	(void)dombuild;
	(void)flags;
	return calloc(1, HANDLE_SIZE);
}

int xc_interface_close(xc_interface *xch)
{
	free(xch);
	return 0;
}

struct xs_handle *xs_open(unsigned long flags)
{
	(void)flags;
	return calloc(1, HANDLE_SIZE);
}

void xs_close(struct xs_handle *xsh)
{
	free(xsh);
}

int xc_physinfo(xc_interface *xch, xc_physinfo_t *info)
{
	(void)xch;
	memset(info, 0, sizeof(*info));
	info->nr_cpus = NUM_CPUS;
	info->max_cpu_id = NUM_CPUS - 1;
	info->nr_nodes = 1;
	info->total_pages = 1 << 20;
	info->free_pages = 1 << 19;
	info->capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_hvm |
			     XEN_SYSCTL_PHYSCAP_hap;
	return 0;
}

int xc_get_max_cpus(xc_interface *xch)
{
	(void)xch;
	return NUM_CPUS;
}

int xc_get_max_nodes(xc_interface *xch)
{
	(void)xch;
	return 1;
}

long xc_sharing_freed_pages(xc_interface *xch)
{
	(void)xch;
	return 0;
}

long xc_sharing_used_frames(xc_interface *xch)
{
	(void)xch;
	return 0;
}

int xc_version(xc_interface *xch, int cmd, void *arg)
{
	(void)xch;
	switch (cmd) {
	case XENVER_version:
		return 4 << 16 | 17;
	case XENVER_extraversion:
		memset(arg, 0, sizeof(xen_extraversion_t));
		return 0;
	case XENVER_commandline:
		memset(arg, 0, sizeof(xen_commandline_t));
		return 0;
	case XENVER_pagesize:
		return 4096;
	default:
		return 0;
	}
}
