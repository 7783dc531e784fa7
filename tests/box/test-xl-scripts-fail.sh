#!/bin/bash
# SPDX-License-Identifier: MIT
# A hotplug script that fails, in whatever way, when a guest is made: one line
# says which, of what, why and what to do, and nothing of the guest is left. When
# a guest ends, or loses a device, that goes all the same, with a warning.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/state.sh"
plan 35

rm -f /etc/xl-lite.conf
modprobe brd rd_nr=2 rd_size=1024
modprobe xen-netback
leak_snapshot
ran=$work/ran
script=$work/fault

# What it does is in files beside it, for when a device comes and for when it goes.
restore_script() {
	rm -rf "$script"
	cat >"$script" <<EOS
#!/bin/bash
echo "\$1" >>$ran
case \$1 in
add|online) . $work/come ;;
*) . $work/go ;;
esac
EOS
	chmod +x "$script"
	: >"$work/go"
}

tiny_cfg() {
	guest_cfg g "kernel='/box/tiny'" "ramdisk=''" "memory=6" "$@"
}
tiny_cfg "disk=['script=$script,vdev=xvda,target=ram0']" >"$work/disk.cfg"
tiny_cfg "vif=['backendtype=kernel,script=$script,mac=00:16:3e:00:00:01']" \
	>"$work/vif.cfg"

# One that serves: a disk, or an interface.
serve='case $XENBUS_TYPE in
vbd) xenstore-write "$XENBUS_PATH/physical-device" 1:0 ;;
esac
xenstore-write "$XENBUS_PATH/hotplug-status" connected'

# Whose clock goes faster, when one is to be waited for that never ends.
hurried() {
	INJECT_HURRY=${hurry:-1} LD_PRELOAD=/box/lib/libinject.so "$@"
}

# refused WHAT KIND COME REGEX [RUNS]: create fails with one line, which is like
# REGEX; the script has run RUNS times, when the device came and when it went.
refused() {
	local what=$1 kind=$2 come=$3 regex=$4 runs=${5:-2} status words wrong=

	printf '%s\n' "$come" >"$work/come"
	: >"$ran"
	hurried xl-lite create -q "$work/$kind.cfg" >"$work/said" 2>&1 3>&-
	status=$?
	grep '^xl-lite: ' "$work/said" |
		grep -v ': removed again$\|: warning: ' >"$work/lines"
	words=$(cat "$work/lines")
	[ $status = "${wanted:-3}" ] || wrong+="status $status; "
	[ "$(grep -c . "$work/lines")" = 1 ] || wrong+="not one line; "
	[[ $words =~ "guest g: "(disk xvda|vif 0)": script $script"$regex ]] ||
		wrong+="not like '$regex'; "
	[ "$(grep -c . "$ran")" = "$runs" ] || wrong+="ran: $(paste -sd, "$ran"); "
	is_as_before || wrong+=$difference
	if [ -z "$wrong" ]; then
		ok "$kind: $what"
	else
		not_ok "$kind: $what"
		diag "$wrong"
		diag "$(tail -n 20 "$work/said")"
		xl-lite destroy g >"$work/destroy" 2>&1
		begin_anew
	fi
}

state_begin
state_keep

# --- both kinds -------------------------------------------------------------------

no_reason='exit status 1: it gave no reason; /var/log/xen/xen-hotplug.log may have one$'
for kind in disk vif; do
	[ $kind = disk ] && comes=' add: ' || comes=' online: '
	restore_script
	refused "exits with 1" $kind 'exit 1' "$comes$no_reason"
	refused "says why" $kind \
		'xenstore-write "$XENBUS_PATH/hotplug-error" "no array"; exit 1' \
		"${comes}exit status 1: no array\$"
	refused "ends well and says that it failed" $kind \
		"$serve"'; xenstore-write "$XENBUS_PATH/hotplug-error" "no array"' \
		"${comes}it ended well, but says that it failed: no array\$"
	refused "a signal" $kind 'kill -11 $$' \
		"${comes}was killed by signal 11: it gave no reason"
	hurry=8 wanted=9 refused "hangs, with a child" $kind 'tail -f /dev/null & wait' \
		"${comes}did not end in 40 s: killed: run it by hand to see"
	rm "$script"
	refused "is missing" $kind '' ': No such file or directory: is the path right' 0
done

# --- of one kind ------------------------------------------------------------------

restore_script
hurry=8 wanted=9 refused "stops itself" disk 'kill -STOP $$' ' add: did not end in 40 s: killed'
refused "floods stderr" vif 'yes "what it says" | head -n 200000 >&2; exit 1' \
	" online: $no_reason"
like "$(grep -c '^what it says$' "$work/said")" '^200000$' "all of which is shown"
refused "makes no device" disk 'exit 0' \
	': it ended well, but wrote no physical-device for the kernel'
for number in banana fff:1 '1:0 x' ''; do
	refused "wrote physical-device '$number'" disk \
		"xenstore-write \"\$XENBUS_PATH/physical-device\" '$number'" \
		": it ended well, but its physical-device '$number' is no block device of this host"
done
sed -i '1s,.*,#!/none/bash,' "$script"
refused "its shell is missing" disk '' \
	' add: cannot be run: No such file or directory: is the program there that its first line names\?$' 0
restore_script
chmod -x "$script"
refused "not executable" vif '' ": cannot be executed: run 'chmod \+x' on it\$" 0
rm "$script"
mkdir "$script"
refused "is a folder" disk '' ': cannot be executed: it is no file' 0
restore_script

# The second device's script fails: the first one's is run again, to undo it.
tiny_cfg "disk=['script=$script,vdev=xvda,target=ram0']" \
	"vif=['backendtype=kernel,script=$script,mac=00:16:3e:00:00:01']" \
	>"$work/both.cfg"
refused "the other one's fails" both "[ \"\$1\" != online ] || exit 1; $serve" \
	" online: $no_reason" 4

# --- those that are enough ----------------------------------------------------------

echo 'exit 0' >"$work/come"
check "an interface's that says nothing is enough" \
	xl-lite create -q "$work/vif.cfg"
is "$(xenstore-read "/local/domain/0/backend/vif/$(xl-lite domid g)/0/hotplug-status")" \
	connected "the kernel's backend is told so"
check "the guest goes" xl-lite destroy g
check "and leaves nothing" is_as_before

# --- when they go --------------------------------------------------------------------

printf '%s\n' "$serve" >"$work/come"
undo='what it had set up may still be there: undo that by hand$'

# goes WHAT GO REGEX COMMAND...: it succeeds, and warns
goes() {
	local what=$1 go=$2 regex=$3

	shift 3
	printf '%s\n' "$go" >"$work/go"
	check "$what: it is done" hurried "$@"
	like "$(cat "$work/check.out")" \
		"^xl-lite: warning: domain [0-9]+: (vbd|vif) [0-9]+: script $script $regex: $undo" \
		"$what: a warning says what may be left"
}

check "a guest with both" xl-lite create -q "$work/both.cfg"
goes "detach" 'exit 5' 'remove: exit status 5: it gave no reason.*' \
	xl-lite block-detach -f g xvda
hurry=8 goes "destroy" 'tail -f /dev/null' 'offline: did not end in 40 s: killed.*' \
	xl-lite destroy g
check "and nothing is left" is_as_before

state_end
leak_check
