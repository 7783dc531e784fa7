#!/bin/bash
# SPDX-License-Identifier: MIT
# Frontends that lie, on a simulated and on a real host: an index out of range,
# a grant that does not exist, sectors past the end, a write to a read-only disk,
# frames of 0 and of 65535 bytes, states in no order. Each gets an answer or a
# closed device with a reason; another device goes on all the while.
# timeout: 1200
. "$(dirname "$0")/../hostile/lib.sh"
blk="control B01 B01-half B02 B07 B08 B10 B11 B12 B13 B15-readonly B19 B20
	B35 B35-edges B35-connecting"
net="control T01 T05 T08 T08-whole T18 R04 R05 C01 C03 C05 C05-steers
	C06-hashes X01-nul X03-ctrl-ref X05 X05-edges X05-connecting"
plan $((14 + 1 + $(cases hostile-blk $blk) + $(cases hostile-net $net)))

blk_begin w
ro=51728
cp "$work/image" "$work/image.ro"
cp "$work/image" "$work/image.other"

# another disk, with a client that verifies each byte, from beginning to end
disk_add 51744 "$work/image.other" w
"${in_guest[@]}" xl-lite-blkfront --device uvbd/51744 --socket "$work/nbd" \
	>"$logs/blkfront.log" 2>&1 3>&- &
other=$!
check "another disk is served" wait_until 60 test -S "$work/nbd"
nbdio "$work/nbd" "$work/image.other" 1 2000 >"$work/nbdio" 2>&1 3>&- &
client=$!

run_cases hostile-blk uvbd/51712 ${blk/B15-readonly/}
disk_add $ro "$work/image.ro" r
run_cases hostile-blk uvbd/$ro B15-readonly
device_unplug
wait_until 60 back_is 6
device_forget

# a disk of blocks of 4096 bytes, where one can be made
truncate -s 8M "$work/image.4k"
if loop=$(losetup -f --show -b 4096 "$work/image.4k" 2>/dev/null); then
	disk_add 51760 "$loop" w
	run_cases hostile-blk uvbd/51760 B14
	device_unplug
	wait_until 60 back_is 6
	device_forget
	losetup -d "$loop"
else
	skip "no loop device can be made here"
fi

wait $client
is $? 0 "every byte of the other disk was right"
diag "$(cat "$work/nbdio")"
kill $other
wait $other
device_paths uvbd 51744
device_unplug
wait_until 60 back_is 6
device_forget
device_paths uvbd 51712
blk_end

net_begin
run_cases hostile-net uvif/0 $net
net_end
