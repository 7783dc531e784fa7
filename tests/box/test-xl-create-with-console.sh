#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lite create -c shows all that a guest says, from its first line on, and
# ends with it.
. "$(dirname "$0")/lib.sh"
plan 6

leak_snapshot
guest_job "$work/job.cpio" <<'EOS'
echo "hello from the guest"
EOS
guest_ramdisk "$work/ramdisk" "$work/job.cpio"
guest_cfg talker "ramdisk='$work/ramdisk'" \
	"extra='console=hvc0 earlyprintk=xen'" >"$work/talker.cfg"

# A terminal whose user types nothing and does not hang up either.
mkfifo "$work/fifo"
exec {keyboard}<>"$work/fifo"
timeout 300 xl-lite create -c "$work/talker.cfg" <&$keyboard >"$work/out" 2>&1 3>&-
is "$?" 0 "create -c ends with the guest"
tr -d '\r' <"$work/out" >"$work/said"
like "$(head -c 4000 "$work/said")" 'Linux version' "the kernel's first words are seen"
like "$(cat "$work/said")" '^hello from the guest' "and the guest's own"
check "the guest is gone" guest_wait_gone talker 60
like "$(cat /var/log/xen/xl-lite-talker.log)" \
	'guest talker: domain [0-9]+ stopped \(reason 0\): destroy' \
	"who waited for its end says what was done"
leak_check
