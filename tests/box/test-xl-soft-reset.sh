#!/bin/bash
# SPDX-License-Identifier: MIT
# A PVH guest that asks for a soft reset (Linux does before kexec) goes on in the
# memory it has, as the domain it is, with its devices and its console: by
# xl-lited and by the process that minds one guest. Where it is cut off, or
# cannot be, the guest starts again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/acts.sh"
PATH=$PATH:/box/bin
plan 32

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
truncate -s 1M "$work/disk.img"

# lives NAME LINE...: a guest that is reset twice, and counts
lives() {
	guest_cfg "$1" "kernel='/box/lives'" "ramdisk=''" "memory=16" \
		"type='pvh'" "disk=['$work/disk.img,raw,xvda,w']" "${@:2}" \
		>"$work/$1.cfg"
}

sleeps() {
	xl-lite list "$1" | grep -q -- ' -b---- '
}

# state ID: all there is of it in xenstore
state() {
	xenstore-ls -fp "/local/domain/$1"
	xenstore-ls -fp "/libxl/$1"
	xenstore-ls -fp /local/domain/0/backend
}

# --- by a process of its own --------------------------------------------------------

lives alone
check "a guest is created, paused, without xl-lited" xl-lite create -qp "$work/alone.cfg"
first=$(xl-lite domid alone)
state "$first" >"$work/before"
xl-lite unpause alone
check "it lives three times" guest_wait_console alone '^life 3' 60
is "$(guest_console alone | xargs)" "life 1 life 2 life 3" "each time in the same memory"
is "$(xl-lite domid alone)" "$first" "as the same domain"
check "and sleeps then" wait_until 20 sleeps alone
state "$first" >"$work/after" 2>&1
check "xenstore has of it what it had" diff "$work/before" "$work/after"
is "$(store_findings)" "" "of which xenstore-lint has nothing to say"
like "$(xl-lite block-list alone)" "/backend/uvbd/$first/51712" "with its disk"
is "$(grep -c 'was reset, and goes on' /var/log/xen/xl-lite-alone.log)" 2 "which the log says"
is "$(xl list -l alone | grep -c '"vdev": "xvda"')" 1 "stock xl knows it"
check "it is minded: it can be ended" xl-lite destroy alone
check "its process ends" wait_until 30 eval '! pgrep -x xl-lite'

# --- by xl-lited ---------------------------------------------------------------------

lited_with_events
lives many
check "a guest is created with xl-lited" xl-lite create -qp "$work/many.cfg"
first=$(xl-lite domid many)
xl-lite unpause many
check "it lives three times" guest_wait_console many '^life 3' 60
check "which is told" wait_until 30 told_of reset many 2
is "$(grep -o '"event":"[a-z]*","domid":'"$first" "$work/events" | cut -d'"' -f4 | xargs)" \
	"created shutdown reset shutdown reset" "each reset once, in order"
check "it sleeps then" wait_until 20 sleeps many
stop-guest poweroff "$first"
check "it is minded still" guest_wait_gone many 30

# What a QEMU serves, here a screen, another one serves then.
lives screen "vfb=['vnc=1']"
xl-lite create -qp "$work/screen.cfg" 3>&-
first=$(xl-lite domid screen)
xl-lite unpause screen
check "one with a QEMU lives three times" guest_wait_console screen '^life 3' 60
is "$(xl-lite domid screen)" "$first" "as the same domain"
check "with a QEMU still" kill -0 "$(xenstore-read "/local/domain/$first/image/device-model-pid")"
xl-lite destroy screen

# Who resets it is killed at some moment: the guest may begin anew.
lives killed "on_poweroff='destroy'"
cut=0 bad=0
for pause in 0.001 0.03 0.06 0.1 0.15 0.2 0.3; do
	rm -f /var/log/xen/console/guest-killed.log
	xl-lite create -q "$work/killed.cfg" 3>&- || bad=1
	kill_after $pause && cut=$((cut + 1))
	guest_wait_console killed '^life 3' 60 || bad=1
	wait_until 20 sleeps killed || bad=1
	stop-guest poweroff "$(xl-lite domid killed)"
	guest_wait_gone killed 60 || bad=1
	[ $bad = 0 ] || break
done
is $bad 0 "who resets is killed ($cut times): the guest runs, and is minded"
check "it was killed at all" test $cut -gt 0

# --- where it cannot be ------------------------------------------------------------------

runs_as_another() {
	local id

	id=$(xl-lite domid "$1" 2>/dev/null) && [ "$id" != "$2" ] && sleeps "$1"
}
guest_cfg pv "kernel='/box/tiny'" "ramdisk=''" "memory=16" >"$work/pv.cfg"
xl-lite create -q "$work/pv.cfg" 3>&-
first=$(xl-lite domid pv)
stop-guest soft-reset "$first"
check "a PV guest is restarted" wait_until 30 runs_as_another pv "$first"
check "which is told so" wait_until 30 told_of restarted pv 1
like "$(cat "$logs/lited.log")" \
	'guest pv: a soft reset.* is nothing that Xen does for PV guests: it is restarted' "and why"
xl-lite destroy pv

lives lost "on_soft_reset='destroy'"
xl-lite create -q "$work/lost.cfg" 3>&-
check "on_soft_reset is another action: it is done" guest_wait_gone lost 30
check "told as the reason it is" told_of shutdown lost 1
like "$(grep '"lost"' "$work/events")" '"reason":"soft-reset"' "by its name"

kill $events
wait $events 2>/dev/null
daemon_stop "$lited"
daemon_stop "$blkd"
leak_check
