#!/bin/bash
# SPDX-License-Identifier: MIT
# An HVM guest boots from its disk, as a PC does: SeaBIOS or OVMF finds GRUB on it,
# GRUB a kernel, and the kernel Xen's disk in place of the emulated one. The same
# image is served by xl-lite-blkd all the while.
. "$(dirname "$0")/lib.sh"
plan 16

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid

guest_job "$work/job.cpio" <<'EOS'
wait-for test -e /dev/xvda
echo "disk: $(dd if=/dev/xvda bs=512 skip=1 count=1 2>/dev/null | md5sum | cut -c1-32)"
echo "firmware: $(test -d /sys/firmware/efi && echo UEFI || echo BIOS)"
EOS

# The disk: a boot sector and GRUB's core behind it for a BIOS, and an EFI system
# partition with GRUB for UEFI and what either GRUB starts.
boot_disk() {
	local to=$work/partition

	cat "$box_guest/base.cpio" "$work/job.cpio" | gzip -1 >"$work/ramdisk" &&
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
		biosdisk part_msdos fat linux boot serial terminal echo &&
	grub-mkimage -O x86_64-efi -o "$work/bootx64.efi" -p / \
		-c "$work/grub.cfg" \
		part_msdos fat linux boot serial terminal echo &&
	truncate -s 40M "$to" &&
	mformat -i "$to" -h 64 -s 32 -T 81920 :: &&
	mmd -i "$to" ::/efi ::/efi/boot &&
	mcopy -i "$to" "$work/bootx64.efi" ::/efi/boot/ &&
	mcopy -i "$to" "$box_guest/vmlinuz" "$work/ramdisk" ::/ ||
		return
	{
		head -c 440 /usr/lib/grub/i386-pc/boot.img
		printf 'disk\0\0'
		# active, EFI system, from sector 2048 on, 81920 of them
		printf '\x80\0\0\0\xef\0\0\0\0\x08\0\0\0\x40\x01\0'
		head -c 48 /dev/zero
		printf '\x55\xaa'
		cat "$work/core"
	} >"$work/disk"
	truncate -s 1M "$work/disk"
	cat "$work/partition" >>"$work/disk"
}
check "a disk that boots" boot_disk
sum=$(dd if="$work/disk" bs=512 skip=1 count=1 status=none | md5sum | cut -c1-32)

# Another loader than the one Xen brings: the same, elsewhere.
cp /usr/lib/xen-4.17/boot/hvmloader "$work/loader"
# On AHCI SeaBIOS reads by DMA: on IDE it takes two bytes at a time, each a trap.
guest_cfg disk "type='hvm'" "kernel=''" "ramdisk=''" "extra=''" "memory=256" \
	"vnc=0" "hdtype='ahci'" "serial='file:$logs/serial-of-guest'" \
	"disk=['$work/disk,raw,hda,w']" >"$work/disk.cfg"
check "the guest is created" xl-lite create "$work/disk.cfg" \
	"firmware_override='$work/loader'"
guest_wait_console disk '^guest: job exit' 300
like "$(guest_console disk)" "^firmware: BIOS" "it boots from its disk by BIOS"
like "$(guest_console disk)" "^disk: $sum" "and reads it"
check "GRUB has started it" grep -q GRUB "$logs/serial-of-guest"
check "it shuts itself down" guest_wait_gone disk 120

# Missed ticks must not come late: OVMF would be interrupted in its interrupt
# handler, which sets CR8, and QEMU 7.2 aborts when a guest does that while
# another virtual interrupt is pending.
: >"$logs/serial-of-guest"
rm -f /var/log/xen/console/guest-disk.log
check "a guest with UEFI is created" xl-lite create "$work/disk.cfg" \
	"bios='ovmf'" "memory=512" "timer_mode='no_missed_ticks_pending'"
is "$(xenstore-read "/local/domain/$(xl-lite domid disk)/hvmloader/bios")" ovmf \
	"and hvmloader told of it"
is "$(store_findings)" "" "xenstore-lint has nothing to say of it"
guest_wait_console disk '^guest: job exit' 300
like "$(guest_console disk)" "^firmware: UEFI" "it boots from its disk by UEFI"
like "$(guest_console disk)" "^disk: $sum" "and reads it"
check "OVMF has found GRUB" grep -q 'BdsDxe: starting.*HARDDISK' "$logs/serial-of-guest"
check "GRUB has started it" grep -q GRUB "$logs/serial-of-guest"
check "it shuts itself down" guest_wait_gone disk 120
daemon_stop "$blkd"
leak_check
