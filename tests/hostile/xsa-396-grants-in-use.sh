#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-396: frontends took back, and used again, pages that their backend had
# still mapped.
#
# A page is kept mapped beyond the connection: it stays what it is until it is
# let go, and only then is its grant gone.
. "$(dirname "$0")/lib.sh"
plan $((2 + $(hostile-blkback count control,F07) + $(hostile-netback count control,F10)))

back_begin
blk_back control,F07
net_back control,F10
back_end
