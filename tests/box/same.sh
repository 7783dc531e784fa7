# SPDX-License-Identifier: MIT
# Words for tests that hold xl-lite's commands against stock xl's, both on the
# same host at the same time. Sourced behind lib.sh.
#
# What is compared is stdout, to the byte, and the exit status. What moves
# between two looks is made the same by its place and form, so that a field of
# another width, or something else than a number in it, is still a difference:
#
# - list's Time(s) and vcpu-list's Time(s): the number in its 8 or 9 columns;
# - vcpu-list's CPU: the number in its 5 columns;
# - r and b of domain 0, which runs while it is asked;
# - uptime's hours, minutes and seconds, and its time of day.

tiny=/box/tiny		# the guest that does nothing

# By columns: NAME(40) ID(5) Mem(5) VCPUs(5), five spaces, six letters, two
# spaces, eight of time; NAME(32) ID(5) VCPU(5) CPU(5) STATE(6) and nine of time.
still() {
	case $1 in
	list | claims)
		sed -E 's/^(.{58}     [-rbpscwSd?]{6}  ) *[0-9]+\.[0-9]( |$)/\1TIME\2/
			s/^(Domain-0.{50}     )[-r][-b]/\1??/' ;;
	vcpu-list)
		sed -E 's/^(.{44})    [0-9]( .{6}) *[0-9]+\.[0-9]  /\1  CPU\2TIME  /
			s/^(Domain-0.{44})[-r][-b]/\1??/' ;;
	uptime)
		sed -E 's/[ 0-9][0-9]:[0-9]{2}:[0-9]{2}$/TIME/
			s/^ [0-9]{2}:[0-9]{2}:[0-9]{2} up( .*)?  ?[0-9]+:[0-9]{2},/ NOW up\1 TIME,/' ;;
	*) cat ;;
	esac
}

# Both are asked; sets $status_theirs and $status_ours.
ask_both() {
	xl "$@" >"$work/theirs.raw" 2>"$work/theirs.err" 3>&-
	status_theirs=$?
	xl-lite "$@" >"$work/ours.raw" 2>"$work/ours.err" 3>&-
	status_ours=$?
}

# same_output COMMAND: but for what moves, if anything differs at all
same_output() {
	diff "$work/theirs.raw" "$work/ours.raw" >"$work/difference" && return
	still "$1" <"$work/theirs.raw" >"$work/theirs.out"
	still "$1" <"$work/ours.raw" >"$work/ours.out"
	diff "$work/theirs.out" "$work/ours.out" >"$work/difference"
}

show_both() {
	diag "$(head -n 40 "$work/difference")"
	diag "xl: status $status_theirs: $(head -n 3 "$work/theirs.err")"
	diag "xl-lite: status $status_ours: $(head -n 3 "$work/ours.err")"
}

# same WHAT ARGUMENT...: stdout and status are xl's; who fails says something.
same() {
	local what=$1

	shift
	ask_both "$@"
	if [ $status_ours != $status_theirs ] ||
	   ! same_output "$1" ||
	   { [ $status_ours != 0 ] && [ ! -s "$work/ours.err" ]; }; then
		not_ok "$what"
		show_both
	else
		ok "$what"
	fi
}

# differs WHAT XL'S-STATUS OURS ARGUMENT...: we refuse what xl takes.
differs() {
	local what=$1 want_theirs=$2 want_ours=$3

	shift 3
	ask_both "$@"
	: >"$work/difference"
	if [ $status_theirs = "$want_theirs" ] && [ $status_ours = "$want_ours" ] &&
	   [ -s "$work/ours.err" ]; then
		ok "$what: xl says $status_theirs, we say $status_ours"
	else
		not_ok "$what"
		show_both
	fi
}

# refused WHAT STATUS ARGUMENT...: by both, and ours tells on stderr how to ask;
# xl's usage, which is on stdout, has other words.
refused() {
	local what=$1 status=$2

	shift 2
	ask_both "$@"
	: >"$work/difference"
	if [ $status_theirs = "$status" ] && [ $status_ours = "$status" ] &&
	   [ -s "$work/ours.err" ] && [ ! -s "$work/ours.raw" ]; then
		ok "$what: both say $status"
	else
		not_ok "$what"
		show_both
	fi
}

# create_with PROGRAM NAME TYPE OPTION [LINE...]: the guest that does nothing
create_with() {
	local program=$1 name=$2 type=$3 option=${4-}

	shift $(($# < 4 ? $# : 4))
	{
		printf '%s\n' "name='$name'" "type='$type'" "kernel='$tiny'" \
			"memory=32" "vcpus=2" "maxmem=48" \
			"on_crash='preserve'" "on_poweroff='destroy'"
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$work/$name.cfg"
	"$program" create -e $option "$work/$name.cfg"
}

has_fallen() {
	xl list "$1" | grep -q -- '-s[rc]- '
}
