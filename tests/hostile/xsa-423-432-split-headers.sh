#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-423: headers in several slots reached network drivers that want them in
# one piece. XSA-432: as many slots as there may be, together shorter than a
# header, wrote past the end of an array.
#
# A frame cut at each byte of its first 128, and 18 slots of 1 and of 7 bytes:
# all arrive, whole.
. "$(dirname "$0")/lib.sh"
words="T09 T11 T17 T26"
plan $((6 + $(cases hostile-net $words)))

net_begin
run_cases hostile-net uvif/0 $words
net_end
