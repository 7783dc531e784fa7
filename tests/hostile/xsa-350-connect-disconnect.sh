#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-350: a guest that connected and disconnected quickly made blkback use a
# thread that was gone already.
#
# States in all orders, without waiting, and Closed while a connection is being
# made; what the guest wrote is removed in the middle.
. "$(dirname "$0")/lib.sh"
words="B35 B35-edges B35-flapping B35-connecting B35-folder B35-gone"
plan $((6 + $(cases hostile-blk $words)))

blk_begin w
run_cases hostile-blk uvbd/51712 $words
blk_end
