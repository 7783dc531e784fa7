#!/bin/bash
# SPDX-License-Identifier: MIT
# xenstore-lint has nothing to say about the live store of a host on which stock
# xl runs a guest with the kernel's backends, neither before, while nor after;
# and each defect that is planted in that store is found.
. "$(dirname "$0")/lib.sh"
plan 12

lint=/usr/sbin/xenstore-lint
modprobe brd rd_nr=1 rd_size=16384

clean() {
	local out

	out=$($lint --live 2>&1)
	is "$?:$out" "0:" "$1"
}

# plant WHAT WANT COMMAND...: a defect is said, and nothing but it; UNDO it then
plant() {
	local what=$1 want=$2 out

	shift 2
	"$@"
	out=$($lint --live 2>&1)
	is "$?:$out" "1:$want" "$what"
	eval "$undo"
}

clean "before there is a guest"

guest_job "$work/job.cpio" <<'JOB'
read -r line
JOB
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
guest_cfg live "ramdisk='$work/ramdisk'" "disk=['phy:/dev/ram0,xvda,w']" \
	"vif=['bridge=xenbr0']" >"$work/live.cfg"
check "stock xl creates a guest" xl create "$work/live.cfg"
id=$(xl domid live)
g=/local/domain/$id
vbd=/local/domain/0/backend/vbd/$id/51712
connected() {
	[ "$(xenstore-read "$vbd/state")" = 4 ] &&
		[ "$(xenstore-read "/local/domain/0/backend/vif/$id/0/state")" = 4 ]
}
wait_until 240 connected
clean "while its disk and interface are connected"

undo="xenstore-chmod $g/name n0 r$id"
plant "a name the guest may write" \
	"$g/name: permissions: want n0,r$id, got n0,b$id" \
	xenstore-chmod "$g/name" n0 "b$id"

undo="xenstore-write $vbd/sector-size 512"
plant "a sector size that is none" \
	"$vbd/sector-size: type: want a number from 512 to 65536, got \"big\"" \
	xenstore-write "$vbd/sector-size" big

undo="xenstore-rm $g/junk"
plant "a node nobody knows" \
	"$g/junk: unknown: want no such node, got \"1\"" \
	xenstore-write "$g/junk" 1

target=$(xenstore-read "$g/memory/target")
undo="xenstore-write $g/memory/target $target"
plant "a domain without a memory target" \
	"$g/memory/target: missing: want a number from 0, got none" \
	xenstore-rm "$g/memory/target"

undo="xenstore-write $vbd/frontend $g/device/vbd/51712"
plant "a backend that points nowhere" \
	"$vbd/frontend: dangling: want the folder of the other end, got \"$g/device/vbd/51728\", which is not there
$g/device/vbd/51712/backend: dangling: want an end that points back here, got one that points to \"$g/device/vbd/51728\"" \
	xenstore-write "$vbd/frontend" "$g/device/vbd/51728"

undo="xenstore-rm /local/domain/0/backend/vif/999"
plant "a folder of a guest that does not exist" \
	"/local/domain/0/backend/vif/999: leaked: want nothing of a domain that does not exist, got 2 nodes" \
	xenstore-write /local/domain/0/backend/vif/999/0 ""

xenstore-ls -fp >"$logs/connected.nodes"
out=$($lint <"$logs/connected.nodes" 2>&1)
is "$?:$out" "0:" "what xenstore-ls prints of it is clean as well"

check "stock xl destroys it" xl destroy live
clean "after it is gone"
