#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-39: a guest that put impossible indices into its rings made netback loop
# without end, and one whose packets were malformed made it leak.
#
# Indices far ahead, half a circle ahead and behind close the device with a
# reason; packets malformed in every way cost no memory.
. "$(dirname "$0")/lib.sh"
words="T01 T02 T03 T05 T06 T09 R04 R04-half R04-back"
plan $((6 + $(cases hostile-net $words)))

net_begin
run_cases hostile-net uvif/0 $words
net_end
