#!/bin/bash
# SPDX-License-Identifier: MIT
# Dependencies point down and never back: see doc/architecture.md.
set -u
cd "$srcdir" || exit 1
bad=0

# may FOLDER REGEX: the project's headers that FOLDER's files may include
may()
{
	local found

	found=$(find "$1" -name '*.[ch]' -exec \
		grep -HnE '^#include "' {} + | grep -vE "#include \"($2)")
	[ -z "$found" ] && return
	echo "$1 may not include:"
	echo "$found"
	bad=1
}

may xenstore-schema 'config\.h|xenstore-schema/|lib/(cleanup|log|num)\.h|[a-z]+\.def'
may lib 'config\.h|lib/|xenstore-schema/'
may backends/blk 'config\.h|lib/|xenstore-schema/|backends/blk/'
may backends/net 'config\.h|lib/|xenstore-schema/|backends/net/'
may frontends/blk 'frontends/(front\.h|blk/)|lib/(ring|overflow|peer)\.h|xenstore-schema/'
may frontends/net 'frontends/(front\.h|net/)|lib/(ring|overflow|peer)\.h|xenstore-schema/'
may frontends/linux 'config\.h|lib/|xenstore-schema/|frontends/'
may tools/xl-lite 'config\.h|lib/|xenstore-schema/|tools/xl-lite/'

# the pure cores: rings, checked arithmetic, the contract, Xen's headers
for core in backends/blk/core.c backends/net/core.c backends/net/ctrl.c; do
	[ -e $core ] || continue
	dir=$(dirname $core)
	found=$(grep -nE '^#include' $core "${core%.c}.h" | grep -vE \
		"\"($dir/|lib/(ring|overflow|peer)\.h|xenstore-schema/|config\.h)|<(xen/|std(int|bool|def)\.h|string\.h|errno\.h|assert\.h|limits\.h)")
	if [ -n "$found" ]; then
		echo "a core is pure, it may not include:"
		echo "$found"
		bad=1
	fi
done

# one file talks to the hypervisor's control interface
found=$(grep -lE '<(xenctrl|xenguest)\.h>' tools/xl-lite/*.[ch] 2>/dev/null |
	grep -vE '/hv(-[a-z]+)?\.[ch]$|/build-[a-z]+\.c$')
if [ -n "$found" ]; then
	echo "only tools/xl-lite/hv.* may include xenctrl.h and xenguest.h:"
	echo "$found"
	bad=1
fi
exit $bad
