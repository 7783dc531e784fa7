#!/bin/bash
# SPDX-License-Identifier: MIT
# A disk is connected, let go and connected again, by frontends that end in good
# order and by one that is killed under load; it is unplugged before a frontend
# came, and from under one that is busy; and every byte is right throughout. A
# daemon that comes right after one that was killed waits for what that one held.
. "$(dirname "$0")/../lib/both.sh"
plan 22

seed=0
verify() {
	seed=$((seed + 1))
	nbdio "$work/nbd" "$work/image" $seed 100
}
front_start() {
	daemon_start blkfront "${in_guest[@]}" xl-lite-blkfront -v \
		--socket "$work/nbd"
}
# busy: a client that works until it is broken off; $client is its process
busy() {
	nbdio "$work/nbd" "$work/image" 99 1000000 >"$logs/busy" 2>&1 3>&- &
	client=$!
	wait_until 20 back_is 4
}

leak_snapshot
guest_begin || bail "no guest"
dd if=/dev/urandom of="$work/image" bs=64K count=16 status=none
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd -v
blkd=$daemon_pid

disk_add 51712 "$work/image" w
check "it is offered" wait_until 20 back_is 2
device_unplug
check "unplugged before anybody came, it ends" wait_until 20 back_is 6
device_forget

disk_add 51712 "$work/image" w
for round in first second; do
	check "the $round frontend connects" front_start
	check "and works" verify
	daemon_stop "$daemon_pid"
	check "it lets go" wait_until 20 back_is 6
done

check "a third connects" front_start
busy
kill -KILL "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
wait $client
is $? 1 "killed, it takes its client with it"
# what the client wrote last is in the image or not, who knows: it is read anew
check "a fourth connects where it left" front_start
check "and works" verify

busy
device_unplug
wait $client
is $? 1 "unplugged under load: its client is told"
wait "$daemon_pid"
is $? 1 "and the frontend ends, having lost the disk"
check "the backend, too" wait_until 20 back_is 6
device_forget
daemon_stop "$blkd"

# the image as a killed daemon leaves it: locked, and by no process
lock_begin() {
	coproc lock { leftlock "$work/image" 3>&-; }
	read -r -u "${lock[0]}" && [ "$REPLY" = locked ]
}
lock_end() {
	exec {lock[1]}>&-
	wait "$lock_PID"
}
check "an image is still locked" lock_begin
daemon_start blkd xl-lite-blkd -v
blkd=$daemon_pid
disk_add 51712 "$work/image" w
check "a daemon that has just started tries again" \
	wait_until 20 eval '[ "$(grep -c "step open" "$logs/blkd.log")" -gt 2 ]'
check "the lock ends" lock_end
check "and the disk is offered" wait_until 20 back_is 2
device_unplug
wait_until 20 back_is 6
device_forget
lock_begin
disk_add 51712 "$work/image" w
check "a lock that stays is an error" \
	wait_until 20 xenstore-exists "$back/hotplug-error"
diag "$(xenstore-read "$back/hotplug-error")"
lock_end
device_unplug
wait_until 20 back_is 6
device_forget
daemon_stop "$blkd"
guest_end "$guest"
leak_check
