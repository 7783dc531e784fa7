# SPDX-License-Identifier: MIT
# Shell helpers for everything under tests/ that runs on the developer's
# machine (not inside the box).  Sourced by bash scripts.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Where what is made once is kept: host images, their state, builds, logs.
cache_folder() {
	local home=${HOME:-$(getent passwd "$(id -u)" | cut -d : -f 6)}

	if [ -n "$home" ] && mkdir -p "$home/.cache/xl-lite" 2>/dev/null; then
		echo "$home/.cache/xl-lite"
	else
		home=/var/tmp/xl-lite-$(id -u)
		mkdir -p "$home" && [ -O "$home" ] && echo "$home"
	fi
}

cache=${XL_LITE_CACHE:-${XDG_CACHE_HOME:+$XDG_CACHE_HOME/xl-lite}}
: "${cache:=$(cache_folder)}"
[ -n "$cache" ] || {
	echo "no folder to keep host images in: set XL_LITE_CACHE" >&2
	exit 1
}

# Progress goes to stderr, so that stdout can be an answer or a TAP stream.
say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# One short key for whatever is on stdin.
key_of() {
	sha256sum | cut -c1-16
}

# with_lock NAME COMMAND...: one such command at a time on this cache.  The
# lock goes with the process, so a killed builder never blocks the next one.
with_lock() {
	local lock=$cache/$1.lock fd

	shift
	mkdir -p "$cache"
	exec {fd}>"$lock"
	if ! flock -n "$fd"; then
		say "waiting for another process that is making the same thing"
		flock "$fd"
	fi
	"$@"
	local rc=$?
	exec {fd}>&-
	return $rc
}

# Run a command that must own files as root does.  A plain user gets a user
# namespace with a range of ids, which is enough to make a file system image.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		unshare --user --map-root-user --map-auto --mount -- "$@"
	fi
}

seconds_since() {
	local now=${EPOCHREALTIME/./} then=${1/./} us

	us=$((now - then))
	printf '%d.%d' $((us / 1000000)) $((us % 1000000 / 100000))
}
