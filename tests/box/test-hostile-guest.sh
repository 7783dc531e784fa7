#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest that lies, on real Xen and from a domain of its own: ring indices,
# grants, sectors and frames that cannot be, and states in no order. Each gets
# an answer or a closed device with a reason, and another guest's disk goes on.
# processors: 2
. "$(dirname "$0")/../hostile/lib.sh"
. "$(dirname "$0")/front.sh"
blk="control B01 B01-half B07 B08 B13 B15-readonly B19 B35 B35-edges"
net="control T01 T05 T08-whole T18 R04 R05 X05 X05-edges"
cp /box/bin/hostile-{blk,net} /usr/bin/
plan $((10 + $(cases hostile-blk $blk) + $(cases hostile-net $net)))

# reporter PROGRAM PID FRONT: what the peer in the guest asks of its daemon
reporter() {
	local number stats=/run/xl-lite/$1.stats

	xenstore-watch "$3/report-wanted" | while read -r _; do
		number=$(xenstore-read "$3/report-wanted" 2>/dev/null) || continue
		rm -f "$stats"
		kill -USR1 "$2"
		wait_until 30 test -e "$stats"
		xenstore-write "$3/report" "$number $(tr -d '\n' <"$stats")"
	done
}

leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid

guest_programs "$work/programs.cpio" hostile-blk hostile-net
guest_job "$work/job.cpio" <<EOJ
hostile-blk run uvbd/51712 host - ${blk/B15-readonly/}
hostile-blk run uvbd/51728 host - B15-readonly
hostile-net run uvif/0 host - $net
EOJ
guest_ramdisk "$work/ramdisk" "$work/programs.cpio" "$work/job.cpio"
guest_cfg liar "ramdisk='$work/ramdisk'" "memory=192" \
	"extra='console=hvc0 quiet modules=$front_modules'" >"$work/liar.cfg"
check "a guest is made" xl-lite create -q -p "$work/liar.cfg"
liar=$(guest_domid liar)

# dom0 is the other guest, whose client verifies each byte while the liar lives
guest=0
dd if=/dev/urandom of="$work/image" bs=1M count=8 status=none
cp "$work/image" "$work/image.ro"
cp "$work/image" "$work/image.other"
disk_add 51744 "$work/image.other" w
xl-lite-blkfront --device uvbd/51744 --socket "$work/nbd" \
	>"$logs/blkfront.log" 2>&1 3>&- &
other=$!
wait_until 60 test -S "$work/nbd"
nbdio "$work/nbd" "$work/image.other" 1 3000 >"$work/nbdio" 2>&1 3>&- &
client=$!

guest=$liar
errors_shown
disk_add 51728 "$work/image.ro" r
device_add uvif 0 "+mac=$mac" "mac=$mac" mtu=9000
reporter xl-lite-netd "$netd" "$front" &
net_reporter=$!
disk_add 51712 "$work/image" w
reporter xl-lite-blkd "$blkd" "$front" &
blk_reporter=$!
wait_until 30 back_is 2
echo_start
xl-lite unpause liar
guest_wait_console liar '^guest: job exit' 500
take_lines < <(guest_console liar | tr -d '\r' |
	grep -E '^(pass|fail|skip|#|hostile)')
like "$(guest_console liar)" '^guest: job exit 0' "the liar came to its end"

wait $client
is $? 0 "every byte of the other guest's disk was right"
diag "$(cat "$work/nbdio")"
kill $other
wait $other
guest=0
device_paths uvbd 51744
device_unplug
wait_until 60 back_is 6
device_forget
guest=$liar
pkill -P "$net_reporter"
pkill -P "$blk_reporter"
kill "$echo_pid" 2>/dev/null
check "the liar is gone, and its devices with it" guest_wait_gone liar 60
device_paths uvif 0
device_forget
device_paths uvbd 51728
device_forget
device_paths uvbd 51712
device_forget
errors_hidden
daemon_stop "$blkd"
is $? 0 "xl-lite-blkd ends in good order"
daemon_stop "$netd"
is $? 0 "xl-lite-netd ends in good order"
is "$(sanitizer_lines)" "" "nobody crashed"
leak_check
[ $test_failures = 0 ]
