#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest that cannot be created: why is said, and nothing of it is left.
. "$(dirname "$0")/lib.sh"
plan 35

rm -f /etc/xl-lite.conf
truncate -s 1M "$work/disk.img"
echo "this is no kernel" >"$work/not-a-kernel"
leak_snapshot

state() {
	xenstore-ls -fp / | grep -v '^/local/domain/0/control\|^/\(vm\|libxl\) '
	xl list | awk '{ print $1, $2, $3, $4 }'
	ls /var/lib/xen /sys/class/net /run/xl-lite 2>/dev/null
}

# refused WHAT STATUS REGEX LINE...: create must exit with STATUS, say REGEX,
# and leave the host as it was.
refused() {
	local what=$1 want=$2 regex=$3 before out status

	shift 3
	guest_cfg web "memory=32" "$@" >"$work/web.cfg"
	before=$(state)
	out=$(xl-lite create "$work/web.cfg" 2>&1 3>&-)
	status=$?
	is "$status" "$want" "$what: exits with $want"
	like "$out" "$regex" "$what: says why"
	is "$(state)" "$before" "$what: leaves nothing"
}

# Before anything is made:
refused "a missing kernel" 3 '/none/vmlinuz' "kernel='/none/vmlinuz'"
refused "a missing disk image" 3 '/none/disk.img' \
	"disk=['/none/disk.img,raw,xvda,w']"
refused "a bridge that does not exist" 3 'vif 0: bridge br-none: does not exist' \
	"vif=['bridge=br-none']"
refused "a daemon that does not run" 3 'xl-lite-blkd: does not run: start it' \
	"disk=['$work/disk.img,raw,xvda,w']"
refused "more memory than there is" 5 'memory: [0-9]+ MiB are needed' \
	"memory=100000"
refused "a name that is in use" 3 'name: in use by domain 0' "name='Domain-0'"
refused "a file for the kernel's backend" 6 'serves block devices' \
	"disk=['backendtype=phy,vdev=xvda,target=$work/disk.img']"

# With a domain already made:
refused "a kernel that is none" 6 'kernel .*not-a-kernel: .*: is it a kernel' \
	"kernel='$work/not-a-kernel'"
refused "memory that the kernel does not fit into" 3 'Try more memory=' \
	"memory=32"
xenconsoled=$(pidof xenconsoled)
kill -STOP "$xenconsoled"
refused "a console daemon that hangs" 9 'console: xenconsoled gave it no tty' \
	"memory=128"

# The same guest, and somebody who does not want to wait for that.
before=$(state)
xl-lite create "$work/web.cfg" >"$work/out" 2>&1 3>&- &
creator=$!
wait_until 60 xl domid web
kill -TERM "$creator"
wait "$creator"
like "$(cat "$work/out")" 'guest web: interrupted' "an interrupted create says so"
is "$(state)" "$before" "and leaves nothing"
kill -CONT "$xenconsoled"

out=$(xl-lite create 2>&1)
is "$?" 6 "no configuration: exits as xl does"
xl-lite create "$work/web.cfg" "$work/web.cfg" >/dev/null 2>&1
is "$?" 2 "two configurations: exits as xl does"
leak_check
