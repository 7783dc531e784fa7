#!/bin/bash
# SPDX-License-Identifier: MIT
# Ends well before its plan is fulfilled, with a daemon left in the background.
. "$(dirname "$0")/../lib.sh"
plan 2
ok "it began"
setsid tail -f /dev/null &
exit 0
