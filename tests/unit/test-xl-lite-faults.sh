# SPDX-License-Identifier: MIT
#
# Whatever call fails while a configuration is read and printed, of the kernel
# or for memory: xl-lite says so in one line and with its exit status, or the
# result is that of no failure. tests/inject/inject.c makes calls fail.

xl_lite=$builddir/tools/xl-lite/xl-lite
inject=$builddir/tests/inject/libinject.so
if grep -q __asan_init "$xl_lite"; then
	echo "skipped: a sanitizer has malloc() already"
	exit 77
fi
if grep -q __gcov_ "$xl_lite"; then
	echo "skipped: gcov's counters are written by calls of the program's own"
	exit 77
fi
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failed=0

cat >g.cfg <<'END'
name = "g"
uuid = "01234567-89ab-cdef-0123-456789abcdef"
kernel = "/k"
memory = 64
disk = ['/d,raw,xvda,w', '/e,raw,xvdb,r']
vif = ['bridge=xenbr0,mac=00:16:3e:00:00:01', 'mac=00:16:3e:00:00:02']
END

create()
{
	LD_PRELOAD=$inject "$xl_lite" create -q -n g.cfg >out 2>said
}

INJECT_TRACE=trace create || { cat said; exit 1; }
mv out whole
points=0
while read -r class number name about; do
	for errno in 5 12; do
		INJECT=$class:$number:$errno create
		status=$?
		points=$((points + 1))
		if [ $status = 0 ]; then
			cmp -s out whole && [ ! -s said ] && continue
		elif [ $status -lt 128 ]; then
			[ "$(wc -l <said)" = 1 ] && continue
		fi
		echo "INJECT=$class:$number:$errno $name $about: status $status"
		cat said
		failed=1
	done
done <trace
[ $points -ge 16 ] || { echo "only $points calls failed"; failed=1; }
exit $failed
