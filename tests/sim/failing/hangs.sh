#!/bin/bash
# SPDX-License-Identifier: MIT
# Never ends: check-run.sh wants run to end it.
. "$(dirname "$0")/../lib.sh"
plan 2
ok "it began"
echo "kept" >"$logs/said"
exec tail -f /dev/null
