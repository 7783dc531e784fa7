# SPDX-License-Identifier: MIT
# The handshake of a device, broken off at each of its steps in turn. A test that
# sources this (after ../lib/both.sh) says what its device is:
#
#	daemon, front_program	their names
#	make_device		add it, sets $front and $back
#	front_command		array: what starts the frontend, in the guest
#	verify			whether it works, now that the frontend is ready
#
# A frontend's steps are its requests to xenstored, of which there are as many as
# it takes; those of both ends that touch Xen are calls of the libraries.

steps_most=80	# of requests; more is a frontend that does not get through

# the_next_gets_through WHAT: a frontend without a fault connects to what is there
the_next_gets_through() {
	xlsim fault none
	rm -f "$logs/again.log"
	if ! daemon_start again "${front_command[@]}"; then
		not_ok "$1: then it does not connect"
	else
		check "$1, and the next one works" verify
	fi
	daemon_stop "$daemon_pid"
}

hit() {
	xlsim fault | grep -q 'hits [1-9]'
}

# hit_or_ready PID: whichever comes first
hit_or_ready() {
	hit || grep -q ready: "$logs/broken.log" || ! kill -0 "$1"
}

# front_break SPEC: start a frontend that is to meet with a fault; false if it
# did not. $broken is its process.
front_break() {
	xlsim fault none "$front_program@$1"
	: >"$logs/broken.log"
	"${front_command[@]}" 2>>"$logs/broken.log" 3>&- &
	broken=$!
	wait_until 30 hit_or_ready $broken
	hit
}

broken_kill() {
	kill -KILL $broken 2>/dev/null
	wait $broken 2>/dev/null
}

# Nothing that the guest granted is in use, and no channel bound but xenstored's.
guest_released() {
	! xlsim list | awk -v guest="$guest/" '
		$1 == "grant" && index($2, guest) == 1 && $2 != guest "1" &&
		$(NF - 2) + $NF > 0 { used = 1 }
		$1 == "port" && index($2, guest) == 1 && $2 != guest "1" &&
		$3 == "interdomain" { used = 1 }
		END { exit !used }'
}

# -- the frontend dies at each request --------------------------------------------

steps_die() {
	local step

	make_device
	for ((step = 1; step <= steps_most; step++)); do
		front_break "xenbus_request:$step:kill" || break
		wait $broken 2>/dev/null
		the_next_gets_through "it dies at request $step"
	done
	broken_kill
	[ $step -le $steps_most ] && [ $step -gt 10 ] &&
		ok "it gets through in $((step - 1)) requests" ||
		not_ok "it gets through after $step requests"
	xlsim fault none
	device_unplug
	wait_until 20 back_is 5
	device_forget
	wait_until 20 guest_released
}

# -- unplugged while the frontend stands at each request ---------------------------

back_ends() {
	back_is 5 || back_is 6 || ! xenstore-exists "$back/state"
}

steps_unplug() {
	local step

	for ((step = 1; step <= steps_most; step++)); do
		make_device
		wait_until 20 back_is 2
		front_break "xenbus_request:$step:drop" || break
		device_unplug
		check "unplugged at request $step: it is closing" \
			wait_until 20 back_ends
		# a frontend that is connected and says nothing is waited for,
		# but not longer than the toolstack does
		device_forget
		check "removed there: nothing is held" \
			wait_until 20 guest_released
		broken_kill
	done
	broken_kill
	[ $step -gt 10 ] || not_ok "it stood still at no request"
	xlsim fault none
	device_unplug
	wait_until 20 back_is 5
	device_forget
	wait_until 20 guest_released
	make_device
	the_next_gets_through "after all of that it is made anew"
	device_unplug
	wait_until 20 back_is 6
	device_forget
}

# -- calls that fail ---------------------------------------------------------------

# steps_front_fails CALL COUNT: each of the frontend's first calls of that name
steps_front_fails() {
	local n status

	for ((n = 1; n <= $2; n++)); do
		make_device
		if ! front_break "$1:$n:ENOMEM"; then
			not_ok "$1 is not called $n times"
			broken_kill
		fi
		wait $broken
		is $? 1 "$1 number $n fails, and so does the frontend"
		like "$(cat "$logs/broken.log")" "Cannot allocate memory" \
			"saying why"
		the_next_gets_through "$1 number $n fails"
		device_unplug
		wait_until 20 back_is 6
		device_forget
	done
}

# steps_back_fails ROLE CALL COUNT: of the backend's calls
steps_back_fails() {
	local n

	for ((n = 1; n <= $3; n++)); do
		make_device
		xlsim fault none "$1@$2:$n:ENOMEM"
		: >"$logs/broken.log"
		"${front_command[@]}" 2>>"$logs/broken.log" 3>&- &
		broken=$!
		if ! wait_until 30 hit_or_ready $broken || ! hit; then
			not_ok "$2 is not called $n times by $1"
		else
			check "$2 number $n fails, and the device is closed" \
				wait_until 20 back_ends
			like "$(xenstore-ls -f /local/domain/0/error 2>&1)" \
				"Cannot allocate memory|-12 " "saying why"
			check "nothing is held" wait_until 20 guest_released
		fi
		broken_kill
		the_next_gets_through "$2 number $n fails"
		device_unplug
		wait_until 20 back_is 6
		device_forget
	done
}

# steps_back_dies CALL COUNT: the worker dies there
steps_back_dies() {
	local n

	for ((n = 1; n <= $2; n++)); do
		make_device
		xlsim fault none "$daemon: guest *@$1:$n:kill"
		: >"$logs/broken.log"
		"${front_command[@]}" 2>>"$logs/broken.log" 3>&- &
		broken=$!
		if ! wait_until 30 hit_or_ready $broken || ! hit; then
			not_ok "$1 is not called $n times"
		else
			check "its worker dies in $1 number $n: it is closed" \
				wait_until 20 back_ends
		fi
		broken_kill
		the_next_gets_through "its worker died in $1 number $n"
		device_unplug
		wait_until 20 back_is 6
		device_forget
	done
}
