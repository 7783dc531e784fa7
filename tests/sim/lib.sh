# SPDX-License-Identifier: MIT
# What tests on the simulated host are written with; they run in its domain 0,
# as root. The words are those of tests/lib/tap.sh, and
# xlsim's: see tests/sim/xlsim.c.

work=/tmp/test
logs=$TEST_LOGS
wait_pauses=(0.005)
combination_step=1	# all of them

notify_listen() {
	exec xlsim listen "$1" "$2"
}

# Ports and grants, too: what is still bound, granted or mapped is a leak.
leak_domains() {
	xlsim list | awk '
		$1 == "domain" { print $2 }
		$1 == "port" { print $1, $2 }
		$1 == "grant" { print $1, $2, "in use by", $(NF - 2) + $NF }'
}

. /mnt/tests/lib/tap.sh

# guest_begin: a new guest, whose number is in $guest. A command behind
# "${in_guest[@]}" runs as a process of it.
guest_last=0
guest_begin() {
	guest_last=$((guest_last + 1))
	guest=$guest_last
	in_guest=(xlsim in "$guest")
	xlsim guest "$guest"
}

guest_end() {
	xlsim destroy "$1" && xenstore-rm "/local/domain/$1"
}
