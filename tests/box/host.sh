# SPDX-License-Identifier: MIT
# A person's or a test's use of a box, for run and shell: the folder of this run
# and its end, what goes into the box, and starting it.  Needs common.sh, and
# brings qemu.sh and build.sh along.
#
# The guard below is why nothing is left behind however a run ends: it waits on
# a pipe that only this process holds open, and removes the run's folder when
# the pipe breaks.  QEMU itself asks the kernel to end with this process.
#
# What the caller sets: $cold, $tree, $no_tree, with=(), set=(), $box_processors.

. "$top/tests/box/qemu.sh"
. "$top/tests/lib/build.sh"

qemu= children=() state= slots=()
current='before it began'

stop_all() {
	local child

	for child in "${!children[@]}"; do
		kill -TERM "$child" 2>/dev/null
	done
	[ ${#children[@]} = 0 ] || wait "${!children[@]}" 2>/dev/null
	box_stop
}

interrupted() {
	trap '' INT TERM HUP
	trap - EXIT
	stop_all
	rm -rf "$run"
	say "interrupted: $current"
	trap - "$1"
	kill -"$1" $$
}

# box_begin: makes $run, and sees to its end.
box_begin() {
	local tool signal

	for tool in qemu-system-x86_64 qemu-img setpriv; do
		command -v $tool >/dev/null ||
			die "$tool is not installed: run tests/deps"
	done
	case ${XENSTORED:=xenstored} in
	xenstored|oxenstored) ;;
	*) die "XENSTORED=$XENSTORED: want xenstored or oxenstored" ;;
	esac
	mkdir -p "$cache"
	find "$cache" -maxdepth 1 -name 'run.*' -mtime +1 -exec rm -rf {} +
	run=$(mktemp -d "$cache/run.XXXXXX") || exit
	exec {guard}> >(trap '' INT TERM HUP; cat >/dev/null; rm -rf "$run")
	trap 'stop_all; rm -rf "$run"' EXIT
	for signal in INT TERM HUP; do
		trap "interrupted $signal" $signal
	done
	image=${XL_LITE_BOX_IMAGE:-$("$top/tests/box/image")} || exit
	if [ -z "$tree$no_tree" ]; then
		tree=$run/tree
		checkout_tree "$tree" || exit
	fi
}

# Sets $state to the saved state with this $XENSTORED.
need_state() {
	state=$image/state-$(state_key "$image")
	[ -d "$state" ] || with_lock state save_state "$image" "$state"
}

# pack_payload NAME: the job disk: our programs, the tests, and which to run.
pack_payload() {
	local name=$1 from=() names folder one

	mkdir -p "$run/pack/box"
	{
		printf 'BOX_TEST=%q\n' "$name"
		printf 'XENSTORED=%q\n' "$XENSTORED"
		printf 'export XENSTORED BOX_TEST\n'
		for one in "${set[@]}"; do
			printf 'export %s=%q\n' "${one%%=*}" "${one#*=}"
		done
	} >"$run/pack/box/env"
	if [ ${#with[@]} -gt 0 ]; then
		mkdir -p "$run/pack/box/with" &&
			cp "${with[@]}" "$run/pack/box/with/" || return 1
	fi
	cp "$top/tests/box/job" "$run/pack/box/job"
	# what is in them, and not they: whose they are, the host's root would be
	for folder in "$run/pack" ${tree:+"$tree"}; do
		mapfile -t names < <(ls -A "$folder")
		from+=(-C "$folder" "${names[@]}")
	done
	# a thousand files take most of a second to unpack there
	from+=(--exclude=tests/{fuzz,lint,model,unit} -C "$top" tests)
	rm -f "$run/payload"
	tar -c --owner=0 --group=0 --transform='s,^tests,./box/tests,' \
		-f "$run/payload" "${from[@]}" || return 1
	payload_mib=$((($(stat -c %s "$run/payload") + 1048575) / 1048576))
	truncate -s $payload_size "$run/payload"
}

# take_slots COUNT: one for each processor of a box, of as many as this machine
# has, over all runs on this cache.  A box that shares its processors with
# another waits for the other's locks and TLB flushes, and takes several times
# as long.  Sets $slots.  Only one run at a time collects: two that wait for two
# would get one each.  No waiter is ever killed here: bash runs the script's
# EXIT trap in a child that is killed before its exec, and the folder of this
# run would go.
take_slots() {
	local all number fd turn open=()

	all=$(nproc)
	exec {turn}>"$cache/box-slots"
	flock "$turn"
	for ((number = 0; number < all; number++)); do
		exec {fd}>"$cache/box-slot.$number"
		open+=("$fd")
	done
	number=0 slots=()
	while [ ${#slots[@]} -lt "$1" ] && [ ${#open[@]} -gt 0 ]; do
		number=$(((number + 1) % ${#open[@]}))
		fd=${open[number]}
		# one at a time, for a moment: the others are looked at again
		flock -n "$fd" || flock -w 1 "$fd" || continue
		slots+=("$fd")
		unset "open[number]"
		open=("${open[@]}")
	done
	for fd in "${open[@]}" "$turn"; do
		exec {fd}>&-
	done
}

give_slots_back() {
	local fd

	for fd in "${slots[@]}"; do
		exec {fd}>&-
	done
	slots=()
}

# start_box SERIAL: with its serial line there; fails when it does not come up.
start_box() {
	if [ -n "$cold" ]; then
		box_cold "$image" -chardev "$1"
	else
		box_restore "$image" "$state" -chardev "$1"
	fi || return 1
	echo "job $payload_mib $(date +%s) $RANDOM$RANDOM$RANDOM" >&"$ctl_in"
}

