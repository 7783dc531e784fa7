#!/bin/bash
# SPDX-License-Identifier: MIT
# A QEMU that was ready, and then closes its monitor, answers rubbish or nothing,
# or dies, at each command that it is sent: one line says so, and nothing of the
# guest is left. tests/inject/fake-qemu.c is that QEMU.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/state.sh"
plan 19

# SWEEP=--all: each fault at each command. Else some of them at all but one.
all=${SWEEP-}

rm -f /etc/xl-lite.conf
leak_snapshot
useradd -r -M faults-qemu

cfg() {
	guest_cfg g "type='hvm'" "kernel=''" "ramdisk=''" "extra=''" \
		"memory=32" "vga='none'" "xen_platform_pci=0" "usb=0" \
		"device_model_override='/box/bin/fake-qemu'" "$@"
}

# create_with FAULT LINE...: sets $status, and @said to its lines
create_with() {
	local fault=$1

	shift
	cfg "$@" "device_model_args=['-fault', '$fault']" >"$work/g.cfg"
	INJECT_HURRY=${hurry:-1} LD_PRELOAD=/box/lib/libinject.so \
		xl-lite create -q "$work/g.cfg" >"$work/said" 2>&1 3>&-
	status=$?
	mapfile -t said <"$work/said"
}

# What is said of each, and what else would do: nothing, of an answer of which
# only that it comes is of interest.
says() {
	case $1 in
	hangup | half) echo "it hung up" ;;
	exit | kill) echo "it hung up|Connection (refused|reset by peer)" ;;
	silent | rest | events) echo "it does not answer|was not ready in 60 s" ;;
	garbage) echo "it does not speak QMP" ;;
	error) echo "not today" ;;
	long) echo "its answer has no end" ;;
	deep | number | text) echo "it does not (speak|greet as) QMP( does)?|value is longer" ;;
	esac
}

# judge FAULT: what is wrong is in $wrong
judge() {
	local fault=$1 line errors=0 words= regex

	wrong=
	for line in "${said[@]}"; do
		case $line in
		*': removed again' | *': warning: '* | *'QEMU: it said nothing'*)
			continue ;;
		esac
		errors=$((errors + 1))
		words=$line
	done
	if [ $status = 0 ]; then
		case ${fault#*:} in
		deep | number | text) ;;
		*) wrong+="it was created; " ;;
		esac
		[ $errors = 0 ] || wrong+="a success with words; "
		xl-lite destroy g >"$work/destroy" 2>&1 3>&- ||
			wrong+="not destroyed: $(cat "$work/destroy"); "
	else
		regex=$(says "${fault#*:}")
		[ $status -lt 128 ] || wrong+="status $status; "
		[ $errors = 1 ] || wrong+="$errors messages; "
		[[ $words =~ guest\ g:|domain\ [0-9]+: ]] || wrong+="no object; "
		[[ $words =~ $regex ]] || wrong+="not like $regex; "
		[[ $words =~ the\ end\ of\ its\ log|see\ its\ log|shorten\ it ]] ||
			wrong+="no remedy; "
	fi
	is_as_before || wrong+=$difference
	[ -z "$difference" ] || begin_anew
}

hows=(hangup exit silent garbage half error rest kill long deep events number text)

# sweep WHAT COMMAND HOWS LINE...: a line of TAP
sweep() {
	local what=$1 command=$2 some=$3 how bad=0 tried=0 hurry

	shift 3
	[ -z "$all" ] || some=${hows[*]}
	for how in $some; do
		hurry=1
		case $how in
		silent | rest | events) hurry=10 ;;
		esac
		tried=$((tried + 1))
		create_with "$command:$how" "$@"
		judge "$command:$how"
		[ -n "$wrong" ] || continue
		bad=$((bad + 1))
		diag "$command:$how: status $status: $wrong"
		diag "$(printf '%s\n' "${said[@]}" | cut -c1-500)"
	done
	is $bad 0 "$what: $tried faults"
}

state_begin
state_keep
vnc=("vnc=1" "vncpasswd='secret'")
hidden=("vnc=0")
create_with : "${vnc[@]}"
is "$status ${said[*]}" "0 " "a guest is made when nothing goes wrong"
check "it is destroyed" xl-lite destroy g
check "and leaves nothing" is_as_before

sweep "query-chardev" query-chardev "${hows[*]}" "${hidden[@]}"
sweep "the greeting" greeting "hangup garbage silent number" "${hidden[@]}"
sweep "qmp_capabilities" qmp_capabilities "error exit half" "${hidden[@]}"
sweep "query-vnc" query-vnc "kill deep text rest" "${vnc[@]}"
sweep "change-vnc-password" change-vnc-password "error events garbage" \
	"${vnc[@]}"
sweep "cont" cont "hangup error silent exit" "${hidden[@]}"
# one that is held back is asked before it is known to be ready
held=("vnc=0" "dm_restrict=1" "device_model_user='faults-qemu'")
sweep "held back: the greeting" greeting "silent exit garbage" "${held[@]}"
sweep "held back: query-status" query-status "error hangup" "${held[@]}"

# --- after creation ------------------------------------------------------------------

truncate -s 1M "$work/cd.iso"
create_with eject:silent "${hidden[@]}" "disk=[',raw,hdc,cdrom']"
is "$status ${said[*]}" "0 " "a guest whose QEMU will not answer later"
hurry=10
fails "a CD cannot be put in: that is said" \
	'domain [0-9]+: hdc: insert /.*/cd.iso: it does not answer' \
	env INJECT_HURRY=10 LD_PRELOAD=/box/lib/libinject.so \
	xl-lite cd-insert g hdc "$work/cd.iso"
check "it is destroyed all the same" xl-lite destroy g

# --- no room for its log ---------------------------------------------------------------

mount -t tmpfs -o nr_inodes=1 tmpfs /var/log/xen
create_with : "${hidden[@]}"
umount /var/log/xen
is "$status $(grep -Ec "QEMU's log /var/log/xen/qemu-dm-g.log: No space left on device: make room" "$work/said")" \
	"3 1" "no room for a file in /var/log/xen is told"
check "and nothing is left" is_as_before
mount -t tmpfs -o size=4096 tmpfs /var/log/xen
head -c 4096 /dev/zero >/var/log/xen/full
create_with : "${hidden[@]}"
is "$status ${said[*]}" "0 " "none for what is in it is no reason to stop"
check "the guest is destroyed" xl-lite destroy g
umount /var/log/xen

state_end
leak_check
