/* SPDX-License-Identifier: MIT */
/*
 * The ACPI tables of a PVH guest, made here because no library of Xen's makes
 * them: an RSDP, and in one piece XSDT, FADT, MADT, SSDT and DSDT. They say
 * that there is no fixed hardware at all, and which processors there are.
 * Pure: bytes in, bytes out.
 */
#ifndef XL_LITE_ACPI_TABLES_H
#define XL_LITE_ACPI_TABLES_H

#include "lib/cleanup.h"

#include <stddef.h>
#include <stdint.h>

/* As many as the DSDT lists, and Xen's HVM_MAX_VCPUS. */
#define ACPI_MAX_VCPUS 128

#define ACPI_RSDP_SIZE 36

struct acpi_args {
	unsigned int vcpus;		/* up at the start */
	unsigned int max_vcpus;		/* in all; 1 to ACPI_MAX_VCPUS */
	uint64_t address;		/* where the guest has the tables */
};

struct acpi_tables {
	uint8_t rsdp[ACPI_RSDP_SIZE];	/* wherever it is put */
	uint8_t *data;			/* at the address given */
	size_t size;
};

/* 0 or -ENOMEM. Zero *RET first; acpi_tables_free() lets go. */
int acpi_tables_make(const struct acpi_args *args, struct acpi_tables *ret);
void acpi_tables_free(struct acpi_tables *tables);

#define CLEANUP_ACPI_TABLES CLEANUP(acpi_tables_free)

#endif
