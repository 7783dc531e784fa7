/* SPDX-License-Identifier: MIT */
/*
 * Building a PVH guest; see build-pvh.h. It has what a PV guest has, but its
 * memory, interrupts and privileged instructions are those of a processor with
 * virtualisation, so it is told of its machine as firmware would do it: by a
 * memory map and ACPI tables.
 */
#include "config.h"

#include "tools/xl-lite/build-pvh.h"

#include "tools/xl-lite/acpi/tables.h"
#include "tools/xl-lite/pvh-memory.h"

/* What libxl reckons with: for each vcpu 1 MiB, and one or two pages a MiB. */
#define POOL_KIB_PER_VCPU 1024
#define POOL_KIB_PER_MIB 4

uint64_t build_pvh_pool_kib(const struct guest_config *config, bool hap)
{
	const uint64_t kib_per_mib = POOL_KIB_PER_MIB * (hap ? 1 : 2);

	if (config->shadow_set)
		return config->shadow_kib;
	return (uint64_t)config->maxvcpus * POOL_KIB_PER_VCPU +
	       config->maxmem_kib / 1024 * kib_per_mib;
}

int build_pvh_prepare(struct hv *hv, const struct guest_config *config,
		      const struct build *build)
{
	int err = build_step(hv, config, "set its timers",
			     hv_domain_timer(hv, build->domid,
						 config->xen.timer_mode));

	if (err)
		return err;
	return build_step(hv, config, "take memory for its paging",
			  hv_domain_paging_pool(hv, build->domid,
						build_pvh_pool_kib(config,
								   build->hap)));
}

static int add_tables(struct hv_image *image, const struct guest_config *config,
		      uint64_t rsdp, size_t *size)
{
	const struct acpi_args args = {
		.vcpus = config->vcpus,
		.max_vcpus = config->maxvcpus,
		.address = PVH_TABLES,
	};
	CLEANUP_ACPI_TABLES struct acpi_tables tables = { .data = NULL };
	int err = acpi_tables_make(&args, &tables);

	if (err)
		return err;
	*size = tables.size;
	return hv_image_acpi(image,
			     &(struct hv_blob){
				.address = rsdp,
				.data = tables.rsdp,
				.size = sizeof(tables.rsdp),
			     },
			     &(struct hv_blob){
				.address = PVH_TABLES,
				.data = tables.data,
				.size = tables.size,
			     });
}

int build_pvh_describe(struct hv *hv, const struct guest_config *config,
		       struct hv_image *image, const struct hv_layout *layout)
{
	const uint64_t rsdp = hv_image_wants_low_rsdp(image) ? PVH_LOW_RSDP
							     : PVH_RSDP;
	struct hv_range map[PVH_MAX_RANGES];
	size_t size = 0, count;
	int err;

	err = build_step(hv, config, "make its ACPI tables",
			 add_tables(image, config, rsdp, &size));
	if (err)
		return err;
	count = pvh_memory_map(layout, rsdp, size, map);
	return build_step(hv, config, "set its memory map",
			  hv_image_memory_map(image, map, count));
}
