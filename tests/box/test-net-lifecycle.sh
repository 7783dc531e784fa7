#!/bin/bash
# SPDX-License-Identifier: MIT
# The life of a vif under a running stock Linux guest: its driver lets go and
# comes back; the guest stops receiving and costs the host no memory; another
# source address is refused; the vif is unplugged, and a second one plugged.
# timeout: 1500
# processors: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net-lib.sh"
plan 17

daemon_start netd xl-lite-netd -v || bail "xl-lite-netd does not start"
netd=$daemon_pid
leak_snapshot

# The guest does each thing the host names, as often as it names a new one.
mkdir -p "$work/www"
(cd "$work/www" && exec busybox httpd -f -p 80) 3>&- &
httpd=$!
tell() {
	echo "$2" >"$work/www/$1.new"
	mv "$work/www/$1.new" "$work/www/$1"
}

guest_job "$work/job.cpio" <<'JOB'
up() {
	wait-for test -e /sys/class/net/$1
	ip addr add 192.0.2.$2/24 dev $1 2>/dev/null
	ip link set $1 up
}
fetch() {
	until wget -q -O /tmp/do http://192.0.2.1/$1 2>/dev/null; do
		usleep 300000
	done
	echo "doing $1"
	. /tmp/do
	echo "done $1"
}
up eth0 2
fetch one
fetch two
fetch three
fetch four
JOB
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
net_create life "ramdisk='$work/ramdisk'"
net_add "$domid" 0 00:16:3e:00:00:02
xl unpause life

answers() {
	ping -c 1 -W 10 "192.0.2.$1"
}

check "the vif connects" wait_until 300 net_state_is "$domid" 0 4
check "the guest answers" wait_until 120 answers 2
worker=$(pgrep -P "$netd" | head -n 1)
like "$worker" '^[0-9]+$' "it has a worker of its own"

# its driver lets go of the vif, and takes it again
tell one '
echo vif-0 >/sys/bus/xen/drivers/vif/unbind
echo vif-0 >/sys/bus/xen/drivers/vif/bind
up eth0 2
'
check "its driver lets go and comes back" guest_wait_console life '^done one' 300
check "the vif connects again" wait_until 300 net_state_is "$domid" 0 4
check "the guest answers again" wait_until 120 answers 2

# a guest that takes nothing: more frames than ring, batch and TAP hold
rss() {
	awk '/^VmRSS/ { print $2 }' "/proc/$worker/status"
}
before=$(rss)
xl pause life
busybox arping -q -c 1 -w 1 -I xenbr0 192.0.2.2
ip neigh replace 192.0.2.2 lladdr 00:16:3e:00:00:02 dev xenbr0 nud permanent
# nobody answers, and that is its status; -w would wait for an answer to each
ping -q -f -l 3000 -c 3000 -W 1 -s 1400 192.0.2.2 >/dev/null 2>&1
after=$(rss)
diag "worker: $before KiB before, $after KiB after"
check "a guest that takes nothing costs the host no memory" \
	test "$after" -le $((before + 1024))
xl unpause life
ip neigh del 192.0.2.2 dev xenbr0
check "and answers when it takes again" wait_until 120 answers 2

# frames from an address that is not the vif's
tell two '
ip link set eth0 down
ip link set eth0 address 00:16:3e:00:00:99
ip link set eth0 up
ping -c 2 -W 2 192.0.2.1 >/dev/null 2>&1 && echo "spoofed: answered" || echo "spoofed: no answer"
ip link set eth0 down
ip link set eth0 address 00:16:3e:00:00:02
ip link set eth0 up
'
guest_wait_console life '^done two' 300
like "$(guest_console life)" '^spoofed: no answer' \
	"frames from another address go nowhere"
like "$(cat "$logs/netd.log")" 'frames from 00:16:3e:00:00:99 dropped' \
	"the log says once what was dropped and what to do"
is "$(grep -c 'frames from' "$logs/netd.log")" 1 "once"

# a second vif, and the first unplugged
net_add "$domid" 1 00:16:3e:00:00:03
check "a vif plugged into a running guest connects" \
	wait_until 120 net_state_is "$domid" 1 4
tell three '
wait-for test -e /sys/class/net/eth1
ip addr flush dev eth0
up eth1 3
'
check "the guest answers on it" wait_until 240 answers 3
net_remove "$domid" 0
check "the first one is gone from the host" \
	wait_until 60 net_link_is_gone "vif$domid.0"
# the guest may have answered for this address on either of its vifs
ip neigh del 192.0.2.3 dev xenbr0 2>/dev/null
check "the second one goes on" wait_until 60 answers 3
tell four 'echo "devices: $(ls /sys/class/net | tr "\n" " ")"'
guest_wait_console life '^guest: job exit' 240
like "$(guest_console life)" '^devices: eth1 lo' "and from the guest"
guest_wait_gone life 120
net_forget "$domid"
kill "$httpd"
wait "$httpd" 2>/dev/null
leak_check
daemon_stop "$netd"
