#!/bin/bash
# SPDX-License-Identifier: MIT
# The list of what a hostile peer may do has each entry once, and where it says
# that something is tried, it is.
. "$(dirname "$0")/lib.sh"
plan 3

entries=$tests/hostile/entries

# wanted: 'LIST ID' of all there are
wanted() {
	printf 'blk B%02d\n' {1..8} {10..25} {30..46}
	printf 'blkback F%02d\nnetback F%02d\n' \
		$(printf '%d %d ' {1..14}{,} | tr -s ' ')
	printf 'net T%02d\n' {1..28}
	printf 'net R%02d\n' {1..11}
	printf 'net C%02d\n' {1..8}
	printf 'net M%02d\n' {1..5}
	printf 'net X%02d\n' {1..10}
	printf 'net E%02d\n' 1 2
}

for list in blk net blkback netback; do
	hostile-$list list | cut -d ' ' -f 1 >"$work/$list"
done

# there_is LIST WORD: a case whose id is WORD or begins with WORD and a dash
there_is() {
	grep -Eqx -- "$2(-.*)?" "$work/$1"
}

is "$(grep -v '^#' "$entries" | awk 'NF { print $1, $2 }' | sort)" \
	"$(wanted | sort)" "each entry is there once"

missing=
while read -r list id how what; do
	case $how in
	case)
		for word in $what; do
			there_is "$list" "$word" || missing+="$list $id $word;"
		done
		;;
	test) [ -x "$tests/${what%% *}" ] || missing+="$list $id $what;" ;;
	none) [ -n "$what" ] || missing+="$list $id has no reason;" ;;
	*) missing+="$list $id: $how?;" ;;
	esac
done < <(grep -v '^#' "$entries" | grep .)
is "$missing" "" "each case and each test that it names exists"

twice=$(for list in blk net blkback netback; do
	sort "$work/$list" | uniq -d
done)
is "$twice" "" "no two cases have one name"
