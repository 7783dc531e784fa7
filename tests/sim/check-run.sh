#!/bin/bash
# SPDX-License-Identifier: MIT
# The simulated host's own tools, from outside: run tells what went wrong with
# tests that hang, lie and leak, and leaves nothing behind, however it ends.
# TAP, and a sum as run's. Arguments go to run.
set -u
. "$(dirname "$0")/../lib/common.sh"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/logs"
count=0 failed=0
pass=("$@")

# expect WHAT FILE REGEX: a line of FILE is like that
expect() {
	count=$((count + 1))
	if grep -Eq -- "$3" "$2"; then
		echo "ok $count - $1"
	else
		failed=$((failed + 1))
		echo "not ok $count - $1"
		echo "# want a line like: $3"
		sed 's/^/# got: /' "$2"
	fi
}

run() {
	"$top/tests/sim/run" --artefacts "$work/logs" "${pass[@]}" "$@" \
		</dev/null 2>&1
}

# Hosts are the only processes here with their logs in a folder of this run.
hosts() {
	pgrep -f "xlsim host .* $1/" | wc -l
}

here=$top/tests/sim/failing
echo 1..18

run --timeout 2 "$here/hangs.sh" >"$work/out"
echo "status $?" >>"$work/out"
expect "a test that hangs is ended" "$work/out" \
	'^not ok - sim/failing/hangs.sh: still running after 2 s$'
expect "what it had passed is counted" "$work/out" \
	'^1 passed, 1 failed, 0 skipped$'
expect "run has failed" "$work/out" '^status 1$'
cat "$work"/logs/*hangs*/said >"$work/said" 2>&1
expect "its logs are kept" "$work/said" '^kept$'

run "$here/lies.sh" >"$work/out"
expect "a test that ends too soon has failed" "$work/out" \
	'^not ok - sim/failing/lies.sh: planned 2, ran 1$'

run "$here/leaks.sh" >"$work/out"
expect "a domain that is left is found" "$work/out" '^# left: domain 7$'
expect "a port is" "$work/out" '^# left: domain port 7/1$'
expect "a grant is" "$work/out" '^# left: domain grant 7/1 in use by 1$'
expect "an interface is" "$work/out" '^# left: interface .*/forgotten$'
expect "a file is" "$work/out" '^# left: file /run/forgotten$'
expect "a node is" "$work/out" '^# left: node /forgotten$'
expect "a process is" "$work/out" '^# left: process +tail -f /dev/null$'
ip link show forgotten >"$work/said" 2>&1
expect "but outside there is no such interface" "$work/said" 'does not exist'

run --repeat 4 --jobs 4 "$here/lies.sh" >"$work/out"
expect "several at a time are counted" "$work/out" \
	'^4 passed, 4 failed, 0 skipped$'

# Ended by a signal to the script alone, and by one that it does not see.
for signal in TERM KILL; do
	mkfifo "$work/started"
	TMPDIR=$work "$top/tests/sim/run" --artefacts "$work/logs" \
		"${pass[@]}" --timeout 60 "$here/hangs.sh" \
		</dev/null >"$work/out" 2>&1 &
	runner=$!
	for ((tries = 0; tries < 600; tries++)); do
		[ "$(hosts "$work")" = 0 ] || break
		read -r -t 0.1 <>"$work/started"
	done
	hosts "$work" >"$work/said"
	expect "$signal: its host is there" "$work/said" '^[1-9]'
	kill -$signal $runner
	wait $runner 2>/dev/null
	for ((tries = 0; tries < 600; tries++)); do
		[ "$(hosts "$work")" != 0 ] ||
			compgen -G "$work/tmp.*" >/dev/null || break
		read -r -t 0.1 <>"$work/started"
	done
	{ hosts "$work"; ls -d "$work"/tmp.* 2>&1; } >"$work/said"
	expect "$signal: then it is gone, with its folder" "$work/said" \
		'No such file'
	rm "$work/started"
done
echo "$((count - failed)) passed, $failed failed, 0 skipped"
[ $failed = 0 ]
