# SPDX-License-Identifier: MIT
# For tests of xl-lite-netd with stock Linux frontends: a guest by stock xl
# without a vif of its own, which then gets ours by hand, node by node as a
# toolstack writes them.

# net_create NAME [CONFIG LINE...]: a paused guest; sets $domid.
net_create() {
	local name=$1

	guest_cfg "$@" >"$work/$name.cfg"
	xl create -p "$work/$name.cfg" >"$logs/$name.create" 2>&1 ||
		bail "xl create $name: $(cat "$logs/$name.create")"
	domid=$(guest_domid "$name")
}

net_frontend() {	# DOMID DEVID
	echo "/local/domain/$1/device/vif/$2"
}

net_backend() {		# DOMID DEVID
	echo "/local/domain/0/backend/uvif/$1/$2"
}

# net_add DOMID DEVID MAC [BACKEND NODE=VALUE...]: a vif on xenbr0.
net_add() {
	local id=$1 dev=$2 mac=$3 f b extra=() pair

	shift 3
	f=$(net_frontend "$id" "$dev")
	b=$(net_backend "$id" "$dev")
	for pair; do
		extra+=("$b/${pair%%=*}" "${pair#*=}")
	done
	xenstore-write "$b" "" "$f" ""
	xenstore-chmod "$b" n0 "r$id"
	xenstore-chmod "$f" "n$id" r0
	xenstore-write -- "$b/frontend" "$f" "$b/frontend-id" "$id" \
		"$b/online" 1 "$b/handle" "$dev" "$b/mac" "$mac" \
		"$b/bridge" xenbr0 "$b/script" /etc/xen/scripts/vif-bridge \
		"${extra[@]}" "$b/state" 1
	xenstore-write "$f/backend" "$b" "$f/backend-id" 0 "$f/handle" "$dev" \
		"$f/mac" "$mac" "$f/mtu" 1500 "$f/state" 1
	xenstore-chmod "$f/mtu" n0 "r$id"
}

net_state() {		# DOMID DEVID
	xenstore-read "$(net_backend "$1" "$2")/state" 2>/dev/null
}

net_state_is() {	# DOMID DEVID STATE
	[ "$(net_state "$1" "$2")" = "$3" ]
}

net_link_is_gone() {	# NAME
	! ip link show "$1"
}

# net_remove DOMID DEVID: as a toolstack unplugs it.
net_remove() {
	local b

	b=$(net_backend "$1" "$2")
	xenstore-write "$b/online" 0 "$b/state" 5
	wait_until 60 net_state_is "$1" "$2" 6
	xenstore-rm "$b" 2>/dev/null
	xenstore-rm "$(net_frontend "$1" "$2")" 2>/dev/null
	nodes_remove_empty "/local/domain/0/backend/uvif/$1"
}

# The device went with its guest: only our folder is the toolstack's to remove.
net_forget() {		# DOMID
	xenstore-rm "/local/domain/0/backend/uvif/$1" 2>/dev/null
	nodes_remove_empty /local/domain/0/backend/uvif
}
