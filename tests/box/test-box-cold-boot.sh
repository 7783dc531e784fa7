#!/bin/bash
# SPDX-License-Identifier: MIT
# The host boots, from power on to the shutdown of a guest of ours: the saved
# state that the other tests wake up hides no boot problem.  With the C xenstored.
# cold: yes
# xenstored: xenstored
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boot.sh"
boot_tests xenstored
