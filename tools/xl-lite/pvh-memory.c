/* SPDX-License-Identifier: MIT */
/* A PVH or HVM guest's address space; see pvh-memory.h. */
#include "config.h"

#include "tools/xl-lite/pvh-memory.h"

#include <assert.h>

#define GIB_4 (1ull << 32)
#define MIB_1 (1u << 20)

static struct hv_layout layout_around(uint64_t kib, uint64_t hole)
{
	const uint64_t size = kib * 1024;
	struct hv_layout layout = { .low_end = size, .hole = hole };

	if (size > hole) {
		layout.low_end = hole;
		layout.high_end = GIB_4 + size - hole;
	}
	return layout;
}

struct hv_layout pvh_memory_layout(uint64_t kib)
{
	return layout_around(kib, PVH_HOLE);
}

struct hv_layout hvm_memory_layout(uint64_t kib, uint32_t hole)
{
	return layout_around(kib, hole);
}

struct map {
	struct hv_range *ranges;
	size_t count, room;
};

static void add(struct map *m, uint64_t start, uint64_t end,
		enum hv_range_type type)
{
	if (start >= end)
		return;
	assert(m->count < m->room);
	m->ranges[m->count++] = (struct hv_range) {
		.start = start, .size = end - start, .type = type,
	};
}

static uint64_t page_of(uint64_t address)
{
	return address / PVH_PAGE * PVH_PAGE;
}

size_t pvh_memory_map(const struct hv_layout *layout, uint64_t rsdp,
		      size_t size, struct hv_range map[PVH_MAX_RANGES])
{
	const uint64_t tables_end = page_of(PVH_TABLES + size + PVH_PAGE - 1);
	struct map m = { .ranges = map, .room = PVH_MAX_RANGES };

	if (rsdp == PVH_RSDP) {
		add(&m, 0, layout->low_end, HV_RANGE_RAM);
		add(&m, PVH_RSDP, tables_end, HV_RANGE_ACPI);
	} else {
		const uint64_t page = page_of(rsdp);

		add(&m, 0, page, HV_RANGE_RAM);
		add(&m, page, page + PVH_PAGE, HV_RANGE_ACPI);
		add(&m, page + PVH_PAGE, layout->low_end, HV_RANGE_RAM);
		add(&m, PVH_TABLES, tables_end, HV_RANGE_ACPI);
	}
	add(&m, HV_SPECIAL_START, HV_SPECIAL_START + HV_SPECIAL_SIZE,
	    HV_RANGE_RESERVED);
	add(&m, GIB_4, layout->high_end, HV_RANGE_RAM);
	return m.count;
}

size_t hvm_memory_map(const struct hv_layout *layout,
		      struct hv_range map[HVM_MAX_RANGES])
{
	struct map m = { .ranges = map, .room = HVM_MAX_RANGES };

	/* what is below, hvmloader knows better */
	add(&m, MIB_1, layout->low_end, HV_RANGE_RAM);
	add(&m, GIB_4, layout->high_end, HV_RANGE_RAM);
	return m.count;
}
