# SPDX-License-Identifier: MIT
# Is the host as it was? For tests that look after each of many failures: one
# process looks, tests/inject/host-state.c. Sourced after lib.sh.

PATH=$PATH:/box/bin

state_begin() {
	coproc STATE { exec host-state; }
	state_in=${STATE[1]} state_out=${STATE[0]} state_pid=$STATE_PID
}

state_keep() {
	local line

	echo keep >&"$state_in"
	read -r line <&"$state_out"
}

# Sets $difference to what is not as it was kept.
state_diff() {
	local line

	difference=
	echo diff >&"$state_in"
	while read -r line <&"$state_out" && [ "$line" != . ]; do
		difference+=$line$'\n'
	done
}

is_as_before() {
	state_diff
	[ -z "$difference" ]
}

# What one failure left is not to be seen in the next one's result.
begin_anew() {
	xl-lite gc >"$work/gc" 2>&1 3>&-
	state_keep
}

state_end() {
	eval "exec $state_in>&-"
	wait "$state_pid" 2>/dev/null
}
