#!/bin/bash
# SPDX-License-Identifier: MIT
# What script= names is run when a device comes and goes, as libxl runs it; one
# that fails, hangs or does half its work is one message, and nothing is left.
# Without script= nothing is run.
. "$(dirname "$0")/lib.sh"
plan 44

rm -f /etc/xl-lite.conf
modprobe brd rd_nr=2 rd_size=1024
mkdir "$work/scripts"
ran=$work/ran

# One for disks and interfaces: tells how it was called, and does what a target
# or a bridge tells it to.
cat >"$work/scripts/test" <<EOS
#!/bin/bash
read -r input && echo "input" >>$ran
echo "\$* \$XENBUS_TYPE \$XENBUS_PATH \$XENBUS_BASE_PATH vif=\$vif \${script##*/}" >>$ran
EOS
cat >>"$work/scripts/test" <<'EOS'
case $1 in
add) what=$(xenstore-read "$XENBUS_PATH/params") ;;
online) what=$(xenstore-read "$XENBUS_PATH/bridge") ;;
*) exit 0 ;;
esac
echo "what the script says"
case $what in
ram*) xenstore-write "$XENBUS_PATH/physical-device" "1:${what#ram}" ;;
fail*) xenstore-write "$XENBUS_PATH/hotplug-error" "no such array: $what"
	exit 5 ;;
half*) exit 0 ;;
hang*) exec tail -f /dev/null ;;
esac
xenstore-write "$XENBUS_PATH/hotplug-status" connected
EOS
chmod +x "$work/scripts/test"
leak_snapshot
check "xl-lite-netd is ready" daemon_start netd xl-lite-netd
netd=$daemon_pid

state() {
	xenstore-ls -fp / | grep -v '^/local/domain/0/control\|^/\(vm\|libxl\) '
	xl list | awk '{ print $1, $2, $3, $4 }'
	ls /var/lib/xen /sys/class/net /run/xl-lite 2>/dev/null
}

# disk TARGET VDEV: served with the script
disk() {
	echo "script=$work/scripts/test,vdev=$2,target=$1"
}

# --- a guest's life -------------------------------------------------------------

: >"$ran"
guest_cfg web "disk=['$(disk ram0 xvda)']" \
	"vif=['script=$work/scripts/test,bridge=any.5:6', 'backendtype=kernel,script=$work/scripts/test,bridge=x']" \
	>"$work/web.cfg"
out=$(xl-lite create -q -p "$work/web.cfg" 2>&1 3>&-)
is "$?" 0 "a guest whose devices have scripts is created"
id=$(xl-lite domid web)
like "$out" "^what the script says$" "what a script says is shown"
is "$(grep -c input "$ran")" 0 "it has nothing to read"
is "$(sort "$ran")" "add vbd backend/vbd/$id/51712 backend vif= test
online type_if=vif vif backend/uvif/$id/0 backend vif=vif$id.0 test
online type_if=vif vif backend/vif/$id/1 backend vif=vif$id.1 test" \
	"each was run once, with libxl's arguments and environment"
is "$(xenstore-read "/local/domain/0/backend/vbd/$id/51712/physical-device")" \
	1:0 "the kernel serves what it found"
is "$(xenstore-read "/local/domain/0/backend/vbd/$id/51712/params")" ram0 \
	"and has the target as it was given"
is "$(store_findings)" "" "xenstore-lint has nothing to say"

: >"$ran"
fails "attach with a script that fails" \
	"guest web: disk xvdb: script $work/scripts/test add: exit status 5: no such array: fail-a" \
	xl-lite block-attach web "$(disk fail-a xvdb)"
is "$(cat "$ran")" "add vbd backend/vbd/$id/51728 backend vif= test
remove vbd backend/vbd/$id/51728 backend vif= test" "what it did is undone by it"
is "$(xenstore-ls -f | grep -c 51728)" 0 "no node is left"
is "$(xl-lite list -l web | grep -c fail-a)" 0 "nor a line in the configuration"
fails "a script that is not there" 'script /etc/xen/scripts/none: No such file' \
	xl-lite block-attach web script=none,vdev=xvdb,target=x
fails "an old prefix is a script" 'disk xvdb: script /etc/xen/scripts/block-enbd add: exit status 1' \
	xl-lite block-attach web enbd:disk,xvdb,w
fails "what a script makes is the kernel's to serve" 'leave backendtype= out' \
	xl-lite block-attach web "backendtype=qdisk,$(disk ram1 xvdb)"
: >"$ran"
check "attach with one that works" xl-lite block-attach web "$(disk ram1 xvdb)"
check "and detach by force" xl-lite block-detach -f web xvdb
check "stock xl attaches one" xl block-attach web "$(disk ram1 xvdc)"
check "which xl-lite detaches" xl-lite block-detach -f web xvdc
check "xl-lite attaches one" xl-lite block-attach web "$(disk ram1 xvdd)"
check "which stock xl detaches" xl block-detach -f web xvdd
is "$(cut -d' ' -f1-3 "$ran")" "add vbd backend/vbd/$id/51728
remove vbd backend/vbd/$id/51728
add vbd backend/vbd/$id/51744
remove vbd backend/vbd/$id/51744
add vbd backend/vbd/$id/51760
remove vbd backend/vbd/$id/51760" "each was run for both ways"
: >"$ran"
check "network-detach runs it" xl-lite network-detach -f web 0
is "$(cat "$ran")" \
	"offline type_if=vif vif backend/uvif/$id/0 backend vif=vif$id.0 test" \
	"with libxl's arguments"
: >"$ran"
check "the guest is destroyed" xl-lite destroy web
is "$(cut -d' ' -f1 "$ran" | sort | tr '\n' ' ')" "offline remove " \
	"with its devices' scripts"

# --- without --------------------------------------------------------------------

: >"$ran"
guest_cfg web "disk=['backendtype=phy,vdev=xvda,target=/dev/ram0']" \
	"vif=['backendtype=kernel', 'script=vif-bridge']" >"$work/none.cfg"
check "a guest without scripts" xl-lite create -q -p "$work/none.cfg"
is "$(cat "$ran")" "" "runs none"
check "and is destroyed" xl-lite destroy web

echo "vif.default.script='$work/scripts/test'" >/etc/xl-lite.conf
guest_cfg web "vif=['', 'script=vif-bridge,bridge=xenbr0']" >"$work/default.cfg"
check "vif.default.script is for those without" \
	xl-lite create -q -p "$work/default.cfg"
is "$(cut -d' ' -f1-4 "$ran")" \
	"online type_if=vif vif backend/uvif/$(xl-lite domid web)/0" "alone"
check "the guest is destroyed" xl-lite destroy web
rm /etc/xl-lite.conf

# --- what goes wrong -------------------------------------------------------------

# refused WHAT REGEX DISK VIF
refused() {
	local before out status

	guest_cfg web "disk=['$3']" "vif=['$4']" >"$work/wrong.cfg"
	before=$(state)
	out=$(xl-lite create -q "$work/wrong.cfg" 2>&1 3>&-)
	status=$?
	is "$status" 3 "$1: exits with 3"
	like "$out" "$2" "$1: says why"
	is "$(state)" "$before" "$1: leaves nothing"
}

refused "a disk's script that fails" \
	"disk xvda: script $work/scripts/test add: exit status 5: no such array: fail-b" \
	"$(disk fail-b xvda)" ''
refused "a script that makes no device" \
	"disk xvda: script $work/scripts/test: it ended well, but wrote no physical-device" \
	"$(disk half xvda)" ''
refused "an interface's script that fails" \
	"vif 0: script $work/scripts/test online: exit status 5: no such array: fail-c" \
	"$(disk ram0 xvda)" "script=$work/scripts/test,bridge=fail-c"

# It would be killed after 40 seconds; here by somebody who does not wait.
guest_cfg web "disk=['$(disk hang xvda)']" >"$work/hang.cfg"
before=$(state)
: >"$ran"
xl-lite create -q "$work/hang.cfg" >"$work/out" 2>&1 3>&- &
creator=$!
wait_until 60 grep -q add "$ran"
kill -TERM "$creator"
wait "$creator"
like "$(cat "$work/out")" 'guest web: interrupted' "a script that hangs can be interrupted"
is "$(state)" "$before" "which leaves nothing"

daemon_stop "$netd"
leak_check
