# SPDX-License-Identifier: MIT
#
# The command line where it needs no Xen: check, help, shortened commands and
# their exit statuses; and the manuals name every key and every command
# there is.

xl_lite=$builddir/tools/xl-lite/xl-lite
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
failed=0

# expect STATUS TEXT ARGUMENTS...: the output, of both kinds, begins with TEXT
expect()
{
	local want=$1 text=$2 got
	shift 2
	got=$("$xl_lite" "$@" 2>&1)
	local status=$?
	if [ $status != "$want" ] || [ "${got#"$text"}" = "$got" ] &&
	   [ -n "$text" ]; then
		echo "xl-lite $*"
		echo " want: $want: $text"
		echo "  got: $status: $got"
		failed=1
	fi
}

printf 'name="g"\nkernel="kernel"\nmemory=64\ndisk=["disk,raw,xvda"]\n' >good
printf 'name="g"\nkernel="kernel"\nmemory="64m"\nbogus' >bad

expect 0 "good: ok: pv guest 'g', 64 MiB, 1 vcpu, 1 disk, 0 vifs" \
	check --no-files good
expect 0 "good: ok: pv guest 'g', 32 MiB" check --no-files good memory=32
expect 0 "good: ok: pv guest 'g', 32 MiB" check memory=32 --no-files good
expect 1 "good:2:8: error: kernel 'kernel': No such file or directory" \
	check good
touch kernel disk
expect 0 "good: ok" check good
rm disk
mkdir disk
expect 1 "good:4:8: error: disk 'disk': this is no file" check good
expect 1 "bad:3:8: error: memory='64m' is not a number: write 64: it counts \
MiB
bad:4:6: error: the end of the file is here" check bad
expect 1 "good: ok" check --no-files good bad
expect 3 "missing: error: this configuration cannot be read: No such file" \
	check missing
expect 1 "command line:1:8: error: memory='x' is not a number" \
	check --no-files good memory="'x'"
expect 0 "/dev/null: ok: pv guest 'n', 8 MiB" \
	check --no-files /dev/null name='"n"' kernel='"/k"' memory=8
expect 2 "xl-lite: check: an argument is missing" check
expect 2 "Usage: xl-lite check" check memory=1
expect 2 "check: unrecognized option" check --bogus good
expect 0 "Usage: xl-lite check" check --help
expect 0 "Usage: xl-lite check" help check
expect 0 "Usage: xl-lite [-vNftT] COMMAND" help
expect 0 "Usage: xl-lite [-vNftT] COMMAND" -h
expect 1 "xl-lite: help: no command 'bogus'" help bogus

# every file that a key names is looked for
for key in firmware_override bios_path_override smbios_firmware acpi_firmware \
	   device_model_override; do
	printf 'name="g";type="hvm";memory=64;bios="seabios"\n%s="/none/x"\n' \
		$key >hvm
	expect 1 "hvm:2:$((${#key} + 2)): error: $key '/none/x': No such file or \
directory on this machine" check hvm
	expect 0 "hvm: ok" check --no-files hvm
	expect 1 "command line:1:$((${#key} + 2)): error: $key '$tmp': this is no file" \
		check hvm $key="'$tmp'"
done
printf 'name="g";type="pvh";memory=64;kernel="%s"\n' "$tmp/kernel" >pvh
expect 1 "command line:2:13: error: pvshim_path '/none/x': No such file" \
	check pvh pvshim=1 "pvshim_path='/none/x'"
# but not one that nothing is done with, or that is in Xen's own folder
expect 0 "" check pvh "pvshim_path='/none/x'"
expect 0 "" check pvh "device_model_override='/none/x'"
expect 0 "hvm: ok" check hvm "firmware_override='hvmloader'" \
	"device_model_override='kernel'"

# an unambiguous beginning is enough
expect 0 "good: ok" chec --no-files good
expect 0 "Usage: xl-lite [-vNftT] COMMAND" hel
expect 1 "xl-lite: command 'bogus': not implemented" bogus
expect 1 "xl-lite: command '': " ""
expect 1 "xl-lite: no command given"
expect 1 "xl-lite: command 'check': has no dry run" -N check good

# an empty file says what a guest needs
expect 1 "/dev/null: error: the guest has no name" check /dev/null

# what comes from a file does not reach the terminal as it is
printf 'name="\033[31m";kernel="k";memory=1\n' >evil
expect 1 "evil:1:6: error: name='?[31m': a name must not have a control" \
	check evil

# what could not be written was not printed
if [ -w /dev/full ] && "$xl_lite" help >/dev/full 2>err; then
	echo "help: a full disk is no failure"
	failed=1
fi

for key in $(sed -n 's/^\t[A-Z]*("\([a-z_0-9]*\)".*/\1/p' \
		"$srcdir/tools/xl-lite/keys.c"); do
	if ! grep -qw "$key" "$srcdir/tools/xl-lite/xl-lite.cfg.pod"; then
		echo "xl-lite.cfg.pod does not tell of the key $key"
		failed=1
	fi
done

for command in $("$xl_lite" help | sed -n 's/^ \([a-z][-a-z0-9]*\)  .*/\1/p'); do
	if ! grep -q "B<$command>" "$srcdir/tools/xl-lite/xl-lite.pod"; then
		echo "xl-lite.pod does not tell of the command $command"
		failed=1
	fi
done

exit $failed
