/* SPDX-License-Identifier: MIT */
/*
 * Loading a PV kernel into a new domain through libxenguest; see hv.h.
 *
 * libxenguest reads and unpacks the files, lays the guest's memory out and
 * builds its first page tables. It maps guest memory while it works; all of
 * that is let go in hv_image_close().
 */
#include "config.h"

#include "tools/xl-lite/hv-internal.h"

#include <errno.h>
#include <stdlib.h>

#include <xenguest.h>

struct hv_image {
	struct hv *hv;
	struct xc_dom_image *dom;
	unsigned int memory_mib;
};

int hv_image_open(struct hv *hv, const struct hv_image_args *args,
		  struct hv_image **ret)
{
	CLEANUP_HV_IMAGE struct hv_image *image = calloc(1, sizeof(*image));
	struct xc_dom_image *dom;

	if (!image)
		return -ENOMEM;
	hv_begin(hv);
	dom = xc_dom_allocate(hv->xch, args->cmdline, NULL);
	if (!dom)
		return hv_result(hv, -1);
	image->hv = hv;
	image->dom = dom;
	image->memory_mib = args->memory_kib / 1024;
	dom->container_type = XC_DOM_PV_CONTAINER;
	dom->xenstore_evtchn = args->store_port;
	dom->xenstore_domid = args->store_domid;
	dom->console_evtchn = args->console_port;
	dom->console_domid = args->console_domid;
	dom->max_vcpus = args->max_vcpus;
	/* promise the whole amount first: fail at once, not half way through */
	dom->claim_enabled = 1;
	if (xc_dom_boot_xen_init(dom, hv->xch, args->domid))
		return hv_result(hv, -1);
	*ret = STEAL_PTR(image);
	return 0;
}

void hv_image_close(struct hv_image *image)
{
	if (!image)
		return;
	if (image->dom)
		xc_dom_release(image->dom);
	free(image);
}

int hv_image_kernel(struct hv_image *image, const char *path)
{
	hv_begin(image->hv);
	return hv_result(image->hv, xc_dom_kernel_file(image->dom, path));
}

int hv_image_ramdisk(struct hv_image *image, const char *path)
{
	hv_begin(image->hv);
	return hv_result(image->hv, xc_dom_module_file(image->dom, path, NULL));
}

int hv_image_parse(struct hv_image *image)
{
	hv_begin(image->hv);
	return hv_result(image->hv, xc_dom_parse_image(image->dom));
}

int hv_image_memory(struct hv_image *image)
{
	int err;

	hv_begin(image->hv);
	err = hv_result(image->hv,
			xc_dom_mem_init(image->dom, image->memory_mib));
	if (err)
		return err;
	return hv_result(image->hv, xc_dom_boot_mem_init(image->dom));
}

int hv_image_place(struct hv_image *image)
{
	hv_begin(image->hv);
	return hv_result(image->hv, xc_dom_build_image(image->dom));
}

int hv_image_boot(struct hv_image *image)
{
	hv_begin(image->hv);
	return hv_result(image->hv, xc_dom_boot_image(image->dom));
}

int hv_image_grants(struct hv_image *image)
{
	hv_begin(image->hv);
	return hv_result(image->hv, xc_dom_gnttab_init(image->dom));
}

void hv_image_frames(const struct hv_image *image, struct hv_image_frames *ret)
{
	ret->store = xc_dom_p2m(image->dom, image->dom->xenstore_pfn);
	ret->console = xc_dom_p2m(image->dom, image->dom->console_pfn);
}
