# SPDX-License-Identifier: MIT
# How a box is started, for run and shell: QEMU's command line, the saved
# machine state, and the two channels into the box.
#
# The state is taken once, from a host that has booted to 'ready'.  Guest memory
# is a file: shared while the state is made, mapped private by every box that
# starts from it, so starting copies nothing and boxes side by side share what
# they did not change.  The root disk is the image, over it what booting wrote,
# over that a temporary file of QEMU's own that has no name.  The state is good
# for one QEMU binary, one command line and one image: its name is a hash of
# those.
#
# Needs common.sh.  Everything with a name is in $run, which the caller makes.

box_memory=${XL_LITE_BOX_MEMORY:-3072}
box_processors=2	# of the next box; run gives a test one, unless its head says
payload_size=512M

# /dev/kvm may be there and still be no use: Xen in the box needs the CPU's own
# virtualisation for its guests.  Under emulation the CPU model is pinned,
# since newer ones have SMAP, with which a PV dom0 crashes in QEMU. RDRAND is the
# only randomness it has: without it libuuid, and stock xl with it, waits 2 s for
# some each time.
box_cpu() {
	if [ -z "${XL_LITE_BOX_TCG-}" ] && [ -w /dev/kvm ] &&
	   grep -qwE 'svm|vmx' /proc/cpuinfo; then
		echo "-accel kvm -cpu host"
	else
		echo "-accel tcg,thread=multi -cpu qemu64,+svm,+npt,+rdrand"
	fi
}

# box_args IMAGE: what must be the same for a state to be good.
box_args() {
	local xen="console=com1 com1=115200,8n1 loglvl=warning guest_loglvl=warning"

	# What processors are protected from by software costs emulation a lot, and
	# keeps nobody out there. (So do lib.sh's guests.)
	xen+=" spec-ctrl=no xpti=no"
	# Unscrubbed memory stays untouched, and untouched memory costs nothing.
	xen+=" dom0_max_vcpus=$box_processors bootscrub=0 dom0_mem=1024M,max:1024M gnttab_max_frames=256"
	args=(
		-name box -nodefaults -no-user-config -no-reboot -display none
		-machine pc,memory-backend=ram $(box_cpu) -smp $box_processors -m "$box_memory"
		-kernel "$1/xen" -append "$xen"
		-initrd "$1/vmlinux console=hvc0 quiet mitigations=off init_on_alloc=0 xenstored=${XENSTORED:-xenstored},$1/initramfs"
		-device virtio-blk-pci,drive=root,addr=4
		-device virtio-blk-pci,drive=payload,addr=5
		-device virtio-serial-pci,id=vser,addr=6
		-device virtserialport,bus=vser.0,nr=1,chardev=ctl,name=ctl
		-device virtserialport,bus=vser.0,nr=2,chardev=out,name=out
		-serial chardev:serial
		-chardev pipe,id=mon -mon chardev=mon,mode=readline
		-chardev pipe,id=ctl
	)
}

state_key() {
	box_args "$1"
	{
		printf '%s\n' "${args[@]}"
		declare -f box_start save_state
		sha256sum <"$(command -v qemu-system-x86_64)"
	} | key_of
}

# box_start IMAGE ROOT-DRIVE RAM-OPTIONS EXTRA...: sets $qemu, opens ctl and mon.
box_start() {
	local image=$1 root=$2 ram=$3 i

	shift 3
	box_args "$image"
	for i in "${!args[@]}"; do
		case ${args[i]} in
		pipe,id=*) args[i]+=",path=$run/${args[i]#pipe,id=}" ;;
		esac
	done
	mkfifo "$run"/{ctl,mon}.{in,out}
	exec {ctl_in}<>"$run/ctl.in" {ctl_out}<>"$run/ctl.out"
	exec {mon_in}<>"$run/mon.in" {mon_out}<>"$run/mon.out"
	[ -e "$run/payload" ] || truncate -s $payload_size "$run/payload"
	# pdeathsig: however this shell ends, its box ends with it.
	TMPDIR=$run setpriv --pdeathsig KILL qemu-system-x86_64 "${args[@]}" \
		-object "memory-backend-file,id=ram,size=${box_memory}M,$ram" \
		-drive "if=none,id=root,cache=unsafe,$root" \
		-drive "if=none,id=payload,format=raw,cache=writeback,file=$run/payload,read-only=on" \
		-chardev "file,id=out,path=$run/out" \
		"$@" <&0 2>"$run/qemu.log" {guard}>&- &
	qemu=$!
}

mon() {
	printf '%s\n' "$*" >&"$mon_in"
}

box_alive() {
	kill -0 "$qemu" 2>/dev/null
}

# Read one whole line from the box into $line; fails after SECONDS, or when
# the box is gone and has left nothing to read.
#
# While a test runs in it, a silent box is woken every second.  QEMU 7.2 emulates
# SVM's VMRUN and #VMEXIT without its lock, and clears and sets bits of the word
# that holds its pending interrupts there: an interrupt that arrives in the same
# moment can be lost.  When that was the timer's, Xen sleeps until any other
# interrupt comes, which in a box with an idle guest is never.
ctl_partial=
box_beats=
ctl_read() {
	local end=$((SECONDS + $1)) piece

	while :; do
		if IFS= read -r -t 1 -u "$ctl_out" piece; then
			line=$ctl_partial$piece
			ctl_partial=
			line=${line%$'\r'}
			return 0
		fi
		ctl_partial+=$piece
		[ -z "$box_beats" ] || echo >&"$ctl_in"
		if ! box_alive || [ $SECONDS -ge $end ]; then
			return 1
		fi
	done
}

# Say something to the monitor until its answer matches PATTERN.
mon_until() {
	local end=$((SECONDS + $1)) pattern=$2 piece answer=

	shift 2
	mon "$*"
	while [ $SECONDS -lt $end ] && box_alive; do
		IFS= read -r -t 1 -u "$mon_out" piece || { mon "$*"; continue; }
		answer=$piece
		[[ $answer =~ $pattern ]] && return 0
	done
	say "monitor: no '$pattern' in answer to '$*'; last: $answer"
	return 1
}

box_stop() {
	[ -n "${qemu-}" ] || return 0
	kill -KILL "$qemu" 2>/dev/null || true
	wait "$qemu" 2>/dev/null || true
	qemu=
	exec {ctl_in}>&- {ctl_out}>&- {mon_in}>&- {mon_out}>&-
	rm -f "$run"/{ctl,mon}.{in,out}
	ctl_partial= box_beats=
}

# Make the state of IMAGE in folder TO.
save_state() {
	local image=$1 to=$2 start=$EPOCHREALTIME

	[ -d "$to" ] && return 0
	say "booting the host once to save its state (10 to 60 s)"
	qemu-img create -q -f qcow2 -F raw -b "$image/root.img" "$run/root.qcow2"
	box_start "$image" "format=qcow2,file=$run/root.qcow2" \
		"share=on,mem-path=$run/ram" \
		-chardev "file,id=serial,path=$run/serial.log"
	if ! ctl_read 600 || [ "$line" != R ]; then
		cp "$run/serial.log" "$cache/failed-boot.log"
		box_stop
		die "the host did not boot: its console is in $cache/failed-boot.log"
	fi
	echo warm >&"$ctl_in"
	ctl_read 300 || say "the host did not read its files: tests will"
	mon "migrate_set_capability x-ignore-shared on"
	mon "migrate_set_parameter max-bandwidth 10G"
	mon "migrate \"exec:cat >$run/devices\""
	mon_until 300 'Migration status: (completed|failed)' "info migrate" &&
		[[ ${BASH_REMATCH[1]} = completed ]] || {
		box_stop
		die "the host's state could not be saved"
	}
	mon quit
	wait "$qemu" || true
	box_stop
	mkdir "$run/state"
	mv "$run"/{root.qcow2,ram,devices} "$run/state/"
	mv "$run/state" "$to"
	ls -dt "$image"/state-* | tail -n +5 | while read -r old; do
		rm -rf "$old"
	done
	say "state saved in $(seconds_since "$start") s"
}

# Start a box from its saved state.
box_restore() {
	local image=$1 state=$2

	shift 2
	box_start "$image" "format=qcow2,snapshot=on,file=$state/root.qcow2" \
		"share=off,mem-path=$state/ram" -incoming defer "$@"
	mon "migrate_set_capability x-ignore-shared on"
	mon "migrate_incoming \"exec:cat $state/devices\""
}

# Start a box from its image.
box_cold() {
	local image=$1

	shift
	box_start "$image" "format=raw,snapshot=on,file=$image/root.img" \
		"share=off,mem-path=$run" "$@"
	ctl_read 600 && [ "$line" = R ]
}
