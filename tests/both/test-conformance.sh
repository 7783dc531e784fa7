#!/bin/bash
# SPDX-License-Identifier: MIT
# What Xen's libraries do, case by case, in domain 0 alone: of the simulated ones
# the same is true as of the real ones. A difference is a bug of the simulation.
. "$(dirname "$0")/../lib/both.sh"
command -v conformance >/dev/null || skip_all "conformance is not installed here"

conformance --list >"$work/cases"
plan $(($(wc -l <"$work/cases") + 1))
leak_snapshot
while read -r number name <&4; do
	check "$name" conformance "$number"
done 4<"$work/cases"
leak_check
