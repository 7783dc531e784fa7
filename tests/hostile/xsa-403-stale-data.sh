#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-403: pages lent for a few bytes held whatever had been in them before.
#
# Behind a write's bytes its page is clear, whatever was written with it before.
. "$(dirname "$0")/lib.sh"
plan $((2 + $(hostile-blkback count F13)))

back_begin
blk_back F13
back_end
