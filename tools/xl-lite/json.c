/* SPDX-License-Identifier: MIT */
/*
 * What xl prints as JSON. The form is that of libxl 4.17 with yajl: four
 * spaces, fields in the order of libxl's types, fields at their default left
 * out, yes and no as the texts "True" and "False" where a default exists.
 * Later xl changed it and so broke who parsed it; this does not change.
 */
#include "config.h"

#include "tools/xl-lite/json.h"

#include <errno.h>
#include <string.h>
#include <yajl/yajl_gen.h>

/* Bits of libxl's map of viridian groups. */
#define VIRIDIAN_WIDTH 64

/* The first failure of the generator is kept, what comes after is dropped. */
struct json {
	yajl_gen gen;
	yajl_gen_status status;
	bool stored;		/* of a guest that runs, and its places */
	const struct json_places *hard, *soft;
};

static void note(struct json *j, yajl_gen_status status)
{
	if (j->status == yajl_gen_status_ok)
		j->status = status;
}

static void text(struct json *j, const char *s)
{
	note(j, yajl_gen_string(j->gen, (const unsigned char *)s, strlen(s)));
}

static void open_map(struct json *j, const char *key)
{
	if (key)
		text(j, key);
	note(j, yajl_gen_map_open(j->gen));
}

static void close_map(struct json *j)
{
	note(j, yajl_gen_map_close(j->gen));
}

static void empty_map(struct json *j, const char *key)
{
	open_map(j, key);
	close_map(j);
}

static void open_array(struct json *j, const char *key)
{
	text(j, key);
	note(j, yajl_gen_array_open(j->gen));
}

static void close_array(struct json *j)
{
	note(j, yajl_gen_array_close(j->gen));
}

static void field_text(struct json *j, const char *key, const char *value)
{
	if (!value)
		return;
	text(j, key);
	text(j, value);
}

static void field_number(struct json *j, const char *key, uint64_t value)
{
	text(j, key);
	note(j, yajl_gen_integer(j->gen, (long long)value));
}

static void field_nonzero(struct json *j, const char *key, uint64_t value)
{
	if (value)
		field_number(j, key, value);
}

static void field_choice(struct json *j, const char *key, enum choice value)
{
	if (value != CHOICE_DEFAULT)
		field_text(j, key, value == CHOICE_YES ? "True" : "False");
}

static void print_uuid(struct json *j, const uint8_t *u)
{
	char s[40];

	snprintf(s, sizeof(s), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		 "%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2], u[3], u[4],
		 u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
		 u[14], u[15]);
	field_text(j, "uuid", s);
}

static void print_create_info(struct json *j, const struct guest_config *c)
{
	open_map(j, "c_info");
	field_text(j, "type", guest_type_name(c->type));
	field_choice(j, "hap", c->hap);
	field_choice(j, "oos", c->xen.oos);
	field_text(j, "ssid_label", c->xen.label);
	field_text(j, "name", c->name);
	if (c->uuid_set)
		print_uuid(j, c->uuid);
	field_text(j, "pool_name", c->xen.pool);
	field_text(j, "run_hotplug_scripts", "True");
	field_choice(j, "driver_domain", c->xen.driver_domain);
	if (c->hardware.passthrough != PASSTHROUGH_DEFAULT)
		field_text(j, "passthrough",
			   passthrough_name(c->hardware.passthrough));
	close_map(j);
}

static void print_vcpus(struct json *j, const struct guest_config *c)
{
	if (c->vcpus_set || c->maxvcpus_set || j->stored)
		field_number(j, "max_vcpus", c->maxvcpus);
	if (!c->vcpus_set && !j->stored)
		return;
	open_array(j, "avail_vcpus");
	for (unsigned int i = 0; i < c->vcpus; i++)
		note(j, yajl_gen_integer(j->gen, i));
	close_array(j);
}

static void print_set(struct json *j, const struct cpu_set *set,
		      unsigned int width)
{
	note(j, yajl_gen_array_open(j->gen));
	for (unsigned int i = 0; i < width; i++)
		if (cpu_set_has(set, i))
			note(j, yajl_gen_integer(j->gen, i));
	close_array(j);
}

static void print_places(struct json *j, const char *key,
			 const struct json_places *p, unsigned int vcpus)
{
	const size_t count = p->same ? vcpus : p->count;

	if (!p->count)
		return;
	open_array(j, key);
	for (size_t i = 0; i < count; i++)
		print_set(j, &p->sets[p->same ? 0 : i], p->width);
	close_array(j);
}

/* With places of a list, or soft ones, libxl does not look for a node. */
static void print_placement(struct json *j, const struct guest_config *c)
{
	if (!j->hard || !j->soft)
		return;
	print_places(j, "vcpu_hard_affinity", j->hard, c->maxvcpus);
	print_places(j, "vcpu_soft_affinity", j->soft, c->maxvcpus);
	if (j->soft->count || (j->hard->count && !j->hard->same))
		field_text(j, "numa_placement", "False");
}

static void field_list(struct json *j, const char *key,
		       const struct text_list *list)
{
	if (!list->count)
		return;
	open_array(j, key);
	for (size_t i = 0; i < list->count; i++)
		text(j, list->items[i]);
	close_array(j);
}

/* xl has a field for each of the two ways to write some keys. */
static void field_list_or_text(struct json *j, const char *key,
			       const char *list_key,
			       const struct text_list *list, bool want_list)
{
	if (list->is_list != want_list)
		return;
	if (want_list)
		field_list(j, list_key, list);
	else if (list->count)
		field_text(j, key, list->items[0]);
}

static void field_bits(struct json *j, const char *key, uint32_t bits,
		       unsigned int all)
{
	if (!bits)
		return;
	open_array(j, key);
	for (unsigned int i = 0; i < (all ? all : 32); i++)
		if (i >= 32 || bits & UINT32_C(1) << i ||
		    (all && i >= VIRIDIAN_GROUPS))
			note(j, yajl_gen_integer(j->gen, i));
	close_array(j);
}

static void print_vnc(struct json *j, const struct vnc_config *vnc)
{
	open_map(j, "vnc");
	field_choice(j, "enable", vnc->enable);
	field_text(j, "listen", vnc->listen);
	field_text(j, "passwd", vnc->password);
	field_nonzero(j, "display", vnc->display);
	field_choice(j, "findunused", vnc->unused);
	close_map(j);
}

static void print_sdl(struct json *j, const struct sdl_config *sdl)
{
	open_map(j, "sdl");
	field_choice(j, "enable", sdl->enable);
	field_choice(j, "opengl", sdl->opengl);
	field_text(j, "display", sdl->display);
	field_text(j, "xauthority", sdl->xauthority);
	close_map(j);
}

static void print_spice(struct json *j, const struct spice_config *s)
{
	open_map(j, "spice");
	field_choice(j, "enable", s->enable);
	field_nonzero(j, "port", s->port);
	field_nonzero(j, "tls_port", s->tls_port);
	field_text(j, "host", s->host);
	field_choice(j, "disable_ticketing", s->no_ticketing);
	field_text(j, "passwd", s->password);
	field_choice(j, "agent_mouse", s->agent_mouse);
	field_choice(j, "vdagent", s->vdagent);
	field_choice(j, "clipboard_sharing", s->clipboard);
	field_nonzero(j, "usbredirection", s->usb_channels);
	field_text(j, "image_compression", s->image_compression);
	field_text(j, "streaming_video", s->streaming_video);
	close_map(j);
}

static void print_hvm_machine(struct json *j, const struct hvm_config *h)
{
	field_text(j, "firmware", h->firmware);
	if (h->bios != HVM_BIOS_DEFAULT)
		field_text(j, "bios", hvm_bios_name(h->bios));
	field_choice(j, "pae", h->pae);
	field_choice(j, "acpi_s3", h->acpi_s3);
	field_choice(j, "acpi_s4", h->acpi_s4);
	field_choice(j, "acpi_laptop_slate", h->acpi_laptop_slate);
	field_choice(j, "viridian", h->viridian.defaults);
	/* to libxl "all" is all that its map has room for */
	field_bits(j, "viridian_enable", h->viridian.enable,
		   h->viridian.all ? VIRIDIAN_WIDTH : 0);
	field_bits(j, "viridian_disable", h->viridian.disable, 0);
	field_choice(j, "hpet", h->hpet);
	field_choice(j, "vpt_align", h->vpt_align);
	field_nonzero(j, "mmio_hole_memkb", (uint64_t)h->mmio_hole_mib * 1024);
	field_text(j, "system_firmware", h->bios_path);
	field_text(j, "smbios_firmware", h->smbios_path);
	field_text(j, "acpi_firmware", h->acpi_path);
	if (h->hdtype == HVM_HDTYPE_AHCI)
		field_text(j, "hdtype", hvm_hdtype_name(h->hdtype));
}

static void print_genid(struct json *j, const struct hvm_config *h)
{
	if (!h->genid_set)
		return;
	open_array(j, "ms_vm_genid");
	for (size_t i = 0; i < sizeof(h->genid); i++)
		note(j, yajl_gen_integer(j->gen, h->genid[i]));
	close_array(j);
}

static void print_hvm_devices(struct json *j, const struct hvm_config *h)
{
	field_choice(j, "nographic", h->nographic);
	open_map(j, "vga");
	if (h->vga != HVM_VGA_DEFAULT)
		field_text(j, "kind", hvm_vga_name(h->vga));
	close_map(j);
	print_vnc(j, &h->vnc);
	field_text(j, "keymap", h->keymap);
	print_sdl(j, &h->sdl);
	print_spice(j, &h->spice);
	field_list_or_text(j, "serial", "serial_list", &h->serials, false);
	field_text(j, "boot", h->boot);
	field_choice(j, "usb", h->usb);
	field_nonzero(j, "usbversion", h->usbversion);
	field_list_or_text(j, "usbdevice", "usbdevice_list", &h->usbdevices,
			   false);
	field_choice(j, "vkb_device", h->vkb);
	field_text(j, "soundhw", h->soundhw);
	field_choice(j, "xen_platform_pci", h->platform_pci);
	field_list_or_text(j, "usbdevice", "usbdevice_list", &h->usbdevices,
			   true);
	if (h->vendor_xenserver)
		field_text(j, "vendor_device", "xenserver");
	print_genid(j, h);
	field_list_or_text(j, "serial", "serial_list", &h->serials, true);
	empty_map(j, "rdm");
}

static void print_type(struct json *j, const struct guest_config *c)
{
	char key[16];

	snprintf(key, sizeof(key), "type.%s", guest_type_name(c->type));
	open_map(j, key);
	if (c->type == GUEST_HVM) {
		print_hvm_machine(j, &c->hvm);
		print_hvm_devices(j, &c->hvm);
	}
	if (c->type == GUEST_PVH) {
		field_choice(j, "pvshim", c->shim.enable);
		field_text(j, "pvshim_path", c->shim.path);
		field_text(j, "pvshim_cmdline", c->shim.given_cmdline);
		field_text(j, "pvshim_extra", c->shim.extra);
	}
	close_map(j);
}

static void print_device_model(struct json *j, const struct guest_config *c)
{
	if (c->dm_version_set)
		field_text(j, "device_model_version", "qemu_xen");
	field_text(j, "device_model", c->dm_path);
	field_text(j, "device_model_user", c->hvm.dm_user);
	field_list(j, "extra", &c->dm_words.all);
	field_list(j, "extra_pv", &c->dm_words.pv);
	field_list(j, "extra_hvm", &c->dm_words.hvm);
}

static void print_bounds(struct json *j, const struct xen_config *x)
{
	if (x->grant_frames >= 0)
		field_number(j, "max_grant_frames", x->grant_frames);
	if (x->maptrack_frames >= 0)
		field_number(j, "max_maptrack_frames", x->maptrack_frames);
	if (x->grant_version >= 0)
		field_number(j, "max_grant_version", x->grant_version);
}

static void print_share(struct json *j, const struct xen_config *x)
{
	open_map(j, "sched_params");
	field_nonzero(j, "weight", x->weight);
	if (x->cap_set)
		field_number(j, "cap", x->cap);
	close_map(j);
}

static void print_ranges(struct json *j, const char *key, const char *first,
			 const struct hardware_range *ranges, size_t count)
{
	if (!count)
		return;
	open_array(j, key);
	for (size_t i = 0; i < count; i++) {
		open_map(j, NULL);
		field_number(j, first, ranges[i].first);
		field_number(j, "number", ranges[i].count);
		if (ranges[i].at_set)
			field_number(j, "gfn", ranges[i].at);
		close_map(j);
	}
	close_array(j);
}

static void print_hardware(struct json *j, const struct hardware_config *h)
{
	print_ranges(j, "ioports", "first", h->ports, h->num_ports);
	if (h->num_irqs) {
		open_array(j, "irqs");
		for (size_t i = 0; i < h->num_irqs; i++)
			note(j, yajl_gen_integer(j->gen, h->irqs[i]));
		close_array(j);
	}
	print_ranges(j, "iomem", "start", h->pages, h->num_pages);
}

static void print_leaf(struct json *j, const struct cpuid_leaf *leaf)
{
	static const char *const names[CPUID_REGISTERS] = {
		"eax", "ebx", "ecx", "edx",
	};

	open_map(j, NULL);
	field_number(j, "leaf", leaf->leaf);
	if (leaf->subleaf_set)
		field_number(j, "subleaf", leaf->subleaf);
	for (int reg = 0; reg < CPUID_REGISTERS; reg++)
		if (leaf->policy[reg][0])
			field_text(j, names[reg], leaf->policy[reg]);
	close_map(j);
}

static void print_cpuid(struct json *j, const struct cpuid_policy *policy)
{
	if (!policy->num_leaves && !policy->num_msrs)
		return;
	open_map(j, "cpuid");
	open_array(j, "cpuid");
	for (size_t i = 0; i < policy->num_leaves; i++)
		print_leaf(j, &policy->leaves[i]);
	close_array(j);
	open_array(j, "msr");
	for (size_t i = 0; i < policy->num_msrs; i++) {
		open_map(j, NULL);
		field_number(j, "index", policy->msrs[i].index);
		field_text(j, "policy", policy->msrs[i].policy);
		close_map(j);
	}
	close_array(j);
	close_map(j);
}

static void print_build_info(struct json *j, const struct guest_config *c)
{
	open_map(j, "b_info");
	print_vcpus(j, c);
	print_placement(j, c);
	if (c->xen.tsc_mode != TSC_DEFAULT)
		field_text(j, "tsc_mode", tsc_mode_name(c->xen.tsc_mode));
	if (c->memory_set || c->maxmem_set || j->stored)
		field_number(j, "max_memkb", c->maxmem_kib);
	if (c->memory_set || j->stored)
		field_number(j, "target_memkb", c->memory_kib);
	if (c->hvm.video_set || j->stored)
		field_number(j, "video_memkb", hvm_video_kib(c));
	if (c->shadow_set)
		field_number(j, "shadow_memkb", c->shadow_kib);
	/* libxl keeps it without a sign */
	field_nonzero(j, "rtc_timeoffset", (uint32_t)c->rtc_timeoffset);
	field_text(j, "exec_ssid_label", c->xen.late_label);
	field_choice(j, "localtime", c->localtime);
	field_choice(j, "disable_migrate", c->xen.nomigrate);
	print_cpuid(j, &c->cpuid);
	print_bounds(j, &c->xen);
	print_device_model(j, c);
	print_share(j, &c->xen);
	print_hardware(j, &c->hardware);
	field_text(j, "claim_mode", "True");
	field_nonzero(j, "event_channels", c->xen.event_channels);
	field_text(j, "kernel", c->kernel);
	field_text(j, "cmdline", c->cmdline);
	field_text(j, "ramdisk", c->ramdisk);
	field_choice(j, "acpi", c->hvm.acpi);
	field_text(j, "bootloader", c->bootloader);
	field_list(j, "bootloader_args", &c->bootloader_args);
	if (c->xen.timer_mode >= 0)
		field_text(j, "timer_mode",
			   timer_mode_name(c->xen.timer_mode));
	field_choice(j, "nested_hvm", c->hvm.nested);
	field_choice(j, "apic", c->hvm.apic);
	field_choice(j, "dm_restrict", c->hvm.dm_restrict);
	print_type(j, c);
	empty_map(j, "arch_arm");
	empty_map(j, "arch_x86");
	close_map(j);
}

static void print_disk(struct json *j, const struct disk_config *d)
{
	open_map(j, NULL);
	field_text(j, "backend_domname", d->backend_domain);
	field_text(j, "pdev_path", d->target);
	field_text(j, "vdev", d->vdev);
	if (d->backendtype != DISK_BACKEND_DEFAULT)
		field_text(j, "backend", disk_backendtype_name(d->backendtype));
	field_text(j, "format", disk_format_name(d->format));
	field_text(j, "script", d->script);
	field_nonzero(j, "removable", d->removable);
	field_nonzero(j, "readwrite", !d->readonly);
	field_nonzero(j, "is_cdrom", d->cdrom);
	if (d->direct_io_safe) {
		text(j, "direct_io_safe");
		note(j, yajl_gen_bool(j->gen, 1));
	}
	field_choice(j, "discard_enable", d->discard);
	field_choice(j, "trusted", d->trusted);
	close_map(j);
}

static void print_mac(struct json *j, const uint8_t *mac)
{
	char s[20];

	snprintf(s, sizeof(s), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
		 mac[1], mac[2], mac[3], mac[4], mac[5]);
	field_text(j, "mac", s);
}

static void print_vif(struct json *j, const struct vif_config *v)
{
	static const char *const types[] = {
		[VIF_TYPE_VIF] = "vif",
		[VIF_TYPE_IOEMU] = "vif_ioemu",
	};

	open_map(j, NULL);
	field_text(j, "backend_domname", v->backend_domain);
	if (v->devid != VIF_DEVID_NEXT)
		field_number(j, "devid", v->devid);
	field_nonzero(j, "mtu", v->mtu);
	field_text(j, "model", v->model);
	if (v->mac_set)
		print_mac(j, v->mac);
	field_text(j, "ip", v->ip);
	field_text(j, "bridge", v->bridge);
	field_text(j, "ifname", v->vifname);
	field_text(j, "script", v->script);
	field_text(j, "nictype", types[v->type]);
	field_nonzero(j, "rate_bytes_per_interval", v->rate_bytes);
	field_nonzero(j, "rate_interval_usecs", v->rate_interval_us);
	field_text(j, "gatewaydev", v->gatewaydev);
	field_choice(j, "trusted", v->trusted);
	close_map(j);
}

static void print_vfb(struct json *j, const struct vfb_config *vfb, size_t i)
{
	open_map(j, NULL);
	field_number(j, "devid", i);
	print_vnc(j, &vfb->vnc);
	print_sdl(j, &vfb->sdl);
	field_text(j, "keymap", vfb->keymap);
	close_map(j);
}

static void field_true(struct json *j, const char *key, bool value)
{
	if (!value)
		return;
	text(j, key);
	note(j, yajl_gen_bool(j->gen, 1));
}

static void print_vkb(struct json *j, const struct vkb_config *vkb, size_t i)
{
	open_map(j, NULL);
	field_text(j, "backend_domname", vkb->backend_domain);
	field_number(j, "devid", i);
	if (vkb->backend != VKB_BACKEND_DEFAULT)
		field_text(j, "backend_type", vkb_backend_name(vkb->backend));
	field_text(j, "unique_id", vkb->unique_id);
	field_true(j, "feature_disable_keyboard", vkb->no_keyboard);
	field_true(j, "feature_disable_pointer", vkb->no_pointer);
	field_true(j, "feature_abs_pointer", vkb->abs_pointer);
	field_true(j, "feature_raw_pointer", vkb->raw_pointer);
	field_true(j, "feature_multi_touch", vkb->multi_touch);
	field_nonzero(j, "width", vkb->width);
	field_nonzero(j, "height", vkb->height);
	field_nonzero(j, "multi_touch_width", vkb->touch_width);
	field_nonzero(j, "multi_touch_height", vkb->touch_height);
	field_nonzero(j, "multi_touch_num_contacts", vkb->touches);
	close_map(j);
}

static void print_p9(struct json *j, const struct p9_config *p9, size_t i)
{
	open_map(j, NULL);
	field_text(j, "backend_domname", p9->backend_domain);
	field_text(j, "tag", p9->tag);
	field_text(j, "path", p9->path);
	field_text(j, "security_model", p9->security_model);
	(void)i;	/* libxl gives it no number before it is made */
	close_map(j);
}

static void print_channel(struct json *j, const struct channel_config *c,
			  size_t i)
{
	open_map(j, NULL);
	field_text(j, "backend_domname", c->backend_domain);
	field_number(j, "devid", i);
	field_text(j, "name", c->name);
	if (c->connection == CHANNEL_PTY) {
		empty_map(j, "connection.pty");
	} else {
		open_map(j, "connection.socket");
		field_text(j, "path", c->path);
		close_map(j);
	}
	close_map(j);
}

#define PRINT_DEVICES(j, key, devices, count, print)		\
	do {							\
		if (count)					\
			open_array(j, key);			\
		for (size_t i = 0; i < (count); i++)		\
			print(j, &(devices)[i], i);		\
		if (count)					\
			close_array(j);				\
	} while (0)

/* Those that QEMU, or who comes, serves: in libxl's order. */
static void print_pv_devices(struct json *j, const struct pv_devices *d)
{
	PRINT_DEVICES(j, "vfbs", d->vfbs, d->num_vfbs, print_vfb);
	PRINT_DEVICES(j, "vkbs", d->vkbs, d->num_vkbs, print_vkb);
	PRINT_DEVICES(j, "p9s", d->p9s, d->num_p9s, print_p9);
	PRINT_DEVICES(j, "channels", d->channels, d->num_channels,
		      print_channel);
}

static void print_action(struct json *j, const char *key,
			 enum shutdown_action action)
{
	/* libxl's words for them are not those of the configuration */
	static const char *const names[] = {
		[ACTION_RESTART] = "restart",
		[ACTION_RENAME_RESTART] = "restart_rename",
		[ACTION_PRESERVE] = "preserve",
		[ACTION_COREDUMP_DESTROY] = "coredump_destroy",
		[ACTION_COREDUMP_RESTART] = "coredump_restart",
		[ACTION_SOFT_RESET] = "soft_reset",
	};

	field_text(j, key, names[action]);
}

static void print_config(struct json *j, const struct guest_config *c)
{
	open_map(j, NULL);
	print_create_info(j, c);
	print_build_info(j, c);
	if (c->num_disks) {
		open_array(j, "disks");
		for (size_t i = 0; i < c->num_disks; i++)
			print_disk(j, &c->disks[i]);
		close_array(j);
	}
	if (c->num_vifs) {
		open_array(j, "nics");
		for (size_t i = 0; i < c->num_vifs; i++)
			print_vif(j, &c->vifs[i]);
		close_array(j);
	}
	print_pv_devices(j, &c->pv);
	print_action(j, "on_poweroff", c->on_poweroff);
	print_action(j, "on_reboot", c->on_reboot);
	print_action(j, "on_watchdog", c->on_watchdog);
	print_action(j, "on_crash", c->on_crash);
	print_action(j, "on_soft_reset", c->on_soft_reset);
	close_map(j);
}

/* Open it, then print, then json_finish(): which says how all that went. */
static int json_begin(struct json *j, bool stored)
{
	*j = (struct json) { .gen = yajl_gen_alloc(NULL), .stored = stored };
	if (!j->gen)
		return -ENOMEM;
	yajl_gen_config(j->gen, yajl_gen_beautify, 1);
	yajl_gen_config(j->gen, yajl_gen_indent_string, "    ");
	return 0;
}

static int json_finish(struct json *j, FILE *to)
{
	const unsigned char *out;
	size_t size;
	int r = 0;

	note(j, yajl_gen_get_buf(j->gen, &out, &size));
	if (j->status != yajl_gen_status_ok)
		r = -EINVAL;
	else if (fwrite(out, 1, size, to) != size || fflush(to) != 0)
		r = -EIO;
	yajl_gen_free(j->gen);
	return r;
}

int json_print_config(const struct guest_config *config, FILE *to)
{
	struct json j;
	int err = json_begin(&j, false);

	if (err)
		return err;
	print_config(&j, config);
	return json_finish(&j, to);
}

int json_print_stored(const struct guest_config *config,
		      const struct json_places *hard,
		      const struct json_places *soft, FILE *to)
{
	struct json j;
	int err = json_begin(&j, true);

	if (err)
		return err;
	j.hard = hard;
	j.soft = soft;
	print_config(&j, config);
	return json_finish(&j, to);
}

int json_print_disk(const struct disk_config *disk, FILE *to)
{
	struct json j;
	int err = json_begin(&j, false);

	if (err)
		return err;
	print_disk(&j, disk);
	return json_finish(&j, to);
}

int json_print_vif(const struct vif_config *vif, FILE *to)
{
	struct json j;
	int err = json_begin(&j, false);

	if (err)
		return err;
	print_vif(&j, vif);
	return json_finish(&j, to);
}
