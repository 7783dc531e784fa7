#!/bin/bash
# SPDX-License-Identifier: MIT
#
# 'xl-lite -N block-attach' and 'network-attach' print, and exit with, what
# stock xl does for the same words. xl is made to run without Xen by
# xl-offline.c.

xl_lite=$builddir/tools/xl-lite/xl-lite
xl=$(ls /usr/lib/xen-4.17/bin/xl 2>/dev/null)
if [ -z "$xl" ]; then
	echo "skipped: xl of Xen 4.17 is not installed (xen-utils-4.17)"
	exit 77
fi

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
if ! ${CC:-cc} -O1 -shared -fPIC -o "$tmp/xl-offline.so" \
	"$srcdir/tests/compat/xl-offline.c" 2>"$tmp/err"; then
	echo "skipped: xl-offline.c cannot be compiled: $(head -n 1 "$tmp/err")"
	exit 77
fi

failed=0
# same WORD...: of both
same()
{
	local want status

	LD_PRELOAD=$tmp/xl-offline.so LD_LIBRARY_PATH= ASAN_OPTIONS= \
		"$xl" -N "$@" >"$tmp/xl" 2>"$tmp/xl.err"
	want=$?
	"$xl_lite" -N "$@" >"$tmp/ours" 2>"$tmp/ours.err"
	status=$?
	# what xl says besides is for people
	[ $want = 0 ] || : >"$tmp/xl"
	[ $status = 0 ] || : >"$tmp/ours"
	[ $status = $want ] && cmp -s "$tmp/xl" "$tmp/ours" && return
	failed=1
	echo "--- $*: xl exits with $want, xl-lite with $status"
	cat "$tmp/xl.err" "$tmp/ours.err"
	diff -u "$tmp/xl" "$tmp/ours"
}

same block-attach 0 /dev/vg/a,raw,xvdb,w
same block-attach 0 /dev/vg/a raw xvdb r
same block-attach 0 phy:/dev/vg/a xvdb w
same block-attach 0 phy:/dev/vg/a, xvdb, w
same block-attach 0 target=/a,b vdev=xvdb
same block-attach 0 target=/a,b vdev=xvdb access=ro backendtype=phy
same block-attach 0 file:/a,xvdb,w script=block-x
same block-attach 0 iscsi:iqn=x,xvdb,w
same block-attach 0 drbd:r0,xvdb,w
same block-attach 0 /a,raw,hdc,cdrom
same block-attach 0 vdev=hdc cdrom
same block-attach 0 /a,qcow2,d0p1 discard direct-io-safe
same block-attach 0 /a xvdb w
same block-attach 0 /a,raw
same block-attach 0 /a,raw,xvdb,w too-much
same block-attach 0 /a,raw,xvdb vdev=xvdc
same block-attach 0
same block-attach
same network-attach 0
same network-attach 0 bridge=br1
same network-attach 0 mac=00:16:3e:01:02:03 bridge=br1 ip=10.0.0.1
same network-attach 0 type=vif devid=7 mtu=9000 vifname=v0 gatewaydev=g
same network-attach 0 rate=10Mb/s@20ms script=vif-route backend=nd model=e1000
same network-attach 0 trusted
same network-attach 0 untrusted
same network-attach 0 mac=zz
same network-attach 0 typo=1
same network-attach 0 rate=fast
same network-attach
exit $failed
