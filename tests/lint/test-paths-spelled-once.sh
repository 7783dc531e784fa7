#!/bin/bash
# SPDX-License-Identifier: MIT
# Only xenstore-schema/paths.* spells where things are in xenstore; all else
# asks it. Comments may say it, and tests write down what they want to see.
set -u
cd "$srcdir" || exit 1
found=$(grep -rnE --include='*.[ch]' --include='*.def' \
		'"[^"]*/(local/domain|local/pool|libxl/|vm/)' \
		lib xenstore-schema backends frontends tools |
	grep -vE '^xenstore-schema/paths\.[ch]:|^tools/[^:]*:.*"/(usr|etc|var|run)/')
[ -z "$found" ] && exit 0
echo "use the functions in xenstore-schema/paths.h instead:"
echo "$found"
exit 1
