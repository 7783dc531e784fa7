#!/bin/bash
# SPDX-License-Identifier: MIT
# Two network stacks talk through two network frontends, back to back, each
# with a TAP: with all offloads, and with none. What arrives is compared, and
# the largest frame says whether segments travelled whole.
set -u

if ! unshare -n true 2>/dev/null || [ ! -w /dev/net/tun ]; then
	echo "1..0 # SKIP needs root and /dev/net/tun"
	exit 77
fi
if ! command -v ip >/dev/null || ! command -v busybox >/dev/null; then
	echo "1..0 # SKIP needs iproute2 and busybox"
	exit 77
fi
# all of it in a network of its own
[ "${1-}" = inside ] || exec unshare -n bash "$0" inside

dir=$(mktemp -d) || exit 1
n=0
failed=0
far=

ok()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		failed=1
		echo "not ok $n - $2"
		cat "$dir"/log* "$dir/said" 2>/dev/null | sed 's/^/# /'
	fi
}

wait_for()
{
	local end=$((SECONDS + 30))

	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		read -r -t 0.05 <> <(:)
	done
	return 0
}

# unshare has done it, and the far end's network is not ours
far_is_apart()
{
	[ "$(readlink "/proc/$far/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

# the far end's network: a process that waits in it
start()
{
	rm -f "$dir/in" "$dir/out" "$dir/far"
	mkfifo "$dir/in" "$dir/out" "$dir/far"
	unshare -n cat <"$dir/far" &
	far=$!
	exec 6>"$dir/far"
	"$builddir/tests/unit/front-net-cable" near far "$@" \
		<"$dir/in" >"$dir/out" 2>"$dir/log" &
	exec 7>"$dir/in" 8<"$dir/out"
	read -r -t 20 line <&8
	[ "$line" = ready ] || return 1
	there="nsenter -t $far -n"
	wait_for far_is_apart || return 1
	wait_for ip link set far netns $far || return 1
	$there ip link set lo up
	$there ip addr add 192.0.2.2/24 dev far
	$there ip addr add 2001:db8::2/64 dev far nodad
	$there ip link set far up
	ip addr add 192.0.2.1/24 dev near
	ip addr add 2001:db8::1/64 dev near nodad
	ip link set near up
}

stop()
{
	exec 7>&-
	cat <&8 >"$dir/said"
	exec 8<&- 6>&-
	wait
	far=
}

cleanup()
{
	exec 6>&- 7>&-
	rm -rf "$dir"
}
trap cleanup EXIT

# The port stands in hexadecimal; 0A is listening.
listening()
{
	$1 grep -q ":1389 .* 0A " /proc/net/tcp /proc/net/tcp6
}

# sent ADDRESS FROM TO: a file from one end to the other. FROM and TO are
# commands that run others in an end's network. The server's input never ends:
# it would close the connection.
sent()
{
	local address=$1 from=$2 to=$3 server

	$to busybox nc -l -p 5001 <&9 >"$dir/got" 2>"$dir/log.nc" &
	server=$!
	wait_for listening "$to" || return 1
	$from timeout 60 busybox nc "$address" 5001 <"$dir/file" >/dev/null \
		2>"$dir/log.nc2"
	wait_for whole
	kill $server 2>/dev/null
	wait $server 2>/dev/null
	cmp "$dir/file" "$dir/got"
}

whole()
{
	[ "$(stat -c %s "$dir/got")" = "$(stat -c %s "$dir/file")" ]
}

# transfer ADDRESSES_PREFIX: there and back
transfer()
{
	sent "${1}2" env "$there" && sent "${1}1" "$there" env
}

# largest END: how long its longest frame was
largest()
{
	sed -n "s/^$1: sent [0-9]* frames of up to \([0-9]*\) .*/\1/p" \
		"$dir/said"
}

mkfifo "$dir/hold"
exec 9<>"$dir/hold"
head -c 4M /dev/urandom >"$dir/file"

start feature-split-event-channels=1
ok $? "two frontends are connected, with all offloads"
ping -c 2 -W 5 192.0.2.2 >"$dir/log.ping" 2>&1 ||
	busybox ping -c 2 -W 5 192.0.2.2 >"$dir/log.ping" 2>&1
ok $? "ping"
busybox ping -c 1 -s 8000 -W 5 192.0.2.2 >"$dir/log.ping" 2>&1
ok $? "ping in fragments"
transfer 192.0.2.
ok $? "4 MiB there and back over IPv4"
transfer 2001:db8::
ok $? "and over IPv6"
stop
grep -c 'dropped 0, errors 0, good' "$dir/said" | grep -qx 2
ok $? "nothing was dropped"
# more than two would take apart; how many there are is the stacks' mood
[ "$(largest near)" -gt 3028 ] && [ "$(largest far)" -gt 3028 ]
ok $? "segments travelled whole: frames of up to $(largest near) bytes"

start feature-sg=0 feature-gso-tcpv4=0 feature-gso-tcpv6=0 \
	feature-ipv6-csum-offload=0 feature-no-csum-offload=1
ok $? "two frontends are connected, with no offload"
transfer 192.0.2.
ok $? "4 MiB there and back over IPv4"
transfer 2001:db8::
ok $? "and over IPv6"
stop
grep -c 'dropped 0, errors 0, good' "$dir/said" | grep -qx 2
ok $? "nothing was dropped"
[ "$(largest near)" -le 1514 ]
ok $? "each packet was a frame: up to $(largest near) bytes"

echo "1..$n"
exit $failed
