#!/bin/bash
# SPDX-License-Identifier: MIT
# A disk whose frontend dies at any step of its handshake, or stands still there
# and is unplugged, or with a call that fails at either end: nothing is held, the
# reason is told, and the next frontend reads and writes what it should.
. "$(dirname "$0")/../lib/both.sh"
. "$(dirname "$0")/steps.sh"

daemon=xl-lite-blkd
front_program=xl-lite-blkfront
make_device() {
	disk_add 51712 "$work/image" w
}
seed=0
verify() {
	seed=$((seed + 1))
	nbdio "$work/nbd" "$work/image" $seed 20
}

leak_snapshot
guest_begin || bail "no guest"
front_command=("${in_guest[@]}" xl-lite-blkfront --socket "$work/nbd")
dd if=/dev/urandom of="$work/image" bs=64K count=4 status=none
check "$daemon is ready" daemon_start backend $daemon -v
backend=$daemon_pid

steps_die
steps_unplug
steps_front_fails share_open 1
steps_front_fails evtchn_open 1
steps_front_fails share_pages 2
steps_front_fails evtchn_bind_unbound 1
steps_back_fails $daemon evtchn_open 1
steps_back_fails $daemon evtchn_restrict 1
steps_back_fails "$daemon: guest *" evtchn_fdopen 1
steps_back_fails "$daemon: guest *" grant_map 1
steps_back_fails "$daemon: guest *" evtchn_bind_interdomain 1
steps_back_dies evtchn_fdopen 1
steps_back_dies grant_map 1
steps_back_dies evtchn_bind_interdomain 1

daemon_stop "$backend"
is $? 0 "the daemon ends in good order"
guest_end "$guest"
leak_check
plan $test_count
