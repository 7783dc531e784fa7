#!/bin/bash
# SPDX-License-Identifier: MIT
# Nothing waits by sleeping: wait for the event, with a deadline.
set -u
cd "$srcdir" || exit 1
found=$(grep -rnE --include='*.[ch]' '\b(sleep|usleep|nanosleep|clock_nanosleep)\(' \
	lib xenstore-schema backends frontends tools)
[ -z "$found" ] && exit 0
echo "$found"
exit 1
