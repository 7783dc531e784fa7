#!/bin/bash
# SPDX-License-Identifier: MIT
# What a toolstack or a guest may write wrongly into a vif's nodes: each gets a
# reason in xenstore that names the node, nothing is left behind, and another
# vif is served all the same. The guests are never started: all that a frontend
# writes is written here.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net-lib.sh"

# Which values are refused is a table of tests/unit/test-net-nodes.c; here it is
# seen what becomes of the device, for some of each kind.

# NODE=VALUE of the backend | what hotplug-error says
backend_cases=(
	'bridge=nobridge0|bridge nobridge0 does not exist.*ip link add nobridge0 type bridge'
	'bridge=lo|lo is a device, not a bridge'
	'vifname=lo|lo: this host has a network device of that name'
	'mac=01:16:3e:00:00:01|/mac is "01:16:3e:00:00:01", not an address'
	'receive-rate=-1,50000|/receive-rate is "-1,50000", not BYTES,MICRO'
)

# NODE=VALUE of a frontend that is right but for these | what `error` says
frontend_cases=(
	'request-rx-copy=0|request-rx-copy is not 1'
	'tx-ring-ref=-|tx-ring-ref is missing'
	'multi-queue-num-queues=4294967297|multi-queue-num-queues is not a num'
	'|queue 0: cannot map its rings'
	'tx-ring-ref=4294967295|queue 0: cannot map its rings'
)

plan $((2 * ${#backend_cases[@]} + 2 * ${#frontend_cases[@]} + 8))

daemon_start netd xl-lite-netd -v || bail "xl-lite-netd does not start"
netd=$daemon_pid
leak_snapshot
net_create bad
is "$(net_state "$domid" 0)" "" "there is no vif at first"

links() {
	ip -o link | grep -c "vif$domid\."
}

no_links() {
	[ "$(links)" = 0 ]
}

# write_frontend DEVID NODE=VALUE,...: '-' for a value leaves the node out.
write_frontend() {
	local f pair pairs
	declare -A nodes=([request-rx-copy]=1 [feature-rx-notify]=1
		[feature-sg]=1 [tx-ring-ref]=8 [rx-ring-ref]=9 [event-channel]=5)

	f=$(net_frontend "$domid" "$1")
	IFS=, read -ra pairs <<<"$2"
	for pair in "${pairs[@]}"; do
		nodes[${pair%%=*}]=${pair#*=}
	done
	for pair in "${!nodes[@]}"; do
		[ "${nodes[$pair]}" = - ] ||
			xenstore-write -- "$f/$pair" "${nodes[$pair]}"
	done
	xenstore-write "$f/state" 4
}

error_node() {
	xenstore-read "/local/domain/0/error/backend/uvif/$domid/$1/error"
}

devid=1
for case in "${backend_cases[@]}"; do
	nodes=${case%%|*}
	b=$(net_backend "$domid" $devid)
	net_add "$domid" $devid 00:16:3e:00:00:02 "$nodes"
	wait_until 60 xenstore-read "$b/hotplug-error"
	like "$(xenstore-read "$b/hotplug-error" 2>&1)" "${case#*|}" \
		"a backend with ${nodes:-nothing}: the reason says so"
	net_remove "$domid" $devid
	check "... and leaves no device" wait_until 30 no_links
	devid=$((devid + 1))
done

for case in "${frontend_cases[@]}"; do
	nodes=${case%%|*}
	net_add "$domid" $devid 00:16:3e:00:00:02
	wait_until 60 net_state_is "$domid" $devid 2
	write_frontend $devid "$nodes"
	wait_until 60 error_node $devid
	like "$(error_node $devid 2>&1)" "${case#*|}" \
		"a frontend with ${nodes:-grants that do not exist}: the same"
	xenstore-write "$(net_frontend "$domid" $devid)/state" 6
	net_remove "$domid" $devid
	check "... and leaves no device" wait_until 30 no_links
	devid=$((devid + 1))
done

# After all this a vif with good nodes still comes up.
net_add "$domid" $devid 00:16:3e:00:00:02 vifname=guest-lan mtu=1400
check "a good vif is served after all this" \
	wait_until 60 net_state_is "$domid" $devid 2
is "$(cat /sys/class/net/guest-lan/mtu)" 1400 "it has the mtu it was given"
is "$(xenstore-read "$(net_frontend "$domid" $devid)/mtu")" 1400 \
	"its guest can read that"
is "$(cat /sys/class/net/guest-lan/carrier)" 0 "it has no carrier yet"
is "$(cat /sys/class/net/guest-lan/tx_queue_len)" 500 "its queue is bounded"
net_remove "$domid" $devid
xl destroy bad
net_forget "$domid"
check "the daemon lives" kill -0 "$netd"
leak_check
