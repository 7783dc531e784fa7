#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lite-netfront and xl-lite-netd: TCP streams and UDP datagrams of all sizes
# go both ways between a guest and a bridge, every byte as it was sent.
. "$(dirname "$0")/../lib/both.sh"
plan 10

leak_snapshot
guest_begin || bail "no guest"
net_host testbr0 || bail "no bridge"
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd -v
netd=$daemon_pid
check "a vif is made" nic_add 0 00:16:3e:00:00:02 testbr0
check "xl-lite-netfront is ready" daemon_start netfront \
	"${in_guest[@]}" xl-lite-netfront -v --tap eth0
front_pid=$daemon_pid
check "the vif is connected" wait_until 20 back_is 4
check "the guest's interface can be used" net_guest eth0
check "every byte is right" net_verify 1 1000000
daemon_stop "$front_pid"
is $? 0 "the frontend ends in good order"
device_unplug
check "the vif can be unplugged" wait_until 20 back_is 6
device_forget
daemon_stop "$netd"
is $? 0 "the daemon too"
ip link del testbr0
guest_end "$guest"
leak_check
