#!/bin/bash
# SPDX-License-Identifier: MIT
# A block backend that lies in every way there is: xl-lite-blkfront serves on
# where that is right, and else ends in good order, saying why.
# sim-timeout: 300
. "$(dirname "$0")/lib.sh"
plan $((2 + $(hostile-blkback count)))

leak_snapshot
guest_begin || bail "no guest"
device_add uvbd 51712 +virtual-device=51712
take_lines < <(hostile-blkback run 51712 "$guest" "$logs/blkfront.log" \
	"${in_guest[@]}" xl-lite-blkfront --socket "$work/nbd" 2>&1)
device_forget
is "$(sanitizer_lines)" "" "nobody crashed, and no sanitizer complains"
guest_end "$guest"
leak_check
