/* SPDX-License-Identifier: MIT */
/*
 * usage: acpi-dump VCPUS MAXVCPUS FOLDER
 * Writes a PVH guest's ACPI tables as files for ACPICA's tools: FOLDER/facp,
 * apic, ssdt, dsdt.
 */
#include "config.h"

#include "tools/xl-lite/acpi/tables.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "lib/num.h"

static int write_table(const uint8_t *table, uint32_t length,
		       const char *folder)
{
	char path[4096], name[5] = "";
	FILE *f;

	for (int i = 0; i < 4; i++)
		name[i] = tolower(table[i]);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	if (!f || fwrite(table, 1, length, f) != length || fclose(f)) {
		perror(path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct acpi_tables tables = { .data = NULL };
	struct acpi_args args = { .address = 0 };
	int failed = 0;

	if (argc != 4 ||
	    num_parse_uint(argv[1], 1, ACPI_MAX_VCPUS, &args.vcpus) ||
	    num_parse_uint(argv[2], args.vcpus, ACPI_MAX_VCPUS,
			   &args.max_vcpus))
		return 2;
	if (acpi_tables_make(&args, &tables))
		return 1;
	/* one behind the other, each at a multiple of 16 */
	for (size_t at = 0; at < tables.size && !failed;) {
		uint32_t length;

		memcpy(&length, tables.data + at + 4, sizeof(length));
		failed = write_table(tables.data + at, length, argv[3]);
		at += (length + 15) / 16 * 16;
	}
	acpi_tables_free(&tables);
	return failed;
}
