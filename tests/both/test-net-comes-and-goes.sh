#!/bin/bash
# SPDX-License-Identifier: MIT
# A vif is connected, let go and connected again, by frontends that end in good
# order and by one that is killed under load; it is unplugged before a frontend
# came, and from under one that is busy; and frames are right throughout.
. "$(dirname "$0")/../lib/both.sh"
plan 16

seed=0
verify() {
	seed=$((seed + 1))
	wait_until 20 back_is 4
	net_guest eth0 && net_verify $seed 20000
}
front_start() {
	daemon_start netfront "${in_guest[@]}" xl-lite-netfront -v --tap eth0
}
# busy: datagrams that nobody answers, until the end; $client is their process
busy() {
	net_guest eth0
	(
		while :; do
			printf '%01000d' 0 >/dev/udp/198.51.100.2/9
		done
	) >/dev/null 2>&1 3>&- &
	client=$!
	wait_until 20 back_is 4
}
busy_end() {
	kill $client
	wait $client 2>/dev/null
}

leak_snapshot
guest_begin || bail "no guest"
net_host testbr0 || bail "no bridge"
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd -v
netd=$daemon_pid

nic_add 0 00:16:3e:00:00:02 testbr0
check "it is offered" wait_until 20 back_is 2
device_unplug
check "unplugged before anybody came, it ends" wait_until 20 back_is 6
device_forget

nic_add 0 00:16:3e:00:00:02 testbr0
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
check "a fourth connects where it left" front_start
check "and works" verify
busy_end

busy
device_unplug
wait "$daemon_pid"
is $? 1 "unplugged under load: the frontend ends"
check "the backend, too" wait_until 20 back_is 6
busy_end
device_forget
daemon_stop "$netd"
is $? 0 "and the daemon, in good order"
ip link del testbr0
guest_end "$guest"
leak_check
