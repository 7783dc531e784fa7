#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest that reboots has the devices that it got and not those that it lost;
# the next time it is what config-update, here stock xl's, has stored.
. "$(dirname "$0")/lib.sh"
plan 15

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid
truncate -s 1M "$work"/{a,b,go}.img

# It tells what it has, and reboots when it gets the disk xvdz.
guest_job "$work/job.cpio" <<'EOS'
wait-for sh -c "ls /dev/xvd?"
read -r _ memory _ </proc/meminfo
[ "$memory" -gt 160000 ] && memory=much || memory=little
echo "has: $(cd /sys/block && echo xvd?) $(cd /sys/class/net && echo eth*) $memory"
wait-for test -b /dev/xvdz
reboot -f
EOS
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
guest_cfg again "ramdisk='$work/ramdisk'" "on_reboot='restart'" \
	"disk=['$work/a.img,raw,xvda,w']" >"$work/again.cfg"
check "a guest with a disk" xl-lite create -q "$work/again.cfg"
check "it tells so" guest_wait_console again '^has: xvda eth\* little' 240

check "it gets another" xl-lite block-attach again "$work/b.img,raw,xvdb,w"
check "and an interface" xl-lite network-attach again mac=00:16:3e:bb:00:01
check "and loses the first" xl-lite block-detach again xvda
first=$(xl-lite domid again)
restarted() {
	local id

	id=$(xl-lite domid again 2>/dev/null) && [ "$id" != "$1" ]
}
# It reboots with xvdz, which is then there again: detached it is not wanted.
check "it reboots" xl-lite block-attach again "$work/go.img,raw,xvdz,w"
check "as another domain" wait_until 120 restarted "$first"
second=$(xl-lite domid again)
like "$(xl-lite block-list again)" "^51728 .*/uvbd/$second/51728" \
	"with the disk that it got"
is "$(xl-lite block-list again | grep -c '^51712')" 0 "without the one that it lost"
like "$(xl-lite network-list again)" '00:16:3e:bb:00:01' "with the interface"

# xvdz makes it reboot again as soon as it is up.
check "stock xl stores another configuration" \
	xl config-update again "$work/again.cfg" memory=256
check "which is taken with the next reboot" \
	guest_wait_console again '^has: xvda eth\* much' 240
xl-lite destroy again
daemon_stop "$blkd"
daemon_stop "$netd"
leak_check
