# SPDX-License-Identifier: MIT
# What every box test is written with.  Runs in the box's dom0, as root:
#
#	. "$(dirname "$0")/lib.sh"
#	plan 2
#	leak_snapshot
#	...
#	is "$(xl-lite domid g)" "$id" "a guest is found by its name"
#	leak_check
#
# Nothing here waits by sleeping for a time: waits poll for what they wait for,
# with a limit generous enough for a loaded machine without virtualisation.

box_guest=/box/guest		# vmlinuz, vmlinux, base.cpio, fio.cpio, ...
work=/tmp/test			# files of this test
logs=${BOX_LOGS:-/var/log/box}	# kept if the test fails
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
	printf '%s\n' "$*" | sed 's/^/# /'
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

# like TEXT REGEX WHAT
like() {
	if printf '%s\n' "$1" | grep -Eq -- "$2"; then
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
exec {box_never}<>"$work/never"

# wait_until SECONDS COMMAND...: until it succeeds.
wait_until() {
	local end=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		read -r -t 0.4 -u "$box_never"
	done
	return 0
}

# --- xenstore ------------------------------------------------------------------

# nodes_remove_empty PATH...: those that have nothing below them
nodes_remove_empty() {
	local path

	for path; do
		[ -n "$(xenstore-list "$path" 2>/dev/null)" ] ||
			xenstore-rm "$path" 2>/dev/null
	done
	return 0
}

# --- guests ------------------------------------------------------------------

# guest_job FILE.cpio <<EOF ...: a ramdisk layer with the script on stdin as /job.
guest_job() {
	local dir=$work/job.$BASHPID

	rm -rf "$dir"
	mkdir -p "$dir"
	{ echo '#!/bin/sh'; cat; } >"$dir/job"
	chmod +x "$dir/job"
	(cd "$dir" && echo job | cpio --quiet -o -H newc) >"$1"
	rm -rf "$dir"
}

# guest_programs FILE.cpio PROGRAM...: a layer with programs and their libraries.
guest_programs() {
	local to=$1 dir=$work/programs.$BASHPID program file

	shift
	rm -rf "$dir"
	for program; do
		program=$(command -v "$program") || bail "no program $program"
		for file in "$program" $(ldd "$program" | grep -o '/[^ ]*'); do
			# Behind the guest's link /lib; its /lib64, where the
			# loader must be, is a folder.
			file=$(realpath -s "$file")
			case $file in
			/usr/* | /lib64/*) ;;
			*) file=/usr$file ;;
			esac
			mkdir -p "$dir/$(dirname "$file")"
			cp -L "$file" "$dir/$file"
		done
	done
	(cd "$dir" && find . | cpio --quiet -o -H newc) >"$to"
	rm -rf "$dir"
}

# guest_ramdisk FILE LAYER.cpio...: the guests' ramdisk with layers over it.
guest_ramdisk() {
	local to=$1

	shift
	cat "$box_guest/base.cpio" "$@" >"$to"
}

# guest_cfg NAME [LINE...]: print a PV guest's config; lines are added as given
# and win over the defaults.
guest_cfg() {
	local name=$1 line defaults key

	shift
	defaults=("kernel='$box_guest/vmlinux'" "ramdisk='$box_guest/base.cpio'"
		  "extra='console=hvc0 quiet'" "memory=128" "vcpus=1"
		  "on_poweroff='destroy'" "on_reboot='destroy'"
		  "on_crash='destroy'")
	echo "name='$name'"
	for line in "${defaults[@]}"; do
		key=${line%%=*}
		printf '%s\n' "$@" | grep -q "^$key *=" || echo "$line"
	done
	[ $# = 0 ] || printf '%s\n' "$@"
}

guest_domid() {
	xl domid "$1" 2>/dev/null
}

# What a guest has printed: xenconsoled keeps it.
guest_console() {
	cat "/var/log/xen/console/guest-$1.log" 2>/dev/null | tr -d "\r"
}

console_has() {
	guest_console "$1" | grep -Eq -- "$2"
}

# guest_wait_console NAME REGEX SECONDS
guest_wait_console() {
	# a guest that has stopped will not say it any more
	wait_until "$3" console_has "$1" "$2|reboot: (System halted|Power down)"
	if console_has "$1" "$2"; then
		return 0
	fi
	diag "guest $1 did not print '$2' in $3 s; last it said:"
	guest_console "$1" | tail -n 20 | sed 's/^/#   /'
	return 1
}

guest_is_gone() {
	! xl domid "$1"
}

# guest_wait_gone NAME SECONDS
guest_wait_gone() {
	wait_until "$2" guest_is_gone "$1" && return 0
	diag "guest $1 is still there after $2 s: $(xl list 2>&1 | tail -n +3)"
	return 1
}

# A writable copy of the small root disk.
guest_rootdisk() {
	cp --sparse=always "$box_guest/rootdisk.img" "$1"
}

# --- our daemons -------------------------------------------------------------

# notify_socket FILE: a socket for sd_notify; what arrives is written to FILE.
daemon_pids=()

# daemon_start NAME PROGRAM [ARG...]: start it in the foreground, wait until it
# says READY=1 as it would to systemd.  Its output is $logs/NAME.log; $daemon_pid
# is its process.
daemon_start() {
	local name=$1 socket=$work/$1.notify said=$work/$1.said reader

	shift
	command -v "$1" >/dev/null || bail "$1 is not installed in this box"
	rm -f "$socket" "$said"
	: >"$said"
	socat -u "UNIX-RECVFROM:$socket,fork" "OPEN:$said,append" 3>&- &
	reader=$!
	wait_until 30 test -S "$socket" || bail "no notify socket"
	NOTIFY_SOCKET=$socket "$@" >>"$logs/$name.log" 2>&1 3>&- </dev/null &
	daemon_pid=$!
	daemon_pids+=("$daemon_pid")
	if ! wait_until 60 daemon_ready_or_dead "$said" "$daemon_pid" ||
	   ! grep -q '^READY=1' "$said"; then
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
	grep -q '^READY=1' "$1" || ! kill -0 "$2"
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
leak_list() (
	shopt -s globstar dotglob nullglob
	{
		echo "= domain"
		xl list
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
	}
	$1 == "=" && NF == 2 { kind = $2; next }
	kind == "domain" && $1 != "Name" { print kind, $1 }
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
	kind == "thing" && $2 != "" && $2 !~ "^/run/(xen-hotplug|xen/domid-history)"
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

	wait_until 30 no_new_leaks || clean=
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
