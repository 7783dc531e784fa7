#!/bin/bash
# SPDX-License-Identifier: MIT
# Stock Linux blkfront reads, writes, flushes and discards through xl-lite-blkd,
# cannot write to a read-only disk, lets go of its disk, and finds it again when
# it is plugged again; over rings of 16 pages, the most that both know.
# processors: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/blk.sh"
plan 21

rw=51712 ro=51728

dd if=/dev/urandom of="$work/rw.img" bs=1M count=8 status=none
dd if=/dev/urandom of="$work/ro.img" bs=1M count=1 status=none
rw_sum=$(md5sum <"$work/rw.img")
ro_sum=$(md5sum <"$work/ro.img")

leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd -v

guest_job "$work/job.cpio" <<'EOF'
wait-for grep -qv '^0$' /sys/block/xvda/size
wait-for grep -qv '^0$' /sys/block/xvdb/size
queue=/sys/block/xvda/queue
echo "sectors $(cat /sys/block/xvda/size)"
echo "queues $(ls /sys/block/xvda/mq | wc -l)"
echo "blocks $(cat $queue/logical_block_size)"
echo "cache $(cat $queue/write_cache)"
echo "segments $(cat $queue/max_segments)"
echo "read $(md5sum </dev/xvda)"
echo "readonly $(cat /sys/block/xvdb/ro) $(md5sum </dev/xvdb)"
dd if=/dev/zero of=/dev/xvdb bs=512 count=1 conv=fsync 2>/dev/null ||
	echo "refused write"
dd if=/dev/urandom of=/tmp/new bs=1M count=2 2>/dev/null
dd if=/tmp/new of=/dev/xvda bs=1M seek=4 conv=fsync 2>/dev/null &&
	echo "wrote $(md5sum </tmp/new)"
dd if=/tmp/new of=/dev/xvda bs=512 count=9 seek=14001 conv=fsync 2>/dev/null &&
	echo "sectors-written $(head -c 4608 /tmp/new | md5sum)"
blkdiscard -o 0 -l 1048576 /dev/xvda && echo "discarded yes"
echo 3 >/proc/sys/vm/drop_caches
echo "again $(dd if=/dev/xvda bs=1M skip=4 count=2 2>/dev/null | md5sum)"
echo vbd-51712 >/sys/bus/xen/drivers/vbd/unbind
echo "unbound yes"
# the other disk goes when the host has seen this one closed and taken it away
wait-for test ! -e /sys/block/xvdb
echo "unplugged yes"
wait-for grep -qv '^0$' /sys/block/xvda/size
echo "replugged $(dd if=/dev/xvda bs=1M skip=4 count=2 2>/dev/null | md5sum)"
EOF
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
# it keeps a page for each segment that its rings have room for: 256 MiB here
guest_cfg blk "ramdisk='$work/ramdisk'" "vcpus=2" "memory=512" \
	"extra='console=hvc0 quiet xen_blkfront.max_ring_page_order=4'" \
	>"$work/blk.cfg"
check "a guest is made" xl create -p "$work/blk.cfg"
domid=$(guest_domid blk)
disk_add "$domid" $rw "$work/rw.img" w
disk_add "$domid" $ro "$work/ro.img" r
check "the disk is offered" wait_until 10 disk_reaches "$domid" $rw 2
xl unpause blk
guest_wait_console blk '^unbound' 240
check "the disk closes when its driver lets go" \
	wait_until 60 disk_reaches "$domid" $rw 6
# a driver that let go does not come back by itself: the device has to
disk_unplug "$domid" $rw
disk_remove "$domid" $rw
disk_unplug "$domid" $ro
check "the other disk is unplugged while it is in use" \
	wait_until 60 disk_reaches "$domid" $ro 6
is "$(xenstore-read "$frontend/ring-page-order")" 4 "it had a ring of 16 pages"
disk_remove "$domid" $ro
guest_wait_console blk '^unplugged' 60
disk_add "$domid" $rw "$work/rw.img" w
guest_wait_console blk '^guest: job exit' 120

is "$(said blk sectors)" 16384 "the guest sees the disk's size"
is "$(said blk queues)" 2 "with two queues"
is "$(said blk blocks)" 512 "of blocks of 512"
is "$(said blk cache)" "write back" "that want flushing"
is "$(said blk read)" "$rw_sum" "it reads what is in the image"
is "$(said blk readonly)" "1 $ro_sum" "the other disk is read-only and right"
is "$(said blk refused)" write "and refuses to be written"
is "$(said blk wrote)" \
	"$(dd if="$work/rw.img" bs=1M skip=4 count=2 status=none | md5sum)" \
	"what it wrote is in the image"
is "$(said blk sectors-written)" \
	"$(dd if="$work/rw.img" bs=512 skip=14001 count=9 status=none | md5sum)" \
	"so are single sectors"
is "$(said blk again)" "$(said blk wrote)" "and comes back"
is "$(said blk replugged)" "$(said blk wrote)" "also when it found the disk anew"
if [ -z "$(said blk discarded)" ]; then
	skip "no blkdiscard in the guest"
else
	is "$(head -c 1048576 "$work/rw.img" | md5sum)" \
		"$(head -c 1048576 /dev/zero | md5sum)" "discarded is gone"
fi
guest_wait_gone blk 120 && ok "the guest is gone" || not_ok "the guest is gone"
is "$(md5sum <"$work/ro.img")" "$ro_sum" "the read-only image is as it was"
daemon_stop "$daemon_pid"
disk_remove "$domid" $rw
disk_remove "$domid" $ro
leak_check
