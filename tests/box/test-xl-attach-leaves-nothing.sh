#!/bin/bash
# SPDX-License-Identifier: MIT
# A device that its server refuses while its guest runs: why is said, in one
# line, and nothing of it is left, however the server and we run into each other
# in xenstore.
. "$(dirname "$0")/lib.sh"
plan 9

rounds=15

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
guest_cfg tiny "kernel='/box/tiny'" "ramdisk=''" "memory=16" >"$work/tiny.cfg"
check "a guest without devices" xl-lite create -q "$work/tiny.cfg"
id=$(xl-lite domid tiny)

# What a device leaves: its nodes, and why its backend failed.
left() {
	xenstore-ls -f / | grep -E "/(vbd|uvbd)/|/error/" | sed 's/ = .*//'
}

# Servers that remove the reason do so on their own time.
nothing_left() {
	[ -z "$(left)" ]
}

# failures NODES REGEX TARGET: what went wrong in $rounds attaches
failures() {
	local i lines

	for ((i = 0; i < rounds; i++)); do
		xl-lite block-attach tiny "$3,raw,xvdc,r" >"$work/out" 2>&1
		[ $? = 1 ] || echo "round $i: status"
		lines=$(wc -l <"$work/out")
		[ "$lines" = 1 ] && grep -Eq "$2" "$work/out" ||
			sed "s/^/round $i: said: /" "$work/out"
		xenstore-ls -f / | grep -E "$1" && break
	done
}

before=$(xl-lite list -l tiny)
is "$(failures "/$id/51744" 'disk xvdc: .*/none.img: it cannot be found' /none.img)" \
	"" "an image that is not there, $rounds times: one line, and no node"
is "$(xl-lite list -l tiny)" "$before" "nor is it in the stored configuration"
check "nor is the reason kept" wait_until 10 nothing_left

# Two at a time, whose reasons are in one folder.
(failures "$id/51744" none.img /none.img) >"$work/first" 2>&1 3>&- &
first=$!
for ((i = 0; i < rounds; i++)); do
	xl-lite block-attach tiny "/other.img,raw,xvdd,r" 2>&1 3>&- |
		grep -v 'disk xvdd: .*/other.img: it cannot be found'
done >"$work/second"
wait $first
is "$(cat "$work/first" "$work/second")" "" "nor of two at a time"
check "of these nothing is left" wait_until 10 nothing_left

xl-lite destroy tiny
check "xl-lite-blkd ends" daemon_stop "$blkd"
leak_check
