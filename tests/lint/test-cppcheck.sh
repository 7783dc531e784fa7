#!/bin/bash
# SPDX-License-Identifier: MIT
# cppcheck finds nothing.
set -u
. "$(dirname "$0")/analyze.sh"
command -v cppcheck >/dev/null || {
	echo "cppcheck is not installed"
	exit 77
}
look=(cppcheck --quiet --std=c11 --inline-suppr $flags
	--enable=warning,portability,performance
	--include="$lint/cppcheck.h"
	'--template={file}:{line}: {severity}: {message} [{id}]')
planted "${look[@]}" && analyze cppcheck "${look[@]}"
