/* SPDX-License-Identifier: MIT */
/*
 * The ACPI tables of a PVH guest; see tables.h. Layouts are those of ACPI 6.3,
 * chapter 5; all fields are little-endian, as this machine is.
 *
 * Only the DSDT needs a compiler, and it is the same for all guests. What it
 * has to know of this one is in an SSDT of one statement, whose bytes are
 * written here.
 */
#include "config.h"

#include "tools/xl-lite/acpi/tables.h"

#include "tools/xl-lite/acpi/dsdt.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PACKED __attribute__((packed))

#define TABLE_ALIGN 16		/* nothing needs more than 8 */

/* Xen's number for the local APIC of a vcpu. */
#define LAPIC_ID(vcpu) ((vcpu) * 2)
#define LAPIC_ADDRESS 0xfee00000u

struct header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	char creator_id[4];
	uint32_t creator_revision;
} PACKED;

_Static_assert(sizeof(struct header) == 36, "ACPI 6.3 table 5-27");

struct rsdp {
	char signature[8];
	uint8_t checksum;		/* of what ACPI 1.0 had: 20 bytes */
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;	/* of all of it */
	uint8_t reserved[3];
} PACKED;

#define RSDP_V1_SIZE 20

_Static_assert(sizeof(struct rsdp) == ACPI_RSDP_SIZE, "ACPI 6.3 table 5-26");
_Static_assert(offsetof(struct rsdp, length) == RSDP_V1_SIZE, "ACPI 1.0");

/* What a machine without fixed hardware leaves 0 has no name here. */
struct fadt {
	struct header header;
	uint32_t firmware_ctrl;
	uint32_t dsdt;
	uint8_t fixed_hardware[65];
	uint16_t boot_flags;
	uint8_t reserved;
	uint32_t flags;
	uint8_t reset[15];
	uint8_t minor_version;
	uint64_t x_firmware_ctrl;
	uint64_t x_dsdt;
	uint8_t x_fixed_hardware[96];
	uint8_t sleep_registers[24];
	char hypervisor[8];
} PACKED;

#define FADT_REVISION 6
#define FADT_MINOR 3

#define FADT_BOOT_NO_VGA (1 << 2)
#define FADT_BOOT_NO_CMOS_RTC (1 << 5)

#define FADT_WBINVD (1 << 0)
#define FADT_C1 (1 << 2)
#define FADT_NO_POWER_BUTTON (1 << 4)
#define FADT_NO_SLEEP_BUTTON (1 << 5)
#define FADT_HARDWARE_REDUCED (1 << 20)

_Static_assert(offsetof(struct fadt, boot_flags) == 109, "ACPI 6.3 table 5-33");
_Static_assert(offsetof(struct fadt, flags) == 112, "ACPI 6.3 table 5-33");
_Static_assert(offsetof(struct fadt, minor_version) == 131,
	       "ACPI 6.3 table 5-33");
_Static_assert(offsetof(struct fadt, x_dsdt) == 140, "ACPI 6.3 table 5-33");
_Static_assert(offsetof(struct fadt, sleep_registers) == 244,
	       "ACPI 6.3 table 5-33");
_Static_assert(sizeof(struct fadt) == 276, "ACPI 6.3 table 5-33");

struct lapic {
	uint8_t type;
	uint8_t length;
	uint8_t processor;	/* _UID in the DSDT, the vcpu's number to Xen */
	uint8_t id;
	uint32_t flags;
} PACKED;

#define MADT_LAPIC 0
#define LAPIC_ENABLED (1 << 0)
#define LAPIC_ONLINE_CAPABLE (1 << 1)

_Static_assert(sizeof(struct lapic) == 8, "ACPI 6.3 table 5-47");
/* 255 means all of them */
_Static_assert(LAPIC_ID(ACPI_MAX_VCPUS - 1) < 255, "ids fit without x2APIC");

struct madt {
	struct header header;
	uint32_t lapic_address;
	uint32_t flags;		/* 0: there is no PIC */
	struct lapic lapics[];
} PACKED;

#define MADT_REVISION 5

_Static_assert(sizeof(struct madt) == 44, "ACPI 6.3 table 5-43");

/* Name (NCPU, value): NameOp, a name of one part, BytePrefix, value. */
struct ssdt {
	struct header header;
	uint8_t name_op;
	char name[4];
	uint8_t byte_prefix;
	uint8_t value;
} PACKED;

#define SSDT_REVISION 2

struct xsdt {
	struct header header;
	uint64_t tables[3];
} PACKED;

#define XSDT_REVISION 1

static uint8_t checksum(const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint8_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += bytes[i];
	return -sum;
}

/* The header, but for the checksum, which comes last. */
static struct header header(const char *signature, size_t length,
			    uint8_t revision)
{
	struct header h = {
		.length = length,
		.revision = revision,
		.oem_id = "XLLITE",
		.oem_table_id = "PVH",
		.oem_revision = 1,
		.creator_id = "XLLI",
		.creator_revision = 1,
	};

	memcpy(h.signature, signature, sizeof(h.signature));
	return h;
}

static void seal(struct header *h)
{
	h->checksum = checksum(h, h->length);
}

static void make_fadt(struct fadt *fadt, uint64_t dsdt)
{
	*fadt = (struct fadt) {
		.header = header("FACP", sizeof(*fadt), FADT_REVISION),
		.dsdt = dsdt,
		.x_dsdt = dsdt,
		.boot_flags = FADT_BOOT_NO_VGA | FADT_BOOT_NO_CMOS_RTC,
		.flags = FADT_WBINVD | FADT_C1 | FADT_NO_POWER_BUTTON |
			 FADT_NO_SLEEP_BUTTON | FADT_HARDWARE_REDUCED,
		.minor_version = FADT_MINOR,
		.hypervisor = "XenVMM",
	};
	seal(&fadt->header);
}

static size_t madt_size(const struct acpi_args *args)
{
	return sizeof(struct madt) + args->max_vcpus * sizeof(struct lapic);
}

static void make_madt(struct madt *madt, const struct acpi_args *args)
{
	madt->header = header("APIC", madt_size(args), MADT_REVISION);
	madt->lapic_address = LAPIC_ADDRESS;
	for (unsigned int i = 0; i < args->max_vcpus; i++)
		madt->lapics[i] = (struct lapic) {
			.type = MADT_LAPIC,
			.length = sizeof(struct lapic),
			.processor = i,
			.id = LAPIC_ID(i),
			.flags = i < args->vcpus ? LAPIC_ENABLED :
				 LAPIC_ONLINE_CAPABLE,
		};
	seal(&madt->header);
}

static void make_ssdt(struct ssdt *ssdt, unsigned int max_vcpus)
{
	*ssdt = (struct ssdt) {
		.header = header("SSDT", sizeof(*ssdt), SSDT_REVISION),
		.name_op = 0x08,
		.name = { 'N', 'C', 'P', 'U' },
		.byte_prefix = 0x0a,
		.value = max_vcpus,
	};
	seal(&ssdt->header);
}

static void make_rsdp(struct rsdp *rsdp, uint64_t xsdt)
{
	*rsdp = (struct rsdp) {
		.signature = { 'R', 'S', 'D', ' ', 'P', 'T', 'R', ' ' },
		.oem_id = "XLLITE",
		.revision = 2,
		.length = sizeof(*rsdp),
		.xsdt = xsdt,
	};
	rsdp->checksum = checksum(rsdp, RSDP_V1_SIZE);
	rsdp->extended_checksum = checksum(rsdp, sizeof(*rsdp));
}

/* Room for SIZE bytes behind all that has room: its offset. */
static size_t place(size_t *used, size_t size)
{
	size_t at = (*used + TABLE_ALIGN - 1) / TABLE_ALIGN * TABLE_ALIGN;

	*used = at + size;
	return at;
}

int acpi_tables_make(const struct acpi_args *args, struct acpi_tables *ret)
{
	size_t size = 0;
	const size_t xsdt_at = place(&size, sizeof(struct xsdt));
	const size_t fadt_at = place(&size, sizeof(struct fadt));
	const size_t ssdt_at = place(&size, sizeof(struct ssdt));
	const size_t madt_at = place(&size, madt_size(args));
	const size_t dsdt_at = place(&size, sizeof(acpi_dsdt));
	struct xsdt *xsdt;
	struct rsdp rsdp;
	uint8_t *data;

	assert(args->max_vcpus && args->max_vcpus <= ACPI_MAX_VCPUS &&
	       args->vcpus <= args->max_vcpus);
	data = calloc(1, size);
	if (!data)
		return -ENOMEM;

	memcpy(data + dsdt_at, acpi_dsdt, sizeof(acpi_dsdt));
	make_fadt((struct fadt *)(data + fadt_at), args->address + dsdt_at);
	make_ssdt((struct ssdt *)(data + ssdt_at), args->max_vcpus);
	make_madt((struct madt *)(data + madt_at), args);
	xsdt = (struct xsdt *)(data + xsdt_at);
	*xsdt = (struct xsdt) {
		.header = header("XSDT", sizeof(*xsdt), XSDT_REVISION),
		.tables = { args->address + fadt_at, args->address + madt_at,
			    args->address + ssdt_at },
	};
	seal(&xsdt->header);
	make_rsdp(&rsdp, args->address + xsdt_at);

	memcpy(ret->rsdp, &rsdp, sizeof(rsdp));
	ret->data = data;
	ret->size = size;
	return 0;
}

void acpi_tables_free(struct acpi_tables *tables)
{
	free(tables->data);
	tables->data = NULL;
}
