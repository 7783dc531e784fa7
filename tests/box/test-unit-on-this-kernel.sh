#!/bin/bash
# SPDX-License-Identifier: MIT
# The unit tests that ask the kernel something, on the kernel that our users
# have: what io_uring, TAPs, system call filters and counts are like differs
# between the one that builds us and Debian's.
. "$(dirname "$0")/lib.sh"

tests=(/box/bin/unit/test-*)
plan $((${#tests[@]} + 1))
leak_snapshot
cd "$work" || bail "no folder"
for test in "${tests[@]}"; do
	"$test" >"$work/out" 2>&1
	status=$?
	if [ $status = 77 ]; then
		skip "${test##*/}: $(tail -n 1 "$work/out")"
	else
		is $status 0 "${test##*/}"
		[ $status = 0 ] || diag "$(tail -n 20 "$work/out")"
	fi
done
leak_check
