/* SPDX-License-Identifier: MIT */
/* The keys of an emulated machine; see hvm-config.h. */
#include "config.h"

#include "tools/xl-lite/reader.h"

#include "lib/cleanup.h"
#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/suggest.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/hvm/params.h>

#define MIB_KIB 1024

/* Bytes of the hole below 4 GiB: Xen's, and the most that can be asked for. */
#define MIN_HOLE_MIB 256
#define MAX_HOLE_MIB 3840

static const char *const bios_names[] = {
	[1] = "rombios",
	[HVM_BIOS_SEABIOS] = "seabios",
	[HVM_BIOS_OVMF] = "ovmf",
};

/* As they are written; libxl calls "stdvga" std. */
static const char *const vga_names[] = {
	[HVM_VGA_CIRRUS] = "cirrus",
	[HVM_VGA_STD] = "stdvga",
	[HVM_VGA_NONE] = "none",
	[HVM_VGA_QXL] = "qxl",
};

static const char *const hdtype_names[] = {
	[HVM_HDTYPE_IDE] = "ide",
	[HVM_HDTYPE_AHCI] = "ahci",
};

static const char *const viridian_names[] = {
	[VIRIDIAN_BASE] = "base",
	[VIRIDIAN_FREQ] = "freq",
	[VIRIDIAN_TIME_REF_COUNT] = "time_ref_count",
	[VIRIDIAN_REFERENCE_TSC] = "reference_tsc",
	[VIRIDIAN_HCALL_REMOTE_TLB_FLUSH] = "hcall_remote_tlb_flush",
	[VIRIDIAN_APIC_ASSIST] = "apic_assist",
	[VIRIDIAN_CRASH_CTL] = "crash_ctl",
	[VIRIDIAN_SYNIC] = "synic",
	[VIRIDIAN_STIMER] = "stimer",
	[VIRIDIAN_HCALL_IPI] = "hcall_ipi",
	[VIRIDIAN_EX_PROCESSOR_MASKS] = "ex_processor_masks",
	[VIRIDIAN_NO_VP_LIMIT] = "no_vp_limit",
	[VIRIDIAN_CPU_HOTPLUG] = "cpu_hotplug",
};

const char *hvm_bios_name(enum hvm_bios bios)
{
	return bios_names[bios == HVM_BIOS_DEFAULT ? HVM_BIOS_SEABIOS : bios];
}

const char *hvm_vga_name(enum hvm_vga vga)
{
	return vga == HVM_VGA_STD ? "std" : vga_names[vga];
}

const char *hvm_hdtype_name(enum hvm_hdtype type)
{
	return hdtype_names[type];
}

/* -- what it comes to ------------------------------------------------------- */

static unsigned int default_video_mib(enum hvm_vga vga)
{
	switch (vga) {
	case HVM_VGA_NONE:
		return 0;
	case HVM_VGA_STD:
		return 16;
	case HVM_VGA_QXL:
		return 128;
	case HVM_VGA_CIRRUS:
	case HVM_VGA_DEFAULT:
		break;
	}
	return 8;
}

uint64_t hvm_video_kib(const struct guest_config *config)
{
	const struct hvm_config *hvm = &config->hvm;
	unsigned int mib = hvm->video_set ? hvm->video_mib
					  : default_video_mib(hvm->vga);

	return config->type == GUEST_HVM ? (uint64_t)mib * MIB_KIB : 0;
}

unsigned int hvm_usbversion(const struct hvm_config *hvm)
{
	if (!hvm->usbversion && hvm->spice.usb_channels &&
	    choose(hvm->spice.enable, false))
		return 2;
	return hvm->usbversion;
}

#define BIT(group) (UINT32_C(1) << (group))

static uint32_t viridian_groups(const struct viridian *v)
{
	uint32_t groups = 0;

	if (v->defaults == CHOICE_YES)
		groups = BIT(VIRIDIAN_BASE) | BIT(VIRIDIAN_FREQ) |
			 BIT(VIRIDIAN_TIME_REF_COUNT) |
			 BIT(VIRIDIAN_APIC_ASSIST) | BIT(VIRIDIAN_CRASH_CTL) |
			 BIT(VIRIDIAN_NO_VP_LIMIT) |
			 BIT(VIRIDIAN_CPU_HOTPLUG);
	return (groups | v->enable) & ~v->disable;
}

uint64_t hvm_viridian_param(const struct viridian *v)
{
	static const uint64_t params[VIRIDIAN_GROUPS] = {
		[VIRIDIAN_BASE] = HVMPV_base_freq,
		[VIRIDIAN_TIME_REF_COUNT] = HVMPV_time_ref_count,
		[VIRIDIAN_REFERENCE_TSC] = HVMPV_reference_tsc,
		[VIRIDIAN_HCALL_REMOTE_TLB_FLUSH] =
			HVMPV_hcall_remote_tlb_flush,
		[VIRIDIAN_APIC_ASSIST] = HVMPV_apic_assist,
		[VIRIDIAN_CRASH_CTL] = HVMPV_crash_ctl,
		[VIRIDIAN_SYNIC] = HVMPV_synic,
		[VIRIDIAN_STIMER] = HVMPV_time_ref_count | HVMPV_synic |
				    HVMPV_stimer,
		[VIRIDIAN_HCALL_IPI] = HVMPV_hcall_ipi,
		[VIRIDIAN_EX_PROCESSOR_MASKS] = HVMPV_ex_processor_masks,
		[VIRIDIAN_NO_VP_LIMIT] = HVMPV_no_vp_limit,
		[VIRIDIAN_CPU_HOTPLUG] = HVMPV_cpu_hotplug,
	};
	const uint32_t groups = viridian_groups(v);
	uint64_t param = 0;

	for (int i = 0; i < VIRIDIAN_GROUPS; i++)
		if (groups & BIT(i))
			param |= params[i];
	/* frequencies come with the base, unless told otherwise */
	if (groups & BIT(VIRIDIAN_BASE) && !(groups & BIT(VIRIDIAN_FREQ)))
		param |= HVMPV_no_freq;
	return param;
}

/* -- reading ---------------------------------------------------------------- */

static struct hvm_config *hvm_of(struct reader *r)
{
	return &r->config->hvm;
}

/* Letters of drives, each at most once; QEMU would end over others. */
static void read_boot_order(struct reader *r)
{
	const char *boot = reader_text(r, "boot");

	hvm_of(r)->boot = boot;
	for (const char *c = boot; c && *c; c++) {
		if (*c >= 'a' && *c <= 'p' && strchr(boot, *c) == c)
			continue;
		diag_error(r->diags, reader_pos(r, "boot"),
			   "boot='%s': '%c' %s: write the drives to try in "
			   "order, each once: c (disk), d (CD), a (floppy), n "
			   "(network)", boot, *c, strchr(boot, *c) == c ?
			   "is no drive" : "is there twice");
		return;
	}
}

static void take_bios(struct reader *r, const char *key, int bios)
{
	if (bios == 1)
		diag_error(r->diags, reader_pos(r, key),
			   "%s='rombios': it needs qemu-xen-traditional, which "
			   "is not there: leave it out, or take seabios", key);
	else
		hvm_of(r)->bios = bios;
}

/* "uefi" and "bios", a BIOS by its name, or a file instead of hvmloader. */
static void read_firmware(struct reader *r)
{
	const char *text = reader_text(r, "firmware");

	if (!text || strcmp(text, "bios") == 0)
		return;
	if (strcmp(text, "uefi") == 0) {
		hvm_of(r)->bios = HVM_BIOS_OVMF;
		return;
	}
	for (size_t i = 1; i < ARRAY_SIZE(bios_names); i++)
		if (strcmp(text, bios_names[i]) == 0) {
			take_bios(r, "firmware", i);
			return;
		}
	hvm_of(r)->firmware = reader_file(r, "firmware");
}

static void read_bios(struct reader *r)
{
	const char *text = reader_text(r, "bios");
	struct hvm_config *hvm = hvm_of(r);

	hvm->firmware = reader_file(r, "firmware_override");
	hvm->bios_path = reader_file(r, "bios_path_override");
	if (text) {
		int i = reader_find(r, "bios", text, bios_names, 1,
				    ARRAY_SIZE(bios_names));

		if (i > 0)
			take_bios(r, "bios", i);
	} else if (hvm->bios_path) {
		diag_warning(r->diags, reader_pos(r, "bios_path_override"),
			     "bios_path_override: taken for a %s, since bios= "
			     "does not say what it is",
			     hvm_bios_name(HVM_BIOS_DEFAULT));
	}
	read_firmware(r);
}

static void read_video(struct reader *r)
{
	struct hvm_config *hvm = hvm_of(r);
	const char *vga = reader_text(r, "vga");
	enum choice std = reader_choice(r, "stdvga");
	unsigned int least;
	long mib;
	int i;

	if (vga) {
		i = reader_find(r, "vga", vga, vga_names, HVM_VGA_CIRRUS,
				ARRAY_SIZE(vga_names));
		if (i > 0)
			hvm->vga = i;
	} else if (std != CHOICE_DEFAULT) {
		hvm->vga = std == CHOICE_YES ? HVM_VGA_STD : HVM_VGA_CIRRUS;
	}
	least = default_video_mib(hvm->vga);
	if (!reader_number(r, "videoram", 0, INT_MAX / MIB_KIB, &mib))
		return;
	hvm->video_set = true;
	hvm->video_mib = mib;
	if (mib < least)
		diag_error(r->diags, reader_pos(r, "videoram"),
			   "videoram=%ld: this graphics card needs %u MiB: "
			   "leave it out for as much", mib, least);
}

static void check_video_memory(struct reader *r)
{
	if (hvm_video_kib(r->config) >= r->config->memory_kib)
		diag_error(r->diags, reader_pos(r, "memory"),
			   "memory: %llu MiB of it are the graphics card's "
			   "(videoram=), and nothing is left for the guest",
			   (unsigned long long)hvm_video_kib(r->config) /
			   MIB_KIB);
}

void reader_sdl(struct reader *r, struct sdl_config *sdl)
{
	static const char *const parts[] = { "opengl", "display", "xauthority" };

	sdl->enable = reader_choice(r, "sdl");
	sdl->opengl = reader_choice(r, "opengl");
	sdl->display = reader_text(r, "display");
	sdl->xauthority = reader_text(r, "xauthority");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!choose(sdl->enable, false) && reader_raw(r, parts[i]))
			diag_warning(r->diags, reader_pos(r, parts[i]),
				     "%s does nothing: it is about sdl=1 only, "
				     "which is not there", parts[i]);
}

void reader_vnc(struct reader *r, struct vnc_config *vnc)
{
	long display;

	vnc->enable = reader_choice(r, "vnc");
	vnc->listen = reader_text(r, "vnclisten");
	vnc->password = reader_text(r, "vncpasswd");
	vnc->unused = reader_choice(r, "vncunused");
	if (reader_number(r, "vncdisplay", 0, 65535 - 5900, &display))
		vnc->display = display;
	if (vnc->display && vnc->listen && strchr(vnc->listen, ':'))
		diag_error(r->diags, reader_pos(r, "vncdisplay"),
			   "vncdisplay=%u: vnclisten='%s' names a display as "
			   "well: say it once", vnc->display, vnc->listen);
}

/* What is there to be seen by a viewer, and has nothing to do without it. */
static void warn_no_spice(struct reader *r)
{
	static const char *const parts[] = {
		"spiceport", "spicetls_port", "spicehost",
		"spicedisable_ticketing", "spicepasswd", "spiceagent_mouse",
		"spicevdagent", "spice_clipboard_sharing",
		"spiceusbredirection", "spice_image_compression",
		"spice_streaming_video",
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (reader_raw(r, parts[i]))
			diag_warning(r->diags, reader_pos(r, parts[i]),
				     "%s does nothing: it is about spice=1 "
				     "only, which is not there", parts[i]);
}

/* QEMU would not start. */
static void check_spice(struct reader *r, const struct spice_config *spice)
{
	const struct hvm_config *hvm = hvm_of(r);

	if (!spice->port && !spice->tls_port)
		diag_error(r->diags, reader_pos(r, "spice"),
			   "spice: a port is missing: add spiceport= or "
			   "spicetls_port=");
	if (!choose(spice->no_ticketing, false) && !spice->password)
		diag_error(r->diags, reader_pos(r, "spice"),
			   "spice: a password is missing: add spicepasswd=, or "
			   "spicedisable_ticketing=1 to let everybody in");
	if (spice->usb_channels &&
	    (hvm->usb == CHOICE_YES || hvm->usbdevices.count))
		diag_error(r->diags, reader_pos(r, "spiceusbredirection"),
			   "spiceusbredirection=%u: usb= and usbdevice= make a "
			   "controller of their own: leave either out",
			   spice->usb_channels);
}

static void read_spice(struct reader *r)
{
	struct spice_config *spice = &hvm_of(r)->spice;
	long number;

	spice->enable = reader_choice(r, "spice");
	if (reader_number(r, "spiceport", 0, 65535, &number))
		spice->port = number;
	if (reader_number(r, "spicetls_port", 0, 65535, &number))
		spice->tls_port = number;
	spice->host = reader_text(r, "spicehost");
	spice->no_ticketing = reader_choice(r, "spicedisable_ticketing");
	spice->password = reader_text(r, "spicepasswd");
	spice->agent_mouse = reader_choice(r, "spiceagent_mouse");
	spice->vdagent = reader_choice(r, "spicevdagent");
	spice->clipboard = reader_choice(r, "spice_clipboard_sharing");
	spice->usb_set = reader_number(r, "spiceusbredirection", 0, 4, &number);
	if (spice->usb_set)
		spice->usb_channels = number;
	spice->image_compression = reader_text(r, "spice_image_compression");
	spice->streaming_video = reader_text(r, "spice_streaming_video");
	if (spice->enable == CHOICE_YES)
		check_spice(r, spice);
	else
		warn_no_spice(r);
}

static void read_usb(struct reader *r)
{
	struct hvm_config *hvm = hvm_of(r);
	long version;

	hvm->usb = reader_choice(r, "usb");
	reader_list(r, "usbdevice", &hvm->usbdevices);
	if (!reader_number(r, "usbversion", 0, 3, &version))
		return;
	hvm->usbversion = version;
	if (version && (hvm->usb == CHOICE_YES || hvm->usbdevices.count))
		diag_error(r->diags, reader_pos(r, "usbversion"),
			   "usbversion=%ld: usb= and usbdevice= make a "
			   "controller of their own: leave either out",
			   version);
}

static void read_sound(struct reader *r)
{
	static const char *const names[] = {
		"ac97", "adlib", "cs4231a", "es1370", "gus", "hda", "sb16",
	};
	const char *text = reader_text(r, "soundhw");

	if (text && reader_find(r, "soundhw", text, names, 0,
				ARRAY_SIZE(names)) >= 0)
		hvm_of(r)->soundhw = text;
}

static void read_devices(struct reader *r)
{
	static const char *const vendors[] = { "none", "xenserver" };
	struct hvm_config *hvm = hvm_of(r);
	const char *text = reader_text(r, "hdtype");
	int i;

	if (text) {
		i = reader_find(r, "hdtype", text, hdtype_names,
				HVM_HDTYPE_IDE, ARRAY_SIZE(hdtype_names));
		if (i > 0)
			hvm->hdtype = i;
	}
	text = reader_text(r, "vendor_device");
	if (text)
		hvm->vendor_xenserver =
			reader_find(r, "vendor_device", text, vendors, 0,
				    ARRAY_SIZE(vendors)) == 1;
	hvm->keymap = reader_text(r, "keymap");
	hvm->nographic = reader_choice(r, "nographic");
	hvm->vkb = reader_choice(r, "vkb_device");
	reader_list(r, "serial", &hvm->serials);
	read_usb(r);
	read_spice(r);
	read_sound(r);
}

static void read_viridian_group(struct reader *r, struct viridian *v,
				const char *text)
{
	const bool no = *text == '!';
	int group;

	if (strcmp(text, "defaults") == 0) {
		v->defaults = CHOICE_YES;
		return;
	}
	if (strcmp(text, "all") == 0) {
		v->all = true;
		v->enable = BIT(VIRIDIAN_GROUPS) - 1;
		return;
	}
	group = reader_find(r, "viridian", text + no, viridian_names, 0,
			    ARRAY_SIZE(viridian_names));
	if (group < 0)
		return;
	/* the last word about a group counts */
	v->enable &= ~BIT(group);
	v->disable &= ~BIT(group);
	if (no)
		v->disable |= BIT(group);
	else
		v->enable |= BIT(group);
}

static void read_viridian(struct reader *r)
{
	struct viridian *v = &hvm_of(r)->viridian;
	struct text_list list = { 0 };
	uint32_t groups;

	reader_list(r, "viridian", &list);
	if (!list.is_list) {
		v->defaults = reader_choice(r, "viridian");
		return;
	}
	for (size_t i = 0; i < list.count; i++)
		read_viridian_group(r, v, list.items[i]);
	groups = viridian_groups(v);
	if (groups && !(groups & BIT(VIRIDIAN_BASE)))
		diag_error(r->diags, reader_pos(r, "viridian"),
			   "viridian: base is missing, which all others need: "
			   "add \"base\" or \"defaults\"");
}

static void read_machine(struct reader *r)
{
	struct hvm_config *hvm = hvm_of(r);
	long mib;

	hvm->acpi_s3 = reader_choice(r, "acpi_s3");
	hvm->acpi_s4 = reader_choice(r, "acpi_s4");
	hvm->acpi_laptop_slate = reader_choice(r, "acpi_laptop_slate");
	hvm->apic = reader_choice(r, "apic");
	hvm->pae = reader_choice(r, "pae");
	hvm->hpet = reader_choice(r, "hpet");
	hvm->vpt_align = reader_choice(r, "vpt_align");
	hvm->platform_pci = reader_choice(r, "xen_platform_pci");
	if (reader_number(r, "mmio_hole", MIN_HOLE_MIB, MAX_HOLE_MIB, &mib))
		hvm->mmio_hole_mib = mib;
	read_viridian(r);
}

static void read_device_model(struct reader *r)
{
	/* qemu-xen-traditional is part of no Debian */
	static const char *const versions[] = { "qemu-xen" };
	struct guest_config *config = r->config;

	config->dm_version_set = reader_text(r, "device_model_version");
	if (config->dm_version_set)
		reader_find(r, "device_model_version",
			    reader_text(r, "device_model_version"), versions, 0,
			    ARRAY_SIZE(versions));
	config->dm_path = reader_file(r, "device_model_override");
	reader_list(r, "device_model_args", &config->dm_words.all);
	reader_list(r, "device_model_args_hvm", &config->dm_words.hvm);
	reader_list(r, "device_model_args_pv", &config->dm_words.pv);
	config->hvm.dm_user = reader_text(r, "device_model_user");
	config->hvm.dm_restrict = reader_choice(r, "dm_restrict");
}

/* With a kernel of its own the firmware starts that; without, these are lost. */
static void check_direct_boot(struct reader *r)
{
	static const char *const needy[] = {
		"ramdisk", "cmdline", "root", "extra",
	};

	for (size_t i = 0; i < ARRAY_SIZE(needy) && !r->config->kernel; i++)
		if (reader_text(r, needy[i]))
			diag_error(r->diags, reader_pos(r, needy[i]),
				   "%s: an HVM guest can only have it with "
				   "kernel=: add that, or leave it out: what a "
				   "disk boots is on the disk", needy[i]);
}

static void read_nested(struct reader *r)
{
	struct hvm_config *hvm = hvm_of(r);

	hvm->nested = reader_choice(r, "nestedhvm");
	if (hvm->nested == CHOICE_YES && r->config->hap == CHOICE_NO &&
	    r->config->type != GUEST_PV)
		diag_error(r->diags, reader_pos(r, "nestedhvm"),
			   "nestedhvm=1 needs hap=1");
}

static void read_genid(struct reader *r)
{
	static const char *const names[] = { "none", "generate" };
	const char *text = reader_text(r, "ms_vm_genid");

	if (text)
		hvm_of(r)->genid_set =
			reader_find(r, "ms_vm_genid", text, names, 0,
				    ARRAY_SIZE(names)) == 1;
}

/* Texts that hvmloader's tables have room for; in xenstore, with dashes. */
static void read_smbios(struct reader *r)
{
	static const char *const names[] = {
		"bios_vendor", "bios_version", "system_manufacturer",
		"system_product_name", "system_version",
		"system_serial_number", "baseboard_manufacturer",
		"baseboard_product_name", "baseboard_version",
		"baseboard_serial_number", "baseboard_asset_tag",
		"baseboard_location_in_chassis", "enclosure_manufacturer",
		"enclosure_serial_number", "enclosure_asset_tag",
		"battery_manufacturer", "battery_device_name", "oem",
	};
	struct text_list *list = &hvm_of(r)->smbios;

	reader_list(r, "smbios", list);
	for (size_t i = 0; i < list->count; i++) {
		const char *equals = strchr(list->items[i], '=');
		const char *name = equals ?
			arena_strndup(r->config->memory, list->items[i],
				      equals - list->items[i]) : "";

		if (!equals)
			diag_error(r->diags, reader_pos(r, "smbios"),
				   "smbios: '%s' is not understood: write "
				   "\"NAME=TEXT\"", list->items[i]);
		else if (!name)
			r->err = -ENOMEM;
		else
			reader_find(r, "smbios", name, names, 0,
				    ARRAY_SIZE(names));
	}
}

static void read_tables(struct reader *r)
{
	struct hvm_config *hvm = hvm_of(r);

	hvm->smbios_path = reader_file(r, "smbios_firmware");
	hvm->acpi_path = reader_file(r, "acpi_firmware");
	read_genid(r);
	read_smbios(r);
}

void reader_hvm(struct reader *r)
{
	/* xl keeps these two of any guest, whatever they are to it */
	hvm_of(r)->acpi = reader_choice(r, "acpi");
	read_nested(r);
	read_device_model(r);
	if (r->config->type != GUEST_HVM)
		return;
	read_boot_order(r);
	read_bios(r);
	read_tables(r);
	check_direct_boot(r);
	read_machine(r);
	read_video(r);
	check_video_memory(r);
	reader_vnc(r, &hvm_of(r)->vnc);
	reader_sdl(r, &hvm_of(r)->sdl);
	read_devices(r);
}
