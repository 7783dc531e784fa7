# SPDX-License-Identifier: MIT
# What every box test is written with.  Runs in the box's dom0, as root:
#
#	. "$(dirname "$0")/lib.sh"
#	plan 2
#	leak_snapshot
#	...
#	is "$(xl-lite domid g)" "$id" "a guest is found by its name"
#	leak_check
#
# The words that have nothing to do with guests are in tests/lib/tap.sh.

box_guest=/box/guest		# vmlinuz, vmlinux, base.cpio, fio.cpio, ...
work=/tmp/test			# files of this test
logs=${BOX_LOGS:-/var/log/box}	# kept if the test fails
wait_pauses=(0.05 0.1 0.2 0.4)
combination_step=19	# of many combinations: the simulated tier tries all

notify_listen() {
	exec socat -u "UNIX-RECVFROM:$1,fork" "OPEN:$2,append"
}

leak_domains() {
	local name rest

	xl list | while read -r name rest; do
		[ "$name" = Name ] || echo "$name"
	done
}

. /box/tests/lib/tap.sh

# --- xenstore ------------------------------------------------------------------

# nodes_remove_empty PATH...: those that have nothing below them
nodes_remove_empty() {
	local path

	for path; do
		[ -n "$(xenstore-list "$path" 2>/dev/null)" ] ||
			xenstore-rm "$path" 2>/dev/null
	done
	return 0
}

# --- guests ------------------------------------------------------------------

# guest_job FILE.cpio <<EOF ...: a ramdisk layer with the script on stdin as /job.
guest_job() {
	local dir=$work/job.$BASHPID

	rm -rf "$dir"
	mkdir -p "$dir"
	{ echo '#!/bin/sh'; cat; } >"$dir/job"
	chmod +x "$dir/job"
	(cd "$dir" && echo job | cpio --quiet -o -H newc) >"$1"
	rm -rf "$dir"
}

# guest_programs FILE.cpio PROGRAM...: a layer with programs and their libraries.
guest_programs() {
	local to=$1 program file dir programs=()
	local -A names=()

	shift
	for program; do
		programs+=("$(command -v "$program")") ||
			bail "no program $program"
	done
	# libgcc_s: glibc opens it by itself when a thread is cancelled
	for file in "${programs[@]}" /usr/lib/*/libgcc_s.so.1 \
		    $(ldd "${programs[@]}" | grep -o '/[^ :]* '); do
		# Behind the guest's link /lib; its /lib64, where the loader
		# must be, is a folder.
		case $file in
		/usr/* | /lib64/*) ;;
		*) file=/usr$file ;;
		esac
		names[.$file]=1
		dir=.${file%/*}
		while [ "$dir" != . ]; do
			names[$dir]=1
			dir=${dir%/*}
		done
	done
	# folders come before what is in them
	(cd / && printf '%s\n' "${!names[@]}" | LC_ALL=C sort |
		cpio --quiet -o -L -H newc) >"$to"
}

# guest_ramdisk FILE LAYER.cpio...: the guests' ramdisk with layers over it.
guest_ramdisk() {
	local to=$1

	shift
	cat "$box_guest/base.cpio" "$@" >"$to"
}

# guest_cfg NAME [LINE...]: print a PV guest's config; lines are added as given
# and win over the defaults.
guest_cfg() {
	local name=$1 line defaults key

	shift
	defaults=("kernel='$box_guest/vmlinux'" "ramdisk='$box_guest/base.cpio'"
		  "extra='console=hvc0 quiet mitigations=off init_on_alloc=0'"
		  "memory=128" "vcpus=1"
		  "on_poweroff='destroy'" "on_reboot='destroy'"
		  "on_crash='destroy'")
	echo "name='$name'"
	for line in "${defaults[@]}"; do
		key=${line%%=*}
		printf '%s\n' "$@" | grep -q "^$key *=" || echo "$line"
	done
	[ $# = 0 ] || printf '%s\n' "$@"
}

guest_domid() {
	xl domid "$1" 2>/dev/null
}

# What a guest has printed: xenconsoled keeps it.
guest_console() {
	cat "/var/log/xen/console/guest-$1.log" 2>/dev/null | tr -d "\r"
}

# Asked again and again while the guest boots.
console_has() {
	local line log=/var/log/xen/console/guest-$1.log

	[ -e "$log" ] || return 1
	while IFS= read -r line || [ -n "$line" ]; do
		[[ ${line//$'\r'/} =~ $2 ]] && return 0
	done <"$log"
	return 1
}

# guest_wait_console NAME REGEX SECONDS
guest_wait_console() {
	# a guest that has stopped will not say it any more
	wait_until "$3" console_has "$1" "$2|reboot: (System halted|Power down)"
	if console_has "$1" "$2"; then
		return 0
	fi
	diag "guest $1 did not print '$2' in $3 s; last it said:"
	guest_console "$1" | tail -n 20 | sed 's/^/#   /'
	return 1
}

guest_is_gone() {
	! xl domid "$1"
}

# QEMU's emulation of SVM lets a guest fault three times over now and then while
# its kernel measures its clock: the state in Xen's log is half Xen's own. Stock
# xl's guests suffer the same (2 of 12 PVH boots, 1 of 12 of ours).
emulator_failed() {	# DOMID
	grep -q 'QEMU Virtual CPU' /proc/cpuinfo &&
		xl dmesg | grep -q "d$1v0 Triple fault"
}

says_or_faults() {	# NAME REGEX DOMID
	console_has "$1" "$2" || emulator_failed "$3"
}

# guest_boots NAME DOMID REGEX SECONDS COMMAND...: guest_wait_console for a PVH
# or HVM guest; one that the emulator failed is made anew by COMMAND, twice at
# most. Sets $domid to what it is in the end.
guest_boots() {
	local name=$1 regex=$3 seconds=$4 try

	domid=$2
	shift 4
	for try in 1 2; do
		wait_until "$seconds" says_or_faults "$name" "$regex" "$domid"
		console_has "$name" "$regex" && return 0
		emulator_failed "$domid" || break
		diag "guest $name: the emulator failed it: made anew"
		wait_until 60 guest_is_gone "$name" && "$@" || return 1
		domid=$(xl-lite domid "$name")
	done
	guest_wait_console "$name" "$regex" "$seconds"
}

# guest_wait_gone NAME SECONDS
guest_wait_gone() {
	wait_until "$2" guest_is_gone "$1" && return 0
	diag "guest $1 is still there after $2 s: $(xl list 2>&1 | tail -n +3)"
	return 1
}

# A writable copy of the small root disk.
guest_rootdisk() {
	cp --sparse=always "$box_guest/rootdisk.img" "$1"
}

# For tests of both tiers (tests/lib/both.sh): domain 0 is its own guest, in
# another network.
has_own_network() {
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ]
}

guest_begin() {
	guest=0
	modprobe -a tun xen-gntalloc xen-gntdev xen-evtchn || return 1
	unshare --net tail -f /dev/null 3>&- &
	guest_pid=$!
	wait_until 10 has_own_network "$guest_pid" || return 1
	in_guest=(nsenter --net --target "$guest_pid")
}

guest_end() {
	kill "$guest_pid"
	wait "$guest_pid" 2>/dev/null
}
