#!/bin/bash
# SPDX-License-Identifier: MIT
# The platform of the daemons against a real xenstored: nulld has no device,
# so xenstore alone plays toolstack and guest, and every way through the
# handshake is quick to try.
. "$(dirname "$0")/../lib/both.sh"
command -v nulld >/dev/null || skip_all "nulld is not installed here"

guest=771
root=/local/domain/0/backend/unull/$guest
errors=/local/domain/0/error/backend/unull

# device ID [KEY VALUE]...: as a toolstack would make it, in one transaction.
device() {
	local id=$1 back=$root/$1 front=/local/domain/$guest/device/unull/$1

	shift
	xenstore-write "$front/backend" "$back" "$front/backend-id" 0 \
		"$front/state" 1 \
		"$back/frontend" "$front" "$back/frontend-id" $guest \
		"$back/online" 1 "$back/state" 1 "$back/mode" w "$@"
}
front() { xenstore-write "/local/domain/$guest/device/unull/$1/state" "$2"; }
order() { xenstore-write "/local/domain/$guest/device/unull/$1/order" "$2"; }
get() { xenstore-read "$1" 2>/dev/null; }
back_is() { [ "$(get "$root/$1/state")" = "$2" ]; }
reaches() { wait_until 20 back_is "$1" "$2"; }
lists() { xenstore-list "$1" 2>/dev/null; }
absent() { ! xenstore-exists "$1" 2>/dev/null; }
worker() { pgrep -f "^nulld: guest $1 " | tail -n 1; }
no_worker() { [ -z "$(worker $guest)" ]; }
forget() { xenstore-rm "/local/domain/$guest"; xenstore-rm "$root"; }

starts_and_stops() { daemon_start first nulld && daemon_stop $daemon_pid; }

plan 63
leak_snapshot

# -- what must be there ---------------------------------------------------------
fails "not root: said so" 'must be started as root' \
	setpriv --reuid=nobody --clear-groups nulld
# The kernel's device can be opened all the same; a request would wait for ever.
mv /run/xenstored/socket /run/xenstored/socket.away
check "xenstore as a domain of its own is found" starts_and_stops
xenstored_pid=$(pgrep -o xenstored)
kill -STOP "$xenstored_pid"
fails "no xenstored: said so, with the remedy" \
	'xenstored is not running.*systemctl start xenstored' nulld
kill -CONT "$xenstored_pid"
mv /run/xenstored/socket.away /run/xenstored/socket

daemon_start nulld nulld -v || bail "nulld does not start"
nulld=$daemon_pid
fails "a second instance is refused" "runs already, as process $nulld " nulld

# -- the usual life -----------------------------------------------------------
device 0
check "a new device goes InitWait" reaches 0 2
is "$(get "$root/0/opened")" 1 "with its features"
check "its worker is not there yet" no_worker
order 0 serve
front 0 3
check "frontend Initialised: Connected" reaches 0 4
is "$(get "$root/0/published")" 1 "with what is published at that"
pid=$(worker $guest)
check "a worker process is named after its guest" test -n "$pid"
is "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" "$(id -u nobody)" \
	"it is not root"
is "$(awk '/^CapEff|^CapBnd/ { print $2 }' "/proc/$pid/status" | sort -u)" \
	0000000000000000 "it has no capability"
is "$(awk '/^Seccomp:/ { print $2 }' "/proc/$pid/status")" 2 \
	"its system calls are filtered"
is "$(ls "/proc/$pid/root/")" "" "its root is empty"
front 0 4
front 0 5
check "frontend Closing: Closing" reaches 0 5
front 0 6
check "frontend Closed: Closed" reaches 0 6
front 0 1
check "frontend begins anew (kexec): InitWait" reaches 0 2
is "$(get "$root/0/opened")" 1 "what is behind stayed open"
front 0 4
check "straight to Connected, as netfront does: Connected" reaches 0 4
front 0 1
check "begins anew while connected (crash): InitWait" reaches 0 2
front 0 4
check "and connects again" reaches 0 4

# -- unplug -------------------------------------------------------------------
xenstore-write $root/0/online 0 $root/0/state 5
front 0 5
front 0 6
check "unplugged: Closed" reaches 0 6
forget
check "the last device gone, the worker goes" wait_until 20 no_worker

# -- made and removed ---------------------------------------------------------
device 1
order 1 serve
front 1 3
reaches 1 4
forget
check "removed while connected: nothing is written again" \
	wait_until 10 absent $root
check "and its worker goes" wait_until 20 no_worker
device 1
check "made again at once" reaches 1 2
xenstore-rm $root/1
device 1
check "removed and made in one breath" reaches 1 2
order 1 serve
front 1 3
check "it is the new one that connects" reaches 1 4
forget

# -- failing ------------------------------------------------------------------
device 2 $root/2/mode "far too long a mode"
check "what cannot be opened is closed" reaches 2 6
is "$(get $root/2/hotplug-status)" error "the toolstack is told so"
like "$(get $root/2/hotplug-error)" "no mode" "and why"
like "$(get $errors/$guest/2/error)" "^-71 no mode" "as the kernel tells it"
forget
check "removed: its error goes with it" wait_until 10 absent $errors/$guest

device 3
order 3 refuse
front 3 3
check "refused by the worker: Closing" reaches 3 5
like "$(get $errors/$guest/3/error)" "refused.as ordered" "the reason is kept"
front 3 6
check "then Closed" reaches 3 6
order 3 serve
front 3 1
check "the next driver may try" reaches 3 2
front 3 3
check "and gets through" reaches 3 4
check "which cleans the error" wait_until 10 absent $errors/$guest
front 3 6
reaches 3 6
order 3 refuse
front 3 1
reaches 3 2
front 3 3
reaches 3 5
kill -STOP $nulld
front 3 6
order 3 serve
front 3 1
kill -CONT $nulld
check "and the next is not missed when we are slow" reaches 3 2
front 3 3
reaches 3 4

device 4
order 4 crash
front 4 3
check "a worker that does what it must not: Closing" reaches 4 5
like "$(get $errors/$guest/4/error)" "signal 31" "said with the signal"
check "its other device suffers the same" reaches 3 5
front 3 6; front 3 1; reaches 3 2; front 3 3
check "and comes back with a new worker" reaches 3 4

device 5
order 5 fail
front 5 3
check "one that fails later: Closing" reaches 5 5
check "alone" back_is 3 4
forget

device 8
order 8 hang
front 8 3
reaches 8 4
forget
check "a worker that does not let go is ended" wait_until 60 no_worker
device 9
order 9 serve
front 9 3
check "and another serves the guest from then on" reaches 9 4
kill -KILL "$(worker $guest)"
check "killed: Closing" reaches 9 5
forget

# -- who is on the other side ----------------------------------------------------
device 6 $root/6/frontend /local/domain/0/device/unull/6
check "another domain's folder is not believed" reaches 6 6
forget

# -- what it counts --------------------------------------------------------------
device 7
order 7 serve
front 7 3
reaches 7 4
front 7 1
reaches 7 2
front 7 3
reaches 7 4
kill -USR1 $nulld
wait_until 10 test -s /run/xl-lite/nulld.stats
like "$(tr -d '\n' </run/xl-lite/nulld.stats)" \
	'"devid": 7, "state": "Connected".*"attached": 2, "bytes": 2048' \
	"counts are reported, and outlive a connection"
forget
wait_until 20 no_worker

device 7
order 7 serve
front 7 3
reaches 7 4
daemon_stop $nulld
is $? 0 "stops when told"
like "$(get $root/7/state) $(get $errors/$guest/7/error)" "^5 .*stopped" \
	"saying so"

# -- and comes back --------------------------------------------------------------
daemon_start again nulld -v
front 7 6
check "a new daemon takes on what it finds: Closed" reaches 7 6
front 7 1
check "and opens it again" reaches 7 2
front 7 3
check "to be connected" reaches 7 4
check "without the old reason" absent $errors/$guest
daemon_stop $daemon_pid KILL
check "workers do not outlive their daemon" wait_until 20 no_worker
is "$(get $root/7/state)" 4 "killed, it could tell nobody"
daemon_start third nulld -v
check "a connected device of a dead daemon: Closing" reaches 7 5
like "$(get $errors/$guest/7/error)" "the nulld that served it ended" \
	"with the reason"
forget
check "which goes with the device" wait_until 20 absent /local/domain/0/error
daemon_stop $daemon_pid
leak_check
