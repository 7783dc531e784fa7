#!/bin/bash
# SPDX-License-Identifier: MIT
# An HVM guest: what its QEMU cannot do or does not survive is an error that
# says why and leaves nothing. Debian's kernel in it finds Xen's drivers: the
# emulated disk and card are unplugged, and xl-lite-blkd and xl-lite-netd serve
# it in their place. The usual commands work on it.
. "$(dirname "$0")/lib.sh"
plan 69

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid

# Commas in a file's name are QEMU's own, unless they are doubled.
disk="$work/disk,a.img"
dd if=/dev/urandom of="$disk" bs=1M count=4 status=none
sum=$(md5sum <"$disk" | cut -c1-32)
truncate -s 1M "$work/cd.iso"
dd if=/dev/urandom of="$work/plug.img" bs=64K count=1 status=none

guest_job "$work/job.cpio" <<'EOS'
echo "boot: $(cat /sys/hypervisor/guest_type)"
echo "cards: $(grep -l '^0x0200' /sys/bus/pci/devices/*/class | wc -l)"
wait-for test -e /dev/xvda
echo "disk: $(md5sum </dev/xvda | cut -c1-32)"
printf written | dd of=/dev/xvda conv=fsync,notrunc 2>/dev/null
wait-for test -e /sys/class/net/eth0
ip addr add 192.0.2.9/24 dev eth0
ip link set eth0 up
ping -c 3 -w 60 192.0.2.1 >/dev/null && echo "net: host answers"
dmesg | grep -i 'unplug\|Xen Platform PCI'
echo "the serial port has this" >/dev/ttyS0
# what the kernel runs when it is asked to shut down
echo '/bin/busybox poweroff -f' >/proc/sys/kernel/poweroff_cmd
echo ready
wait-for test -e /dev/xvde
echo "plugged: $(md5sum </dev/xvde | cut -c1-32)"
wait-for test ! -e /dev/xvde
echo unplugged
while :; do sleep 1; done
EOS
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
guest_cfg hvm "type='hvm'" "kernel='$box_guest/vmlinuz'" \
	"ramdisk='$work/ramdisk'" "memory=200" "serial='pty'" \
	"usb=1" "usbdevice=['tablet']" \
	"disk=['vdev=hda,target=$disk', '$work/cd.iso,raw,hdc,cdrom', ',raw,hdd,cdrom']" \
	"vif=['bridge=xenbr0,mac=00:16:3e:11:22:36']" >"$work/hvm.cfg"
# One that starts nothing: hvmloader, SeaBIOS, and no disk.
guest_cfg bare "type='hvm'" "kernel=''" "ramdisk=''" "extra=''" "memory=32" \
	"vga='none'" "vnc=0" "xen_platform_pci=0" >"$work/bare.cfg"

state() {
	xenstore-ls -fp / | grep -v '^/local/domain/0/\(control\|device-model \)\|^/\(vm\|libxl\) '
	xl list | awk '{ print $1, $2, $3, $4 }'
	ls /var/lib/xen /sys/class/net /run/xl-lite /run/xen 2>/dev/null
}

# refused WHAT STATUS REGEX LINE...: create of the bare guest with more lines
# exits with STATUS, says REGEX and leaves the host as it was.
refused() {
	local what=$1 want=$2 regex=$3 before out

	shift 3
	{ cat "$work/bare.cfg"; printf '%s\n' "$@"; } >"$work/bad.cfg"
	before=$(state)
	out=$(xl-lite create "$work/bad.cfg" 2>&1 3>&-)
	is "$?" "$want" "$what: exits with $want"
	like "$out" "$regex" "$what: says why"
	is "$(state)" "$before" "$what: leaves nothing"
}

refused "a BIOS that is not there" 3 "bios_path_override '/none/bios'.*No such" \
	"bios='seabios'" "bios_path_override='/none/bios'"
refused "a loader that is not there" 3 "firmware_override '/none/loader'.*No such" \
	"firmware_override='/none/loader'"
refused "a disk that IDE cannot have" 6 'can be written: make it a CD' \
	"disk=['$work/cd.iso,raw,hda,r']"
refused "two disks in one place" 6 'disk hda is the same drive' \
	"disk=['$work/cd.iso,raw,hda,w', 'vdev=xvda,target=$disk']"
printf '#!/bin/sh\necho "no, thanks" >&2\nexit 7\n' >"$work/qemu-dies"
printf '#!/bin/sh\nexec sleep 1000\n' >"$work/qemu-hangs"
chmod +x "$work"/qemu-*
refused "a QEMU that dies" 3 'QEMU: no, thanks' \
	"device_model_override='$work/qemu-dies'"
like "$(xl-lite create "$work/bad.cfg" 2>&1)" \
	'QEMU: ended with status 7 before it was ready' "with its status"
refused "an argument that QEMU does not know" 3 'QEMU: .*-nonsense' \
	"device_model_args=['-nonsense']"
like "$(ls /var/log/xen)" 'qemu-dm-bare.log.2' "logs of earlier QEMUs are kept"

# One that says nothing, and somebody who does not want to wait for that.
{ cat "$work/bare.cfg"; echo "device_model_override='$work/qemu-hangs'"; } \
	>"$work/bad.cfg"
before=$(state)
xl-lite create "$work/bad.cfg" >"$work/out" 2>&1 3>&- &
creator=$!
wait_until 60 pidof sleep
kill -TERM "$creator"
wait "$creator"
like "$(cat "$work/out")" 'guest bare: interrupted' \
	"waiting for a QEMU that says nothing can be interrupted"
check "that QEMU is gone" test -z "$(pidof sleep)"
is "$(state)" "$before" "and all the rest"

check "the bare guest is created" xl-lite create "$work/bare.cfg"
bare=$(xl-lite domid bare)
fails "without Xen's drivers it cannot be asked to shut down" \
	'PV control interface not available' xl-lite shutdown bare
check "its power button can be pressed" xl-lite shutdown -F bare
check "pause" xl-lite pause bare
check "unpause" xl-lite unpause bare
kill -KILL "$(xenstore-read "/local/domain/$bare/image/device-model-pid")"
check "it is destroyed though its QEMU is dead" xl-lite destroy bare
is "$(xl list | wc -l)" 2 "and is gone"

out=$(xl-lite -v create -p "$work/hvm.cfg" 2>&1 3>&-)
is "$?" 0 "the guest is created"
diag "$out"
requests=$(printf '%s\n' "$out" | sed -n 's/.* \([0-9]*\) xenstore requests.*/\1/p')
check "with at most 260 xenstore requests" test "${requests:-999}" -le 260
id=$(xl-lite domid hvm)
is "$(xenstore-read "/libxl/$id/type")" hvm "it is noted as HVM"
like "$(xl-lite list hvm)" '^hvm +[0-9]+ +(199|200|201) +1 +--p--- ' \
	"it is listed, paused"
is "$(store_findings)" "" "xenstore-lint has nothing to say of it"
like "$(xenstore-read "/local/domain/$id/console/vnc-port")" '^590[0-9]$' \
	"its VNC server is noted"
like "$(ip -o link show "vif$id.0-emu")" 'master xenbr0 .*fe:ff:ff:ff:ff:ff' \
	"the emulated card's interface is on the bridge"
is "$(xl block-list hvm | wc -l)" 4 "xl lists its disk and its drives"

# how many drives QEMU has this CD in
drives_with_cd() {
	printf '%s\n' '{"execute":"qmp_capabilities"}' \
		'{"execute":"query-block"}' | timeout 60 socat -t 30 - \
		"UNIX-CONNECT:/run/xen/qmp-libxenstat-$id" |
		grep -o "\"file\": \"$work/cd.iso\"" | wc -l
}
is "$(drives_with_cd)" 1 "it has a CD"
check "a CD is put into the empty drive" xl-lite cd-insert hvm hdd "$work/cd.iso"
is "$(xenstore-read "/libxl/$id/device/vbd/5696/params")" "aio:$work/cd.iso" \
	"which is noted"
is "$(drives_with_cd)" 2 "and QEMU has it there"
fails "a CD that is not there" 'none.iso: No such file' \
	xl-lite cd-insert hvm hdd /none.iso
fails "a disk is no CD drive" 'hda: is no CD drive' xl-lite cd-eject hvm hda
check "the CD is ejected" xl-lite cd-eject hvm hdd
is "$(drives_with_cd)" 1 "and QEMU has it no more"
is "$(xl block-list hvm | wc -l)" 4 "the drive is still there"

# a terminal whose user types nothing
mkfifo "$work/fifo"
exec {keyboard}<>"$work/fifo"
timeout 300 xl-lite console hvm <&$keyboard >"$work/console" 2>&1 3>&- &
console=$!
check "it is unpaused" xl-lite unpause hvm
check "it boots" guest_wait_console hvm "^ready" 300
guest_console hvm | grep -aiE '^(boot|cards|disk|net):|unplug|platform pci' |
	while read -r line; do diag "$line"; done
like "$(guest_console hvm)" '^boot: HVM' "as HVM"
like "$(guest_console hvm)" '^cards: 0' "the emulated card is unplugged"
like "$(guest_console hvm)" "^disk: $sum" "it reads its disk from xl-lite-blkd"
is "$(xenstore-read "/local/domain/0/backend/uvbd/$id/768/state")" 4 \
	"which is connected"
like "$(guest_console hvm)" '^net: host answers' "it reaches the host"
is "$(head -c 7 "$disk")" written "it writes its disk"
is "$(store_findings)" "" "xenstore-lint has nothing to say of it now"
# Not QEMU's: Xen's own, served by xl-lite-blkd alone.
check "it gets a disk while it runs" \
	xl-lite block-attach hvm "$work/plug.img,raw,xvde,r"
check "which it reads" \
	guest_wait_console hvm "^plugged: $(md5sum <"$work/plug.img" | cut -c1-32)" 60
is "$(xenstore-read "/local/domain/0/backend/uvbd/$id/51776/state")" 4 \
	"from xl-lite-blkd"
check "it lets go of it" xl-lite block-detach hvm xvde
check "and has it no more" guest_wait_console hvm '^unplugged' 60
is "$(xl block-list hvm | wc -l)" 4 "nor does xl list it"
check "shutdown -w waits for its end" timeout 200 xl-lite shutdown -w hvm
check "on_poweroff=destroy removes it" guest_wait_gone hvm 60
wait "$console"
like "$(tr -d '\r' <"$work/console")" 'the serial port has this' \
	"its console is the serial port"
is "$(xenstore-ls /local/domain/0/backend 2>/dev/null)" "" \
	"nothing is left of its devices"
cp /var/log/xen/qemu-dm-* "$logs"
daemon_stop "$blkd"
daemon_stop "$netd"
leak_check
