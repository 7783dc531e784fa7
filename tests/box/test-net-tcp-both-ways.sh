#!/bin/bash
# SPDX-License-Identifier: MIT
# A stock Linux guest whose vif is served by xl-lite-netd pings the host over
# IPv4 and IPv6 and moves files both ways by TCP, and their hashes agree.
# timeout: 1200
# processors: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net-lib.sh"
plan 13

daemon_start netd xl-lite-netd -v || bail "xl-lite-netd does not start"
netd=$daemon_pid
leak_snapshot

mkdir -p "$work/www"
head -c 8388608 /dev/urandom >"$work/www/down"
(cd "$work/www" && exec busybox httpd -f -p 192.0.2.1:80) 3>&- &
httpd=$!
socat -u TCP-LISTEN:7000,reuseaddr "CREATE:$work/up" 3>&- &
sink=$!

guest_job "$work/job.cpio" <<'JOB'
wait-for test -e /sys/class/net/eth0
ip addr add 192.0.2.2/24 dev eth0
ip -6 addr add 2001:db8::2/64 dev eth0
ip link set eth0 up
answers() {	# as often as it takes: time is not what is tested
	for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
		ping $1 -c 1 -W 10 $2 >/dev/null 2>&1 && return 0
	done
	return 1
}
answers -4 192.0.2.1 && echo "ping4: answered"
answers -6 2001:db8::1 && echo "ping6: answered"
echo "down: $(wget -q -O - http://192.0.2.1/down | md5sum)"
head -c 8388608 /dev/urandom >/tmp/up
echo "up: $(md5sum </tmp/up)"
nc 192.0.2.1 7000 </tmp/up
echo "queues: $(ls -d /sys/class/net/eth0/queues/rx-* | wc -l)"
JOB
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
net_create tcp "ramdisk='$work/ramdisk'"
net_add "$domid" 0 00:16:3e:00:00:02 "mac-filter=strict"
xl unpause tcp

check "the backend waits, then connects" wait_until 300 net_state_is "$domid" 0 4
is "$(xenstore-read "$(net_backend "$domid" 0)/hotplug-status")" connected \
	"hotplug-status says connected"
is "$(cat "/sys/class/net/vif$domid.0/address")" fe:ff:ff:ff:ff:ff \
	"the host's end has the address that no bridge takes over"
is "$(basename "$(readlink "/sys/class/net/vif$domid.0/master")")" xenbr0 \
	"it is on the bridge"
is "$(cat "/sys/class/net/vif$domid.0/carrier")" 1 "it has a carrier"
guest_wait_console tcp '^guest: job exit' 400
console=$(guest_console tcp)
like "$console" '^ping4: answered' "the host answers over IPv4"
like "$console" '^ping6: answered' "the host answers over IPv6"
like "$console" "^down: $(md5sum <"$work/www/down")" \
	"8 MiB from the host arrive as they were sent"
wait "$sink"
like "$console" "^up: $(md5sum <"$work/up")" \
	"8 MiB from the guest arrive as they were sent"
diag "$(grep '^queues' <<<"$console")"
check "the guest shuts itself down" guest_wait_gone tcp 120
net_forget "$domid"
check "the TAP goes with its vif" wait_until 30 net_link_is_gone "vif$domid.0"
kill "$httpd"
wait "$httpd" 2>/dev/null
leak_check
diag "$(grep packets "$logs/netd.log")"
daemon_stop "$netd"
is $? 0 "the daemon ends well"
