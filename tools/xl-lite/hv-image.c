/* SPDX-License-Identifier: MIT */
/*
 * Loading a kernel into a new domain through libxenguest; see hv.h.
 *
 * libxenguest reads and unpacks the files, lays the guest's memory out and
 * builds what the kernel starts from: a PV kernel's first page tables, a PVH
 * kernel's start info. For an HVM guest the kernel is hvmloader, which sets up
 * the emulated machine and starts the BIOS that is loaded with it. libxenguest
 * maps guest memory while it works; all of that is let go in hv_image_close().
 */
#include "config.h"

#define XC_WANT_COMPAT_MAP_FOREIGN_API	/* xc_map_foreign_range() */

#include "tools/xl-lite/hv-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <xenguest.h>
#include <xen/hvm/hvm_info_table.h>

/* 0xa0000, where a graphics card's memory is and the guest has none: pages. */
#define VGA_HOLE_PAGES 0x20

_Static_assert(HV_SPECIAL_START == (X86_HVM_END_SPECIAL_REGION -
				    X86_HVM_NR_SPECIAL_PAGES) * XC_PAGE_SIZE &&
	       HV_SPECIAL_SIZE == X86_HVM_NR_SPECIAL_PAGES * XC_PAGE_SIZE,
	       "hv.h says where libxenguest puts its pages");
_Static_assert(HV_RANGE_RAM == E820_RAM &&
	       HV_RANGE_RESERVED == E820_RESERVED &&
	       HV_RANGE_ACPI == E820_ACPI, "hv.h numbers ranges as e820 does");

#define GIB_4 (1ull << 32)

/* It ends at 4 GiB, below which the guest has other things, too. */
#define FIRMWARE_MAX (64 << 20)

struct hv_image {
	struct hv *hv;
	struct xc_dom_image *dom;
	unsigned int memory_mib;
};

/* Of these calls some say 1 when they have failed: that they could not pin. */
static int dom_result(struct hv *hv, int ret)
{
	return hv_result(hv, ret ? -1 : 0);
}

static void lay_out(struct xc_dom_image *dom, const struct hv_layout *layout,
		    uint64_t memory_kib)
{
	dom->lowmem_end = layout->low_end;
	dom->highmem_end = layout->high_end;
	dom->mmio_start = layout->hole;
	dom->mmio_size = GIB_4 - layout->hole;
	dom->target_pages = memory_kib / (XC_PAGE_SIZE / 1024);
}

static uint64_t layout_kib(const struct hv_layout *layout)
{
	uint64_t size = layout->low_end;

	if (layout->high_end)
		size += layout->high_end - GIB_4;
	return size / 1024;
}

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
	if (args->layout) {
		dom->container_type = XC_DOM_HVM_CONTAINER;
		lay_out(dom, args->layout, args->memory_kib);
		image->memory_mib = layout_kib(args->layout) / 1024;
		dom->device_model = args->device_model;
		dom->vga_hole_size = args->device_model ? VGA_HOLE_PAGES : 0;
	} else {
		dom->container_type = XC_DOM_PV_CONTAINER;
	}
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
	return dom_result(image->hv, xc_dom_kernel_file(image->dom, path));
}

int hv_image_file(struct hv_image *image, const char *path,
		  const char *cmdline)
{
	hv_begin(image->hv);
	return dom_result(image->hv, xc_dom_module_file(image->dom, path,
							cmdline));
}

static int read_whole(int fd, void *to, size_t size)
{
	char *end = (char *)to + size;

	for (char *at = to; at < end;) {
		ssize_t n = read(fd, at, end - at);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EIO;	/* it was cut off under our hands */
		at += n > 0 ? n : 0;
	}
	return 0;
}

static struct xc_hvm_firmware_module *module_of(const struct hv_image *image,
						enum hv_module module)
{
	switch (module) {
	case HV_MODULE_SMBIOS:
		return &image->dom->smbios_module;
	case HV_MODULE_ACPI:
		return &image->dom->acpi_modules[0];
	case HV_MODULE_BIOS:
	case HV_MODULES:
		break;
	}
	return &image->dom->system_firmware_module;
}

struct hv_module_place hv_image_module_place(const struct hv_image *image,
					     enum hv_module module)
{
	const struct xc_hvm_firmware_module *m = module_of(image, module);

	return (struct hv_module_place) {
		.address = m->guest_addr_out,
		.size = m->length,
	};
}

int hv_image_module(struct hv_image *image, enum hv_module module,
		    const char *path)
{
	struct xc_hvm_firmware_module *m = module_of(image, module);
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	int err;

	hv_begin(image->hv);
	if (fd == -1 || fstat(fd, &st))
		return -errno;
	if (st.st_size == 0)
		return -ENODATA;
	if (st.st_size > FIRMWARE_MAX)
		return -EFBIG;
	m->data = xc_dom_malloc(image->dom, st.st_size);
	if (!m->data)
		return -ENOMEM;
	err = read_whole(fd, m->data, st.st_size);
	if (!err)
		m->length = st.st_size;
	return err;
}

int hv_image_parse(struct hv_image *image)
{
	hv_begin(image->hv);
	return dom_result(image->hv, xc_dom_parse_image(image->dom));
}

/*
 * Before 5.0 and PVH, Linux did not look where the start info says. Kernels
 * that do so have a flag for it in their notes.
 */
bool hv_image_wants_low_rsdp(struct hv_image *image)
{
	const char *os = xc_dom_guest_os(image->dom);

	return os && strcmp(os, "linux") == 0;
}

int hv_image_memory(struct hv_image *image)
{
	int err;

	hv_begin(image->hv);
	err = dom_result(image->hv,
			xc_dom_mem_init(image->dom, image->memory_mib));
	if (err)
		return err;
	return dom_result(image->hv, xc_dom_boot_mem_init(image->dom));
}

/* Its copy lives as long as libxenguest wants to look at it. */
static int add_module(struct hv_image *image, unsigned int number,
		      const struct hv_blob *blob)
{
	struct xc_hvm_firmware_module *m = &image->dom->acpi_modules[number];

	m->data = xc_dom_malloc(image->dom, blob->size);
	if (!m->data)
		return -ENOMEM;
	memcpy(m->data, blob->data, blob->size);
	m->length = blob->size;
	m->guest_addr_out = blob->address;
	return 0;
}

int hv_image_acpi(struct hv_image *image, const struct hv_blob *rsdp,
		  const struct hv_blob *tables)
{
	int err;

	hv_begin(image->hv);
	/* libxenguest takes the first for the RSDP */
	err = add_module(image, 0, rsdp);
	return err ? err : add_module(image, 1, tables);
}

int hv_image_memory_map(struct hv_image *image, const struct hv_range *ranges,
			size_t count)
{
	struct xc_dom_image *dom = image->dom;

	hv_begin(image->hv);
	dom->e820 = xc_dom_malloc(dom, count * sizeof(*dom->e820));
	if (!dom->e820)
		return -ENOMEM;
	dom->e820_entries = count;
	for (size_t i = 0; i < count; i++)
		dom->e820[i] = (struct e820entry) {
			.addr = ranges[i].start,
			.size = ranges[i].size,
			.type = ranges[i].type,
		};
	/* Xen keeps a copy, for the guest to ask for */
	return hv_result(image->hv,
			 xc_domain_set_memory_map(dom->xch, dom->guest_domid,
						  dom->e820, count));
}

int hv_image_place(struct hv_image *image)
{
	hv_begin(image->hv);
	return dom_result(image->hv, xc_dom_build_image(image->dom));
}

int hv_image_boot(struct hv_image *image)
{
	hv_begin(image->hv);
	return dom_result(image->hv, xc_dom_boot_image(image->dom));
}

int hv_image_grants(struct hv_image *image)
{
	hv_begin(image->hv);
	return dom_result(image->hv, xc_dom_gnttab_init(image->dom));
}

static int clear_page(struct hv *hv, domid_t domid, uint64_t frame)
{
	void *page = xc_map_foreign_range(hv->xch, domid, XC_PAGE_SIZE,
					  PROT_READ | PROT_WRITE, frame);

	if (!page)
		return hv_result(hv, -1);
	memset(page, 0, XC_PAGE_SIZE);
	munmap(page, XC_PAGE_SIZE);
	return 0;
}

int hv_domain_rings(struct hv *hv, domid_t domid, const struct hv_rings *rings)
{
	int err;

	hv_begin(hv);
	err = clear_page(hv, domid, rings->store_frame);
	if (!err)
		err = clear_page(hv, domid, rings->console_frame);
	if (err)
		return err;
	return hv_result(hv, xc_dom_gnttab_seed(hv->xch, domid, true,
						rings->console_frame,
						rings->store_frame,
						rings->console_domid,
						rings->store_domid));
}

/* The table's bytes add up to nothing: see the header of Xen's. */
static void fix_checksum(struct hvm_info_table *info)
{
	const uint8_t *bytes = (const uint8_t *)info;
	uint8_t sum = 0;

	for (uint32_t i = 0; i < info->length; i++)
		sum += bytes[i];
	info->checksum -= sum;
}

int hv_image_hvm_info(struct hv_image *image, bool apic, unsigned int online,
		      unsigned int max_vcpus)
{
	struct xc_dom_image *dom = image->dom;
	struct hvm_info_table *info;
	uint8_t *page;

	hv_begin(image->hv);
	page = xc_map_foreign_range(dom->xch, dom->guest_domid, XC_PAGE_SIZE,
				    PROT_READ | PROT_WRITE, HVM_INFO_PFN);
	if (!page)
		return hv_result(image->hv, -1);
	info = (struct hvm_info_table *)(page + HVM_INFO_OFFSET);
	info->apic_mode = apic;
	info->nr_vcpus = max_vcpus;
	memset(info->vcpu_online, 0, sizeof(info->vcpu_online));
	for (unsigned int i = 0; i < online && i < HVM_MAX_VCPUS; i++)
		info->vcpu_online[i / 8] |= 1 << i % 8;
	fix_checksum(info);
	munmap(page, XC_PAGE_SIZE);
	return 0;
}

void hv_image_frames(const struct hv_image *image, struct hv_image_frames *ret)
{
	/* a PVH guest's own numbers stay as they are */
	ret->store = xc_dom_p2m(image->dom, image->dom->xenstore_pfn);
	ret->console = xc_dom_p2m(image->dom, image->dom->console_pfn);
}
