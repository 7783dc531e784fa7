#!/bin/bash
# SPDX-License-Identifier: MIT
# What a guest's configuration says of its end is done, each action for each
# reason, by the process that waits for one guest.
. "$(dirname "$0")/lib.sh"
plan 36

PATH=$PATH:/box/bin
rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
truncate -s 1M "$work/disk.img"

# a configuration of a guest that does nothing
tiny_guest() {
	local name=$1

	shift
	guest_cfg "$name" "kernel='/box/tiny'" "ramdisk=''" "memory=16" "$@" \
		>"$work/$name.cfg"
	check "$name is created" xl-lite create -q "$work/$name.cfg"
	first=$(xl-lite domid "$name")
}

is_another() {
	local id

	id=$(xl-lite domid "$1" 2>/dev/null) && [ "$id" != "$2" ] &&
		xl-lite list "$1" | grep -q -- ' -b---- '
}

state_files() {
	ls /var/lib/xen | grep xl-lite
}

# --- each action ---------------------------------------------------------------

tiny_guest off "on_poweroff='destroy'"
like "$(state_files)" "^userdata-d.$first.*.xl-lite$" "what to do is on disk"
stop-guest poweroff "$first"
check "destroy: it is gone" guest_wait_gone off 30
check "destroy: with what was on disk" wait_until 30 eval '! state_files'

tiny_guest again "on_reboot='restart'" "disk=['$work/disk.img,raw,xvda,w']" \
	"uuid='00112233-4455-6677-8899-aabbccddeeff'"
stop-guest reboot "$first"
check "restart: it runs again" wait_until 30 is_another again "$first"
like "$(xl-lite block-list again)" "/backend/uvbd/$(xl-lite domid again)/51712" \
	"restart: with its disk"
like "$(xl-lite list -v again)" 00112233-4455-6677-8899-aabbccddeeff \
	"restart: as who it was"
check "destroy while it is waited for" xl-lite destroy again
check "its process ends" wait_until 30 eval '! pgrep -x xl-lite'

tiny_guest keep "on_crash='preserve'"
stop-guest crash "$first"
check "preserve: nobody waits any more" wait_until 30 eval '! pgrep -x xl-lite'
like "$(xl-lite list keep)" ' .[-b][-p]sc- ' "preserve: it is kept"
is "$(state_files)" "" "preserve: nobody will act on it"
check "it can be destroyed" xl-lite destroy keep

# A core is made of what the guest says of its memory, which ours does not.
ups() {
	[ "$(guest_console dump | grep -c '^up')" = "$1" ]
}

guest_job "$work/job.cpio" <<'EOS'
echo up
while :; do sleep 1000; done
EOS
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
guest_cfg dump "ramdisk='$work/ramdisk'" "memory=96" \
	"on_crash='coredump-restart'" "on_watchdog='coredump-destroy'" \
	>"$work/dump.cfg"
check "dump is created" xl-lite create -q "$work/dump.cfg"
first=$(xl-lite domid dump)
wait_until 60 ups 1
stop-guest crash "$first"
check "coredump-restart: it runs again" wait_until 60 ups 2
like "$(head -c 4 /var/lib/xen/dump/dump)" ELF "coredump-restart: its memory is in a file"
rm -rf /var/lib/xen/dump
stop-guest watchdog "$(xl-lite domid dump)"
check "coredump-destroy: it is gone" guest_wait_gone dump 60
check "coredump-destroy: its memory is in a file" test -s /var/lib/xen/dump/dump
rm -rf /var/lib/xen/dump

tiny_guest move "on_crash='rename-restart'" "disk=['$work/disk.img,raw,xvda,w']"
stop-guest crash "$first"
check "rename-restart: it runs again" wait_until 30 is_another move "$first"
like "$(xl-lite domname "$first")" '^move-20[0-9]{6}T[0-9]{4}Z$' \
	"rename-restart: the old one is kept, under another name"
check "rename-restart: the old one can be destroyed" xl-lite destroy "$first"
like "$(xl-lite list move)" ' -b---- ' "rename-restart: which leaves the new one alone"
is "$(store_findings)" "" "xenstore-lint has nothing to say of it"
xl-lite destroy move

tiny_guest soft "on_soft_reset='soft-reset'"
stop-guest soft-reset "$first"
check "soft-reset: it is restarted" wait_until 30 is_another soft "$first"
like "$(cat /var/log/xen/xl-lite-soft.log)" 'soft reset.*nothing that Xen does for PV guests' \
	"soft-reset: which is said"
stop-guest suspend "$(xl-lite domid soft)"
xl-lite destroy soft

# --- a loop ----------------------------------------------------------------------

tiny_guest loop "on_crash='restart'"
last=$first
for life in {1..10}; do
	stop-guest crash "$last"
	wait_until 30 is_another loop "$last" || break
	last=$(xl-lite domid loop)
done
is "$life" 10 "a guest that crashes is started again, ten times"
stop-guest crash "$last"
check "then nobody waits for it any more" wait_until 30 eval '! pgrep -x xl-lite'
is "$(xl-lite domid loop)" "$last" "and it is kept"
like "$(cat /var/log/xen/xl-lite-loop.log)" 'it is in a loop' "which is said"
xl-lite destroy loop

daemon_stop "$blkd"
leak_check
