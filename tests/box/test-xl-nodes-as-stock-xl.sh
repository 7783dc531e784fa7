#!/bin/bash
# SPDX-License-Identifier: MIT
# xl-lite writes the nodes that stock xl writes, with the same permissions, and
# each of the two lists, and ends, the other's guests: PV, PVH and HVM. QEMU is
# started with the same words, too. It takes few requests, and no processes.
. "$(dirname "$0")/lib.sh"
plan 54

modprobe brd rd_nr=1 rd_size=16384
echo 'vif.backend = "kernel"' >/etc/xl-lite.conf
leak_snapshot

# Xen's own scripts run for minutes on a slow machine. For stock xl this one
# does what is needed of them; xl-lite needs none.
cat >"$work/hotplug" <<'EOS'
#!/bin/sh
case $1 in add|online) ;; *) exit 0 ;; esac
case $XENBUS_TYPE in
vbd) xenstore-write "$XENBUS_PATH/physical-device" 1:0 \
	"$XENBUS_PATH/physical-device-path" /dev/ram0 ;;
esac
xenstore-write "$XENBUS_PATH/hotplug-status" connected
EOS
chmod +x "$work/hotplug"

# The same guest for both: nothing in its nodes is left to chance.
twin() {
	local hvm=()

	# QEMU loads what a PC's loader does
	[ "$1" != hvm ] || hvm=("kernel='$box_guest/vmlinuz'" "serial='pty'")
	guest_cfg twin "type='$1'" "uuid='6c5c5e0a-9a3f-4d52-8f21-0d1c3e9b7a11'" \
		"vcpus=2" "maxvcpus=3" "${hvm[@]}" \
		"disk=['backendtype=phy,vdev=xvda${2:+,script=$2},target=/dev/ram0']" \
		"vif=['bridge=xenbr0,mac=00:16:3e:11:22:33${2:+,script=$2}']"
}

# What differs between two runs anyhow: the domain's number, times, frames,
# ttys. The backend's features are the kernel's, written whenever it likes.
nodes() {
	xenstore-ls -fp | grep -v '^/local/domain/0/\(control\|domid\|name\)' |
	sed -E "s,/domain/$1/,/domain/N/,; s,/domain/$1 ,/domain/N ,
		s,/domain/$1/,/domain/N/,2
		s,(/(vbd|vif|vkbd|console|device-model))/$1\b,\1/N,g
		s,\"/local/domain/$1/,\"/local/domain/N/,
		s,^/libxl/$1\b,/libxl/N,
		s,([(,][nrwb])$1\b,\1N,g
		s,(/(domid|frontend-id)) = \"$1\",\1 = \"N\",
		s,((start_time|ring-ref|tty|script|device-model-pid)) = \".*\",\1 = \"-\"," |
	grep -Ev '/backend/(vbd|vif)/N/[0-9]+/(feature|discard-[^e]|multi-queue|max-ring|sectors|info|sector-size|physical-sector|physical-device-path)' |
	sort
}

# What QEMU was started with, a word a line.
qemu_words() {
	tr '\0' '\n' <"/proc/$(xenstore-read \
		"/local/domain/$1/image/device-model-pid")/cmdline" |
		sed -E "s,^$1\$,N,; s,qmp-(libxl|libxenstat)-$1,qmp-\1-N,
			s,vif$1\.,vifN.,"
}

# What COMMAND starts, in $work/processes.
processes_traced() {
	strace -f --seccomp-bpf -qq -e signal=none -o "$work/strace" \
		-e trace=clone,clone3,fork,vfork,execve,execveat "$@"
	local status=$?

	# strace starts COMMAND itself
	tail -n +2 "$work/strace" >"$work/processes"
	return $status
}

# What -v says.
requests() {
	sed -n 's/.*: \([0-9]*\) xenstore requests.*/\1/p' <<<"$1"
}

same_list() {
	diff <(xl "$@" | grep -v '^Domain-0') <(xl-lite "$@" | grep -v '^Domain-0')
}

# At least 144 for the PV guest: 117 nodes have a value that somebody has to
# write, one of them twice, 17 requests see to permissions, one tells xenstored of
# the guest, and 8 look: for what an older guest left, names, the console's server
# and terminal, and states. Each server that is late takes some more looks.
declare -A requests_max=([pv]=148 [pvh]=143)

# compare TYPE
compare() {
	local type=$1 stock ours out trace

	twin "$type" "$work/hotplug" >"$work/stock.cfg"
	twin "$type" '' >"$work/ours.cfg"

	check "$type: stock xl creates the guest" xl create -p "$work/stock.cfg"
	stock=$(xl domid twin)
	wait_until 20 test -n "$(xenstore-read /local/domain/$stock/console/tty)"
	nodes "$stock" >"$work/stock.$type.nodes"
	[ "$type" != hvm ] || qemu_words "$stock" >"$work/stock.qemu"

	check "xl-lite list is xl's to the byte" same_list list
	check "xl-lite list -v is, too" same_list list -v
	check "block-list is xl's to the byte" same_list block-list twin
	check "network-list is xl's to the byte" same_list network-list twin
	is "$(xl-lite domid twin)" "$stock" "domid finds xl's guest"
	is "$(xl-lite domname "$stock")" twin "domname names it"
	check "xl-lite destroys xl's guest" xl-lite destroy twin
	is "$(xl list | wc -l)" 2 "and it is gone"

	# a tracer of children would wait for QEMU's end
	[ "$type" != hvm ] && trace=processes_traced || trace=
	out=$($trace xl-lite -v create -e -p "$work/ours.cfg" 2>&1)
	is "$?" 0 "$type: xl-lite creates the guest"
	diag "$out"
	if [ "$type" != hvm ]; then
		is "$(grep -v CLONE_THREAD "$work/processes")" "" \
			"nothing is forked for it, and nothing started"
		check "it takes ${requests_max[$type]} requests at most" \
			test "$(requests "$out")" -le "${requests_max[$type]}"
	fi
	ours=$(xl domid twin)
	nodes "$ours" >"$work/ours.$type.nodes"
	check "nodes and permissions are those that xl writes" \
		diff "$work/stock.$type.nodes" "$work/ours.$type.nodes"
	if [ "$type" = hvm ]; then
		# the image is open in our disk server as well
		qemu_words "$ours" | sed 's/,file.locking=off$//' \
			>"$work/ours.qemu"
		check "QEMU is started with the words that xl starts it with" \
			diff "$work/stock.qemu" "$work/ours.qemu"
	fi

	check "list is the same for our guest" same_list list
	check "xl list -l knows our guest" xl list -l twin
	check "block-list is the same for our guest" same_list block-list twin
	check "network-list is the same for our guest" same_list network-list twin
	check "xl destroys xl-lite's guest" xl destroy twin
}

compare pv
compare pvh
compare hvm
cp "$work"/*.nodes "$work"/*.qemu "$logs"
leak_check
