#!/bin/bash
# SPDX-License-Identifier: MIT
# Keys that Xen itself carries out do to a guest what they do with stock xl: its
# pool, where its vcpus run, its share, its bounds, its clocks. What this host
# cannot do is told before anything is made.
# processors: 2
. "$(dirname "$0")/lib.sh"
plan 33

rm -f /etc/xl-lite.conf
leak_snapshot

keys_cfg() {
	guest_cfg web "kernel='/box/tiny'" "type='pvh'" "memory=16" "vcpus=2" \
		"uuid='6c5c5e0a-9a3f-4d52-8f21-0d1c3e9b7a11'" "$@" |
		grep -v '^\(ramdisk\|extra\)='
}

# xen_says KEY: what Xen prints when its key is pressed
xen_says() {
	xl dmesg -c >/dev/null
	xl debug-keys "$1"
	xl dmesg
}

timer_mode() {
	PYTHONPATH=/usr/lib/xen-4.17/lib/python python3 -c "
from xen.lowlevel import xc
print(xc.xc().hvm_get_param($1, 10))"	# HVM_PARAM_TIMER_MODE
}

# all_of DOMID: what became of the keys, for two guests to be the same
all_of() {
	echo "pool: $(xl list -c web | awk 'NR > 1 { print $NF }')"
	xl vcpu-list web | awk 'NR > 1 { print "vcpu:", $3, $(NF - 2), $(NF - 1), $NF }'
	xl sched-credit2 -d web | awk 'NR == 2 { print "share:", $3, $4 }'
	xen_says g | grep -A 1 "grant-table for remote d$1 " |
		sed "s,d$1,dN,; s,^(XEN) *\(\[.*\] *\)*,grants: ,; s, [0-9]* frames, X frames,; s, [0-9]* maptrack, Y maptrack,"
	xen_says s | grep "dom$1[: (]" |
		sed "s,dom$1,domN,; s,^(XEN) *\(\[.*\] *\)*,tsc: ,; s/,ofs.*//"
	echo "timer: $(timer_mode "$1")"
	"${2-xl}" list -l web | python3 -c '
import json, sys
c = json.load(sys.stdin)[0]["config"]
print("stored:", c["c_info"].get("pool_name"), {k: c["b_info"].get(k) for k in
      ("disable_migrate", "tsc_mode", "timer_mode", "max_grant_frames",
       "max_maptrack_frames", "max_grant_version", "event_channels")})'
}

xl cpupool-cpu-remove Pool-0 1
check "there is a second pool" \
	xl cpupool-create 'name="second"' 'sched="credit2"' 'cpus=["1"]'
keys_cfg "pool='second'" "cpu_weight=300" "cap=50" "max_grant_frames=40" \
	"max_maptrack_frames=700" "max_grant_version=1" \
	"max_event_channels=511" "nomigrate=1" "tsc_mode='always_emulate'" \
	"timer_mode='one_missed_tick_pending'" >"$work/web.cfg"

check "stock xl creates a guest" xl create -q "$work/web.cfg"
all_of "$(guest_domid web)" >"$work/stock"
xl destroy web
check "xl-lite creates it" xl-lite create -q "$work/web.cfg"
all_of "$(guest_domid web)" >"$work/ours"
is "$(cat "$work/ours")" "$(cat "$work/stock")" "each key does what it does with xl"
said=$(cat "$work/ours")
like "$said" '^pool: second' "pool"
like "$said" '^share: 300 50' "cpu_weight and cap"
like "$said" '^grants: .*\(v1\)' "max_grant_version"
like "$said" '40 max.*700 max' "max_grant_frames and max_maptrack_frames"
like "$said" '^tsc: .*mode=1' "tsc_mode"
like "$said" '^timer: 3' "timer_mode"
like "$said" "disable_migrate': 'True'" "nomigrate"
is "$(all_of "$(guest_domid web)" xl-lite | grep stored)" \
	"$(grep stored "$work/stock")" "xl-lite list -l says the same"
xl destroy web
check "the second pool goes" xl cpupool-destroy second
check "its processor comes back" xl cpupool-cpu-add Pool-0 1

# --- where it runs --------------------------------------------------------------

places() {
	xl vcpu-list web | awk 'NR > 1 { print $3, $(NF - 2), $(NF - 1), $NF }' |
		awk '{ print $1, $(NF - 2), $(NF - 1), $NF }'
	# and what is stored, for the next toolstack that looks
	xl list -l web | python3 -c '
import json, sys
b = json.load(sys.stdin)[0]["config"]["b_info"]
print({k: b.get(k) for k in ("vcpu_hard_affinity", "vcpu_soft_affinity",
       "numa_placement")})'
}

for line in "cpus='1'" "cpus=['1','0']" "cpus='all,^0'" "cpus=['1']" \
	    "cpus_soft='0'" "cpus='node:0'; cpus_soft=['1','all']"; do
	keys_cfg "$line" >"$work/web.cfg"
	xl create -q "$work/web.cfg" 2>"$work/err" || cat "$work/err"
	stock=$(places)
	xl destroy web
	xl-lite create -q "$work/web.cfg"
	is "$(places)" "$stock" "$line: as with xl"
	xl destroy web
done

echo 'vm.cpumask="1"' >>/etc/xen/xl.conf
keys_cfg >"$work/web.cfg"
check "xl.conf leaves one processor to guests" xl-lite create -q "$work/web.cfg"
like "$(places)" '^0 .*1 / all' "on which they run"
xl destroy web
keys_cfg "cpus='0'" >"$work/web.cfg"
fails "others are refused" 'vm.cpumask="1" leaves none of these cpus' \
	xl-lite create -q "$work/web.cfg"
sed -i '/vm.cpumask/d' /etc/xen/xl.conf

# --- what cannot be -----------------------------------------------------------------

before=$(leak_domains; ls /var/lib/xen; xenstore-ls /vm)
refused() {
	keys_cfg "$1" >"$work/web.cfg"
	fails "$1" "$2" xl-lite create -q "$work/web.cfg"
}
refused "pool='none-such'" "cpupool 'none-such': there is none"
refused "cpus='7'" "cpus='7': '7': this host has the cpus 0 to 1"
refused "cpus_soft=['0','x']" "cpus_soft='x'"
refused "cap=300" 'a cap is at most 100 for each vcpu'
refused "max_event_channels=1" 'make the console event channel'
refused "cpu_weight=0" 'cpu_weight=0: a number from 1 to 65535'
is "$(leak_domains; ls /var/lib/xen; xenstore-ls /vm)" "$before" "nothing is left"

# a list that is too short leaves the others alone; one too long is told
keys_cfg "cpus=['0','1','0']" >"$work/web.cfg"
out=$(xl-lite create -q "$work/web.cfg" 2>&1)
like "$out" 'cpus: has 3 places for 2 vcpus' "places for vcpus that are not there"
check "but it is created" xl-lite destroy web
leak_check
