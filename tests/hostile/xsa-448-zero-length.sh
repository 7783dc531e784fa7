#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-448: a slot of no bytes was handed on as a piece of a packet and crashed
# what came after.
#
# Empty slots first, in the middle, last, and alone.
. "$(dirname "$0")/lib.sh"
words="T05 T12"
plan $((6 + $(cases hostile-net $words)))

net_begin
run_cases hostile-net uvif/0 $words
net_end
