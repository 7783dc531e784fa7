#!/bin/bash
# SPDX-License-Identifier: MIT
# Takes dom0 down, and Xen with it: check-run.sh wants run to notice.
. "$(dirname "$0")/../lib.sh"
plan 2
ok "it began"
echo 1 >/proc/sys/kernel/sysrq
echo c >/proc/sysrq-trigger
tail -f /dev/null
