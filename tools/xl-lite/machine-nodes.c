/* SPDX-License-Identifier: MIT */
/* What hvmloader finds in xenstore; see machine-nodes.h. */
#include "config.h"

#include "tools/xl-lite/machine-nodes.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a generation id are two numbers to hvmloader. */
static void write_genid(struct nodes *n, const struct hvm_config *hvm,
			const char *dir)
{
	uint64_t halves[2];

	_Static_assert(sizeof(halves) == sizeof(hvm->genid), "two halves");
	if (!hvm->genid_set)
		return;
	memcpy(halves, hvm->genid, sizeof(halves));
	nodes_put(n, dir, "platform/generation-id", "%llu:%llu",
		  (unsigned long long)halves[0],
		  (unsigned long long)halves[1]);
}

/* "bios_vendor=X" is bios-strings/bios-vendor; of oem there are oem-1 to -99. */
static void write_smbios(struct nodes *n, const struct text_list *list,
			 const char *dir)
{
	unsigned int oem = 0;

	for (size_t i = 0; i < list->count; i++) {
		const char *equals = strchr(list->items[i], '=');
		char node[64];

		snprintf(node, sizeof(node), "bios-strings/%.*s",
			 (int)(equals - list->items[i]), list->items[i]);
		for (char *c = node; *c; c++)
			if (*c == '_')
				*c = '-';
		if (strcmp(node, "bios-strings/oem") == 0)
			snprintf(node, sizeof(node), "bios-strings/oem-%u",
				 ++oem);
		nodes_put(n, dir, node, "%s", equals + 1);
	}
}

/* What hvmloader, and the ACPI tables it makes, go by. */
void machine_write(struct nodes *n, const struct hvm_config *hvm,
		   const char *dir)
{
	nodes_put(n, dir, "hvmloader/bios", "%s", hvm_bios_name(hvm->bios));
	/* to make the hole larger: QEMU would not know */
	nodes_put(n, dir, "hvmloader/allow-memory-relocate", "0");
	nodes_put(n, dir, "platform/acpi", "%d", choose(hvm->acpi, true));
	nodes_put(n, dir, "platform/acpi_s3", "%d", choose(hvm->acpi_s3, true));
	nodes_put(n, dir, "platform/acpi_s4", "%d", choose(hvm->acpi_s4, true));
	nodes_put(n, dir, "platform/acpi_laptop_slate", "%d",
		  choose(hvm->acpi_laptop_slate, false));
	if (hvm->mmio_hole_mib)
		nodes_put(n, dir, "platform/mmio_hole_size", "%llu",
			  (unsigned long long)hvm->mmio_hole_mib << 20);
	nodes_put(n, dir, "platform/device-model", "qemu_xen");
	write_genid(n, hvm, dir);
	write_smbios(n, &hvm->smbios, dir);
}

void machine_write_tables(struct nodes *n, const struct build *b,
			  const char *dir)
{
	static const struct {
		enum hv_module module;
		const char *address, *length;
	} tables[] = {
		{ HV_MODULE_SMBIOS, "hvmloader/smbios/address",
		  "hvmloader/smbios/length" },
		{ HV_MODULE_ACPI, "hvmloader/acpi/address",
		  "hvmloader/acpi/length" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		const struct hv_module_place *place =
			&b->modules[tables[i].module];

		if (!place->address)
			continue;
		nodes_put(n, dir, tables[i].address, "0x%llx",
			  (unsigned long long)place->address);
		nodes_put(n, dir, tables[i].length, "0x%x", place->size);
	}
}
