/* SPDX-License-Identifier: MIT */
/*
 * The emulated machine of an HVM guest, as its configuration describes it.
 * Part of struct guest_config; for other guests all of it is as if not given.
 *
 * A field tells what was given, so that it can be shown again as xl shows it;
 * what is so when nothing was given, hvm_*() below say.
 */
#ifndef XL_LITE_HVM_CONFIG_H
#define XL_LITE_HVM_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For what may be asked for, refused, or left to whoever carries it out. */
enum choice {
	CHOICE_DEFAULT,
	CHOICE_NO,
	CHOICE_YES,
};

static inline bool choose(enum choice choice, bool otherwise)
{
	return choice == CHOICE_DEFAULT ? otherwise : choice == CHOICE_YES;
}

struct text_list {
	const char **items;
	size_t count;
	bool is_list;		/* given as one, and not as one text */
};

/* Numbered as libxl does. */
enum hvm_bios {
	HVM_BIOS_DEFAULT,	/* SeaBIOS */
	HVM_BIOS_SEABIOS = 2,
	HVM_BIOS_OVMF,
};

enum hvm_vga {
	HVM_VGA_DEFAULT,	/* Cirrus */
	HVM_VGA_CIRRUS,
	HVM_VGA_STD,
	HVM_VGA_NONE,
	HVM_VGA_QXL,
};

enum hvm_hdtype {
	HVM_HDTYPE_DEFAULT,	/* IDE */
	HVM_HDTYPE_IDE,
	HVM_HDTYPE_AHCI,
};

/* Interfaces of Microsoft's hypervisor, in libxl's order. */
enum viridian_group {
	VIRIDIAN_BASE,		/* the others need it */
	VIRIDIAN_FREQ,
	VIRIDIAN_TIME_REF_COUNT,
	VIRIDIAN_REFERENCE_TSC,
	VIRIDIAN_HCALL_REMOTE_TLB_FLUSH,
	VIRIDIAN_APIC_ASSIST,
	VIRIDIAN_CRASH_CTL,
	VIRIDIAN_SYNIC,
	VIRIDIAN_STIMER,
	VIRIDIAN_HCALL_IPI,
	VIRIDIAN_EX_PROCESSOR_MASKS,
	VIRIDIAN_NO_VP_LIMIT,
	VIRIDIAN_CPU_HOTPLUG,
	VIRIDIAN_GROUPS,
};

struct viridian {
	enum choice defaults;		/* viridian=1, or "defaults" */
	uint32_t enable, disable;	/* bits of viridian_group */
	bool all;			/* "all": enable is libxl's 64 bits */
};

struct vnc_config {
	enum choice enable;		/* yes */
	const char *listen;		/* 127.0.0.1; may end in :DISPLAY */
	const char *password;		/* none */
	unsigned int display;		/* 0 */
	enum choice unused;		/* yes: else the next that is free */
};

/* A window of the host's X server. */
struct sdl_config {
	enum choice enable;		/* no */
	enum choice opengl;		/* no */
	const char *display, *xauthority;	/* as in our environment */
};

struct spice_config {
	enum choice enable;		/* no */
	unsigned int port, tls_port;	/* 0: none; one of them is needed */
	const char *host;		/* QEMU's default: all addresses */
	enum choice no_ticketing;	/* no: there is a password, and needed */
	const char *password;
	enum choice agent_mouse;	/* yes */
	enum choice vdagent;		/* no */
	enum choice clipboard;		/* no */
	bool usb_set;
	unsigned int usb_channels;	/* devices of the viewer's; 0 */
	const char *image_compression, *streaming_video;
};

struct hvm_config {
	/* what it starts */
	const char *boot;		/* "cda": disk, CD, floppy; n: network */
	enum hvm_bios bios;
	const char *firmware;		/* instead of hvmloader */
	const char *bios_path;		/* instead of the bios= that is installed */
	const char *smbios_path, *acpi_path;	/* more tables, for hvmloader */

	/* its processors and chips */
	enum choice acpi, acpi_s3, acpi_s4;	/* yes */
	enum choice acpi_laptop_slate;		/* no */
	enum choice apic, pae, hpet, vpt_align;	/* yes */
	enum choice nested;			/* no */
	enum choice platform_pci;		/* yes: Xen's PCI device */
	unsigned int mmio_hole_mib;		/* 0: 256 */
	struct viridian viridian;
	struct text_list smbios;	/* "NAME=TEXT" for its SMBIOS tables */
	bool genid_set;			/* a generation id, as Windows knows it */
	uint8_t genid[16];		/* see guest_config_complete() */

	/* its devices */
	bool video_set;
	unsigned int video_mib;		/* see hvm_video_kib() */
	enum hvm_vga vga;
	struct vnc_config vnc;
	struct sdl_config sdl;
	struct spice_config spice;
	enum choice nographic;		/* no */
	const char *keymap;
	enum hvm_hdtype hdtype;
	struct text_list serials;	/* as QEMU's -serial takes them */
	enum choice usb;		/* no; usbdevice= means yes */
	struct text_list usbdevices;	/* as QEMU's -usbdevice takes them */
	/* 0: no controller of its own, see hvm_usbversion() */
	unsigned int usbversion;
	const char *soundhw;
	enum choice vkb;		/* yes: Xen's keyboard and pointer */
	bool vendor_xenserver;		/* a PCI device for Windows Update */

	/* the process that emulates them */
	const char *dm_user;		/* NULL: root, or see dm_restrict */
	enum choice dm_restrict;	/* no: it keeps its rights */
};

/* More words for a QEMU, whosever it is. */
struct dm_words {
	struct text_list all, hvm, pv;
};

struct guest_config;

/* Memory of the graphics card, taken from the guest's own. 0: it has none. */
uint64_t hvm_video_kib(const struct guest_config *config);

/* What HVM_PARAM_VIRIDIAN is to be; 0: nothing. */
uint64_t hvm_viridian_param(const struct viridian *v);

/* With what spiceusbredirection= takes. */
unsigned int hvm_usbversion(const struct hvm_config *hvm);

/* Words of xl and libxl: "ovmf", "std", "ahci", "hcall_ipi". */
const char *hvm_bios_name(enum hvm_bios bios);
const char *hvm_vga_name(enum hvm_vga vga);
const char *hvm_hdtype_name(enum hvm_hdtype type);

#endif
