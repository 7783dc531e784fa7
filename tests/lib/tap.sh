# SPDX-License-Identifier: MIT
# What tests are written with that run on a Xen host, be it simulated or real:
# sourced by tests/sim/lib.sh and tests/box/lib.sh, which set
#
#	work, logs	folders for files of the test, and for what is worth keeping
#	wait_pauses	seconds between two looks at what is waited for: between
#			the first two, the next two, and so on
#	notify_listen	SOCKET FILE: become a process that appends to FILE what is
#			sent to SOCKET
#	leak_domains	print a line for each domain and for what it holds
#
# Nothing here waits by sleeping for a time: waits poll for what they wait for,
# with a limit generous enough for a loaded machine without virtualisation.
#
# Under emulation a process costs 30 to 40 ms, of the one processor that is
# waited for as well: what is called often here starts none.

mkdir -p "$work" "$logs"

# --- TAP ---------------------------------------------------------------------

test_count=0
test_failures=0

plan() {
	echo "1..$1"
}

# Everything there was to test cannot be tested here.
skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

diag() {
	local text="$*"

	printf '%s\n' "# ${text//$'\n'/$'\n'# }"
}

ok() {
	test_count=$((test_count + 1))
	echo "ok $test_count - $*"
}

not_ok() {
	test_count=$((test_count + 1))
	test_failures=$((test_failures + 1))
	echo "not ok $test_count - $*"
}

skip() {
	test_count=$((test_count + 1))
	echo "ok $test_count - # SKIP $*"
}

# is GOT WANT WHAT
is() {
	if [ "$1" = "$2" ]; then
		ok "$3"
	else
		not_ok "$3"
		diag "got:  $1"
		diag "want: $2"
	fi
}

# has_line REGEX: some line on stdin is like that, as grep -E has it.
has_line() {
	local line

	while IFS= read -r line || [ -n "$line" ]; do
		[[ $line =~ $1 ]] && return 0
	done
	return 1
}

# like TEXT REGEX WHAT
like() {
	if has_line "$2" <<<"$1"; then
		ok "$3"
	else
		not_ok "$3"
		diag "got:  $1"
		diag "want something like: $2"
	fi
}

# check WHAT COMMAND...: the command must succeed; its output is shown if not.  It
# runs in this shell, so that what it sets (daemon_pid) is there afterwards.
check() {
	local what=$1 status

	shift
	"$@" >"$work/check.out" 2>&1 3>&-
	status=$?
	if [ $status = 0 ]; then
		ok "$what"
	else
		not_ok "$what"
		diag "status $status of: $*"
		diag "$(cat "$work/check.out")"
	fi
}

# fails WHAT REGEX COMMAND...: the command must fail and say why.
fails() {
	local what=$1 regex=$2 out

	shift 2
	if out=$("$@" 2>&1 3>&-); then
		not_ok "$what"
		diag "succeeded: $*"
	else
		like "$out" "$regex" "$what"
	fi
}

bail() {
	echo "Bail out! $*"
	exit 1
}

# --- waiting -----------------------------------------------------------------

# Nothing is ever written to this descriptor: reading it with a time limit is a
# pause without a process.
mkfifo "$work/never"
exec {never_fd}<>"$work/never"

# wait_until SECONDS COMMAND...: until it succeeds. SECONDS are those of a machine
# that is busy; one that is slow as well gets four times as many.
wait_until() {
	local end=$((SECONDS + 4 * $1)) looks=0

	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		read -r -t "${wait_pauses[looks]}" -u "$never_fd"
		looks=$((looks + (looks < ${#wait_pauses[@]} - 1)))
	done
	return 0
}

# --- our daemons -------------------------------------------------------------

daemon_pids=()

# daemon_start NAME PROGRAM [ARG...]: start it in the foreground, wait until it
# says READY=1 as it would to systemd.  Its output is $logs/NAME.log; $daemon_pid
# is its process.
daemon_start() {
	local name=$1 socket=$work/$1.notify said=$work/$1.said reader

	shift
	command -v "$1" >/dev/null || bail "$1 is not installed here"
	rm -f "$socket" "$said"
	: >"$said"
	notify_listen "$socket" "$said" 3>&- &
	reader=$!
	wait_until 30 test -S "$socket" || bail "no notify socket"
	NOTIFY_SOCKET=$socket "$@" >>"$logs/$name.log" 2>&1 3>&- </dev/null &
	daemon_pid=$!
	daemon_pids+=("$daemon_pid")
	if ! wait_until 60 daemon_ready_or_dead "$said" "$daemon_pid" ||
	   ! has_line '^READY=1' <"$said"; then
		diag "$name did not become ready; it said:"
		tail -n 20 "$logs/$name.log" | sed 's/^/#   /'
		kill "$reader" 2>/dev/null
		return 1
	fi
	kill "$reader" 2>/dev/null
	wait "$reader" 2>/dev/null
	rm -f "$socket"
}

daemon_ready_or_dead() {
	has_line '^READY=1' <"$1" || ! kill -0 "$2"
}

# daemon_stop PID [SIGNAL]: stop it and wait; returns its exit status.
daemon_stop() {
	kill "-${2:-TERM}" "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# --- leaks -------------------------------------------------------------------

# What a test may have left, a line a thing: domains, xenstore nodes, processes,
# interfaces, loop devices, files.  Kernel threads, this script with what it runs
# (but not its daemons), and the folders that libxl makes once and keeps are not
# leaks.  Every test comes here at least twice, and under emulation a fork is
# dear: three programs, one awk that reads what they say, and the shell's globs.
# What xl-lited has told stays, so that it can be told again.
# What domains there are, with what is theirs, the tier says: leak_domains.
leak_list() (
	shopt -s globstar dotglob nullglob
	{
		echo "= domain"
		leak_domains
		echo "= node"
		xenstore-ls -f 2>/dev/null
		echo "= process"
		ps -e -o pid= -o ppid= -o args=
		echo "= thing"
		printf 'interface %s\n' /sys/class/net/*
		printf 'loop %s\n' /sys/block/loop*/loop/backing_file
		printf 'file %s\n' /run/** /var/lib/xen/** /var/lock/** \
			/dev/shm/**
	} | awk -v self=$$ -v daemons="${daemon_pids[*]}" '
	BEGIN {
		n = split(daemons, list, " ")
		while (n)
			daemon[list[n--]] = 1
		kept = "^/(libxl|vm|local/domain/0/(backend|device-model|libxl))"
		stays = "^/(run/(xen-hotplug|xen/domid-history)|" \
			"var/lib/xen/xl-lite-events$)"
	}
	$1 == "=" && NF == 2 { kind = $2; next }
	kind == "domain" { print kind, $0 }
	kind == "node" {
		if ($1 !~ (kept "(/[a-z0-9]*)?$") &&
		    $1 !~ "^/local/domain/0/libxl/")
			print kind, $1
	}
	kind == "process" {
		pid = $1
		parent[pid] = $2
		$1 = $2 = ""
		args[pid] = $0
	}
	kind == "thing" && $2 != "" && $2 !~ stays
	END {
		for (pid in parent) {
			if (pid == 2 || parent[pid] == 2)
				continue
			for (up = pid; up > 1 && up != self; up = parent[up])
				if (up in daemon)
					break
			if (up != self)
				print "process", args[pid]
		}
	}'
)

leak_snapshot() {
	leak_list | LC_ALL=C sort >"$work/leaks.before"
}

no_new_leaks() {
	leak_list | LC_ALL=C sort >"$work/leaks.after"
	[ -z "$(LC_ALL=C comm -13 "$work/leaks.before" "$work/leaks.after")" ]
}

# What xenstore-lint has to say of the live store; nothing, without our programs.
store_findings() {
	command -v xenstore-lint >/dev/null || return 0
	xenstore-lint --live 2>&1
}

# One test line: all that was not there at leak_snapshot is gone again, and the
# store that is left is as it must be.
leak_check() {
	local what=${1:-nothing is left behind} findings clean=1

	wait_until "${leak_patience:-30}" no_new_leaks || clean=
	findings=$(store_findings)
	if [ -n "$clean" ] && [ -z "$findings" ]; then
		ok "$what"
		return
	fi
	not_ok "$what"
	[ -n "$clean" ] || LC_ALL=C comm -13 "$work/leaks.before" \
		"$work/leaks.after" | sed 's/^/# left: /'
	[ -z "$findings" ] || printf '%s\n' "$findings" | sed 's/^/# lint: /'
}
