/* SPDX-License-Identifier: MIT */
/* The hypervisor and its machine; see hv-host.h. */
#include "config.h"

#include "tools/xl-lite/hv-host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/xl-lite/hv-internal.h"

/* Xen refuses more than a page's worth of it; 20 bytes are usual. */
#define BUILD_ID_MAX 60

/* -- which Xen ---------------------------------------------------------------- */

static int version_text(struct hv *hv, int what, void *arg)
{
	hv_begin(hv);
	return hv_result(hv, xc_version(hv->xch, what, arg));
}

/* A Xen that was linked without one has none, which is no failure. */
static void read_build_id(struct hv *hv, struct hv_version *v)
{
	union {
		xen_build_id_t id;
		unsigned char space[sizeof(xen_build_id_t) + BUILD_ID_MAX];
	} u = { .id.len = BUILD_ID_MAX };
	int len;

	hv_begin(hv);
	len = xc_version(hv->xch, XENVER_build_id, &u.id);
	for (int i = 0; i < len && i < BUILD_ID_MAX; i++)
		snprintf(v->build_id + 2 * i, 3, "%02x", u.id.buf[i]);
}

static int read_texts(struct hv *hv, struct hv_version *v)
{
	xen_compile_info_t compile = { 0 };
	int err;

	_Static_assert(sizeof(v->extra) >= sizeof(xen_extraversion_t) &&
		       sizeof(v->capabilities) >=
				sizeof(xen_capabilities_info_t) &&
		       sizeof(v->changeset) >= sizeof(xen_changeset_info_t) &&
		       sizeof(v->command_line) >= sizeof(xen_commandline_t),
		       "Xen writes into these");
	err = version_text(hv, XENVER_extraversion, v->extra);
	if (!err)
		err = version_text(hv, XENVER_capabilities, v->capabilities);
	if (!err)
		err = version_text(hv, XENVER_changeset, v->changeset);
	if (!err)
		err = version_text(hv, XENVER_commandline, v->command_line);
	if (!err)
		err = version_text(hv, XENVER_compile_info, &compile);
	if (err)
		return err;
	snprintf(v->compiler, sizeof(v->compiler), "%s", compile.compiler);
	snprintf(v->compile_by, sizeof(v->compile_by), "%s",
		 compile.compile_by);
	snprintf(v->compile_domain, sizeof(v->compile_domain), "%s",
		 compile.compile_domain);
	snprintf(v->compile_date, sizeof(v->compile_date), "%s",
		 compile.compile_date);
	return 0;
}

int hv_version(struct hv *hv, struct hv_version *ret)
{
	struct hv_version v = { 0 };
	xen_platform_parameters_t platform = { 0 };
	int number, page_size, err;

	hv_begin(hv);
	number = xc_version(hv->xch, XENVER_version, NULL);
	err = hv_result(hv, number);
	if (!err) {
		v.major = number >> 16;
		v.minor = number & 0xff;
		err = read_texts(hv, &v);
	}
	if (!err)
		err = version_text(hv, XENVER_platform_parameters, &platform);
	if (err)
		return err;
	v.virt_start = platform.virt_start;
	hv_begin(hv);
	page_size = xc_version(hv->xch, XENVER_pagesize, NULL);
	err = hv_result(hv, page_size);
	if (err)
		return err;
	v.page_size = page_size;
	read_build_id(hv, &v);
	*ret = v;
	return 0;
}

/* -- the machine --------------------------------------------------------------- */

/* A Xen without memory sharing has shared nothing. */
static int sharing_pages(struct hv *hv, long (*ask)(xc_interface *xch),
			 uint64_t *ret)
{
	long n;

	hv_begin(hv);
	n = ask(hv->xch);
	if (n < 0 && errno != ENOSYS)
		return hv_result(hv, -1);
	*ret = n < 0 ? 0 : n;
	return 0;
}

int hv_machine(struct hv *hv, struct hv_machine *ret)
{
	xc_physinfo_t info = { 0 };
	int err;

	hv_begin(hv);
	err = hv_result(hv, xc_physinfo(hv->xch, &info));
	if (err)
		return err;
	*ret = (struct hv_machine) {
		.cpus = info.nr_cpus,
		.max_cpu_id = info.max_cpu_id,
		.nodes = info.nr_nodes,
		.cores_per_socket = info.cores_per_socket,
		.threads_per_core = info.threads_per_core,
		.cpu_khz = info.cpu_khz,
		.capabilities = info.capabilities,
		.total_pages = info.total_pages,
		.free_pages = info.free_pages,
		.outstanding_pages = info.outstanding_pages,
	};
	_Static_assert(sizeof(ret->hw_caps) == sizeof(info.hw_cap),
		       "words of features");
	memcpy(ret->hw_caps, info.hw_cap, sizeof(ret->hw_caps));
	err = sharing_pages(hv, xc_sharing_freed_pages,
			    &ret->sharing_freed_pages);
	return err ? err : sharing_pages(hv, xc_sharing_used_frames,
					 &ret->sharing_used_frames);
}

int hv_free_cpus(struct hv *hv, unsigned int *count)
{
	CLEANUP_FREE uint8_t *map = NULL;
	int bytes;

	hv_begin(hv);
	bytes = xc_get_cpumap_size(hv->xch);
	if (bytes <= 0)
		return hv_result(hv, -1);
	map = xc_cpupool_freeinfo(hv->xch);
	if (!map)
		return hv_result(hv, -1);
	*count = 0;
	for (int i = 0; i < bytes; i++)
		*count += __builtin_popcount(map[i]);
	return 0;
}

static int or_none(uint32_t value, uint32_t none)
{
	return value == none ? -1 : (int)value;
}

int hv_cpus(struct hv *hv, struct hv_cpu **ret, unsigned int *count)
{
	CLEANUP_FREE xc_cputopo_t *info = NULL;
	struct hv_cpu *list;
	unsigned int n = 0;
	int err;

	hv_begin(hv);
	err = hv_result(hv, xc_cputopoinfo(hv->xch, &n, NULL));
	if (err)
		return err;
	info = calloc(n + 1, sizeof(*info));
	if (!info)
		return -ENOMEM;
	err = hv_result(hv, xc_cputopoinfo(hv->xch, &n, info));
	if (err)
		return err;
	list = calloc(n + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (unsigned int i = 0; i < n; i++)
		list[i] = (struct hv_cpu) {
			.core = or_none(info[i].core, XEN_INVALID_CORE_ID),
			.socket = or_none(info[i].socket,
					  XEN_INVALID_SOCKET_ID),
			.node = or_none(info[i].node, XEN_INVALID_NODE_ID),
		};
	*ret = list;
	*count = n;
	return 0;
}

int hv_nodes(struct hv *hv, struct hv_node **ret, uint32_t **distances,
	     unsigned int *count)
{
	CLEANUP_FREE xc_meminfo_t *info = NULL;
	CLEANUP_FREE struct hv_node *nodes = NULL;
	CLEANUP_FREE uint32_t *far = NULL;
	unsigned int n = 0;
	int err;

	hv_begin(hv);
	err = hv_result(hv, xc_numainfo(hv->xch, &n, NULL, NULL));
	if (err)
		return err;
	info = calloc(n + 1, sizeof(*info));
	nodes = calloc(n + 1, sizeof(*nodes));
	far = calloc((size_t)n * n + 1, sizeof(*far));
	if (!info || !nodes || !far)
		return -ENOMEM;
	err = hv_result(hv, xc_numainfo(hv->xch, &n, info, far));
	if (err)
		return err;
	for (unsigned int i = 0; i < n; i++)
		nodes[i] = (struct hv_node) {
			.present = info[i].memsize != XEN_INVALID_MEM_SZ,
			.size = info[i].memsize,
			.free = info[i].memfree,
		};
	*ret = STEAL_PTR(nodes);
	*distances = STEAL_PTR(far);
	*count = n;
	return 0;
}

int hv_pci_nodes(struct hv *hv, struct hv_pci_device *devices, size_t count)
{
	CLEANUP_FREE physdev_pci_device_t *where = NULL;
	CLEANUP_FREE uint32_t *nodes = NULL;
	int err;

	where = calloc(count + 1, sizeof(*where));
	nodes = calloc(count + 1, sizeof(*nodes));
	if (!where || !nodes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		where[i] = (physdev_pci_device_t) {
			.seg = devices[i].segment,
			.bus = devices[i].bus,
			.devfn = devices[i].slot << 3 | devices[i].function,
		};
	hv_begin(hv);
	err = hv_result(hv, xc_pcitopoinfo(hv->xch, count, where, nodes));
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		devices[i].node = nodes[i] == XEN_INVALID_DEV
			? -1 : or_none(nodes[i], XEN_INVALID_NODE_ID);
	return 0;
}

int hv_domain_nodes(struct hv *hv, domid_t domid, struct cpu_set *ret)
{
	int bytes;

	*ret = (struct cpu_set) { 0 };
	hv_begin(hv);
	bytes = xc_get_nodemap_size(hv->xch);
	if (bytes <= 0)
		return hv_result(hv, -1);
	if ((size_t)bytes > sizeof(ret->map))
		return -E2BIG;
	return hv_result(hv, xc_domain_node_getaffinity(hv->xch, domid,
							ret->map));
}

/* -- pools ---------------------------------------------------------------------- */

int hv_cpupool_next(struct hv *hv, unsigned int from, struct hv_cpupool *ret)
{
	xc_cpupoolinfo_t *info;
	int bytes;

	hv_begin(hv);
	bytes = xc_get_cpumap_size(hv->xch);
	if (bytes <= 0)
		return hv_result(hv, -1);
	if ((size_t)bytes > sizeof(ret->cpus.map))
		return -E2BIG;
	info = xc_cpupool_getinfo(hv->xch, from);
	if (!info)
		return hv_result(hv, -1);
	*ret = (struct hv_cpupool) {
		.id = info->cpupool_id,
		.scheduler = info->sched_id,
		.domains = info->n_dom,
	};
	memcpy(ret->cpus.map, info->cpumap, bytes);
	xc_cpupool_infofree(hv->xch, info);
	return 0;
}

/* -- Xen's own console --------------------------------------------------------- */

int hv_console_read(struct hv *hv, char *buf, unsigned int *size, bool clear,
		    uint32_t *index)
{
	hv_begin(hv);
	return hv_result(hv, xc_readconsolering(hv->xch, buf, size, clear, 1,
						index));
}

int hv_debug_keys(struct hv *hv, const char *keys)
{
	hv_begin(hv);
	return hv_result(hv, xc_send_debug_keys(hv->xch, keys));
}
