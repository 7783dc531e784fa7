#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-216: a response was built on the stack and copied to the ring with the
# holes between its fields, which showed the guest what was there before.
#
# The ring is filled with a pattern; of each response all bytes that no field
# names must be zero.
. "$(dirname "$0")/lib.sh"
words="XSA-216"
plan $((6 + $(cases hostile-blk $words)))

blk_begin w
run_cases hostile-blk uvbd/51712 $words
blk_end
