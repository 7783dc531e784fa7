/* SPDX-License-Identifier: MIT */
/*
 * Building an HVM guest; see build-hvm.h. Its memory is a PC's. What starts in
 * it is hvmloader, which finds out what machine it is on from the table in the
 * guest's memory, from xenstore, and from Xen, makes the tables that a PC's
 * firmware makes, and starts the BIOS that was loaded beside it. The devices of
 * the machine are a QEMU's: device-model.c.
 */
#include "config.h"

#include "tools/xl-lite/build-hvm.h"

#include <xen/hvm/params.h>

#include "tools/xl-lite/build-pvh.h"
#include "tools/xl-lite/pvh-memory.h"

#define MIB (1u << 20)

struct hv_layout build_hvm_layout(const struct guest_config *config)
{
	const uint32_t hole_mib = config->hvm.mmio_hole_mib;

	/* the graphics card's memory is QEMU's to take, of the same maximum */
	return hvm_memory_layout(config->maxmem_kib - hvm_video_kib(config),
				 hole_mib ? 0u - hole_mib * MIB : HVM_HOLE);
}

static int set_params(struct hv *hv, const struct guest_config *config,
		      domid_t domid)
{
	const struct hvm_config *hvm = &config->hvm;
	const uint64_t viridian = hvm_viridian_param(&hvm->viridian);
	int err = hv_domain_param_set(hv, domid, HVM_PARAM_HPET_ENABLED,
				      choose(hvm->hpet, true));

	if (!err)
		err = hv_domain_param_set(hv, domid, HVM_PARAM_VPT_ALIGN,
					  choose(hvm->vpt_align, true));
	if (!err && viridian)
		err = hv_domain_param_set(hv, domid, HVM_PARAM_VIRIDIAN,
					  viridian);
	return err;
}

int build_hvm_prepare(struct hv *hv, const struct guest_config *config,
		      const struct build *build)
{
	int err = build_step(hv, config, "set its chips",
			     set_params(hv, config, build->domid));

	/* timers and paging are as those of a PVH guest */
	return err ? err : build_pvh_prepare(hv, config, build);
}

int build_hvm_describe(struct hv *hv, const struct guest_config *config,
		       struct hv_image *image, const struct hv_layout *layout)
{
	struct hv_range map[HVM_MAX_RANGES];
	size_t count = hvm_memory_map(layout, map);

	return build_step(hv, config, "set its memory map",
			  hv_image_memory_map(image, map, count));
}

int build_hvm_finish(struct hv *hv, const struct guest_config *config,
		     struct hv_image *image)
{
	return build_step(hv, config, "tell hvmloader of its processors",
			  hv_image_hvm_info(image,
					    choose(config->hvm.apic, true),
					    config->vcpus, config->maxvcpus));
}
