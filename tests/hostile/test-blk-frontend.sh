#!/bin/bash
# SPDX-License-Identifier: MIT
# A block frontend that lies in every way there is gets an answer or a closed
# device with a reason; blkd goes on, and the next driver of the guest connects.
. "$(dirname "$0")/lib.sh"
plan $((6 + $(cases hostile-blk blk)))

blk_begin w
run_cases hostile-blk uvbd/51712 blk
blk_end
