#!/bin/bash
# SPDX-License-Identifier: MIT
# A vif whose frontend dies at any step of its handshake, or stands still there
# and is unplugged, or with a call that fails at either end: nothing is held, the
# reason is told, and the next frontend carries frames.
. "$(dirname "$0")/../lib/both.sh"
. "$(dirname "$0")/steps.sh"

daemon=xl-lite-netd
front_program=xl-lite-netfront
make_device() {
	nic_add 0 00:16:3e:00:00:02 testbr0
}
seed=0
verify() {
	seed=$((seed + 1))
	wait_until 20 back_is 4
	net_guest eth0 && net_verify $seed 20000
}

leak_snapshot
guest_begin || bail "no guest"
front_command=("${in_guest[@]}" xl-lite-netfront --tap eth0)
net_host testbr0 || bail "no bridge"
check "$daemon is ready" daemon_start backend $daemon -v
backend=$daemon_pid

steps_die
steps_unplug
steps_front_fails share_open 1
steps_front_fails evtchn_open 1
steps_front_fails share_pages 3
steps_front_fails evtchn_bind_unbound 2
steps_back_fails $daemon evtchn_open 1
steps_back_fails $daemon evtchn_restrict 1
steps_back_fails "$daemon: guest *" evtchn_fdopen 1
steps_back_fails "$daemon: guest *" grant_map 1
steps_back_fails "$daemon: guest *" evtchn_bind_interdomain 2
steps_back_dies evtchn_fdopen 1
steps_back_dies grant_map 1
steps_back_dies evtchn_bind_interdomain 2

daemon_stop "$backend"
is $? 0 "the daemon ends in good order"
ip link del testbr0
guest_end "$guest"
leak_check
plan $test_count
