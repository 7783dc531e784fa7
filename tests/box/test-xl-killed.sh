#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lite is killed at random moments of creating and destroying a guest, and
# 'xl-lite gc', or the next command, cleans up. seed=N repeats a run.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/state.sh"
plan 15

moments=25	# of each
seed=${seed:-$((0x$(od -An -N3 -tx1 /dev/urandom | tr -d ' ')))}
diag "seed=$seed"
RANDOM=$seed

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid
truncate -s 1M "$work/disk.img"
guest_cfg g "kernel='/box/tiny'" "ramdisk=''" "memory=16" \
	"disk=['$work/disk.img,raw,xvda,w']" "vif=['bridge=xenbr0']" \
	>"$work/g.cfg"
guest_cfg other "kernel='/box/tiny'" "ramdisk=''" "memory=16" >"$work/other.cfg"
check "a guest that is not killed at all" xl-lite create -q "$work/other.cfg"

# After each moment state.sh looks at what there is; this, which has the values,
# too, takes five processes, and is looked at when the moments are over.
state() {
	xenstore-ls -f | grep -v '^/local/domain/0/control\|^/\(vm\|libxl\) '
	xl-lite list | awk '{ print $1, $2, $3, $4 }'
	ls /var/lib/xen /sys/class/net
}
before=$(state)

is_before() {
	[ "$(state)" = "$before" ]
}

state_begin
state_keep

# in microseconds, what the whole command takes, so that the moments are in it
whole() {
	local from=${EPOCHREALTIME/./}

	"$@" >/dev/null 2>&1 3>&-
	echo $((${EPOCHREALTIME/./} - from))
}

# killed_after MICROSECONDS COMMAND...
killed_after() {
	local pause=$1 pid

	shift
	"$@" >/dev/null 2>&1 3>&- &
	pid=$!
	printf -v pause '%d.%06d' $((pause / 1000000)) $((pause % 1000000))
	read -r -t "$pause" -u "$never_fd"
	kill -KILL $pid 2>/dev/null
	wait $pid 2>/dev/null
}

tell_difference() {
	diag "moment $1: $2 µs: gc said: $(cat "$work/gc")"
	[ -z "$difference" ] || diag "$difference"
	diff <(printf '%s\n' "$before") <(state) | sed 's/^/# /'
}

# Sets $bad when it is not so after all moments.
values_are_before() {
	wait_until 30 is_before && return
	bad=1
	tell_difference "the last" "$after"
}

whole xl-lite create -q "$work/g.cfg" >"$work/warm"
whole xl-lite destroy g >"$work/warm"
creating=$(whole xl-lite create -q "$work/g.cfg")
destroying=$(whole xl-lite destroy g)
diag "creating takes $creating µs, destroying $destroying µs"
check "both leave nothing" wait_until 30 is_before

# --- create, then gc -------------------------------------------------------------

bad=0 cut=0
for ((i = 0; i < moments; i++)); do
	after=$(((RANDOM * 32768 + RANDOM) % (creating * 5 / 4)))
	killed_after $after xl-lite create -q "$work/g.cfg"
	xl-lite gc >"$work/gc" 2>&1 3>&- || bad=1
	[ ! -s "$work/gc" ] || cut=$((cut + 1))
	# in time, or just so: then it runs
	! xl-lite domid g >/dev/null 2>&1 3>&- || xl-lite destroy g >/dev/null 2>&1
	if ! wait_until 30 is_as_before; then
		tell_difference $i $after
		bad=1
		break
	fi
done
values_are_before
is $bad 0 "create, killed at $moments moments, and gc"
check "it had something to do ($cut times)" test $cut -gt 2

# --- create, then create again -------------------------------------------------------

bad=0 cut=0
for ((i = 0; i < moments / 8; i++)); do
	after=$(((RANDOM * 32768 + RANDOM) % (creating * 9 / 10)))
	killed_after $after xl-lite create -q "$work/g.cfg"
	! xl-lite domid g >/dev/null 2>&1 3>&- || cut=$((cut + 1))
	if ! xl-lite create -q "$work/g.cfg" >"$work/gc" 2>&1 3>&- &&
	   ! grep -q 'in use by domain' "$work/gc"; then
		bad=1
		tell_difference $i $after
	fi
	xl-lite destroy g >/dev/null 2>&1 3>&-
	xl-lite gc -n >"$work/gc" 2>&1 3>&-
	if [ -s "$work/gc" ] || ! wait_until 30 is_as_before; then
		bad=1
		tell_difference $i $after
		xl-lite gc >/dev/null 2>&1 3>&-
	fi
done
values_are_before
is $bad 0 "create, killed, and create again: nothing is left for gc"

# --- destroy, then gc ------------------------------------------------------------------

bad=0 cut=0
for ((i = 0; i < moments; i++)); do
	after=$(((RANDOM * 32768 + RANDOM) % (destroying * 5 / 4)))
	xl-lite create -q "$work/g.cfg" 3>&- || bad=1
	killed_after $after xl-lite destroy g
	xl-lite gc >"$work/gc" 2>&1 3>&- || bad=1
	[ ! -s "$work/gc" ] || cut=$((cut + 1))
	! xl-lite domid g >/dev/null 2>&1 3>&- || xl-lite destroy g >/dev/null 2>&1
	if ! wait_until 30 is_as_before; then
		tell_difference $i $after
		bad=1
		break
	fi
done
values_are_before
is $bad 0 "destroy, killed at $moments moments, and gc"
check "it had something to do ($cut times)" test $cut -gt 2

# --- what gc does not touch -----------------------------------------------------------

is "$(xl-lite gc)" "" "with nothing to clean gc says nothing"
check "the other guest was let be" xl-lite domid other
xenstore-write /local/domain/77/name ghost /libxl/77/type pv \
	/local/domain/0/backend/vif/77/0/state 4
touch /var/lib/xen/userdata-d.77.00112233-4455-6677-8899-aabbccddee77.libxl-json
out=$(xl-lite gc -n)
is "$(printf '%s\n' "$out" | grep -c ': its domain is gone: to be removed')" 4 \
	"gc -n says what another toolstack has left"
diag "$out"
xl-lite gc >/dev/null
nodes_remove_empty /local/domain/0/backend/vif
check "gc removes it" wait_until 30 is_before

# A guest that another toolstack is in the middle of making: its domain is
# there, and has neither a name nor a mark of ours.
xl create -p "$work/other.cfg" "name='theirs'" >/dev/null 2>&1 3>&-
theirs=$(xl domid theirs)
xenstore-rm "/local/domain/$theirs/name"
is "$(xl-lite gc)" "" "a domain without a name and without a mark is not touched"
xl destroy "$theirs"
xl-lite destroy other
state_end
daemon_stop "$blkd"
daemon_stop "$netd"
leak_check
