#!/bin/bash
# SPDX-License-Identifier: MIT
# Each source file names its licence in the first lines and then says what it
# is for.
set -u
cd "$srcdir" || exit 1
bad=0
while read -r f; do
	if ! head -n 3 "$f" | grep -q 'SPDX-License-Identifier: MIT'; then
		echo "$f: no SPDX-License-Identifier: MIT in its first lines"
		bad=1
	fi
done < <(find lib xenstore-schema backends frontends tools tests -type f \
	\( -name '*.[chS]' -o -name '*.sh' -o -name '*.def' -o -name Makefile.am \))
exit $bad
