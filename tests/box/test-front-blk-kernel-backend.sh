#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lite-blkfront in a PV guest on Debian's kernel, against the kernel's
# xen-blkback over a RAM disk: /dev/nbd0 by netlink and /dev/nbd1 by the stock
# nbd-client read and write the disk; both sides compare checksums.
# processors: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/front.sh"
plan 14

modprobe brd rd_nr=1 rd_size=16384
dd if=/dev/urandom of=/dev/ram0 bs=1M count=16 status=none
want=$(md5sum </dev/ram0)
major_minor=$(printf '%x:%x' $(stat -c '0x%t 0x%T' /dev/ram0))

leak_snapshot
guest_job "$work/job.cpio" <<'EOJ'
# start LOG ARGS...: until it says that it is ready, or ends
start() {
	log=$1
	shift
	xl-lite-blkfront "$@" 2>$log &
	pid=$!
	until grep -q ready: $log || ! kill -0 $pid; do
		usleep 50000
	done
	cat $log
}
stop() {
	kill -TERM $pid
	wait $pid
	echo "$1: $?"
}

xl-lite-blkfront --device uvbd/99 --nbd /dev/nbd0 2>&1
xl-lite-blkfront --nbd /dev/sda 2>&1
start /run/log -v --nbd /dev/nbd0 --socket /run/blk.sock
echo "disk: $(md5sum </dev/nbd0)"
nbd-client -unix /run/blk.sock /dev/nbd1 >/run/nbd1.log 2>&1 || cat /run/nbd1.log
echo "disk by nbd-client: $(md5sum </dev/nbd1)"
nbd-client -d /dev/nbd1 >/dev/null 2>&1
dd if=/dev/urandom of=/run/new bs=1M count=16 2>/dev/null
echo "new: $(md5sum </run/new)"
dd if=/run/new of=/dev/nbd0 bs=1M conv=fsync 2>/dev/null && echo "written"
echo 3 >/proc/sys/vm/drop_caches
echo "read back: $(md5sum </dev/nbd0)"
stop exit
cat /run/log
echo "limit: $(cat /sys/module/xen_gntalloc/parameters/limit)"
# and again: the next one finds the device closed and begins anew
start /run/log2 --socket /run/blk.sock
grep -q ready: /run/log2 && echo "second time: ready"
# it dies without a word
kill -9 $pid
wait $pid
start /run/log3 --socket /run/blk.sock
grep -q ready: /run/log3 && echo "after kill -9: ready"
stop "last exit"
EOJ
guest_programs "$work/programs.cpio" xl-lite-blkfront nbd-client
guest_ramdisk "$work/ramdisk" "$work/programs.cpio" "$work/job.cpio"
guest_cfg front "ramdisk='$work/ramdisk'" "memory=192" \
	"extra='console=hvc0 quiet modules=$front_modules:nbd'" >"$work/front.cfg"

check "xl creates the guest" xl create -p "$work/front.cfg"
domid=$(guest_domid front)
check "xen-blkback serves a device of kind uvbd" \
	front_attach "$domid" uvbd vbd 51712 "virtual-device 51712" \
	"physical-device $major_minor mode w dev xvda params /dev/ram0 type phy"
xl unpause "$domid"
guest_wait_console front '^guest: job exit' 400
said=$(guest_console front)
said "uvbd/99: no such device: there is device/uvbd/51712" \
	"a device that is not there is named, with those that are"
said "/dev/sda: is no NBD device" "a wrong NBD device is named"
said "ready: device/uvbd/51712: 32768 sectors" "the frontend is ready"
said "^disk: $want" "/dev/nbd0 holds the disk"
said "^disk by nbd-client: $want" "the stock nbd-client sees the same"
new=$(printf '%s\n' "$said" | sed -n 's/^new: //p')
said "^read back: $new" "what was written is read back"
is "$(md5sum </dev/ram0)" "$new" "and is on the host's disk"
said "^exit: 0" "SIGTERM ends it with status 0"
said "^second time: ready" "the device can be opened again"
said "^after kill -9: ready" "also after a kill -9"
said "^last exit: 0" "and ends clean"
printf '%s\n' "$said" | sed 's/^/# /'
guest_wait_gone front 60
front_detach "$domid" vbd 51712
leak_check
[ $test_failures = 0 ]
