# SPDX-License-Identifier: MIT
# What a runner of tests makes of their TAP. A runner's function has, as local
# variables, name, fails=0 oks=0 skips=0 seen=0 planned=''.

# head_of TEST NAME: what the line '# NAME: VALUE' in its head says
head_of() {
	sed -n "s/^# $2: *\([a-z0-9]*\).*/\1/p;15q" "$1" | head -n 1
}

# Count one line of TAP.
count_tap() {
	case $1 in
	'not ok'*) fails=$((fails + 1)); seen=$((seen + 1)) ;;
	'ok'*'# SKIP'*) skips=$((skips + 1)); seen=$((seen + 1)) ;;
	'ok'*) oks=$((oks + 1)); seen=$((seen + 1)) ;;
	'1..0'*) planned=0; skips=$((skips + 1)) ;;
	'1..'*) planned=${1#1..}; planned=${planned%% *} ;;
	'Bail out!'*) fail_with "bailed out" ;;
	esac
}

fail_with() {
	fails=$((fails + 1))
	echo "not ok - $name: $1"
}

# judge_end STATUS: it has ended by itself.
judge_end() {
	if [ "$1" = 77 ] && [ $seen = 0 ]; then
		[ "$planned" = 0 ] || skips=1
	elif [ "$1" != 0 ] && [ $fails = 0 ]; then
		fail_with "exit status $1"
	elif [ -z "$planned" ]; then
		fail_with "ended without a plan"
	elif [ "$planned" != $seen ]; then
		fail_with "planned $planned, ran $seen"
	fi
}
