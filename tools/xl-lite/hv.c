/* SPDX-License-Identifier: MIT */
/*
 * libxenctrl behind typed calls; see hv.h. The loading of kernels is in
 * hv-image.c.
 *
 * libxc reports through a logger. Ours keeps the first error of a call: later
 * ones only say which caller of the failed function failed in turn.
 */
#include "config.h"

#include "tools/xl-lite/hv-internal.h"

#include "lib/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xen/hvm/params.h>

#include "tools/xl-lite/remedy.h"

/* Domains asked for in one hypercall. */
#define LIST_BATCH 256

/* What libxl gives every guest: ports up to this one. */
#define MAX_EVTCHN_PORT 1023

/* Of XSM's numbers that are there before any policy: a guest's, domU_t. */
#define LABEL_GUEST 12

#define KIB_PER_PAGE (XC_PAGE_SIZE / 1024)

/* Some of its messages have a newline, in the end or in the middle. */
static void make_one_line(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from != '\n') {
			*to++ = *from;
			continue;
		}
		while (to > text && to[-1] == ' ')
			to--;
	}
	*to = '\0';
}

__attribute__((format(printf, 5, 0)))
static void logger_message(xentoollog_logger *logger, xentoollog_level level,
			   int errnoval, const char *context,
			   const char *format, va_list al)
{
	struct hv_logger *l = (struct hv_logger *)logger;
	char text[HV_WHY_MAX];

	if (level < XTL_ERROR && !log_enabled(LOG_DEBUG_LEVEL))
		return;
	vsnprintf(text, sizeof(text), format, al);
	make_one_line(text);
	if (level >= XTL_ERROR && !l->why[0])
		memcpy(l->why, text, sizeof(text));
	log_debug("libxc: %s%s%s%s%s", context ? context : "",
		  context ? ": " : "", text, errnoval > 0 ? ": " : "",
		  errnoval > 0 ? strerror(errnoval) : "");
}

static void logger_destroy(xentoollog_logger *logger)
{
	(void)logger;	/* lives in struct hv */
}

/* -1 with errno is libxc's way; some of its calls forget errno. */
int hv_result(struct hv *hv, int ret)
{
	(void)hv;
	if (ret >= 0)
		return 0;
	return errno ? -errno : -EIO;
}

void hv_begin(struct hv *hv)
{
	hv->logger.why[0] = '\0';
	errno = 0;
}

const char *hv_why(const struct hv *hv, int err)
{
	return hv->logger.why[0] ? hv->logger.why : strerror(-err);
}

const char *hv_remedy(int err)
{
	switch (-err) {
	case ENOMEM:
		return "lower memory=, or end a guest";
	case EPERM:
	case EACCES:
		return "does Xen's security policy (xsm) allow it? 'xl dmesg' may say";
	case ENOSYS:
	case EOPNOTSUPP:
		return "do this Xen and its libraries belong together?";
	}
	return "'xl dmesg' may say more";
}

/* Xen's own list of what this domain may do. */
static bool is_control_domain(void)
{
	CLEANUP_FCLOSE FILE *f = fopen("/proc/xen/capabilities", "re");
	char line[64];

	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "control_d"))
			return true;
	return false;
}

/* Why the hypervisor cannot be reached, in words a person can act on. */
static int no_hypervisor(int err)
{
	if (geteuid() != 0)
		return log_fail(-EPERM, "Xen: may only be managed by root: use sudo");
	if (access("/sys/hypervisor/type", F_OK) != 0)
		return log_fail(-ENOENT, "Xen: this machine does not run under Xen: boot the 'Xen hypervisor' entry of its boot menu");
	if (access("/proc/xen/capabilities", F_OK) == 0 && !is_control_domain())
		return log_fail(-ENOENT, "Xen: this is a guest, not the control domain: run xl-lite in dom0");
	return log_fail(err, "Xen: /dev/xen/privcmd: %s: is the kernel module xen-privcmd loaded?",
			strerror(-err));
}

int hv_open(struct hv **ret)
{
	struct hv *hv = calloc(1, sizeof(*hv));

	if (!hv)
		return log_fail(-ENOMEM, "Xen: open: %s: %s", strerror(ENOMEM),
				remedy_kernel(-ENOMEM));
	hv->logger.vtable.vmessage = logger_message;
	hv->logger.vtable.destroy = logger_destroy;
	hv_begin(hv);
	hv->xch = xc_interface_open(&hv->logger.vtable, &hv->logger.vtable, 0);
	if (!hv->xch) {
		int err = no_hypervisor(hv_result(hv, -1));

		free(hv);
		return err;
	}
	*ret = hv;
	return 0;
}

void hv_close(struct hv *hv)
{
	if (!hv)
		return;
	xc_interface_close(hv->xch);
	free(hv);
}

int hv_host_info(struct hv *hv, struct hv_host *ret)
{
	xc_physinfo_t info = { 0 };
	uint64_t free_pages;
	int err;

	hv_begin(hv);
	err = hv_result(hv, xc_physinfo(hv->xch, &info));
	if (err)
		return err;
	free_pages = info.free_pages + info.scrub_pages;
	free_pages -= info.outstanding_pages < free_pages
			? info.outstanding_pages : free_pages;
	*ret = (struct hv_host) {
		.total_kib = info.total_pages * KIB_PER_PAGE,
		.free_kib = free_pages * KIB_PER_PAGE,
		.gnttab_v2 = info.capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2,
		.pv = info.capabilities & XEN_SYSCTL_PHYSCAP_pv,
		.hvm = info.capabilities & XEN_SYSCTL_PHYSCAP_hvm,
		.hap = info.capabilities & XEN_SYSCTL_PHYSCAP_hap,
		.shadow = info.capabilities & XEN_SYSCTL_PHYSCAP_shadow,
		.iommu = info.capabilities & XEN_SYSCTL_PHYSCAP_directio,
		.iommu_shares = info.capabilities &
				XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share,
	};
	return 0;
}

static void domain_from_xc(struct hv_domain *d, const xc_domaininfo_t *info)
{
	*d = (struct hv_domain) {
		.domid = info->domain,
		.hvm = info->flags & XEN_DOMINF_hvm_guest,
		.running = info->flags & XEN_DOMINF_running,
		.blocked = info->flags & XEN_DOMINF_blocked,
		.paused = info->flags & XEN_DOMINF_paused,
		.shutdown = info->flags & XEN_DOMINF_shutdown,
		.dying = info->flags & XEN_DOMINF_dying,
		.serves_store = info->flags & XEN_DOMINF_xs_domain,
		.shutdown_reason = info->flags >> XEN_DOMINF_shutdownshift
				   & XEN_DOMINF_shutdownmask,
		.current_kib = info->tot_pages * KIB_PER_PAGE,
		.outstanding_kib = info->outstanding_pages * KIB_PER_PAGE,
		.shared_kib = info->shr_pages * KIB_PER_PAGE,
		.max_kib = info->max_pages * KIB_PER_PAGE,
		.cpu_time_ns = info->cpu_time,
		.vcpus_online = info->nr_online_vcpus,
		.vcpus = info->max_vcpu_id == XEN_INVALID_MAX_VCPU_ID
			? 0 : info->max_vcpu_id + 1,
		.cpupool = info->cpupool,
	};
	memcpy(d->uuid, info->handle, sizeof(d->uuid));
}

int hv_domain_info(struct hv *hv, domid_t domid, struct hv_domain *ret)
{
	xc_domaininfo_t info = { 0 };
	int count, err;

	hv_begin(hv);
	count = xc_domain_getinfolist(hv->xch, domid, 1, &info);
	err = hv_result(hv, count);
	if (err)
		return err;
	/* Xen answers with the next domain when there is none of this number */
	if (count != 1 || info.domain != domid)
		return -ESRCH;
	domain_from_xc(ret, &info);
	return 0;
}

int hv_domain_list(struct hv *hv, struct hv_domain **ret, size_t *count)
{
	CLEANUP_FREE xc_domaininfo_t *batch = calloc(LIST_BATCH, sizeof(*batch));
	CLEANUP_FREE struct hv_domain *list = NULL;
	unsigned int first = 0;
	size_t total = 0;
	int n;

	if (!batch)
		return -ENOMEM;
	do {
		struct hv_domain *larger;

		hv_begin(hv);
		n = xc_domain_getinfolist(hv->xch, first, LIST_BATCH, batch);
		if (n < 0)
			return hv_result(hv, n);
		larger = realloc(list, (total + n + 1) * sizeof(*list));
		if (!larger)
			return -ENOMEM;
		list = larger;
		for (int i = 0; i < n; i++)
			domain_from_xc(&list[total++], &batch[i]);
		if (n)
			first = batch[n - 1].domain + 1;
	} while (n == LIST_BATCH);
	*ret = STEAL_PTR(list);
	*count = total;
	return 0;
}

int hv_domain_create(struct hv *hv, const struct hv_create *args,
		     domid_t *domid)
{
	struct xen_domctl_createdomain config = {
		.ssidref = args->label ? args->label : LABEL_GUEST,
		.max_vcpus = args->max_vcpus,
		.max_evtchn_port = args->event_channels ?
				   args->event_channels : MAX_EVTCHN_PORT,
		.max_grant_frames = args->grant_frames,
		.max_maptrack_frames = args->maptrack_frames,
		.grant_opts = XEN_DOMCTL_GRANT_version(args->grant_version),
		.cpupool_id = args->cpupool,
	};
	uint32_t id = 0;	/* Xen chooses */
	int err;

	_Static_assert(sizeof(config.handle) == 16, "a handle is a UUID");
	memcpy(config.handle, args->uuid, sizeof(config.handle));
	if (args->pvh || args->hvm) {
		config.flags = XEN_DOMCTL_CDF_hvm;
		if (args->hap)
			config.flags |= XEN_DOMCTL_CDF_hap;
		config.arch.emulation_flags = args->hvm ?
			XEN_X86_EMU_ALL & ~XEN_X86_EMU_VPCI :
			XEN_X86_EMU_LAPIC;
	}
	if (args->nested)
		config.flags |= XEN_DOMCTL_CDF_nested_virt;
	if (args->no_oos)
		config.flags |= XEN_DOMCTL_CDF_oos_off;
	if (args->iommu)
		config.flags |= XEN_DOMCTL_CDF_iommu;
	if (args->iommu && !args->iommu_shares)
		config.iommu_opts |= XEN_DOMCTL_IOMMU_no_sharept;
	hv_begin(hv);
	err = hv_result(hv, xc_domain_create(hv->xch, &id, &config));
	if (!err)
		*domid = id;
	return err;
}

int hv_domain_max_vcpus(struct hv *hv, domid_t domid, unsigned int count)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_max_vcpus(hv->xch, domid, count));
}

int hv_domain_max_memory(struct hv *hv, domid_t domid, uint64_t kib)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_setmaxmem(hv->xch, domid, kib));
}

int hv_domain_memmap_limit(struct hv *hv, domid_t domid, uint64_t kib)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_set_memmap_limit(hv->xch, domid, kib));
}

int hv_domain_tsc(struct hv *hv, domid_t domid, unsigned int mode)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_set_tsc_info(hv->xch, domid, mode, 0, 0,
						    0));
}

int hv_domain_time_offset(struct hv *hv, domid_t domid, int32_t seconds)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_set_time_offset(hv->xch, domid,
						       seconds));
}

int hv_domain_paging_pool(struct hv *hv, domid_t domid, uint64_t kib)
{
	hv_begin(hv);
	return hv_result(hv, xc_set_paging_mempool_size(hv->xch, domid,
							kib * 1024));
}

int hv_domain_timer(struct hv *hv, domid_t domid, int mode)
{
	return hv_domain_param_set(hv, domid, HVM_PARAM_TIMER_MODE,
				   mode < 0 ? HVMPTM_no_delay_for_missed_ticks
					    : mode);
}

int hv_domain_param_set(struct hv *hv, domid_t domid, unsigned int param,
			uint64_t value)
{
	hv_begin(hv);
	return hv_result(hv, xc_hvm_param_set(hv->xch, domid, param, value));
}

int hv_domain_param_get(struct hv *hv, domid_t domid, unsigned int param,
			uint64_t *value)
{
	hv_begin(hv);
	return hv_result(hv, xc_hvm_param_get(hv->xch, domid, param, value));
}

int hv_evtchn_alloc(struct hv *hv, domid_t domid, domid_t other,
		    evtchn_port_t *port)
{
	int ret, err;

	hv_begin(hv);
	ret = xc_evtchn_alloc_unbound(hv->xch, domid, other);
	err = hv_result(hv, ret);
	if (!err)
		*port = ret;
	return err;
}

int hv_domain_soft_reset(struct hv *hv, domid_t domid)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_soft_reset(hv->xch, domid));
}

int hv_domain_pause(struct hv *hv, domid_t domid)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_pause(hv->xch, domid));
}

int hv_domain_unpause(struct hv *hv, domid_t domid)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_unpause(hv->xch, domid));
}

int hv_domain_set_uuid(struct hv *hv, domid_t domid, const uint8_t uuid[16])
{
	xen_domain_handle_t handle = { 0 };

	memcpy(handle, uuid, sizeof(handle));
	hv_begin(hv);
	return hv_result(hv, xc_domain_sethandle(hv->xch, domid, handle));
}

int hv_domain_dump_core(struct hv *hv, domid_t domid, const char *path)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_dumpcore(hv->xch, domid, path));
}

int hv_domain_destroy(struct hv *hv, domid_t domid)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_destroy(hv->xch, domid));
}
