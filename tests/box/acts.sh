# SPDX-License-Identifier: MIT
# Killing who acts for a guest, a child of the xl-lited whose process is $lited,
# at some moment of what he does.  Sourced after lib.sh.

# Sets $child to who acts for a guest, once there is somebody.
somebody_acts() {
	child=
	read -r child _ <"/proc/$lited/task/$lited/children"
	[ -n "$child" ]
}

# wait_until looks less often, and a restart takes hardly longer.
wait_for_action() {
	local end=$((SECONDS + 10))

	until somebody_acts || [ $SECONDS -ge $end ]; do
		read -r -t 0.005 -u "$never_fd"
	done
}

# kill_after SECONDS: who acts next, so much later; it fails when he was quicker
kill_after() {
	wait_for_action
	read -r -t "$1" -u "$never_fd"
	somebody_acts && kill -KILL "$child"
}
