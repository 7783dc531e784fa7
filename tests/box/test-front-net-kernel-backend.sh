#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lite-netfront in a PV guest on Debian's kernel, against the kernel's
# xen-netback: ping, and files over TCP both ways, IPv4 and IPv6, with their
# checksums compared; segments travel whole.
# processors: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/front.sh"
plan 14

mkdir -p "$work/www"
dd if=/dev/urandom of="$work/www/file" bs=1M count=8 status=none
want=$(md5sum <"$work/www/file")

leak_snapshot
busybox httpd -f -p 80 -h "$work/www" 2>"$logs/httpd.log" &
httpd=$!
socat -u TCP-LISTEN:5001,reuseaddr "CREATE:$work/from-guest4" &
sink4=$!
socat -u TCP6-LISTEN:5002,reuseaddr "CREATE:$work/from-guest6" &
sink6=$!
daemon_pids+=("$httpd" "$sink4" "$sink6")

sinks_ended() {
	! kill -0 "$sink4" 2>/dev/null && ! kill -0 "$sink6" 2>/dev/null
}

guest_job "$work/job.cpio" <<'EOJ'
xl-lite-netfront --tap a-name-that-is-too-long 2>&1
xl-lite-netfront -v 2>/run/log &
pid=$!
until grep -q ready: /run/log || ! kill -0 $pid; do
	usleep 50000
done
cat /run/log
echo "mac: $(cat /sys/class/net/uvif0/address)"
ip addr add 192.0.2.9/24 dev uvif0
echo 0 >/proc/sys/net/ipv6/conf/uvif0/accept_dad
ip addr add 2001:db8::9/64 dev uvif0
ip link set uvif0 up
ping -c 3 -w 60 192.0.2.1 >/dev/null && echo "ping: answered"
ping -c 1 -s 8000 -w 60 192.0.2.1 >/dev/null && echo "ping of 8000: answered"
ping -6 -c 3 -w 60 2001:db8::1 >/dev/null && echo "ping6: answered"
wget -q -O /run/got 'http://192.0.2.1/file'
echo "got4: $(md5sum </run/got)"
wget -q -O /run/got 'http://[2001:db8::1]/file'
echo "got6: $(md5sum </run/got)"
nc 192.0.2.1 5001 </run/got
nc 2001:db8::1 5002 </run/got
kill -TERM $pid
wait $pid
echo "exit: $?"
cat /run/log
[ -e /sys/class/net/uvif0 ] || echo "its TAP is gone"
EOJ
guest_programs "$work/programs.cpio" xl-lite-netfront
guest_ramdisk "$work/ramdisk" "$work/programs.cpio" "$work/job.cpio"
guest_cfg front "ramdisk='$work/ramdisk'" "memory=192" \
	"extra='console=hvc0 quiet modules=$front_modules:tun'" >"$work/front.cfg"

check "xl creates the guest" xl create -p "$work/front.cfg"
domid=$(guest_domid front)
# netback wants a script to be named; nothing runs it
check "xen-netback serves a device of kind uvif" \
	front_attach "$domid" uvif vif 0 "handle 0 mac 00:16:3e:00:00:09" \
	"handle 0 mac 00:16:3e:00:00:09 script none"
check "its other end joins the bridge" \
	ip link set "vif$domid.0" master xenbr0 up
# one frame from the guest that is longer than any that is not to be cut
tcpdump -ni "vif$domid.0" -Q in -c 1 greater 3000 >"$logs/tcpdump.log" 2>&1 &
whole=$!
daemon_pids+=("$whole")
xl unpause "$domid"
guest_wait_console front '^guest: job exit' 400
said=$(guest_console front)
said "an interface's name has less than 16" "a name too long is refused"
said "ready: device/uvif/0: 00:16:3e:00:00:09, mtu 1500, at uvif0" \
	"the frontend is ready"
said "^mac: 00:16:3e:00:00:09" "the TAP has the device's MAC"
is "$(printf '%s\n' "$said" | grep -c ': answered')" 3 \
	"the host answers over IPv4, in fragments, and over IPv6"
said "^got4: $want" "a file comes in over TCP"
said "^got6: $want" "and over IPv6"
# each ends with its file
wait_until 30 sinks_ended
kill "$sink4" "$sink6" 2>/dev/null
is "$(md5sum <"$work/from-guest4") $(md5sum <"$work/from-guest6")" \
	"$want $want" "and goes out over both"
kill "$whole" 2>/dev/null
wait "$whole"
like "$(cat "$logs/tcpdump.log")" '^1 packet captured' "segments leave whole"
said "^exit: 0" "SIGTERM ends it with status 0"
said "^its TAP is gone" "and its TAP goes with it"
printf '%s\n' "$said" | sed 's/^/# /'
guest_wait_gone front 60
front_detach "$domid" vif 0
kill "$httpd"
wait "$httpd"
leak_check
[ $test_failures = 0 ]
