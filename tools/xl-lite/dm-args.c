/* SPDX-License-Identifier: MIT */
/* What the QEMU of a guest is started with; see dm-args.h. */
#include "config.h"

#include "tools/xl-lite/dm-args.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Drives on the two channels of IDE, and ports of the AHCI controller. */
#define IDE_DRIVES 4
#define AHCI_DRIVES 6

struct args {
	struct arena *arena;
	char **list;
	size_t count;
	bool failed;		/* memory was out */
};

static void add(struct args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct args *a, const char *fmt, ...)
{
	char **larger = arena_grow(a->arena, a->list, a->count,
				   sizeof(*larger));
	char text[4096];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!larger) {
		a->failed = true;
		return;
	}
	a->list = larger;
	a->list[a->count] = len >= 0 && (size_t)len < sizeof(text) ?
		arena_strndup(a->arena, text, len) : NULL;
	if (!a->list[a->count++])
		a->failed = true;
}

/* A word that QEMU takes as it is, however long. */
static void add_text(struct args *a, const char *text)
{
	char **larger = arena_grow(a->arena, a->list, a->count,
				   sizeof(*larger));

	if (larger)
		a->list = larger;
	if (!larger ||
	    !(a->list[a->count++] = arena_strndup(a->arena, text,
						  strlen(text))))
		a->failed = true;
}

static void add_texts(struct args *a, const char *option,
		      const struct text_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		if (option)
			add_text(a, option);
		add_text(a, list->items[i]);
	}
}

/* TEXT inside an option with commas: they are doubled. */
static const char *escaped(struct args *a, const char *text)
{
	size_t commas = 0;
	char *to, *end;

	for (const char *c = text; *c; c++)
		commas += *c == ',';
	if (!commas)
		return text;
	to = end = arena_alloc(a->arena, strlen(text) + commas + 1);
	if (!to) {
		a->failed = true;
		return "";
	}
	for (const char *c = text; *c; c++) {
		*end++ = *c;
		if (*c == ',')
			*end++ = ',';
	}
	return to;
}

/* -- what a guest has -------------------------------------------------------- */

bool dm_is_restricted(const struct guest_config *config)
{
	return config->type == GUEST_HVM &&
	       choose(config->hvm.dm_restrict, false);
}

const struct vnc_config *dm_vnc(const struct guest_config *config)
{
	const struct vnc_config *vnc = config->type == GUEST_HVM ?
		&config->hvm.vnc :
		config->pv.num_vfbs ? &config->pv.vfbs[0].vnc : NULL;

	return vnc && choose(vnc->enable, true) ? vnc : NULL;
}

const struct sdl_config *dm_sdl(const struct guest_config *config)
{
	const struct sdl_config *sdl = config->type == GUEST_HVM ?
		&config->hvm.sdl :
		config->pv.num_vfbs ? &config->pv.vfbs[0].sdl : NULL;

	return sdl && choose(sdl->enable, false) ? sdl : NULL;
}

static const char *keymap_of(const struct guest_config *config)
{
	if (config->type == GUEST_HVM)
		return config->hvm.keymap;
	return config->pv.num_vfbs ? config->pv.vfbs[0].keymap : NULL;
}

/* -- the process ------------------------------------------------------------ */

static void add_monitors(struct args *a, const struct guest_config *config,
			 domid_t domid)
{
	add(a, "-chardev");
	if (dm_is_restricted(config)) {
		add(a, "socket,id=libxl-cmd,fd=%d,server=on,wait=off",
		    DM_MONITOR_FD);
		add(a, "-S");
	} else {
		add(a, "socket,id=libxl-cmd,path=" DM_QMP_SOCKET
		    ",server=on,wait=off", domid);
	}
	add(a, "-mon");
	add(a, "chardev=libxl-cmd,mode=control");
	add(a, "-chardev");
	add(a, "socket,id=libxenstat-cmd,path=" DM_STAT_SOCKET
	    ",server=on,wait=off", domid);
	add(a, "-mon");
	add(a, "chardev=libxenstat-cmd,mode=control");
}

/* Numbers of channels follow that of the first console, which is 0. */
static void add_channels(struct args *a, const struct pv_devices *d)
{
	for (unsigned int i = 0; i < d->num_channels; i++) {
		const struct channel_config *c = &d->channels[i];

		add(a, "-chardev");
		if (c->connection == CHANNEL_PTY)
			add(a, "pty,id=libxl-channel%u", i + 1);
		else
			add(a, "socket,id=libxl-channel%u,path=%s,server=on,wait=off",
			    i + 1, escaped(a, c->path));
	}
}

static void add_vnc(struct args *a, const struct vnc_config *vnc)
{
	const char *listen = vnc && vnc->listen ? vnc->listen : "127.0.0.1";
	char display[16];

	add(a, "-vnc");
	if (!vnc) {
		add(a, "none");
		return;
	}
	snprintf(display, sizeof(display), ":%u", vnc->display);
	add(a, "%s%s%s%s", listen, strchr(listen, ':') ? "" : display,
	    vnc->password ? ",password=on" : "",
	    choose(vnc->unused, true) ? ",to=99" : "");
}

/* Nothing is shown of itself. */
static void add_displays(struct args *a, const struct guest_config *config)
{
	const struct sdl_config *sdl = dm_sdl(config);

	add_vnc(a, dm_vnc(config));
	add(a, "-display");
	add(a, "none");
	if (!sdl)
		return;
	add(a, "-display");
	add(a, "sdl%s", choose(sdl->opengl, false) ? ",gl=on" : "");
}

/* An option of -spice, and its value, if there is one. */
static const char *spice_option(struct args *a, const char *name,
				const char *value)
{
	const char *text = value ? arena_printf(a->arena, ",%s=%s", name,
						escaped(a, value)) : "";

	if (!text)
		a->failed = true;
	return text ? text : "";
}

static void add_spice(struct args *a, const struct spice_config *spice)
{
	const bool open = choose(spice->no_ticketing, false);

	if (!choose(spice->enable, false))
		return;
	add(a, "-spice");
	add(a, "port=%u,tls-port=%u%s%s%s%s%s%s%s", spice->port,
	    spice->tls_port, spice_option(a, "addr", spice->host),
	    spice_option(a, "disable-ticketing", open ? "on" : NULL),
	    spice_option(a, "password", open ? NULL : spice->password),
	    spice_option(a, "agent-mouse",
			 choose(spice->agent_mouse, true) ? "on" : "off"),
	    spice_option(a, "disable-copy-paste",
			 choose(spice->clipboard, false) ? NULL : "on"),
	    spice_option(a, "image-compression", spice->image_compression),
	    spice_option(a, "streaming-video", spice->streaming_video));
	if (!choose(spice->vdagent, false))
		return;
	add(a, "-device");
	add(a, "virtio-serial");
	add(a, "-chardev");
	add(a, "spicevmc,id=vdagent,name=vdagent");
	add(a, "-device");
	add(a, "virtserialport,chardev=vdagent,name=com.redhat.spice.0");
}

/* Devices at the viewer's machine that the guest may have as its own. */
static void add_usb_channels(struct args *a, const struct spice_config *spice)
{
	if (!choose(spice->enable, false))
		return;
	for (unsigned int i = 1; i <= spice->usb_channels; i++) {
		add(a, "-chardev");
		add(a, "spicevmc,name=usbredir,id=usbrc%u", i);
		add(a, "-device");
		add(a, "usb-redir,chardev=usbrc%u,id=usbrc%u", i, i);
	}
}

/* -- the machine ------------------------------------------------------------ */

static void add_kernel(struct args *a, const struct guest_config *config)
{
	if (!config->kernel)
		return;
	add(a, "-kernel");
	add_text(a, config->kernel);
	if (config->ramdisk) {
		add(a, "-initrd");
		add_text(a, config->ramdisk);
	}
	if (config->cmdline) {
		add(a, "-append");
		add_text(a, config->cmdline);
	}
}

static void add_vga(struct args *a, const struct guest_config *config)
{
	const unsigned int mib = hvm_video_kib(config) / 1024;

	switch (config->hvm.vga) {
	case HVM_VGA_NONE:
		return;
	case HVM_VGA_STD:
		add(a, "-device");
		add(a, "VGA,vgamem_mb=%u", mib);
		break;
	case HVM_VGA_QXL:
		add(a, "-device");
		add(a, "qxl-vga,vram_size_mb=%u,ram_size_mb=%u", mib / 2,
		    mib / 2);
		break;
	case HVM_VGA_DEFAULT:
	case HVM_VGA_CIRRUS:
		add(a, "-device");
		add(a, "cirrus-vga,vgamem_mb=%u", mib);
		break;
	}
}

static void add_usb_controller(struct args *a, unsigned int version)
{
	switch (version) {
	case 1:
		add(a, "-device");
		add(a, "piix3-usb-uhci,id=usb");
		break;
	case 2:
		add(a, "-device");
		add(a, "ich9-usb-ehci1,id=usb,addr=0x1d.0x7,multifunction=on");
		for (unsigned int i = 1; i < 4; i++) {
			add(a, "-device");
			add(a, "ich9-usb-uhci%u,masterbus=usb.0,firstport=%u,addr=0x1d.%#x,multifunction=on",
			    i, 2 * (i - 1), i - 1);
		}
		break;
	case 3:
		add(a, "-device");
		add(a, "nec-usb-xhci,id=usb");
		break;
	}
}

static void add_usb(struct args *a, const struct hvm_config *hvm)
{
	if (choose(hvm->usb, false) || hvm->usbdevices.count) {
		add(a, "-usb");
		add_texts(a, "-usbdevice", &hvm->usbdevices);
	} else {
		add_usb_controller(a, hvm_usbversion(hvm));
		add_usb_channels(a, &hvm->spice);
	}
}

static void add_sound(struct args *a, const struct hvm_config *hvm)
{
	if (!hvm->soundhw)
		return;
	add(a, "-device");
	if (strcmp(hvm->soundhw, "hda") == 0) {
		add(a, "intel-hda");
		add(a, "-device");
		add(a, "hda-duplex");
	} else {
		add_text(a, hvm->soundhw);
	}
}

static void add_machine(struct args *a, const struct guest_config *config)
{
	const struct hvm_config *hvm = &config->hvm;
	char hole[64] = "";

	/* a hole that is no larger than anyhow, libxl does not mention either */
	if (hvm->mmio_hole_mib)
		snprintf(hole, sizeof(hole), ",max-ram-below-4g=%u",
			 0u - (hvm->mmio_hole_mib << 20));
	add(a, "-machine");
	add(a, "%s,suppress-vmdesc=on%s",
	    choose(hvm->platform_pci, true) ? "xenfv" : "pc,accel=xen", hole);
}

static void add_vcpus(struct args *a, const struct dm_request *r)
{
	if (r->config->maxvcpus == 1)
		return;
	add(a, "-smp");
	add(a, "%u,maxcpus=%u", r->state ? r->state->vcpus : r->config->vcpus,
	    r->config->maxvcpus);
}

/* -- cards and drives ------------------------------------------------------- */

void dm_tap_name(const struct device *d, domid_t domid, char name[IFNAMSIZ])
{
	if (d->vif->vifname)
		snprintf(name, IFNAMSIZ, "%.*s-emu", IFNAMSIZ - 5,
			 d->vif->vifname);
	else
		snprintf(name, IFNAMSIZ, "vif%u.%u-emu", domid, d->devid);
}

static bool is_scsi(const struct disk_config *disk)
{
	return strncmp(disk->vdev, "sd", 2) == 0;
}

static bool is_disk_emulated(const struct hvm_config *hvm,
			     const struct disk_config *disk)
{
	if (disk->cdrom)
		return disk->disk < IDE_DRIVES;
	if (disk->partition)
		return false;
	return is_scsi(disk) ||
	       disk->disk < (hvm->hdtype == HVM_HDTYPE_AHCI ? AHCI_DRIVES
							    : IDE_DRIVES);
}

bool dm_emulates(const struct guest_config *config, const struct device *d)
{
	if (config->type != GUEST_HVM)
		return false;
	if (d->disk)
		return is_disk_emulated(&config->hvm, d->disk);
	return d->vif && d->vif->type != VIF_TYPE_VIF;
}

static void add_card(struct args *a, const struct device *d, domid_t domid)
{
	const uint8_t *m = d->vif->mac;
	char tap[IFNAMSIZ];

	dm_tap_name(d, domid, tap);
	add(a, "-device");
	add(a, "%s,id=nic%u,netdev=net%u,mac=%02x:%02x:%02x:%02x:%02x:%02x",
	    d->vif->model ? d->vif->model : "rtl8139", d->devid, d->devid,
	    m[0], m[1], m[2], m[3], m[4], m[5]);
	add(a, "-netdev");
	add(a, "type=tap,id=net%u,ifname=%s,br=%s,script=no,downscript=no",
	    d->devid, escaped(a, tap), escaped(a, d->bridge));
}

static void add_cards(struct args *a, const struct dm_request *r)
{
	bool any = false;

	for (size_t i = 0; i < r->num_devices; i++) {
		const struct device *d = &r->devices[i];

		if (!d->vif || !dm_emulates(r->config, d))
			continue;
		add_card(a, d, r->domid);
		any = true;
	}
	if (any)
		return;
	add(a, "-net");
	add(a, "none");
}

static void add_cdrom(struct args *a, const struct device *d)
{
	add(a, "-drive");
	if (d->disk->target)
		add(a, "if=none,readonly=on,id=ide-%u,file=%s,format=raw",
		    d->devid, escaped(a, d->target));
	else
		add(a, "if=none,readonly=on,id=ide-%u", d->devid);
	add(a, "-device");
	add(a, "ide-cd,id=ide-%u,drive=ide-%u,bus=ide.%u,unit=%u", d->devid,
	    d->devid, d->disk->disk / 2, d->disk->disk % 2);
}

static void add_disk(struct args *a, const struct hvm_config *hvm,
		     const struct device *d)
{
	/* libxl's options, and ours: the lock is the disk server's */
	static const char common[] = "cache=writeback,file.locking=off";
	const char *file = escaped(a, d->target);
	const unsigned int n = d->disk->disk;

	add(a, "-drive");
	if (is_scsi(d->disk)) {
		add(a, "file=%s,id=scsi0-hd%u,format=raw,if=none,readonly=%s,%s",
		    file, n, d->disk->readonly ? "on" : "off", common);
		add(a, "-device");
		add(a, "scsi-hd,drive=scsi0-hd%u,scsi-id=%u", n, n);
	} else if (hvm->hdtype == HVM_HDTYPE_AHCI) {
		add(a, "file=%s,if=none,id=ahcidisk-%u,format=raw,%s", file, n,
		    common);
		add(a, "-device");
		add(a, "ide-hd,bus=ahci0.%u,unit=0,drive=ahcidisk-%u", n, n);
	} else {
		add(a, "file=%s,if=ide,index=%u,media=disk,format=raw,%s", file,
		    n, common);
	}
}

static void add_drives(struct args *a, const struct dm_request *r)
{
	const struct hvm_config *hvm = &r->config->hvm;

	if (hvm->hdtype == HVM_HDTYPE_AHCI) {
		add(a, "-device");
		add(a, "ahci,id=ahci0");
	}
	for (size_t i = 0; i < r->num_devices; i++) {
		const struct device *d = &r->devices[i];

		if (!d->disk || !dm_emulates(r->config, d))
			continue;
		if (d->disk->cdrom)
			add_cdrom(a, d);
		else
			add_disk(a, hvm, d);
	}
}

/* One for all SCSI disks, before other cards: it keeps its place on the bus. */
static void add_scsi_controller(struct args *a, const struct dm_request *r)
{
	for (size_t i = 0; i < r->num_devices; i++) {
		const struct disk_config *disk = r->devices[i].disk;

		if (!disk || disk->cdrom || !is_scsi(disk))
			continue;
		add(a, "-device");
		add(a, "lsi53c895a");
		return;
	}
}

static bool is_invisible(const struct guest_config *config)
{
	return !dm_vnc(config) && !dm_sdl(config);
}

static void add_emulated_machine(struct args *a, const struct dm_request *r)
{
	const struct guest_config *config = r->config;
	const struct hvm_config *hvm = &config->hvm;

	add_kernel(a, config);
	add_scsi_controller(a, r);
	add_texts(a, "-serial", &hvm->serials);
	if (choose(hvm->nographic, false) && is_invisible(config))
		add(a, "-nographic");
	add_spice(a, &hvm->spice);
	add_vga(a, config);
	add(a, "-boot");
	add(a, "order=%s", hvm->boot ? hvm->boot : "cda");
	add_usb(a, hvm);
	add_sound(a, hvm);
	if (!choose(hvm->acpi, true))
		add(a, "-no-acpi");
	add_vcpus(a, r);
	add_cards(a, r);
}

static void add_restriction(struct args *a, const struct dm_request *r)
{
	if (!dm_is_restricted(r->config))
		return;
	add(a, "-xen-domid-restrict");
	add(a, "-chroot");
	add(a, DM_ROOT_FOLDER, r->domid);
}

static void add_state(struct args *a, const struct dm_state *state)
{
	if (!state)
		return;
	add(a, "-incoming");
	add(a, "fd:%d", DM_STATE_FD);
}

static void add_user(struct args *a, const struct dm_user *user)
{
	if (!user->runas[0])
		return;
	add(a, "-runas");
	add(a, "%s", user->runas);
}

char **dm_args_make(struct arena *arena, const struct dm_request *r)
{
	const struct guest_config *config = r->config;
	const bool hvm = config->type == GUEST_HVM;
	const char *keymap = keymap_of(config);
	struct args a = { .arena = arena };

	add_text(&a, r->qemu);
	add(&a, "-xen-domid");
	add(&a, "%u", r->domid);
	add(&a, "-no-shutdown");
	add_monitors(&a, config, r->domid);
	add_channels(&a, &config->pv);
	add(&a, "-nodefaults");
	add(&a, "-no-user-config");
	if (!hvm)
		add(&a, "-xen-attach");
	add(&a, "-name");
	add_text(&a, escaped(&a, config->name));
	add_displays(&a, config);
	if (keymap) {
		add(&a, "-k");
		add_text(&a, keymap);
	}
	if (hvm)
		add_emulated_machine(&a, r);
	else if (is_invisible(config))
		add(&a, "-nographic");
	add_restriction(&a, r);
	add_state(&a, r->state);
	add_texts(&a, NULL, &config->dm_words.all);
	if (hvm) {
		add_machine(&a, config);
		add_texts(&a, NULL, &config->dm_words.hvm);
	} else {
		add(&a, "-machine");
		add(&a, "xenpv");
		add_texts(&a, NULL, &config->dm_words.pv);
	}
	add(&a, "-m");
	add(&a, "%llu", (unsigned long long)
	    (config->maxmem_kib - hvm_video_kib(config)) / 1024);
	if (hvm)
		add_drives(&a, r);
	if (hvm && config->hvm.vendor_xenserver) {
		add(&a, "-device");
		add(&a, "xen-pvdevice,device-id=0xc000");
	}
	add_user(&a, &r->user);
	if (!a.failed)
		a.list = arena_grow(arena, a.list, a.count, sizeof(*a.list));
	if (a.failed || !a.list)
		return NULL;
	a.list[a.count] = NULL;
	return a.list;
}
