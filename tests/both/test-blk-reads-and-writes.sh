#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lite-blkfront and xl-lite-blkd: what a client of the one reads and writes
# is what is in the image of the other, to the byte.
. "$(dirname "$0")/../lib/both.sh"
plan 8

leak_snapshot
guest_begin || bail "no guest"
dd if=/dev/urandom of="$work/image" bs=1M count=8 status=none
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd -v
blkd=$daemon_pid
check "a disk is made" disk_add 51712 "$work/image" w
check "xl-lite-blkfront is ready" daemon_start blkfront \
	"${in_guest[@]}" xl-lite-blkfront -v --socket "$work/nbd"
check "every byte is right" nbdio "$work/nbd" "$work/image" 1 500
cp "$work/image" "$work/other"
printf '\xff\x00' | dd of="$work/other" bs=1 seek=1234567 conv=notrunc status=none
fails "one that is not would be seen" "read: byte 123456[78] is" \
	nbdio "$work/nbd" "$work/other" 1 0
daemon_stop "$daemon_pid"
is $? 0 "the frontend ends in good order"
device_unplug
check "the disk can be unplugged" wait_until 20 back_is 6
device_forget
daemon_stop "$blkd"
guest_end "$guest"
leak_check
