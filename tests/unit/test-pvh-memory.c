/* SPDX-License-Identifier: MIT */
/*
 * A PVH guest's memory map, as text: "start-end type", in order, hex. What
 * must hold of any is checked as well: in order, in whole pages, nothing twice,
 * and as much memory as was asked for.
 */
#include "config.h"

#include "tools/xl-lite/pvh-memory.h"

#include <stdio.h>
#include <string.h>

#define MIB 1024ull
#define GIB (1024 * MIB)

#define HIGH "fc000000-fc004000 acpi feff8000-ff000000 reserved"

static const struct {
	uint64_t kib;
	uint64_t rsdp;
	const char *want;
} cases[] = {
	{ 1 * MIB, PVH_RSDP, "0-100000 ram " HIGH },
	{ 128 * MIB, PVH_RSDP, "0-8000000 ram " HIGH },
	{ 128 * MIB, PVH_LOW_RSDP,
	  "0-ff000 ram ff000-100000 acpi 100000-8000000 ram "
	  "fc001000-fc004000 acpi feff8000-ff000000 reserved" },
	{ 1 * MIB, PVH_LOW_RSDP,
	  "0-ff000 ram ff000-100000 acpi "
	  "fc001000-fc004000 acpi feff8000-ff000000 reserved" },
	/* to the hole, and one MiB more */
	{ 4032 * MIB, PVH_RSDP, "0-fc000000 ram " HIGH },
	{ 4033 * MIB, PVH_RSDP,
	  "0-fc000000 ram " HIGH " 100000000-100100000 ram" },
	{ 64 * GIB, PVH_RSDP,
	  "0-fc000000 ram " HIGH " 100000000-1004000000 ram" },
};

static const char *const types[] = {
	[HV_RANGE_RAM] = "ram",
	[HV_RANGE_RESERVED] = "reserved",
	[HV_RANGE_ACPI] = "acpi",
};

static int check_sense(const struct hv_range *map, size_t count,
		       uint64_t kib, uint64_t rsdp)
{
	/* the low RSDP's page was memory */
	const uint64_t lost = rsdp == PVH_LOW_RSDP ? PVH_PAGE : 0;
	uint64_t end = 0, ram = 0;
	int failed = 0;

	for (size_t i = 0; i < count; i++) {
		if (map[i].start < end || map[i].start % PVH_PAGE ||
		    map[i].size % PVH_PAGE || !map[i].size)
			failed = 1;
		end = map[i].start + map[i].size;
		if (map[i].type == HV_RANGE_RAM)
			ram += map[i].size;
	}
	return failed || ram + lost != kib * 1024;
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct hv_layout layout = pvh_memory_layout(cases[i].kib);
		struct hv_range map[PVH_MAX_RANGES];
		size_t count = pvh_memory_map(&layout, cases[i].rsdp, 8300, map);
		char got[512] = "";
		size_t used = 0;

		for (size_t j = 0; j < count; j++)
			used += snprintf(got + used, sizeof(got) - used,
					 "%s%llx-%llx %s", j ? " " : "",
					 (unsigned long long)map[j].start,
					 (unsigned long long)(map[j].start +
							      map[j].size),
					 types[map[j].type]);
		if (strcmp(got, cases[i].want) ||
		    check_sense(map, count, cases[i].kib, cases[i].rsdp)) {
			printf("%llu KiB:\n want: %s\n  got: %s\n",
			       (unsigned long long)cases[i].kib,
			       cases[i].want, got);
			failed = 1;
		}
	}
	return failed;
}
