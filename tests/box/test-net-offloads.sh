#!/bin/bash
# SPDX-License-Identifier: MIT
# A stock Linux guest with two queues turns its offloads off one after another;
# whatever is on, what it fetches and sends over IPv4 and IPv6 arrives as it
# was, no checksum is ever wrong on either side, and with segmentation on
# frames larger than the MTU cross the ring.
# timeout: 1500
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net-lib.sh"

modes=("" "tx off" "rx off" "tso off" "sg off" "gro off"
	"tx off rx off sg off tso off gso off gro off")
plan $((2 * ${#modes[@]} + 9))

daemon_start netd xl-lite-netd || bail "xl-lite-netd does not start"
netd=$daemon_pid
leak_snapshot

# guest-side word for a family's host: wget wants brackets around IPv6
mkdir -p "$work/www"
head -c 2097152 /dev/urandom >"$work/www/down"
want=$(md5sum <"$work/www/down")
(cd "$work/www" && exec busybox httpd -f -p 80) 3>&- &
httpd=$!
sinks=()
for ((i = 0; i < ${#modes[@]}; i++)); do
	family=$((i % 2 ? 6 : 4))
	socat -u "TCP$family-LISTEN:$((7000 + i)),reuseaddr" "CREATE:$work/up.$i" 3>&- &
	sinks+=($!)
done

{
	cat <<'JOB'
wait-for test -e /sys/class/net/eth0
ip addr add 192.0.2.2/24 dev eth0
ip -6 addr add 2001:db8::2/64 dev eth0
ip link set eth0 up
for try in 1 2 3 4 5 6 7 8 9 10 11 12; do
	ping -6 -c 1 -W 10 2001:db8::1 >/dev/null 2>&1 && break
done
echo "queues: $(ls -d /sys/class/net/eth0/queues/rx-* | wc -l)"
head -c 2097152 /dev/urandom >/tmp/up
echo "up: $(md5sum </tmp/up)"
mode() {
	number=$1 web=$2 host=$3
	shift 3
	[ $# = 0 ] || ethtool -K eth0 "$@" 2>/dev/null
	echo "down $number: $(wget -q -O - "http://$web/down" | md5sum)"
	nc "$host" $((7000 + number)) </tmp/up
	[ $# = 0 ] || ethtool -K eth0 tx on rx on sg on tso on gso on gro on 2>/dev/null
}
JOB
	for ((i = 0; i < ${#modes[@]}; i++)); do
		if [ $((i % 2)) = 1 ]; then
			echo "mode $i '[2001:db8::1]' 2001:db8::1 ${modes[i]}"
		else
			echo "mode $i 192.0.2.1 192.0.2.1 ${modes[i]}"
		fi
	done
	cat <<'JOB'
echo "checksums: $(grep -c . /proc/net/snmp) $(awk '/^Tcp: [0-9]/ { print $NF }' /proc/net/snmp)"
JOB
} | guest_job "$work/job.cpio"
guest_ramdisk "$work/ramdisk" "$box_guest/ethtool.cpio" "$work/job.cpio"
net_create offloads "ramdisk='$work/ramdisk'" "vcpus=2" "memory=192"
net_add "$domid" 0 00:16:3e:00:00:02
xl unpause offloads

guest_wait_console offloads '^guest: job exit' 1200
console=$(guest_console offloads)
up=$(sed -n 's/^up: //p' <<<"$console")
like "$console" '^queues: 2' "the guest has two queues"
like "$up" '^[0-9a-f]{32}' "the guest has made a file"
for ((i = 0; i < ${#modes[@]}; i++)); do
	wait_until 60 test -s "$work/up.$i"
	like "$console" "^down $i: $want" \
		"with ${modes[i]:-all on} the guest gets what was sent"
	wait "${sinks[i]}"
	is "$(md5sum <"$work/up.$i")" "$up" \
		"with ${modes[i]:-all on} the host gets what was sent"
done
like "$console" '^checksums: [0-9]+ 0$' "no wrong checksum came to the guest"
is "$(awk '/^Tcp: [0-9]/ { print $NF }' /proc/net/snmp)" 0 \
	"no wrong checksum came to the host"

kill -USR1 "$netd"
stats=/run/xl-lite/xl-lite-netd.stats
counter() {
	grep -o "\"$1\": *[0-9]*" "$stats" | grep -o '[0-9]*$'
}
counted() {
	[ "$(counter tx_packets)" -gt 0 ]
}
wait_until 30 counted
diag "$(tr -s ' \n' ' ' <"$stats")"
check "frames larger than the MTU left the guest" \
	test "$(counter tx_bytes)" -gt $((1514 * $(counter tx_packets)))
is "$(counter tx_errors) $(counter rx_errors) $(counter rx_dropped)" "0 0 0" \
	"nothing was malformed or dropped"
check "the guest shuts itself down" guest_wait_gone offloads 120
net_forget "$domid"
kill "$httpd"
wait "$httpd" 2>/dev/null
daemon_stop "$netd"
is $? 0 "the daemon ends well"
leak_check
