#!/bin/bash
# SPDX-License-Identifier: MIT
# What xl-lite does to guests, of stock xl and of its own, stock xl sees done,
# and the other way round; wrong ways to ask are refused, and change nothing.
# processors: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/same.sh"
plan 219

rm -f /etc/xl-lite.conf
leak_snapshot

# field NAME NUMBER: of xl's list
field() {
	xl list "$1" | awk -v n="$2" 'NR == 2 { print $n }'
}

node() {
	xenstore-read "/local/domain/$(xl domid "$1")/$2"
}

check "xl makes a PV guest" create_with xl theirs pv "" maxvcpus=3
check "xl-lite makes a PVH guest" create_with xl-lite ours pvh "" maxvcpus=3

# --- names -----------------------------------------------------------------------

theirs=$(xl domid theirs) ours=$(xl domid ours)
check "xl-lite renames xl's guest" xl-lite rename theirs renamed
is "$(xl domname "$theirs")" renamed "xl finds the new name"
is "$(xenstore-read "$(node renamed vm)/name")" renamed "/vm has it, too"
check "xl renames xl-lite's guest" xl rename ours other
is "$(xl-lite domname "$ours")" other "xl-lite finds the new name"
fails "a name that is taken" "'other' is the name of domain $ours" \
	xl-lite rename renamed other
fails "a name that is a number" "'12'" xl-lite rename renamed 12
fails "an empty name" "empty" xl-lite rename renamed ""
fails "a name with a slash" "slash" xl-lite rename renamed a/b
check "its own name again" xl-lite rename renamed renamed
check "back" xl-lite rename "$theirs" theirs
check "back" xl-lite rename "$ours" ours
refused "rename without a new name" 2 rename theirs
refused "rename of an absent one" 1 rename absent x

# --- memory ----------------------------------------------------------------------

for guest in theirs ours; do
	check "$guest: mem-set" xl-lite mem-set $guest 40
	is "$(node $guest memory/target)" 40960 "$guest: the guest is told"
	check "$guest: mem-max" xl-lite mem-max $guest 64m
	same "$guest: list -l has both" list -l $guest
	like "$(xl list -l $guest)" '"max_memkb": 65536' "$guest: they are new"
	check "$guest: xl mem-set" xl mem-set $guest 36
	same "$guest: list -l has what xl did" list -l $guest
	fails "$guest: more than it may have" "mem-max" \
		xl-lite mem-set $guest 65
	fails "$guest: at most less than it has" "mem-set" \
		xl-lite mem-max $guest 35
done
fails "no size" "512x.*is no size" xl-lite mem-set theirs 512x
refused "mem-set of an absent one" 1 mem-set absent 64
refused "mem-set without a size" 2 mem-set theirs
fails "the host's last memory" "too little" xl-lite mem-set 0 64

# --- virtual processors ------------------------------------------------------------

for guest in theirs ours; do
	check "$guest: vcpu-set" xl-lite vcpu-set $guest 1
	is "$(node $guest cpu/1/availability)" offline "$guest: is told"
	same "$guest: list -l has it" list -l $guest
	check "$guest: more than there are cpus" \
		xl-lite vcpu-set -i $guest 3
	is "$(node $guest cpu/2/availability)" online "$guest: is told"
done
fails "more vcpus than cpus" "-i does it" xl-lite vcpu-set theirs 3
fails "more vcpus than it has" "maxvcpus=" xl-lite vcpu-set -i theirs 4
fails "no vcpu at all" "'0'" xl-lite vcpu-set theirs 0
fails "no number" "'2x'" xl-lite vcpu-set theirs 2x
refused "vcpu-set of an absent one" 1 vcpu-set absent 1

check "pin one, hard" xl-lite vcpu-pin theirs 0 1
check "pin one, soft" xl-lite vcpu-pin theirs 1 - 0
check "pin all, both" xl-lite vcpu-pin ours all ^0,all,^0 0-1
check "pin by node" xl-lite vcpu-pin theirs 2 node:0
same "xl sees the pins" vcpu-list theirs ours
like "$(xl vcpu-list theirs)" ' 1 / all$' "the hard one is there"
like "$(xl vcpu-list theirs)" ' all / 0$' "and the soft one"
same "a dry run" -N vcpu-pin theirs 0 0-1 1
differs "a cpu that is not there" 0 1 vcpu-pin theirs 0 0,7
differs "a vcpu with a letter" 0 1 vcpu-pin theirs 0x 0
fails "no vcpu" "'x'" xl-lite vcpu-pin theirs x all
fails "a vcpu it has not" "0 to 2" xl-lite vcpu-pin theirs 3 all
fails "no cpu" "leaves no cpu" xl-lite vcpu-pin theirs 0 ^0
fails "nothing to do" "nothing to do" xl-lite vcpu-pin theirs 0 - -
fails "force for all" "-f" xl-lite vcpu-pin -f theirs all 0
echo 'vm.cpumask="1"' >>/etc/xen/xl.conf
check "xl.conf takes cpus away" xl-lite vcpu-pin theirs 0 all
like "$(xl vcpu-list theirs)" "theirs +$theirs +0 .* 1 / all\$" "they are gone"
fails "all of them" "leaves none" xl-lite vcpu-pin theirs 0 0
check "or not" xl-lite vcpu-pin -i theirs 0 0
sed -i '/^vm.cpumask/d' /etc/xen/xl.conf

# --- shares ------------------------------------------------------------------------

same "sched-credit2" sched-credit2
same "sched-credit" sched-credit
check "weight and cap" xl-lite sched-credit2 -d theirs -w 512 -c 50
same "xl sees them" sched-credit2 -d theirs
check "xl's weight" xl sched-credit2 -d ours -w 128
same "xl-lite sees it" sched-credit2 -d ours
check "the scheduler's own" xl-lite sched-credit2 -s -r 2000
same "xl sees it" sched-credit2 -p Pool-0 -s
xl-lite sched-credit2 -s -r 1000
same "the other scheduler's" sched-credit -d theirs
fails "no weight" "1 to 65535" xl-lite sched-credit2 -d theirs -w 0
fails "a cap beyond its vcpus" "300 percent" \
	xl-lite sched-credit2 -d theirs -c 301
fails "no domain" "-d" xl-lite sched-credit2 -w 1
fails "a domain and a pool" "exclude" xl-lite sched-credit2 -d theirs -p Pool-0
fails "an absent pool" "'none'" xl-lite sched-credit2 -p none

# --- the rest ------------------------------------------------------------------------

check "sysrq" xl-lite sysrq theirs h
is "$(node theirs control/sysrq)" h "the guest finds it"
fails "two letters" "one letter" xl-lite sysrq theirs hh
differs "sysrq of an absent number" 0 1 sysrq 999 h
xenstore-rm /local/domain/999

check "a prefix of a command's name will do" xl-lite debug q
like "$(xl-lite dmesg)" "General information for domain $theirs" \
	"Xen has printed it"
same "dmesg" dmesg
check "a parameter of Xen's" xl-lite set-parameters "gnttab_max_frames=63"
fails "one that is not there" "no such parameter" \
	xl-lite set-parameters no_such=1

check "dump-core" xl-lite dump-core ours "$work/core"
is "$(head -c 4 "$work/core" | tail -c 3)" ELF "it is an ELF file"
fails "a dump of the host" "host itself" xl-lite dump-core 0 "$work/core"
rm -f "$work/core"

printf '#!/bin/sh\necho "$@"; cat\n' >"$work/viewer"
chmod +x "$work/viewer"
fails "no display" "vnc=1" xl-lite vncviewer ours
xenstore-write "/local/domain/$ours/console/vnc-port" 5907 \
	"/local/domain/$ours/console/vnc-listen" 192.0.2.5 \
	"/local/domain/$ours/console/vnc-pass" secret
is "$(VNCVIEWER="$work/viewer" xl-lite vncviewer -a ours | tr '\n' ' ')" \
	"192.0.2.5:7 -autopass secret" "vncviewer"

# It shows the domains before it reads a key.
top_shows() {
	printf q | TERM=linux script -qefc "xl-lite top" "$work/top" >/dev/null &&
		grep -aq 'xentop - .*Xen 4' "$work/top" &&
		grep -aq 'Domain-0' "$work/top"
}
check "top is Xen's xentop, which a key ends" top_shows

fails "a button of a PV guest" "nmi only" xl-lite trigger theirs power
fails "no such trigger" "'kick'" xl-lite trigger theirs kick
# The guest's driver is played: it takes the word, and the guest stops.
asked() {
	[ "$(node "$1" control/shutdown)" = "$2" ]
}
xl-lite reboot -w ours 2>"$work/reboot.err" 3>&- &
check "reboot asks the guest" wait_until 30 asked ours reboot
xenstore-write "/local/domain/$ours/control/shutdown" ""
check "a trigger" xl-lite trigger ours nmi	# for which it has no handler
check "reboot -w waits for its end" wait $!
like "$(cat "$work/reboot.err")" "domain $ours has been shut down" "and says so"
same "list shows it" list
xl-lite shutdown -aww 2>"$work/shutdown.err" 3>&- &
waits=$!
check "shutdown -a asks who runs" wait_until 30 asked theirs poweroff
xenstore-write "/local/domain/$theirs/control/shutdown" ""

fails "shutdown of the host" "host itself" xl-lite shutdown 0
refused "shutdown of nobody" 1 shutdown
refused "reboot of nobody" 1 reboot

check "xl-lite destroys xl's guest" xl-lite destroy theirs
check "xl destroys xl-lite's guest" xl destroy ours
check "shutdown -aww waits until all are gone" wait $waits
is "$(grep -c destroyed "$work/shutdown.err")" 2 "and says so"

# --- each of the two on the guests of the other --------------------------------------

runs_anew() {	# NAME OLD-DOMID
	local id

	id=$(xl domid "$1" 2>/dev/null) && [ "$id" != "$2" ] &&
		xl list "$id" | grep -q ' -*[rb]-* '
}

mkfifo "$work/silence"
exec {silence}<>"$work/silence"

# A console client is there when it has the guest's tty open.
has_console() {	# PID TTY
	ls -l "/proc/$1/fd" 2>/dev/null | grep -q -- "-> $2\$"
}

console_of() {	# WHAT PROGRAM NAME [NODE]
	local pid tty

	tty=$(node "$3" "${4-console/tty}")
	"$2" console "$3" <&"$silence" >/dev/null 2>&1 3>&- &
	pid=$!
	check "$1: $2 console" wait_until 30 has_console $pid "$tty"
	kill $pid
	wait $pid 2>/dev/null
}

# stops_as REASON NAME PID: the guest does what it was asked to do
stops_as() {
	xenstore-write "/local/domain/$(xl domid "$2")/control/shutdown" ""
	/box/bin/stop-guest "$1" "$(xl domid "$2")"
}

# swapped MAKER OTHER TYPE: one makes the guest, and minds it; the other does
# the rest.
swapped() {
	local maker=$1 other=$2 type=$3 name=swapped what="$3 of $1" first pid

	printf '%s\n' "name='$name'" "type='$type'" "kernel='$tiny'" \
		"memory=16" "vcpus=1" >"$work/$name.cfg"
	check "$what" "$maker" create -q "$work/$name.cfg"
	first=$(xl domid $name)
	like "$($other list)" "^$name +$first +1[56] +1 " "$what: $other list"
	console_of "$what" "$other" $name
	check "$what: $other pause" "$other" pause $name
	like "$($other list $name)" " [-rb]*p-* " "$what: it is paused"
	check "$what: $other unpause" "$other" unpause $name
	is "$($other list $name | grep -c ' [-rb]*p-* ')" 0 "$what: it is not paused"
	check "$what: $other rename" "$other" rename $name other
	is "$($maker domid other)" "$first" "$what: $maker finds the new name"
	"$other" reboot other >"$work/reboot.err" 2>&1 3>&- &
	pid=$!
	check "$what: $other reboot asks it" \
		wait_until 30 asked other reboot
	stops_as reboot other
	check "$what: and is content" wait $pid
	check "$what: $maker restarts it, by its new name" \
		wait_until 60 runs_anew other "$first"
	check "$what: it gets its old name back" "$other" rename other $name
	"$other" shutdown -w $name >"$work/shutdown.err" 2>&1 3>&- &
	pid=$!
	check "$what: $other shutdown asks it" \
		wait_until 30 asked $name poweroff
	stops_as poweroff $name
	check "$what: and -w waits for its end" wait $pid
	check "$what: $maker removes it" guest_wait_gone $name 60
}

# What has no drivers for Xen cannot be asked to stop: it stops by itself, and
# whoever made it has its QEMU to end and to start again.
swapped_hvm() {	# MAKER OTHER
	local maker=$1 other=$2 name=swapped what="hvm of $1" first

	printf '%s\n' "name='$name'" "type='hvm'" "memory=32" "vcpus=1" \
		"maxvcpus=2" "vga='none'" "vnc=0" "xen_platform_pci=0" \
		"serial='pty'" "disk=[',raw,hdc,cdrom']" >"$work/$name.cfg"
	check "$what" "$maker" create -q "$work/$name.cfg"
	first=$(xl domid $name)
	like "$($other list)" "^$name +$first +3[0-3] +1 " "$what: $other list"
	is "$($other block-list $name)" "$($maker block-list $name)" \
		"$what: $other block-list"
	console_of "$what" "$other" $name serial/0/tty
	check "$what: $other pause" "$other" pause $name
	check "$what: $other unpause" "$other" unpause $name
	# stock xl asks QEMU for a socket that is not there
	check "$what: xl-lite vcpu-set" xl-lite vcpu-set $name 2
	fails "$what: and back" "cannot take any out" xl-lite vcpu-set $name 1
	check "$what: $other cd-insert" "$other" cd-insert $name hdc "$work/cd.iso"
	like "$(xenstore-read "/libxl/$first/device/vbd/5632/params")" \
		"$work/cd.iso\$" "$what: the CD is noted"
	like "$($maker list -l $name)" "\"pdev_path\": \"$work/cd.iso\"" \
		"$what: $maker list -l has it"
	check "$what: $other cd-eject" "$other" cd-eject $name hdc
	check "$what: and in again" "$other" cd-insert $name hdc "$work/cd.iso"
	check "$what: $other rename" "$other" rename $name other
	# a BIOS has no handler for it; where it dies of it, it reboots, too
	check "$what: $other trigger" "$other" trigger other nmi
	/box/bin/stop-guest reboot "$first" 2>/dev/null
	check "$what: $maker restarts it, by its new name" \
		wait_until 120 runs_anew other "$first"
	like "$(xenstore-read "/libxl/$(xl domid other)/device/vbd/5632/params")" \
		"$work/cd.iso\$" "$what: with the CD"
	check "$what: $other destroy" "$other" destroy other
	check "$what: and it is gone" guest_wait_gone other 60
}

for type in pv pvh; do
	swapped xl xl-lite $type
	swapped xl-lite xl $type
done
truncate -s 1M "$work/cd.iso"
swapped_hvm xl xl-lite
swapped_hvm xl-lite xl
xenstore-rm /local/domain/0/memory
leak_check
