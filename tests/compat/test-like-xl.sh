# SPDX-License-Identifier: MIT
#
# Our parsers and those of stock xl come to the same verdicts and values, but
# for what tests/compat/differences says.

said=$("$srcdir/tests/compat/compare" --build "$builddir")
status=$?
echo "$said" | grep -v '^ok'
if [ $status = 0 ] && why=$(echo "$said" | grep -m 1 -o 'SKIP .*'); then
	echo "skipped: ${why#SKIP }"
	exit 77
fi
exit $status
