# SPDX-License-Identifier: MIT
# For tests of our frontends against the kernel's backends: devices of the
# kinds that no guest kernel claims (uvbd, uvif), served by xen-blkback and
# xen-netback, which only follow the paths they are given. Sourced after lib.sh.

front_modules=xen-gntalloc:xen-evtchn

# front_attach DOMID KIND BACKEND_KIND DEVID "frontend NODE VALUE..." "backend NODE VALUE..."
# Folders first, with a guest device's permissions; nodes inherit them.
front_attach() {
	local domid=$1 kind=$2 backend_kind=$3 devid=$4 node
	local front=/local/domain/$domid/device/$kind/$devid
	local back=/local/domain/0/backend/$backend_kind/$domid/$devid
	local -a nodes

	xenstore-write "$front" "" "$back" ""
	xenstore-chmod "$front" "n$domid" r0
	xenstore-chmod "$back" n0 "r$domid"
	nodes=("$front/backend" "$back" "$front/backend-id" 0)
	set -- $5 / $6
	while [ "$1" != / ]; do
		nodes+=("$front/$1" "$2")
		shift 2
	done
	shift
	nodes+=("$front/state" 1)
	xenstore-write "${nodes[@]}"
	nodes=("$back/frontend" "$front" "$back/frontend-id" "$domid"
	       "$back/online" 1)
	while [ $# -gt 0 ]; do
		nodes+=("$back/$1" "$2")
		shift 2
	done
	xenstore-write "${nodes[@]}" "$back/state" 1
	# the kernel's driver makes the device only now
	xenstore-write "$back/hotplug-status" connected
	wait_until 30 front_backend_is "$back" 2
}

front_backend_is() {
	[ "$(xenstore-read "$1/state" 2>/dev/null)" = "$2" ]
}

# front_detach DOMID BACKEND_KIND DEVID: what the toolstack that made a device
# does after its guest is gone.
front_detach() {
	local back=/local/domain/0/backend/$2/$1/$3

	# without a frontend the kernel would never say Closed
	xenstore-rm "$back"
	xenstore-rm "/local/domain/0/backend/$2/$1"
}

# said REGEX WHAT: a line of $said; the whole of it is shown at the end.
said() {
	if printf '%s\n' "$said" | grep -Eq -- "$1"; then
		ok "$2"
	else
		not_ok "$2"
		diag "the guest did not say: $1"
	fi
}
