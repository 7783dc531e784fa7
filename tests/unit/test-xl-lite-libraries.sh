#!/bin/bash
# SPDX-License-Identifier: MIT
# What xl-lite is linked with is loaded by each command, which is a large part of
# what that takes: a library that few of them want is loaded by those that do.
set -u

want="libc libxenctrl libxenguest libxenstore libyajl"
# sanitizers have their own
have=$(LC_ALL=C readelf -d tools/xl-lite/xl-lite |
	sed -n 's/.*(NEEDED).*\[\([^.]*\)\..*/\1/p' |
	grep -Evx 'lib(asan|ubsan|m|gcc_s|dl|pthread|rt|resolv)' | sort | xargs)
[ "$have" = "$want" ] && exit
echo "tools/xl-lite/xl-lite is linked with: $have"
echo "wanted: $want"
exit 1
