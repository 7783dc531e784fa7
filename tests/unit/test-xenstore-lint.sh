#!/bin/bash
# SPDX-License-Identifier: MIT
# xenstore-lint has nothing to say about what stock libxl and Linux write, and
# finds each defect planted there: a line for each, as a sentence.
set -u
lint=$builddir/xenstore-schema/xenstore-lint
trees=$srcdir/tests/unit/trees
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
tests=0 failed=0

verdict()
{
	tests=$((tests + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests - $2"
		return
	fi
	echo "not ok $tests - $2"
	failed=$((failed + 1))
	sed 's/^/#   got: /' "$tmp/out" | head -20
	shift 2
	printf '#  want: %s\n' "$@"
}

# clean SENTENCE TREE SED-SCRIPT [OPTION...]: nothing is said
clean()
{
	local what=$1 tree=$2 script=$3
	shift 3

	sed -E "$script" "$trees/libxl-4.17-$tree.txt" >"$tmp/in"
	"$lint" "$@" <"$tmp/in" >"$tmp/out" 2>&1
	if [ $? = 0 ] && [ ! -s "$tmp/out" ]; then
		verdict 0 "$what"
	else
		verdict 1 "$what" "exit status 0, no output"
	fi
}

# finds SENTENCE TREE SED-SCRIPT WANT...: just these lines are said. The
# script's % stands for an end of line.
finds()
{
	local what=$1 tree=$2 script=$3 status
	shift 3

	sed -E "$script" "$trees/libxl-4.17-$tree.txt" | tr '%' '\n' >"$tmp/in"
	"$lint" ${options:-} <"$tmp/in" >"$tmp/out" 2>&1
	status=$?
	printf '%s\n' "$@" | sort >"$tmp/want"
	if [ $status = 1 ] && sort "$tmp/out" | cmp -s - "$tmp/want"; then
		verdict 0 "$what"
	else
		verdict 1 "$what" "$@"
	fi
}

# refuses SENTENCE WANT INPUT [OPTION...]: exit status 2, and says WANT
refuses()
{
	local what=$1 want=$2 status
	printf '%b' "$3" >"$tmp/in"
	shift 3

	"$lint" "$@" <"$tmp/in" >"$tmp/out" 2>&1
	status=$?
	if [ $status = 2 ] && grep -qF -- "$want" "$tmp/out"; then
		verdict 0 "$what"
	else
		verdict 1 "$what" "exit status 2 (got $status)" "$want"
	fi
}

D=/local/domain/1
V=$D/device/vbd/51712
N=$D/device/vif/0
BV=/local/domain/0/backend/vbd/1/51712
BN=/local/domain/0/backend/vif/1/0

# -- ground truth

clean "a PV guest as libxl makes it is clean" pv ''
clean "a PVH guest as libxl makes it is clean" pvh ''
clean "an HVM guest as libxl makes it is clean" hvm ''
clean "so it is with the domains named" pv '' --domids 0,1
clean "our kinds have the same nodes" pv \
	's,/backend/vbd,/backend/uvbd,; s,/backend/vif,/backend/uvif,'
clean "who serves them may keep from the guest what is nothing to it" pv \
	's,/backend/vbd,/backend/uvbd,; s,/backend/vif,/backend/uvif,
	/backend.uv[a-z]*.1.*(params|bridge) / s,n0\,r1,n0,
	/backend.uv[a-z]*.1.*(dev|handle) /d'
clean "QEMU's disks too" pv 's,/backend/vbd,/backend/qdisk,'
clean "our frontends too" pv 's,/device/vbd,/device/uvbd,g; s,/device/vif,/device/uvif,g'
clean "a store that oxenstored keeps" pv \
	's,^/tool/xenstored = "",/tool/xenstored = "/usr/lib/xen-4.17/bin/oxenstored",
	s,^/tool = .*,&\n/@introduceDomain = ""   (n0)\n/@releaseDomain = ""   (n0),'
clean "a guest's own data are its own" pv \
	"s,^$D/data = .*,&\n$D/data/x/y = \"\\\\001\\\\\\\\ \"   (n1\,r3),"
clean "a backend in a driver domain owns its folder" pv "
	s,^$BN,/local/domain/1/backend/vif/1/0,; s,backend/vif/1/0\",&,
	s,/local/domain/0/backend/vif/1/0\",/local/domain/1/backend/vif/1/0\",
	/^.local.domain.1.backend/ s,\(n0\,r1\),(n1),
	/device.vif.0(\/| )/ { s,\(n1\,r0\),(n1), }
	/device.vif.0.backend-id/ s,\"0\",\"1\","

# -- permissions

finds "a guest that can write its name" pv \
	"/^${D//\//.}.name/ s,n0\,r1,b1," \
	"$D/name: permissions: want n0,r1, got b1"
finds "what the guest needs, and may not read" pv \
	"/51712.mode.*n0.r1/ s,n0\,r1,n0," \
	"$BV/mode: permissions: want n0,r1, got n0"
finds "what it does not need, and may write" pv \
	"/51712.params.*n0.r1/ s,n0\,r1,b0," \
	"$BV/params: permissions: want n0,r1, got b0"
finds "a node that another guest may read" pv \
	"/51712.params.*n0.r1/ s,n0\,r1,n0\,r1\,r7," \
	"$BV/params: permissions: want n0,r1, got n0,r1,r7"
finds "a backend's folder that the guest owns" pv \
	"/^.local.*backend.vbd.1.51712 = / s,n0\,r1,n1\,r0," \
	"$BV: permissions: want n0,r1, got n1,r0"
finds "a frontend's folder that the guest cannot write" pv \
	"/device.vbd.51712.state/ s,n1\,r0,n0\,r1," \
	"$V/state: permissions: want n1,r0, got n0,r1"
finds "an mtu that the guest may set" pv \
	"/device.vif.0.mtu/ s,n0\,r1,n1\,r0," \
	"$N/mtu: permissions: want n0,r1, got n1,r0"
finds "the toolstack's notes that the guest may read" pv \
	"/^.libxl.1.device.vif.0.mac/ s,n0,n0\,r1," \
	"/libxl/1/device/vif/0/mac: permissions: want n0, got n0,r1"
finds "a shutdown node that the guest cannot empty" pv \
	"/control.shutdown/ s,n1,n0\,r1," \
	"$D/control/shutdown: permissions: want n1, got n0,r1"

# -- types

finds "sectors that are no number" pv \
	'/sectors =/ s,"65536","0x10000",' \
	"$BV/sectors: type: want a number from 0, got \"0x10000\""
finds "a sector size out of range" pv \
	'/51712.sector-size/ s,"512","511",' \
	"$BV/sector-size: type: want a number from 512 to 65536, got \"511\""
finds "a state that does not exist" pv \
	'/device.vif.0.state/ s,"4","9",' \
	"$N/state: type: want a state from 0 to 8, got \"9\""
finds "an event channel of 0" pv \
	'/event-channel-tx/ s,"9","0",' \
	"$N/event-channel-tx: type: want an event channel, got \"0\""
finds "an address that is none" pv \
	'/^.local.*device.vif.0.mac/ s,"00:16:3e:..:..:..","00:16:3e:00:00:0g",' \
	"$N/mac: type: want an address like 00:16:3e:00:00:01, got \"00:16:3e:00:00:0g\""
finds "a mode that is none" pv \
	'/^.local.*51712.mode/ s,"w","rw",' \
	"$BV/mode: type: want r or w, got \"rw\""
finds "a folder with a value" pv \
	"s,^$D/device/vbd = \"\",$D/device/vbd = \"x\"," \
	"$D/device/vbd: type: want nothing (a folder), got \"x\""
finds "a number past 64 bits" pv \
	'/memory.target/ s,"262144","18446744073709551616",' \
	"$D/memory/target: type: want a number from 0, got \"18446744073709551616\""
finds "what a hostile guest wrote, shown harmless" pv \
	'/51712.protocol/ s,"x86_64-abi","\\033[2J\\\\x\\n"   (n0)",' \
	"$V/protocol: type: want x86_32-abi, x86_64-abi or arm-abi, got \"\\x1b[2J\\x5cx\\x0a\\x22   (n0)\""

# -- unknown

finds "a node nobody knows" pv \
	"s,^$D/name.*,&\n$D/nmae = \"x\"   (n0\,r1)," \
	"$D/nmae: unknown: want no such node, got \"x\""
finds "an unknown key of a device" pv \
	"s,^$V/state.*,&\n$V/ring_ref = \"8\"   (n1\,r0)," \
	"$V/ring_ref: unknown: want no such node, got \"8\""
finds "a kind of device nobody knows" pv \
	"s,^$D/device = .*,&\n$D/device/vxyz/0 = \"\"   (n1\,r0)," \
	"$D/device/vxyz/0: unknown: want no such node, got \"\""
finds "a node of another kind of guest" pv \
	"s,^$D/name.*,&\n$D/platform/acpi = \"1\"   (n0\,r1)," \
	"$D/platform/acpi: unknown: want no such node in a pv guest, got \"1\""
finds "a number with a zero in front" pv \
	"s,^$V/ring-ref = .*,$V/ring-ref = \"8\"   (n1\,r0)\n$V/queue-01 = \"\"   (n1\,r0)," \
	"$V/queue-01: unknown: want no such node, got \"\""
finds "a folder of no use at the top" pv \
	's,^/vm = .*,&\n/tmp = ""   (n0),' \
	"/tmp: unknown: want no such node, got \"\""

# -- missing

finds "a domain without its number" pv "/^${D//\//.}.domid/d" \
	"$D/domid: missing: want a domid, got none"
finds "a console without a port" pv "/console.port/d" \
	"$D/console/port: missing: want an event channel, got none"
finds "a frontend without a backend's domain" pv "/device.vbd.51712.backend-id/d" \
	"$V/backend-id: missing: want a domid, got none"
finds "a Connected disk without a size" pv "/51712.sectors/d" \
	"$BV/sectors: missing: want a number from 0, got none"
clean "one that is not Connected needs none" pv "/51712.sectors/d
	/(vbd.1|device.vbd).51712.state/ s,\"4\",\"2\","
finds "a published frontend without a ring" pv "/51712.ring-ref/d" \
	"$V/ring-ref: missing: want one of ring-ref|ring-ref0 while the frontend is published, got none"
clean "one that is not published needs none" pv "/51712.ring-ref/d
	/device.vbd.51712.state/ s,\"4\",\"1\","
two="s,^($V)/ring-ref = .*,\\1/multi-queue-num-queues = \"2\"   (n1\,r0)%\\1/queue-0/ring-ref = \"1\"   (n1\,r0)%\\1/queue-0/event-channel = \"1\"   (n1\,r0)%\\1/queue-1/ring-ref0 = \"2\"   (n1\,r0),"
finds "two queues of which one has no event channel" pv \
	"$two; /51712.event-channel/d" \
	"$V/queue-1/event-channel: missing: want event-channel while the frontend is published, got none"
clean "two queues that have all" pv "${two//%/\\n}
	s,^($V)/event-channel = .*,\\1/queue-1/event-channel = \"2\"   (n1\,r0),"
finds "an HVM guest without its firmware" hvm "/hvmloader.bios/d" \
	"/local/domain/3/hvmloader/bios: missing: want seabios, rombios or ovmf, got none"
finds "a toolstack that did not note the type" pv "/^.libxl.1.type/d" \
	"/libxl/1/type: missing: want pv, pvh or hvm, got none"

# -- dangling

finds "a backend whose frontend is gone" pv "/device.vif.0[ /].*n1|device.vif.0.mtu/d" \
	"$BN/frontend: dangling: want the folder of the other end, got \"$N\", which is not there" \
	"/libxl/1/device/vif/0/frontend: dangling: want the folder of the other end, got \"$N\", which is not there"
finds "a frontend whose backend is gone" pv "/^.local.domain.0.backend.vbd/d" \
	"$V/backend: dangling: want the folder of the other end, got \"$BV\", which is not there" \
	"/libxl/1/device/vbd/51712/backend: dangling: want the folder of the other end, got \"$BV\", which is not there"
finds "a frontend that points to another device's backend" pv \
	"/device.vif.0.backend =.*n1/ s,\"[^\"]*\",\"$BV\"," \
	"$N/backend: dangling: want an end that points back here, got one that points to \"$V\"" \
	"$BN/frontend: dangling: want an end that points back here, got one that points to \"$BV\""
finds "a frontend that names another backend's domain" pv \
	"/device.vif.0.backend-id/ s,\"0\",\"5\"," \
	"$N/backend-id: dangling: want 0, got 5"
finds "a backend that names another guest" pv \
	"/^.local.*vbd.1.51712.frontend-id/ s,\"1\",\"2\"," \
	"$BV/frontend-id: dangling: want 1, got 2"
finds "a console whose backend is gone" pv "/^.local.domain.0.backend.console/d" \
	"$D/console/backend: dangling: want the folder of the other end, got \"/local/domain/0/backend/console/1/0\", which is not there" \
	"/libxl/1/device/console/0/backend: dangling: want the folder of the other end, got \"/local/domain/0/backend/console/1/0\", which is not there"

# -- leaked

finds "a backend's folder of a guest that is gone" pv \
	's,^/local/domain/0/backend/vif = .*,&\n/local/domain/0/backend/vif/9 = ""   (n0)\n/local/domain/0/backend/vif/9/0 = ""   (n0\,r9),' \
	"/local/domain/0/backend/vif/9: leaked: want nothing of a domain that does not exist, got 2 nodes"
finds "what the toolstack noted of a guest that is gone" pv \
	's,^/libxl = .*,&\n/libxl/9 = ""   (n0)\n/libxl/9/device/vif/0/state = "6"   (n0),' \
	"/libxl/9: leaked: want nothing of a domain that does not exist, got 2 nodes"
finds "a device model of a guest that is gone" pv \
	's,^/local/domain/0/name.*,&\n/local/domain/0/device-model/9/state = "running"   (n0),' \
	"/local/domain/0/device-model/9: leaked: want nothing of a domain that does not exist, got 1 node"
finds "why a backend of a guest that is gone gave up" pv \
	's,^/local/domain/0/name.*,&\n/local/domain/0/error/backend/vbd/9/51712/error = "22 x"   (n0),' \
	"/local/domain/0/error/backend/vbd/9/51712/error: leaked: want nothing of a domain that does not exist, got 1 node"
finds "a UUID that no guest has" pv \
	's,^/vm = .*,&\n/vm/11111111-2222-3333-4444-555555555555 = ""   (n0\,r9),' \
	"/vm/11111111-2222-3333-4444-555555555555: leaked: want a domain whose vm node names it, got none"
options='--domids 0' finds "a whole guest that is gone" pv '' \
	"$D: leaked: want nothing of a domain that does not exist, got 72 nodes" \
	"/libxl/1: leaked: want nothing of a domain that does not exist, got 42 nodes" \
	"/local/domain/0/backend/console/1: leaked: want nothing of a domain that does not exist, got 7 nodes" \
	"/local/domain/0/backend/vbd/1: leaked: want nothing of a domain that does not exist, got 32 nodes" \
	"/local/domain/0/backend/vif/1: leaked: want nothing of a domain that does not exist, got 24 nodes" \
	"/vm/7600dbc4-e6b9-11f1-81d7-a612e8336e6d: leaked: want a domain whose vm node names it, got none"

# -- bounded

{
	cat "$trees/libxl-4.17-pv.txt"
	for i in $(seq 3000); do echo "$V/junk-$i = \"\"   (n1,r0)"; done
} >"$tmp/in"
"$lint" "$tmp/in" >"$tmp/out" 2>&1
[ $? = 1 ] && [ "$(wc -l <"$tmp/out")" = 1001 ] &&
	grep -q '^2000 findings more are not shown$' "$tmp/out"
verdict $? "a guest that makes 3000 nodes gets 1000 lines"

value=$(printf '\\001%.0s' $(seq 4096))
sed -E "/51712.protocol/ s,\"x86_64-abi\",\"${value//\\/\\\\}\"," \
	"$trees/libxl-4.17-pv.txt" >"$tmp/in"
"$lint" "$tmp/in" >"$tmp/out" 2>&1
[ $? = 1 ] && [ "$(wc -c <"$tmp/out")" -lt 400 ] &&
	grep -qF '...' "$tmp/out"
verdict $? "a value of 4096 bytes is cut short"

# -- what it cannot look at

refuses "an empty input" "no nodes" ''
refuses "what is no tree" "standard input:1: not a line of" 'hello\n'
refuses "a tree without permissions" "use \`xenstore-ls -fp\`" '/tool = ""\n'
refuses "a value without an end" ":2: no quote" '/a = ""   (n0)\n/tool = "x   (n0)\n'
refuses "two trees in one" "node twice" '/tool = ""   (n0)\n/tool = ""   (n0)\n'
refuses "zeros in it" "zeros" '/tool = "\0"   (n0)\n/local = ""   (n0)\n'
refuses "a file that is not there" "No such file" '' "$tmp/none"
refuses "domains that are no numbers" "--domids: want numbers" '' --domids 0,x
refuses "a domain that cannot be" "--domids: want numbers" '' --domids 65536
refuses "an unknown option" "usage:" '' --frobnicate
refuses "two files" "one file at a time" '' a b
refuses "a file and the store" "--live reads the store" '' --live a

"$lint" --help >"$tmp/out" 2>&1 && grep -q '^usage: ' "$tmp/out"
verdict $? "--help helps"
"$lint" --version >"$tmp/out" 2>&1 && grep -q '^xenstore-lint [0-9]' "$tmp/out"
verdict $? "--version says which"

echo "1..$tests"
[ $failed = 0 ]
