/* SPDX-License-Identifier: MIT */
/*
 * The ACPI tables of a PVH guest, read as a guest reads them: from the RSDP
 * on, by addresses, with offsets counted in the specification and not taken
 * from tables.c. For each number of processors there can be.
 */
#include "config.h"

#include "tools/xl-lite/acpi/tables.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS 0xfc001000u

#define HEADER 36
#define MADT_LAPICS 44
#define LAPIC 8

struct guest {
	struct acpi_args args;
	struct acpi_tables tables;
};

static int failed;

static void must(const struct guest *g, bool ok, const char *what)
{
	if (ok)
		return;
	printf("vcpus=%u maxvcpus=%u: %s\n", g->args.vcpus, g->args.max_vcpus,
	       what);
	failed = 1;
}

static uint64_t number(const uint8_t *bytes, size_t size)
{
	uint64_t n = 0;

	while (size--)
		n = n << 8 | bytes[size];
	return n;
}

static bool sums_to_zero(const uint8_t *bytes, size_t size)
{
	uint8_t sum = 0;

	while (size--)
		sum += *bytes++;
	return sum == 0;
}

/* The table at ADDRESS, whole and sealed; else NULL. */
static const uint8_t *table_at(const struct guest *g, uint64_t address,
			       const char *signature)
{
	const uint64_t offset = address - g->args.address;
	const uint8_t *table;
	size_t length;

	must(g, offset + HEADER <= g->tables.size, "a header is inside");
	if (offset + HEADER > g->tables.size)
		return NULL;
	must(g, address % 8 == 0, "a table is aligned");
	table = g->tables.data + offset;
	length = number(table + 4, 4);
	must(g, length >= HEADER && offset + length <= g->tables.size,
	     "a length is right");
	if (length < HEADER || offset + length > g->tables.size)
		return NULL;
	must(g, sums_to_zero(table, length), signature);
	must(g, memcmp(table, signature, 4) == 0, signature);
	return memcmp(table, signature, 4) == 0 ? table : NULL;
}

static void check_dsdt(const struct guest *g, uint64_t address)
{
	const uint8_t *dsdt = table_at(g, address, "DSDT");

	if (!dsdt)
		return;
	/* integers of 64 bits */
	must(g, dsdt[8] >= 2, "the DSDT's revision is 2");
}

static void check_fadt(const struct guest *g, uint64_t address)
{
	const uint8_t *fadt = table_at(g, address, "FACP");

	if (!fadt)
		return;
	must(g, number(fadt + 4, 4) == 276 && fadt[8] == 6 && fadt[131] == 3,
	     "the FADT is one of ACPI 6.3");
	must(g, number(fadt + 112, 4) & 1 << 20, "hardware is reduced");
	must(g, number(fadt + 109, 2) == (1 << 2 | 1 << 5),
	     "there is no VGA, no CMOS clock, no keyboard controller");
	must(g, number(fadt + 40, 4) == number(fadt + 140, 8),
	     "both fields name one DSDT");
	must(g, !number(fadt + 36, 4) && !number(fadt + 132, 8),
	     "there is no FACS");
	for (int i = 148; i < 268; i++)
		must(g, !fadt[i], "there are no registers");
	check_dsdt(g, number(fadt + 140, 8));
}

static void check_lapic(const struct guest *g, const uint8_t *lapic,
			unsigned int vcpu)
{
	must(g, lapic[0] == 0 && lapic[1] == LAPIC, "an entry is a local APIC");
	must(g, lapic[2] == vcpu, "an entry's processor is the vcpu");
	must(g, lapic[3] == vcpu * 2, "its APIC is the one that Xen made");
	/* enabled; or not, but it can be: never both */
	must(g, number(lapic + 4, 4) == (vcpu < g->args.vcpus ? 1 : 2),
	     "those up at the start are enabled");
}

static void check_madt(const struct guest *g, uint64_t address)
{
	const uint8_t *madt = table_at(g, address, "APIC");

	if (!madt)
		return;
	must(g, number(madt + 4, 4) == MADT_LAPICS + LAPIC * g->args.max_vcpus,
	     "the MADT has an entry for each vcpu");
	must(g, number(madt + 36, 4) == 0xfee00000, "the APIC's address");
	must(g, number(madt + 40, 4) == 0, "there is no PIC");
	for (unsigned int i = 0; i < g->args.max_vcpus; i++)
		check_lapic(g, madt + MADT_LAPICS + LAPIC * i, i);
}

static void check_ssdt(const struct guest *g, uint64_t address)
{
	const uint8_t want[] = { 0x08, 'N', 'C', 'P', 'U', 0x0a,
				 g->args.max_vcpus };
	const uint8_t *ssdt = table_at(g, address, "SSDT");

	if (ssdt)
		must(g, number(ssdt + 4, 4) == HEADER + sizeof(want) &&
		     memcmp(ssdt + HEADER, want, sizeof(want)) == 0,
		     "NCPU is all the vcpus");
}

static void check_rsdp(const struct guest *g)
{
	const uint8_t *rsdp = g->tables.rsdp, *xsdt;

	must(g, memcmp(rsdp, "RSD PTR ", 8) == 0, "the RSDP's signature");
	must(g, sums_to_zero(rsdp, 20), "the RSDP's checksum");
	must(g, sums_to_zero(rsdp, 36), "its extended checksum");
	must(g, rsdp[15] == 2 && number(rsdp + 20, 4) == 36,
	     "it is one of ACPI 2.0 or later");
	xsdt = table_at(g, number(rsdp + 24, 8), "XSDT");
	if (!xsdt)
		return;
	must(g, number(xsdt + 4, 4) == HEADER + 3 * 8, "it names 3 tables");
	check_fadt(g, number(xsdt + HEADER, 8));
	check_madt(g, number(xsdt + HEADER + 8, 8));
	check_ssdt(g, number(xsdt + HEADER + 16, 8));
}

static void check(unsigned int vcpus, unsigned int max_vcpus)
{
	struct guest g = {
		.args = {
			.vcpus = vcpus,
			.max_vcpus = max_vcpus,
			.address = ADDRESS,
		},
	};

	if (acpi_tables_make(&g.args, &g.tables)) {
		must(&g, false, "no memory");
		return;
	}
	check_rsdp(&g);
	acpi_tables_free(&g.tables);
}

int main(void)
{
	for (unsigned int max = 1; max <= ACPI_MAX_VCPUS; max++) {
		check(1, max);
		check((max + 1) / 2, max);
		check(max, max);
	}
	return failed;
}
