#!/bin/bash
# SPDX-License-Identifier: MIT
# The whole of it, as tests/demo shows it: a guest made from a config file, its
# root file system, a data disk and its network served by our daemons; then a
# guest without kernel drivers for them, with our own frontends.
# processors: 2
. "$(dirname "$0")/lib.sh"
plan 16
leak_snapshot

# show TEXT: part of the show, not a result
show() {
	printf '%s\n' "$*" | sed 's/^/#   /'
}

# put_job IMAGE: stdin becomes /job on a root disk
put_job() {
	{ echo '#!/bin/sh'; cat; } >"$work/rootjob"
	debugfs -w -R "write $work/rootjob job" "$1" >/dev/null 2>&1
	debugfs -w -R "sif job mode 0100755" "$1" >/dev/null 2>&1
}

sum_of() {	# FILE SKIP_MIB COUNT_MIB
	dd if="$1" bs=1M skip="$2" count="$3" status=none | md5sum | cut -c1-32
}

# What both guests do, given the names of data disk and interface.
guest_work() {
	cat <<-EOF
	echo "read \$(dd if=$1 bs=1M count=8 2>/dev/null | md5sum | cut -c1-32)"
	dd if=/dev/urandom of=/tmp/new bs=1M count=4 2>/dev/null
	dd if=/tmp/new of=$1 bs=1M seek=8 conv=fsync 2>/dev/null
	echo "wrote \$(md5sum </tmp/new | cut -c1-32)"
	wait-for test -e /sys/class/net/$2
	ip addr add $3/24 dev $2
	ip link set $2 up
	tries=0
	until wget -q -O /tmp/file http://192.0.2.1/file 2>/dev/null; do
		tries=\$((tries + 1))
		[ \$tries -lt 60 ] || break
		sleep 1
	done
	echo "fetched \$(md5sum </tmp/file | cut -c1-32)"
	EOF
}

# verify NAME DISK: what the guest said against what is true here
verify() {
	is "$(guest_console "$1" | sed -n 's/^read //p')" \
		"$(sum_of "$2" 0 8)" "guest $1 read its disk right"
	is "$(guest_console "$1" | sed -n 's/^fetched //p')" \
		"$(md5sum <"$work/www/file" | cut -c1-32)" \
		"guest $1 fetched the file over HTTP"
}

verify_written() {
	is "$(guest_console "$1" | sed -n 's/^wrote //p')" \
		"$(sum_of "$2" 8 4)" "what guest $1 wrote is in the image"
}

mkdir -p "$work/www"
dd if=/dev/urandom of="$work/www/file" bs=1M count=2 status=none
dd if=/dev/urandom of="$work/data.img" bs=1M count=16 status=none
busybox httpd -f -p 192.0.2.1:80 -h "$work/www" 2>"$logs/httpd.log" &
httpd=$!
daemon_pids+=("$httpd")

check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid

# --- a stock Debian kernel, stock drivers ------------------------------------

guest_rootdisk "$work/root.img"
guest_work /dev/xvdb eth0 192.0.2.2 | put_job "$work/root.img"
guest_cfg demo "root='/dev/xvda rw'" \
	"disk=['$work/root.img,raw,xvda,w', '$work/data.img,raw,xvdb,w']" \
	"vif=['bridge=xenbr0']" >"$work/demo.cfg"
show "guest.cfg:"
show "$(cat "$work/demo.cfg")"
check "xl-lite create guest.cfg" xl-lite create -q "$work/demo.cfg"
show "$(xl-lite list)"
guest_wait_console demo '^guest: up on /dev/xvda' 240 &&
	ok "the guest's root is the disk image" ||
	not_ok "the guest's root is the disk image"
guest_wait_console demo '^guest: job exit' 240
show "the guest's console:"
show "$(guest_console demo | tail -n 5)"
verify demo "$work/data.img"
guest_wait_gone demo 120 && ok "the guest shut down" ||
	not_ok "the guest shut down"
verify_written demo "$work/data.img"

# --- the same with our own frontends -----------------------------------------

guest_programs "$work/programs.cpio" xl-lite-blkfront xl-lite-netfront
{
	cat <<-'EOF'
	echo 4096 >/sys/module/xen_gntalloc/parameters/limit
	xl-lite-blkfront --nbd /dev/nbd0 & blkfront=$!
	xl-lite-netfront --tap eth0 & netfront=$!
	wait-for grep -qv '^0$' /sys/block/nbd0/size
	EOF
	guest_work /dev/nbd0 eth0 192.0.2.3
	echo 'sync; kill $blkfront $netfront; wait $blkfront; echo "blkfront exit $?"'
	echo 'wait $netfront; echo "netfront exit $?"'
} | guest_job "$work/own.cpio"
guest_ramdisk "$work/own-ramdisk" "$work/programs.cpio" "$work/own.cpio"
guest_cfg own "ramdisk='$work/own-ramdisk'" "memory=192" \
	"extra='console=hvc0 quiet modules=xen-evtchn:xen-gntalloc:nbd:tun'" \
	"disk=['$work/data.img,raw,xvda,w,frontend=user']" \
	"vif=['bridge=xenbr0,frontend=user']" >"$work/own.cfg"
check "xl-lite create own.cfg: devices for our frontends" \
	xl-lite create -q "$work/own.cfg"
guest_wait_console own '^guest: job exit' 240
show "the guest's console:"
show "$(guest_console own | tail -n 7)"
verify own "$work/data.img"
guest_wait_gone own 120 && ok "the guest shut down" ||
	not_ok "the guest shut down"
verify_written own "$work/data.img"

check "xenstore-lint finds nothing" xenstore-lint --live
daemon_stop "$blkd"
daemon_stop "$netd"
daemon_stop "$httpd"
is "$(xl-lite list | wc -l)" 2 "only Domain-0 is left"
leak_check
