#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Debian's pygrub understands what we ask it for, and we what it answers: a
# kernel on a file system of its own and in a partition, an entry chosen by a
# word and at its menu, and, as root, as another user.

run=$builddir/tests/compat/loader-run
pygrub=$(ls /usr/lib/xen-4.17/bin/pygrub 2>/dev/null)
PATH=$PATH:/usr/sbin:/sbin
if [ -z "$pygrub" ] || ! command -v mke2fs >/dev/null; then
	echo "skipped: there is no pygrub of Xen 4.17, or no mke2fs"
	exit 77
fi
if ! python3 -c '
import sys
sys.path.insert(1, "/usr/lib/xen-4.17/lib/python")
import curses, xenfsimage, grub.GrubConf' 2>/dev/null; then
	echo "skipped: pygrub lacks a module of Python"
	exit 77
fi

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
chmod a+rx "$tmp"
failed=0

mkdir -p "$tmp/root/boot/grub"
seq 3000 >"$tmp/root/boot/vmlinuz"
seq 9000 >"$tmp/root/boot/initrd"
cat >"$tmp/root/boot/grub/grub.cfg" <<'EOS'
set timeout=1
menuentry 'first' {
	linux /boot/vmlinuz root=/dev/xvda1 quiet
	initrd /boot/initrd
}
menuentry 'second' {
	linux /boot/vmlinuz single
}
EOS
mke2fs -q -t ext2 -d "$tmp/root" "$tmp/plain.img" 4M >/dev/null || exit 1
truncate -s 5M "$tmp/disk.img" "$tmp/empty.img"
# a table of one partition, at 1 MiB
dd if="$tmp/plain.img" of="$tmp/disk.img" bs=1M seek=1 conv=notrunc status=none
printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\040\0\0' |
	dd of="$tmp/disk.img" bs=1 seek=446 conv=notrunc status=none
printf '\125\252' |
	dd of="$tmp/disk.img" bs=1 seek=510 conv=notrunc status=none

# finds WHAT WANT DISK LINES KEYS [UID]: WANT is of what was found
finds()
{
	local what=$1 want=$2 disk=$tmp/$3 got

	printf '%s\n' "name='g';memory=16;bootloader='pygrub'" \
		"disk=['$disk,raw,xvda,w']" "$4" >"$tmp/g.cfg"
	shift 4
	got=$(timeout 60 "$run" "$tmp/g.cfg" "$pygrub" "$tmp/f" "$disk" "$@" 2>&1 |
		sed "s,$tmp/f/files/boot_\(kernel\|ramdisk\)\..*,a \1,")
	case $want in
	kernel:*) cmp "$tmp/root/boot/vmlinuz" "$tmp"/f/files/boot_kernel.* ;;
	*) true ;;
	esac
	if [ $? = 0 ] && [[ $got == *$want ]]; then
		echo "ok: $what"
		return
	fi
	failed=1
	printf 'not ok: %s\n%s\nwanted: %s\n' "$what" "$got" "$want"
}

line=$'\n'
first="kernel: a kernel${line}ramdisk: a ramdisk${line}args: root=/dev/xvda1 quiet"
second="kernel: a kernel${line}ramdisk: ${line}args: single"
finds "the first entry, after a second" "$first" disk.img '' ''
finds "a disk without a table" "$first" plain.img '' ''
finds "one that is chosen at the menu" "$second" disk.img '' $'\033OB\r'
finds "one that is named" "$second more" disk.img \
	"bootloader_args=['--entry=second'];extra='more'" ''
finds "another kernel of the disk, with words of ours" \
	"kernel: a kernel${line}ramdisk: ${line}args: mine" disk.img \
	"kernel='/boot/vmlinuz';extra='mine'" ''
finds "none on an empty disk" "find partition containing kernel${line}status: 1" \
	empty.img '' ''
if [ "$(id -u)" = 0 ] && unshare --mount true 2>/dev/null; then
	finds "the same as another user" "$first" disk.img '' '' 65534
fi
exit $failed
