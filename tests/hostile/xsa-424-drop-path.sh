#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-424: dropping a guest's packet took a lock that was held already.
#
# Thousands of packets that are dropped for each of the reasons there are, then
# good ones.
. "$(dirname "$0")/lib.sh"
words="T05 T06 T16 T17 T18 T23-filter M01"
plan $((6 + $(cases hostile-net $words)))

net_begin
run_cases hostile-net uvif/0 $words
net_end
