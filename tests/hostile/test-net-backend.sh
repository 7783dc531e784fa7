#!/bin/bash
# SPDX-License-Identifier: MIT
# A network backend that lies in every way there is: xl-lite-netfront serves on
# where that is right, and else ends in good order, saying why.
. "$(dirname "$0")/lib.sh"
plan $((2 + $(hostile-netback count all)))

back_begin
net_back all
back_end
