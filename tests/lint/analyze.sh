# SPDX-License-Identifier: MIT
# How the analyzers are run; sourced by test-clang-analyzer.sh and its like.
#
#	analyze TOOL COMMAND...    COMMAND FILE prints what it finds in FILE
#
# Two files at a time.  What it said of a file is kept, in the build's folder or
# in $LINT_RESULTS, by a hash of the file after the preprocessor and of the
# command, so that only what changed is looked at again.
#
# Two kinds of findings do not count: leaks of what CLEANUP_* frees, which these
# tools do not understand, and those that analyzers.known names with a reason.
# A line there that fits nothing any more is a failure.

cd "$srcdir" || exit 1
lint=$srcdir/tests/lint
results=${LINT_RESULTS:-$builddir/lint-results}
flags="-I. -I$builddir -D_GNU_SOURCE"

# The programs'; tests may be careless with what the system takes back.
sources() {
	find lib xenstore-schema backends frontends tools -name '*.c' |
		LC_ALL=C sort
}

# Prints the name of what it says of FILE.
analyze_one() {
	local tool=$1 file=$2 result

	shift 2
	result=$results/$tool/$({ gcc -E -P $flags "$file" &&
		echo "$file ${*//"$builddir"/}" && "$1" --version; } \
		2>/dev/null | sha256sum | cut -c 1-32)
	echo "$result"
	[ -e "$result" ] && touch "$result" && return
	"$@" "$file" >"$result.$$" 2>&1
	mv "$result.$$" "$result"
}
export -f analyze_one

# findings TOOL COMMAND...: all of them, a line each
findings() {
	local tool=$1

	mkdir -p "$results/$tool" || return
	export flags results builddir
	sources | tr '\n' '\0' | xargs -0 -r -P 2 -I '{}' bash -c \
		'file=$0 tool=$1; shift; analyze_one "$tool" "$file" "$@"' \
		'{}' "$@" | xargs cat |
		grep -E '^[^ ]*:[0-9]+(:[0-9]+)?: (error|warning|portability|performance): |^[^ ]*: fatal' |
		sed 's,^\./,,' | LC_ALL=C sort -u
	# what was not asked for in a week is of files that are no more
	find "$results/$tool" -type f -mtime +7 -delete
}

# A leak of a variable that its scope lets go of.
freed_by_scope() {
	local line=$1 file=${1%%:*} name

	grep -qi 'leak' <<<"$line" || return
	name=$(grep -oE "(pointed to by '|leak: |leak of ‘)[a-zA-Z_]+" <<<"$line" |
		grep -oE '[a-zA-Z_]+$')
	[ -n "$name" ] && grep -qE "\bCLEANUP(_[A-Z_]+|\([a-z_]+\))[^;]*\b$name\b" "$file"
}

analyze() {
	local tool=$1 line known file regex reason bad=0 used=

	while IFS= read -r line; do
		freed_by_scope "$line" && continue
		known=
		while IFS='|' read -r _ file regex reason; do
			if [[ $line = "$file":* && $line =~ $regex ]]; then
				known=1
				used+="|$file|$regex|"$'\n'
			fi
		done < <(grep "^$tool|" "$lint/analyzers.known")
		[ -z "$known" ] || continue
		echo "$line"
		bad=1
	done < <(findings "$@")
	while IFS='|' read -r _ file regex reason; do
		grep -qF "|$file|$regex|" <<<"$used" && continue
		echo "analyzers.known: $tool finds no '$regex' in $file any" \
			"more: remove the line"
		bad=1
	done < <(grep "^$tool|" "$lint/analyzers.known")
	[ $bad = 0 ] || echo "a false alarm gets a line, with its reason," \
		"in tests/lint/analyzers.known"
	return $bad
}

# planted COMMAND...: does it find a mistake that is there?
planted() {
	local dir

	dir=$(mktemp -d) || return
	cat >"$dir/planted.c" <<-END
	int read_null(int ask);
	int read_null(int ask)
	{
		int *p = 0;

		return ask ? *p : 0;
	}
	END
	"$@" "$dir/planted.c" 2>&1 | grep -qi 'null'
	set -- $? "$dir"
	rm -rf "$2"
	[ "$1" = 0 ] || echo "a planted null pointer was not found: does" \
		"the analyzer run at all?"
	return "$1"
}
