/* SPDX-License-Identifier: MIT */
/* Every key of xl 4.17, and what xl-lite does with it; see keys.h. */
#include "config.h"

#include "tools/xl-lite/keys.h"

#include "tools/xl-lite/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACTS(name, kind, guests) \
	{ name, KIND_##kind, FOR_##guests, FOR_##guests, KEY_ACTS, NULL, NULL }
#define IDLE(name, kind, guests, note) \
	{ name, KIND_##kind, FOR_##guests, 0, KEY_IDLE, NULL, note }
#define REFUSED(name, kind, guests, inert) \
	{ name, KIND_##kind, FOR_##guests, 0, KEY_REFUSED, inert, NULL }
/* For HVM guests alone; what other guests have anyhow is INERT. */
#define HVM_ACTS(name, kind, inert) \
	{ name, KIND_##kind, FOR_HVM, FOR_HVM, KEY_ACTS, inert, NULL }
#define NEWER(name) \
	{ name, KIND_ANY, FOR_ALL, 0, KEY_IDLE, NULL, \
	  "it came with a Xen newer than 4.17" }
#define FOR_PVS (FOR_PV | FOR_PVH)
#define FOR_SCREENS (FOR_PV | FOR_HVM)
#define FOR_HVMS (FOR_PVH | FOR_HVM)
#define NEEDS_PCI "it is about pci=[...] only, which is not there"
#define NEEDS_STUBDOM \
	"it is about device_model_stubdomain_override=1 only, " \
	"which is not there"
#define ARM_ONLY "it is for Arm machines only"

const struct key keys[] = {
	/* the guest as a whole */
	ACTS("name", TEXT, ALL),
	ACTS("uuid", TEXT, ALL),
	ACTS("type", TEXT, ALL),
	ACTS("builder", TEXT, ALL),
	{ "pvh", KIND_BOOL, FOR_ALL, 0, KEY_IDLE, "0",
	  "xl knows it no more since Xen 4.10: write type=\"pvh\"" },
	ACTS("on_poweroff", TEXT, ALL),
	ACTS("on_reboot", TEXT, ALL),
	ACTS("on_crash", TEXT, ALL),
	ACTS("on_watchdog", TEXT, ALL),
	ACTS("on_soft_reset", TEXT, ALL),
	ACTS("pool", TEXT, ALL),
	ACTS("seclabel", TEXT, ALL),
	ACTS("init_seclabel", TEXT, ALL),
	ACTS("driver_domain", BOOL, ALL),
	ACTS("nomigrate", BOOL, ALL),
	ACTS("max_grant_frames", NUMBER, ALL),
	ACTS("max_maptrack_frames", NUMBER, ALL),
	ACTS("max_grant_version", NUMBER, ALL),
	ACTS("max_event_channels", NUMBER, ALL),
	REFUSED("vmtrace_buf_kb", NUMBER, ALL, "0"),
	ACTS("oos", BOOL, HVMS),
	IDLE("xend_suspend_evtchn_compat", BOOL, ALL,
	     "it is about guests older than Xen 4.0"),

	/* processors */
	ACTS("vcpus", NUMBER, ALL),
	ACTS("maxvcpus", NUMBER, ALL),
	ACTS("cpus", TEXT_OR_LIST, ALL),
	ACTS("cpus_soft", TEXT_OR_LIST, ALL),
	ACTS("cpu_weight", NUMBER, ALL),
	ACTS("cap", NUMBER, ALL),
	IDLE("period", NUMBER, ALL, "it is for the sedf scheduler, which "
	     "Xen has no more"),
	IDLE("slice", NUMBER, ALL, "it is for the sedf scheduler, which "
	     "Xen has no more"),
	IDLE("latency", NUMBER, ALL, "it is for the sedf scheduler, which "
	     "Xen has no more"),
	IDLE("extratime", NUMBER, ALL, "it is for the sedf scheduler, which "
	     "Xen has no more"),
	ACTS("cpuid", TEXT_OR_LIST, ALL),
	REFUSED("vnuma", ANY, ALL, NULL),
	IDLE("vpmu", BOOL, ALL, ARM_ONLY),

	/* memory */
	ACTS("memory", NUMBER, ALL),
	ACTS("maxmem", NUMBER, ALL),
	ACTS("shadow_memory", NUMBER, HVMS),
	HVM_ACTS("videoram", NUMBER, NULL),
	HVM_ACTS("mmio_hole", NUMBER, NULL),
	REFUSED("rdm", TEXT, HVM, ""),
	REFUSED("rdm_mem_boundary", NUMBER, HVM, NULL),

	/* time */
	ACTS("localtime", BOOL, ALL),
	ACTS("rtc_timeoffset", NUMBER, ALL),
	ACTS("tsc_mode", TEXT, ALL),
	ACTS("timer_mode", TEXT, HVMS),
	HVM_ACTS("vpt_align", BOOL, "1"),

	/* what a PV or PVH guest boots */
	ACTS("kernel", TEXT, ALL),
	ACTS("ramdisk", TEXT, ALL),
	ACTS("cmdline", TEXT, ALL),
	ACTS("root", TEXT, ALL),
	ACTS("extra", TEXT, ALL),
	ACTS("bootloader", TEXT, PVS),
	ACTS("bootloader_args", TEXT_OR_LIST, PVS),
	/* of Xens newer than 4.17 */
	ACTS("bootloader_restrict", BOOL, PVS),
	ACTS("bootloader_user", TEXT, PVS),
	REFUSED("e820_host", BOOL, PV, "0"),
	ACTS("pvshim", BOOL, PVH),
	ACTS("pvshim_path", TEXT, PVH),
	ACTS("pvshim_cmdline", TEXT, PVH),
	ACTS("pvshim_extra", TEXT, PVH),
	IDLE("device_tree", TEXT, ALL, ARM_ONLY),

	/* what an HVM guest boots, and its firmware */
	HVM_ACTS("boot", TEXT, ""),
	HVM_ACTS("bios", TEXT, "seabios"),
	ACTS("firmware", TEXT, ALL),
	HVM_ACTS("firmware_override", TEXT, ""),
	HVM_ACTS("bios_path_override", TEXT, ""),
	HVM_ACTS("smbios", LIST, NULL),	/* of Xens newer than 4.17 */
	HVM_ACTS("smbios_firmware", TEXT, ""),
	HVM_ACTS("acpi_firmware", TEXT, ""),
	HVM_ACTS("acpi", BOOL, "1"),
	HVM_ACTS("acpi_s3", BOOL, "1"),
	HVM_ACTS("acpi_s4", BOOL, "1"),
	HVM_ACTS("acpi_laptop_slate", BOOL, "0"),
	HVM_ACTS("apic", BOOL, "1"),
	HVM_ACTS("pae", BOOL, "1"),
	IDLE("nx", BOOL, HVM, "Xen decides this by cpuid now"),
	ACTS("hap", BOOL, HVMS),
	ACTS("nestedhvm", BOOL, HVMS),
	REFUSED("altp2m", TEXT, HVMS, "disabled"),
	REFUSED("altp2mhvm", BOOL, HVM, "0"),
	HVM_ACTS("hpet", BOOL, "1"),
	HVM_ACTS("viridian", NUMBER_OR_LIST, "0"),
	HVM_ACTS("xen_platform_pci", BOOL, "1"),
	HVM_ACTS("ms_vm_genid", TEXT, "none"),
	REFUSED("mca_caps", LIST, HVM, NULL),
	REFUSED("msr_relaxed", BOOL, ALL, "0"),

	/* the device model and what it emulates */
	IDLE("device_model", TEXT, ALL,
	     "the device model is QEMU: device_model_override= names another"),
	ACTS("device_model_version", TEXT, ALL),
	ACTS("device_model_override", TEXT, ALL),
	ACTS("device_model_args", LIST, ALL),
	ACTS("device_model_args_pv", LIST, PVS),
	HVM_ACTS("device_model_args_hvm", LIST, NULL),
	HVM_ACTS("device_model_user", TEXT, ""),
	HVM_ACTS("dm_restrict", BOOL, "0"),
	REFUSED("device_model_stubdomain_override", BOOL, HVM, "0"),
	IDLE("device_model_stubdomain_seclabel", TEXT, HVM, NEEDS_STUBDOM),
	IDLE("stubdomain_kernel", TEXT, HVM, NEEDS_STUBDOM),
	IDLE("stubdomain_ramdisk", TEXT, HVM, NEEDS_STUBDOM),
	IDLE("stubdomain_cmdline", TEXT, HVM, NEEDS_STUBDOM),
	IDLE("stubdomain_memory", NUMBER, HVM, NEEDS_STUBDOM),
	{ "vnc", KIND_BOOL, FOR_SCREENS, FOR_SCREENS, KEY_ACTS, "0", NULL },
	ACTS("vnclisten", TEXT, SCREENS),
	ACTS("vncdisplay", NUMBER, SCREENS),
	ACTS("vncpasswd", TEXT, SCREENS),
	ACTS("vncunused", BOOL, SCREENS),
	IDLE("vncviewer", NUMBER, ALL,
	     "the option -V of create starts a viewer"),
	{ "sdl", KIND_BOOL, FOR_SCREENS, FOR_SCREENS, KEY_ACTS, "0", NULL },
	ACTS("opengl", BOOL, SCREENS),
	ACTS("display", TEXT, SCREENS),
	ACTS("xauthority", TEXT, SCREENS),
	HVM_ACTS("spice", BOOL, "0"),
	HVM_ACTS("spiceport", NUMBER, NULL),
	HVM_ACTS("spicetls_port", NUMBER, NULL),
	HVM_ACTS("spicehost", TEXT, NULL),
	HVM_ACTS("spicedisable_ticketing", BOOL, NULL),
	HVM_ACTS("spicepasswd", TEXT, NULL),
	HVM_ACTS("spiceagent_mouse", BOOL, NULL),
	HVM_ACTS("spicevdagent", BOOL, NULL),
	HVM_ACTS("spice_clipboard_sharing", BOOL, NULL),
	HVM_ACTS("spiceusbredirection", NUMBER, NULL),
	HVM_ACTS("spice_image_compression", TEXT, NULL),
	HVM_ACTS("spice_streaming_video", TEXT, NULL),
	HVM_ACTS("vga", TEXT, ""),
	HVM_ACTS("stdvga", BOOL, "0"),
	REFUSED("gfx_passthru", TEXT, HVM, "0"),
	HVM_ACTS("nographic", BOOL, "0"),
	HVM_ACTS("hdtype", TEXT, "ide"),
	HVM_ACTS("serial", TEXT_OR_LIST, ""),
	HVM_ACTS("usb", BOOL, "0"),
	HVM_ACTS("usbdevice", TEXT_OR_LIST, ""),
	HVM_ACTS("usbversion", NUMBER, "0"),
	HVM_ACTS("soundhw", TEXT, ""),
	HVM_ACTS("vkb_device", BOOL, NULL),
	HVM_ACTS("vendor_device", TEXT, "none"),
	ACTS("keymap", TEXT, SCREENS),

	/* devices */
	ACTS("disk", LIST, ALL),
	ACTS("vif", LIST, ALL),
	IDLE("vif2", LIST, ALL, "netchannel2 was never finished: use vif="),
	ACTS("vfb", LIST, PVS),
	ACTS("vkb", LIST, PVS),
	REFUSED("pci", LIST, ALL, NULL),
	IDLE("pci_msitranslate", BOOL, ALL, NEEDS_PCI),
	IDLE("pci_power_mgmt", BOOL, ALL, NEEDS_PCI),
	IDLE("pci_permissive", BOOL, ALL, NEEDS_PCI),
	IDLE("pci_seize", BOOL, ALL, NEEDS_PCI),
	ACTS("passthrough", TEXT, ALL),
	ACTS("ioports", LIST, ALL),
	ACTS("irqs", LIST, ALL),
	ACTS("iomem", LIST, ALL),
	REFUSED("dtdev", LIST, ALL, NULL),
	REFUSED("usbctrl", LIST, ALL, NULL),
	REFUSED("usbdev", LIST, ALL, NULL),
	ACTS("channel", LIST, ALL),
	ACTS("p9", LIST, ALL),
	REFUSED("vtpm", LIST, ALL, NULL),
	REFUSED("vdispl", LIST, ALL, NULL),
	REFUSED("vsnd", ANY, ALL, NULL),
	REFUSED("pvcalls", LIST, ALL, NULL),

	/* Arm */
	IDLE("gic_version", TEXT, ALL, ARM_ONLY),
	IDLE("vuart", TEXT, ALL, ARM_ONLY),
	IDLE("tee", TEXT, ALL, ARM_ONLY),

	NEWER("altp2m_count"),
	NEWER("arm_sci"),
	NEWER("hvm_pirq"),
	NEWER("llc_colors"),
	NEWER("nr_spis"),
	NEWER("sve"),
	NEWER("trap_unmapped_accesses"),
	NEWER("virtio"),
	NEWER("xen_platform_pci_bar_uc"),
	NEWER("xenstore_feature_mask"),
	NEWER("xenstore_quota"),
	{ 0 },
};

const struct key *key_find(const char *name)
{
	for (const struct key *k = keys; k->name; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

const char *key_suggest(const char *name)
{
	const char *best = NULL;

	for (const struct key *k = keys; k->name; k++)
		suggest(name, k->name, &best);
	return best;
}

const char *key_unit(const char *name)
{
	static const char *const in_mib[] = {
		"memory", "maxmem", "shadow_memory", "videoram", "mmio_hole",
		"rdm_mem_boundary", "stubdomain_memory",
	};

	for (size_t i = 0; i < ARRAY_SIZE(in_mib); i++)
		if (strcmp(name, in_mib[i]) == 0)
			return "MiB";
	return NULL;
}

/* "2g" is 2048 where MiB are counted, but only if it is that simple. */
void key_number_advice(const char *name, const char *text, char *to,
		       size_t size)
{
	const char *unit = key_unit(name);
	const char *letter = text + strspn(text, "0123456789");
	unsigned long long number = strtoull(text, NULL, 10);
	const char *shifts = strchr("mMgGtT", *letter ? *letter : '?');

	if (letter == text || letter - text > 9)
		snprintf(to, size, "write it in digits%s%s",
			 unit ? ": it counts " : "", unit ? unit : "");
	else if (unit)
		snprintf(to, size, "write %llu: it counts %s",
			 number << (shifts ? strcspn("mgt", (char[]){
				*shifts | 0x20, 0 }) * 10 : 0), unit);
	else
		snprintf(to, size, "write %llu", number);
}
