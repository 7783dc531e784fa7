#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's pvgrub reads its menu, a kernel and a ramdisk from a disk of
# xl-lite-blkd, lets go of it, and the kernel it starts connects to it anew:
# one frontend after another, in one life of a guest.
. "$(dirname "$0")/lib.sh"
plan 9

grub=/usr/lib/grub-xen/grub-x86_64-xen.bin
[ -e $grub ] || skip_all "grub-xen-host is not installed in this box"

guest_job "$work/job.cpio" <<'EOJ'
wait-for grep -qv '^0$' /sys/block/xvda/size
modprobe crc32c_generic
modprobe ext4
mount -t ext4 /dev/xvda /root && echo "kernel: mounted"
echo "kernel: $(md5sum </root/data)"
echo "written by the kernel" >/root/written && umount /root && echo "kernel: wrote"
EOJ
mkdir -p "$work/disk/boot/grub"
cp "$box_guest/vmlinuz" "$work/disk/boot/vmlinuz"
guest_ramdisk "$work/disk/boot/ramdisk" "$work/job.cpio"
dd if=/dev/urandom of="$work/disk/data" bs=1M count=1 status=none
cat >"$work/disk/boot/grub/grub.cfg" <<'EOF2'
echo "grub: menu"
linux /boot/vmlinuz console=hvc0 quiet
initrd /boot/ramdisk
echo "grub: loaded"
boot
EOF2
mke2fs -q -t ext4 -O ^has_journal,^metadata_csum -d "$work/disk" \
	"$work/disk.img" 64M || bail "no disk image"

leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd -v
guest_cfg grub "kernel='$grub'" "ramdisk=''" "extra=''" "memory=256" \
	"disk=['$work/disk.img,raw,xvda,w']" |
	grep -v '^\(ramdisk\|extra\)=' >"$work/grub.cfg"
check "xl-lite creates a guest that is pvgrub" xl-lite create -q "$work/grub.cfg"
guest_wait_console grub '^guest: job exit' 400
said=$(guest_console grub)
like "$said" 'grub: loaded' "pvgrub reads menu, kernel and ramdisk"
like "$said" '^kernel: mounted' "the kernel finds the disk after it"
like "$said" "^kernel: $(md5sum <"$work/disk/data")" "and reads what is there"
like "$said" '^kernel: wrote' "and writes"
is "$(grep -c 'guest is connected\|: connected$' "$logs/blkd.log")" 2 \
	"the disk was connected twice"
guest_wait_gone grub 120
daemon_stop "$daemon_pid"
is "$(debugfs -R 'cat /written' "$work/disk.img" 2>/dev/null)" \
	"written by the kernel" "what the kernel wrote is in the image"
leak_check
