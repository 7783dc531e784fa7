# SPDX-License-Identifier: MIT
# Builds this checkout in the cache, never in the checkout itself: it may be
# configured already, belong to somebody else, or lie in a folder whose name
# autoconf does not take.  So its sources are copied first, with their times, and
# what is built there is kept and brought up to date.  Needs common.sh.
#
#	build_run NAME 'CONFIGURE ARGUMENT...' COMMAND...
#
# brings build NAME up to date and runs COMMAND in its folder.  A variable `build_goal`
# says what to make there, when it is less than all.

# The files of a checkout that somebody wrote.  In a clone configure is made
# from them; a tarball brings it along.
list_sources() {
	local made='configure|Makefile\.in|aclocal\.m4|config\.h\.in|build-aux/.*'

	[ -e "$top/.git" ] || made=none
	cd "$top" || return 1
	find . \( -name .git -o -name .deps -o -name autom4te.cache \
		-o -path './xl-lite-[0-9]*' \) -prune -o -type f \
		! -name '*.[oa]' ! -name '*.log' ! -name '*.trs' \
		! -name '*~' ! -name .dirstamp \
		! -path ./Makefile ! -path ./config.h ! -path ./config.status \
		! -path ./stamp-h1 -print |
		grep -vxE "\./($made)" | LC_ALL=C sort >"$1.files"
	# programs of a build in the checkout: make would take them for its own
	tr '\n' '\0' <"$1.files" |
		LC_ALL=C xargs -0 grep -laP '^\x7fELF' >"$1.programs"
	grep -vxFf "$1.programs" "$1.files" >"$1"
	[ -s "$1" ]
}

# Make folder $1/src what the checkout is now.
copy_sources() {
	local to=$1

	mkdir -p "$to/src"
	list_sources "$to/list.new" || return 1
	if [ -e "$to/list" ]; then
		LC_ALL=C comm -23 "$to/list" "$to/list.new" |
			(cd "$to/src" && tr '\n' '\0' | xargs -0r rm -f)
	fi
	tar -c -C "$top" --verbatim-files-from -T "$to/list.new" |
		tar -x -C "$to/src" --no-same-owner || return 1
	mv "$to/list.new" "$to/list"
	[ -x "$to/src/configure" ] || (cd "$to/src" && autoreconf -fi)
}

# What another checkout has compiled is not compiled again, where there is ccache.
PATH=/usr/lib/ccache:$PATH
export CCACHE_DIR=$cache/ccache CCACHE_MAXSIZE=1G CCACHE_NOHASHDIR=1

build_home=$cache/build-$(printf '%s\n' "$top" | key_of)

build_folder() {
	echo "$build_home/$1"
}

# Output and status are make's and COMMAND's.
build_run() {
	local name=$1 arguments=$2

	shift 2
	mkdir -p "$build_home"
	with_lock "${build_home##*/}" build_locked "$build_home" \
		"$build_home/$name" "$arguments" "$@"
}

build_locked() (
	home=$1 build=$2 arguments=$3

	shift 3
	copy_sources "$home" || exit 1
	mkdir -p "$build"
	cd "$build" || exit 1
	if [ ! -f Makefile ] || [ "$(cat arguments)" != "$arguments" ]; then
		printf '%s\n' "$arguments" >arguments
		eval "../src/configure $arguments" || exit 1
	fi
	make -j"$(nproc)" "${build_goal:-all}" || exit 1
	[ $# = 0 ] || "$@"
)

# What the box gets: the build that a package would be, warnings being errors.
box_build="--prefix=/usr --sysconfdir=/etc --localstatedir=/var --enable-werror"

# checkout_tree TO: folder TO becomes what 'make install DESTDIR=TO' leaves.
checkout_tree() {
	local log=$cache/build.log

	build_run box "$box_build ${XL_LITE_CONFIGURE-}" install_tree "$1" \
		>"$log" 2>&1 && return
	grep -nE '(error|warning|\*\*\*|undefined reference)' "$log" | head -n 20 >&2
	tail -n 5 "$log" >&2
	die "the checkout does not build: the whole log is $log"
}

kernel_tests=(tests/unit/test-{blk-engine,blk-counts,net-counts,net-tap,sandbox,loop})

install_tree() {
	mkdir -p "$1"
	make install DESTDIR="$1" || return
	# programs of the tests' own, which nobody installs
	install -D -t "$1/box/bin" tests/null/nulld tests/both/{leftlock,nbdio,netio} \
		tests/conformance/conformance tests/guest/stop-guest \
		tests/inject/{host-state,fake-qemu} \
		tests/hostile/hostile-{blk,net}{,back} \
		tests/sim/xlsim tests/sim/sweep/sweep || return
	install -D -t "$1/box/lib" tests/{sim/libxlsim,inject/libinject}.so || return
	install -D -t "$1/box" tests/guest/tiny tests/guest/lives || return
	# what asks the kernel something: test-unit-on-this-kernel.sh
	make -j"$(nproc)" "${kernel_tests[@]}" &&
		install -D -t "$1/box/bin/unit" "${kernel_tests[@]}"
}
