#!/bin/bash
# SPDX-License-Identifier: MIT
# A block backend that lies in every way there is: xl-lite-blkfront serves on
# where that is right, and else ends in good order, saying why.
. "$(dirname "$0")/lib.sh"
plan $((2 + $(hostile-blkback count all)))

back_begin
blk_back all
back_end
