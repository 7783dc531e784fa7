#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest with a disk and a vif of its own goes on beside one that does all it
# can to be a nuisance: events, bad requests, broken rings, states without end.
. "$(dirname "$0")/lib.sh"
[ "$TEST_TIER" = sim ] || skip_all "there is one guest only"
plan $((14 + $(cases hostile-blk load) + $(cases hostile-net load)))

# the host's own frames would wake an idle vif's worker
for node in /proc/sys/net/ipv6/conf/{all,default}/disable_ipv6; do
	[ ! -e $node ] || echo 1 >$node
done

# beside PROGRAM DEVICE FIRST: $guest is the bystander, FIRST's is the neighbour
beside() {
	# the log has the neighbour's lines, too
	local neighbour daemon_log=none

	rm -f "$work/stage"
	xlsim in "$3" "$1" run "$2" 0 none neighbour >"$work/neighbour" 2>&1 3>&- &
	neighbour=$!
	run_cases "$1" "$2" load
	wait $neighbour
	is "$(grep -v '^# ' "$work/neighbour")" \
		"pass neighbour: it is hostile when told to be" \
		"its neighbour was"
}

blk_begin w
first=$guest
guest_begin || bail "no second guest"
errors_shown
cp "$work/image" "$work/image.2"
disk_add 51712 "$work/image.2" w
beside hostile-blk uvbd/51712 "$first"
device_unplug
wait_until 20 back_is 6
device_forget
guest_end "$guest"
guest=$first
device_paths uvbd 51712
blk_end

net_begin
first=$guest first_echo=$echo_pid
guest_begin || bail "no second guest"
errors_shown
device_add uvif 0 +mac=$mac mac=$mac mtu=9000
wait_until 20 back_is 2
echo_start
beside hostile-net uvif/0 "$first"
kill "$echo_pid"
device_unplug
wait_until 20 back_is 6
device_forget
guest_end "$guest"
guest=$first echo_pid=$first_echo
device_paths uvif 0
net_end
