#!/bin/bash
# SPDX-License-Identifier: MIT
# A disk of 4096-byte blocks: requests for parts of one are refused.
# sim-timeout: 300
# timeout: 600
. "$(dirname "$0")/lib.sh"
loop=
attach_loop() {
	loop=$(losetup -f --show -b 4096 "$work/image" 2>/dev/null)
}
truncate -s 8M "$work/image"
[ -e /dev/loop-control ] && attach_loop ||
	skip_all "no loop device can be made here"
plan $((6 + $(cases hostile-blk blk-4k B13 B19)))

losetup -d "$loop"
blk_begin w
device_unplug
wait_until 20 back_is 6
device_forget
attach_loop
disk_add 51712 "$loop" w
wait_until 20 back_is 2
run_cases hostile-blk uvbd/51712 blk-4k
device_unplug
wait_until 20 back_is 6
losetup -d "$loop"
device_forget
disk_add 51712 "$work/image" w
wait_until 20 back_is 2
run_cases hostile-blk uvbd/51712 B13 B19
blk_end
