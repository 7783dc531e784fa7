#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest with a disk of xl-lite-blkd and an interface of xl-lite-netd, through
# its life: created, paused, rebooted, shut down, destroyed.
. "$(dirname "$0")/lib.sh"
plan 29

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid

dd if=/dev/urandom of="$work/disk.img" bs=1M count=4 status=none
sum=$(md5sum <"$work/disk.img" | cut -c1-32)

# The first life ends in a reboot, the second waits to be shut down.
guest_job "$work/job.cpio" <<'EOS'
echo "disk $(md5sum </dev/xvda | cut -c1-32)"
wait-for test -e /sys/class/net/eth0
ip addr add 192.0.2.9/24 dev eth0
ip link set eth0 up
ping -c 3 -w 60 192.0.2.1 >/dev/null && echo "net: host answers"
if dd if=/dev/xvda bs=1 count=8 2>/dev/null | grep -q rebooted; then
	# what the kernel runs when it is asked to shut down
	echo '/bin/busybox poweroff -f' >/proc/sys/kernel/poweroff_cmd
	echo "second life"
	while :; do sleep 1; done
fi
printf rebooted | dd of=/dev/xvda conv=fsync,notrunc 2>/dev/null
reboot -f
EOS
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
guest_cfg life "ramdisk='$work/ramdisk'" "on_reboot='restart'" \
	"disk=['$work/disk.img,raw,xvda,w']" \
	"vif=['bridge=xenbr0,mac=00:16:3e:11:22:34']" >"$work/life.cfg"

out=$(xl-lite -v create -p "$work/life.cfg" 2>&1 3>&-)
is "$?" 0 "the guest is created"
diag "$out"
requests=$(printf '%s\n' "$out" | sed -n 's/.* \([0-9]*\) xenstore requests.*/\1/p')
check "with at most 135 xenstore requests" test "${requests:-999}" -le 135
first=$(xl-lite domid life)
is "$(xl-lite domname "$first")" life "it has its name"
like "$(xl-lite list life)" '^life +[0-9]+ +128 +1 +--p--- ' "it is paused"
like "$(xl-lite block-list life)" "^51712 +0 .*/backend/uvbd/$first/51712" \
	"its disk is ours"
like "$(xl-lite network-list life)" \
	"^0 +0 +00:16:3e:11:22:34 .*/backend/uvif/$first/0" "its vif is ours"
check "xl block-list shows the same" \
	diff <(xl block-list life) <(xl-lite block-list life)
check "xl network-list shows the same" \
	diff <(xl network-list life) <(xl-lite network-list life)
fails "the same name again is refused" "name: in use by domain $first" \
	xl-lite create "$work/life.cfg"

# from its process to the one of all guests
check "xl-lited takes it over" daemon_start lited xl-lited
lited=$daemon_pid
check "it is unpaused" xl-lite unpause life
check "it reads its disk" guest_wait_console life "^disk $sum" 240
check "it reaches the host" guest_wait_console life "^net: host answers" 120

restarted() {
	local id

	id=$(xl-lite domid life 2>/dev/null) && [ "$id" != "$first" ]
}
check "its reboot makes a new domain" wait_until 240 restarted
check "which runs" guest_wait_console life "^second life" 240
# the first life may be ending already
is "$(store_findings)" "" "xenstore-lint has nothing to say of it"
check "pause" xl-lite pause life
like "$(xl-lite list life)" '^life +[0-9]+ +128 +1 +-[-b]p--- ' "and it is paused"
check "unpause" xl-lite unpause life
second=$(xl-lite domid life)
check "shutdown -w waits for its end" timeout 200 xl-lite shutdown -w life
check "on_poweroff=destroy removes it" guest_wait_gone life 60
is "$(xenstore-ls /local/domain/0/backend 2>/dev/null)" "" "with its nodes"
check "and its interface" test ! -e "/sys/class/net/vif$second.0"

# Its servers die, and it can still be ended.
check "a second guest" xl-lite create -p "$work/life.cfg"
daemon_stop "$blkd" KILL
daemon_stop "$netd" KILL
check "destroyed without its servers" timeout 60 xl-lite destroy life
is "$(xl list | wc -l)" 2 "it is gone"
daemon_stop "$lited"
# who is killed cannot remove its lock
rm -rf /run/xl-lite
leak_check
