#!/bin/bash
# SPDX-License-Identifier: MIT
# A block device with blocks of 4096 bytes is one in the guest too; fio writes
# and verifies at depth 32 on two queues, in requests of up to 1 MiB; a disk that
# is unplugged goes while the other stays. ENGINE=sync does it without io_uring.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/blk.sh"
plan 17

xvda=51712 xvdb=51728

dd if=/dev/urandom of="$work/a.img" bs=1M count=16 status=none
dd if=/dev/urandom of="$work/b.img" bs=1M count=2 status=none
leak_snapshot
loop=$(losetup -f --show --sector-size 4096 "$work/a.img") ||
	bail "no loop device with blocks of 4096"
sum=$(md5sum <"$loop")
export XL_LITE_BLK_ENGINE=${ENGINE:-}
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd -v

guest_job "$work/job.cpio" <<'EOF'
wait-for grep -qv '^0$' /sys/block/xvda/size
wait-for grep -qv '^0$' /sys/block/xvdb/size
echo "blocks $(cat /sys/block/xvda/queue/logical_block_size)"
echo "sectors $(cat /sys/block/xvda/size)"
echo "segments $(cat /sys/block/xvda/queue/max_segments)"
echo "read $(md5sum </dev/xvda)"
echo "other $(md5sum </dev/xvdb)"
fio --name=v --filename=/dev/xvda --size=2m --rw=randwrite --bs=4k \
	--ioengine=libaio --iodepth=32 --direct=1 --verify=crc32c \
	--do_verify=1 --verify_fatal=1 --randseed=7 >/tmp/fio 2>&1 &&
	echo "verified 4k" || tail -n 5 /tmp/fio
fio --name=v --filename=/dev/xvda --offset=8m --size=2m --rw=randwrite \
	--bsrange=4k-1m --blockalign=4k --ioengine=libaio --iodepth=8 \
	--direct=1 --fsync=16 --verify=crc32c --do_verify=1 \
	--verify_fatal=1 --numjobs=1 --randseed=8 >/tmp/fio 2>&1 &&
	echo "verified large" || tail -n 5 /tmp/fio
blkdiscard -o 12582912 -l 1048576 /dev/xvda && echo "discarded yes"
echo "left $(md5sum </dev/xvda)"
echo "ready to lose xvdb"
wait-for test ! -e /sys/block/xvdb
[ -e /sys/block/xvdb ] || echo "lost xvdb"
dd if=/dev/xvda of=/dev/null bs=1M count=2 2>/dev/null && echo "kept xvda"
EOF
guest_ramdisk "$work/ramdisk" "$box_guest/fio.cpio" "$work/job.cpio"
guest_cfg blk "ramdisk='$work/ramdisk'" "vcpus=2" "memory=512" \
	"extra='console=hvc0 quiet xen_blkfront.max_indirect_segments=256'" \
	>"$work/blk.cfg"
check "a guest is made" xl create -p "$work/blk.cfg"
domid=$(guest_domid blk)
disk_add "$domid" $xvda "$loop" w
disk_add "$domid" $xvdb "$work/b.img" w
check "the disk is offered" wait_until 20 disk_reaches "$domid" $xvda 2
fails "a device that a guest may write to is busy" . \
	blkdiscard -o 0 -l 4096 "$loop"
xl unpause blk
guest_wait_console blk '^ready to lose' 420
disk_unplug "$domid" $xvdb
check "the unplugged disk closes" wait_until 60 disk_reaches "$domid" $xvdb 6
disk_remove "$domid" $xvdb
check "its image is free again" wait_until 30 image_free "$work/b.img"
guest_wait_console blk '^guest: job exit' 120
like "$(cat "$logs/blkd.log")" "queue" "the daemon says what it did"

is "$(said blk blocks)" 4096 "the guest sees blocks of 4096"
is "$(said blk sectors)" 32768 "and counts sectors of 512"
is "$(said blk segments)" 256 "and puts 256 segments into a request"
is "$(said blk read)" "$sum" "it reads what is on the device"
is "$(guest_console blk | sed -n 's/^verified //p' | tr '\n' ' ')" \
	"4k large " "fio verifies what it wrote"
is "$(said blk left)" "$(md5sum <"$loop")" "both sides see the same at the end"
is "$(said blk lost) $(said blk kept)" "xvdb xvda" \
	"the guest lost one disk and kept the other"
guest_wait_gone blk 120 && ok "the guest is gone" || not_ok "the guest is gone"
is "$(dd if="$loop" bs=1M skip=12 count=1 status=none | md5sum)" \
	"$(head -c 1048576 /dev/zero | md5sum)" "what was discarded is gone"
daemon_stop "$daemon_pid"
disk_remove "$domid" $xvda
losetup -d "$loop"
leak_check
