#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-391: a backend that sent events without end kept a guest busy with them.
#
# Thousands of events without anything to see; and events without end while
# there is something to see in xenstore.
. "$(dirname "$0")/lib.sh"
plan $((2 + $(hostile-blkback count control,F06,F06-state) + $(hostile-netback count control,F11)))

back_begin
blk_back control,F06,F06-state
net_back control,F11
back_end
