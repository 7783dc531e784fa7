#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-362 and XSA-365: backends ignored that a page of a batch could not be
# mapped, lost the error or gave up on all of the host for it.
#
# Grants that do not exist, are over, or may not be written to, alone and among
# good ones: that request fails, the good ones are served; a ring of such pages
# closes the device with a reason.
. "$(dirname "$0")/lib.sh"
words="B05 B07 B07-most B07-ended B08 B19 B19-persistent B19-revoked B20 B20-persistent"
plan $((6 + $(cases hostile-blk $words)))

blk_begin w
run_cases hostile-blk uvbd/51712 $words
blk_end
