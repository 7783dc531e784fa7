#!/bin/bash
# SPDX-License-Identifier: MIT
# An HVM guest boots from its disk, as a PC does: SeaBIOS finds GRUB on it, GRUB a
# kernel, and the kernel Xen's disk in place of the emulated one. The same image
# is served by xl-lite-blkd all the while. A guest with UEFI is made, but cannot
# run here: doc/testing.md says why.
# timeout: 600
. "$(dirname "$0")/lib.sh"
plan 11

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid

guest_job "$work/job.cpio" <<'EOS'
wait-for test -e /dev/xvda
echo "disk: $(dd if=/dev/xvda bs=512 skip=1 count=1 2>/dev/null | md5sum | cut -c1-32)"
EOS

# The disk: a boot sector, GRUB's core behind it, and a partition with all else.
boot_disk() {
	local root=$work/root

	mkdir -p "$root"
	cp "$box_guest/vmlinuz" "$root/" &&
	cat "$box_guest/base.cpio" "$work/job.cpio" | gzip -1 >"$root/ramdisk" &&
	mke2fs -q -t ext4 -O ^has_journal -d "$root" "$work/partition" 40M ||
		return
	cat >"$work/grub.cfg" <<'EOS'
serial
terminal_output serial
echo GRUB
set root=(hd0,msdos1)
linux /vmlinuz console=hvc0 quiet
initrd /ramdisk
boot
EOS
	grub-mkimage -O i386-pc -o "$work/core" -p / -c "$work/grub.cfg" \
		biosdisk part_msdos ext2 linux boot serial terminal echo ||
		return
	{
		head -c 440 /usr/lib/grub/i386-pc/boot.img
		printf 'disk\0\0'
		# active, Linux, from sector 2048 on, 81920 of them
		printf '\x80\0\0\0\x83\0\0\0\0\x08\0\0\0\x40\x01\0'
		head -c 48 /dev/zero
		printf '\x55\xaa'
		cat "$work/core"
	} >"$work/disk"
	truncate -s 1M "$work/disk"
	cat "$work/partition" >>"$work/disk"
}
check "a disk that boots" boot_disk
sum=$(dd if="$work/disk" bs=512 skip=1 count=1 status=none | md5sum | cut -c1-32)

# On AHCI SeaBIOS reads by DMA: on IDE it takes two bytes at a time, each a trap.
guest_cfg disk "type='hvm'" "kernel=''" "ramdisk=''" "extra=''" "memory=256" \
	"vnc=0" "hdtype='ahci'" "serial='file:$logs/serial-of-guest'" \
	"disk=['$work/disk,raw,hda,w']" >"$work/disk.cfg"
check "the guest is created" xl-lite create "$work/disk.cfg"
guest_wait_console disk '^guest: job exit' 300
like "$(guest_console disk)" "^disk: $sum" "it boots from its disk, and reads it"
check "GRUB has started it" grep -q GRUB "$logs/serial-of-guest"
check "it shuts itself down" guest_wait_gone disk 120

check "a guest with UEFI is created" xl-lite create -p "$work/disk.cfg" \
	"bios='ovmf'"
id=$(xl-lite domid disk)
is "$(xenstore-read "/local/domain/$id/hvmloader/bios")" ovmf \
	"and hvmloader told of it"
is "$(store_findings)" "" "xenstore-lint has nothing to say of it"
check "it is destroyed" xl-lite destroy disk
daemon_stop "$blkd"
leak_check
