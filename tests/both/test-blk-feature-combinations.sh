#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever of a disk's features is offered, alone or together, the frontend takes
# just that, and every byte is right; with each of the backend's engines, and
# reads in place and copied.
# timeout: 1500
. "$(dirname "$0")/../lib/both.sh"

# combinations: "persistent segments order flush discard", a line each
combinations() {
	local persistent segments order flush discard number=0

	for persistent in 0 1; do for segments in 0 256; do
	for order in 0 1 2; do for flush in 0 1; do for discard in 0 1; do
		[ $((number++ % combination_step)) != 0 ] ||
			echo $persistent $segments $order $flush $discard
	done; done; done; done; done
}

# offer PERSISTENT SEGMENTS ORDER FLUSH DISCARD: as if the backend had
offer() {
	xenstore-write "$back/feature-persistent" "$1" \
		"$back/max-ring-page-order" "$3" \
		"$back/feature-flush-cache" "$4" "$back/feature-discard" "$5"
	if [ "$2" = 0 ]; then
		xenstore-rm "$back/feature-max-indirect-segments"
	else
		xenstore-write "$back/feature-max-indirect-segments" "$2"
	fi
}

# taken PERSISTENT SEGMENTS ORDER FLUSH DISCARD: what the frontend says of it
taken() {
	local words=("no" "yes") kind=("granted anew|copied|not persistent|plain"
				       "persistent")

	echo "ring of $((32 << $3)) slots,.*flush ${words[$4]}, discard" \
		"${words[$5]}"
}

# one HOW COMBINATION...
one() {
	local what="$1: persistent $2, segments $3, order $4, flush $5, discard $6"

	disk_add 51712 "$work/image" w
	wait_until 20 back_is 2
	offer "${@:2}"
	seed=$((seed + 1))
	rm -f "$logs/front.log"
	if ! daemon_start front "${in_guest[@]}" xl-lite-blkfront -v \
	     --socket "$work/nbd"; then
		not_ok "$what: connects"
	elif ! grep -Eq "$(taken "${@:2}")" "$logs/front.log"; then
		not_ok "$what: is taken"
		diag "want: $(taken "${@:2}")"
		diag "$(cat "$logs/front.log")"
	else
		check "$what" nbdio "$work/nbd" "$work/image" $seed 60
	fi
	daemon_stop "$daemon_pid"
	device_unplug
	wait_until 20 back_is 6
	device_forget
}

mapfile -t list < <(combinations)
plan $((2 * ${#list[@]} + 1))
leak_snapshot
guest_begin || bail "no guest"
dd if=/dev/urandom of="$work/image" bs=64K count=16 status=none
seed=0
for how in uring/in-place sync/copied; do
	XL_LITE_BLK_ENGINE=${how%/*} XL_LITE_BLK_READS=${how#*/} \
		daemon_start blkd xl-lite-blkd -v ||
		bail "xl-lite-blkd does not start"
	blkd=$daemon_pid
	for combination in "${list[@]}"; do
		one $how $combination
	done
	daemon_stop "$blkd"
done
guest_end "$guest"
leak_check
