#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-349: what a guest wrote in its folder, and how often, filled a queue of
# events in the host without bound.
#
# Only the state is watched: thousands of writes of other nodes are not noticed,
# and of the state itself each is looked at once at most.
. "$(dirname "$0")/lib.sh"
words="X08 X08-state X05-flapping"
plan $((6 + $(cases hostile-net $words)))

net_begin
run_cases hostile-net uvif/0 $words
net_end
