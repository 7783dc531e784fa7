#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lited minds all guests: takes over from the processes that mind one, does
# what is to be done once, also when it was dead when guests stopped, and tells
# what happens.
# timeout: 300
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/box/bin
plan 40

cut=0
count=16	# guests that stop at once

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
truncate -s 1M "$work/disk.img"

tiny_cfg() {
	guest_cfg "$1" "kernel='/box/tiny'" "ramdisk=''" "memory=16" "${@:2}" \
		>"$work/$1.cfg"
}

runs_as_another() {
	local id

	id=$(xl-lite domid "$1" 2>/dev/null) && [ "$id" != "$2" ] &&
		xl-lite list "$1" | grep -q -- ' -b---- '
}

no_monitor() {
	! pgrep -f '^xl-lite create'
}

lited_start() {
	daemon_start lited xl-lited && lited=$daemon_pid
}

# told REGEX: an event so
told() {
	grep -Eq -- "$1" "$work/events"
}

told_times() {
	[ "$(grep -Ec -- "$1" "$work/events")" -ge "$2" ]
}

fails "events without xl-lited" 'xl-lited.*does not run: start it' xl-lite events

# --- taking over ------------------------------------------------------------------

tiny_cfg a "on_reboot='restart'" "disk=['$work/disk.img,raw,xvda,w']"
check "a guest is created without xl-lited" xl-lite create -q "$work/a.cfg"
check "a process minds it" pgrep -f '^xl-lite create'
check "xl-lited is ready" lited_start
check "the process leaves it to xl-lited" wait_until 30 no_monitor
fails "a second xl-lited" 'runs already, as process' xl-lited
stdbuf -oL xl-lite events >"$work/events" 2>&1 3>&- &
events=$!
wait_until 30 told '"event":"listening"'
first=$(xl-lite domid a)
stop-guest reboot "$first"
check "its reboot is seen to" wait_until 30 runs_as_another a "$first"
like "$(xl-lite block-list a)" "/backend/uvbd/$(xl-lite domid a)/51712" "with its disk"
check "all is told" wait_until 30 told '"event":"restarted"'
for event in '"shutdown","domid":'$first',"name":"a",.*"reason":"reboot"' \
	'"created","domid":[0-9]*,"name":"a"' \
	'"destroyed","domid":'$first',"name":"a"' \
	'"restarted","domid":'$(xl-lite domid a)',"name":"a",.*"from":'$first; do
	check "told: $event" told "^[{]\"time\":\"[^\"]*Z\",\"event\":$event"
done

# --- creating with it ------------------------------------------------------------

tiny_cfg b "on_crash='preserve'"
check "a guest is created with xl-lited" xl-lite create -q "$work/b.cfg"
check "nobody else minds it" no_monitor
stop-guest crash "$(xl-lite domid b)"
check "its crash is told, and that it is kept" wait_until 30 told '"event":"kept".*"name":"b"'
check "as a crash" told '"event":"crashed".*"name":"b"'
check "it can be destroyed" xl-lite destroy b
check "which is told" wait_until 30 told '"event":"destroyed".*"name":"b"'
check "a guest with -e" xl-lite create -q -e "$work/b.cfg" "on_crash='destroy'"
stop-guest crash "$(xl-lite domid b)"
check "is stopped" wait_until 30 told_times '"event":"crashed".*"name":"b"' 2
xl-lite destroy a
check "is let be" xl-lite domid b
xl-lite destroy b

# --- many at once, and nobody there -------------------------------------------------

for ((i = 0; i < count; i++)); do
	tiny_cfg "m$i" "on_reboot='restart'"
	xl-lite create -q "$work/m$i.cfg" 3>&-
done

# "NAME ID" of those that run
running() {
	xl-lite list | awk '$1 ~ /^m/ && $5 == "-b----" { print $1, $2 }' | sort
}

remember() {
	running >"$work/running"
	mapfile -t ids < <(awk '{ print $2 }' "$work/running")
}

# run_again COUNT: so many run, and none as the domain it was
run_again() {
	running >"$work/now"
	[ "$(wc -l <"$work/now")" = "$1" ] &&
		[ -z "$(comm -12 "$work/now" "$work/running")" ]
}

remember
pss() {
	awk '/^Pss:/ { print $2 }' "/proc/$lited/smaps_rollup"
}
check "xl-lited takes at most 3 MB ($(pss) KiB)" test "$(pss)" -le 3072
stop-guest reboot "${ids[@]}"
check "$count guests that stop at once all run again" wait_until 60 run_again $count
remember
check "each is told of once" test "$(grep -c '"event":"restarted".*"name":"m' "$work/events")" = $count

# It dies when it has just begun with them.
stop-guest reboot "${ids[@]}"
daemon_stop "$lited" KILL
check "xl-lited is killed in the middle, and started again" lited_start
check "all run again" wait_until 60 run_again $count
is "$(xl list | grep -c '^m')" $count "once each"
remember

# It is dead when they stop.
daemon_stop "$lited" KILL
stop-guest reboot "${ids[@]:0:8}"
stop-guest poweroff "${ids[@]:8}"
is "$(xl list | grep -c '^m.* .*s..')" $count "with nobody there they stay"
check "xl-lited is started" lited_start
check "what they asked for is done" wait_until 60 run_again 8
is "$(xl list | grep -c '^m')" 8 "once each"

# Sets $child to who acts for a guest, once there is somebody.
somebody_acts() {
	child=
	read -r child _ <"/proc/$lited/task/$lited/children"
	[ -n "$child" ]
}

# wait_until looks ten times a second, and a restart takes hardly longer.
wait_for_action() {
	local end=$((SECONDS + 10))

	until somebody_acts || [ $SECONDS -ge $end ]; do
		read -r -t 0.005 -u "$never_fd"
	done
}

# What acts for a guest is killed, at some moment of a restart.
tiny_cfg r "on_reboot='restart'" "disk=['$work/disk.img,raw,xvda,w']"
xl-lite create -q "$work/r.cfg" 3>&-
for pause in 0.001 0.05 0.1 0.15 0.2 0.3; do
	first=$(xl-lite domid r)
	stop-guest reboot "$first"
	wait_for_action
	read -r -t $pause -u "$never_fd"
	somebody_acts && kill -KILL "$child" && cut=$((cut + 1))
	wait_until 30 runs_as_another r "$first" || break
done
check "a restart that is killed ($cut times) is finished" runs_as_another r "$first"
check "it was killed at all" test "$cut" -gt 0
like "$(xl-lite block-list r)" "/backend/uvbd/$(xl-lite domid r)/51712" "with its disk"
is "$(xl list | grep -c '^r ')" 1 "once"
xl-lite destroy r

# --- its end ---------------------------------------------------------------------------

check "xl-lited ends when told to" daemon_stop "$lited"
is "$(xl list | grep -c '^m')" 8 "guests run on"
remember
for id in "${ids[@]}"; do
	xl-lite destroy "$id"
done
wait "$events"
daemon_stop "$blkd"
leak_check
