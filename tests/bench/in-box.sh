#!/bin/bash
# SPDX-License-Identifier: MIT
# processors: 2
# What tests/bench/compare runs in the box's dom0. Its results are the lines
# `# sample METRIC ROUND ARM VALUE`; its TAP only says that nothing went wrong.
. "$(dirname "$0")/../box/lib.sh"
rounds=${bench_rounds:-5}
seconds=${bench_seconds:-3}
only=${bench_only:-create hvm parallel scale reboot blk net}

tiny=/box/tiny
parallel_rounds=$(((rounds + 1) / 2))	# a minute each
set -- $only
case " $only " in
*' parallel '*) plan $((1 + $# + parallel_rounds)) ;;
*) plan $((1 + $#)) ;;
esac

daemon_start blkd xl-lite-blkd && daemon_start netd xl-lite-netd &&
	ok "the daemons run" || bail "the daemons do not run"

# timed METRIC ROUND ARM COMMAND...: how long it takes, in seconds
timed() {
	local metric=$1 round=$2 arm=$3 from=${EPOCHREALTIME/./} us

	shift 3
	if ! "$@" >"$work/out" 2>&1; then
		diag "$* failed:"
		diag "$(tail -n 5 "$work/out")"
		return 1
	fi
	us=$((${EPOCHREALTIME/./} - from))
	printf '# sample %s %d %s %d.%06d\n' "$metric" "$round" "$arm" \
		$((us / 1000000)) $((us % 1000000))
}

# --- create and destroy: a tiny guest with one disk and one vif ---------------

# requests METRIC ROUND ARM COMMAND...: how many xenstore requests it makes, by
# xenstored's own trace, so that both arms are counted alike. Requests of the
# daemons and of hotplug scripts are part of what creating costs.
requests() {
	local metric=$1 round=$2 arm=$3 status

	shift 3
	rm -f "$work/trace"
	xenstore-control logfile "$work/trace" >/dev/null &&
		xenstore-control log on >/dev/null || return 1
	"$@" >"$work/out" 2>&1
	status=$?
	xenstore-control log off >/dev/null
	[ $status = 0 ] || diag "$* failed: $(tail -n 5 "$work/out")"
	echo "# sample $metric $round $arm $(grep -c '^IN ' \
		"$work/trace")"
	return $status
}

tiny_cfg() {	# NAME DISK TYPE; without a disk there is no vif, either
	cat <<-END
	name = "$1"
	type = "$3"
	kernel = "$tiny"
	memory = 12
	vcpus = 1
	END
	[ -z "$2" ] || cat <<-END
	disk = [ "$2" ]
	vif = [ "bridge=xenbr0" ]
	END
}

both_cfg() {	# TYPE, or TYPE nodev
	if [ "${2-}" = nodev ]; then
		tiny_cfg theirs '' "$1" >"$work/theirs.cfg"
		tiny_cfg ours '' "$1" >"$work/ours.cfg"
	else
		tiny_cfg theirs "phy:/dev/ram0,xvda,w" "$1" >"$work/theirs.cfg"
		tiny_cfg ours "/dev/ram1,raw,xvda,w" "$1" >"$work/ours.cfg"
	fi
}

# What a round has measured, unless it is one that only warms both up (page
# cache, modules), and what went wrong.
show_samples() {	# ROUND
	[ "$1" = 0 ] || grep '^# sample' "$work/samples"
	grep -v '^# sample' "$work/samples"
}

# create_type TYPE SUFFIX [nodev]: SUFFIX of the metrics' names
create_type() {
	local round bad=0 suffix=$2

	both_cfg "$1" "${3-}"
	for ((round = 0; round <= rounds; round++)); do
		{
			timed create_time$suffix $round ours \
				xl-lite create -q "$work/ours.cfg" &&
			timed destroy_time$suffix $round ours \
				xl-lite destroy ours &&
			timed create_time$suffix $round xl \
				xl create -q "$work/theirs.cfg" &&
			timed destroy_time$suffix $round xl xl destroy theirs
		} >"$work/samples" || bad=1
		show_samples $round
	done
	requests create_requests$suffix 1 ours \
		xl-lite create -q "$work/ours.cfg" || bad=1
	xl-lite destroy ours
	requests create_requests$suffix 1 xl \
		xl create -q "$work/theirs.cfg" || bad=1
	xl destroy theirs
	return $bad
}

bench_create() {
	local bad=0

	modprobe brd rd_nr=40 rd_size=65536
	create_type pv '' || bad=1
	create_type pv _nodev nodev || bad=1
	create_type pvh _pvh || bad=1
	[ $bad = 0 ] && ok "create" || not_ok "create"
}

# --- HVM: what is the toolstack's, beside QEMU ----------------------------------

# Both start it through this, which tells when. That it runs, it says itself.
make_qemu() {
	cat >"$work/qemu" <<-END
	#!/bin/bash
	echo "\${EPOCHREALTIME/./}" >"$work/qemu-began"
	exec /usr/libexec/xen-qemu-system-i386 "\$@"
	END
	chmod +x "$work/qemu"
}

note_states() {
	local path

	while read -r path; do
		case $path in
		*/state) echo "${EPOCHREALTIME/./}" >"$work/qemu-ran" ;;
		esac
	done
}

hvm_cfg() {	# NAME DISK
	cat <<-END
	name = "$1"
	type = "hvm"
	memory = 32
	vga = "none"
	vnc = 0
	device_model_override = "$work/qemu"
	disk = [ "$2" ]
	vif = [ "bridge=xenbr0" ]
	END
}

qemu_ran() {
	[ -s "$work/qemu-ran" ]
}

# timed_hvm ROUND ARM COMMAND...: the time without QEMU's own, and its own
timed_hvm() {
	local round=$1 arm=$2 all qemu

	shift 2
	rm -f "$work"/qemu-{began,ran}
	all=$(timed create_time_hvm $round $arm "$@") || {
		echo "$all"
		return 1
	}
	wait_until 20 qemu_ran || return 1
	qemu=$(($(<"$work/qemu-ran") - $(<"$work/qemu-began")))
	echo "$all"
	awk -v qemu=$qemu '{
		$3 = "create_time_hvm_but_qemu"
		printf "%s %s %s %s %s %.6f\n", $1, $2, $3, $4, $5, $6 - qemu / 1e6
	}' <<<"$all"
}

bench_hvm() {
	local round bad=0 watcher

	modprobe brd rd_nr=40 rd_size=65536
	make_qemu
	xenstore-watch /local/domain/0/device-model > >(note_states) 3>&- &
	watcher=$!
	hvm_cfg ours "/dev/ram1,raw,hda,w" >"$work/ours.cfg"
	hvm_cfg theirs "phy:/dev/ram0,hda,w" >"$work/theirs.cfg"
	for ((round = 0; round <= rounds; round++)); do
		{
			timed_hvm $round ours \
				xl-lite create -pq "$work/ours.cfg" &&
			xl-lite destroy ours &&
			timed_hvm $round xl \
				xl create -pq "$work/theirs.cfg" &&
			xl destroy theirs
		} >"$work/samples" 2>&1 3>&- || bad=1
		show_samples $round
	done
	kill "$watcher"
	[ $bad = 0 ] && ok "hvm" || not_ok "hvm"
}

# --- many at once --------------------------------------------------------------

at_once=16

# all_at_once PROGRAM COMMAND FILE...: one process for each
all_at_once() {
	local program=$1 command=$2 pids=() pid bad=0 one

	shift 2
	for one; do
		"$program" $command "$one" >>"$work/out.${one##*/}" 2>&1 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || bad=$((bad + 1))
	done
	[ $bad = 0 ] && return
	echo "$bad of ${#pids[@]} failed:"
	tail -qn 1 "$work"/out.*
	return 1
}

well_or_not() {
	"$@"
	return 0
}

bench_parallel() {
	local round bad=0 i ours=() theirs=() our_names=() their_names=()

	modprobe brd rd_nr=40 rd_size=65536
	for ((i = 0; i < at_once; i++)); do
		ours+=("$work/ours$i.cfg") our_names+=(ours$i)
		theirs+=("$work/theirs$i.cfg") their_names+=(theirs$i)
		tiny_cfg ours$i "/dev/ram$i,raw,xvda,w" pv >"${ours[i]}"
		tiny_cfg theirs$i "phy:/dev/ram$((i + at_once)),xvda,w" pv \
			>"${theirs[i]}"
	done
	for ((round = 1; round <= parallel_rounds; round++)); do
		rm -f "$work"/out.*
		timed create_16_parallel $round ours \
			all_at_once xl-lite "create -q" "${ours[@]}" || bad=1
		is "$(xl list | grep -c '^ours')" $at_once \
			"$at_once guests at once, of xl-lite: all are there"
		all_at_once xl-lite destroy "${our_names[@]}" || bad=1
		# of those that stock xl gives up the time counts, too, and
		# is no failure of ours
		timed create_16_parallel $round xl \
			well_or_not all_at_once xl "create -q" "${theirs[@]}"
		diag "$(xl list | grep -c '^theirs') of $at_once of stock xl are there"
		all_at_once xl destroy "${their_names[@]}" >/dev/null
	done
	[ $bad = 0 ] && ok "parallel" || not_ok "parallel"
}

# --- few guests and many ---------------------------------------------------------

many=50

# one_more METRIC FROM PEER: guests with a disk and a vif of ours, and bare ones
# of stock xl, in turns; its scripts would take minutes
one_more() {
	local round status=0

	for ((round = $1; round <= $2; round++)); do
		{
			timed create_50th_over_2nd $round "$3" \
				xl-lite create -q "$work/ours.cfg" &&
			xl-lite destroy ours &&
			timed create_50th_over_2nd_xl $round "$3" \
				xl create -q "$work/theirs.cfg" &&
			xl destroy theirs
		} >"$work/samples" || status=1
		show_samples $round
	done
	return $status
}

# The 2nd guest is measured half of the times before, and half of them after
# there were many.
bench_scale() {
	local bad=0 i half=$((rounds / 2)) lited

	modprobe brd rd_nr=40 rd_size=65536
	# or each guest has a process, and all of them see each guest's end
	daemon_start lited xl-lited || bad=1
	lited=$daemon_pid
	tiny_cfg theirs '' pv >"$work/theirs.cfg"
	tiny_cfg ours "/dev/ram1,raw,xvda,w" pv >"$work/ours.cfg"
	for ((i = 1; i < many; i++)); do
		truncate -s 1M "$work/disk$i"
		tiny_cfg other$i "$work/disk$i,raw,xvda,w" pv >"$work/other$i.cfg"
	done
	xl-lite create -q "$work/other1.cfg" || bad=1
	one_more 0 $half own_2nd_guest || bad=1
	for ((i = 2; i < many; i++)); do
		xl-lite create -q "$work/other$i.cfg" || bad=1
	done
	one_more 0 "$rounds" ours || bad=1
	for ((i = 2; i < many; i++)); do
		xl-lite destroy other$i || bad=1
	done
	one_more $((half + 1)) "$rounds" own_2nd_guest || bad=1
	xl-lite destroy other1 || bad=1
	daemon_stop "$lited"
	[ $bad = 0 ] && ok "scale" || not_ok "scale"
}

# --- reboot: from the guest's end to the moment in which it runs again ----------

bench_reboot() {
	local round bad=0 lited

	modprobe brd rd_nr=40 rd_size=65536
	daemon_start lited xl-lited || bad=1
	lited=$daemon_pid
	both_cfg pv
	for ((round = 0; round <= rounds; round++)); do
		{
			xl-lite create -q "$work/ours.cfg" &&
			timed reboot_time $round ours /box/bin/stop-guest \
				-w reboot "$(xl-lite domid ours)" &&
			xl-lite destroy ours &&
			xl create -q "$work/theirs.cfg" &&
			timed reboot_time $round xl /box/bin/stop-guest \
				-w reboot "$(xl domid theirs)" &&
			xl destroy theirs
		} >"$work/samples" 2>&1 3>&- || bad=1
		show_samples $round
	done
	daemon_stop "$lited"
	[ $bad = 0 ] && ok "reboot" || not_ok "reboot"
}

# --- block and network: one guest with a device of each kind ------------------

# attach_qdisk GUEST DISK: a QEMU, as xl starts one for a qdisk, and the disk.
attach_qdisk() {
	local domid state

	domid=$(xl-lite domid "$1")
	state=/local/domain/0/device-model/$domid/state
	/usr/libexec/xen-qemu-system-i386 -xen-domid "$domid" -xen-attach \
		-name "$1" -nographic -M xenpv -monitor none -serial none \
		-parallel none >"$logs/qemu.log" 2>&1 </dev/null &
	daemon_pids+=($!)
	# xl asks for no other proof that there is one
	xenstore-write "/local/domain/$domid/image/device-model-pid" $!
	wait_until 120 xenstore-exists "$state"
	xl block-attach "$1" "$2" >"$work/out" 2>&1 ||
		diag "xl block-attach: $(tail -n 5 "$work/out")"
}

# run_guest WHAT DISKS NETS DISK_SPECS VIF_SPECS [DISK_BY_XL]
run_guest() {
	local what=$1 name=bench-$1 layer=$work/arms limit arm lost=''

	mkdir -p "$layer"
	cat >"$layer/arms.conf" <<-END
	rounds=$rounds
	seconds=$seconds
	what=$what
	disks="$2"
	nets="$3"
	END
	cp "$(dirname "$0")/guest-job.sh" "$layer/job"
	(cd "$layer" && printf 'job\narms.conf\n' | cpio --quiet -o -H newc) \
		>"$work/arms.cpio"
	guest_ramdisk "$work/bench-ramdisk" "$box_guest"/fio.cpio \
		"$box_guest"/iperf3.cpio "$work/arms.cpio"
	guest_cfg "$name" "ramdisk='$work/bench-ramdisk'" "memory=512" \
		"disk=[$4]" "vif=[$5]" >"$work/bench.cfg"
	if ! xl-lite create -q "$work/bench.cfg"; then
		not_ok "$what: the guest is created"
		return
	fi
	limit=$((300 + rounds * (120 + 40 * seconds)))
	[ -z "$6" ] || attach_qdisk "$name" "$6"
	guest_wait_console "$name" '^samples: done' $limit || lost=" its end"
	guest_console "$name" >"$work/said"
	for arm in $2 $3; do
		grep -q "^sample [^ ]* $rounds ${arm%%=*} " "$work/said" ||
			lost+=" ${arm%%=*}"
	done
	is "$lost" "" "$what: each arm was measured to the end"
	sed -n 's/^sample /# sample /p' "$work/said"
	grep -v '^sample ' "$work/said" | tail -n 8 | sed 's/^/#   /'
	xl-lite destroy "$name" 2>/dev/null	# it may have ended by itself
}

bench_blk() {
	modprobe null_blk nr_devices=3 gb=4 bs=512 queue_mode=2 irqmode=0 \
		no_sched=1
	run_guest blk \
		"ours=/dev/xvda xen-blkback=/dev/xvdb qdisk=/dev/xvdc" "" \
		"'/dev/nullb0,raw,xvda,w', '/dev/nullb1,raw,xvdb,w,backendtype=phy'" \
		"" "format=raw,vdev=xvdc,access=w,backendtype=qdisk,target=/dev/nullb2"
}

bench_net() {
	local address

	ip link add xenbr1 type bridge stp_state 0 forward_delay 0
	ip addr add 198.51.100.1/24 dev xenbr1
	ip link set xenbr1 up
	for address in 192.0.2.1 198.51.100.1; do
		iperf3 -s -B $address >"$logs/iperf3-$address.log" 2>&1 &
		daemon_pids+=($!)
	done
	run_guest net "" \
		"ours=eth0=192.0.2.2=192.0.2.1 xen-netback=eth1=198.51.100.2=198.51.100.1" \
		"" "'bridge=xenbr0', 'bridge=xenbr1,backendtype=kernel'"
}

for what in $only; do
	case $what in
	create) bench_create ;;
	parallel) bench_parallel ;;
	scale) bench_scale ;;
	hvm) bench_hvm ;;
	reboot) bench_reboot ;;
	blk) bench_blk ;;
	net) bench_net ;;
	*) not_ok "no such comparison: $what" ;;
	esac
done
for pid in "${daemon_pids[@]}"; do
	kill "$pid" 2>/dev/null
done
[ $test_failures = 0 ]
