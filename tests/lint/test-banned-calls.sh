#!/bin/bash
# SPDX-License-Identifier: MIT
# Calls that cannot be used safely, or that hide a shell.
set -u
cd "$srcdir" || exit 1
found=$(grep -rnE --include='*.[ch]' \
	'\b(strcpy|strcat|sprintf|vsprintf|gets|atoi|atol|system|popen|alloca|tmpnam|mktemp)\(' \
	lib xenstore-schema backends frontends tools tests)
[ -z "$found" ] && exit 0
echo "use snprintf, lib/num.h, posix_spawn or fork+exec instead:"
echo "$found"
exit 1
