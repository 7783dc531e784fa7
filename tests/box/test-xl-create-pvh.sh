#!/bin/bash
# SPDX-License-Identifier: MIT
# A PVH guest on Debian's own kernel, with a disk of xl-lite-blkd and an
# interface of xl-lite-netd: memory and processors are what was asked for, one
# more comes and goes as xl says, and the usual commands work on it.
. "$(dirname "$0")/lib.sh"
plan 33

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid

dd if=/dev/urandom of="$work/disk.img" bs=1M count=4 status=none
sum=$(md5sum <"$work/disk.img" | cut -c1-32)

guest_job "$work/job.cpio" <<'EOS'
echo "boot: $(cat /sys/hypervisor/guest_type)"
echo "cpus: $(cat /sys/devices/system/cpu/online) of $(cat /sys/devices/system/cpu/possible)"
echo "cpuinfo: $(grep -c ^processor /proc/cpuinfo)"
echo "memory: $(sed -n 's/^MemTotal: *//p' /proc/meminfo)"
ls /sys/firmware/acpi/tables | tr '\n' ' ' | sed 's/^/tables: /'; echo
echo "disk: $(md5sum </dev/xvda | cut -c1-32)"
printf written | dd of=/dev/xvda conv=fsync,notrunc 2>/dev/null
wait-for test -e /sys/class/net/eth0
ip addr add 192.0.2.9/24 dev eth0
ip link set eth0 up
ping -c 3 -w 60 192.0.2.1 >/dev/null && echo "net: host answers"
# what the kernel runs when it is asked to shut down
echo '/bin/busybox poweroff -f' >/proc/sys/kernel/poweroff_cmd
echo ready
last=
while :; do
	# Linux only makes it known: to bring it up is udev's, that is, ours
	for cpu in /sys/devices/system/cpu/cpu[0-9]*/online; do
		[ "$(cat "$cpu" 2>/dev/null)" = 0 ] && echo 1 2>/dev/null >"$cpu"
	done
	now=$(cat /sys/devices/system/cpu/online)
	[ "$now" = "$last" ] || echo "now online: $now"
	last=$now
	sleep 1
done
EOS
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
guest_cfg pvh "type='pvh'" "ramdisk='$work/ramdisk'" "memory=200" "maxmem=256" \
	"vcpus=2" "maxvcpus=3" \
	"disk=['$work/disk.img,raw,xvda,w']" \
	"vif=['bridge=xenbr0,mac=00:16:3e:11:22:35']" >"$work/pvh.cfg"

state() {
	xenstore-ls -fp / | grep -v '^/local/domain/0/control\|^/\(vm\|libxl\) '
	xl list | awk '{ print $1, $2, $3, $4 }'
	ls /var/lib/xen /sys/class/net /run/xl-lite 2>/dev/null
}

# refused WHAT STATUS REGEX SED: create of the file, edited, exits with STATUS,
# says REGEX and leaves the host as it was.
refused() {
	local before out

	sed "$4" "$work/pvh.cfg" >"$work/bad.cfg"
	before=$(state)
	out=$(xl-lite create "$work/bad.cfg" 2>&1 3>&-)
	is "$?" "$2" "$1: exits with $2"
	like "$out" "$3" "$1: says why"
	is "$(state)" "$before" "$1: leaves nothing"
}

echo "this is no kernel" >"$work/not-a-kernel"
refused "a kernel that is none" 6 'kernel .*not-a-kernel: .*CONFIG_PVH' \
	"s,^kernel=.*,kernel='$work/not-a-kernel',"
refused "memory that the kernel does not fit into" 3 'Try more memory=' \
	's/^\(memory\|maxmem\)=.*/\1=24/'
refused "an emulated card" 6 'bad.cfg:[0-9]*:[0-9]*: .*type=ioemu' \
	"s/^vif=.*/vif=['type=ioemu,bridge=xenbr0']/"

out=$(xl-lite -v create -p "$work/pvh.cfg" 2>&1 3>&-)
is "$?" 0 "the guest is created"
diag "$out"
requests=$(printf '%s\n' "$out" | sed -n 's/.* \([0-9]*\) xenstore requests.*/\1/p')
check "with at most 132 xenstore requests" test "${requests:-999}" -le 132
id=$(xl-lite domid pvh)
is "$(xenstore-read "/libxl/$id/type")" pvh "it is noted as PVH"
like "$(xl-lite list pvh)" '^pvh +[0-9]+ +(199|200|201) +[1-3] +--p--- ' \
	"it is listed, paused"
is "$(store_findings)" "" "xenstore-lint has nothing to say of it"

check "it is unpaused" xl-lite unpause pvh
check "it boots" guest_boots pvh "$id" "^ready" 300 \
	xl-lite create -q "$work/pvh.cfg"
guest_console pvh | grep -aE '^(boot|cpus|cpuinfo|memory|tables|dmesg|disk|net):' |
	while read -r line; do diag "$line"; done
like "$(guest_console pvh)" '^boot: PVH' "as PVH"
like "$(guest_console pvh)" '^cpus: 0-1 of 0-2' "with 2 processors of 3"
like "$(guest_console pvh)" '^memory: (1[5-9][0-9]{4}|20[0-9]{4}) kB' \
	"and the memory it was given"
like "$(guest_console pvh)" '^tables: .*APIC.*DSDT.*FACP.*SSDT' \
	"it finds its ACPI tables"
like "$(guest_console pvh)" "^disk: $sum" "it reads its disk"
like "$(guest_console pvh)" '^net: host answers' "it reaches the host"
is "$(head -c 7 "$work/disk.img")" written "it writes its disk"
is "$(store_findings)" "" "xenstore-lint has nothing to say of it now"

xl vcpu-set --ignore-host pvh 3
check "the third processor comes up" \
	guest_wait_console pvh '^now online: 0-2' 60
xl vcpu-set pvh 2
check "and goes again" guest_wait_console pvh '^now online: 0-1$' 60

# a terminal whose user types nothing
mkfifo "$work/fifo"
exec {keyboard}<>"$work/fifo"
timeout 100 xl-lite console pvh <&$keyboard >"$work/console" 2>&1 3>&- &
console=$!
check "shutdown -w waits for its end" timeout 200 xl-lite shutdown -w pvh
wait "$console"
check "on_poweroff=destroy removes it" guest_wait_gone pvh 60
like "$(tr -d '\r' <"$work/console")" 'reboot: (System halted|Power down)' \
	"the console was shown to its end"
is "$(xenstore-ls /local/domain/0/backend 2>/dev/null)" "" \
	"nothing is left of its devices"
xl dmesg | tail -n 40 >"$logs/xen-dmesg"
daemon_stop "$blkd"
daemon_stop "$netd"
leak_check
