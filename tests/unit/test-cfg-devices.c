/* SPDX-License-Identifier: MIT */
/* Disk and vif strings: what device they describe, or what is wrong. */
#include "config.h"

#include "tests/unit/cfg-test.h"

#include "tools/xl-lite/arena.h"
#include "tools/xl-lite/spec.h"
#include "tools/xl-lite/vdev.h"

#include <inttypes.h>

#define NO_VDEV "1:1: error: disk: no vdev is given: what is it called in the " \
	"guest? The form is 'TARGET,FORMAT,VDEV,ACCESS', as in " \
	"'/dev/vg/guest,raw,xvda,rw'"

static const struct {
	const char *input, *want;
} disks[] = {
	/* positional */
	{ "/x,raw,xvda,w", "xvda 51712 raw /x rw" },
	{ "/x,qcow2,xvda,ro", "xvda 51712 qcow2 /x ro" },
	{ "/x,,xvda", "xvda 51712 raw /x rw" },
	{ "/x,,xvda,", "xvda 51712 raw /x rw" },
	{ "/x,raw,xvda,rw,", "xvda 51712 raw /x rw" },
	{ "/x,raw,xvda,w,q", "1:15: error: disk: 'q' has no meaning here: "
			     "target, format, vdev and access are known "
			     "already" },
	{ "/x,rwa,xvda", "1:4: error: disk: 'rwa' is no format: there are raw, "
			 "qcow, qcow2, vhd, qed and empty" },
	{ "/x,raw,xvda,q", "1:13: error: disk: 'q' is no access: r or ro is "
			   "read-only, w or rw is writable" },
	{ "", NO_VDEV },
	{ "/x,raw", NO_VDEV },
	{ "/x,raw,,w", NO_VDEV },
	{ ",raw,xvda", "1:1: error: disk: no target is given: which file or "
		       "device is it? Only a cdrom can be empty" },
	{ "vdev=xvda", "1:1: error: disk: no target is given: which file or "
		       "device is it? Only a cdrom can be empty" },

	/* by name */
	{ "format=vhd,vdev=xvdb,access=r,target=/x", "xvdb 51728 vhd /x ro" },
	{ "vdev=xvda,target=/a,b=c", "xvda 51712 raw /a,b=c rw" },
	{ "vdev=xvda,target=/x,", "xvda 51712 raw /x rw" },
	{ "/x, vdev=xvda,\t\nqed", "xvda 51712 qed /x rw" },
	{ "/x, vdev=xvda, ", "xvda 51712 raw /x rw" },
	{ "/x ,raw,xvda", "xvda 51712 raw /x  rw" },
	{ "backend=dd,script=s,direct-io-safe,discard,vdev=xvda,target=/x",
	  "xvda 51712 raw /x rw in dd script s direct discard=2" },
	{ "untrusted,no-discard,vdev=xvda,target=/x",
	  "xvda 51712 raw /x rw discard=1 trusted=1" },
	{ "/x,raw,xvda,trusted", "xvda 51712 raw /x rw trusted=2" },
	{ "/x,raw,xvda,w,frontend=user",
	  "xvda 51712 raw /x rw frontend=user" },
	{ "/x,raw,xvda,w,frontend=kernel", "xvda 51712 raw /x rw" },
	{ "/x,raw,xvda,w,frontend=none",
	  "1:24: error: disk: frontend=none is not known: there are kernel, "
	  "the guest's own driver, and user, xl-lite-blkfront" },
	{ "backendtype=phy,/dev/x,raw,xvda", "xvda 51712 raw /dev/x rw by phy" },
	{ "backendtype=loop,/x,raw,xvda",
	  "1:13: error: disk: 'loop' is no backendtype: there are phy, qdisk, "
	  "tap and standalone; without one xl-lite-blkd serves the disk" },
	{ "format=raw,format=raw,vdev=xvda,target=/x",
	  "xvda 51712 raw /x rw" },
	{ "format=raw,format=qed,vdev=xvda,target=/x",
	  "1:19: error: disk: the format is given twice: raw and qed" },
	{ "vdev=xvda,vdev=xvdb,target=/x",
	  "1:16: error: disk: vdev is given twice: 'xvda' and 'xvdb'" },
	{ "/x,raw,xvda,target=/y",
	  "1:20: error: disk: the target is given twice: '/x' and '/y'" },
	{ "vdve=xvda,target=/x", "1:1: error: disk: 'vdve=' is not known: did "
				 "you mean 'vdev='?" },
	{ "bogus=1,/x,raw,xvda", "1:1: error: disk: 'bogus=' is not known: see "
				 "xl-lite.cfg(5)" },
	{ "/x=y,raw,xvda", "1:1: error: disk: '/x=y' is not understood: only "
			   "'target=', as the last, can have a = in its value, "
			   "and a key has no blank in it" },
	{ "colo,/x,raw,xvda", "1:1: error: disk: xl-lite does not do COLO: "
			      "leave out what is about it" },
	{ "specification=virtio,/x,raw,xvda",
	  "1:15: error: disk: xl-lite does not serve virtio disks yet: leave "
	  "specification= out" },

	/* drives */
	{ "/x,raw,hdc,devtype=cdrom", "hdc 5632 raw /x ro cdrom removable" },
	{ "cdrom,vdev=hdc", "hdc 5632 empty - ro cdrom removable" },
	{ ",hdc:cdrom,r", "hdc 5632 empty - ro cdrom removable" },
	{ "/x,raw,hdc:cdrom,r", "hdc 5632 raw /x ro cdrom removable" },
	{ "/x,raw,hda:disk,w", "hda 768 raw /x rw" },
	{ "/x,raw,hda:tape,w", "1:12: error: disk: 'tape' is no devtype: there "
			       "are disk and cdrom" },
	{ "cdrom,access=rw,/x,raw,hdc",
	  "1:1: warning: disk: hdc is a cdrom and so read-only\n"
	  "hdc 5632 raw /x ro cdrom removable" },
	{ "/x,empty,hdc,devtype=cdrom",
	  "1:1: error: disk: format=empty, but the target is '/x'" },

	/* prefixes of old */
	{ "phy:/dev/x,xvda,w", "xvda 51712 raw /dev/x rw" },
	{ "file:/x,hda,r", "hda 768 raw /x ro" },
	{ "tap2:tapdisk:aio:/i,xvda,w", "xvda 51712 raw /i rw" },
	{ "qcow2:/x,xvda,w", "xvda 51712 qcow2 /x rw" },
	{ "tap:qcow2:/x,xvda,w", "xvda 51712 qcow2 /x rw" },
	{ "iscsi:iqn.x,xvda,w", "xvda 51712 raw iqn.x rw script block-iscsi" },
	{ "nbd:h:10809,xvda", "xvda 51712 raw h:10809 rw script block-nbd" },
	{ "phy:/dev/x,hdc:cdrom,r", "hdc 5632 raw /dev/x ro cdrom removable" },
	{ "rbd:pool/x,raw,xvda", "xvda 51712 raw rbd:pool/x rw" },
	{ "rbd:/x,raw,xvda", "1:1: error: disk: the prefix 'rbd:' is not "
			     "known: leave it out, or write target=rbd:... "
			     "last" },
};

static const struct {
	const char *input, *want;
} vifs[] = {
	{ "", "5" },
	{ " ", "5" },
	{ "bridge=br0", "5 bridge br0" },
	{ "bridge=", "5" },
	{ "mac=00:16:3e:01:02:03,bridge=br0",
	  "5 mac 00163e010203 bridge br0" },
	{ "mac=0:16:3E:1:2:3", "5 mac 00163e010203" },
	{ "mac=00-16-3e-01-02-03 , bridge=br0",
	  "5 mac 00163e010203 bridge br0" },
	{ "mac=00:16:3e:01:02", "1:5: error: vif: mac=00:16:3e:01:02 is no MAC "
				"address: six hex numbers are needed, as in "
				"00:16:3e:01:02:03" },
	{ "mac=00:16:3e:01:02:03:04",
	  "1:5: error: vif: mac=00:16:3e:01:02:03:04 is no MAC address: six "
	  "hex numbers are needed, as in 00:16:3e:01:02:03" },
	{ "mac=00:163:3e:01:02:03",
	  "1:5: error: vif: mac=00:163:3e:01:02:03 is no MAC address: six hex "
	  "numbers are needed, as in 00:16:3e:01:02:03" },
	{ "mac=01:00:00:00:00:01",
	  "1:5: error: vif: mac=01:00:00:00:00:01 is a multicast address: the "
	  "first number must be even" },
	{ "mac=00:00:00:00:00:00",
	  "1:5: error: vif: mac=00:00:00:00:00:00 is no address: leave mac= "
	  "out for a random one" },
	{ "type=vif,model=e1000,ip=10.0.0.1 10.0.0.2/24,script=/s,backend=dd,"
	  "vifname=v0,gatewaydev=eth0,mtu=9000,devid=3,trusted",
	  "3 vifname v0 gatewaydev eth0 ip 10.0.0.1 10.0.0.2/24 script /s "
	  "model e1000 in dd type=1 mtu=9000 trusted=2" },
	{ "type=ioemu,untrusted", "5 type=2 trusted=1" },
	{ "frontend=user,backendtype=kernel",
	  "5 backend=kernel frontend=user" },
	{ "frontend=", "1:10: error: vif: frontend= is not known: there are "
		       "kernel, the guest's own driver, and user, "
		       "xl-lite-netfront" },
	{ "type=viff", "1:6: error: vif: type=viff is not known: there are vif "
		       "and ioemu" },
	{ "netdev=eth0", "1:8: warning: vif: netdev= is the old name of "
			 "gatewaydev=\n5 gatewaydev eth0" },
	{ "accel=1", "1:7: warning: vif: accel= does nothing: Xen has no "
		     "accelerators for network cards any more\n5" },
	{ "brigde=br0", "1:1: error: vif: 'brigde=' is not known: did you mean "
			"'bridge='?" },
	{ "bridge=br0,trusted ", "1:12: error: vif: 'trusted ' is not known: "
				 "did you mean 'trusted'?" },
	{ "mac", "1:1: error: vif: 'mac' is not known: did you mean 'mac='?" },
	{ "mtu=1500,mtu=9000", "1:10: error: vif: 'mtu' is given twice" },
	{ "mtu=67", "1:5: error: vif: mtu=67 is not a number from 68 to "
		    "65535" },
	{ "devid=2x", "1:7: error: vif: devid=2x is not a number from 0 to "
		      "65535" },
	{ "devid=2 ,mtu=9000\t , bridge=br0", "2 bridge br0 mtu=9000" },
	{ "mtu=1 500", "1:5: error: vif: mtu=1 500 is not a number from 68 to "
		       "65535" },
	{ "bridge=averylongbridgename",
	  "1:8: error: vif: bridge=averylongbridgename is too long for a "
	  "network interface: 19 letters, at most 15" },
	{ "bridge=br0 ", "1:8: error: vif: bridge='br0 ' is no name of a "
			 "network interface: it has a blank, a colon or a "
			 "slash in it" },
	{ "script=vif-openvswitch,bridge=ovsbr0.1:2,3",
	  "1:42: error: vif: '3' is not known: see xl-lite.cfg(5)" },
	{ "script=vif-openvswitch,bridge=ovsbr0.1:2",
	  "5 bridge ovsbr0.1:2 script vif-openvswitch" },
	{ "colo_sock_mirror_id=x", "1:1: error: vif: xl-lite does not do COLO: "
				   "leave colo_sock_mirror_id= out" },
	{ "rate=10Mb/s", "5 rate 62500,50000" },
	{ "rate=10", "1:6: error: vif: rate=10: the unit is missing: write "
		     "B/s, KB/s, MB/s, GB/s for bytes or b/s, Kb/s, Mb/s, Gb/s "
		     "for bits" },
};

static const struct {
	const char *input, *want;
} rates[] = {
	{ "10Mb/s", "62500,50000" },
	{ "1MB/s@20ms", "20000,20000" },
	{ "1GB/s", "50000000,50000" },
	{ "1Gb/s", "6250000,50000" },
	{ "8Kb/s@1s", "1000,1000000" },
	{ "500B/s@1", "500,1000000" },
	{ "1MB/s@20m", "20000,20000" },
	{ "1MB/s@500u", "500,500" },
	{ "1MB/s@500us", "500,500" },
	{ "010MB/s", "400000,50000" },
	{ "4294967295KB/s", "214748364750,50000" },
	{ "1b/s", "this lets no byte pass in an interval" },
	{ "4294967296KB/s", "it begins with a number from 1 to 4294967295, as "
			    "in 10Mb/s" },
	{ "0MB/s", "it begins with a number from 1 to 4294967295, as in "
		   "10Mb/s" },
	{ "", "it begins with a number from 1 to 4294967295, as in 10Mb/s" },
	{ "019Mb/s", "a number that begins with 0 is octal and has no 8 or 9 "
		     "in it: leave out the 0" },
	{ "10Mb/s@069ms", "a number that begins with 0 is octal and has no 8 "
			  "or 9 in it: leave out the 0" },
	{ "10MB", "the unit ends in /s, and @INTERVAL may follow" },
	{ "10MB/sec", "the unit ends in /s, and @INTERVAL may follow" },
	{ "10Mb/s@", "no number follows the @" },
	{ "10Mb/s@1h", "the interval behind @ ends in s, ms or us" },
	{ "10Mb/s@5000s", "the interval is too long: at most 4294 s" },
};

static const struct {
	const char *name;
	uint32_t number;
	unsigned int disk, partition;
} vdevs[] = {
	{ "xvda", 51712, 0, 0 },
	{ "xvda1", 51713, 0, 1 },
	{ "xvdp15", 51967, 15, 15 },
	{ "xvda16", 1U << 28 | 16, 0, 16 },
	{ "xvdq", 1U << 28 | 16 << 8, 16, 0 },
	{ "xvdaa", 1U << 28 | 26 << 8, 26, 0 },
	{ "hda", 768, 0, 0 },
	{ "hdb1", 833, 1, 1 },
	{ "hdd63", 5759, 3, 63 },
	{ "sdb2", 2066, 1, 2 },
	{ "d0p0", 51712, 0, 0 },
	{ "d16p3", 1U << 28 | 16 << 8 | 3, 16, 3 },
	{ "51712", 51712, 0, 0 },
	{ "0xca10", 51728, 1, 0 },
	{ "xvd", 0, 0, 0 },
	{ "xvd1", 0, 0, 0 },
	{ "xvda01", 0, 0, 0 },
	{ "xvda0", 0, 0, 0 },
	{ "xvda256", 0, 0, 0 },
	{ "xvdzzzzz", 0, 0, 0 },
	{ "XVDA", 0, 0, 0 },
	{ "hde", 0, 0, 0 },
	{ "sdq", 0, 0, 0 },
	{ "sda16", 0, 0, 0 },
	{ "d0", 0, 0, 0 },
	{ "d1048576p0", 0, 0, 0 },
	{ "2147483648", 0, 0, 0 },
	{ "-1", 0, 0, 0 },
	{ "1x", 0, 0, 0 },
	{ "", 0, 0, 0 },
};

static void say_if(struct text *t, const char *what, const char *value)
{
	if (value)
		say(t, " %s %s", what, value);
}

static int check_disk(struct spec spec, const char *want)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct text got = { .s = "" };
	struct disk_config d;

	spec.diags = &diags;
	if (disk_spec_parse(&spec, &d) == 0) {
		say_diags(&got, &diags);
		say(&got, "%s%s %u %s %s %s%s%s", diags.count ? "\n" : "",
		    d.vdev, d.vdev_number, disk_format_name(d.format),
		    d.target ? d.target : "-", d.readonly ? "ro" : "rw",
		    d.cdrom ? " cdrom" : "", d.removable ? " removable" : "");
		if (d.backendtype)
			say_if(&got, "by", disk_backendtype_name(d.backendtype));
		say_if(&got, "in", d.backend_domain);
		say_if(&got, "script", d.script);
		if (d.direct_io_safe)
			say(&got, " direct");
		if (d.discard)
			say(&got, " discard=%d", d.discard);
		if (d.user_frontend)
			say(&got, " frontend=user");
		if (d.trusted)
			say(&got, " trusted=%d", d.trusted);
	} else {
		say_diags(&got, &diags);
	}
	return expect(spec.text, want, got.s);
}

static int check_vif(struct spec spec, const char *want)
{
	CLEANUP_DIAGS struct diags diags = { 0 };
	struct text got = { .s = "" };
	struct vif_config v = { .devid = 5 };
	int r;

	spec.diags = &diags;
	r = vif_spec_parse(&spec, &v);
	say_diags(&got, &diags);
	if (r == 0) {
		say(&got, "%s%u", diags.count ? "\n" : "", v.devid);
		if (v.mac_set)
			say(&got, " mac %02x%02x%02x%02x%02x%02x", v.mac[0],
			    v.mac[1], v.mac[2], v.mac[3], v.mac[4], v.mac[5]);
		say_if(&got, "bridge", v.bridge);
		say_if(&got, "vifname", v.vifname);
		say_if(&got, "gatewaydev", v.gatewaydev);
		say_if(&got, "ip", v.ip);
		say_if(&got, "script", v.script);
		say_if(&got, "model", v.model);
		say_if(&got, "in", v.backend_domain);
		if (v.type)
			say(&got, " type=%d", v.type);
		if (v.mtu)
			say(&got, " mtu=%u", v.mtu);
		if (v.rate_bytes)
			say(&got, " rate %" PRIu64 ",%" PRIu32, v.rate_bytes,
			    v.rate_interval_us);
		if (v.backendtype == VIF_BACKEND_KERNEL)
			say(&got, " backend=kernel");
		if (v.user_frontend)
			say(&got, " frontend=user");
		if (v.trusted)
			say(&got, " trusted=%d", v.trusted);
	}
	return expect(spec.text, want, got.s);
}

static int check_rate(const char *input, const char *want)
{
	struct text got = { .s = "" };
	uint32_t interval;
	uint64_t bytes;
	const char *wrong = vif_rate_parse(input, &bytes, &interval);

	if (wrong)
		say(&got, "%s", wrong);
	else
		say(&got, "%" PRIu64 ",%" PRIu32, bytes, interval);
	return expect(input, want, got.s);
}

static int check_vdev(size_t i)
{
	struct vdev v = { 0 };
	int want = vdevs[i].number ? 0 : -1;
	int r = vdev_parse(vdevs[i].name, &v);

	if (!r == !want && v.number == vdevs[i].number &&
	    v.disk == vdevs[i].disk && v.partition == vdevs[i].partition)
		return 0;
	printf("vdev '%s': got %d: %u, disk %u, partition %u\n",
	       vdevs[i].name, r, v.number, v.disk, v.partition);
	return 1;
}

int main(void)
{
	struct arena arena = { 0 };
	struct spec spec = {
		.pos = { .name = "t", .line = 1, .column = 1 },
		.exact = true,
		.arena = &arena,
	};
	int failed = 0;

	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		spec.text = disks[i].input;
		failed += check_disk(spec, disks[i].want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(vifs); i++) {
		spec.text = vifs[i].input;
		failed += check_vif(spec, vifs[i].want);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		failed += check_rate(rates[i].input, rates[i].want);
	for (size_t i = 0; i < ARRAY_SIZE(vdevs); i++)
		failed += check_vdev(i);
	arena_free(&arena);
	return failed != 0;
}
