#!/bin/bash
# SPDX-License-Identifier: MIT
# Disks and interfaces come to, and go from, running guests with stock drivers,
# PV and PVH, by xl-lite and by stock xl, of our daemons and of the kernel's
# backends; what is used already is refused by name, what a guest keeps is told,
# and a failure leaves nothing.
. "$(dirname "$0")/lib.sh"
plan 75

rm -f /etc/xl-lite.conf
modprobe brd rd_nr=1 rd_size=8192
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd

for disk in a b; do
	dd if=/dev/urandom of="$work/$disk.img" bs=1M count=2 status=none
done
dd if=/dev/urandom of=/dev/ram0 bs=1M count=8 status=none
# what a disk has in it when a guest has written its name to its first bytes
sum_of() {
	md5sum <"$1" | cut -c1-32
}

# The guests tell of what comes and goes, and use it.
guest_job "$work/job.cpio" <<'EOS'
known=" "
echo ready
while :; do
	for path in /sys/block/xvd? /sys/class/net/eth*; do
		device=${path##*/}
		[ -e "$path" ] || continue
		case $known in *" $device "*) continue ;; esac
		# told of before it can be used
		case $device in
		xvd*) [ "$(cat "$path/size")" = 0 ] && continue
			[ -b "/dev/$device" ] || continue
			echo "$device: read $(md5sum <"/dev/$device" | cut -c1-32)"
			[ "$(cat "$path/ro")" = 1 ] ||
				printf "written by guest" |
				dd "of=/dev/$device" conv=fsync,notrunc 2>/dev/null
			echo "$device: there, ro $(cat "$path/ro")" ;;
		eth*) n=${device#eth}
			ip addr add "192.0.2.$((10 + n + OFFSET))/24" dev "$device"
			ip link set "$device" up
			ping -c 1 -w 60 -I "$device" 192.0.2.1 >/dev/null &&
				echo "$device: the host answers, mac $(cat "$path/address")" ;;
		esac
		known="$known$device "
	done
	for device in $known; do
		[ -e "/sys/block/$device" ] || [ -e "/sys/class/net/$device" ] ||
			{ echo "$device: gone"; known=${known% $device *}" "${known#* $device }; }
	done
	usleep 100000
done
EOS
for type in pv pvh; do
	offset=0
	[ $type = pvh ] && offset=50
	(cd "$work" && mkdir -p layer && cd layer && cpio --quiet -iu <"$work/job.cpio" &&
		sed -i "s/OFFSET/$offset/" job && echo job |
		cpio --quiet -o -H newc >"$work/job.$type.cpio")
	guest_ramdisk "$work/ramdisk.$type" "$work/job.$type.cpio"
	guest_cfg $type "type='$type'" "ramdisk='$work/ramdisk.$type'" \
		>"$work/$type.cfg"
	check "a $type guest without devices" xl-lite create -q "$work/$type.cfg"
done
pv=$(xl-lite domid pv)
pvh=$(xl-lite domid pvh)
json_before=$(xl-lite list -l pv)
check "the PV guest is up" guest_wait_console pv '^ready' 240
check "the PVH guest is up" guest_boots pvh "$pvh" '^ready' 240 \
	xl-lite create -q "$work/pvh.cfg"
pvh=$domid

# said NAME REGEX [COUNT]: the guest has said so, COUNT times
said() {
	[ "$(guest_console "$1" | grep -Ec -- "$2")" -ge "${3:-1}" ]
}

device_nodes() {
	xenstore-ls -f / | grep -E "/backend/u?(vbd|vif)|/$1/device/(vbd|vif|uvbd|uvif)|qdisk"
}
is "$(device_nodes "$pv")" "" "no guest has a device"

# --- disks ---------------------------------------------------------------------

for guest in pv pvh; do
	image=$work/a.img
	[ $guest = pvh ] && image=$work/b.img
	sum=$(sum_of "$image")
	check "$guest: a disk is attached" \
		xl-lite block-attach $guest "$image,raw,xvdb,w"
	check "the guest reads it" guest_wait_console $guest "^xvdb: read $sum" 60
	check "and has written it" guest_wait_console $guest "^xvdb: there, ro 0" 60
	is "$(head -c 16 "$image")" "written by guest" "the image has what it wrote"
done
check "xl block-list shows the same" \
	diff <(xl block-list pv) <(xl-lite block-list pv)
like "$(xl-lite block-list pv)" "^51728 .*/backend/uvbd/$pv/51728" "it is ours"
like "$(xl list -l pv)" "\"pdev_path\": \"$work/a.img\"" "xl list -l has it"
like "$(xl-lite list -l pv)" "\"pdev_path\": \"$work/a.img\"" "xl-lite list -l, too"
is "$(store_findings)" "" "xenstore-lint has nothing to say"

fails "the same vdev again is refused" 'disk xvdb: is there already' \
	xl-lite block-attach pv "$work/b.img,raw,xvdb,r"
fails "an image of another guest is refused by name" \
	'b.img: is disk xvdb of guest pvh' \
	xl-lite block-attach pv "$work/b.img,raw,xvdc,r"
fails "an image that is not there" 'none.img' \
	xl-lite block-attach pv "$work/none.img,raw,xvdc,r"
fails "a guest that is not there" 'invalid domain identifier' \
	xl-lite block-attach nobody "$work/b.img,raw,xvdc,r"
fails "a number that is none" 'no such domain' \
	xl-lite block-attach 7000 "$work/b.img,raw,xvdc,r"
fails "a disk that is not there" 'xvdq is not connected' \
	xl-lite block-detach pv xvdq
is "$(device_nodes "$pv" | grep -c 5174[0-9])" 0 "none of them left a node"
is "$(xl-lite list -l pv | grep -c vdev)" 1 "nor a line in the configuration"

check "pv: it is detached" xl-lite block-detach pv xvdb
check "the guest sees it go" guest_wait_console pv '^xvdb: gone' 60
is "$(device_nodes "$pv" | grep "/$pv/")" "" "its nodes are gone"
is "$(xl-lite list -l pv)" "$json_before" "the configuration is as before"

sum=$(sum_of "$work/a.img")
check "pv: read-only, by its number" \
	xl-lite block-attach pv vdev=51728 access=r "target=$work/a.img"
check "the guest has it read-only" wait_until 60 said pv '^xvdb: there, ro 1'
check "xl detaches what is ours" xl block-detach pv xvdb
check "the guest sees it go" wait_until 60 said pv '^xvdb: gone' 2
gone_from_store() {
	[ -z "$(device_nodes "$pv" | grep "/$pv/")" ]
}
check "nothing of it is left" wait_until 30 gone_from_store
is "$(xl-lite list -l pv)" "$json_before" "list -l does not tell of it any more"

# The kernel's backend, on the same sectors.
sum=$(sum_of /dev/ram0)
check "pv: a disk of the kernel's backend" \
	xl-lite block-attach pv backendtype=phy vdev=xvdc target=/dev/ram0
check "the guest reads it" guest_wait_console pv "^xvdc: read $sum" 60
check "and has written it" guest_wait_console pv "^xvdc: there, ro 0" 60
guest_cfg third "kernel='/box/tiny'" "ramdisk=''" "memory=16" \
	"disk=['backendtype=phy,vdev=xvda,target=/dev/ram0']" >"$work/third.cfg"
fails "no other guest gets it" 'disk xvda: /dev/ram0: is disk xvdc of guest pv' \
	xl-lite create -q "$work/third.cfg"
xl-lite pause pv
fails "a paused guest cannot let go of it" \
	'the guest is paused and cannot answer' xl-lite block-detach pv xvdc
check "by force it goes" xl-lite block-detach -f pv xvdc
is "$(device_nodes "$pv" | grep "/$pv/")" "" "its nodes are gone"
check "the guest goes on" xl-lite unpause pv
check "and sees it go" guest_wait_console pv '^xvdc: gone' 60
is "$(head -c 16 /dev/ram0)" "written by guest" "the device has what it wrote"
is "$(xl-lite list -l pv)" "$json_before" "the configuration is as before"

# Its daemon cannot be asked.
daemon_stop "$blkd" KILL
fails "the guest keeps its disk" 'xl-lite-blkd does not run' \
	xl-lite block-detach pvh xvdb
fails "and gets no other" 'xl-lite-blkd: does not run' \
	xl-lite block-attach pvh "$work/a.img,raw,xvdd,w"
check "blkd runs again" daemon_start blkd2 xl-lite-blkd
check "and the disk is detached" xl-lite block-detach pvh xvdb
check "the guest sees it go" guest_wait_console pvh '^xvdb: gone' 60

# --- interfaces ----------------------------------------------------------------

check "pv: an interface" xl-lite network-attach pv mac=00:16:3e:aa:00:01
check "the guest reaches the host" guest_wait_console pv \
	'^eth0: the host answers, mac 00:16:3e:aa:00:01' 90
check "pvh: one with a MAC of its own" xl-lite network-attach pvh bridge=xenbr0
check "the guest reaches the host" guest_wait_console pvh \
	'^eth0: the host answers, mac 00:16:3e' 90
check "xl network-list shows the same" \
	diff <(xl network-list pv) <(xl-lite network-list pv)
fails "a MAC of another guest is refused by name" \
	'is the address of vif 0 of guest pv ' \
	xl-lite network-attach pvh mac=00:16:3e:AA:00:01
fails "a devid again" 'vif 0: is there already' \
	xl-lite network-attach pv devid=0
fails "a bridge that does not exist" 'bridge br-none: does not exist' \
	xl-lite network-attach pv bridge=br-none
check "the next one, of the kernel's backend, is number 1" \
	xl-lite network-attach pv backendtype=kernel mac=00:16:3e:aa:00:02
like "$(xl network-list pv)" "^1 .*/backend/vif/$pv/1" "xl sees it"
check "the guest reaches the host by it" guest_wait_console pv \
	'^eth1: the host answers, mac 00:16:3e:aa:00:02' 90
like "$(xl list -l pv)" '"mac": "00:16:3e:aa:00:02"' "xl list -l has it"
is "$(store_findings)" "" "xenstore-lint has nothing to say"
check "by its MAC it is detached" xl-lite network-detach pv 00:16:3E:AA:00:02
check "the guest sees it go" guest_wait_console pv '^eth1: gone' 60
check "by its number, by force" xl-lite network-detach -f pvh 0
check "xl detaches one of ours" xl network-detach pv 0
check "the guest sees it go" guest_wait_console pv '^eth0: gone' 60
check "nothing of them is left" wait_until 30 gone_from_store
is "$(xl-lite list -l pv)" "$json_before" "the configuration is as before"

xl-lite destroy pv
xl-lite destroy pvh
for daemon in "${daemon_pids[@]}"; do
	daemon_stop "$daemon"
done
leak_check
