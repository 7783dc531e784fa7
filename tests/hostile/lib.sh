# SPDX-License-Identifier: MIT
# For tests with peers that misbehave, on a simulated and on a real host:
#
#	. "$(dirname "$0")/lib.sh"
#	plan $((6 + $(cases hostile-blk blk)))
#	blk_begin w
#	run_cases hostile-blk "uvbd/51712" blk
#	blk_end
#
# blk_begin and net_begin make 2 test lines, blk_end and net_end 4. Backends:
#
#	plan $((2 + $(hostile-blkback count all)))
#	back_begin
#	blk_back all
#	back_end

. "$(dirname "${BASH_SOURCE[0]}")/../lib/both.sh"
PATH=$PATH:/box/bin

# cases PROGRAM WORD...: how many cases there are of these groups or ids
cases() {
	"$1" count "${@:2}"
}

# take_lines: what a peer prints, as TAP
take_lines() {
	local line

	while IFS= read -r line; do
		case $line in
		'pass '*) ok "${line#pass }" ;;
		'fail '*) not_ok "${line#fail }" ;;
		'skip '*) skip "${line#skip }" ;;
		*) diag "${line#\# }" ;;
		esac
	done
}

# run_cases PROGRAM DEVICE WORD...: as a process of $guest, against $daemon_pid
# whose log is $daemon_log
run_cases() {
	take_lines < <("${in_guest[@]}" "$1" run "$2" "$daemon_pid" \
		"$daemon_log" "${@:3}" 2>&1)
}

# A guest may read why its device was closed: peers look. (The nodes inherit
# that from this folder, which stays as long as there is something in it.)
errors_shown() {
	local dir=/local/domain/0/error

	xenstore-write "$dir/kept" ""
	xenstore-chmod "$dir" n0 "r$guest"
	xenstore-chmod "$dir/kept" n0 "r$guest"
}

errors_hidden() {
	xenstore-rm /local/domain/0/error/kept
	[ -n "$(xenstore-list /local/domain/0/error)" ] ||
		xenstore-rm /local/domain/0/error
}

# $guest's worker, and KiB resident of it
worker() {
	pgrep -f ": guest $guest " -P "$daemon_pid" | tail -n 1
}

worker_rss() {
	awk '/^VmRSS/ { print $2 }' "/proc/$(worker)/status"
}

# What a sanitizer had to say, and what a crash or a filter leaves in the log.
sanitizer_lines() {
	grep -hE 'ERROR: (Address|Leak)Sanitizer|runtime error:|Sanitizer: |worker was (killed|ended)' \
		"$logs"/*.log
}

# blk_begin MODE [NODE=VALUE...]: a guest with a disk of 8 MiB, served
blk_begin() {
	leak_snapshot
	guest_begin || bail "no guest"
	errors_shown
	dd if=/dev/urandom of="$work/image" bs=1M count=8 status=none
	cp "$work/image" "$work/image.before"
	daemon_log=$logs/blkd.log
	check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
	blkd=$daemon_pid
	check "a disk is made" disk_add 51712 "$work/image" "$@"
}

blk_end() {
	device_unplug
	check "the disk can be unplugged" wait_until 20 back_is 6
	device_forget
	errors_hidden
	daemon_stop "$blkd"
	is $? 0 "the daemon ends in good order"
	is "$(sanitizer_lines)" "" "nobody crashed, and no sanitizer complains"
	guest_end "$guest"
	leak_check
}

# net_begin [NODE=VALUE...]: a guest with a vif on no bridge, served, and on the
# host's side of it somebody who answers
mac=00:16:3e:5e:ed:01
net_begin() {
	leak_snapshot
	guest_begin || bail "no guest"
	errors_shown
	daemon_log=$logs/netd.log
	check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
	netd=$daemon_pid
	device_add uvif 0 "+mac=$mac" "mac=$mac" mtu=9000 "$@"
	check "a vif is made" wait_until 20 back_is 2
	echo_start
}

# somebody who answers on the host's side of $guest's vif
echo_start() {
	hostile-net echo "vif$guest.0" $mac >>"$logs/echo.log" 2>&1 3>&- &
	echo_pid=$!
	disown
}

net_end() {
	kill "$echo_pid" 2>/dev/null
	device_unplug
	check "the vif can be unplugged" wait_until 20 back_is 6
	device_forget
	errors_hidden
	daemon_stop "$netd"
	is $? 0 "the daemon ends in good order"
	is "$(sanitizer_lines)" "" "nobody crashed, and no sanitizer complains"
	guest_end "$guest"
	leak_check
}

# -- backends that misbehave ------------------------------------------------------------

back_begin() {
	leak_snapshot
	guest_begin || bail "no guest"
}

# blk_back IDS, net_back IDS: our frontend against these cases of a backend
blk_back() {
	device_add uvbd 51712 +virtual-device=51712
	take_lines < <(hostile-blkback run 51712 "$guest" "$logs/blkfront.log" \
		"$1" "${in_guest[@]}" xl-lite-blkfront --socket "$work/nbd" 2>&1)
	device_forget
}

net_back() {
	device_add uvif 0 +mac=$mac +mtu=1500
	take_lines < <(hostile-netback run 0 "$guest" "$logs/netfront.log" \
		"$1" "${in_guest[@]}" xl-lite-netfront 2>&1)
	device_forget
}

back_end() {
	is "$(sanitizer_lines)" "" "nobody crashed, and no sanitizer complains"
	guest_end "$guest"
	leak_check
}
