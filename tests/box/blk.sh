# SPDX-License-Identifier: MIT
# For the box tests of xl-lite-blkd: a disk of ours for a guest that stock xl
# made, node by node, so that these tests need nothing but the daemon.
# Source it behind lib.sh.

# disk_paths DOMID DEVID: sets $backend and $frontend.
disk_paths() {
	backend=/local/domain/0/backend/uvbd/$1/$2
	frontend=/local/domain/$1/device/vbd/$2
}

# disk_add DOMID DEVID IMAGE MODE [NODE=VALUE...]: what a toolstack writes; more
# nodes go into the backend's folder and win. Folders first, with their owners:
# a guest that runs looks at once, and all below inherits them.
disk_add() {
	local domid=$1 devid=$2 image=$3 mode=$4 node more=()

	shift 4
	disk_paths "$domid" "$devid"
	for node; do
		more+=("$backend/${node%%=*}" "${node#*=}")
	done
	xenstore-write "$backend" "" "$frontend" ""
	xenstore-chmod "$backend" n0 "r$domid"
	xenstore-chmod "$frontend" "n$domid" r0
	xenstore-write "$backend/frontend" "$frontend" \
		"$backend/frontend-id" "$domid" "$backend/online" 1 \
		"$backend/removable" 0 "$backend/bootable" 1 \
		"$backend/dev" xvda "$backend/type" phy \
		"$backend/mode" "$mode" "$backend/device-type" disk \
		"$backend/discard-enable" 1 "$backend/params" "$image" \
		"${more[@]}" "$backend/state" 1
	xenstore-write "$frontend/backend" "$backend" \
		"$frontend/backend-id" 0 "$frontend/virtual-device" "$devid" \
		"$frontend/device-type" disk "$frontend/state" 1
}

# disk_unplug DOMID DEVID: as a toolstack asks for it
disk_unplug() {
	disk_paths "$1" "$2"
	xenstore-write "$backend/online" 0 "$backend/state" 5
}

# disk_remove DOMID DEVID: the toolstack's last step
disk_remove() {
	disk_paths "$1" "$2"
	xenstore-rm "$frontend" 2>/dev/null
	xenstore-rm "$backend" 2>/dev/null
	nodes_remove_empty "/local/domain/0/backend/uvbd/$1" \
		/local/domain/0/backend/uvbd
}

# disk_state DOMID DEVID: the backend's
disk_state() {
	xenstore-read "/local/domain/0/backend/uvbd/$1/$2/state" 2>/dev/null
}

# disk_reaches DOMID DEVID STATE
disk_reaches() {
	[ "$(disk_state "$1" "$2")" = "$3" ]
}

# image_free FILE: no process has it open
image_free() {
	! ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q -- "$1\$"
}

# said NAME WORD: the rest of the line that guest NAME printed after WORD
said() {
	guest_console "$1" | sed -n "s/^$2 //p" | head -n 1
}
