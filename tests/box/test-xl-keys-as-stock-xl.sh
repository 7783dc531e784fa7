#!/bin/bash
# SPDX-License-Identifier: MIT
# What keys of a configuration come to is what stock xl makes of them: the same
# guest is made by each, and held against the other: its nodes with their
# permissions, what Xen lets it at, its CPUID, and the words that its QEMU was
# started with. PV, PVH, in a shim, HVM, and with a QEMU that is held back.
. "$(dirname "$0")/lib.sh"
plan 52

rm -f /etc/xl-lite.conf
leak_snapshot
useradd -r -M keys-qemu 2>/dev/null || adduser --system --no-create-home keys-qemu >/dev/null
useradd -r -M xen-qemuuser-shared 2>/dev/null

twin_cfg() {
	local no='ramdisk\|extra'

	# stock xl would have QEMU start what has no name
	[ "$1" != "type='hvm'" ] || no+='\|kernel'
	guest_cfg twin "kernel='/box/tiny'" "on_crash='preserve'" \
		"uuid='6c5c5e0a-9a3f-4d52-8f21-0d1c3e9b7a11'" "$@" |
		grep -v "^\($no\)="
}

# What differs between two runs anyhow: numbers, times, frames, ttys; and what
# QEMU writes when it finds the time to.
nodes() {
	xenstore-ls -fp | grep -v '^/local/domain/0/\(control\|domid\|name\)' |
	sed -E "s,/domain/$1/,/domain/N/,; s,/domain/$1 ,/domain/N ,
		s,/domain/$1/,/domain/N/,2
		s,(/backend/[a-z0-9]*|/0/device-model)/$1\b,\1/N,g
		s,\"/local/domain/$1/,\"/local/domain/N/,
		s,^/libxl/$1\b,/libxl/N,
		s,([(,][nrwb])$1\b,\1N,g
		s,(/(domid|frontend-id)) = \"$1\",\1 = \"N\",
		s,((start_time|ring-ref|tty|script|device-model-pid|generation-id)) = \".*\",\1 = \"-\"," |
	grep -Ev '/backend/(9pfs|vfb|vkbd|console)/N/[0-9]+/(feature-(abs|raw)-pointer|versions|max-|hotplug-status|feature-resize|request-update|state) ' |
	sort
}

qemu_words() {
	local pid

	pid=$(xenstore-read "/local/domain/$1/image/device-model-pid" \
		2>/dev/null) || return 0
	tr '\0' '\n' <"/proc/$pid/cmdline" |
		sed -E "s,^$1\$,N,; s,qmp-(libxl|libxenstat)-$1,qmp-\1-N,
			s,qemu-root-$1,qemu-root-N,; s/fd=[0-9]*/fd=F/"
	echo "user: $(stat -c %U "/proc/$pid")"
}

# What Xen lets it at, as its key q tells it.
rangesets() {
	xl dmesg -c >/dev/null
	xl debug-keys q
	xl dmesg | sed -E 's/^\(XEN\) *(\[[^]]*\])? *//' |
		sed -n "/Rangesets belonging to domain $1:/,/Memory pages/p" |
		grep -E '^(I\/O Ports|Interrupts|I\/O Memory)'
}

# Debian's "xl" is a script that runs this one.
xl=/usr/lib/xen-4.17/bin/xl

# What Xen is told of a domain when it is made, and nobody afterwards.
traced() {
	INJECT_TRACE=$work/trace LD_PRELOAD=/box/lib/libinject.so "$@"
}

all_of() {	# DOMID
	grep '^domain flags ' "$work/trace"
	nodes "$1"
	qemu_words "$1"
	rangesets "$1"
	/usr/lib/xen-4.17/bin/xen-cpuid --policy "$1" | sed 's/[Dd]omain [0-9]*/domain N/'
}

# compare WHAT LINE...: made by both, it is the same; ours is kept
compare() {
	local what=$1 out

	shift
	twin_cfg "$@" >"$work/twin.cfg"
	check "$what: stock xl creates it" traced "$xl" create -q -p "$work/twin.cfg"
	all_of "$(xl domid twin)" >"$work/stock.all"
	xl destroy twin
	wait_until 20 guest_is_gone twin
	# what stock xl leaves of a QEMU that was held back, or another user's
	rm -f /run/xen/dm-reaper-lock
	rmdir /run/xen/qemu-root-* 2>/dev/null
	out=$(traced xl-lite create -q -p "$work/twin.cfg" 2>&1)
	is "$?" 0 "$what: xl-lite creates it"
	[ -z "$out" ] || diag "$out"
	domid=$(xl domid twin)
	all_of "$domid" >"$work/ours.all"
	check "$what: the two are the same" \
		diff "$work/stock.all" "$work/ours.all"
	cp "$work/ours.all" "$logs/$what.all"
	cp "$work/stock.all" "$logs/$what.stock"
}

node() {
	xenstore-read "/local/domain/$domid/$1" 2>&1
}

# XEN_DOMCTL_CDF_, of domctl.h
declare -A flag=([hvm]=1 [hap]=2 [oos_off]=8 [nested_virt]=64)

# flags_are FLAG WHAT: it was made with this one
flags_are() {
	check "$2" test $((0x$(awk '/^domain flags / { print $3 }' \
		"$work/ours.all") & ${flag[$1]})) != 0
}

gone() {
	check "$1: it goes" xl-lite destroy twin
}

# --- PV: hardware, label, CPUID, and what QEMU serves ------------------------------

compare pv "type='pv'" "memory=32" "driver_domain=1" "seclabel='system_u:system_r:domU_t'" \
	"ioports=['60','2f8-2ff']" "irqs=['3']" "iomem=['b8,2']" \
	"cpuid='host,rdtscp=0,sse4.2=0,clflush=0x10'" "e820_host=0" \
	"vfb=['vnc=1,vncdisplay=7,vncunused=0','vnc=0']" \
	"vkb=['backend-type=qemu,feature-abs-pointer=1,width=100,height=50']" \
	"p9=['tag=a,path=/tmp,security_model=none']" \
	"device_model_args=['-msg','timestamp=on']" \
	"device_model_args_pv=['-rtc','base=utc']"
said=$(cat "$work/ours.all")
like "$said" 'I/O Ports  *\{ 60, 2f8-2ff \}' "it has the ports"
like "$said" 'Interrupts *\{ 3 \}' "and the interrupt"
like "$said" 'I/O Memory *\{ b8-b9 \}' "and the pages"
is "$(node device/9pfs/0/tag)" a "the folder has its tag"
like "$(xenstore-ls "/local/domain/$domid")" '^libxl = ""' \
	"it can be a driver domain"
is "$(node console/vnc-port)" 5907 "its screen can be seen"
gone pv

# --- PVH: a list of CPUID, a shim, a keyboard for another program -------------------

compare pvh "type='pvh'" "memory=32" "oos=0" \
	"cpuid=['0x80000001:ecx=xxxxxxxxxxxxxxxxxxxxxxxxxx0xxxxx']" \
	"ioports=['70-71']" "iomem=['b8,2@fe000']" \
	"vkb=['backend-type=linux,unique-id=x,multi-touch-width=9,multi-touch-height=8,multi-touch-num-contacts=2']"
flags_are oos_off "its shadow page tables do not lag behind"
is "$(node image/device-model-pid)" "xenstore-read: couldn't read path /local/domain/$domid/image/device-model-pid" \
	"nobody serves it yet, and no QEMU is started for it"
gone pvh

compare shim "type='pvh'" "pvshim=1" "memory=80" "pvshim_extra='guest_loglvl=all'"
xl unpause twin
# its processor is not enough of one for it to get further here
check "the shim is what runs in it" \
	guest_wait_console twin 'Xen version 4\.17|PV shim|pv-shim' 60
gone shim

# --- HVM: tables of its firmware, another user's QEMU --------------------------------

# an SMBIOS structure of type 129 behind its length; an ACPI table of 36 bytes
printf '\x08\0\0\0\x81\x06\x00\x10ab\0\0' | head -c 12 >"$work/smbios"
{ printf 'SSDT\x24\0\0\0\x01\x00KEYS  KEYSTEST\x01\0\0\0KEYS\x01\0\0\0'; } |
	head -c 36 >"$work/acpi"
hvm=("type='hvm'" "memory=32" "vnc=0" "vga='none'")
compare hvm "${hvm[@]}" "smbios_firmware='$work/smbios'" \
	"acpi_firmware='$work/acpi'" "ms_vm_genid='generate'" \
	"device_model_user='keys-qemu'" "cpuid='host,hypervisor=1,sse4_1=0'" \
	"p9=['tag=a,path=/tmp,security_model=none']"
like "$(node hvmloader/acpi/length)" '^0x24$' "the ACPI tables are there"
like "$(node hvmloader/smbios/address)" '^0x' "the SMBIOS structures are"
like "$(node platform/generation-id)" '^[0-9]+:[0-9]+$' "it has a generation id"
like "$(cat "$work/ours.all")" '^user: keys-qemu$' "its QEMU is another user's"
gone hvm

compare nested "${hvm[@]}" "nestedhvm=1"
flags_are nested_virt "it may run guests of its own"
gone nested

compare restricted "${hvm[@]}" "dm_restrict=1"
like "$(cat "$work/ours.all")" '^user: xen-qemuuser-shared$' \
	"its QEMU is not root's"
xl-lite unpause twin
check "and serves it" wait_until 20 xl-lite list twin
gone restricted
is "$(ls -d /run/xen/qemu-root-* 2>/dev/null)" "" "its folder is gone"

# --- what stock xl of 4.17 has not, or not right --------------------------------------

twin_cfg "${hvm[@]}" "smbios=['system_serial_number=4711','oem=a','oem=b']" \
	"channel=['name=one,connection=pty','name=two,connection=socket,path=$work/two']" \
	>"$work/twin.cfg"
check "a guest with texts and channels" xl-lite create -q -p "$work/twin.cfg"
domid=$(xl domid twin)
is "$(node bios-strings/system-serial-number)/$(node bios-strings/oem-2)" \
	4711/b "hvmloader finds the texts"
is "$(node device/console/1/name)$(node device/console/2/name)" onetwo \
	"the guest finds its channels by their names"
check "the second is a socket here" test -S "$work/two"
check "the first is a terminal" wait_until 20 \
	test -c "$(node device/console/1/tty)"
gone channels

for line in "device_model_user='nobody-such'" "device_model_user='root'" \
	    "passthrough='enabled'" "cpuid=['0x99999999:eax=00000000000000000000000000000000']"; do
	twin_cfg "${hvm[@]}" "$line" >"$work/twin.cfg"
	fails "$line is refused" 'guest twin: ' xl-lite create -q "$work/twin.cfg"
done
leak_check
