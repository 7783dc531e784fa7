# SPDX-License-Identifier: MIT
# For tests/both/test-*.sh, which run on a simulated and on a real host:
#
#	. "$(dirname "$0")/../lib/both.sh"

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$tests/${TEST_TIER:-box}/lib.sh"
. "$tests/lib/guest.sh"
PATH=$PATH:/box/bin	# programs of tests, where they are in the box
