#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-392: a guest that stopped receiving made the host keep frames for it until
# memory was gone; one that lent a single page undid the remedy.
#
# Thousands of large frames for a guest that lends no page, one page, or a page
# at a time: the worker does not grow.
. "$(dirname "$0")/lib.sh"
words="R01 R02 R03"
plan $((6 + $(cases hostile-net $words)))

net_begin
run_cases hostile-net uvif/0 $words
net_end
