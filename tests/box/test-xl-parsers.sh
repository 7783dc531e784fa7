#!/bin/bash
# SPDX-License-Identifier: MIT
# Who parses xl parses xl-lite: the command lines of Ganeti, of both xendomains,
# of osstest, OpenNebula, Qubes and openQA, run as 'xl' from the PATH, and what
# each of them does with the answer.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/same.sh"
plan 44

rm -f /etc/xl-lite.conf
leak_snapshot
stock=$(command -v xl)
PATH=/usr/libexec/xl-lite/bin:$PATH
hash -r
is "$(readlink -f "$(command -v xl)")" "$(readlink -f "$(command -v xl-lite)")" \
	"xl is xl-lite now"

check "guests of xl's" create_with "$stock" theirs pv ""
check "and of ours" create_with xl ours pv -p
check "and one that falls" create_with xl fallen pvh ""
xl trigger fallen nmi
check "which it does" wait_until 30 has_fallen fallen
id=$(xl domid ours)

# --- Ganeti -----------------------------------------------------------------------

# Six fields a line, numbers where it wants some, and a state that it knows.
cat >"$work/ganeti" <<'EOS'
import subprocess, sys

RUNNING = {a + b for a in ("r--", "rb-", "-b-", "---")
           for b in ("---", "ss-", "sr-")} | {"-----d"}
SHUTDOWN = {"---s--", "---s-d"}

def instances():
    out = subprocess.run(["xl", "list"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout.splitlines()
    for line in out[1:]:
        fields = line.split()
        assert len(fields) == 6, line
        name, state = fields[0], fields[4]
        domid, mem, vcpus = map(int, fields[1:4])
        time = float(fields[5])
        if "c" in state[-3:]:
            continue
        state = state.replace("p", "-")
        assert state in RUNNING | SHUTDOWN, line
        print(name, domid, mem, vcpus, state in SHUTDOWN, time >= 0)

def node():
    out = subprocess.run(["xl", "info"], check=True, text=True,
                         stdout=subprocess.PIPE).stdout.splitlines()
    values = {}
    for line in out:
        fields = line.split(":", 1)
        if len(fields) > 1:
            values[fields[0].strip()] = fields[1].strip()
    for key in ("total_memory", "free_memory", "nr_cpus", "nr_nodes",
                "cores_per_socket", "threads_per_core", "xen_major",
                "xen_minor"):
        print(key, int(values[key]))

{"list": instances, "info": node}[sys.argv[1]]()
EOS
out=$(python3 "$work/ganeti" list 2>&1)
like "$out" "^Domain-0 0 1024 $(getconf _NPROCESSORS_ONLN) False True" "Ganeti: domain 0"
like "$out" "^ours $id 32 1 False True" "Ganeti: ours"
like "$out" "^theirs [0-9]+ 32 1 False True" "Ganeti: xl's"
like "$out" "^fallen " "Ganeti: one that has stopped"
is "$(python3 "$work/ganeti" info 2>&1 | grep -c '^[a-z_]* [0-9]*$')" 8 \
	"Ganeti: the node's figures"
is "$(xl list ours | tail -n1 | awk '{print $5}' | sed -n 's/..\(.\).../\1/p')" \
	p "Ganeti: its console asks who is paused"
check "Ganeti: is there a toolstack" xl help
is "$(xl help 2>&1 >/dev/null | grep -c toolstack)" 0 "Ganeti: and no complaint"
check "Ganeti: mem-set" xl mem-set ours 40
check "Ganeti: rename" xl rename ours was-ours
check "Ganeti: and back" xl rename was-ours ours
check "Ganeti: power cycle's command is understood" xl help debug
out=$(xl uptime 2>&1)
like "$(printf '%s\n' "$out" | head -n 1)" '^Name +ID +Uptime$' "Ganeti: uptime"
is "$(printf '%s\n' "$out" | awk 'NR > 1 && $2 ~ /^[0-9]+$/ && NF >= 3' | wc -l)" \
	4 "Ganeti: a line a domain"

# --- xendomains, of Debian ---------------------------------------------------------

# Its own programs, and its script, are in the box.
is "$(/usr/lib/xen-common/bin/xen-init-list | sort)" \
	"$(xl list | awk 'NR > 2 { print $2, $1 }' | sort)" \
	"Debian's xendomains: all guests"
is "$(/usr/lib/xen-common/bin/xen-init-name "$work/ours.cfg")" ours \
	"Debian's xendomains: a name"
mkdir -p /etc/xen/auto
sed 's/ours/automatic/' "$work/ours.cfg" >/etc/xen/auto/automatic.cfg
check "Debian's xendomains: start" /etc/init.d/xendomains start
like "$(xl list automatic)" '^automatic .* -b---- ' \
	"Debian's xendomains: the guest runs"
like "$(/etc/init.d/xendomains start)" 'already running' \
	"Debian's xendomains: and is not started again"
rm /etc/xen/auto/automatic.cfg
check "Debian's xendomains: it ends" xl destroy automatic

# --- xendomains, of Xen ------------------------------------------------------------

upstream_list() {
	xl list -l | grep '(domain\|(domid\|(name\|^    {$\|"name":\|^        "domid":'
}
upstream_ids() {
	upstream_list | sed -n 's/^.*"domid": \(.*\),$/\1/p'
}
upstream_names() {
	upstream_list | sed -n 's/^.*"name": "\(.*\)",$/\1/p'
}
# domain 0's name is the last of its object, in stock xl, too
is "$(upstream_ids | sort)" "$(xl list | awk 'NR > 1 { print $2 }' | sort)" \
	"Xen's xendomains: numbers"
is "$(upstream_names | sort | tr '\n' ' ')" "fallen ours theirs " \
	"Xen's xendomains: names"
is "$(upstream_list | grep -c '^    {$')" 4 "Xen's xendomains: a domain begins"
is "$(xl create --quiet --dryrun --defconfig "$work/ours.cfg" |
	sed -n 's/^.*"name": "\(.*\)",$/\1/p')" ours "Xen's xendomains: a name"
same_as_stock() {
	"$stock" "$@" >"$work/stock.out"
	diff "$work/stock.out" <(xl "$@")
}
check "stock xl's JSON is the same" same_as_stock list -l
check "does xl answer at all" xl list

# --- osstest -----------------------------------------------------------------------

rows=$(xl list | sed 1d)
is "$(printf '%s\n' "$rows" |
	perl -ne 'm/^(\S+) (?: \s+ \d+ ){3} \s+ ([-a-z]+) \s/x or die; print "$1 "')" \
	"$(printf '%s\n' "$rows" | awk '{ printf "%s ", $1 }')" \
	"osstest: each domain and its state"
is "$(xl list ours | perl -ne 'print $2 if m/^(?!Name\s)(\S+)\s+(\d+).*$/m')" \
	"$id" "osstest: a domain's number"

# --- OpenNebula, xen-tools, Qubes, openQA, EVE ----------------------------------------

like "$(xl list | grep "$id ")" '^ours ' "OpenNebula: a domain by its number"
check "OpenNebula: is it there" xl list "$id"
check "OpenNebula: its share" xl sched-credit2 -d "$id" -w 300
like "$(xl info | grep '^cpu_mhz')" '^cpu_mhz +: [0-9]+\.[0-9]{3}$' \
	"OpenNebula: megahertz"
is "$(xl list | grep -c ours)" 1 "xen-tools: a guest is listed once"
is "$(xl list 0 | tail -1 | awk '{print $3}')" 1024 "Qubes: the host's memory"
check "Qubes: the host's share" xl sched-credit2 -d 0 -w 2000
xl sched-credit2 -d 0 -w 256
fails "openQA: a guest that is gone is status 1" absent xl list absent
like "$(xl dmesg)" "Xen version 4\.17" "EVE: what Xen said"
check "EVE: an option behind the name" xl destroy theirs -f

xl destroy ours
"$stock" destroy fallen
xenstore-rm /local/domain/0/memory
leak_check
