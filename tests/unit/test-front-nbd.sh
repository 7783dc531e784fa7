#!/bin/bash
# SPDX-License-Identifier: MIT
# The NBD server of xl-lite-blkfront against clients that others wrote:
# qemu-img and libnbd. The disk behind it is front-nbd-server's memory.
set -u

for tool in qemu-img nbdinfo nbdcopy; do
	if ! command -v $tool >/dev/null; then
		echo "1..0 # SKIP $tool is not installed (qemu-utils, libnbd-bin)"
		exit 77
	fi
done

dir=$(mktemp -d) || exit 1
n=0
failed=0
server=

ok()
{
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		failed=1
		echo "not ok $n - $2"
		sed 's/^/# /' "$dir/log" 2>/dev/null
	fi
}

# its standard input is a pipe that we hold: it ends when we do
start()
{
	rm -f "$dir/in" "$dir/out"
	mkfifo "$dir/in" "$dir/out"
	"$builddir/tests/unit/front-nbd-server" "$dir/s" "$@" \
		<"$dir/in" >"$dir/out" 2>"$dir/log" &
	server=$!
	exec 7>"$dir/in" 8<"$dir/out"
	read -r -t 20 line <&8 && [ "$line" = ready ]
}

# stop WHAT: ends the server and wants nothing left under way
stop()
{
	exec 7>&-
	cat <&8 >>"$dir/log"
	exec 8<&-
	wait "$server"
	ok $? "$1"
	server=
}

cleanup()
{
	exec 7>&-
	[ -n "$server" ] && kill "$server" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

uri="nbd+unix:///?socket=$dir/s"
head -c 16M /dev/urandom >"$dir/want"

start 16
ok $? "serves"
nbdinfo "$uri" >"$dir/info" 2>"$dir/log"
ok $? "nbdinfo reads the export"
grep -q 'export-size: 16777216' "$dir/info"
ok $? "the size is right"
grep -q 'can_trim: true' "$dir/info" && grep -q 'can_flush: true' "$dir/info" &&
	grep -q 'can_multi_conn: true' "$dir/info"
ok $? "trim, flush and several connections are offered"
grep -q 'block_size_maximum: 1048576' "$dir/info" &&
	grep -q 'block_size_minimum: 512' "$dir/info"
ok $? "block sizes are told"
nbdinfo --list "$uri" >/dev/null 2>"$dir/log"
ok $? "exports can be listed"

nbdcopy --flush "$dir/want" "$uri" 2>"$dir/log"
ok $? "nbdcopy writes 16 MiB over several connections"
nbdcopy "$uri" "$dir/got" 2>"$dir/log" && cmp "$dir/want" "$dir/got"
ok $? "nbdcopy reads back the same"
qemu-img compare -f raw -F raw "$dir/want" "$uri" >"$dir/log" 2>&1
ok $? "qemu-img sees the same"
head -c 16M /dev/urandom >"$dir/want"
qemu-img convert -n -f raw -O raw -W -m 8 "$dir/want" "$uri" >"$dir/log" 2>&1
ok $? "qemu-img writes with 8 requests at once"
qemu-img convert -f raw -O raw "$uri" "$dir/got" >"$dir/log" 2>&1 &&
	cmp "$dir/want" "$dir/got"
ok $? "and reads back the same"
qemu-io -f raw -c 'discard 1M 1M' -c 'read -P 0 1M 1M' "$uri" >"$dir/log" 2>&1 &&
	! grep -q 'erification failed' "$dir/log"
ok $? "trim reaches the disk"
qemu-io -f raw -c 'write -P 7 16776704 512' -c 'read -P 7 16776704 512' -c flush \
	"$uri" >"$dir/log" 2>&1
ok $? "the last sector can be written"

# A client that dies with requests under way takes nothing with it.
for i in 1 2 3 4 5; do
	nbdcopy "$dir/want" "$uri" 2>/dev/null &
	client=$!
	nbdinfo "$uri" >/dev/null 2>&1
	kill -9 $client 2>/dev/null
	wait $client 2>/dev/null
done
nbdinfo "$uri" >/dev/null 2>"$dir/log"
ok $? "goes on after clients were killed at work"
stop "ends with no command, request or page left"

start 16 info=4 sector-size=4096
ok $? "serves a read-only disk of 4096-byte sectors"
nbdinfo "$uri" >"$dir/info" 2>"$dir/log"
grep -q 'is_read_only: true' "$dir/info" &&
	grep -q 'block_size_minimum: 4096' "$dir/info"
ok $? "and says that it is"
stop "ends clean"

start 16 feature-max-indirect-segments=0 max-ring-page-order=0 \
	feature-discard=0 feature-flush-cache=0
ok $? "serves with the least that a backend offers"
nbdcopy "$dir/want" "$uri" 2>"$dir/log" &&
	nbdcopy "$uri" "$dir/got" 2>"$dir/log" && cmp "$dir/want" "$dir/got"
ok $? "copies there and back"
stop "ends clean"

echo "1..$n"
exit $failed
