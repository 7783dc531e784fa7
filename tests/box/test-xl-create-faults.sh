#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever call fails while a guest is made, of Xen, xenstore or the kernel: one
# message says what failed and what to do, and nothing of the guest is left; or
# the guest is good. tests/inject/inject.c makes calls fail.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/state.sh"
plan 35

# SWEEP=--all: all calls. Else of those that are like each other some, in turns.
all=${SWEEP-}
verbose=${VERBOSE-}

# Where a socket is named, each request to xenstore is a call of libxenstore's,
# and can fail; tests/unit/test-store-batch.c has those that are sent together.
one_by_one=/run/xenstored/socket

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid
truncate -s 1M "$work/disk.img"
tiny=("kernel='/box/tiny'" "ramdisk=''" "memory=6")
guest_cfg g "${tiny[@]}" >"$work/bare.cfg"
guest_cfg g "${tiny[@]}" "type='pvh'" >"$work/pvh.cfg"
guest_cfg g "${tiny[@]}" "disk=['$work/disk.img,raw,xvda,w']" \
	"vif=['bridge=xenbr0,mac=00:16:3e:00:00:01']" >"$work/pv.cfg"

state_begin

# create_with FAULTS TYPE [ARGUMENT...]: sets $status, and @said to its lines
create_with() {
	local faults=$1 type=$2

	shift 2
	# an old log to put aside, always: that takes calls
	[ "$type" != hvm ] || : >>/var/log/xen/qemu-dm-g.log
	INJECT=$faults INJECT_TRACE=${INJECT_TRACE-} XENSTORED_PATH=$one_by_one \
		LD_PRELOAD=/box/lib/libinject.so \
		xl-lite create -q "$work/$type.cfg" "$@" >"$work/said" 2>&1 3>&-
	status=$?
	mapfile -t said <"$work/said"
}

# A remedy is something to do or to look at, or a question that leads there.
remedies="'(xl|xl-lite) [a-z]+'|dom0's 'dmesg'|[Tt]ry |[Mm]ake room|[Ss]tart it|[Rr]aise |[Ee]nd (a guest|something)|the end of its log|configuration cannot be read|: (is|are|do|does) [^:]*\\?"

guest_is_good() {
	xl-lite list g 2>/dev/null | grep -q -- '  -b----  '
}

# What is wrong with what it said and left, in $wrong.
judge() {
	local errors=0 line words=

	wrong=
	for line in "${said[@]}"; do
		case $line in
		# a server that is waited for, and will not come, is a mistake
		*'not closed by its server'*) wrong+="a wait for nobody; " ;;
		*': removed again' | *': warning: '* | *'QEMU: it said nothing'*)
			continue ;;
		esac
		errors=$((errors + 1))
		words=$line
	done
	if [ $status = 0 ]; then
		[ $errors = 0 ] || wrong+="a success with words; "
		survived=$((survived + 1))
		wait_until 5 guest_is_good || wrong+="a success without a guest; "
		xl-lite destroy g >"$work/destroy" 2>&1 3>&-
	else
		[ $errors = 1 ] || wrong+="$errors messages; "
		[[ $words == *guest\ g:\ * || $words =~ domain\ [0-9]+:\  ||
		   $words == *Xen:\ * || $words == *xenstore:\ * ||
		   $words == */* ]] || wrong+="no object; "
		[[ $words =~ $remedies ]] || wrong+="no remedy; "
	fi
	[ $status -lt 128 ] || wrong+="status $status; "
	is_as_before || wrong+=$difference
	[ -z "$difference" ] || begin_anew
}

# points TYPE CLASS: of the calls of a creation that nothing happens to, those
# to fail, each with one of its errors, in @points, and what they are.
points() {
	local type=$1 class=$2 number its name about i=0
	local -a errors
	local -A seen=()

	case $class in
	hypercall) errors=(12 22 1) ;;		# ENOMEM EINVAL EPERM
	store) errors=(28 5 13 12) ;;		# ENOSPC EIO EACCES ENOMEM
	file) errors=(28 5 13 24) ;;		# ENOSPC EIO EACCES EMFILE
	memory) errors=(12) ;;
	esac
	points=() calls=()
	while read -r its number name about; do
		[ "$its" = "$class" ] || continue
		seen[$name]=$((${seen[$name]-0} + 1))
		# of nodes that are written in a row one is as good as another
		[ -n "$all" ] || [ "$class" != store ] ||
			[ "${seen[$name]}" -le 2 ] ||
			[ $((${seen[$name]} % 16)) = 0 ] || continue
		# and most of these a PV guest's creation makes as well
		[ -n "$all" ] || [ "$type" != pvh ] ||
			[ $((number % 2)) = 0 ] || continue
		points+=("$class:$number:${errors[i++ % ${#errors[@]}]}")
		calls+=("$name $about")
	done <"$work/trace.$type"
}

# What xenstored has no room for is a quota's, and not a disk's: point $i says so.
is_told_of_quota() {
	[[ ${points[i]} != store:*:28 || $status = 0 ||
	   ${calls[i]} != xs_@(write|mkdir|set_permissions)* ||
	   ${said[*]} == *"/"*"a quota of xenstored's is used up: "* ]]
}

# sweep TYPE CLASS: a line of TAP
sweep() {
	local type=$1 class=$2 i bad=0 survived=0 from=${EPOCHREALTIME/./}

	points "$type" "$class"
	for i in "${!points[@]}"; do
		create_with "${points[i]}" "$type"
		judge
		is_told_of_quota || wrong+="not told of a quota; "
		[ -z "$verbose" ] || diag "${points[i]} ${calls[i]}: $status: ${said[*]}"
		[ -n "$wrong" ] || continue
		bad=$((bad + 1))
		diag "INJECT=${points[i]} ${calls[i]}: status $status: $wrong"
		diag "$(printf '%s\n' "${said[@]}")"
	done
	diag "${#points[@]} points in $(((${EPOCHREALTIME/./} - from) / 1000)) ms"
	is $bad 0 "$type: each $class call fails (${#points[@]}, survived $survived)"
}

state_keep
for type in pv bare pvh; do
	INJECT_TRACE=$work/trace.$type XENSTORED_PATH=$one_by_one \
		LD_PRELOAD=/box/lib/libinject.so \
		xl-lite create -q "$work/$type.cfg" >"$work/said" 2>&1 3>&-
	check "$type: the guest is made when nothing fails" xl-lite destroy g
	check "$type: and leaves nothing" is_as_before
	cp "$work/trace.$type" "$logs"
	diag "$type: $(cut -d' ' -f1 "$work/trace.$type" | sort | uniq -c | tr '\n' ' ')"
done
# devices are in xenstore, and in no other call
sweep pv store
for class in hypercall file memory; do
	sweep bare $class
done
sweep pvh hypercall

# --- an HVM guest's QEMU --------------------------------------------------------

# One that is never ready, or dies at once.
cat >"$work/qemu" <<EOS
#!/bin/sh
[ ! -e "$work/dies" ] || exit 7
exec sleep 1000
EOS
chmod +x "$work/qemu"
guest_cfg g "type='hvm'" "kernel=''" "ramdisk=''" "extra=''" "memory=32" \
	"vga='none'" "vnc=0" "xen_platform_pci=0" \
	"device_model_override='$work/qemu'" >"$work/hvm.cfg"
touch "$work/dies"
INJECT_TRACE=$work/trace.whole create_with '' hvm
rm "$work/dies"
like "$(cat "$work/said")" 'QEMU: ended with status 7 before it was ready' \
	"hvm: a QEMU that dies is told of"
check "hvm: and leaves nothing" is_as_before
# What is its own: the last of Xen's calls, and what follows until it waits. An
# old log that cannot be kept is no reason to stop.
last=$(grep -n 'xenforeignmemory_map ' "$work/trace.whole" | tail -n 1)
sed -n "${last%%:*},/xs_watch.*device-model/p" "$work/trace.whole" |
	grep -v ' rename ' >"$work/trace.hvm"
cp "$work/trace.whole" "$logs/trace.hvm"
SWEEP_ALL=$all all=--all
for class in hypercall store file; do
	sweep hvm $class
done
all=$SWEEP_ALL

# --- the rollback fails, too --------------------------------------------------

# call_of TYPE REGEX: the last such call, in INJECT's words
call_of() {
	grep -E -- "$2" "$work/trace.$1" | tail -n 1 |
		sed 's/^\([a-z]*\) \([0-9]*\) .*/\1:\2/'
}

# What cannot be removed is told of, and 'xl-lite gc' removes it.
unpause=$(call_of pv '^hypercall ')
write=$(call_of pv 'xs_set_permissions')
introduce=$(call_of pv xs_introduce_domain)
bad=0
for faults in "$write+:5" "$introduce+:5" "$unpause+:22"; do
	create_with "$faults" pv
	said_it=$(grep -c "could not be removed entirely: 'xl-lite gc'" "$work/said")
	xl-lite gc >"$work/gc" 2>&1 3>&-
	if [ $status = 0 ] || [ "$said_it" != 1 ] || ! is_as_before; then
		bad=$((bad + 1))
		diag "INJECT=$faults: status $status: $difference"
		diag "$(cat "$work/said" "$work/gc")"
		begin_anew
	fi
done
is $bad 0 "xenstore or Xen fails for good: it is said, and gc cleans up"

# Each call of a rollback.
INJECT=$unpause:12 INJECT_TRACE=$work/trace.undo XENSTORED_PATH=$one_by_one \
	LD_PRELOAD=/box/lib/libinject.so \
	xl-lite create -q "$work/pv.cfg" >"$work/said" 2>&1 3>&-
is_as_before
bad=0 tried=0 i=0
undoing=
while read -r class number name about; do
	[ -n "$undoing" ] || [ "$class:$number" != "$unpause" ] || undoing=1
	[ -n "$undoing" ] && [ "$class:$number" != "$unpause" ] || continue
	# each class's own errors are above; here all that matters is that it fails
	[ "$class" != memory ] || continue
	[ -n "$all" ] || [ $((i++ % 3)) = 0 ] || continue
	tried=$((tried + 1))
	create_with "$unpause:12,$class:$number:5" pv
	xl-lite gc >"$work/gc" 2>&1 3>&-
	if [ $status = 0 ] || ! is_as_before ||
	   { [ -s "$work/gc" ] && ! grep -q "'xl-lite gc'" "$work/said"; }; then
		bad=$((bad + 1))
		diag "INJECT=$unpause:12,$class:$number:5 $name $about: status $status: $difference"
		diag "$(cat "$work/said" "$work/gc")"
		begin_anew
	fi
done <"$work/trace.undo"
is $bad 0 "each call of a rollback fails: nothing is left, or gc removes it ($tried)"

# --- the host ----------------------------------------------------------------------

# refused WHAT STATUS REGEX: what create_with() has done was to say so, once, and
# leave nothing
refused() {
	state_diff
	if [ $status = "$2" ] && [ -z "$difference" ] &&
	   [ "$(grep -Ec -- "$3" "$work/said")" = 1 ]; then
		ok "$1"
	else
		not_ok "$1"
		diag "status $status: $difference"
		diag "$(cat "$work/said")"
		begin_anew
	fi
}

# create_with_little OPTION: /var/lib/xen is a file system that has just that
create_with_little() {
	mount -t tmpfs -o "$1" tmpfs /var/lib/xen
	create_with '' bare
	umount /var/lib/xen
}

create_with_little nr_inodes=1
refused "no room for a file in /var/lib/xen" 3 \
	'guest g: /var/lib/xen/.*: No space left on device: make room'
create_with_little nr_inodes=2
refused "no room for a second file there" 3 \
	'userdata /var/lib/xen/.*: No space left on device: make room'
create_with_little size=4096
refused "no room for what is in it" 3 \
	'userdata /var/lib/xen/.*: No space left on device: make room'

# Two at the same moment: one of them makes it.
bad=0
for ((i = 0; i < 4; i++)); do
	xl-lite create -q "$work/bare.cfg" >"$work/said.1" 2>&1 3>&- &
	one=$!
	xl-lite create -q "$work/bare.cfg" >"$work/said.2" 2>&1 3>&-
	statuses=$?
	wait $one
	statuses+=" $?"
	cat "$work/said.1" "$work/said.2" >"$work/said"
	if { [ "$statuses" != "0 3" ] && [ "$statuses" != "3 0" ]; } ||
	   [ "$(grep -c . "$work/said")" != 1 ] || ! grep -Eq \
	   'another xl-lite is creating a guest of this name|name: in use by domain' \
	   "$work/said"; then
		bad=1
		diag "statuses $statuses: $(cat "$work/said")"
	fi
	xl-lite destroy g >/dev/null 2>&1
done
is $bad 0 "two at the same moment: one succeeds, the other is told why not"

# An image that says of itself that it is something else is what it is said to
# be in the configuration.
printf 'QFI\373\0\0\0\3' | dd of="$work/disk.img" conv=notrunc status=none
create_with '' pv
check "a raw image that looks like a qcow2 one is a raw one" \
	wait_until 5 guest_is_good
sed 's/,raw,/,qcow2,/' "$work/pv.cfg" >"$work/qcow2.cfg"
create_with '' qcow2 "name='other'"
is "$status $(grep -c 'disk xvda: only raw images' "$work/said")" "6 1" \
	"and one that is said to be qcow2 is refused"
# that guest has the image still
state_keep
create_with '' pv "name='other'"
refused "an image that another guest writes to" 3 \
	'guest other: disk xvda: /.*: is disk xvda of guest g \(domain [0-9]+\) already'
ln -s disk.img "$work/link.img"
create_with '' bare "name='other'" "disk=['$work/link.img,raw,xvdb,r']"
refused "by another name, to be read alone" 3 \
	'guest other: disk xvdb: /.*link.img: is disk xvda of guest g '
vif="bridge=xenbr0,mac=00:16:3E:00:00:01"
create_with '' bare "name='other'" "vif=['$vif']"
refused "a MAC that another guest has" 3 \
	'guest other: vif 0: mac=00:16:3e:00:00:01: is the address of vif 0 of guest g '
ip link add xenbr9 type bridge
create_with '' bare "name='other'" "vif=['${vif/xenbr0/xenbr9}']"
is "$status" 0 "on another bridge it may have it"
xl-lite destroy other
ip link del xenbr9
wait_until 10 no_new_leaks
# as configurations are that nobody has removed
stored=$(echo /var/lib/xen/userdata-d.*.libxl-json)
cp "$stored" "$work/stored"
xl-lite destroy g >/dev/null 2>&1
wait_until 10 no_new_leaks
cp "$work/stored" "$stored"
create_with '' pv "name='other'"
is "$status" 0 "nor is it another guest's that is gone"
xl-lite destroy other
rm "$stored"
wait_until 10 no_new_leaks
state_keep

# Of this only the server can know.
perl -MFcntl -e 'open(F, "+<", $ARGV[0]) or die; $l = pack("s s x4 q q l x4", F_WRLCK);
	fcntl(F, F_SETLK, $l) or die; $| = 1; print "locked\n"; <STDIN>' \
	"$work/disk.img" <&"$never_fd" >"$work/locked" 3>&- &
locker=$!
wait_until 10 test -s "$work/locked"
create_with '' pv
kill $locker
refused "an image that another process has locked" 3 \
	'guest g: disk xvda: its backend failed: .*in use'
wait $locker 2>/dev/null
wait_until 10 no_new_leaks
state_keep

# Nobody answers: all who do not are named, and what was asked of them goes.
xenconsoled=$(pidof xenconsoled)
kill -STOP "$blkd" "$netd" "$xenconsoled"
INJECT_HURRY=5 create_with '' pv
kill -CONT "$blkd" "$netd" "$xenconsoled"
is "$status $(grep -Ec 'guest g: (disk xvda|vif 0|console): .* in 10 s: ' "$work/said")" \
	"9 3" "servers that never answer are named"
check "and nothing is left" is_as_before

daemon_stop "$blkd"
daemon_stop "$netd"
state_end
leak_check
