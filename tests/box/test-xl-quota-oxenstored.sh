#!/bin/bash
# SPDX-License-Identifier: MIT
# The same with oxenstored, which has one quota for dom0, too: how long a value
# may be. A creation that it forbids says which node, and leaves nothing.
# xenstored: oxenstored
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/state.sh"
. "$(dirname "$0")/quota.sh"
plan 23

# It reads its configuration when it replaces itself.
quota_maxsize() {
	sed -i "s/^ *quota-maxsize *=.*/quota-maxsize = $1/" \
		/etc/xen/oxenstored.conf
	xenstore-control live-update -t 30 /usr/lib/xen-4.17/bin/oxenstored
}

rm -f /etc/xl-lite.conf
check "oxenstored replaces itself" quota_maxsize 2048
leak_snapshot
state_begin
state_keep
tiny_cfg g | sed "s/^extra=.*/extra='$(printf '%060d' 0)'/" >"$work/g.cfg"
# what it has already it must be able to read again
check "values may be short only" quota_maxsize 40

# refused WHAT COMMAND...: one line says why, and nothing is left
refused() {
	local what=$1

	shift
	"$@" >"$work/said" 2>&1 3>&-
	is "$?" 3 "$what: a guest is not created"
	like "$(grep -v ': removed again$' "$work/said")" \
		"^xl-lite: guest g: write its nodes: xenstore: write /vm/[^ ]+/image/cmdline: longer than xenstored's quota allows: .*raise the quota" \
		"and the line that says so has the node"
}

refused "many requests at a time" xl-lite create -q "$work/g.cfg"
refused "one by one" env XENSTORED_PATH=/run/xenstored/socket \
	xl-lite create -q "$work/g.cfg"
check "values may be longer again" quota_maxsize 2048
check "nothing is left" is_as_before
state_end
quota_tests
leak_check
