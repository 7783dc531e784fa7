#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest whose kernel is on its disk: Debian's pygrub finds it for xl-lite as it
# does for stock xl, each time the guest starts, with its menu on the guest's
# console. A bootloader that fails, hangs or lies ends the creation, and nothing
# is left of it.
. "$(dirname "$0")/lib.sh"
PATH=$PATH:/box/bin
plan 73

rm -f /etc/xl-lite.conf
[ -x /usr/lib/xen-4.17/bin/pygrub ] || skip_all "there is no pygrub in this box"

# One partition, at 1 MiB.
mkdir -p "$work/root/boot/grub"
gzip -c /box/tiny >"$work/root/boot/vmlinuz"
head -c 100000 /dev/zero >"$work/root/boot/initrd"
cat >"$work/root/boot/grub/grub.cfg" <<'EOS'
set timeout=1
menuentry 'first' {
	linux /boot/vmlinuz root=/dev/xvda1 quiet
	initrd /boot/initrd
}
menuentry 'second' {
	linux /boot/vmlinuz single
}
EOS
mke2fs -q -t ext2 -d "$work/root" "$work/part.img" 8M || bail "no disk image"
truncate -s 9M "$work/disk.img"
dd if="$work/part.img" of="$work/disk.img" bs=1M seek=1 conv=notrunc status=none
printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\100\0\0' |
	dd of="$work/disk.img" bs=1 seek=446 conv=notrunc status=none
printf '\125\252' | dd of="$work/disk.img" bs=1 seek=510 conv=notrunc status=none
truncate -s 1M "$work/empty.img"
printf 'QFI\373\0\0\0\003' >"$work/disk.qcow2"

leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd

uuid=6c5c5e0a-9a3f-4d52-8f21-0d1c3e9b7a11
# boot_cfg LINE...: which win over these
boot_cfg() {
	local line lines=("$@")

	for line in "disk=['$work/disk.img,raw,xvda,w']" "bootloader='pygrub'"; do
		printf '%s\n' "$@" | grep -q "^${line%%=*}=" || lines+=("$line")
	done
	guest_cfg web "uuid='$uuid'" "memory=16" "${lines[@]}" |
		grep -v '^\(kernel\|ramdisk\|extra\)='
	# those that are words to the bootloader, if asked for
	printf '%s\n' "$@" | grep '^\(kernel\|extra\)='
}

image_nodes() {
	local name

	for name in $(xenstore-list "/vm/$uuid/image" | sort); do
		echo "$name $(xenstore-read "/vm/$uuid/image/$name")"
	done | sed 's, /.*/boot_\(kernel\|ramdisk\)\..*, FOUND \1,'
}

config_of() {
	"$1" list -l web | python3 -c '
import json, sys
config = json.load(sys.stdin)[0]["config"]
print({k: v for k, v in config["b_info"].items()
       if "boot" in k or k in ("kernel", "ramdisk", "cmdline")})'
}

folders() {
	ls -d /var/lib/xen/*boot* 2>/dev/null
}

runs_blocked() {
	xl-lite list web 2>/dev/null | grep -q -- ' -b---- '
}

has_tty() {
	id=$(guest_domid web) &&
		[ -n "$(xenstore-read "/local/domain/$id/console/tty" 2>/dev/null)" ]
}

# --- as stock xl does ------------------------------------------------------------

modprobe brd rd_nr=1 rd_size=16384
dd if="$work/disk.img" of=/dev/ram0 bs=1M status=none
ram="disk=['backendtype=phy,vdev=xvda,target=/dev/ram0']"
boot_cfg "$ram" "bootloader_args=['--entry=0']" \
	"extra='added'" >"$work/ram.cfg"
check "stock xl creates the guest" xl create -q -p "$work/ram.cfg"
image_nodes >"$work/stock.nodes"
config_of xl >"$work/stock.config"
xl destroy web
check "xl-lite creates the guest" xl-lite create -q "$work/ram.cfg"
is "$(image_nodes)" "$(cat "$work/stock.nodes")" \
	"what it starts is in xenstore as with xl"
like "$(cat "$work/stock.nodes")" 'root=/dev/xvda1 quiet *added' \
	"with the menu's words and those of the configuration"
is "$(config_of xl)" "$(cat "$work/stock.config")" \
	"and stock xl says the same of it"
check "it runs" wait_until 20 runs_blocked
is "$(folders)" "" "what was copied out of the disk is gone"
check "it is destroyed" xl-lite destroy web

# --- each time it starts -----------------------------------------------------------

check "xl-lited is ready" daemon_start lited xl-lited
lited=$daemon_pid
boot_cfg "type='pvh'" "on_reboot='restart'" >"$work/web.cfg"
check "a PVH guest is created" xl-lite create -q "$work/web.cfg"
first=$(guest_domid web)
debugfs -w -f - "$work/part.img" >/dev/null 2>&1 <<EOS
rm /boot/vmlinuz
EOS
runs_as_another() {
	local id

	id=$(guest_domid web) && [ "$id" != "$first" ] && runs_blocked
}
check "it asks for a reboot" stop-guest reboot "$first"
check "and runs again, as another domain" wait_until 60 runs_as_another
is "$(folders)" "" "with nothing left of its bootloader"
# what is on the disk now is what it starts
dd if="$work/part.img" of="$work/disk.img" bs=1M seek=1 conv=notrunc status=none
again=$(guest_domid web)
check "the kernel is taken off its disk, and it asks again" \
	stop-guest reboot "$again"
check "it does not start again" wait_until 60 guest_is_gone web
check "xl-lited says why" wait_until 20 \
	grep -q 'web: bootloader .*pygrub: found nothing to start on' "$logs/lited.log"
daemon_stop "$lited"
xl destroy web 2>/dev/null
rm -f "$work/part.img"
mke2fs -q -t ext2 -d "$work/root" "$work/part.img" 8M
dd if="$work/part.img" of="$work/disk.img" bs=1M seek=1 conv=notrunc status=none

# --- its menu ----------------------------------------------------------------------

boot_cfg >"$work/web.cfg"
mkfifo "$work/fifo"
exec {keyboard}<>"$work/fifo"
timeout 200 xl-lite create -c "$work/web.cfg" <&$keyboard >"$work/out" 2>&1 3>&- &
creator=$!
check "the bootloader's terminal is the guest's console" wait_until 60 has_tty
tty=$(xenstore-read "/local/domain/$id/console/tty")
# one down, and return
printf '\033OB\r' >"$tty"
check "the guest runs" wait_until 60 runs_blocked
check "create -c shows the menu" grep -aq 'pyGRUB' "$work/out"
is "$(xenstore-read "/vm/$uuid/image/cmdline")" "single" \
	"the entry that was chosen there is started"
check "the guest has a console of its own then" \
	test "$(xenstore-read "/local/domain/$id/console/tty")" != "$tty"
check "it is destroyed" xl-lite destroy web
check "create -c ends with it" wait_until 30 sh -c "! kill -0 $creator"
wait "$creator"
is "$(folders)" "" "and nothing is left"

# --- as somebody who is not root -----------------------------------------------------

boot_cfg "bootloader_args=['--entry=second']" >"$work/web.cfg"
chmod a+rx "$work"
check "pygrub runs as another user when the environment says so" \
	env LIBXL_BOOTLOADER_USER=nobody xl-lite create -q "$work/web.cfg"
check "it is destroyed" xl-lite destroy web
fails "a user that does not exist" "bootloader: user 'none-such': there is none" \
	env LIBXL_BOOTLOADER_USER=none-such xl-lite create -q "$work/web.cfg"
boot_cfg "bootloader_args=['--entry=second']" "bootloader_user='nobody'" \
	"bootloader_restrict=1" >"$work/web.cfg"
check "and when the configuration says so" xl-lite create -q "$work/web.cfg"
check "it is destroyed" xl-lite destroy web

# Who it is told to become, as pygrub is, is among the words its kernel gets.
cat >"$work/who" <<'EOS'
#!/bin/sh
user=root
for a; do
	case $a in
	--output=*) out=${a#*=} ;;
	--output-directory=*) dir=${a#*=} ;;
	--runas=*) user=${a#*=} ;;
	esac
done
cp /box/tiny "$dir/k" && printf "kernel $dir/k\0args user=$user\0" >"$out"
EOS
chmod 755 "$work/who"
useradd -r -M xen-qemuuser-shared

# runs_as UID WHAT LINE...
runs_as() {
	local uid=$1 what=$2

	shift 2
	boot_cfg "bootloader='$work/who'" "$@" >"$work/web.cfg"
	xl-lite create -q -p "$work/web.cfg" >"$work/out" 2>&1 3>&-
	# the one of its own is told by its domain's number
	[ "$uid" != own ] || uid=$((60000 + $(xl-lite domid web)))
	like "$(cat "$work/out"; xenstore-read "/vm/$uuid/image/cmdline")" \
		"^user=$uid\b" "$what"
	xl-lite destroy web >"$work/out" 2>&1
}

nobody=$(id -u nobody)
runs_as "$nobody" "bootloader_user= names who runs it" \
	"bootloader_user='nobody'" "bootloader_restrict=1"
runs_as "$nobody" "whether it is restricted or not" "bootloader_user='nobody'"
runs_as "$(id -u xen-qemuuser-shared)" \
	"bootloader_restrict=1 has QEMU's user run it" "bootloader_restrict=1"
export LIBXL_BOOTLOADER_USER=nobody
runs_as root "bootloader_restrict=0 is root's, whatever the environment says" \
	"bootloader_restrict=0"
unset LIBXL_BOOTLOADER_USER
useradd -r -M -u 60000 xen-qemuuser-range-base
runs_as own "where each guest has a user it is that" "bootloader_restrict=1"
is "$(folders)" "" "and nothing is left"
userdel xen-qemuuser-range-base

# --- GRUB as a guest --------------------------------------------------------------------

for type in pv pvh; do
	guest_cfg web "uuid='$uuid'" "type='$type'" "memory=64" \
		"firmware='pvgrub64'" | grep -v '^\(kernel\|ramdisk\|extra\)=' \
		>"$work/web.cfg"
	check "firmware= starts Debian's GRUB for a $type guest" \
		xl-lite create -q "$work/web.cfg"
	[ $type = pvh ] ||
		is "$(xenstore-read "/vm/$uuid/image/kernel")" \
			/usr/lib/grub-xen/grub-x86_64-xen.bin "found where Debian has it"
	[ $type = pv ] || check "which runs" wait_until 60 console_has web GRUB
	xl-lite destroy web
done

# --- what goes wrong ------------------------------------------------------------------

state() {
	xenstore-ls -fp / | grep -v '^/local/domain/0/control\|^/\(vm\|libxl\) '
	xl list | awk '{ print $1, $2, $3, $4 }'
	ls /var/lib/xen /run/xl-lite 2>/dev/null
}
before=$(state)

# refused WHAT REGEX LINE...: in the configuration; what it says is $out
refused() {
	local what=$1 regex=$2

	shift 2
	boot_cfg "$@" >"$work/web.cfg"
	out=$(timeout 100 xl-lite create -q "$work/web.cfg" 2>&1 3>&-)
	like "$out" "$regex" "$what: is told"
	is "$(state)" "$before" "$what: leaves nothing"
}

loader() {
	{
		echo '#!/bin/sh'
		echo 'for a; do case $a in --output=*) out=${a#*=} ;; --output-directory=*) dir=${a#*=} ;; esac; done'
		cat
	} >"$work/loader"
	chmod +x "$work/loader"
}

refused "a disk without a kernel" 'found nothing to start on .*empty.img' \
	"disk=['$work/empty.img,raw,xvda,w']"
like "$out" 'it said: .*Unable to find partition' "in pygrub's words"
refused "a qcow2 image" 'only raw images can be served' \
	"disk=['$work/disk.qcow2,qcow2,xvda,w']"
refused "a program that is not there" "bootloader='pyglub': No such file" \
	"bootloader='pyglub'"
loader <<<'echo "no luck: \033[31m\007today" >&2; exit 7'
refused "a failure" 'exit status 7' "bootloader='$work/loader'"
like "$out" 'it said: no luck: today' "with its words, and nothing else of them"
loader <<<'echo "linux (kernel $dir/k)" >$out'
refused "rubbish" 'names no kernel' "bootloader='$work/loader'"
loader <<<'printf "kernel /etc/passwd\0" >$out'
refused "a kernel elsewhere" 'not in the folder it was given' \
	"bootloader='$work/loader'"
loader <<<'ln -s /etc/passwd $dir/k; printf "kernel $dir/k\0" >$out'
refused "a link" 'is no file, is empty, or too large' \
	"bootloader='$work/loader'"
loader <<<'yes >$out'
refused "endless talk" 'said more than' "bootloader='$work/loader'"
loader <<<'echo "not a kernel" >$dir/k; printf "kernel $dir/k\0" >$out'
refused "no kernel" 'is it a kernel for PV guests' "bootloader='$work/loader'"

# it hangs, and ...
loader <<<'trap "" TERM HUP; echo "tell me"; while :; do read line || exit 9; done'
boot_cfg "bootloader='$work/loader'" >"$work/web.cfg"
hang() {
	xl-lite create -q "$work/web.cfg" >"$work/out" 2>&1 3>&- &
	creator=$!
	check "it waits for somebody" wait_until 60 has_tty
	wait_until 20 pgrep -f "$work/loader"
}
no_loader() {
	! pgrep -f "$work/loader"
}

hang
kill -TERM "$creator"
wait "$creator"
like "$(cat "$work/out")" 'guest web: interrupted' "it is interrupted"
check "the bootloader is gone" wait_until 20 no_loader
is "$(state)" "$before" "nothing is left"

hang
check "its domain is destroyed by somebody" xl-lite destroy web
wait "$creator"
like "$(cat "$work/out")" 'killed: domain [0-9]+ was destroyed meanwhile' \
	"the creation ends"
is "$(state)" "$before" "nothing is left"

hang
kill -KILL "$creator"
wait "$creator" 2>/dev/null
check "the bootloader ends with xl-lite" wait_until 20 no_loader
like "$(xl-lite gc)" 'guest web\): half made by process .* destroyed' \
	"gc finds what was cut off"
is "$(state)" "$before" "nothing is left"

daemon_stop "$(pidof xl-lite-blkd)"
leak_check
