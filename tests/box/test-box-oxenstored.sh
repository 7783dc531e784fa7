#!/bin/bash
# SPDX-License-Identifier: MIT
# The same with oxenstored, which is what Debian starts by default.
# cold: yes
# xenstored: oxenstored
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/boot.sh"
boot_tests oxenstored
