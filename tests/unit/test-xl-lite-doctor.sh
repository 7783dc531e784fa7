#!/bin/bash
# SPDX-License-Identifier: MIT
#
# 'xl-lite doctor' where there is no Xen: a line a thing, and what there is not
# is said once, with what to do. As root and as nobody.

if [ -e /sys/hypervisor/type ]; then
	echo "skipped: this machine runs on a hypervisor that tells so"
	exit 77
fi

failed=0
# doctor COMMAND...: its output, which must be well-formed, in $out
doctor()
{
	local status

	out=$("$@" doctor 2>&1)
	status=$?
	if [ $status != 1 ] ||
	   ! grep -q '^WRONG: this machine does not run on Xen: install it' <<<"$out" ||
	   grep -Ev '^(ok     |WRONG: ).' <<<"$out"; then
		echo "$* doctor: status $status, 1 is wanted; it said:"
		echo "$out"
		failed=1
	fi
}

doctor "$builddir/tools/xl-lite/xl-lite"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	copy=$(mktemp -d) || exit 1
	trap 'rm -rf "$copy"' EXIT
	chmod 755 "$copy"
	cp "$builddir/tools/xl-lite/xl-lite" "$copy/"
	# built with gcov's counters, it would say that it cannot write them
	mkdir -m 777 "$copy/counts"
	export GCOV_PREFIX=$copy/counts
	doctor setpriv --reuid=65534 --regid=65534 --clear-groups "$copy/xl-lite"
fi
if [ "$(id -u)" != 0 ] || [ -n "$copy" ]; then
	grep -q '^WRONG: you are not root' <<<"$out" || {
		echo "it does not say that it is not root:"
		echo "$out"
		failed=1
	}
fi
exit $failed
