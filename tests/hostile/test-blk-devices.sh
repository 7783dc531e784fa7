#!/bin/bash
# SPDX-License-Identifier: MIT
# Disks that a guest may not write to, one image for two, many disks at once,
# a host that has run out of something, and a guest that ends in the middle.
. "$(dirname "$0")/lib.sh"
[ "$TEST_TIER" = sim ] || skip_all "only there can calls be made to fail"
plan $((17 + $(cases hostile-blk blk-readonly blk-cdrom B42 B44)))

disk_gone() {
	device_unplug
	wait_until 20 back_is "${1:-6}"
	device_forget
}

blk_begin r
run_cases hostile-blk uvbd/51712 blk-readonly
disk_add 51728 "$work/image" r device-type=cdrom
run_cases hostile-blk uvbd/51728 blk-cdrom
is "$(cmp "$work/image" "$work/image.before" 2>&1)" "" \
	"the image has not changed by a byte"
disk_gone

# -- B39: a second disk with the same image, to be written to ---------------------
disk_add 51744 "$work/image" w
check "B39: a second user of an image, who would write, is refused" \
	wait_until 20 back_is 6
like "$(xenstore-read "/local/domain/0/error/backend/uvbd/$guest/51744/error")" \
	"in use" "B39: with the reason"
disk_gone

# -- B40: disks that take all they are offered --------------------------------------
many=8 peers=()
for ((i = 0; i < many; i++)); do
	disk_add $((51760 + i)) "$work/image" r
	wait_until 20 back_is 2
	rm -f "$work/pushed"
	"${in_guest[@]}" hostile-blk run uvbd/$((51760 + i)) 0 none B40 \
		>"$work/peer.$i" 2>&1 3>&- &
	peers+=($!)
	wait_until 30 test -e "$work/pushed" || diag "$(cat "$work/peer.$i")"
done
rss=$(worker_rss)
diag "worker with $many disks of 2 queues, rings of 512: $rss KiB resident"
# a disk's pool is 8 MiB, and persistent grants are the guest's memory
check "B40: $many disks of all there is: no more than 16 MiB each" \
	test "$rss" -lt $((32768 + many * 16384))
touch "$work/go"
wait "${peers[@]}"
is "$(grep -h '^pass' "$work"/peer.* | wc -l)" $many "B40: all are served"
rm "$work/go"
for ((i = 0; i < many; i++)); do
	device_paths uvbd $((51760 + i))
	disk_gone
done

# -- B42, B44: the host has no more of something ---------------------------------------
device_paths uvbd 51712
xlsim fault "xl-lite-blkd: guest $guest@grant_map:2-1000:ENOMEM"
run_cases hostile-blk uvbd/51712 B42
like "$(xlsim fault)" "hits [1-9]" "B42: mapping did fail"
xlsim fault none "xl-lite-blkd: guest $guest@evtchn_bind_interdomain:1:ENOSPC"
run_cases hostile-blk uvbd/51712 B44
like "$(xlsim fault)" "hits 1" "B44: binding did fail"
xlsim fault none
disk_gone

# -- B41: a guest that ends in the middle --------------------------------------------------
first=$guest
guest_begin || bail "no second guest"
errors_shown
rm -f "$work/pushed"
disk_add 51712 "$work/image" r
"${in_guest[@]}" hostile-blk run uvbd/51712 0 none B41 >"$work/peer" 2>&1 3>&- &
disown
check "B41: a second guest's disk is served" wait_until 30 front_is 4
kill -STOP "$(worker)"
touch "$work/go"
check "B41: its worker stands still, its ring is full" \
	wait_until 30 test -e "$work/pushed"
stopped=$(worker)
xlsim destroy "$guest"
xenstore-rm "$front"
kill -CONT "$stopped"
wait_until 20 back_is 6
xenstore-write "$back/online" 0
device_forget
check "B41: the guest is destroyed, its worker goes" \
	wait_until 30 test ! -d "/proc/$stopped"
is "$(cmp "$work/image" "$work/image.before" 2>&1)" "" \
	"the image has not changed by a byte"
xenstore-rm "/local/domain/$guest"

guest=$first
device_paths uvbd 51712
disk_add 51712 "$work/image" r
wait_until 20 back_is 2
blk_end
