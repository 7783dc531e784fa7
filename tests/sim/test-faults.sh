#!/bin/bash
# SPDX-License-Identifier: MIT
# Faults can be armed from a table, hit the call they name and no other, and are
# survived: a grant that cannot be mapped closes the disk with the reason, and
# the next try gets through.
. "$(dirname "$0")/../lib/both.sh"
plan 13

leak_snapshot
guest_begin || bail "no guest"
dd if=/dev/urandom of="$work/image" bs=64K count=8 status=none
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd -v
blkd=$daemon_pid
disk_add 51712 "$work/image" w

fails "a call that is none is refused, and those that are are named" \
	"want .*CALL.* evtchn_notify " xlsim fault "grant_mop:1:ENOMEM"
fails "so is an errno that is none" "want " xlsim fault "grant_map:1:ENOSUCH"
xlsim fault "xl-lite-blkd: guest $guest@grant_map:1:ENOMEM"
"${in_guest[@]}" xl-lite-blkfront --socket "$work/nbd" 2>"$work/front" &
front_pid=$!
error=/local/domain/0/error/$(echo "$back" | sed 's,.*/backend/,backend/,')/error
# on its way there it is Closing, for as long as the frontend is not
check "a ring that cannot be mapped closes the disk" wait_until 20 back_is 6
like "$(xenstore-read "$error")" "-12 .*ring.* cannot be mapped" "saying why"
wait $front_pid
is $? 1 "the frontend gives up"
like "$(xlsim fault)" "guest $guest@grant_map:1-1 calls 1 hits 1" \
	"the table says that it was hit"
check "the next try gets through" daemon_start front \
	"${in_guest[@]}" xl-lite-blkfront -v --socket "$work/nbd"
xlsim fault none
xlsim fault "xl-lite-blkfront@evtchn_notify:1-1000:double" \
	"xl-lite-blkd: *@evtchn_notify:1-1000:delay=1"
check "doubled and late events do no harm" \
	nbdio "$work/nbd" "$work/image" 2 100
like "$(xlsim fault)" "blkd.*hits [1-9]" "they were"
xlsim fault none "xl-lite-blkfront@evtchn_notify:1:kill"
fails "a process can be killed where it stands" "hung up|Connection reset" \
	nbdio "$work/nbd" "$work/image" 3 100
wait "$daemon_pid" 2>/dev/null
is $? 137 "it was"
xlsim fault none
# whoever was killed does not agree to an end: the toolstack goes on without
device_unplug
wait_until 20 back_is 5
device_forget
daemon_stop "$blkd"
guest_end "$guest"
leak_check
