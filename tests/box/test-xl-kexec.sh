#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest with Debian's kernel starts another one by kexec, which asks for a soft
# reset: it goes on as the domain it is, in the memory it has, where the other
# kernel lies, with its devices, and an HVM guest with the machine as it was. A
# QEMU that cannot leave that to the next one, or does not come back, or whoever
# does it and is killed: the guest starts again, which is told with the reason.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/acts.sh"
PATH=$PATH:/box/bin
plan 49

rm -f /etc/xl-lite.conf
leak_snapshot
useradd -r -M reset-qemu
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid

guest_job "$work/job.cpio" <<'EOS'
life=first
grep -q again /proc/cmdline && life=second
say() {
	echo "$life $*"
}
wait-for test -e /dev/xvda
say "type: $(cat /sys/hypervisor/guest_type)"
say "disk: $(head -c 5 /dev/xvda)"
printf $life | dd of=/dev/xvda conv=fsync,notrunc 2>/dev/null
wait-for test -e /sys/class/net/eth0
ip addr add 192.0.2.9/24 dev eth0
ip link set eth0 up
ping -c 3 -w 60 192.0.2.1 >/dev/null && say "net: host answers"
say "machine: $(cat /sys/bus/pci/devices/*/resource | md5sum)"
[ -e /sys/bus/pci/devices ] && echo "$life serial" >/dev/ttyS0
if [ $life = first ]; then
	cat /dev/xvde >/kernel
	cat /dev/xvdf >/ramdisk
	kexec -l /kernel --initrd=/ramdisk \
		--command-line="$(sed 's/ quiet//' /proc/cmdline) again"
	say "loaded: $?"
	kexec -e
fi
say ready
while :; do sleep 1; done
EOS
guest_ramdisk "$work/ramdisk" "$box_guest/kexec.cpio" "$work/job.cpio"
cp "$box_guest/vmlinuz" "$work/kernel"
truncate -s %512 "$work/kernel" "$work/ramdisk"

# linux NAME LINE...: a guest with a disk of its own, and another kernel on one
linux() {
	printf zero. >"$work/$1.img"
	truncate -s 1M "$work/$1.img"
	guest_cfg "$1" "memory=256" "ramdisk='$work/ramdisk'" \
		"disk=['$1.img,raw,xvda,w', '$work/kernel,raw,xvde,r', '$work/ramdisk,raw,xvdf,r']" \
		"vif=['bridge=xenbr0']" "${@:2}" >"$work/$1.cfg"
}

# bare NAME LINE...: an HVM guest that starts nothing: hvmloader, and a BIOS
bare() {
	guest_cfg "$1" "type='hvm'" "kernel=''" "ramdisk=''" "extra=''" \
		"memory=32" "vga='none'" "vnc=0" "usb=0" "${@:2}" \
		>"$work/$1.cfg"
}

# said NAME LIFE WHAT
said() {
	guest_console "$1" | sed -n "s/^$2 $3: //p"
}

# goes_on NAME TYPE: what both kernels have said
goes_on() {
	local name=$1

	check "$name: the other kernel starts" guest_wait_console "$name" "^second ready" 200
	console_has "$name" "^second ready" || {
		xl vcpu-list "$name"
		/usr/lib/xen-4.17/bin/xenctx "$id" 0
	} | sed 's/^/# /'
	guest_console "$name" | grep -aE '^(first|second) |kexec' |
		while read -r line; do diag "$line"; done
	is "$(said "$name" first loaded)" 0 "$name: kexec had it"
	is "$(xl-lite domid "$name")" "$id" "$name: it is the domain it was"
	is "$(said "$name" second type)" "$2" "$name: of its type"
	is "$(said "$name" first disk) $(said "$name" second disk)" \
		"zero. first" "$name: with its disk"
	is "$(head -c 6 "$work/$name.img")" second "$name: which it writes"
	is "$(said "$name" second net)" "host answers" "$name: with its card"
	is "$(store_findings)" "" "$name: xenstore-lint has nothing to say of it"
}

# --- by a process of its own --------------------------------------------------

linux pvh "type='pvh'"
(cd "$work" && xl-lite create -q pvh.cfg 3>&-)
is $? 0 "a PVH guest is created, without xl-lited"
id=$(xl-lite domid pvh)
goes_on pvh PVH
check "pvh: it is minded: it can be ended" xl-lite destroy pvh
check "pvh: its process ends" wait_until 30 eval '! pgrep -x xl-lite'

# --- by xl-lited --------------------------------------------------------------

lited_with_events

linux hvm "type='hvm'" "kernel='$box_guest/vmlinuz'" "vcpus=1" "maxvcpus=2" \
	"serial='file:$work/serial'"
(cd "$work" && xl-lite create -qp hvm.cfg 3>&-)
is $? 0 "an HVM guest is created"
id=$(xl-lite domid hvm)
check "it gets another processor" xl-lite vcpu-set -i hvm 2
xl-lite unpause hvm
goes_on hvm HVM
is "$(said hvm second machine)" "$(said hvm first machine)" "hvm: its machine is as it was"
like "$(tr -d '\r' <"$work/serial")" '^second serial' "hvm: its QEMU goes on"
like "$(cat "$logs/lited.log")" 'guest hvm: had given away [0-9]+ pages of its memory, and has them again' \
	"hvm: with what its balloon had given away"
check "hvm: which is told" told_of reset hvm 1
xl-lite destroy hvm
cp /var/log/xen/qemu-dm-* "$logs"

# --- where it fails ------------------------------------------------------------

runs() {
	id=$(xl-lite domid "$1" 2>/dev/null) &&
		xl-lite list "$1" | grep -Eq -- ' (-b|r-|--)---- '
}
runs_as_another() {
	runs "$1" && [ "$id" != "$first" ]
}
# reset NAME: a guest that runs, in $first
reset() {
	xl-lite create -q "$work/$1.cfg" 3>&-
	first=$(xl-lite domid "$1")
	stop-guest soft-reset "$first"
}

bare restricted "dm_restrict=1" "device_model_user='reset-qemu'" \
	"vif=['bridge=xenbr0']"
reset restricted
check "a guest with a QEMU without rights is reset" wait_until 60 told_of reset restricted 1
check "and runs" wait_until 20 runs restricted
is "$id" "$first" "as the domain it was"
like "$(ip -o link show "vif$id.0-emu")" 'master xenbr0' \
	"with its emulated card on the bridge"
xl-lite destroy restricted

cat >"$work/qemu-once" <<'EOS'
#!/bin/sh
case "$*" in
*-incoming*) echo "no, thanks" >&2; exit 7 ;;
esac
exec /usr/libexec/xen-qemu-system-i386 "$@"
EOS
chmod +x "$work/qemu-once"

# restarted NAME REGEX
restarted() {
	check "$1: it is restarted" wait_until 60 told_of restarted "$1" 1
	check "$1: and runs" wait_until 20 runs_as_another "$1"
	like "$(cat "$logs/lited.log")" "$2.*" "$1: and it is said why"
	like "$(cat "$logs/lited.log")" "guest $1: domain $first could not be reset" \
		"$1: what that means"
	xl-lite destroy "$1"
}
bare once "device_model_override='$work/qemu-once'"
reset once
restarted once 'no, thanks'
bare mute "xen_platform_pci=0" "device_model_override='/box/bin/fake-qemu'" \
	"device_model_args=['-fault', 'stop:error']"
reset mute
restarted mute 'save what its QEMU knows: .*: not today'
bare flood "xen_platform_pci=0" "device_model_override='/box/bin/fake-qemu'" \
	"device_model_args=['-fault', 'xen-save-devices-state:flood']"
reset flood
restarted flood 'save what its QEMU knows: .*: 64 MiB were written, no more'

# Who resets it is killed at some moment: the guest may begin anew.
bare killed "on_poweroff='destroy'"
cut=0 bad=0 before=$(xenstore-ls -fp /libxl; ls /run/xen)
for pause in 0.001 0.1 0.3 0.6; do
	reset killed
	kill_after $pause && cut=$((cut + 1))
	wait_until 60 eval 'told_of reset killed 1 || told_of restarted killed 1' || bad=1
	wait_until 60 runs killed || bad=1
	stop-guest poweroff "$(xl-lite domid killed)"
	guest_wait_gone killed 60 || bad=1
	: >"$work/events"
	[ $bad = 0 ] || break
done
is $bad 0 "who resets is killed ($cut times): the guest runs, and is minded"
check "it was killed at all" test $cut -gt 0
is "$(xenstore-ls -fp /libxl; ls /run/xen)" "$before" "and nothing is left"
is "$(pgrep -f xen-domid)" "" "no QEMU either"

kill $events
wait $events 2>/dev/null
daemon_stop "$lited"
daemon_stop "$netd"
daemon_stop "$blkd"
leak_check
