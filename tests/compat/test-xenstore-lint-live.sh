#!/bin/bash
# SPDX-License-Identifier: MIT
# xenstore-lint --live over Debian's own xenstored, which is made to run without
# Xen by xenstored-offline.c and holds the trees that stock libxl made.

lint=$builddir/xenstore-schema/xenstore-lint
load=$builddir/tests/compat/store-load
trees=$srcdir/tests/unit/trees
xenstored=/usr/lib/xen-4.17/bin/xenstored

if [ ! -x $xenstored ] || ! command -v xenstore-write >/dev/null; then
	echo "skipped: Xen 4.17's xenstored is not installed (xen-utils-4.17, xenstore-utils)"
	exit 77
fi
tmp=$(mktemp -d) || exit 1
pid=
finish()
{
	[ -n "$pid" ] && kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	rm -rf "$tmp"
}
trap finish EXIT
if ! ${CC:-cc} -O1 -shared -fPIC -o "$tmp/offline.so" \
	"$srcdir/tests/compat/xenstored-offline.c" 2>"$tmp/err"; then
	echo "skipped: xenstored-offline.c cannot be compiled: $(head -n 1 "$tmp/err")"
	exit 77
fi

export XENSTORED_RUNDIR=$tmp XENSTORED_PATH=$tmp/socket
start()
{
	LD_PRELOAD=$tmp/offline.so ASAN_OPTIONS= \
		$xenstored -N -I -F "$tmp/pid" >"$tmp/xenstored" 2>&1 &
	pid=$!
	SECONDS=0
	until xenstore-exists /tool 2>/dev/null; do
		if [ $SECONDS -gt 20 ] || ! kill -0 $pid 2>/dev/null; then
			echo "skipped: xenstored does not come up: $(tail -n 1 "$tmp/xenstored")"
			exit 77
		fi
	done
}

stop()
{
	kill $pid && wait $pid 2>/dev/null
	pid=
}

tests=0 failed=0
# says WHAT STATUS TEXT [OPTION...]
says()
{
	local what=$1 want=$2 text=$3 got status
	shift 3

	got=$("$lint" --live "$@" 2>&1)
	status=$?
	tests=$((tests + 1))
	if [ "$status" = "$want" ] && [ "$got" = "$text" ]; then
		echo "ok $tests - $what"
		return
	fi
	echo "not ok $tests - $what"
	echo "#  want: $want $text"
	echo "#   got: $status $got"
	failed=1
}

start
says "a store in which nobody set up dom0 is found" 1 \
	"/local: missing: want nothing (a folder), got none
/local/domain: missing: want nothing (a folder), got none
/local/domain/0/name: missing: want printable text of 1 to 255 bytes, got none
/local/domain/0/domid: missing: want a domid, got none"

for kind in pv:1 pvh:2 hvm:3; do
	"$load" "$trees/libxl-4.17-${kind%:*}.txt" ${kind#*:} || exit 1
	says "a ${kind%:*} guest that stock libxl made is clean" 0 ""
done
says "all three, with the domains named" 0 "" --domids 0,1,2,3

D=/local/domain/1
V=/local/domain/0/backend/vbd/1/51712
xenstore-chmod $D/name n0 b1
says "a name that the guest can write is found" 1 \
	"$D/name: permissions: want n0,r1, got n0,b1"
xenstore-chmod $D/name n0 r1

xenstore-write $V/sectors many
says "a value of the wrong type is found" 1 \
	"$V/sectors: type: want a number from 0, got \"many\""
xenstore-rm $V/sectors
says "one that is missing is found" 1 \
	"$V/sectors: missing: want a number from 0, got none"
xenstore-write $V/sectors 65536

xenstore-write $V/frontend $D/device/vbd/1
says "two ends that do not fit are found" 1 \
	"$V/frontend: dangling: want the folder of the other end, got \"$D/device/vbd/1\", which is not there
$D/device/vbd/51712/backend: dangling: want an end that points back here, got one that points to \"$D/device/vbd/1\""
xenstore-write $V/frontend $D/device/vbd/51712

xenstore-write /local/domain/0/backend/vif/9/0 ''
says "what a guest left that xenstored does not know is found" 1 \
	"/local/domain/0/backend/vif/9: leaked: want nothing of a domain that does not exist, got 2 nodes"
xenstore-rm /local/domain/0/backend/vif/9
says "and all is clean again" 0 ""

stop
rm -f "$tmp/socket"
says "without xenstored it cannot look" 2 \
	"xenstore-lint: xenstore: open: is xenstored running, and are you root: No such file or directory"
echo "1..$tests"
exit $failed
