/* SPDX-License-Identifier: MIT */
/*
 * What the QEMU of a guest is started with: a configuration comes to a
 * command line. That a whole one is libxl's, word by word, a box test shows;
 * here each key is held to the words that it is for.
 */
#include "config.h"

#include "tests/unit/cfg-test.h"
#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/dm-args.h"

#define BASE "name='g';type='hvm';memory=64\n"
#define PV "type='pv';kernel='/k';"

static const struct {
	const char *input;
	const char *want;	/* words in a row; behind a ! they are not there */
} cases[] = {
	/* nothing said: all of it */
	{ "", "/qemu -xen-domid 7 -no-shutdown "
	      "-chardev socket,id=libxl-cmd,path=/var/run/xen/qmp-libxl-7,"
	      "server=on,wait=off -mon chardev=libxl-cmd,mode=control "
	      "-chardev socket,id=libxenstat-cmd,path=/var/run/xen/"
	      "qmp-libxenstat-7,server=on,wait=off "
	      "-mon chardev=libxenstat-cmd,mode=control "
	      "-nodefaults -no-user-config -name g "
	      "-vnc 127.0.0.1:0,to=99 -display none "
	      "-device cirrus-vga,vgamem_mb=8 -boot order=cda -net none "
	      "-machine xenfv,suppress-vmdesc=on -m 56" },
	{ "name='a,b'", " -name a,,b " },

	/* what it boots */
	{ "boot='dn'", " -boot order=dn " },
	{ "kernel='/k';ramdisk='/r';extra='a b'",
	  " -kernel /k -initrd /r -append a b " },
	{ "kernel='/k'", "!-append" },
	{ "kernel='/x/hvmloader'", "!-kernel" },
	{ "bios='ovmf'", "!ovmf" },	/* hvmloader's, not QEMU's */

	/* memory and processors */
	{ "maxmem=100", " -m 92" },
	{ "videoram=20;maxmem=100", " -m 80" },
	{ "vcpus=2", " -smp 2,maxcpus=2 " },
	{ "vcpus=2;maxvcpus=4", " -smp 2,maxcpus=4 " },
	{ "vcpus=1", "!-smp" },
	{ "mmio_hole=512", " -machine xenfv,suppress-vmdesc=on,"
			   "max-ram-below-4g=3758096384 " },
	{ "xen_platform_pci=0", " -machine pc,accel=xen,suppress-vmdesc=on " },
	{ "acpi=0", " -no-acpi " },
	{ "acpi=1", "!-no-acpi" },

	/* what can be seen */
	{ "vnc=0", " -vnc none " },
	{ "vnc=0;nographic=1", " -nographic " },
	{ "nographic=1", "!-nographic" },	/* vnc is there */
	{ "spice=0;spiceport=6000", "!-spice" },
	{ "spice=1;spiceport=6000;spicepasswd='a,b'",
	  " -spice port=6000,tls-port=0,password=a,,b,agent-mouse=on,"
	  "disable-copy-paste=on -device cirrus" },
	{ "spice=1;spicetls_port=6001;spicehost='::1';"
	  "spicedisable_ticketing=1;spiceagent_mouse=0;"
	  "spice_clipboard_sharing=1;spice_image_compression='off';"
	  "spice_streaming_video='all'",
	  " -spice port=0,tls-port=6001,addr=::1,disable-ticketing=on,"
	  "agent-mouse=off,image-compression=off,streaming-video=all " },
	{ "spice=1;spiceport=1;spicepasswd='x';spicevdagent=1",
	  "disable-copy-paste=on -device virtio-serial -chardev "
	  "spicevmc,id=vdagent,name=vdagent -device "
	  "virtserialport,chardev=vdagent,name=com.redhat.spice.0 " },
	{ "spice=1;spiceport=1;spicepasswd='x';spiceusbredirection=1",
	  "multifunction=on -chardev spicevmc,name=usbredir,id=usbrc1 -device "
	  "usb-redir,chardev=usbrc1,id=usbrc1 " },
	{ "spiceusbredirection=1", "!usb" },
	{ "vnclisten='0.0.0.0'", " -vnc 0.0.0.0:0,to=99 " },
	{ "vnclisten='0.0.0.0:3'", " -vnc 0.0.0.0:3,to=99 " },
	{ "vncdisplay=2;vncunused=0", " -vnc 127.0.0.1:2 " },
	{ "vncpasswd='p'", " -vnc 127.0.0.1:0,password=on,to=99 " },
	{ "vncpasswd='p'", "!=p" },	/* ps shows what is here */
	{ "vga='stdvga'", " -device VGA,vgamem_mb=16 " },
	{ "stdvga=1;videoram=32;memory=99", " -device VGA,vgamem_mb=32 " },
	{ "stdvga=0", " -device cirrus-vga,vgamem_mb=8 " },
	{ "vga='none'", "!vga" },
	{ "vga='none'", " -m 64" },
	{ "vga='qxl';memory=256",
	  " -device qxl-vga,vram_size_mb=64,ram_size_mb=64 " },
	{ "keymap='de'", " -k de " },

	/* what can be plugged in */
	{ "serial='pty'", " -serial pty " },
	{ "serial=['pty', 'file:/x,y']", " -serial pty -serial file:/x,y " },
	{ "usb=1", " -usb -net " },
	{ "usbdevice='tablet'", " -usb -usbdevice tablet " },
	{ "usbdevice=['tablet','mouse']",
	  " -usb -usbdevice tablet -usbdevice mouse " },
	{ "usb=0", "!usb" },
	{ "usbversion=1", " -device piix3-usb-uhci,id=usb " },
	{ "usbversion=2", " -device ich9-usb-ehci1,id=usb,addr=0x1d.0x7,"
			  "multifunction=on "
			  "-device ich9-usb-uhci1,masterbus=usb.0,firstport=0,"
			  "addr=0x1d.0,multifunction=on "
			  "-device ich9-usb-uhci2,masterbus=usb.0,firstport=2,"
			  "addr=0x1d.0x1,multifunction=on " },
	{ "usbversion=3", " -device nec-usb-xhci,id=usb " },
	{ "soundhw='hda'", " -device intel-hda -device hda-duplex " },
	{ "soundhw='ac97'", " -device ac97 " },
	{ "vendor_device='xenserver'",
	  " -device xen-pvdevice,device-id=0xc000" },

	/* disks */
	{ "disk=['/x,raw,hda,w']",
	  " -drive file=/x,if=ide,index=0,media=disk,format=raw,"
	  "cache=writeback,file.locking=off" },
	{ "disk=['vdev=xvdb,target=/a,b']",
	  " -drive file=/a,,b,if=ide,index=1,media=disk," },
	{ "disk=['/x,raw,xvde,w']", "!-drive" },
	{ "disk=['/x,raw,xvda1,w']", "!-drive" },
	{ "disk=['/x,raw,sda,r']",
	  " -device lsi53c895a -device cirrus-vga,vgamem_mb=8 " },
	{ "disk=['/x,raw,sdb,r']",
	  " -drive file=/x,id=scsi0-hd1,format=raw,if=none,readonly=on,"
	  "cache=writeback,file.locking=off "
	  "-device scsi-hd,drive=scsi0-hd1,scsi-id=1" },
	{ "hdtype='ahci';disk=['/x,raw,xvde,w']",
	  " -device ahci,id=ahci0 "
	  "-drive file=/x,if=none,id=ahcidisk-4,format=raw,cache=writeback,"
	  "file.locking=off -device ide-hd,bus=ahci0.4,unit=0,"
	  "drive=ahcidisk-4" },
	{ "disk=['/c,raw,hdc,cdrom']",
	  " -drive if=none,readonly=on,id=ide-5632,file=/c,format=raw "
	  "-device ide-cd,id=ide-5632,drive=ide-5632,bus=ide.1,unit=0" },
	{ "disk=[',raw,hdd,cdrom']",
	  " -drive if=none,readonly=on,id=ide-5696 "
	  "-device ide-cd,id=ide-5696,drive=ide-5696,bus=ide.1,unit=1" },

	/* cards */
	{ "vif=['mac=00:16:3e:01:02:03']",
	  " -device rtl8139,id=nic0,netdev=net0,mac=00:16:3e:01:02:03 "
	  "-netdev type=tap,id=net0,ifname=vif7.0-emu,br=xenbr0,"
	  "script=no,downscript=no -machine " },
	{ "vif=['type=vif', 'model=e1000,bridge=b1,vifname=a']",
	  " -device e1000,id=nic1,netdev=net1,mac=00:00:00:00:00:00 "
	  "-netdev type=tap,id=net1,ifname=a-emu,br=b1," },
	{ "vif=['type=vif']", " -net none " },
	{ "vif=['vifname=longestname1']", ",ifname=longestname-emu," },

	/* words of one's own */
	{ "device_model_args=['-a','b c'];device_model_args_hvm=['-d']",
	  " -a b c -machine xenfv,suppress-vmdesc=on -d -m " },
	{ "device_model_args_pv=['-p']", "!-p " },

	/* a window of the host's */
	{ "sdl=1;keymap='de'", " -display none -display sdl -k de " },
	{ "sdl=1;opengl=1", " -display sdl,gl=on " },
	{ "sdl=0", "!sdl" },
	{ "sdl=1;vnc=0;nographic=1", "!-nographic" },

	/* its rights */
	{ "device_model_user='qemu'", " -m 56 -runas qemu" },
	{ "dm_restrict=1", " -chardev socket,id=libxl-cmd,fd=3,server=on,"
			   "wait=off -S -mon chardev=libxl-cmd" },
	{ "dm_restrict=1", " -xen-domid-restrict -chroot "
			   "/var/run/xen/qemu-root-7 -machine " },
	{ "dm_restrict=0", "!-S" },

	/* channels: the number 0 is the first console's */
	{ "channel=['name=a,connection=pty','name=b,connection=socket,path=/s']",
	  " -chardev pty,id=libxl-channel1 -chardev socket,id=libxl-channel2,"
	  "path=/s,server=on,wait=off -nodefaults " },

	/* other guests' */
	{ PV "p9=['tag=t,path=/p,security_model=none']",
	  "-nodefaults -no-user-config -xen-attach -name g -vnc none "
	  "-display none -nographic -machine xenpv -m 64" },
	{ PV "vnc=1", " -vnc 127.0.0.1:0,to=99 -display none -machine xenpv " },
	{ PV "vfb=['vnc=0,sdl=1,keymap=de','vncdisplay=5']",
	  " -vnc none -display none -display sdl -k de -machine xenpv " },
	{ PV "vfb=['vnc=0']", " -display none -nographic -machine " },
	{ PV "vfb=['vnclisten=h,vncdisplay=2,vncunused=0']",
	  " -vnc h:2 -display none -machine " },
	{ PV "vnc=1;device_model_args=['-a'];device_model_args_pv=['-p'];"
	  "device_model_args_hvm=['-h']", " -a -machine xenpv -p -m 64" },
	{ PV "vnc=1;vcpus=2;boot='c'", "!-smp" },
};

/* The machine goes on, with three processors; a number of ours is none of its. */
static const struct dm_state left = { .fd = 9, .vcpus = 3 };
static const struct {
	const char *input, *want;
} left_cases[] = {
	{ "vcpus=2;maxvcpus=4", " -smp 3,maxcpus=4 " },
	{ "boot='c'", " -incoming fd:4 -machine xenfv" },
	{ "dm_restrict=1", " -chroot /var/run/xen/qemu-root-7 -incoming fd:4 " },
	{ "device_model_args=['-a']", " -incoming fd:4 -a -machine " },
};

static void plan(const struct guest_config *config, struct device *devices)
{
	for (size_t i = 0; i < config->num_disks; i++, devices++) {
		devices->disk = &config->disks[i];
		devices->devid = config->disks[i].vdev_number;
		if (config->disks[i].target)
			snprintf(devices->target, sizeof(devices->target), "%s",
				 config->disks[i].target);
	}
	for (size_t i = 0; i < config->num_vifs; i++, devices++) {
		devices->vif = &config->vifs[i];
		devices->devid = config->vifs[i].devid;
		devices->bridge = devices->vif->bridge ?
			devices->vif->bridge : "xenbr0";
	}
}

static int check_words(const char *input, const char *want,
		       const struct guest_config *config,
		       const struct dm_state *state)
{
	CLEANUP(arena_free) struct arena arena = { NULL };
	static struct device devices[8];
	struct dm_request request = {
		.config = config,
		.devices = devices,
		.num_devices = config->num_disks + config->num_vifs,
		.domid = 7,
		.qemu = "/qemu",
		.state = state,
	};
	const bool absent = *want == '!';
	struct text got = { .s = "" };
	char **argv;

	memset(devices, 0, sizeof(devices));
	plan(config, devices);
	if (config->hvm.dm_user)
		snprintf(request.user.runas, sizeof(request.user.runas), "%s",
			 config->hvm.dm_user);
	argv = dm_args_make(&arena, &request);
	for (char **arg = argv; arg && *arg; arg++)
		say(&got, "%s%s", arg == argv ? "" : " ", *arg);
	if (!*input)
		return expect(input, want, got.s);
	if (!strstr(got.s, want + absent) == absent)
		return 0;
	printf("input: %s\n want: %s\n  got: %s\n", input, want, got.s);
	return 1;
}

static int check(const char *input, const char *want,
		 const struct dm_state *state)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct text got = { .s = "" };
	char text[1024];

	snprintf(text, sizeof(text), BASE "%s", input);
	if (!guest_config_parse("g.cfg", text, strlen(text), NULL, 0, &diags,
				&config))
		return check_words(input, want, config, state);
	say_diags(&got, &diags);
	return expect(input, want, got.s);
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		failed += check(cases[i].input, cases[i].want, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(left_cases); i++)
		failed += check(left_cases[i].input, left_cases[i].want, &left);
	return failed ? 1 : 0;
}
