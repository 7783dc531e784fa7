#!/bin/bash
# SPDX-License-Identifier: MIT
# The clang static analyzer finds nothing.
set -u
. "$(dirname "$0")/analyze.sh"
command -v clang >/dev/null || {
	echo "clang is not installed"
	exit 77
}
# deadcode.DeadStores: "while ((option = next()) != -1)" is how loops look here,
# and the compilers warn of variables that are really unused
look=(clang --analyze --analyzer-output text $flags
	-Xclang -analyzer-disable-checker -Xclang deadcode.DeadStores)
planted "${look[@]}" && analyze clang "${look[@]}"
