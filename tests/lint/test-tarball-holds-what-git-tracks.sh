#!/bin/bash
# SPDX-License-Identifier: MIT
# `make dist` packs every file that git tracks, and nothing that was built: a
# packager builds from it.
# tests/all builds a copy: $checkout is where git knows the files from.
set -u
checkout=${checkout:-$srcdir}
if ! git -C "$checkout" rev-parse --git-dir >/dev/null 2>&1; then
	echo "not a git checkout: nothing to compare the tarball with"
	exit 77
fi
cd "$builddir" || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
if ! ${MAKE:-make} distdir distdir="$dir/d" >"$dir/log" 2>&1; then
	tail -n 20 "$dir/log"
	exit 1
fi
missing=$(cd "$checkout" && git ls-files | while read -r f; do
	case $f in
	.gitignore|.editorconfig|.ci/*) ;;
	*) [ ! -e "$f" ] || [ -e "$dir/d/$f" ] || echo "$f" ;;
	esac
done)
built=$(cd "$dir/d" && find . -name '*.o' -o \
	-name .deps -o -name .dirstamp)
[ -z "$missing$built" ] && exit 0
[ -z "$missing" ] ||
	printf '%s\n' "tracked by git, missing from the tarball (EXTRA_DIST?):" \
		"$missing"
[ -z "$built" ] ||
	printf '%s\n' "built, and in the tarball (dist-hook?):" "$built"
exit 1
