#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest that is destroyed while its disk is busy: its processes die, its
# channels go, xenstored says so; its pages are the backend's until that lets go
# of them, having seen the frontend's nodes go, and only then is the domain gone.
# Its number can be used again.
. "$(dirname "$0")/../lib/both.sh"
plan 12

gone() {
	! xlsim list | grep -q "^domain $guest\b"
}
# what xenstored says of domains: a watch of its own, on a pipe
watched() {
	grep -q "$1" "$work/watch"
}

leak_snapshot
guest_begin || bail "no guest"
dd if=/dev/urandom of="$work/image" bs=64K count=16 status=none
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd -v
blkd=$daemon_pid
xenstore-watch @releaseDomain >"$work/watch" 3>&- &
watcher=$!
wait_until 20 watched @releaseDomain
: >"$work/watch"
disk_add 51712 "$work/image" w
check "its disk is connected" daemon_start blkfront \
	"${in_guest[@]}" xl-lite-blkfront --socket "$work/nbd"
nbdio "$work/nbd" "$work/image" 1 1000000 >"$logs/busy" 2>&1 3>&- &
client=$!
wait_until 20 back_is 4

# it is not to see anything before we have looked
kill -STOP "$blkd"
check "it is destroyed" xlsim destroy "$guest"
wait "$daemon_pid" 2>/dev/null
is $? 137 "its processes die with it"
wait $client
is $? 1 "and their clients lose them"
check "xenstored tells of it" wait_until 20 watched @releaseDomain
like "$(xlsim list)" "^domain $guest dying" \
	"it is there still, for its pages are mapped"
is "$(xlsim list | grep -c "^port $guest/")" 0 "but has no channel"
fails "nobody can be it any more" "no such guest" \
	"${in_guest[@]}" conformance 1
kill -CONT "$blkd"
check "when the backend sees that, it lets go, and the domain is gone" \
	wait_until 20 gone
device_forget
xenstore-rm "/local/domain/$guest"
kill $watcher
wait $watcher 2>/dev/null

guest_last=0
check "its number is free again" guest_begin
guest_end "$guest"
daemon_stop "$blkd"
leak_check
