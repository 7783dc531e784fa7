#!/bin/bash
# SPDX-License-Identifier: MIT
# The box is a real Xen host: stock xl starts a PV guest on Debian's kernel with
# a disk and a vif through the kernel's backends, and all of it goes away again.
. "$(dirname "$0")/lib.sh"
plan 6

modprobe brd rd_nr=1 rd_size=16384
dd if=/dev/urandom of=/dev/ram0 bs=1M count=16 status=none
want=$(md5sum </dev/ram0)

leak_snapshot
guest_job "$work/job.cpio" <<'EOF'
wait-for test -e /sys/class/net/eth0
ip addr add 192.0.2.2/24 dev eth0
ip link set eth0 up
echo "disk: $(md5sum </dev/xvda)"
ping -c 3 -w 60 192.0.2.1 >/dev/null && echo "net: host answers"
EOF
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
guest_cfg stock "ramdisk='$work/ramdisk'" "disk=['phy:/dev/ram0,xvda,w']" \
	"vif=['bridge=xenbr0']" >"$work/stock.cfg"

check "xl creates the guest" xl create "$work/stock.cfg"
guest_wait_console stock '^guest: job exit' 240
like "$(guest_console stock)" "^disk: $want" "the guest reads its disk right"
like "$(guest_console stock)" "^net: host answers" "the guest reaches the host"
check "the guest shuts itself down" guest_wait_gone stock 120
is "$(xl list | wc -l)" 2 "only Domain-0 is left"
leak_check
