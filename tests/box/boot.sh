# SPDX-License-Identifier: MIT
# What a host that has just booted must be able to do.  Sourced after lib.sh.

# boot_tests XENSTORED
boot_tests() {
	plan 9
	is "$(basename "$(readlink "/proc/$(cat /run/xenstored.pid)/exe")")" "$1" \
		"xenstore is served by $1"
	like "$(xl info)" 'xen_version *: 4\.17' "the hypervisor answers"
	leak_snapshot
	check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
	check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
	dd if=/dev/urandom of="$work/disk" bs=1M count=4 status=none
	guest_job "$work/job.cpio" <<-'END'
		wait-for test -e /sys/class/net/eth0
		ip addr add 192.0.2.2/24 dev eth0
		ip link set eth0 up
		wait-for test -b /dev/xvda
		echo "disk: $(md5sum </dev/xvda)"
		ping -c 3 -w 60 192.0.2.1 >/dev/null && echo "net: host answers"
	END
	guest_ramdisk "$work/ramdisk" "$work/job.cpio"
	guest_cfg boot "ramdisk='$work/ramdisk'" \
		"disk=['$work/disk,raw,xvda,w']" "vif=['bridge=xenbr0']" \
		>"$work/boot.cfg"
	check "a guest is created" xl-lite create -q "$work/boot.cfg"
	guest_wait_console boot '^guest: job exit' 300
	like "$(guest_console boot)" "^disk: $(md5sum <"$work/disk")" \
		"it reads its disk"
	like "$(guest_console boot)" "^net: host answers" "it reaches the host"
	check "it shuts down and is gone" guest_wait_gone boot 120
	daemon_stop "${daemon_pids[0]}"
	daemon_stop "${daemon_pids[1]}"
	leak_check
}
