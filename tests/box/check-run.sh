#!/bin/bash
# SPDX-License-Identifier: MIT
# The box's own tools, from outside: run tells what went wrong with tests that
# hang, lie, and crash their host, and leaves nothing behind when it is
# interrupted; shell gives a person a terminal.  TAP, and a sum as run's.
set -u
. "$(dirname "$0")/../lib/common.sh"

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir "$work/logs"
count=0 failed=0

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
	"$top/tests/box/run" --no-tree --artefacts "$work/logs" --jobs 1 "$@" \
		</dev/null 2>&1
}

here=$top/tests/box/failing
echo 1..15

run --timeout 60 "$here/hangs.sh" >"$work/out"
echo "status $?" >>"$work/out"
expect "a test that hangs is ended" "$work/out" \
	'^not ok - box/failing/hangs.sh: still running after 60 s$'
expect "what it had passed is counted" "$work/out" \
	'^1 passed, 1 failed, 0 skipped$'
expect "run has failed" "$work/out" '^status 1$'
cat "$work"/logs/*hangs*/said >"$work/said" 2>&1
expect "its logs are kept" "$work/said" '^kept$'
cat "$work"/logs/*hangs*/xl-list >"$work/said" 2>&1
expect "and what the host said of itself" "$work/said" '^Domain-0'

run --timeout 600 "$here/crashes-the-host.sh" >"$work/out"
expect "a host that crashes is noticed" "$work/out" \
	'^not ok - box/failing/crashes-the-host.sh: the host went down$'
cat "$work"/logs/*crashes*/serial.log >"$work/said" 2>&1
expect "its last words are kept" "$work/said" 'sysrq|Domain 0 crashed'

run "$here/lies.sh" >"$work/out"
expect "a test that ends too soon has failed" "$work/out" \
	'^not ok - box/failing/lies.sh: planned 2, ran 1$'

run --until "$EPOCHSECONDS" "$here/lies.sh" >"$work/out"
expect "what comes too late is skipped" "$work/out" \
	'^0 passed, 0 failed, 1 skipped$'

# What QEMU says of itself when it aborts, and that it ends.
"$top/tests/box/run" --no-tree --artefacts "$work/logs" --jobs 1 --timeout 60 \
	"$here/hangs.sh" </dev/null >"$work/out" 2>&1 &
pid=$!
abort_qemu() {
	local folder qemu

	until grep -q "^ok 1" "$work/out" || ! kill -0 $pid 2>/dev/null; do
		read -r -t 0.2 <> <(:)
	done
	qemu=$(pgrep -P $pid -f qemu-system)
	folder=$(readlink "/proc/$qemu/fd/2")
	echo "ERROR: assertion failed: (qemu_mutex_iothread_locked())" >>"$folder"
	kill -ABRT "$qemu"
}
abort_qemu
wait $pid
expect "a test is run again when QEMU has aborted" "$work/out" \
	'hangs.sh: QEMU has aborted, .*: again$'
expect "and counted once" "$work/out" '^1 passed, 1 failed, 0 skipped$'

# Interrupted by a signal to the script alone, as a CI system does it.
"$top/tests/box/run" --no-tree --artefacts "$work/logs" "$here/hangs.sh" \
	</dev/null >"$work/out" 2>&1 &
pid=$!
until grep -q '^ok 1' "$work/out" || ! kill -0 $pid 2>/dev/null; do
	read -r -t 0.2 <> <(:)
done
ps -o pid= --ppid $pid >"$work/children"
kill -TERM $pid
wait $pid
echo "status $?" >>"$work/out"
expect "an interrupted run says so" "$work/out" '^run: interrupted: .*hangs.sh'
expect "and ends by the signal" "$work/out" '^status 143$'
# what removes its folder ends a moment later
left=none
SECONDS=0
until [ -z "$left" ] || [ $SECONDS -gt 60 ]; do
	left=
	while read -r child; do
		kill -0 "$child" 2>/dev/null && left+=" $child"
	done <"$work/children"
	read -r -t 0.2 <> <(:)
done
echo "left:$left" >"$work/said"
expect "no process is left" "$work/said" '^left:$'

# A person's terminal, by script(1).
mkfifo "$work/keys"
{
	exec 9>"$work/keys"
	until grep -q 'box:.*# ' "$work/out" || [ $SECONDS -gt 600 ]; do
		read -r -t 0.5 <> <(:)
	done
	# shellcheck disable=SC2016
	printf 'echo "$((40 + 2)) at $(tty)"\rexit\r' >&9
	read -r -t 60 <> <(:)
} &
keys=$!
: >"$work/out"
script -qefc "'$top/tests/box/shell' --no-tree" "$work/typescript" \
	<"$work/keys" >"$work/out" 2>&1
kill $keys 2>/dev/null
tr -d '\r' <"$work/out" >"$work/said"
expect "shell runs what is typed, and ends" "$work/said" '42 at /dev/hvc0'

echo "$((count - failed)) passed, $failed failed, 0 skipped"
[ $failed = 0 ]
