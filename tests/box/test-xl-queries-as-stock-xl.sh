#!/bin/bash
# SPDX-License-Identifier: MIT
# What xl-lite says about a host and its guests is what stock xl says, to the
# byte, and with the same exit status: without a guest, and with guests of both
# that are PV, PVH, running, paused, shut down and without a name.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/same.sh"
plan 58

rm -f /etc/xl-lite.conf
leak_snapshot

queries() {
	same "$1: list" list
	same "$1: list -vcn" list -vcn
	same "$1: list -l" list -l
	same "$1: vm-list" vm-list
	same "$1: uptime" uptime
	same "$1: vcpu-list" vcpu-list
}

queries "no guest"
same "info" info
same "info -n" info -n
same "cpupool-list" cpupool-list
same "info KEY" info xen_
same "info of a key that is a word's beginning" info free
same "info of what has words for a value" info virt_caps
same "cpupool-list -c" cpupool-list -c
same "cpupool-list POOL" cpupool-list Pool-0
same "dmesg" dmesg
same "domain 0 alone" list -l 0

check "xl makes a paused PV guest" create_with xl theirs-pv pv -p
check "xl makes a PVH guest" create_with xl theirs-pvh pvh "" maxvcpus=3
check "xl-lite makes a PV guest" create_with xl-lite ours-pv pv "" maxvcpus=3
check "xl-lite makes a paused PVH guest" create_with xl-lite ours-pvh pvh -p
queries "four guests"
same "list -v" list -v
same "list -Z" list -Z
same "list -c" list -c
same "list -n" list --numa
same "uptime -s" uptime -s
same "claims" claims
same "sharing" sharing
same "cpupool-list with guests" cpupool-list
same "list of one, by number" list -v "$(xl domid ours-pv)"
same "vcpu-list of two" vcpu-list ours-pv theirs-pvh
same "uptime of two" uptime ours-pv theirs-pv

# Wrong ways to ask.
same "list of an absent name" list absent
same "list of an absent number" list 999
refused "list of two" 1 list ours-pv theirs-pv
same "list with a wrong option" list -Q
same "uptime with a wrong option" uptime -Q
same "sharing of an absent one" sharing absent
same "vcpu-list of an absent name" vcpu-list absent
same "cpupool-list of an absent one" cpupool-list absent
refused "domid without an argument" 2 domid
same "domname of an absent number" domname 999
same "a dry run of what has none" -N list
same "a command that several begin with" sched-cred
same "a command that does not exist" lsit
# xl shrugs: nothing listed, or something else than was asked for, and all well
differs "vcpu-list of an absent number" 0 1 vcpu-list 999
differs "uptime of an absent number" 0 1 uptime 999
differs "info of an absent key" 0 1 info no_such_key
differs "arguments for a command that has none" 0 2 vm-list theirs-pv

# A guest that has stopped, and is kept; one whose name is gone.
xl trigger theirs-pvh nmi	# for which it has no handler
check "a guest falls over" wait_until 30 has_fallen theirs-pvh
nameless=$(xl domid theirs-pv)
xenstore-rm "/local/domain/$nameless/name"
same "stopped and nameless: list -v" list -v
same "stopped and nameless: vcpu-list" vcpu-list
xenstore-write "/local/domain/$nameless/name" theirs-pv

xl destroy ours-pv
xl destroy ours-pvh
xl-lite destroy theirs-pv
xl-lite destroy theirs-pvh
# libxl, and we as it, note once for all what domain 0 has
xenstore-rm /local/domain/0/memory
leak_check
