#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-155: backends read fields of a request twice from the shared ring, once
# to check them and once to use them, and the guest changed them in between.
#
# A thread of the guest flips fields of requests, of lists of segments and of
# all of the ring as fast as it can while thousands are served. Each request is
# answered, the disk holds nothing that no legal request put there, and a page
# that may only be read is never written to.
. "$(dirname "$0")/lib.sh"
plan $((6 + $(cases hostile-blk blk-race)))

blk_begin w
run_cases hostile-blk uvbd/51712 blk-race
blk_end
