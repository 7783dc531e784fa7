# SPDX-License-Identifier: MIT
#
# A PVH guest's ACPI tables in ACPICA's interpreter, which is Linux's: which
# processors are present, and what each says of its APIC.

if ! command -v acpiexec >/dev/null; then
	echo "skipped: acpiexec is not installed (acpica-tools)"
	exit 77
fi
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0

# value VCPUS MAXVCPUS NAME: what \_SB.NAME comes to, on one line
value()
{
	rm -f "$tmp"/*
	"$builddir/tests/compat/acpi-dump" "$1" "$2" "$tmp" || return
	acpiexec -b "evaluate \\_SB.$3" "$tmp/dsdt" "$tmp/ssdt" 2>&1 </dev/null |
		sed -n '/^Evaluation of/,$p' | grep -E 'Integer|Buffer|[0-9A-F]{4}:|AE_' |
		sed 's, *//.*,,' | tr -s ' \n' ' '
}

# expect WHAT GOT REGEX
expect()
{
	echo "$2" | grep -qE "$3" && return
	echo "$1: wanted '$3', got '$2'"
	failed=1
}

for max in 1 2 16 17 128; do
	last=$(printf '%02X' $((max - 1)))
	expect "the last of $max is present" "$(value 1 $max CP$last._STA)" \
		'Integer.* 0*F *$'
	[ $max = 128 ] && continue
	next=$(printf '%02X' $max)
	expect "there is none after $max" "$(value 1 $max CP$next._STA)" \
		'Integer.* 0+ *$'
done
expect "processor 0's APIC" "$(value 1 4 CP00._MAT)" '00 08 00 00 01 00 00 00'
expect "processor 3's APIC" "$(value 1 4 CP03._MAT)" '00 08 03 06 01 00 00 00'
expect "processor 127's APIC" "$(value 1 128 CP7F._MAT)" \
	'00 08 7F FE 01 00 00 00'
expect "processor 127's number" "$(value 1 128 CP7F._UID)" 'Integer.* 0*7F *$'
exit $failed
