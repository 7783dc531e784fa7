#!/bin/bash
# SPDX-License-Identifier: MIT
# daemon_start knows a daemon that became ready from one that died, and
# leak_check sees one that was left running.
. "$(dirname "$0")/lib.sh"
plan 6

cat >"$work/daemon" <<'EOF'
#!/bin/bash
echo "said on stderr" >&2
[ "$1" != die ] || exit 3
printf 'READY=1\n' | socat -u STDIN "UNIX-SENDTO:$NOTIFY_SOCKET"
exec sleep 1000
EOF
chmod +x "$work/daemon"

leak_snapshot
daemon_start good "$work/daemon"
is $? 0 "a daemon that says READY=1 is started"
like "$(cat "$logs/good.log")" "said on stderr" "its output is in its log"
no_new_leaks
is $? 1 "a daemon left running is a leak"
daemon_stop "$daemon_pid"
is $? 143 "it is stopped by SIGTERM"
fails "one that dies is not ready" "said on stderr" \
	daemon_start bad "$work/daemon" die
leak_check
