#!/bin/bash
# SPDX-License-Identifier: MIT
# Leaves a guest, a process, a file, an interface and a node, each of which
# leak_check must name.
. "$(dirname "$0")/../lib.sh"
plan 1
leak_patience=0
leak_snapshot
xlsim guest 7
ip link add forgotten type bridge
: >/run/forgotten
xenstore-write /forgotten 1
(setsid tail -f /dev/null </dev/null >/dev/null 2>&1 &)
leak_check
