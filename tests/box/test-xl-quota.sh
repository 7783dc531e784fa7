#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest that has used up its quota of xenstore is in nobody's way.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/quota.sh"
plan 15

rm -f /etc/xl-lite.conf
leak_snapshot
quota_tests
leak_check
