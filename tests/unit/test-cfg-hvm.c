/* SPDX-License-Identifier: MIT */
/*
 * The keys of an emulated machine: what they come to beside QEMU's command
 * line (test-dm-args.c), and what is said of those that make no sense. Each
 * input is put behind  name="g"; type="hvm"; memory=64  in line 1.
 */
#include "config.h"

#include "tests/unit/cfg-test.h"

#define BASE "name='g';type='hvm';memory=64\n"
#define OTHER_BASE "name='g';kernel='/k';memory=64\n"

static const struct {
	const char *input, *want;
} cases[] = {
	{ "", "seabios cirrus 8192 KiB" },

	/* firmware */
	{ "bios='ovmf'", "ovmf cirrus 8192 KiB" },
	{ "bios='rombios'",
	  "2:6: error: bios='rombios': it needs qemu-xen-traditional, which is "
	  "not there: leave it out, or take seabios" },
	{ "bios='ovfm'", "2:6: error: bios='ovfm' is not known: did you mean "
			 "'ovmf'? There are rombios, seabios, ovmf" },
	{ "firmware='uefi'", "ovmf cirrus 8192 KiB" },
	{ "firmware='ovmf'", "ovmf cirrus 8192 KiB" },
	{ "firmware='bios'", "seabios cirrus 8192 KiB" },
	{ "firmware='/x'", "seabios loader /x cirrus 8192 KiB" },
	{ "firmware_override='/y'", "seabios loader /y cirrus 8192 KiB" },
	{ "bios='ovmf';bios_path_override='/z'",
	  "ovmf at /z cirrus 8192 KiB" },
	{ "bios_path_override='/z'",
	  "2:20: warning: bios_path_override: taken for a seabios, since bios= "
	  "does not say what it is\nseabios at /z cirrus 8192 KiB" },
	{ "kernel='/usr/lib/xen/boot/hvmloader'",
	  "2:8: warning: kernel='/usr/lib/xen/boot/hvmloader' does nothing: "
	  "hvmloader is started anyhow: leave it out; another one is named by "
	  "firmware_override=\nseabios cirrus 8192 KiB" },
	{ "kernel='/k';extra='x'", "seabios kernel /k cirrus 8192 KiB" },
	{ "extra='x'",
	  "2:7: error: extra: an HVM guest can only have it with kernel=: add "
	  "that, or leave it out: what a disk boots is on the disk" },
	{ "boot='cx'",
	  "2:6: error: boot='cx': 'x' is no drive: write the drives to try in "
	  "order, each once: c (disk), d (CD), a (floppy), n (network)" },
	{ "boot='cdc'",
	  "2:6: error: boot='cdc': 'c' is there twice: write the drives to try "
	  "in order, each once: c (disk), d (CD), a (floppy), n (network)" },

	/* graphics */
	{ "vga='none'", "seabios none 0 KiB" },
	{ "stdvga=1", "seabios std 16384 KiB" },
	{ "vga='cirrus';stdvga=1", "seabios cirrus 8192 KiB" },
	{ "videoram=16", "seabios cirrus 16384 KiB" },
	{ "stdvga=1;videoram=8",
	  "2:19: error: videoram=8: this graphics card needs 16 MiB: leave it "
	  "out for as much" },
	{ "vga='qxl'",
	  "1:28: error: memory: 128 MiB of it are the graphics card's "
	  "(videoram=), and nothing is left for the guest" },
	{ "vnclisten='::1:0';vncdisplay=1",
	  "2:30: error: vncdisplay=1: vnclisten='::1:0' names a display as "
	  "well: say it once" },

	/* devices */
	{ "usbversion=2;usb=1",
	  "2:12: error: usbversion=2: usb= and usbdevice= make a controller of "
	  "their own: leave either out" },
	{ "usbversion=4",
	  "2:12: error: usbversion=4: a number from 0 to 3 is needed" },
	{ "hdtype='sata'",
	  "2:8: error: hdtype='sata' is not known: there are ide, ahci" },
	{ "soundhw='sb61'",
	  "2:9: error: soundhw='sb61' is not known: did you mean 'sb16'? There "
	  "are ac97, adlib, cs4231a, es1370, gus, hda, sb16" },
	{ "device_model_version='qemu-xen'", "seabios cirrus 8192 KiB" },
	{ "device_model_version='qemu-xen-traditional'",
	  "2:22: error: device_model_version='qemu-xen-traditional' is not "
	  "known: there are qemu-xen" },
	{ "display=':0'",
	  "2:9: warning: display does nothing: it is about sdl=1 only, which "
	  "is not there\nseabios cirrus 8192 KiB" },

	/* processors */
	{ "hap=0;nestedhvm=1", "2:17: error: nestedhvm=1 needs hap=1" },
	{ "mmio_hole=100",
	  "2:11: error: mmio_hole=100: a number from 256 to 3840 MiB is "
	  "needed" },
	{ "shadow_memory=5", "seabios cirrus 8192 KiB shadow 5120 KiB" },
	{ "rtc_timeoffset='-3600'", "seabios cirrus 8192 KiB clock -3600" },

	/* Microsoft's interfaces; numbers are bits of HVM_PARAM_VIRIDIAN */
	{ "viridian=0", "seabios cirrus 8192 KiB" },
	{ "viridian=1", "seabios cirrus 8192 KiB viridian 1865" },
	{ "viridian=['defaults']", "seabios cirrus 8192 KiB viridian 1865" },
	{ "viridian=['base']", "seabios cirrus 8192 KiB viridian 3" },
	{ "viridian=['base','freq']", "seabios cirrus 8192 KiB viridian 1" },
	{ "viridian=['defaults','!apic_assist']",
	  "seabios cirrus 8192 KiB viridian 1845" },
	{ "viridian=['base','freq','stimer']",
	  "seabios cirrus 8192 KiB viridian 185" },
	{ "viridian=['all']", "seabios cirrus 8192 KiB viridian 1ffd" },
	{ "viridian=['freq']",
	  "2:10: error: viridian: base is missing, which all others need: add "
	  "\"base\" or \"defaults\"" },
	{ "viridian=['bsae']",
	  "2:10: error: viridian='bsae' is not known: did you mean 'base'? "
	  "There are base, freq, time_ref_count, reference_tsc, "
	  "hcall_remote_tlb_flush, apic_assist, crash_ctl, synic, stimer, "
	  "hcall_ipi, ex_processor_masks, no_vp_limit, cpu_hotplug" },
};

/* The same keys for other guests, which have no such machine. */
static const struct {
	const char *input, *want;
} others[] = {
	{ "type='pv';usb=0;boot='';hap=1",
	  "2:25: warning: hap does nothing for a PV guest\nno machine" },
	{ "type='pv';usb=1",
	  "2:11: warning: usb does nothing for a PV guest\nno machine" },
	{ "type='pvh';vncdisplay=1",
	  "2:12: warning: vncdisplay does nothing for a PVH guest\n"
	  "no machine" },
	{ "type='pv';vnc=1", "no machine" },
	{ "type='pv';vnc=1;vncdisplay=2;sdl=1;display=':0'", "no machine" },
	{ "type='pv';vncdisplay=1;sdl=1;vnc=0",
	  "2:22: warning: vncdisplay does nothing: it is about vnc=1 only, "
	  "which is not there\n"
	  "2:28: warning: sdl does nothing: it is about vnc=1 only, which is "
	  "not there\nno machine" },
	{ "type='pv';vnc=1;vfb=['']",
	  "2:15: warning: vnc does nothing: vfb= says what can be seen\n"
	  "no machine" },
};

static void describe(struct text *t, const struct guest_config *c)
{
	const struct hvm_config *h = &c->hvm;

	if (c->type != GUEST_HVM) {
		say(t, "no machine");
		return;
	}
	say(t, "%s", hvm_bios_name(h->bios));
	if (h->bios_path)
		say(t, " at %s", h->bios_path);
	if (h->firmware)
		say(t, " loader %s", h->firmware);
	if (c->kernel)
		say(t, " kernel %s", c->kernel);
	say(t, " %s %llu KiB", h->vga == HVM_VGA_DEFAULT ? "cirrus"
						       : hvm_vga_name(h->vga),
	    (unsigned long long)hvm_video_kib(c));
	if (c->shadow_set)
		say(t, " shadow %llu KiB", (unsigned long long)c->shadow_kib);
	if (c->rtc_timeoffset)
		say(t, " clock %d", c->rtc_timeoffset);
	if (hvm_viridian_param(&h->viridian))
		say(t, " viridian %llx", (unsigned long long)
		    hvm_viridian_param(&h->viridian));
}

static int check(const char *base, const char *input, const char *want)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct text got = { .s = "" };
	char text[1024];

	snprintf(text, sizeof(text), "%s%s", base, input);
	guest_config_parse("g.cfg", text, strlen(text), NULL, 0, &diags,
			   &config);
	say_diags(&got, &diags);
	if (config) {
		say(&got, "%s", diags.count ? "\n" : "");
		describe(&got, config);
	}
	return expect(input, want, got.s);
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		failed += check(BASE, cases[i].input, cases[i].want);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		failed += check(OTHER_BASE, others[i].input, others[i].want);
	return failed ? 1 : 0;
}
