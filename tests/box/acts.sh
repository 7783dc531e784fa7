# SPDX-License-Identifier: MIT
# xl-lited, what it tells, and who acts for a guest: a child of it, who can be killed
# at some moment of what he does.  Sourced after lib.sh.

# Sets $lited to its process, and $events to one that puts down what it tells.
lited_with_events() {
	check "xl-lited is ready" daemon_start lited xl-lited
	lited=$daemon_pid
	stdbuf -oL xl-lite events -w >"$work/events" 2>&1 3>&- &
	events=$!
	wait_until 30 grep -q listening "$work/events"
}

# told_of EVENT NAME COUNT: of that guest, at least so often
told_of() {
	[ "$(grep -Ec "\"event\":\"$1\".*\"name\":\"$2\"" "$work/events")" -ge "$3" ]
}

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
