/* SPDX-License-Identifier: MIT */
/*
 * Keys whose values have a form of their own: what is said of a value that is
 * not of it. That those that are come to the same with xl,
 * tests/compat/test-cfg-dryrun.sh shows. Each input is put behind
 * name="g"; kernel="/k"; memory=64  in line 1.
 */
#include "config.h"

#include "tests/unit/cfg-test.h"

#define BASE "name='g';kernel='/k';memory=64\n"

#define PORTS ": write the port, or FIRST-LAST, in hex, at most ffff"
#define PAGES \
	": write PAGE,COUNT or PAGE,COUNT@GUESTPAGE in hex: a page is an " \
	"address without its last three digits"
#define IRQS \
	" is no interrupt: write its number, as /proc/interrupts has it"
#define LEAVES \
	" is not understood: write \"LEAF:eax=BITS\" or " \
	"\"LEAF,SUBLEAF:eax=BITS,ebx=BITS\", with 32 letters, the highest " \
	"bit first, each of 0, 1, x, k"
#define FITS \
	"a number that fits its bits is needed, or x (as by default) or k " \
	"(as the host has it)"
#define BITS_31 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct {
	const char *input, *want;
} cases[] = {
	/* ports, interrupts, pages */
	{ "ioports=['3f8-3ff','0x60','ffff']", "" },
	{ "ioports=['']", "2:9: error: ioports: '' is not understood" PORTS },
	{ "ioports=['3ff-3f8']",
	  "2:9: error: ioports: '3ff-3f8' is not understood" PORTS },
	{ "ioports=['10000']",
	  "2:9: error: ioports: '10000' is not understood" PORTS },
	{ "ioports=['-1']",
	  "2:9: error: ioports: '-1' is not understood" PORTS },
	{ "ioports=['60-']",
	  "2:9: error: ioports: '60-' is not understood" PORTS },
	{ "ioports=['60 ']",
	  "2:9: error: ioports: '60 ' is not understood" PORTS },
	{ "irqs=['4']", "" },
	{ "irqs=['4x']", "2:6: error: irqs: '4x'" IRQS },
	{ "irqs=['-4']", "2:6: error: irqs: '-4'" IRQS },
	{ "irqs=['4294967295']", "2:6: error: irqs: '4294967295'" IRQS },
	{ "iomem=['a0,20','fe000,1@10']", "" },
	{ "iomem=['a0']", "2:7: error: iomem: 'a0' is not understood" PAGES },
	{ "iomem=['a0,0']",
	  "2:7: error: iomem: 'a0,0' is not understood" PAGES },
	{ "iomem=['a0,1@']",
	  "2:7: error: iomem: 'a0,1@' is not understood" PAGES },
	{ "iomem=['fffffffffffff,2']",
	  "2:7: error: iomem: 'fffffffffffff,2' is not understood" PAGES },
	{ "iomem=['fffffffffffffffff,1']",
	  "2:7: error: iomem: 'fffffffffffffffff,1' is not understood" PAGES },

	/* devices */
	{ "passthrough='disabled'", "" },
	{ "passthrough='on'",
	  "2:13: error: passthrough='on' is not known: there are default, "
	  "disabled, enabled, sync_pt, share_pt" },
	{ "type='pvh';passthrough='enabled'",
	  "2:24: error: passthrough='enabled': a PVH guest can have no "
	  "devices: leave it out, or take type=\"hvm\"" },
	{ "passthrough='share_pt'",
	  "2:13: error: passthrough='share_pt': a PV guest has no tables to "
	  "share: write \"sync_pt\" or \"enabled\"" },
	{ "type='hvm';maxmem=128;passthrough='sync_pt'",
	  "2:35: error: passthrough='sync_pt': a device needs all of the "
	  "guest's memory: leave maxmem= out, or give it as much as memory=" },
	{ "type='pvh';nestedhvm=1;hap=0",
	  "2:22: error: nestedhvm=1 needs hap=1" },

	/* processors */
	{ "cpuid='host,tm=0,sse4.1=x,family=21,mds-no=k'", "" },
	{ "cpuid='host'", "" },
	{ "cpuid='guest,tm=0'",
	  "2:7: error: cpuid='guest,tm=0': what it is based on is missing: "
	  "begin with \"host,\"" },
	{ "cpuid='host,tm'",
	  "2:7: error: cpuid: 'tm' is not understood: write NAME=0, =1, =x "
	  "(as by default) or =k (as the host has it)" },
	{ "cpuid='host,avx51f=0'",
	  "2:7: error: cpuid: 'avx51f' is no feature of a processor: did you "
	  "mean 'avx512f'?" },
	{ "cpuid='host,quantum=1'",
	  "2:7: error: cpuid: 'quantum' is no feature of a processor: "
	  "'xen-cpuid -d', in Xen's own folder, names those there are" },
	{ "cpuid='host,tm=2'", "2:7: error: cpuid: tm='2': " FITS },
	{ "cpuid='host,tm=y'", "2:7: error: cpuid: tm='y': " FITS },
	{ "cpuid='host,tm='", "2:7: error: cpuid: tm='': " FITS },
	{ "cpuid='host,mds-no=2'", "2:7: error: cpuid: mds-no='2': " FITS },
	{ "cpuid='host,family=128'",
	  "2:7: error: cpuid: family='128': " FITS },
	{ "cpuid='host,stepping=16'",
	  "2:7: error: cpuid: stepping='16': " FITS },
	{ "cpuid='host,maxleaf=4294967296'",
	  "2:7: error: cpuid: maxleaf='4294967296': " FITS },
	{ "cpuid=['1:ecx=" BITS_31 "0']", "" },
	{ "cpuid=['1']", "2:7: error: cpuid: '1'" LEAVES },
	{ "cpuid=['a:']", "2:7: error: cpuid: 'a:'" LEAVES },
	{ "cpuid=['4294967295:']",
	  "2:7: error: cpuid: '4294967295:'" LEAVES },
	{ "cpuid=['1:ecx=" BITS_31 "']",
	  "2:7: error: cpuid: '1:ecx=" BITS_31 "'" LEAVES },
	{ "cpuid=['1:efx=" BITS_31 "0']",
	  "2:7: error: cpuid: '1:efx=" BITS_31 "0'" LEAVES },
	{ "cpuid=['1:ecx=" BITS_31 "2']",
	  "2:7: error: cpuid: '1:ecx=" BITS_31 "2'" LEAVES },
	{ "cpuid=['1:e']", "2:7: error: cpuid: '1:e'" LEAVES },

	/* what QEMU serves */
	{ "vfb=['vnc=1,vncdisplay=2,keymap=de','']", "" },
	{ "vfb=['vnc']",
	  "2:7: error: vfb: 'vnc' is not understood: write NAME=VALUE" },
	{ "vfb=['vnc=yes']",
	  "2:7: error: vfb: vnc='yes' is not a number: write it in digits" },
	{ "vfb=['vncdispaly=1']",
	  "2:7: error: vfb: 'vncdispaly' is no option: did you mean "
	  "'vncdisplay'?" },
	{ "vfb=['mode=1']",
	  "2:7: error: vfb: 'mode' is no option of it: see xl-lite.cfg(5)" },
	{ "vfb=['vncdisplay=65535']",
	  "2:7: error: vfb: vncdisplay=65535: a number from 0 to 59635 is "
	  "needed" },
	{ "vfb=['vnclisten=::1:0,vncdisplay=1']",
	  "2:7: error: vfb: vncdisplay=1: vnclisten='::1:0' names a display "
	  "as well: say it once" },
	/* the word itself, on its own line */
	{ "vfb=['vnc=1',\n'vnc=1, sdl=yes,vnclisten=1']",
	  "3:9: error: vfb: sdl='yes' is not a number: write it in digits" },
	{ "vkb=['backend-type=qemu',\n'']",
	  "3:2: error: vkb: it is not said who serves it: add "
	  "backend-type=qemu, or backend-type=linux" },
	{ "channel=['name=n, conection=pty ,connection=pty']",
	  "2:19: error: channel: 'conection' is no option: did you mean "
	  "'connection'?" },
	{ "type='hvm';vfb=['']",
	  "2:12: warning: vfb does nothing for a HVM guest" },
	{ "vkb=['backend-type=linux,feature-abs-pointer=1,width=100']", "" },
	{ "vkb=['']",
	  "2:7: error: vkb: it is not said who serves it: add "
	  "backend-type=qemu, or backend-type=linux" },
	{ "vkb=['backend-type=kernel']",
	  "2:7: error: vkb: backend-type='kernel' is not known: there are "
	  "qemu, linux\n"
	  "2:7: error: vkb: it is not said who serves it: add "
	  "backend-type=qemu, or backend-type=linux" },
	{ "vkb=['backend-type=qemu,feature-multi-touch=1']",
	  "2:7: error: vkb: feature-multi-touch=1: add multi-touch-width=, "
	  "multi-touch-height= and multi-touch-num-contacts=" },
	{ "p9=['tag=t,path=/p,security_model=none']", "" },
	{ "p9=['tag=t,path=/p']",
	  "2:6: error: p9: security_model= is missing" },
	{ "channel=[' connection = pty , name = n ']", "" },
	{ "channel=['connection=tcp,name=n']",
	  "2:11: error: channel: connection='tcp' is not known: there are pty, "
	  "socket\n"
	  "2:11: error: channel: connection= is missing: write connection=pty, "
	  "or connection=socket" },
	{ "channel=['connection=pty']",
	  "2:11: error: channel: name= is missing" },
	{ "channel=['connection=socket,name=n']",
	  "2:11: error: channel: connection=socket: path= is missing" },
	{ "device_model_args=['-x']",
	  "2:19: warning: device_model_args does nothing: the guest has no "
	  "QEMU: one comes with vfb=, vkb=, p9= or channel=" },
	{ "vkb=['backend-type=linux'];device_model_override='/q'",
	  "2:50: warning: device_model_override does nothing: the guest has "
	  "no QEMU: one comes with vfb=, vkb=, p9= or channel=" },

	/* firmware */
	{ "type='hvm';ms_vm_genid='on'",
	  "2:24: error: ms_vm_genid='on' is not known: there are none, "
	  "generate" },
	{ "type='hvm';smbios=['oem=a=b','bios_vendor=']", "" },
	{ "type='hvm';smbios=['oem']",
	  "2:19: error: smbios: 'oem' is not understood: write "
	  "\"NAME=TEXT\"" },
	{ "type='hvm';smbios=['eom=x']",
	  "2:19: error: smbios='eom' is not known: did you mean 'oem'? There "
	  "are bios_vendor, bios_version, system_manufacturer, "
	  "system_product_name, system_version, system_serial_number, "
	  "baseboard_manufacturer, baseboard_product_name, "
	  "baseboard_version, baseboard_serial_number, baseboard_asset_tag, "
	  "baseboard_location_in_chassis, enclosure_manufacturer, "
	  "enclosure_serial_number, enclosure_asset_tag, "
	  "battery_manufacturer, battery_device_name, oem" },
};

static int check(const char *input, const char *want)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct text got = { .used = 0 };
	char text[1024];

	snprintf(text, sizeof(text), BASE "%s", input);
	guest_config_parse("g.cfg", text, strlen(text), NULL, 0, &diags,
			   &config);
	say_diags(&got, &diags);
	return expect(input, want, got.s);
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		failed += check(cases[i].input, cases[i].want);
	printf("%zu inputs, %d failed\n", ARRAY_SIZE(cases), failed);
	return failed != 0;
}
