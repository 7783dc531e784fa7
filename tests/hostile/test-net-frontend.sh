#!/bin/bash
# SPDX-License-Identifier: MIT
# A network frontend that lies in every way there is gets an answer or a closed
# device with a reason; netd goes on, and the next driver of the guest connects.
. "$(dirname "$0")/lib.sh"
plan $((6 + $(cases hostile-net net net-race)))

net_begin
run_cases hostile-net uvif/0 net net-race
net_end
