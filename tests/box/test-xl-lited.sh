#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lited minds all guests: takes over from the processes that mind one, does
# what is to be done once, also when it was dead when guests stopped, and tells
# what happens.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/acts.sh"
PATH=$PATH:/box/bin
plan 76

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

# --- names ---------------------------------------------------------------------------

# What -v says of a creation that makes no device. A name that was looked for
# is known.
requests() {
	xl-lite -v create -q -e "$work/b.cfg" 2>&1 3>&- |
		sed -n 's/.*: \([0-9]*\) xenstore requests.*/\1/p'
	xl-lite destroy b
}

alone=$(requests)

# requests_of TYPE: how many it takes until xenstored is told of a guest with a
# disk and an interface, by xenstored's own count. Then it is asked for their
# states, once if they are ready by then. How stock xl lists it otherwise than we
# is in $work/unlike.
requests_of() {
	local list

	tiny_cfg two "type='$1'" "disk=['$work/two.img,raw,xvda,w']" \
		"vif=['bridge=xenbr0']"
	rm -f "$work/trace"
	xenstore-control logfile "$work/trace" >/dev/null
	xenstore-control log on >/dev/null
	xl-lite create -q -e "$work/two.cfg" >&2 3>&-
	xenstore-control log off >/dev/null
	for list in 'list -l' block-list network-list; do
		diff <(xl $list two 2>&1) <(xl-lite $list two)
	done >>"$work/unlike" 2>&1
	xl-lite destroy two
	awk '/^CREATE connection / { count[$3] = 0 }
		/^IN / && ++count[$2] && $5 == "INTRODUCE" { print count[$2] }
		' "$work/trace"
}

# 89 nodes have a value, or are for one of the guest's; 4 folders are made, and
# 11 have other permissions than those they are in; what an older guest left is
# removed from two places, the console's server is looked for, its terminal
# watched, and the last is this.
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid
truncate -s 1M "$work/two.img"
is "$(requests_of pv)" 109 \
	"a PV guest with a disk, a vif and a command line takes 109 requests"
# the kernel, which looks at all backends, says backend/KIND
is "$(awk '$5 == "WRITE" && $6 ~ "/backend/uvbd/.*/state$" { exit }
	$5 == "READ" && $6 ~ "^.?/local/domain/0/backend/uvbd/" { print $6 }
	' "$work/trace")" "" "its disk's server does not look before there is a state"
is "$(requests_of pvh)" 105 "a PVH guest takes 4 less"
is "$(<"$work/unlike")" "" "stock xl misses nothing when it lists their devices"
daemon_stop "$netd"

# --- with many guests ------------------------------------------------------------------

for ((i = 0; i < count; i++)); do
	tiny_cfg "m$i" "on_reboot='restart'"
	xl-lite create -q "$work/m$i.cfg" 3>&-
done

is "$(requests)" "$alone" "$count guests more: a creation makes as many requests"
fails "a name that one of them has" 'name: in use by domain' \
	xl-lite create "$work/m3.cfg"
check "stock xl renames one" xl rename m3 n3
fails "its new name is in use, too" 'name: in use by domain' \
	xl-lite create "$work/m3.cfg" 'name="n3"'
fails "and its old one is not" "Can't get domid of domain name" xl-lite domid m3
xl rename n3 m3
check "stock xl creates one" xl create -qpe "$work/b.cfg"
fails "its name is in use" 'name: in use by domain' xl-lite create "$work/b.cfg"
kill -STOP "$lited"
fails "who gets no answer from xl-lited looks himself" \
	'name: in use by domain' xl-lite create "$work/b.cfg"
kill -CONT "$lited"
xl destroy b

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

# --- a hundred of them ----------------------------------------------------------------

pss() {
	awk '/^Pss:/ { print $2 }' "/proc/$lited/smaps_rollup"
}

many_left() {
	[ "$(xl-lite list | grep -c '^many')" = "$1" ]
}

tiny_cfg many "on_poweroff='destroy'"
for ((i = count; i < 100; i++)); do
	xl-lite create -q "$work/many.cfg" "name='many$i'" memory=4 3>&-
done
is "$(ls /var/lib/xen/userdata-d.*.xl-lite | wc -l)" 100 "100 guests are minded"
check "for which xl-lited takes at most 3 MB ($(pss) KiB)" test "$(pss)" -le 3072
# shellcheck disable=SC2046 # a word each
stop-guest poweroff $(xl-lite list | awk '/^many/ { print $2 }')
check "all but $count are ended at once" wait_until 60 many_left 0
check "xl-lited is no larger for that ($(pss) KiB)" test "$(pss)" -le 3072

# --- many at once, and nobody there -------------------------------------------------

stop-guest reboot "${ids[@]}"
check "$count guests that stop at once all run again" wait_until 60 run_again $count
remember
check "each is told of once" test "$(grep -c '"event":"restarted".*"name":"m' "$work/events")" = $count

# It dies when it has just begun with them, and when most are done.
stdbuf -oL xl-lite events -w >"$work/heard" 2>&1 3>&- &
listener=$!
heard_times() {
	[ "$(grep -c "\"event\":\"$1\"" "$work/heard")" -ge "$2" ]
}
wait_until 30 heard_times listening 1
stop-guest reboot "${ids[@]}"
daemon_stop "$lited" KILL
check "xl-lited is killed in the middle, and started again" lited_start
wait_until 60 heard_times restarted $((count / 2))
daemon_stop "$lited" KILL
check "and again" lited_start
check "all run again" wait_until 60 run_again $count
is "$(xl list | grep -c '^m')" $count "once each"
check "who waits for xl-lited is told" wait_until 30 heard_times restarted $count
for event in shutdown created destroyed restarted; do
	is "$(grep "\"event\":\"$event\"" "$work/heard" |
		grep -o '"name":"m[0-9]*"' | sort | uniq -c |
		awk '{ print $1 }' | xargs)" \
		"$(yes 1 | head -n $count | xargs)" "each guest is told of once: $event"
done
kill $listener
wait $listener 2>/dev/null
remember

# It is dead when they stop.
daemon_stop "$lited" KILL
stop-guest reboot "${ids[@]:0:8}"
stop-guest poweroff "${ids[@]:8}"
is "$(xl list | grep -c '^m.* .*s..')" $count "with nobody there they stay"
check "xl-lited is started" lited_start
check "what they asked for is done" wait_until 60 run_again 8
is "$(xl list | grep -c '^m')" 8 "once each"

# What acts for a guest is killed, at some moment of a restart.
tiny_cfg r "on_reboot='restart'" "disk=['$work/disk.img,raw,xvda,w']"
xl-lite create -q "$work/r.cfg" 3>&-
for pause in 0.001 0.05 0.1 0.15 0.2 0.3; do
	first=$(xl-lite domid r)
	stop-guest reboot "$first"
	kill_after $pause && cut=$((cut + 1))
	wait_until 30 runs_as_another r "$first" || break
done
check "a restart that is killed ($cut times) is finished" runs_as_another r "$first"
check "it was killed at all" test "$cut" -gt 0
like "$(xl-lite block-list r)" "/backend/uvbd/$(xl-lite domid r)/51712" "with its disk"
is "$(xl list | grep -c '^r ')" 1 "once"
xl-lite destroy r

# --- what changes while it runs ---------------------------------------------------------

tiny_cfg c "on_reboot='restart'" "on_crash='rename-restart'" \
	"disk=['$work/disk.img,raw,xvda,w']"
xl-lite create -q "$work/c.cfg" 3>&-
first=$(xl-lite domid c)
check "a guest is renamed" xl-lite rename c renamed
stop-guest reboot "$first"
check "it starts again by that name" wait_until 30 runs_as_another renamed "$first"
first=$(xl-lite domid renamed)
check "config-update gives it another, and memory" xl-lite config-update \
	renamed "$work/c.cfg" "name='updated'" memory=24
stop-guest reboot "$first"
check "it starts again as that has it" wait_until 30 runs_as_another updated "$first"
like "$(xl-lite list updated)" '^updated +[0-9]+ +2[34] ' "with its memory"
fails "nobody has its old name" "Can't get domid" xl-lite domid renamed
first=$(xl-lite domid updated)
xl-lite config-update updated "$work/c.cfg" "name='next'" >"$work/out" 2>&1
stop-guest crash "$first"
check "so it does when the old one is kept" wait_until 30 runs_as_another next "$first"
like "$(xl-lite domname "$first")" '^updated-20' "which is renamed all the same"
is "$(xenstore-read "/vm/$(xl-lite list -v next | grep -o '[0-9a-f-]\{36\}')/name")" \
	next "and has nothing of the new one's"
xl-lite destroy "$first"
first=$(xl-lite domid next)
xl-lite config-update next "$work/c.cfg" "name='m1'" >"$work/out" 2>&1
stop-guest reboot "$first"
check "with the name of another it keeps its own" \
	wait_until 30 runs_as_another next "$first"

# A disk that its configuration has, and xenstore has not.
first=$(xl-lite domid next)
sed -i 's/"vdev": "xvda"/"vdev": "xvdq"/' /var/lib/xen/userdata-d."$first".*.libxl-json
is "$(xl-lite list -l next 2>"$work/warning")" "$(xl list -l next 2>/dev/null)" \
	"a disk that has vanished is not listed, as with stock xl"
like "$(cat "$work/warning")" \
	"domain $first: vbd xvdq: in its stored configuration, but not in xenstore" \
	"which is said"
stop-guest reboot "$first"
check "it starts again" wait_until 30 runs_as_another next "$first"
is "$(xl-lite block-list next | grep -c /backend/)" 0 "without it"
xl-lite destroy next

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
