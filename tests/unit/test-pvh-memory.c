/* SPDX-License-Identifier: MIT */
/*
 * A PVH or HVM guest's memory map, as text: "start-end type", in order, hex. What
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

/* HVM guests, whose first MiB hvmloader tells of */
static const struct {
	uint64_t kib;
	uint32_t hole;
	const char *want;
} hvm_cases[] = {
	{ 24 * MIB, HVM_HOLE, "100000-1800000 ram" },
	{ 3840 * MIB, HVM_HOLE, "100000-f0000000 ram" },
	{ 3841 * MIB, HVM_HOLE,
	  "100000-f0000000 ram 100000000-100100000 ram" },
	{ 3841 * MIB, 0xe0000000,
	  "100000-e0000000 ram 100000000-110100000 ram" },
	/* too little for anything; nobody starts it */
	{ 1 * MIB, HVM_HOLE, "" },
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

static void describe(const struct hv_range *map, size_t count, char *got,
		     size_t size)
{
	size_t used = 0;

	*got = '\0';
	for (size_t i = 0; i < count; i++)
		used += snprintf(got + used, size - used, "%s%llx-%llx %s",
				 i ? " " : "",
				 (unsigned long long)map[i].start,
				 (unsigned long long)(map[i].start +
						      map[i].size),
				 types[map[i].type]);
}

static int expect(uint64_t kib, const char *want, const char *got, int senseless)
{
	if (strcmp(got, want) == 0 && !senseless)
		return 0;
	printf("%llu KiB:\n want: %s\n  got: %s\n", (unsigned long long)kib,
	       want, got);
	return 1;
}

int main(void)
{
	int failed = 0;
	char got[512];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct hv_layout layout = pvh_memory_layout(cases[i].kib);
		struct hv_range map[PVH_MAX_RANGES];
		size_t count = pvh_memory_map(&layout, cases[i].rsdp, 8300, map);

		describe(map, count, got, sizeof(got));
		failed |= expect(cases[i].kib, cases[i].want, got,
				 check_sense(map, count, cases[i].kib,
					     cases[i].rsdp));
	}
	for (size_t i = 0; i < ARRAY_SIZE(hvm_cases); i++) {
		const struct hv_layout layout =
			hvm_memory_layout(hvm_cases[i].kib, hvm_cases[i].hole);
		struct hv_range map[HVM_MAX_RANGES];
		size_t count = hvm_memory_map(&layout, map);

		describe(map, count, got, sizeof(got));
		failed |= expect(hvm_cases[i].kib, hvm_cases[i].want, got, 0);
	}
	return failed;
}
