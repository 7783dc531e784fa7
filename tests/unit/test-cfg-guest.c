/* SPDX-License-Identifier: MIT */
/*
 * What keys mean: a configuration comes to a guest, or to exact messages.
 * Each input is put behind  name="g"; kernel="/k"; memory=64  in line 1.
 */
#include "config.h"

#include "tests/unit/cfg-test.h"

#define BASE "name='g';kernel='/k';memory=64\n"

static const struct {
	const char *input, *want;
} cases[] = {
	{ "", "g pv /k 64/64 MiB 1/1 vcpus" },

	/* numbers: base 0, quoted or not */
	{ "maxmem=0x80", "g pv /k 64/128 MiB 1/1 vcpus" },
	{ "maxmem='128'", "g pv /k 64/128 MiB 1/1 vcpus" },
	{ "maxmem=' 128'", "g pv /k 64/128 MiB 1/1 vcpus" },
	{ "vcpus=010", "2:7: warning: vcpus=010 means 8: a number that begins "
		       "with 0 is octal: leave out the 0 if that is not meant\n"
		       "g pv /k 64/64 MiB 8/8 vcpus" },
	{ "vcpus=08", "2:7: error: vcpus='08' is not a number: write 8" },
	{ "vcpus='2x'", "2:7: error: vcpus='2x' is not a number: write 2" },
	{ "vcpus=''", "2:7: error: vcpus='' is not a number: write it in "
		      "digits" },
	{ "vcpus='two'", "2:7: error: vcpus='two' is not a number: write it "
			 "in digits" },
	{ "vcpus=[2]", "2:7: error: vcpus is a number, not a list" },
	{ "vcpus+=2", "2:8: error: vcpus: += does not add numbers: write "
		      "vcpus=" },
	{ "vcpus='-1'", "2:7: error: vcpus=-1: a number from 1 to 8192 is "
			"needed" },
	{ "vcpus=99999999999999999999",
	  "2:7: error: vcpus='99999999999999999999' is not a number: write it "
	  "in digits" },
	{ "maxmem='1g'", "2:8: error: maxmem='1g' is not a number: write 1024: "
			 "it counts MiB" },
	{ "maxmem='512MB'", "2:8: error: maxmem='512MB' is not a number: write "
			    "512: it counts MiB" },
	{ "maxmem=0", "2:8: error: maxmem=0: a number from 1 to 4294967295 MiB "
		      "is needed" },
	{ "maxmem=32", "2:8: error: maxmem=32 is less than memory=64: a guest "
		       "cannot have more than its maximum" },

	/* processors */
	{ "vcpus=2", "g pv /k 64/64 MiB 2/2 vcpus" },
	{ "vcpus=2;maxvcpus=4", "g pv /k 64/64 MiB 2/4 vcpus" },
	{ "maxvcpus=4", "g pv /k 64/64 MiB 1/4 vcpus" },
	{ "vcpus=4;maxvcpus=2",
	  "2:18: error: maxvcpus=2 is less than vcpus=4: a guest cannot have "
	  "more than its maximum" },
	{ "type='pvh';vcpus=129", "2:18: error: vcpus=129: a number from 1 to "
				  "128 is needed" },

	/* type, of which xl takes any beginning */
	{ "type='pvh'", "g pvh /k 64/64 MiB 1/1 vcpus" },
	{ "type='hvm'", "g hvm /k 64/64 MiB 1/1 vcpus" },
	{ "type='pvh';vcpus=2;maxvcpus=128;maxmem=128",
	  "g pvh /k 64/128 MiB 2/128 vcpus" },
	{ "type='pvh';builder='hvm'",
	  "2:20: error: builder=\"hvm\" contradicts type=\"pvh\": builder is "
	  "the old name of type: leave it out" },
	{ "pvh=0", "g pv /k 64/64 MiB 1/1 vcpus" },
	{ "pvh=1", "2:1: warning: pvh does nothing: xl knows it no more since "
		   "Xen 4.10: write type=\"pvh\"\n"
		   "g pv /k 64/64 MiB 1/1 vcpus" },
	{ "type='pvh';bootloader='pygrub'",
	  "2:23: error: bootloader='pygrub' looks for a kernel on the guest's "
	  "first disk, and there is none: add disk=[\"...\"]" },
	{ "bootloader='pygrub';bootloader_args='-q';disk=['/x,raw,xvda,w']",
	  "2:37: warning: bootloader_args: one text is split where it has "
	  "blanks: write a list instead, [\"...\", \"...\"]\n"
	  "g pv /k 64/64 MiB 1/1 vcpus 1 disks 0 vifs" },
	{ "bootloader_args=['-q']",
	  "2:17: warning: bootloader_args does nothing: it is about "
	  "bootloader= only, which is not there\n"
	  "g pv /k 64/64 MiB 1/1 vcpus" },
	{ "type='hvm';bootloader='pygrub'",
	  "2:12: warning: bootloader does nothing for a HVM guest\n"
	  "g hvm /k 64/64 MiB 1/1 vcpus" },
	{ "firmware='pvgrub64'",
	  "2:10: error: firmware='pvgrub64': kernel= is given, too, and a "
	  "guest starts with one of them: leave the other out" },
	{ "kernel='';firmware='pvgrub65'",
	  "2:1: warning: kernel is given again: it was given in line 1, but "
	  "only this one counts\n"
	  "2:20: error: firmware='pvgrub65' is not known: did you mean "
	  "'pvgrub64'? There are pvgrub32, pvgrub64" },
	{ "type='pvh';pvshim=1", "g pvh /k 64/64 MiB 1/1 vcpus" },
	{ "type='pvh';pvshim_extra='x'",
	  "2:25: warning: pvshim_extra does nothing: it is about pvshim=1 "
	  "only, which is not there\ng pvh /k 64/64 MiB 1/1 vcpus" },
	{ "type='pvh';hap=0", "g pvh /k 64/64 MiB 1/1 vcpus" },
	{ "type='pvh';nestedhvm=1", "g pvh /k 64/64 MiB 1/1 vcpus" },
	{ "builder='hvm'", "g hvm /k 64/64 MiB 1/1 vcpus" },
	{ "builder='generic'", "g pv /k 64/64 MiB 1/1 vcpus" },
	{ "type='p'", "2:6: error: type='p' is not known: there are pv, pvh, "
		      "hvm" },
	{ "type=''", "2:6: error: type='' is not known: there are pv, pvh, "
		     "hvm" },
	{ "type='pvhh'", "2:6: error: type='pvhh' is not known: did you mean "
			 "'pvh'? There are pv, pvh, hvm" },
	{ "type='pv';builder='hvm'",
	  "2:19: error: builder=\"hvm\" contradicts type=\"pv\": builder is "
	  "the old name of type: leave it out" },

	/* the command line of the kernel */
	{ "cmdline='a b'", "g pv /k 'a b' 64/64 MiB 1/1 vcpus" },
	{ "root='/r'", "g pv /k 'root=/r' 64/64 MiB 1/1 vcpus" },
	{ "extra='e'", "g pv /k 'e' 64/64 MiB 1/1 vcpus" },
	{ "root='/r';extra='e'", "g pv /k 'root=/r e' 64/64 MiB 1/1 vcpus" },
	{ "cmdline='c';extra='e'",
	  "2:19: warning: extra does nothing, because cmdline= is given\n"
	  "g pv /k 'c' 64/64 MiB 1/1 vcpus" },
	{ "root='';extra='e';cmdline='c'",
	  "2:6: warning: root and extra does nothing, because cmdline= is "
	  "given\ng pv /k 'c' 64/64 MiB 1/1 vcpus" },

	/* uuid and name */
	{ "uuid='12345678-9abc-DEF0-1234-56789abcdef0'",
	  "g pv /k 64/64 MiB 1/1 vcpus uuid 123456789abcdef0" },
	{ "uuid='12345678'",
	  "2:6: error: uuid='12345678' is no UUID: the form is "
	  "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in hex digits; without one it "
	  "is random" },
	{ "name+='/x'", "1:6: error: name='g/x': a name must not have a slash "
			"in it: files are called after it" },
	{ "name=7",
	  "2:1: warning: name is given again: it was given in line 1, but only "
	  "this one counts\n"
	  "2:6: warning: name='7': commands will take this for the number of a "
	  "domain\n7 pv /k 64/64 MiB 1/1 vcpus" },

	/* what is done when the guest stops */
	{ "on_crash='preserve';on_poweroff='coredump-destroy'",
	  "g pv /k 64/64 MiB 1/1 vcpus on 5 2 4 1 7" },
	{ "on_reboot='destroy';on_watchdog='rename-restart';"
	  "on_soft_reset='restart'",
	  "g pv /k 64/64 MiB 1/1 vcpus on 1 1 1 3 2" },
	{ "on_crash='restrat'",
	  "2:10: error: on_crash='restrat' is not known: did you mean "
	  "'restart'? There are destroy, restart, rename-restart, preserve, "
	  "coredump-destroy, coredump-restart, soft-reset" },
	{ "on_crash=['restart']", "2:10: error: on_crash is one text, not a "
				  "list" },

	/* devices as wholes; their strings have tests of their own */
	{ "disk=['/x,raw,xvda,w']\nvif=['','bridge=b']",
	  "g pv /k 64/64 MiB 1/1 vcpus 1 disks 2 vifs" },
	{ "disk='/x,raw,xvda,w'", "2:6: error: disk is a list: write "
				  "disk=[\"...\"]" },
	{ "disk=[['/x,raw,xvda,w']]", "2:7: error: disk: a list is here, where "
				      "text is needed" },
	{ "disk=['/x,raw,xvda',\n'/y,raw,xvdb'\n,'/z,raw,51712']",
	  "4:3: error: disk: vdev 51712 is used twice: here and at t:2" },
	{ "vif=['devid=1', '']",
	  "2:18: error: vif: devid 1 is used twice: here and at t:2" },
	{ "vif=['mac=0:16:3e:0:0:1', 'mac=00-16-3E-00-00-01']",
	  "2:28: error: vif: the MAC address is used twice: here and at t:2" },
	{ "vif=['mac=zz','rat=1']\ndisk=['a']",
	  "3:8: error: disk: no vdev is given: what is it called in the guest? "
	  "The form is 'TARGET,FORMAT,VDEV,ACCESS', as in "
	  "'/dev/vg/guest,raw,xvda,rw'\n"
	  "2:11: error: vif: mac=zz is no MAC address: six hex numbers are "
	  "needed, as in 00:16:3e:01:02:03\n"
	  "2:16: error: vif: 'rat=' is not known: did you mean 'rate='?" },

	/* what is Xen's to do */
	{ "tsc_mode=1", "2:10: warning: tsc_mode=1: write "
			"tsc_mode=\"always_emulate\": numbers are the old way\n"
			"g pv /k 64/64 MiB 1/1 vcpus" },
	{ "tsc_mode='fast'",
	  "2:10: error: tsc_mode='fast' is not known: there are default, "
	  "always_emulate, native" },
	{ "tsc_mode=3", "2:10: error: tsc_mode=3: a number from 0 to 2 is "
			"needed" },
	{ "timer_mode='x'", "2:1: warning: timer_mode does nothing for a PV "
			    "guest\ng pv /k 64/64 MiB 1/1 vcpus" },
	{ "cpu_weight=0", "2:12: error: cpu_weight=0: a number from 1 to 65535 "
			  "is needed" },
	{ "max_grant_version=3", "2:19: error: max_grant_version=3: a number "
				 "from 0 to 2 is needed" },
	{ "cpus=['0',['1']]", "2:11: error: cpus: a list is here, where text is "
			      "needed" },

	/* keys that do nothing, are not done yet, or do not exist */
	{ "memroy=1", "2:1: warning: memroy is not a key, so it does nothing: "
		      "did you mean 'memory'?\ng pv /k 64/64 MiB 1/1 vcpus" },
	{ "qqqqqqqq=1", "2:1: warning: qqqqqqqq is not a key, so it does "
			"nothing\ng pv /k 64/64 MiB 1/1 vcpus" },
	{ "vnc=1", "g pv /k 64/64 MiB 1/1 vcpus" },
	{ "vnc=0", "g pv /k 64/64 MiB 1/1 vcpus" },
	{ "pci=[]", "g pv /k 64/64 MiB 1/1 vcpus" },
	{ "pci=['01:00.0']",
	  "2:1: error: pci: xl knows this key, but xl-lite does not do it yet: "
	  "leave it out, or use xl for this guest" },
	{ "acpi='yes'", "2:6: error: acpi='yes' is not a number: write it in "
			"digits\n"
			"2:1: warning: acpi does nothing for a PV guest" },
	{ "boot='c'", "2:1: warning: boot does nothing for a PV guest\n"
		      "g pv /k 64/64 MiB 1/1 vcpus" },
	{ "nx=1;type='hvm'", "2:1: warning: nx does nothing: Xen decides this "
			     "by cpuid now\ng hvm /k 64/64 MiB 1/1 vcpus" },

	/* a broken line does not hide the mistakes of the others */
	{ "vcpus 2\nmaxmem='x'",
	  "2:7: error: '2' is here, where '=' or '+=' is needed\n"
	  "3:8: error: maxmem='x' is not a number: write it in digits: it "
	  "counts MiB" },
};

/* The same without anything before them. */
static const struct {
	const char *input, *want;
} bare[] = {
	{ "",
	  "error: the guest has no name: add name=\"...\"\n"
	  "error: a PV guest needs a kernel: add kernel=\"...\", or "
	  "bootloader=\"pygrub\" for one that is on its disk\n"
	  "warning: memory is not given: the guest gets 32 MiB, as with xl: "
	  "add memory=512 for 512 MiB" },
	{ "name=''\nkernel='/k';memory=1",
	  "1:6: error: the guest has no name: add name=\"...\"" },
	{ "name='g';kernel=''\nmemory=1",
	  "1:17: error: a PV guest needs a kernel: add kernel=\"...\", or "
	  "bootloader=\"pygrub\" for one that is on its disk" },
	{ "name='g';bootloader='';memory=1",
	  "error: a PV guest needs a kernel: add kernel=\"...\", or "
	  "bootloader=\"pygrub\" for one that is on its disk" },
	{ "name='g';type='pvh';firmware='';memory=1",
	  "error: a PVH guest needs a kernel: add kernel=\"...\", or "
	  "bootloader=\"pygrub\" for one that is on its disk" },
	{ "name='g';firmware='pvgrub64';memory=1",
	  "g pv " XEN_FOLDER "/boot/pvgrub64.bin 1/1 MiB 1/1 vcpus" },
	{ "name='g';type='pvh';bootloader='x';memory=1;disk=['/x,raw,xvda']",
	  "g pvh - 1/1 MiB 1/1 vcpus 1 disks 0 vifs" },
	{ "name='g';firmware='pvgrub32';bootloader='x';memory=1\ndisk=['/x,raw,xvda']",
	  "1:19: error: firmware='pvgrub32': bootloader= is given, too, and a "
	  "guest starts with one of them: leave the other out" },
	{ "name='g';kernel='/k'",
	  "warning: memory is not given: the guest gets 32 MiB, as with xl: "
	  "add memory=512 for 512 MiB\ng pv /k 32/32 MiB 1/1 vcpus" },
	{ "name='g';kernel='/k';maxmem=99", "g pv /k 99/99 MiB 1/1 vcpus" },
	{ "name='g';type='hvm';memory=9", "g hvm - 9/9 MiB 1/1 vcpus" },
	{ "name='g';type='hvm';memory=8",
	  "1:28: error: memory: 8 MiB of it are the graphics card's "
	  "(videoram=), and nothing is left for the guest" },
	{ "name=[];kernel='/k';memory=1",
	  "1:6: error: name is one text, not a list" },
};

static bool actions_are_default(const struct guest_config *c)
{
	return c->on_poweroff == ACTION_DESTROY &&
	       c->on_reboot == ACTION_RESTART &&
	       c->on_crash == ACTION_DESTROY &&
	       c->on_watchdog == ACTION_DESTROY &&
	       c->on_soft_reset == ACTION_SOFT_RESET;
}

static void describe(struct text *t, const struct guest_config *c)
{
	say(t, "%s %s %s ", c->name, guest_type_name(c->type),
	    c->kernel ? c->kernel : "-");
	if (c->cmdline)
		say(t, "'%s' ", c->cmdline);
	say(t, "%llu/%llu MiB %u/%u vcpus",
	    (unsigned long long)c->memory_kib / 1024,
	    (unsigned long long)c->maxmem_kib / 1024, c->vcpus, c->maxvcpus);
	if (c->uuid_set) {
		say(t, " uuid ");
		for (int i = 0; i < 8; i++)
			say(t, "%02x", c->uuid[i]);
	}
	if (!actions_are_default(c))
		say(t, " on %d %d %d %d %d", c->on_poweroff, c->on_reboot,
		    c->on_crash, c->on_watchdog, c->on_soft_reset);
	if (c->num_disks || c->num_vifs)
		say(t, " %zu disks %zu vifs", c->num_disks, c->num_vifs);
}

static int check(const char *base, const char *input, const char *want,
		 char *const *words, size_t num_words)
{
	CLEANUP_GUEST_CONFIG struct guest_config *config = NULL;
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct text all = { .s = "" }, got = { .s = "" };

	say(&all, "%s%s", base, input);
	guest_config_parse("t", all.s, all.used, words, num_words, &diags,
			   &config);
	say_diags(&got, &diags);
	if (config) {
		if (diags.count)
			say(&got, "\n");
		describe(&got, config);
	}
	return expect(input, want, got.s);
}

/* Words of the command line come last, and += adds to what the file says. */
static int check_words(void)
{
	char memory[] = "memory=128", disk[] = "disk+=['/y,raw,xvda']";
	char *const words[] = { memory, disk };

	return check(BASE, "", "g pv /k 128/128 MiB 1/1 vcpus 1 disks 0 vifs",
		     words, 2) +
	       check(BASE, "disk=['/x,raw,xvda,w']",
		     "2:9: error: disk: vdev xvda is used twice: here and at "
		     "t:2", words, 2);
}

int main(void)
{
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		failed += check(BASE, cases[i].input, cases[i].want, NULL, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bare); i++)
		failed += check("", bare[i].input, bare[i].want, NULL, 0);
	failed += check_words();
	return failed != 0;
}
