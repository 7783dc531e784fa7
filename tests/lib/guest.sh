# SPDX-License-Identifier: MIT
# Devices for tests that are the same on a simulated and on a real host: there
# is a guest, which in the box is domain 0 itself, and devices of it that no
# kernel claims are made node by node, as a toolstack does.
#
#	guest_begin	a guest: its number in $guest, "${in_guest[@]}" before a
#			command runs that there
#	guest_end DOMID

# device_paths KIND DEVID: sets $front and $back, of a device of $guest.
device_paths() {
	front=/local/domain/$guest/device/$1/$2
	back=/local/domain/0/backend/$1/$guest/$2
}

# device_add KIND DEVID [NODE=VALUE...]: nodes go to the backend's folder, those
# whose name begins with a + to the frontend's.
device_add() {
	local pair theirs=() ours=()

	device_paths "$1" "$2"
	shift 2
	for pair; do
		case $pair in
		+*) pair=${pair#+}
		    theirs+=("$front/${pair%%=*}" "${pair#*=}") ;;
		*)  ours+=("$back/${pair%%=*}" "${pair#*=}") ;;
		esac
	done
	xenstore-write "$front" "" "$back" "" &&
	xenstore-chmod "$front" "n$guest" r0 &&
	xenstore-chmod "$back" n0 "r$guest" &&
	xenstore-write "$front/backend" "$back" "$front/backend-id" 0 \
		"${theirs[@]}" "$front/state" 1 &&
	xenstore-write "$back/frontend" "$front" "$back/frontend-id" "$guest" \
		"$back/online" 1 "${ours[@]}" "$back/state" 1
}

# disk_add DEVID IMAGE MODE [NODE=VALUE...]
disk_add() {
	device_add uvbd "$1" "+virtual-device=$1" +device-type=disk \
		"params=$2" "mode=$3" device-type=disk "${@:4}"
}

# nic_add DEVID MAC BRIDGE [NODE=VALUE...]
nic_add() {
	device_add uvif "$1" "+handle=$1" "+mac=$2" +mtu=1500 \
		"handle=$1" "mac=$2" "bridge=$3" \
		script=/etc/xen/scripts/vif-bridge "${@:4}"
}

# net_host BRIDGE: a bridge with this side's addresses
net_host() {
	ip link add "$1" type bridge && ip link set "$1" up &&
	ip addr add 198.51.100.1/24 dev "$1" &&
	ip addr add 2001:db8:1::1/64 dev "$1" nodad
}

# net_guest IFACE: the guest's addresses
net_guest() {
	"${in_guest[@]}" ip link set "$1" up &&
	"${in_guest[@]}" ip addr replace 198.51.100.2/24 dev "$1" &&
	"${in_guest[@]}" ip addr replace 2001:db8:1::2/64 dev "$1" nodad
}

# net_verify SEED BYTES: between guest and host, over IPv4 and IPv6
net_verify() {
	local address server status=0

	for address in 198.51.100.1 2001:db8:1::1; do
		: >"$work/netio.out"
		netio serve "$address" 5000 >"$work/netio.out" 3>&- &
		server=$!
		wait_until 20 grep -q ready "$work/netio.out" || status=1
		"${in_guest[@]}" netio connect "$address" 5000 "$1" "$2" 4000 ||
			status=1
		[ $status = 0 ] || kill $server
		wait $server || status=1
	done
	return $status
}

# back_is STATE, front_is STATE: of the device that device_paths named
back_is() {
	[ "$(xenstore-read "$back/state" 2>/dev/null)" = "$1" ]
}

front_is() {
	[ "$(xenstore-read "$front/state" 2>/dev/null)" = "$1" ]
}

# device_unplug: as a toolstack asks for it; then the backend goes to Closed
device_unplug() {
	xenstore-write "$back/online" 0 "$back/state" 5
}

# device_forget: the toolstack's last step, with folders that are empty then
device_forget() {
	local dir

	xenstore-rm "$front" 2>/dev/null
	xenstore-rm "$back" 2>/dev/null
	for dir in "${back%/*}" "${back%/*/*}" "${front%/*}" "${front%/*/*}"; do
		[ -n "$(xenstore-list "$dir" 2>/dev/null)" ] ||
			xenstore-rm "$dir" 2>/dev/null
	done
}
