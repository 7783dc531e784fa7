#!/bin/bash
# SPDX-License-Identifier: MIT
# A program that is installed has a man page, in pod, beside its source.
set -u
cd "$srcdir" || exit 1
bad=0
for p in $(sed -n 's/^s\?bin_PROGRAMS += *//p' \
		$(find . -name Makefile.am -not -path './xl-lite-*') |
	   xargs -r -n1 basename); do
	if [ -z "$(find tools backends frontends xenstore-schema -name "$p.pod")" ]; then
		echo "$p: no $p.pod"
		bad=1
	fi
done
exit $bad
