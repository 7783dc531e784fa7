/* SPDX-License-Identifier: MIT */
/* Virtual processors; see hv-vcpu.h. */
#include "config.h"

#include "tools/xl-lite/hv-vcpu.h"

#include <errno.h>

#include <xen/hvm/params.h>

#include "tools/xl-lite/hv-internal.h"

#define KIB_PER_PAGE (XC_PAGE_SIZE / 1024)

_Static_assert(HV_TRIGGER_NMI == XEN_DOMCTL_SENDTRIGGER_NMI &&
	       HV_TRIGGER_RESET == XEN_DOMCTL_SENDTRIGGER_RESET &&
	       HV_TRIGGER_INIT == XEN_DOMCTL_SENDTRIGGER_INIT &&
	       HV_TRIGGER_POWER == XEN_DOMCTL_SENDTRIGGER_POWER &&
	       HV_TRIGGER_SLEEP == XEN_DOMCTL_SENDTRIGGER_SLEEP,
	       "triggers have Xen's numbers");

/* libxc reads and writes as many bytes of a map as this host's cpus take. */
static int check_map_size(struct hv *hv)
{
	int bytes;

	hv_begin(hv);
	bytes = xc_get_cpumap_size(hv->xch);
	if (bytes <= 0)
		return hv_result(hv, -1);
	return (size_t)bytes > sizeof(((struct cpu_set *)0)->map) ? -E2BIG : 0;
}

int hv_vcpu_info(struct hv *hv, domid_t domid, unsigned int vcpu,
		 struct hv_vcpu *ret)
{
	xc_vcpuinfo_t info = { 0 };
	int err = check_map_size(hv);

	if (!err)
		err = hv_result(hv, xc_vcpu_getinfo(hv->xch, domid, vcpu,
						    &info));
	if (err)
		return err;
	*ret = (struct hv_vcpu) {
		.online = info.online,
		.blocked = info.blocked,
		.running = info.running,
		.cpu = info.cpu,
		.cpu_time_ns = info.cpu_time,
	};
	return hv_result(hv, xc_vcpu_getaffinity(hv->xch, domid, vcpu,
						 ret->hard.map, ret->soft.map,
						 XEN_VCPUAFFINITY_HARD |
						 XEN_VCPUAFFINITY_SOFT));
}

int hv_vcpu_pin(struct hv *hv, domid_t domid, unsigned int vcpu,
		struct cpu_set *hard, struct cpu_set *soft, bool force)
{
	uint32_t flags = (hard ? XEN_VCPUAFFINITY_HARD : 0) |
			 (soft ? XEN_VCPUAFFINITY_SOFT : 0) |
			 (force ? XEN_VCPUAFFINITY_FORCE : 0);
	int err = check_map_size(hv);

	if (err)
		return err;
	return hv_result(hv, xc_vcpu_setaffinity(hv->xch, domid, vcpu,
						 hard ? hard->map : NULL,
						 soft ? soft->map : NULL,
						 flags));
}

int hv_trigger(struct hv *hv, domid_t domid, enum hv_trigger trigger,
	       unsigned int vcpu)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_send_trigger(hv->xch, domid, trigger,
						    vcpu));
}

int hv_domain_has_drivers(struct hv *hv, domid_t domid, bool *ret)
{
	uint64_t callback = 0;
	int err;

	hv_begin(hv);
	err = hv_result(hv, xc_hvm_param_get(hv->xch, domid,
					     HVM_PARAM_CALLBACK_IRQ,
					     &callback));
	*ret = callback;
	return err;
}

int hv_domain_pod_target(struct hv *hv, domid_t domid, uint64_t kib)
{
	hv_begin(hv);
	return hv_result(hv, xc_domain_set_pod_target(hv->xch, domid,
						      kib / KIB_PER_PAGE,
						      NULL, NULL, NULL));
}
