#!/bin/bash
# SPDX-License-Identifier: MIT
# What happens to guests is told once, and in order, to who listens again after
# xl-lited was killed, at whichever of its calls. Who acts for a guest dies as
# well, or goes on without it.
. "$(dirname "$0")/lib.sh"

state=/var/lib/xen
log=$state/xl-lite-events
zeros=00000000-0000-0000-0000-000000000000	# all domains' here
# Of each call all are tried, or every so many.
points=(file_write:1 sys_send:1 file_pread:1 domain_getinfo:3 sys_epoll_wait:3)
points_max=30
plan $((${#points[@]} + 9))

# state_file FILE NAME LINE: as a creation leaves it
state_file() {
	local config="name='$2'"$'\n'"kernel='/boot'"$'\n'"type='pv'"$'\n'"$3"$'\n'

	printf '%s\n' "xl-lite-guest 1" "uuid $zeros" \
		"boot $(</proc/sys/kernel/random/boot_id)" "started 0" \
		"short-lives 0" "folder /" "config ${#config}" >"$state/$1.tmp"
	printf '%s' "$config" >>"$state/$1.tmp"
	mv "$state/$1.tmp" "$state/$1"
}

# --- a life ------------------------------------------------------------------------

# lited_up: started as often as it is killed
lited_up() {
	local try

	for try in {1..20}; do
		kill -0 "$lited" 2>/dev/null && return
		wait "$lited" 2>/dev/null
		deaths=$((deaths + 1))
		if daemon_start lited xl-lited >/dev/null; then
			lited=$daemon_pid
			return
		fi
	done
	return 1
}

# heard EVENT NAME...: who listens was told
heard() {
	local event=$1 name

	shift
	for name; do
		grep -q "\"event\":\"$event\".*\"name\":\"$name\"" "$work/heard" ||
			return
	done
}

up_and_heard() {
	lited_up && heard "$@"
}

# Four guests: one ends, one is kept, one is started again as the fourth.
life() {
	guest_last=0
	for name in end keep old new; do
		guest_begin || bail "no guest"
	done
	state_file "userdata-d.1.$zeros.xl-lite" end "on_poweroff='destroy'"
	state_file "userdata-d.2.$zeros.xl-lite" keep "on_crash='preserve'"
	# another of its UUID runs
	state_file "xl-lite-restart-3.$zeros" guest-3 ""
	wait_until 20 up_and_heard created guest-{1..4}
	xlsim shutdown 1 0
	xlsim shutdown 2 3
	xlsim shutdown 3 1
	wait_until 20 up_and_heard kept guest-2
	wait_until 20 up_and_heard restarted guest-3
	wait_until 20 up_and_heard destroyed guest-1
	for guest in 2 3 4; do
		guest_end "$guest"
	done
	wait_until 20 up_and_heard destroyed guest-{2..4}
}

want='crashed guest-2
created guest-1
created guest-2
created guest-3
created guest-4
destroyed guest-1
destroyed guest-2
destroyed guest-3
destroyed guest-4
kept guest-2
restarted guest-3
shutdown guest-1
shutdown guest-3'

# What was heard of guests, without domain 0.
heard_all() {
	sed -n 's/.*"event":"\([a-z]*\)".*"name":"\(guest-.\)".*/\1 \2/p' \
		"$work/heard" | LC_ALL=C sort
}

numbers() {
	grep -v '"event":"listening"' "$work/heard" |
		sed 's/.*"seq":\([0-9]*\)}$/\1/'
}

# Nothing twice, nothing left out, in order.
judge() {
	local count

	count=$(numbers | wc -l)
	[ "$(heard_all)" = "$want" ] && [ "$(numbers)" = "$(seq "$count")" ] &&
		[ -z "$(compgen -G "$state/xl-lite-outcome-*")" ]
}

# one_life FAULT...: sets $deaths
one_life() {
	local listener

	rm -f "$log"
	deaths=-1 lited=-
	: >"$work/heard"
	xlsim fault none "$@"
	xl-lite events -w -a 0 >"$work/heard" 2>"$logs/events" 3>&- &
	listener=$!
	lited_up
	life
	xlsim fault none
	lited_up
	daemon_stop "$lited"
	kill $listener
	wait $listener 2>/dev/null
	judge
}

mkdir -p /run/xl-lite
leak_snapshot
check "all is told once" one_life
leak_check "and nothing but that is left"

# --- killed --------------------------------------------------------------------------

for point in "${points[@]}"; do
	call=${point%:*} bad='' killed=0
	for ((n = 1; n <= points_max; n += ${point#*:})); do
		if ! one_life "xl-lited@$call:$n:kill" 2>/dev/null; then
			bad=$n
			diag "killed at $call:$n: heard:" "$(cat "$work/heard")"
			diag "it said:" "$(tail -n 30 "$logs/lited.log")"
			break
		fi
		# it makes no so many calls
		[ "$deaths" != 0 ] || break
		killed=$((killed + deaths))
	done
	is "$bad" "" "so when it is killed at its $call ($killed times)"
	[ "$killed" != 0 ] || bail "$call: it was not killed at all"
done

# --- what others do -------------------------------------------------------------------

# Of a child of an xl-lited that was killed, or of the process that minds one
# guest alone. It says what it has done.
cat >"$work/other" <<'EOF'
use Fcntl;
$| = 1;
while (<STDIN>) {
	my ($what, $path) = split;
	if ($what eq "lock") {
		open($files{$path}, "+<", $path) or die "$path: $!";
		my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0);
		fcntl($files{$path}, F_SETLK, $lock) or die "$path: $!";
	} elsif ($what eq "remove") {
		unlink($path) or die "$path: $!";
	} elsif ($what eq "leave") {
		close($files{$path});
	}
	print "done\n";
}
EOF
other_does() {
	local answer

	echo "$*" >&"${other[1]}"
	read -r -t 20 -u "${other[0]}" answer && [ "$answer" = done ]
}

# finish ID NAME: what other_does last, for a guest that it has started again
finish() {
	local uuid=$zeros

	echo "{\"time\":\"2026-01-02T03:04:05.$((100000 + $1))Z\"," \
		"\"event\":\"restarted\",\"domid\":99,\"name\":\"$2\"," \
		"\"uuid\":\"$uuid\",\"from\":$1}" | sed 's/, "/,"/g' \
		>"$state/xl-lite-outcome-$1.$uuid"
	other_does remove "$state/xl-lite-restart-$1.$uuid" &&
		other_does leave "$state/xl-lite-restart-$1.$uuid"
}

xl-lite events -w >"$work/heard" 2>"$logs/events" 3>&- &
listener=$!
rm -f "$log"
daemon_start lited xl-lited && lited=$daemon_pid
coproc other { exec perl "$work/other" 3>&-; }

# Nothing was to be seen of it before its domain is gone.
guest_last=4
guest_begin
wait_until 20 heard created guest-5
state_file "xl-lite-restart-5.$zeros" guest-5 ""
other_does lock "$state/xl-lite-restart-5.$zeros"
guest_end 5
wait_until 20 heard destroyed guest-5
finish 5 guest-5
check "a restart that somebody else has begun is told when it is over" \
	wait_until 20 heard restarted guest-5

# Somebody else has the guest, and gives it up to restart it, while xl-lited
# waits for it.
guest_begin
wait_until 20 heard created guest-6
live=$state/userdata-d.6.$zeros.xl-lite
state_file "${live##*/}" guest-6 "on_reboot='restart'"
other_does lock "$live"
xlsim shutdown 6 1
wait_until 20 heard shutdown guest-6
has_child() {
	[ -n "$(cat "/proc/$lited/task/$lited/children")" ]
}
check "xl-lited waits for who has a guest" wait_until 20 has_child
state_file "xl-lite-restart-6.$zeros" guest-6 ""
other_does lock "$state/xl-lite-restart-6.$zeros"
other_does remove "$live"
other_does leave "$live"
guest_end 6
wait_until 20 heard destroyed guest-6
finish 6 guest-6
check "and what he has done is told" wait_until 20 heard restarted guest-6
exec {other[1]}>&-
wait "$other_PID" 2>/dev/null
kill $listener
wait $listener 2>/dev/null
daemon_stop "$lited"
check "once each" test "$(grep -c '"event":"restarted"' "$work/heard")" = 2

# --- who does not wait -----------------------------------------------------------------

daemon_start lited xl-lited && lited=$daemon_pid
last=$(sed -n '$s/.*"seq":\([0-9]*\)}$/\1/p' "$log")
xl-lite events -a $((last - 3)) >"$work/heard" 2>"$work/said" 3>&- &
listener=$!
wait_until 20 grep -q "\"seq\":$last}" "$work/heard"
daemon_stop "$lited"
wait $listener
is "$(numbers | xargs)" "$(seq -s ' ' $((last - 2)) "$last")" \
	"who asks for what is behind a number gets that"
like "$(cat "$work/said")" "the next that is told has number $((last + 1)): -a $last\$" \
	"and is told how to go on"
leak_check
