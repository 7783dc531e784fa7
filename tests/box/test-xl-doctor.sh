#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lite doctor finds a host in order, and what is then taken from it.
. "$(dirname "$0")/lib.sh"
plan 14

rm -f /etc/xl-lite.conf
leak_snapshot
check "xl-lite-blkd is ready" daemon_start blkd xl-lite-blkd
blkd=$daemon_pid
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid

# What HVM guests need is not in every box, and is said so.
out=$(xl-lite doctor 2>&1)
is "$(grep -v "^WRONG: HVM guests' " <<<"$out" | grep -v '^ok     .')" "" \
	"all is ok"
diag "$out"
like "$out" '^ok     Xen 4\.17' "it knows Xen"
like "$out" '^ok     xl-lite-blkd [0-9.]+ runs' "and what runs in which version"
like "$out" '^ok     memory: [0-9]+ of [0-9]+ MiB' "and memory"

daemon_stop "$netd"
echo 'vif.default.bridge="br-none"' >/etc/xl-lite.conf
xenstore-write /local/domain/0/backend/uvbd/77/51712/state 6
umount -l /proc/xen	# xenstored has a file of it open
mv /usr/sbin/xl-lite-blkd /usr/sbin/xl-lite-blkd.old &&
	cp /usr/sbin/xl-lite-blkd.old /usr/sbin/xl-lite-blkd &&
	rm /usr/sbin/xl-lite-blkd.old
out=$(xl-lite doctor 2>&1)
is "$?" 1 "then it exits with 1"
like "$out" '^WRONG: /proc/xen: not mounted: ' "a mount that is missing"
mount -t xenfs xenfs /proc/xen
out=$(xl-lite doctor 2>&1)
like "$out" '^WRONG: xl-lite-netd: does not run: ' "a daemon that does not run"
like "$out" '^WRONG: xl-lite-blkd: runs as xl-lite-blkd [0-9.]+, which is not what is installed' \
	"one that is not what is installed"
like "$out" '^WRONG: bridge br-none: does not exist' "a bridge that is not there"
like "$out" '^WRONG: xenstore: /local/domain/0/backend/uvbd/77: is of a domain that is no more' \
	"what a domain has left"
rm /etc/xl-lite.conf
xenstore-rm /local/domain/0/backend/uvbd
daemon_stop "$blkd"
like "$(xl-lite doctor 2>&1)" '^WRONG: xl-lite-blkd: does not run' "the other daemon"
leak_check
