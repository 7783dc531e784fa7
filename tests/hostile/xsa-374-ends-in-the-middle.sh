#!/bin/bash
# SPDX-License-Identifier: MIT
# XSA-374: a packet that netback did not like ended its thread; when the guest's
# device was taken down later, that thread was stopped once more.
#
# A bad ring ends the queue, and then the guest is destroyed, unplugged or
# resets; and a guest is destroyed in the middle of sending. (net X10)
. "$(dirname "$0")/lib.sh"
[ "$TEST_TIER" = sim ] || skip_all "domain 0 cannot be destroyed"
words="T01 T09-255 T13 T10"
plan $((10 + $(cases hostile-net $words)))

net_begin
run_cases hostile-net uvif/0 $words

# one that is left broken: unplugged as it is
first=$guest
for way in broken sending; do
	guest_begin || bail "no guest"
	errors_shown
	device_add uvif 0 +mac=$mac mac=$mac
	wait_until 20 back_is 2
	rm -f "$work/pushed"
	"${in_guest[@]}" hostile-net run uvif/0 0 none "X10-$way" \
		>"$work/peer" 2>&1 3>&- &
	disown
	check "$way: it is at it" wait_until 30 test -e "$work/pushed"
	pid=$(worker)
	xlsim destroy "$guest"
	xenstore-rm "$front"
	device_unplug
	check "$way: the guest is destroyed, its vif goes" \
		wait_until 20 back_is 6
	device_forget
	wait_until 30 test ! -d "/proc/$pid"
	xenstore-rm "/local/domain/$guest"
done
guest=$first
device_paths uvif 0
net_end
