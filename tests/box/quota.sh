# SPDX-License-Identifier: MIT
# A guest that has as many nodes in xenstore as it may, and more, since dom0 may
# write all the same: it is looked at, changed and ended like any other, and
# does not keep others from anything.  Sourced after lib.sh.

# The guest NAME's own nodes become COUNT more.
use_up() {
	local dir i

	dir=/local/domain/$(xl-lite domid "$1")/data
	for ((i = 0; i < $2; i += 100)); do
		xenstore-write $(eval "printf '$dir/n%s x ' {$i..$((i + 99))}")
	done
}

tiny_cfg() {
	guest_cfg "$1" "kernel='/box/tiny'" "ramdisk=''" "memory=6"
}

quota_tests() {
	check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
	truncate -s 1M "$work/disk.img"
	tiny_cfg full >"$work/full.cfg"
	tiny_cfg next >"$work/next.cfg"
	check "a guest is created" xl-lite create -q "$work/full.cfg"
	use_up full 1100	# of 1000, with both
	like "$(xl-lite list full)" '^full .* -b---- ' "it is listed"
	like "$(xl-lite list -l full)" '"name": "full"' "with all there is to it"
	check "it is paused" xl-lite pause full
	check "and unpaused" xl-lite unpause full
	check "it gets another name" xl-lite rename full fuller
	check "and the old one again" xl-lite rename fuller full
	check "it gets a disk" \
		xl-lite block-attach full "$work/disk.img,raw,xvdb,w"
	like "$(xl-lite block-list full)" '^51728 ' "which is listed"
	check "and loses it" xl-lite block-detach -f full xvdb
	check "another guest is created" xl-lite create -q "$work/next.cfg"
	check "and destroyed" xl-lite destroy next
	check "and so is the full one" xl-lite destroy full
	daemon_stop "$daemon_pid"
}
