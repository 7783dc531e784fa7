#!/bin/bash
# SPDX-License-Identifier: MIT
# Whatever of a vif's features is offered, alone or together, the frontend takes
# just that, and streams and datagrams are right.
# timeout: 1500
. "$(dirname "$0")/../lib/both.sh"

# combinations: "sg gso4 gso6 no-csum csum6 split", a line each
combinations() {
	local number=0 all

	for all in {0,1}{0,1}{0,1}{0,1}{0,1}{0,1}; do
		[ $((number++ % combination_step)) != 0 ] ||
			echo "${all//?/& }"
	done
}

# offer SG GSO4 GSO6 NO-CSUM CSUM6 SPLIT: as if the backend had
offer() {
	xenstore-write "$back/feature-sg" "$1" \
		"$back/feature-gso-tcpv4" "$2" "$back/feature-gso-tcpv6" "$3" \
		"$back/feature-no-csum-offload" "$4" \
		"$back/feature-ipv6-csum-offload" "$5" \
		"$back/feature-split-event-channels" "$6"
}

# taken SG GSO4 GSO6 NO-CSUM CSUM6 SPLIT: what the frontend says of it. Segments
# need many slots, and checksums to be filled in.
taken() {
	echo "sg $1, gso IPv4 $(($1 & $2 & !$4)) IPv6 $(($1 & $3 & $5))," \
		"checksums IPv4 $((!$4)) IPv6 $5," \
		"$([ "$6" = 1 ] && echo two channels || echo one channel)"
}

verify() {
	wait_until 20 back_is 4
	net_guest eth0 && net_verify $seed 100000
}

# one COMBINATION...
one() {
	local what="sg $1, gso4 $2, gso6 $3, no-csum $4, csum6 $5, split $6"

	nic_add 0 00:16:3e:00:00:02 testbr0
	wait_until 20 back_is 2
	offer "$@"
	seed=$((seed + 1))
	rm -f "$logs/front.log"
	if ! daemon_start front "${in_guest[@]}" xl-lite-netfront -v \
	     --tap eth0; then
		not_ok "$what: connects"
	elif ! grep -q "$(taken "$@")" "$logs/front.log"; then
		not_ok "$what: is taken"
		diag "want: $(taken "$@")"
		diag "$(cat "$logs/front.log")"
	else
		check "$what" verify
	fi
	daemon_stop "$daemon_pid"
	device_unplug
	wait_until 20 back_is 6
	device_forget
}

mapfile -t list < <(combinations)
plan $((${#list[@]} + 1))
leak_snapshot
guest_begin || bail "no guest"
net_host testbr0 || bail "no bridge"
seed=0
daemon_start netd xl-lite-netd -v || bail "xl-lite-netd does not start"
netd=$daemon_pid
for combination in "${list[@]}"; do
	one $combination
done
daemon_stop "$netd"
ip link del testbr0
guest_end "$guest"
leak_check
